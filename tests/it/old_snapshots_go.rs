//! Old snapshots are removed after a publication, with what dead runs left behind, and nothing else ever is.

use crate::desk::Desk;
use crate::die_before_commit::{of_lake, until, whole};
use crate::function::{apart, log_lines};
use crate::runtime_api::{Function, MINUTES};
use crate::servers::scripted::{Hold, Scripted, Step};
use crate::servers::secrets::{Secret, Secrets};
use crate::store_conformance::{Home, against_every_store};
use bytes::Bytes;
use serde_json::json;
use std::fs;
use std::time::Duration;
use tokio::time::Instant as Deadline;
use xledger_sim::Options;
use xledger_spend::event::Refresh;
use xledger_spend::lake::layout::Partition;
use xledger_spend::lake::{
    Access, Directory, Error, Key, Lake, Manifest, ManifestTables, Publisher, S3, SnapshotName, Store,
};
use xledger_spend::model::value::{Instant, Month};
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

const NOW: Instant = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z
const MAY: Partition = Partition::Month(Month { year: 2026, month: 5 });
const OWNER: Partition = Partition::Owner(4242);

fn hours_ago(hours: i64) -> Instant {
    Instant(NOW.0 - hours * 3_600_000)
}

fn name(hours: i64) -> SnapshotName {
    SnapshotName::new(hours_ago(hours), "run")
}

fn names(hours: &[i64]) -> Vec<SnapshotName> {
    hours.iter().map(|hours| name(*hours)).collect()
}

fn in_time() -> Deadline {
    Deadline::now() + Duration::from_secs(60)
}

/// Publishes one with two files, by a run that began so many hours ago.
async fn publish(publisher: &Publisher, hours: i64) {
    let mut snapshot = publisher.begin(name(hours)).await.unwrap();
    let mut files = Vec::new();
    for partition in [MAY, OWNER] {
        let mut writer = snapshot.writer(partition, 0).await.unwrap();
        writer.write(Bytes::from(format!("{hours}"))).await.unwrap();
        files.push(writer.finish(1).await.unwrap());
    }
    let mut manifest = Manifest::new(name(hours), ManifestTables::new(files));
    let current = publisher.lake().current().await.unwrap();
    manifest.report = json!({"snapshot_before": current.as_ref().map(|(current, _)| &current.snapshot)});
    snapshot.commit(manifest, current.as_ref(), hours_ago(hours)).await.unwrap();
}

/// What a run leaves that died before its manifest.
async fn leave_behind(store: &Store, hours: i64) {
    let file = name(hours).directory().join(&MAY.file(0)).unwrap();
    store.create(&file, Bytes::from_static(b"half")).await.unwrap();
}

async fn what_may_go_goes(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    let publisher = lake.claim("run", || NOW).await.unwrap();
    let swept = publisher.sweep(1, NOW, in_time()).await;
    assert_eq!((swept.removed, swept.not_removed, swept.error.is_none()), (0, 0, true), "an empty lake");
    for hours in [120, 96, 72, 48, 20, 10] {
        publish(&publisher, hours).await;
    }
    for hours in [100, 30, 15, 5] {
        leave_behind(lake.store(), hours).await;
    }
    // Of another's making, and in nobody's way.
    let foreign = Key::parse("snapshots/notes/readme").unwrap();
    lake.store().create(&foreign, Bytes::from_static(b"mine")).await.unwrap();

    // A reader opened this one before it was replaced, twenty hours ago, and is not done.
    let files = [MAY, OWNER].map(|partition| name(48).directory().join(&partition.file(0)).unwrap());
    assert_eq!(lake.store().get(&files[0], 2).await.unwrap().unwrap().0.as_ref(), b"48");
    let swept = publisher.sweep(2, NOW, in_time()).await;
    assert_eq!((swept.removed, swept.not_removed, swept.error.is_none()), (6, 0, true), "{swept:?}");
    assert_eq!(lake.store().get(&files[1], 2).await.unwrap().unwrap().0.as_ref(), b"48");
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[48, 20, 10, 5]));
    for hours in [48, 20, 10] {
        lake.verify(&name(hours)).await.unwrap();
    }
    assert_eq!(lake.store().list(&name(72).directory()).await.unwrap(), []);
    assert_eq!(lake.store().get(&foreign, 4).await.unwrap().unwrap().0.as_ref(), b"mine");

    let again = publisher.sweep(2, NOW, in_time()).await;
    assert_eq!((again.removed, again.not_removed), (0, 0), "{again:?}");
    let a_day_later = publisher.sweep(2, Instant(NOW.0 + 24 * 3_600_000), in_time()).await;
    assert_eq!(a_day_later.removed, 1, "{a_day_later:?}");
    assert_eq!(
        lake.snapshot_names().await.unwrap(),
        names(&[20, 10, 5]),
        "nothing newer than the current one is removed"
    );
}

