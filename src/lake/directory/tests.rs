//! File systems that do less than others, and what other programs make of a lake: it is published into all the same, or not begun.

use super::fail_point::inject_error;
use super::*;
use crate::lake::{Current, Lake, Manifest, ManifestTables, SnapshotName, Store};
use crate::model::failure::{Failure, FailureKind};
use crate::report::log::JsonLines;
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt as _;

const EPERM: i32 = 1;
const EIO: i32 = 5;
const EBADF: i32 = 9;
const EACCES: i32 = 13;
const EEXIST: i32 = 17;
const EISDIR: i32 = 21;
const EINVAL: i32 = 22;
const ENOTTY: i32 = 25;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EMLINK: i32 = 31;
const ENOLCK: i32 = 37;
const ENOSYS: i32 = 38;
const EPROTO: i32 = 71;
const ENOTSUP: i32 = 95;

/// A lake in a directory, and the warnings that were logged.
struct Desk {
    home: TempDir,
    warnings: Arc<Mutex<Vec<String>>>,
    _log: tracing::subscriber::DefaultGuard,
}

impl Desk {
    fn new() -> Self {
        let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
        let to = Arc::clone(&warnings);
        let lines = JsonLines::new(clock, move |line| {
            let line: Value = serde_json::from_str(line).unwrap();
            if line["level"] == "WARN" {
                to.lock().unwrap().push(line.to_string());
            }
        });
        let log = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        Self { home: TempDir::new().unwrap(), warnings, _log: log }
    }

    fn refusing(call: &'static str, number: i32) -> Self {
        let desk = Self::new();
        inject_error(desk.home.path(), call, number);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("lake").join(name)
    }

    async fn open(&self) -> Result<Lake, Error> {
        Lake::open(Store::Directory(Directory::new(&self.path(""))), Access::Write).await
    }

    /// A run that publishes an empty snapshot. What readers are told of where it is.
    async fn publish(&self, n: i64) -> Result<String, Error> {
        let publisher = self.open().await?.claim("a run", clock).await?;
        let current = publisher.lake().current().await?;
        let mut snapshot = publisher.begin(SnapshotName::new(Instant(n), "run")).await?;
        let manifest = Manifest::new(snapshot.name().clone(), ManifestTables::default());
        let Current { snapshot, .. } = snapshot.commit(manifest, current.as_ref(), Instant(n)).await?;
        Ok(publisher.lake().snapshot_address(&snapshot).await)
    }

    fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap())
    }
}

fn clock() -> Instant {
    Instant(0)
}

/// The place of the snapshot that [`Desk::publish`] makes, by its own name.
fn own(desk: &Desk, n: i64) -> String {
    desk.path(SnapshotName::new(Instant(n), "run").directory().as_str()).display().to_string()
}

#[tokio::test]
async fn a_lake_needs_no_symbolic_links() {
    for number in [EPERM, EACCES, ENOSYS, ENOTSUP, EINVAL, EROFS, EPROTO, EIO, ENOTTY, ENOSPC] {
        let desk = Desk::refusing("symlink", number);
        // Said once to who made the lake.
        for (n, said) in [(1, 1), (2, 0), (3, 0)] {
            assert_eq!(desk.publish(n).await.unwrap(), own(&desk, n), "{number}");
            let warnings = desk.warnings();
            assert_eq!(warnings.len(), said, "{number}: {warnings:?}");
            assert!(warnings.iter().all(|line| line.contains("has no symbolic links")), "{warnings:?}");
        }
        // One that leads elsewhere misleads, each time.
        symlink(own(&desk, 1), desk.path("current")).unwrap();
        for n in [4, 5] {
            assert_eq!(desk.publish(n).await.unwrap(), own(&desk, n), "{number}");
            let warnings = desk.warnings();
            assert!(warnings.len() == 1 && warnings[0].contains("was not moved"), "{number}: {warnings:?}");
            // For files were written there just now.
            assert!(!warnings[0].contains("read-only") && !warnings[0].contains("no space"), "{number}: {warnings:?}");
        }
    }
}

#[tokio::test]
async fn what_stands_in_the_place_of_the_link_is_replaced_if_it_is_nothing() {
    let desk = Desk::new();
    let link = desk.path("current");
    let linked = link.display().to_string();
    assert_eq!(desk.publish(1).await.unwrap(), linked);
    for n in [2, 4] {
        fs::remove_file(&link).unwrap();
        fs::create_dir(&link).unwrap();
        assert_eq!(desk.publish(n).await.unwrap(), linked);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(link.canonicalize().unwrap(), Path::new(&own(&desk, n)).canonicalize().unwrap());
        assert_eq!(desk.warnings(), [""; 0]);
    }
    // What was behind the link, as a copy.
    let copy = link.join("spend");
    fs::remove_file(&link).unwrap();
    fs::create_dir_all(&copy).unwrap();
    assert_eq!(desk.publish(5).await.unwrap(), own(&desk, 5));
    let warnings = desk.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("move it away") && copy.is_dir(), "{warnings:?}");

    fs::remove_dir_all(&link).unwrap();
    fs::write(&link, "snapshots/x").unwrap();
    assert_eq!(desk.publish(6).await.unwrap(), own(&desk, 6));
    assert_eq!((desk.warnings().len(), fs::read(&link).unwrap()), (1, b"snapshots/x".to_vec()));
    // Without links an empty directory stays.
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    inject_error(desk.home.path(), "symlink", EPERM);
    assert_eq!(desk.publish(7).await.unwrap(), own(&desk, 7));
}

