//! `snapshots` and `rollback`: without a token, and without Xledger.

use std::path::Path;

use crate::called::{Called, assert_printed, call};

/// A lake with two snapshots: their names, the older one first.
fn two(here: &Path) -> [String; 2] {
    let snapshot = |lines| {
        let report = call(here, &["demo", "--lines", lines, "--json"], &[]).json();
        report["snapshot"].as_str().unwrap().to_owned()
    };
    [snapshot("500"), snapshot("600")]
}

fn shown(here: &Path) -> serde_json::Value {
    call(here, &["show", "--json", "--lake", "lake"], &[]).json()["current"]["snapshot"].clone()
}

fn is_refused(called: &Called, status: i32, words: &[&str]) {
    assert_eq!((called.status, called.out.as_str()), (Some(status), ""), "{called:?}");
    for word in words {
        assert!(called.err.contains(word), "{word}: {called:?}");
    }
}

#[test]
fn there_and_back() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let [older, newer] = two(here);
    std::fs::create_dir(here.join("lake/snapshots/20200101T000000Z-00000000")).unwrap();

    let listed = call(here, &["snapshots", "--lake", "lake"], &[]);
    let back = call(here, &["rollback", &older, "--lake", "lake"], &[]);
    let named = |called: &Called, arguments: &[&str]| {
        called.transcript(arguments).replace(&older, "[older snapshot]").replace(&newer, "[newer snapshot]")
    };
    assert_printed("snapshots", &named(&listed, &["snapshots", "--lake", "lake"]));
    assert_printed("rollback", &named(&back, &["rollback", "[older snapshot]", "--lake", "lake"]));
    assert_eq!(shown(here), older);
    let again = call(here, &["rollback", &older], &[("LAKE_URL", "lake")]);
    assert!(again.status == Some(0) && again.out.contains("was current already"), "{again:?}");

    let facts = call(here, &["snapshots", "--json", "--lake", "lake"], &[]).json();
    assert_eq!((&facts["current"]["snapshot"], &facts["current"]["previous"]), (&(*older).into(), &(*newer).into()));
    let [first, second, third] = &facts["snapshots"].as_array().unwrap()[..] else { panic!("{facts}") };
    assert_eq!(
        (&first["snapshot"], &first["current"], &first["status"]),
        (&(*newer).into(), &false.into(), &"finished".into())
    );
    assert_eq!((&second["snapshot"], &second["current"]), (&(*older).into(), &true.into()));
    assert_eq!((&third["status"], &third["spend_rows"]), (&"unfinished".into(), &serde_json::Value::Null));
    let shown = call(here, &["show", "--json", "--lake", "lake"], &[]).json();
    for (key, value) in [
        ("spend_rows", &shown["tables"]["spend"]["rows"]),
        ("supplier_rows", &shown["tables"]["supplier"]["rows"]),
        ("schema_version", &shown["schema_version"]),
    ] {
        assert_eq!(&second[key], value, "{key}");
    }
    let bytes = ["spend", "supplier"].map(|table| shown["tables"][table]["bytes"].as_u64().unwrap());
    assert_eq!(second["bytes"], bytes[0] + bytes[1]);
    assert!(second["created_at"].as_str().unwrap().ends_with('Z'), "{second}");

    let forward = call(here, &["rollback", &newer, "--lake", "lake", "--json"], &[]).json();
    assert_eq!((&forward["action"], &forward["snapshot"]), (&"rollback".into(), &(*newer).into()));
    assert_eq!(forward["snapshot_before"], older);
}

#[test]
fn to_where_nobody_can_go() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let [older, newer] = two(here);
    let never = "20200101T000000Z-00000000";
    let kind = "kind: snapshot_unknown\n";
    is_refused(&call(here, &["rollback", never, "--lake", "lake"], &[]), 1, &[never, &older, &newer, kind]);
    for arguments in
        [&["rollback", "yesterday", "--lake", "lake"][..], &["rollback", "--lake", "lake"], &["rollback", never]]
    {
        is_refused(&call(here, arguments, &[]), 2, &[]);
    }
    std::fs::write(here.join("lake/snapshots").join(&older).join("_manifest.json"), "{}").unwrap();
    is_refused(
        &call(here, &["rollback", &older, "--lake", "lake"], &[]),
        1,
        &["_manifest.json", "kind: lake_corrupt\n"],
    );
    assert_eq!(shown(here), newer);
    let listed = call(here, &["snapshots", "--lake", "lake"], &[]);
    assert!(
        listed.status == Some(0) && listed.out.contains("damaged") && !listed.out.contains("To go back"),
        "{listed:?}"
    );
}

#[test]
fn by_an_event_without_a_token() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let [older, _] = two(here);
    std::fs::write(here.join("event.json"), format!(r#"{{"action": "rollback", "snapshot": "{older}"}}"#)).unwrap();
    let called = call(here, &["invoke", "event.json", "--lake", "lake"], &[]);
    assert_eq!((called.status, &called.json()["snapshot"]), (Some(0), &(*older).into()), "{called:?}");
    assert_eq!(shown(here), older);
    // A setting that is wrong is named all the same, and only a lake is missed.
    let called = call(here, &["invoke", "event.json", "--xledger-page-rows", "7"], &[]);
    is_refused(&called, 2, &["2 settings", "XLEDGER_PAGE_ROWS", "LAKE_URL"]);
}

#[test]
fn where_nothing_is_yet() {
    let here = tempfile::tempdir().unwrap();
    std::fs::create_dir(here.path().join("lake")).unwrap();
    let listed = call(here.path(), &["snapshots", "--lake", "lake"], &[]);
    assert!(listed.status == Some(0) && listed.out.contains("No snapshots in lake yet"), "{listed:?}");
    let facts = call(here.path(), &["snapshots", "--lake", "lake", "--json"], &[]).json();
    assert_eq!((&facts["current"], &facts["snapshots"]), (&serde_json::Value::Null, &serde_json::json!([])));
    is_refused(&call(here.path(), &["snapshots", "--lake", "elsewhere"], &[]), 1, &["kind: lake_missing\n"]);
    is_refused(&call(here.path(), &["snapshots"], &[]), 2, &["LAKE_URL"]);
}

/// A run would make a lake in whatever directory it is given.
#[test]
fn to_a_lake_that_is_not_there() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let never = "20200101T000000Z-00000000";
    std::fs::write(here.join("event.json"), format!(r#"{{"action": "rollback", "snapshot": "{never}"}}"#)).unwrap();
    std::fs::create_dir(here.join("empty")).unwrap();
    for lake in ["laek", "empty"] {
        for arguments in [["rollback", never, "--lake", lake], ["invoke", "event.json", "--lake", lake]] {
            is_refused(&call(here, &arguments, &[]), 1, &["there is no lake", lake, "kind: lake_missing\n"]);
        }
    }
    assert!(!here.join("laek").exists());
    assert_eq!(std::fs::read_dir(here.join("empty")).unwrap().count(), 0);
}