/// However far a sweep came, nobody can go back to what it has begun to remove, and the next one ends it.
async fn half_a_sweep_is_ended_by_the_next(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    let publisher = lake.claim("run", || NOW).await.unwrap();
    for hours in [120, 96, 72, 0] {
        publish(&publisher, hours).await;
    }
    lake.store().delete(&name(120).manifest()).await.unwrap();
    lake.store().delete(&name(96).manifest()).await.unwrap();
    lake.store().delete(&name(96).directory().join(&OWNER.file(0)).unwrap()).await.unwrap();
    for hours in [120, 96] {
        assert!(lake.list_snapshots().await.unwrap().iter().any(|found| found.name == name(hours) && !found.finished));
        let gone = lake.verify(&name(hours)).await;
        assert!(matches!(gone, Err(Error::Corrupt { .. })), "{gone:?}");
    }
    let late = publisher.sweep(10, NOW, Deadline::now() - Duration::from_secs(1)).await;
    assert_eq!(late.removed, 0, "{late:?}");
    let swept = publisher.sweep(10, NOW, in_time()).await;
    assert_eq!((swept.removed, swept.not_removed, swept.error.is_none()), (2, 0, true), "{swept:?}");
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[72, 0]));
}

/// Gone back to, an old one is current and stays; the run after that keeps it as the one before, and those of the day after that, too.
async fn what_was_gone_back_to_stays(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    let publisher = lake.claim("run", || NOW).await.unwrap();
    for hours in [192, 168, 144, 120, 96] {
        publish(&publisher, hours).await;
    }
    let whole = lake.verify(&name(168)).await.unwrap();
    let current = lake.current().await.unwrap();
    publisher.roll_back_to(&whole, current.as_ref(), hours_ago(72)).await.unwrap();
    assert_eq!(publisher.sweep(1, NOW, in_time()).await.removed, 1);
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[168, 144, 120, 96]));
    publish(&publisher, 48).await;
    assert_eq!(publisher.sweep(1, NOW, in_time()).await.removed, 3);
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[168, 48]), "it was current before");
    publisher.roll_back_to(&whole, lake.current().await.unwrap().as_ref(), hours_ago(3)).await.unwrap();
    publish(&publisher, 2).await;
    publish(&publisher, 1).await;
    assert_eq!(publisher.sweep(1, NOW, in_time()).await.removed, 0);
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[168, 48, 2, 1]), "it was current until two hours ago");
    assert_eq!(publisher.sweep(1, Instant(NOW.0 + 24 * 3_600_000), in_time()).await.removed, 2);
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[2, 1]));
}

against_every_store!(what_may_go_goes, half_a_sweep_is_ended_by_the_next, what_was_gone_back_to_stays);

#[tokio::test]
async fn a_fault_keeps_one_and_spares_no_other() {
    let server = Scripted::start().await;
    let store = Store::S3(S3::new(&server.configuration(), "bucket", Some(Key::parse("lake").unwrap())).unwrap());
    let lake = Lake::open(store, Access::Write).await.unwrap();
    let publisher = lake.claim("run", || NOW).await.unwrap();
    for hours in [120, 96, 72, 0] {
        publish(&publisher, hours).await;
    }
    // Two listings and CURRENT.json; then CURRENT.json once more and the manifest, which may not be removed.
    server.play([Step::Serve; 4]);
    server.play([Step::Refuse(403, "AccessDenied")]);
    let swept = publisher.sweep(1, NOW, in_time()).await;
    assert_eq!((swept.removed, swept.not_removed), (1, 1), "{swept:?}");
    assert!(matches!(swept.error, Some(Error::AccessDenied { operation: "s3:DeleteObject", .. })), "{swept:?}");
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[120, 72, 0]));
    lake.verify(&name(120)).await.unwrap();

    // An answer that got lost, and a listing that is refused.
    server.play([Step::Serve; 4]);
    server.play([Step::LoseAnswer]);
    assert_eq!(publisher.sweep(1, NOW, in_time()).await.removed, 1);
    server.play([Step::Refuse(403, "AccessDenied")]);
    let refused = publisher.sweep(1, NOW, in_time()).await;
    assert!(refused.removed == 0 && matches!(refused.error, Some(Error::AccessDenied { .. })), "{refused:?}");
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[72, 0]));
}

