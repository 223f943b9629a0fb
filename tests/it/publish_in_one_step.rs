//! A lake goes from one complete snapshot to the next in one step, or stays as it is: in a directory, and on servers of two makes.

use crate::servers::scripted::{Scripted, Step};
use crate::store_conformance::{Home, against_every_store};
use bytes::Bytes;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::pin::Pin;
use xledger_spend::lake::layout::{self, Partition, SnapshotName};
use xledger_spend::lake::{
    Access, Current, Error, Lake, Manifest, ManifestTables, Publisher, S3, Snapshot, Store, Version,
};
use xledger_spend::model::value::{Instant, Month};

const MAY: Partition = Partition::Month(Month { year: 2026, month: 5 });
const JUNE: Partition = Partition::Month(Month { year: 2026, month: 6 });
const OWNER: Partition = Partition::Owner(4242);

fn at(n: i64) -> Instant {
    Instant(1_795_224_600_000 + n * 1_000)
}

fn name(n: i64) -> SnapshotName {
    SnapshotName::new(at(n), &format!("run-{n}"))
}

/// A snapshot whose files are written, and its manifest.
async fn begun(publisher: &Publisher, n: i64) -> (Snapshot<'_>, Manifest) {
    let snapshot = publisher.begin(name(n)).await.unwrap();
    let mut files = Vec::new();
    for (partition, rows) in [(JUNE, 2), (OWNER, 3), (MAY, 1)] {
        let mut writer = snapshot.writer(partition, 0).await.unwrap();
        writer.write(Bytes::from(format!("{n}"))).await.unwrap();
        files.push(writer.finish(rows).await.unwrap());
    }
    let (settings, control_totals) = (json!({"document_types": ["AP"]}), json!({"amount": "1.0000"}));
    let (created_at, report, new) = (at(n), json!({"n": n}), Manifest::new(name(n), ManifestTables::new(files)));
    (snapshot, Manifest { created_at, schema_version: 1, settings, control_totals, report, ..new })
}

async fn published(publisher: &Publisher, n: i64, expected: Option<&(Current, Version)>) -> Current {
    let (mut snapshot, manifest) = begun(publisher, n).await;
    // A run may move between the runtime's threads.
    let commit: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(snapshot.commit(manifest, expected, at(n + 1)));
    commit.await.unwrap()
}

async fn from_one_snapshot_to_the_next(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    assert_eq!(lake.current().await.unwrap(), None);
    let publisher = lake.claim("run", || at(0)).await.unwrap();

    let (mut first, manifest) = begun(&publisher, 1).await;
    assert_eq!(lake.current().await.unwrap(), None, "files alone publish nothing");
    let committed = first.commit(manifest, None, at(2)).await.unwrap();
    let current = lake.current().await.unwrap().unwrap();
    assert_eq!((&current.0, &committed.previous), (&committed, &None));
    let manifest = lake.manifest(&current.0).await.unwrap();
    assert_eq!((manifest.tables.spend.rows, manifest.tables.supplier.rows), (3, 3));
    let paths: Vec<&str> = manifest.tables.spend.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [MAY.file(0), JUNE.file(0)]);
    first.discard().await;
    assert_eq!(lake.store().list(&name(1).directory()).await.unwrap().len(), 4, "what is committed is not discarded");

    let second = published(&publisher, 2, Some(&current)).await;
    assert_eq!(second.previous, Some(name(1)));
    let (mut third, manifest) = begun(&publisher, 3).await;
    let stale = third.commit(manifest, Some(&current), at(4)).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    assert_eq!(lake.current().await.unwrap().unwrap().0, second);
    assert_eq!(lake.snapshot_names().await.unwrap(), [name(1), name(2), name(3)]);

    let current = lake.current().await.unwrap().unwrap();
    let whole = lake.verify(&name(1)).await.unwrap();
    let back = publisher.roll_back_to(&whole, Some(&current), at(5)).await.unwrap();
    assert_eq!((&back.snapshot, &back.previous), (&name(1), &Some(name(2))));
    assert_eq!(back.manifest_sha256, committed.manifest_sha256);
    let stale = publisher.roll_back_to(&whole, Some(&current), at(6)).await;
    assert!(matches!(stale, Err(Error::Precondition { .. })), "{stale:?}");
    let unknown = lake.verify(&name(9)).await;
    assert!(matches!(unknown, Err(Error::Corrupt { .. })), "{unknown:?}");
}

async fn a_snapshot_given_up_leaves_the_lake_as_it_was(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    let publisher = lake.claim("run", || at(0)).await.unwrap();
    published(&publisher, 1, None).await;
    let before = (lake.current().await.unwrap(), lake.snapshot_names().await.unwrap());

    let (snapshot, _) = begun(&publisher, 2).await;
    let taken = snapshot.writer(MAY, 0).await.unwrap().finish(0).await;
    assert!(matches!(taken, Err(Error::AlreadyExists { .. })), "{taken:?}");
    snapshot.discard().await;
    assert_eq!((lake.current().await.unwrap(), lake.snapshot_names().await.unwrap()), before);

    let taken = publisher.begin(name(1)).await;
    assert!(matches!(taken, Err(Error::AlreadyExists { .. })), "{taken:?}");
}

