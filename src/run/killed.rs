//! A refresh of a lake in a directory is killed at each fail point, where it is about to change the file system: readers see a complete snapshot all the
//! same, the next run makes the tables that an undisturbed one makes, and nothing is left behind.
//!
//! One refresh runs to its end, and at each kill point the directory is copied: a killed process leaves just that. Its locks end with it.

mod lake_files;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use lake_files::{LakeFiles, nothing_is_left_behind, readers_see};
use tempfile::TempDir;
use xledger_sim::{ChangeKind, Options, Running};

use super::Run;
use crate::event::{Mode, Refresh};
use crate::lake::directory::watch;
use crate::model::value::Instant;
use crate::report::Report;
use crate::settings::{Caller, Settings};
use crate::table::runs::Status;

const NOW: Instant = Instant(1_795_224_600_000);
const DAY_MINUTES: i64 = 24 * 60;
/// Next runs at once.
const AT_ONCE: usize = 3;

/// The simulator, and where lakes lie: in memory where there is such a place, for they are many.
struct Desk {
    sim: Running,
    lakes: TempDir,
}

impl Desk {
    async fn new(options: Options) -> Arc<Self> {
        let lakes = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        Arc::new(Self { sim: xledger_sim::start(options).await.unwrap(), lakes })
    }

    fn lake(&self, name: &str) -> PathBuf {
        self.lakes.path().join(name)
    }

    /// A refresh that begins so many minutes after now.
    async fn refresh(&self, lake: &Path, minutes: i64) -> Report {
        let settings = Settings::read(Caller::CommandLine, |name| match name {
            "XLEDGER_ENDPOINT" => Some(self.sim.endpoint()),
            "XLEDGER_TOKEN" => Some(self.sim.token().to_owned()),
            "LAKE_URL" => Some(lake.display().to_string()),
            "SPEND_HISTORY_FROM" => Some("2026-06".to_owned()),
            "SPEND_SNAPSHOTS_KEPT" => Some("1".to_owned()),
            _ => None,
        });
        let run = Run {
            id: format!("run-{}", 10 * DAY_MINUTES + minutes),
            started_at: Instant(NOW.0 + minutes * 60_000),
            deadline: tokio::time::Instant::now() + Duration::from_secs(120),
            clock: || Instant(NOW.0 + 3_600_000),
            progress: Default::default(),
            meter: Default::default(),
        };
        let aws = aws_config::SdkConfig::builder().build();
        let report = run.refresh(Refresh::default(), &settings.unwrap(), &aws).await;
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
        report
    }
}

/// Copies a lake, links as links.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten().map(Result::unwrap) {
        let (kind, from, to) = (entry.file_type().unwrap(), entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&from, &to);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from).unwrap(), &to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Another lake beside one.
fn beside(lake: &Path, what: &str) -> PathBuf {
    lake.with_file_name(format!("{}-{what}", lake.file_name().unwrap().display()))
}

/// A lake as it was at one kill point.
struct KillPoint {
    lake: PathBuf,
    found: LakeFiles,
    /// The snapshot that readers see, if there is one.
    seen: Option<String>,
}

/// Refreshes a lake, and copies it at each kill point at which it differs from the one before.
async fn kill_points(desk: &Desk, lake: &Path, minutes: i64) -> (Report, Vec<KillPoint>) {
    let kill_points: Arc<Mutex<Vec<KillPoint>>> = Arc::default();
    let (taken, from) = (Arc::clone(&kill_points), lake.to_owned());
    let watch = watch(lake, move || {
        let (found, mut kill_points) = (LakeFiles::in_lake(&from), taken.lock().unwrap());
        if kill_points.last().is_none_or(|last| last.found != found) {
            let lake = beside(&from, &kill_points.len().to_string());
            copy(&from, &lake);
            kill_points.push(KillPoint { lake, seen: readers_see(&found), found });
        }
    });
    let report = desk.refresh(lake, minutes).await;
    drop(watch);
    let kill_points = std::mem::take(&mut *kill_points.lock().unwrap());
    (report, kill_points)
}

