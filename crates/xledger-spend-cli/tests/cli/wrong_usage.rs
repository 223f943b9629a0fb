//! What the user can correct: exit status 2, and nothing done.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::called::{Called, assert_printed, call, command};

#[test]
fn all_wrong_settings_are_named_at_once() {
    let here = tempfile::tempdir().unwrap();
    let arguments =
        ["refresh", "--xledger-page-rows", "7", "--spend-history-from", "2023-13", "--xledger-endpoint", "nowhere"];
    let set = [
        ("XLEDGER_MAX_IN_FLIGHT", "many"),
        ("SPEND_PAYROLL_MATCHES", "perhaps"),
        ("SPEND_PAYROLL_DOCUMENT_TYPES", "PR,L?"),
    ];
    assert_printed("all_wrong_settings", &call(here.path(), &arguments, &set).transcript(&arguments));
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

/// What is not UTF-8 is set, and not what it was meant to be: payroll of type XX would be fetched.
#[test]
fn what_is_not_utf_8_is_not_taken_for_unset() {
    let here = tempfile::tempdir().unwrap();
    let odd = OsStr::from_bytes(b"PR,XX,L\xd8");
    let run = |arguments: &[&str], flags: &[&str], set: &[&str]| -> Called {
        let mut command = command(here.path(), arguments);
        command.args(flags.iter().flat_map(|flag| [OsStr::new(flag), odd]));
        command.envs(set.iter().map(|name| (name, odd))).output().unwrap().into()
    };
    for (arguments, flags, set) in [
        (&["refresh"][..], &[][..], &["SPEND_PAYROLL_DOCUMENT_TYPES", "XLEDGER_TOKEN", "LAKE_URL"][..]),
        (&["refresh"], &["--lake", "--spend-payroll-words", "--xledger-page-rows"], &["XLEDGER_TOKEN_SECRET_ID"]),
        (&["check"], &["--spend-document-types"], &["XLEDGER_TOKEN_SECRET_ID", "AWS_PROFILE", "NO_PROXY"]),
        (&["demo"], &["--spend-payroll-document-types", "--lake"], &[]),
        (&["show"], &[], &["LAKE_URL"]),
        (&["snapshots", "--lake", "s3://bucket"], &[], &["AWS_PROFILE", "AWS_REGION"]),
        (&["schema", "--ddl"], &["--lake"], &[]),
        (&["rollback", "20261121T013000Z-0a1b2c3d"], &["--lake", "--glue-database"], &[]),
        (&["show", "--lake", "~/lake"], &[], &["HOME"]),
    ] {
        let called = run(arguments, flags, set);
        assert_eq!(called.status, Some(2), "{arguments:?}: {called:?}");
        assert!(called.err.ends_with("kind: settings_invalid\n") && called.out.is_empty(), "{called:?}");
        let flags = flags.iter().map(|flag| match *flag {
            "--lake" => "LAKE_URL".to_owned(),
            flag => flag.trim_start_matches('-').to_uppercase().replace('-', "_"),
        });
        for name in flags.chain(set.iter().map(|name| (*name).to_owned())) {
            assert!(called.err.contains(&format!("{name}: is not UTF-8")), "{name}: {called:?}");
        }
    }
    // A demonstration heeds no settings of the environment.
    assert_eq!(
        run(&["demo", "--lines", "500", "--lake", "lake"], &[], &["SPEND_PAYROLL_WORDS", "AWS_PROFILE", "HTTPS_PROXY"])
            .status,
        Some(0)
    );
}

#[test]
fn what_is_typed_wrongly_is_wrong_usage() {
    let here = tempfile::tempdir().unwrap();
    let mut transcript = String::new();
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
        &["demo", "--lake=~/lake"],
        &["show", "--lake", "~kari/lake"],
        &["probe", "--xledger-token", "t", "--save=~/probe.json"],
        &["show"],
        &["refresh", "--xledger-token", "t"],
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
        transcript += &called.transcript(arguments);
    }
    assert_printed("wrong_usage", &transcript);
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
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