/// Somebody goes back to an old snapshot in the moment in which it was about to be removed.
#[tokio::test]
async fn what_has_just_become_current_is_spared() {
    let server = Scripted::start().await;
    let store = Store::S3(S3::new(&server.configuration(), "bucket", None).unwrap());
    let lake = Lake::open(store, Access::Write).await.unwrap();
    let publisher = lake.claim("run", || NOW).await.unwrap();
    for hours in [120, 96, 72, 0] {
        publish(&publisher, hours).await;
    }
    let old = lake.verify(&name(96)).await.unwrap();
    // The sweep has decided, and is about to remove the first.
    server.hold(Hold {
        request: |request| request.starts_with("DELETE ") && request.ends_with("_manifest.json"),
        served: true,
    });
    let sweeping = publisher.sweep(1, NOW, in_time());
    let going_back = async {
        until("the removal", async || server.held() > 0).await;
        publisher.roll_back_to(&old, lake.current().await.unwrap().as_ref(), NOW).await.unwrap();
        server.release();
    };
    let (swept, ()) = tokio::join!(sweeping, going_back);
    assert_eq!((swept.removed, swept.not_removed), (1, 0), "{swept:?}");
    assert_eq!(lake.snapshot_names().await.unwrap(), names(&[96, 72, 0]));
    lake.verify(&name(96)).await.unwrap();
}

impl Desk {
    /// A refresh by a run that began so many hours before [`NOW`].
    async fn refresh_hours_ago(&self, hours: i64, refresh: Refresh, set: &[(&str, &str)]) -> Report {
        let mut run = self.run(Duration::from_secs(120));
        (run.started_at, run.clock) = (hours_ago(hours), || NOW);
        run.refresh(refresh, &self.settings(set), &aws_config::SdkConfig::builder().build()).await
    }
}

#[tokio::test]
async fn a_refresh_keeps_as_many_as_it_is_told_to() {
    let desk = Desk::new(Options::fast(300, 61)).await;
    let keeping = |kept| [("SPEND_SNAPSHOTS_KEPT", kept)];
    let snapshots = || fs::read_dir(desk.lake().join("snapshots")).unwrap().count();
    for hours in [288, 240, 192, 144, 96] {
        let report = desk.refresh_hours_ago(hours, Refresh::default(), &[]).await;
        assert_eq!((report.status, report.snapshots_removed), (Status::Succeeded, Some(0)), "{:?}", report.error);
    }
    let dry = desk.refresh_hours_ago(48, Refresh { dry_run: true, ..Refresh::default() }, &keeping("1")).await;
    assert_eq!((dry.status, dry.snapshots_removed, snapshots()), (Status::DryRun, None, 5));
    let failed = desk.refresh_hours_ago(47, Refresh::default(), &[keeping("1")[0], ("XLEDGER_TOKEN", "wrong")]).await;
    assert_eq!((failed.status, failed.snapshots_removed, snapshots()), (Status::Failed, None, 5));

    let report = desk.refresh_hours_ago(46, Refresh::default(), &keeping("3")).await;
    assert_eq!((report.snapshots_removed, snapshots()), (Some(3), 3));
    let report = desk.refresh_hours_ago(1, Refresh::default(), &keeping("1")).await;
    assert_eq!((report.status, report.snapshots_removed, snapshots()), (Status::Succeeded, Some(2), 2));
    assert_eq!(report.snapshot_before.map(|before| before < report.snapshot.unwrap()), Some(true));
}