async fn a_run_has_one_line(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    lake.record_run("r-1", &json!({"run_id": "r-1", "error_message": "two\nlines"})).await.unwrap();
    let (bytes, _) = lake.store().get(&layout::run("r-1").unwrap(), 1_000).await.unwrap().unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(bytes.ends_with(b"\n"));
    let twice = lake.record_run("r-1", &json!({})).await;
    assert!(matches!(twice, Err(Error::AlreadyExists { .. })), "{twice:?}");
    let strange = lake.record_run("../r", &json!({})).await;
    assert!(matches!(strange, Err(Error::Key { .. })), "{strange:?}");
}

against_every_store!(from_one_snapshot_to_the_next, a_snapshot_given_up_leaves_the_lake_as_it_was, a_run_has_one_line,);

#[tokio::test]
async fn the_link_follows_the_current_snapshot_and_is_mended() {
    let Some(home @ Home::Directory(_)) = Home::directory() else { unreachable!() };
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    let Home::Directory(directory) = &home else { unreachable!() };
    let link = directory.path().join("lake/current");
    let publisher = lake.claim("run", || at(0)).await.unwrap();
    assert!(!link.exists());
    published(&publisher, 1, None).await;
    let target = |n| format!("snapshots/{}", name(n));
    assert_eq!(fs::read_link(&link).unwrap().to_str().unwrap(), target(1));
    assert_eq!(fs::read(link.join(MAY.file(0))).unwrap(), b"1");
    published(&publisher, 2, lake.current().await.unwrap().as_ref()).await;
    assert_eq!(fs::read_link(&link).unwrap().to_str().unwrap(), target(2));
    drop(publisher);

    // As a run leaves it that is stopped right after its commit, and as somebody leaves it who removed it.
    fs::remove_file(&link).unwrap();
    symlink(target(1), &link).unwrap();
    drop(lake.claim("run", || at(0)).await.unwrap());
    assert_eq!(fs::read_link(&link).unwrap().to_str().unwrap(), target(2));
    fs::remove_file(&link).unwrap();
    drop(lake.claim("run", || at(0)).await.unwrap());
    assert_eq!(fs::read_link(&link).unwrap().to_str().unwrap(), target(2));

    // Something of somebody else's is not replaced.
    fs::remove_file(&link).unwrap();
    fs::write(&link, "mine").unwrap();
    let publisher = lake.claim("run", || at(0)).await.unwrap();
    let current = published(&publisher, 3, lake.current().await.unwrap().as_ref()).await;
    assert_eq!(fs::read(&link).unwrap(), b"mine");
    let own = directory.path().join("lake").join(target(3)).display().to_string();
    assert_eq!(lake.snapshot_address(&current.snapshot).await, own);
}

#[tokio::test]
async fn damaged_files_are_named_and_nothing_is_published_over_them() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::Directory(xledger_spend::lake::Directory::new(home.path()));
    let lake = Lake::open(store, Access::Write).await.unwrap();
    let publisher = lake.claim("run", || at(0)).await.unwrap();
    let current = published(&publisher, 1, None).await;
    drop(publisher);

    let manifest = home.path().join(name(1).manifest().as_str());
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"n\": 1", "\"n\": 2")).unwrap();
    let error = lake.manifest(&current).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }) && error.to_string().contains("_manifest.json"), "{error}");

    fs::write(home.path().join("CURRENT.json"), "{\"format_version\": 1").unwrap();
    let error = lake.claim("run", || at(0)).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }) && error.to_string().contains("CURRENT.json"), "{error}");
}

/// A commit whose outcome nobody knows: every answer was lost, and so was every attempt to find out. The write may yet arrive.
#[tokio::test]
async fn a_snapshot_whose_commit_is_in_doubt_is_kept() {
    let server = Scripted::start().await;
    let store = Store::S3(S3::new(&server.configuration(), "bucket", None).unwrap());
    let lake = Lake::open(store, Access::Write).await.unwrap();
    let publisher = lake.claim("run", || at(0)).await.unwrap();
    let (mut snapshot, manifest) = begun(&publisher, 1).await;
    // The manifest; six attempts at the commit; five at reading what became of it.
    server.play([Step::Serve]);
    server.play([Step::LoseRequest; 11]);
    let error = snapshot.commit(manifest, None, at(2)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    snapshot.discard().await;
    assert_eq!(lake.current().await.unwrap(), None);
    assert_eq!(lake.store().list(&name(1).directory()).await.unwrap().len(), 4);
}
