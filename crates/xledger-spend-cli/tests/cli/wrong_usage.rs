//! What the user can correct: exit status 2, and nothing done.

use crate::called::call;

#[test]
fn all_wrong_settings_are_named_at_once() {
    let here = tempfile::tempdir().unwrap();
    let called = call(
        here.path(),
        &["refresh", "--xledger-page-rows", "7", "--spend-history-from", "2023-13", "--xledger-endpoint", "nowhere"],
        &[("XLEDGER_MAX_IN_FLIGHT", "many"), ("SPEND_PAYROLL_MATCHES", "perhaps")],
    );
    assert_eq!(called.status, Some(2), "{called:?}");
    for name in [
        "7 settings",
        "XLEDGER_PAGE_ROWS",
        "SPEND_HISTORY_FROM",
        "XLEDGER_ENDPOINT",
        "XLEDGER_MAX_IN_FLIGHT",
        "SPEND_PAYROLL_MATCHES",
        "XLEDGER_TOKEN",
        "LAKE_URL",
        "kind: settings_invalid",
    ] {
        assert!(called.err.contains(name), "{name}: {called:?}");
    }
    assert_eq!(called.out, "");
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn what_is_typed_wrongly_is_wrong_usage() {
    let here = tempfile::tempdir().unwrap();
    for arguments in [
        &[][..],
        &["refesh"],
        &["refresh", "--colour"],
        &["refresh", "--mode", "some"],
        &["refresh", "--from", "2025-13"],
        &["refresh", "--from", "2025-02", "--to", "2025-01"],
        &["refresh", "--deadline-minutes", "0"],
        &["demo", "--lines", "1"],
        &["demo", "--xledger-token", "t"],
        &["demo", "--spend-history-from", "never"],
        &["demo", "--lake", "s3:/bucket"],
        &["show"],
        &["show", "--xledger-token", "t"],
        &["show", "--lake", "file:///srv"],
        &["schema", "--ddl", "--json"],
        &["invoke"],
        &["invoke", "no-such-file.json"],
        &["invoke", "-"],
    ] {
        let called = call(here.path(), arguments, &[]);
        assert_eq!(called.status, Some(2), "{arguments:?}: {called:?}");
        assert!(called.out.is_empty() && !called.err.is_empty(), "{arguments:?}: {called:?}");
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn a_lake_is_asked_for_where_one_is_needed() {
    let here = tempfile::tempdir().unwrap();
    for arguments in [&["show"][..], &["refresh", "--xledger-token", "t"]] {
        let called = call(here.path(), arguments, &[]);
        assert_eq!(called.status, Some(2), "{called:?}");
        assert!(called.err.contains("LAKE_URL") && called.err.contains("--lake"), "{called:?}");
    }
}

#[test]
fn a_token_that_is_none_is_not_repeated() {
    let here = tempfile::tempdir().unwrap();
    for arguments in [&["check"][..], &["check", "--json"], &["refresh", "--lake", "lake"]] {
        for token in ["token canary4711", "canary4711 x", "canary4711\u{1b}[2J"] {
            let called = call(here.path(), arguments, &[("XLEDGER_TOKEN", token)]);
            assert_eq!(called.status, Some(2), "{called:?}");
            assert!(called.both().contains("XLEDGER_TOKEN") && !called.both().contains("canary4711"), "{called:?}");
        }
    }
}

#[test]
fn help_and_schema_need_nothing() {
    let here = tempfile::tempdir().unwrap();
    for (arguments, word) in [
        (&["--help"][..], "Exit status"),
        (&["refresh", "--help"], "--spend-payroll-document-types"),
        (&["--version"], "xledger-spend"),
        (&["schema"], "posted_date"),
        (&["schema", "--ddl"], "CREATE EXTERNAL TABLE"),
        (&["schema", "--ddl", "--lake", "lake"], "${location}"),
    ] {
        let called = call(here.path(), arguments, &[]);
        assert!(called.status == Some(0) && called.out.contains(word) && called.err.is_empty(), "{called:?}");
    }
    let tables = call(here.path(), &["schema", "--json"], &[]).json();
    assert_eq!(tables[0]["table"], "spend");
    assert_eq!(tables[0]["columns"][0]["type"], "bigint");
    assert_eq!(tables[0]["partitions"][1]["name"], "month");
}
