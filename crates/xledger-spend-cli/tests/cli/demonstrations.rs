//! `demo`, with nothing set, and with everything set to something else.

use crate::called::{assert_printed, call};
use xledger_sim::PAYROLL_MARKER;

const SET: &[(&str, &str)] = &[
    ("LAKE_URL", "s3://production"),
    ("XLEDGER_ENDPOINT", "https://xledger.invalid/graphql"),
    ("XLEDGER_TOKEN", "canary4711"),
    ("XLEDGER_TOKEN_SECRET_ID", "secret"),
    ("SPEND_DOCUMENT_TYPES", ""),
];

#[test]
fn twice_in_a_row_and_then_shown() {
    let here = tempfile::tempdir().unwrap();
    for (name, set) in [("demo", &[][..]), ("demo_again", SET)] {
        let called = call(here.path(), &["demo", "--lines", "1000"], set);
        assert!(!called.both().contains(PAYROLL_MARKER) && !called.both().contains("canary4711"), "{called:?}");
        assert_printed(name, &called.transcript(&["demo", "--lines", "1000"]));
    }
    let snapshots = std::fs::read_dir(here.path().join("lake/snapshots")).unwrap().count();
    assert_eq!(snapshots, 2);

    let shown = call(here.path(), &["show", "--lake", "lake"], &[]);
    assert!(shown.status == Some(0) && shown.err.is_empty(), "{shown:?}");
    assert!(shown.out.contains("Top suppliers") && shown.out.contains("SELECT"), "{shown:?}");
    let facts = call(here.path(), &["show", "--json"], &[("LAKE_URL", "lake")]).json();
    assert_eq!(facts["report"]["lines"]["listed"], 1_000);
    assert_eq!(facts["tables"]["spend"]["rows"], facts["report"]["tables"]["spend"]["rows"]);
    assert!(facts["top_suppliers"].as_array().is_some_and(|top| !top.is_empty()));
}

#[test]
fn the_report_alone() {
    let here = tempfile::tempdir().unwrap();
    let called = call(here.path(), &["demo", "--lines", "500", "--seed", "3", "--json", "--lake", "else"], SET);
    let report = called.json();
    assert_eq!((called.status, &report["status"]), (Some(0), &"succeeded".into()), "{called:?}");
    assert!(here.path().join("else/current/spend").is_dir());
}

/// Publishes an empty snapshot that says that it came from a real Xledger.
async fn publish_real_data(directory: &std::path::Path) {
    use xledger_spend::lake::{Access, Lake, LakeUrl, Manifest, ManifestTables, SnapshotName, Store};
    use xledger_spend::model::value::Instant;

    let url = LakeUrl::parse(directory.to_str().unwrap()).unwrap();
    let store = Store::open(&url, &aws_config::SdkConfig::builder().build()).unwrap();
    let publisher = Lake::open(store, Access::Write).await.unwrap().claim("a test", || Instant(0)).await.unwrap();
    let mut snapshot = publisher.begin(SnapshotName::new(Instant(0), "real")).await.unwrap();
    let manifest = Manifest {
        settings: serde_json::json!({"endpoint": "https://www.xledger.net/graphql"}),
        ..Manifest::new(snapshot.name().clone(), ManifestTables::default())
    };
    snapshot.commit(manifest, None, Instant(0)).await.unwrap();
}

#[tokio::test]
async fn an_invented_company_never_takes_the_place_of_a_real_one() {
    let here = tempfile::tempdir().unwrap();
    let lake = here.path().join("lake");
    publish_real_data(&lake).await;
    let current = std::fs::read(lake.join("CURRENT.json")).unwrap();
    let called = call(here.path(), &["demo", "--lines", "1000"], &[]);
    assert!(called.status == Some(2) && called.err.contains("give --lake another place"), "{called:?}");

    // Nor where nobody can tell whose tables these are, nor that of what a first refresh has fetched so far.
    let snapshot =
        serde_json::from_slice::<serde_json::Value>(&current).unwrap()["snapshot"].as_str().unwrap().to_owned();
    std::fs::write(lake.join("snapshots").join(snapshot).join("_manifest.json"), "{").unwrap();
    let called = call(here.path(), &["demo", "--lines", "1000"], &[]);
    assert!(called.status == Some(2) && called.err.contains("nobody can tell"), "{called:?}");
    assert_eq!(std::fs::read(lake.join("CURRENT.json")).unwrap(), current);
    std::fs::remove_dir_all(&lake).unwrap();
    std::fs::create_dir_all(lake.join("state")).unwrap();
    let cache =
        r#"{"source": {"endpoint": "https://www.xledger.net/graphql", "owner_set": "MINE", "token_owner_id": 1}}"#;
    std::fs::write(lake.join("state/cache.json"), cache).unwrap();
    let called = call(here.path(), &["demo", "--lines", "1000"], &[]);
    assert!(called.status == Some(2) && called.err.contains("tables or rows"), "{called:?}");
    assert_eq!(std::fs::read_to_string(lake.join("state/cache.json")).unwrap(), cache);
}