#[tokio::test]
async fn a_sweep_that_fails_does_not_fail_the_run() {
    let desk = Desk::new(Options::fast(300, 62)).await;
    // Where a manifest should be, a directory stands in the way; behind it, another leftover.
    let lake = Store::Directory(Directory::new(&desk.lake()));
    let in_the_way = name(100).manifest().join("x").unwrap();
    lake.create(&in_the_way, Bytes::new()).await.unwrap();
    leave_behind(&lake, 99).await;
    let report = desk.refresh_hours_ago(1, Refresh::default(), &[]).await;
    assert_eq!((report.status, report.snapshots_removed, report.error), (Status::Succeeded, Some(1), None));
    assert_eq!(lake.list(&name(99).directory()).await.unwrap(), []);
    assert!(lake.get(&in_the_way, 0).await.unwrap().is_some());
}

/// The function is killed at each removal of a sweep, before it reaches the bucket and after it did.
#[tokio::test]
async fn a_run_is_killed_while_it_sweeps() {
    let sim = xledger_sim::start(Options::fast(300, 63)).await.unwrap();
    let secrets = Secrets::start([Secret::text(sim.token())]).await;
    let first = Scripted::start().await;
    let refresh = async |lake: &Scripted| {
        Function::start(&apart(&sim.endpoint(), lake, &secrets)).await.invoke(&json!({}), MINUTES).await.unwrap()
    };
    refresh(&first).await;
    let before = whole(&of_lake(&first));
    // Eleven older ones, as complete as a listing can tell, and a leftover.
    let old: Vec<SnapshotName> = (0..12).map(|n| SnapshotName::new(hours_ago(24 * (1_000 - n)), "run")).collect();
    for (n, name) in old.iter().enumerate() {
        first.put(&format!("lake/{}/{}", name.directory(), MAY.file(0)), b"old");
        if n > 0 {
            first.put(&format!("lake/{}", name.manifest()), b"old");
        }
    }
    let manifest = |request: &str| request.starts_with("DELETE ") && request.ends_with("/_manifest.json");
    let data = |request: &str| request.starts_with("DELETE ") && request.ends_with(".parquet");
    for (request, served) in [(manifest as fn(&str) -> bool, false), (manifest, true), (data, false), (data, true)] {
        let lake = Scripted::start().await;
        for (name, bytes) in first.objects() {
            lake.put(&name, &bytes);
        }
        lake.hold(Hold { request, served });
        let function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
        function.begin(&json!({}), MINUTES);
        until("a removal", async || lake.held() > 0).await;
        function.kill();
        let published = whole(&of_lake(&lake));
        assert!(published > before);
        lake.release();
        lake.let_the_lease_run_out();

        let report = refresh(&lake).await;
        assert_eq!(report["status"], "succeeded", "{report}");
        assert_eq!(report["snapshot_before"], published);
        let objects = of_lake(&lake);
        assert_eq!(whole(&objects), report["snapshot"].as_str().unwrap());
        let left = |name: &&SnapshotName| objects.keys().any(|key| key.starts_with(name.directory().as_str()));
        let left: Vec<&SnapshotName> = old.iter().filter(left).collect();
        // Ten: the three of today and seven of the old.
        assert_eq!(left, old.iter().skip(5).collect::<Vec<_>>());
        for name in left {
            assert!(objects.contains_key(name.manifest().as_str()), "{name}");
        }
    }
}

/// What was not removed is told in the log, with its reason, and in the report by its absence.
#[tokio::test]
async fn a_sweep_that_was_denied_is_a_warning() {
    let sim = xledger_sim::start(Options::fast(300, 64)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let leftover = SnapshotName::new(hours_ago(9_000), "run");
    lake.put(&format!("lake/{}/{}", leftover.directory(), MAY.file(0)), b"old");
    lake.refuse(|request| request.starts_with("DELETE ") && request.contains("/snapshots/"));
    let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
    let report = function.invoke(&json!({}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["snapshots_removed"]), (&json!("succeeded"), &json!(0)), "{report}");
    let log = log_lines(&function.kill());
    let warning = log.iter().find(|line| line["level"] == "WARN").unwrap();
    assert_eq!((&warning["removed"], &warning["left"]), (&json!(0), &json!(1)), "{warning}");
    assert!(warning["error"].as_str().unwrap().contains("s3:DeleteObject"), "{warning}");
}