#[tokio::test]
async fn directories_need_not_be_flushed() {
    for number in [EINVAL, ENOTSUP, ENOSYS, EBADF, EISDIR, EACCES, EPERM] {
        let desk = Desk::refusing("fsync of a directory", number);
        assert_eq!(desk.publish(1).await.unwrap(), desk.path("current").display().to_string(), "{number}");
        assert_eq!(desk.warnings(), [""; 0]);
    }
    let broken = Desk::refusing("fsync of a directory", EIO).publish(1).await;
    assert!(matches!(broken, Err(Error::Unreadable { .. })), "{broken:?}");
}

#[tokio::test]
async fn a_lake_needs_no_hard_links() {
    for number in [EPERM, EACCES, EMLINK, EINVAL, ENOSYS, ENOTSUP, EROFS, EPROTO, EIO, ENOTTY] {
        let desk = Desk::refusing("link", number);
        for n in [1, 2] {
            desk.publish(n).await.unwrap();
        }
        assert_eq!(desk.warnings(), [""; 0]);
        let store = Directory::new(&desk.path(""));
        let again = store.create(&SnapshotName::new(Instant(1), "run").manifest(), Bytes::from_static(b"{}")).await;
        assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{number}: {again:?}");
    }
}

#[tokio::test]
async fn what_cannot_hold_a_lake_is_found_out_at_once() {
    use FailureKind::{LakeDenied, LakeUnavailable};
    for (call, number, kind, word) in [
        ("lock", ENOSYS, LakeUnavailable, "this file system has no locks"),
        ("lock", ENOLCK, LakeUnavailable, "this file system has no locks"),
        ("lock", ENOTSUP, LakeUnavailable, "this file system has no locks"),
        ("lock", EINVAL, LakeUnavailable, "this file system has no locks"),
        (
            "lock",
            EIO,
            LakeUnavailable,
            "this file system has no locks, which a lake needs; choose a place on another one",
        ),
        ("lock", EACCES, LakeUnavailable, "this file system has no locks"),
        ("lock", EROFS, LakeUnavailable, "this file system has no locks"),
        ("lock", ENOTTY, LakeUnavailable, "this file system has no locks"),
        ("truncate", EPERM, LakeUnavailable, "this file system does not empty files"),
        ("truncate", EINVAL, LakeUnavailable, "this file system does not empty files"),
        ("truncate", ENOSPC, LakeUnavailable, "no space left"),
        ("fsync", EIO, LakeUnavailable, "check the disk and the way to it"),
        ("rename", EINVAL, LakeUnavailable, "this file system does not rename a file to the name of another one"),
        ("rename", EEXIST, LakeUnavailable, "this file system does not rename a file to the name of another one"),
        ("rename", ENOTSUP, LakeUnavailable, "this file system does not rename a file to the name of another one"),
        ("fsync", EINVAL, LakeUnavailable, "this file system does not flush files to the disk"),
        ("fsync", ENOSPC, LakeUnavailable, "no space left"),
        ("fsync", EROFS, LakeDenied, "this file system is read-only"),
        ("rename", EROFS, LakeDenied, "this file system is read-only"),
        ("rename", EACCES, LakeDenied, "rename was denied"),
    ] {
        let desk = Desk::refusing(call, number);
        let failure = Failure::from(desk.open().await.unwrap_err());
        assert_eq!(failure.kind, kind, "{call} {number}: {failure}");
        assert!(failure.message.contains(word), "{call} {number}: {failure}");
        // It leaves nothing, but for the directory of the lake.
        assert_eq!(fs::read_dir(desk.path("")).unwrap().count(), 0, "{call} {number}");
    }
}

/// Found out before anything is fetched, and not when it is to be written.
#[tokio::test]
async fn a_directory_that_may_not_be_written_is_found_out_at_once() {
    for below in ["snapshots", "runs", "state", "state/rows"] {
        let desk = Desk::new();
        fs::create_dir_all(desk.path("state/rows")).unwrap();
        desk.publish(1).await.unwrap();
        fs::create_dir_all(desk.path("runs")).unwrap();
        inject_error(&desk.path(below), "open", EACCES);
        let failure = Failure::from(desk.open().await.unwrap_err());
        assert_eq!(failure.kind, FailureKind::LakeDenied, "{below}: {failure}");
        let words = format!("write was denied on {}", desk.path(below).display());
        assert!(failure.message.contains(&words), "{failure}");
    }
}

/// Each fault that is none of the known situations says what to do.
#[tokio::test]
async fn what_cannot_be_read_says_what_to_do() {
    let said = |error: Error| Failure::from(error).message;
    for name in ["CURRENT.json", "state/lock"] {
        let desk = Desk::new();
        fs::create_dir_all(desk.path(name)).unwrap();
        let message = said(desk.publish(1).await.unwrap_err());
        assert!(message.contains(name) && message.contains("stands in the place of a file: move it away"), "{message}");
    }
    let desk = Desk::new();
    symlink("circle", desk.home.path().join("circle")).unwrap();
    for (place, words) in [("circle/lake", "lead in a circle: correct them"), (&*"x".repeat(300), "a shorter name")] {
        let store = Store::Directory(Directory::new(&desk.home.path().join(place)));
        let message = said(Lake::open(store, Access::Write).await.unwrap_err());
        assert!(message.contains(words), "{message}");
    }
}

/// Another process may just have made the directory of its lock, and not the lock yet.
#[test]
fn a_trial_takes_no_directory_away() {
    let home = TempDir::new().unwrap();
    let root = home.path().join("lake");
    super::tree::make_directory(&root.join("state")).unwrap();
    super::temporary::try_out(&root, &[root.join("state"), root.join("snapshots")]).unwrap();
    assert_eq!(fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["state"]);
    Claim::acquire(&root, "run a", Instant(0)).unwrap();
}