/// Kills a refresh of a lake at each of its kill points, and tells what came of it: the lake as it was right before the commit and right after it.
/// `stay` are snapshots that nothing removes.
async fn kill(desk: &Arc<Desk>, lake: &Path, minutes: i64, stay: &BTreeSet<String>) -> (Report, [PathBuf; 2]) {
    let before = readers_see(&LakeFiles::in_lake(lake));
    let (report, kill_points) = kill_points(desk, lake, minutes).await;
    let calm = LakeFiles::in_lake(lake);
    assert_eq!(readers_see(&calm), report.snapshot);
    assert_eq!(nothing_is_left_behind(&calm), "");
    let tables = Arc::new(calm.tables(report.snapshot.as_ref().unwrap()));

    // One step of all makes it current.
    let committed = kill_points.partition_point(|kill_point| kill_point.seen == before);
    assert!(0 < committed && committed < kill_points.len() && report.snapshot != before);
    assert!(kill_points[committed..].iter().all(|kill_point| kill_point.seen == report.snapshot));
    let at_commit = [("before", committed - 1), ("after", committed)].map(|(name, number)| {
        let lake = beside(lake, name);
        copy(&kill_points[number].lake, &lake);
        lake
    });

    let killed = kill_points.into_iter().enumerate().map(|(number, KillPoint { lake, found, seen })| {
        let (desk, tables, mut stay) = (Arc::clone(desk), Arc::clone(&tables), stay.clone());
        let what = format!("kill point {number}: {}", found.hidden());
        stay.extend(seen);
        let runtime = tokio::runtime::Handle::current();
        // A run stays on one thread.
        tokio::task::spawn_blocking(move || {
            let report = runtime.block_on(desk.refresh(&lake, minutes + 1));
            let found = LakeFiles::in_lake(&lake);
            assert_eq!(readers_see(&found), report.snapshot, "{what}");
            let next = report.snapshot.unwrap();
            assert!(found.tables(&next) == *tables, "{what}: other tables");
            stay.insert(next);
            let mut left = nothing_is_left_behind(&found);
            for snapshot in found.snapshots().symmetric_difference(&stay) {
                left += &format!(" {snapshot}");
            }
            fs::remove_dir_all(&lake).unwrap();
            if left.is_empty() { None } else { Some(format!("{what}: {left}")) }
        })
    });
    let faults: Vec<_> = stream::iter(killed).buffered(AT_ONCE).map(Result::unwrap).collect().await;
    assert!(faults.len() > 80, "{}", faults.len());
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} kill points: {faults:#?}", faults.len());
    (report, at_commit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_fills_an_empty_lake() {
    let desk = Desk::new(Options::fast(300, 62)).await;
    kill(&desk, &desk.lake("empty"), 0, &BTreeSet::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_brings_a_lake_up_to_date_and_once_more_beside_the_commit() {
    let desk = Desk::new(Options::fast(600, 61)).await;
    let lake = desk.lake("lake");
    desk.refresh(&lake, -6 * DAY_MINUTES).await;
    let last = desk.refresh(&lake, -3 * DAY_MINUTES).await;
    desk.sim.replace(ChangeKind::Post.on(&desk.sim.company(), 9));

    let mut stay = BTreeSet::from_iter(last.snapshot);
    let (report, [before, after]) = kill(&desk, &lake, 0, &stay).await;
    assert_eq!((report.mode, report.snapshots_removed), (Some(Mode::Incremental), Some(1)));
    assert!(report.lines_fetched > Some(0));

    // The run after a killed one has kill points of its own: it takes back what the dead one had made, or takes it up.
    kill(&desk, &before, 2, &stay).await;
    stay.extend(report.snapshot);
    kill(&desk, &after, 2, &stay).await;
}
