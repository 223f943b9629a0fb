//! Who may publish into a lake, and the one step in which a snapshot becomes current: a compare-and-swap of `CURRENT.json`.

pub(crate) mod snapshot;

use crate::lake::Error;
use crate::lake::directory;
use crate::lake::layout::{self, CURRENT_LINK, SnapshotName};
use crate::lake::lease::{LeaseGuard, LeaseTerm};
use crate::lake::manifest::{self, Current, LAKE_FORMAT_VERSION, Manifest};
use crate::lake::store::{Access, Store, Version};
use crate::model::digest::Digest;
use crate::model::value::Instant;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use snapshot::Snapshot;

/// `CURRENT.json` is a few lines.
const CURRENT_LIMIT_BYTES: u64 = 64 << 10;
/// A manifest has some 250 bytes for each file, and a report.
const MANIFEST_LIMIT_BYTES: u64 = 64 << 20;
/// A page has some 100 kB.
const PAGE_LIMIT_BYTES: u64 = 8 << 20;
/// Manifests being read at once, where many are.
const MANIFESTS_AT_ONCE: usize = 8;
/// A run's line is a kilobyte, but for an error with many words.
const RUN_LIMIT_BYTES: u64 = 1 << 20;

/// A lake that can be used.
#[derive(Clone, Debug)]
pub struct Lake {
    store: Store,
}

impl Lake {
    /// Opens a lake, after finding out that it can be used so: [`Store::check_usable`].
    ///
    /// # Errors
    /// As [`Store::check_usable`].
    pub async fn open(store: Store, access: Access) -> Result<Self, Error> {
        store.check_usable(access).await?;
        Ok(Self { store })
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Which snapshot is current; `None` in a lake that nothing was published into.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if `CURRENT.json` is damaged; else what storage can meet.
    pub async fn current(&self) -> Result<Option<(Current, Version)>, Error> {
        let key = layout::current();
        match self.store.get(&key, CURRENT_LIMIT_BYTES).await? {
            Some((bytes, version)) => Ok(Some((Current::read(&bytes, &self.store.address(&key))?, version))),
            None => Ok(None),
        }
    }

    /// The manifest of the current snapshot, which must be the one that was committed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is missing, damaged, or another one.
    pub async fn manifest(&self, current: &Current) -> Result<Manifest, Error> {
        let (manifest, sha256) = self.manifest_of(&current.snapshot).await?;
        if sha256 == current.manifest_sha256 {
            return Ok(manifest);
        }
        let place = self.store.address(&current.snapshot.manifest());
        Err(Error::Corrupt { place, what: "it was changed after CURRENT.json had named it".to_owned() })
    }

    /// The manifest of any snapshot, with its checksum. A snapshot that was never finished has none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is missing or damaged.
    pub async fn manifest_of(&self, snapshot: &SnapshotName) -> Result<(Manifest, String), Error> {
        let place = self.store.address(&snapshot.manifest());
        let found = self.store.get(&snapshot.manifest(), MANIFEST_LIMIT_BYTES).await?;
        let Some((bytes, _)) = found else {
            return Err(Error::Corrupt { place, what: "the snapshot has no manifest".to_owned() });
        };
        let manifest = Manifest::read(&bytes, &place)?;
        if manifest.snapshot != *snapshot {
            return Err(Error::Corrupt { place, what: "it is the manifest of another snapshot".to_owned() });
        }
        Ok((manifest, Digest::of(&bytes)))
    }

    /// The manifests of these snapshots, in their order. What is wrong with one is told in its place.
    pub async fn manifests(&self, snapshots: &[SnapshotName]) -> Vec<Result<Manifest, Error>> {
        let manifests = snapshots.iter().map(async |name| self.manifest_of(name).await.map(|(manifest, _)| manifest));
        stream::iter(manifests).buffered(MANIFESTS_AT_ONCE).collect().await
    }

    /// A snapshot that readers can be sent to: finished, and every file that its manifest names is there with its size. What the files
    /// hold is not read again.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not.
    pub async fn verify(&self, snapshot: &SnapshotName) -> Result<VerifiedSnapshot, Error> {
        let (manifest, sha256) = self.manifest_of(snapshot).await?;
        let directory = snapshot.directory();
        let entries = self.store.list(&directory).await?;
        let there: HashMap<_, _> =
            entries.iter().filter_map(|entry| Some((entry.key.below(&directory)?, entry.size_bytes))).collect();
        let files = manifest.tables.spend.files.iter().chain(&manifest.tables.supplier.files);
        let mut missed = files.filter(|file| there.get(file.path.as_str()) != Some(&file.bytes));
        if let Some(file) = missed.next() {
            let others = match missed.count() {
                0 => String::new(),
                others => format!(", and so are {others} more files of this snapshot"),
            };
            let place = self.store.address(&directory.join(&file.path)?);
            let what = format!("it is missing, or not of the size that the snapshot's manifest says{others}");
            return Err(Error::Corrupt { place, what });
        }
        Ok(VerifiedSnapshot { manifest, sha256 })
    }

    /// Where readers find the files of the current snapshot: by the link `current`, or where there is none, in the snapshot's own directory.
    pub async fn snapshot_address(&self, snapshot: &SnapshotName) -> String {
        let directory = snapshot.directory();
        match &self.store {
            Store::Directory(store) if store.is_same(CURRENT_LINK, &directory).await => {
                store.root().join(CURRENT_LINK).display().to_string()
            }
            store => store.address(&directory),
        }
    }

    /// A snapshot's page for people, if it has one. Its checksum is the caller's to look at.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn read_page(&self, snapshot: &SnapshotName) -> Result<Option<Bytes>, Error> {
        let found = self.store.get(&snapshot.page(), PAGE_LIMIT_BYTES).await?;
        Ok(found.map(|(bytes, _)| bytes))
    }

    /// All snapshots, oldest first; those that were never finished among them.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn snapshot_names(&self) -> Result<Vec<SnapshotName>, Error> {
        let root = layout::snapshots();
        let directories = self.store.list_directories(&root).await?;
        Ok(directories.iter().filter_map(|key| SnapshotName::read(key.below(&root)?)).collect())
    }

    /// The line of the newest run, whatever its end; `None` before the first.
    ///
    /// # Errors
    /// What storage can meet, [`Error::Corrupt`] if the line is no JSON.
    pub async fn last_run(&self) -> Result<Option<serde_json::Value>, Error> {
        // Their ids begin with their time.
        let Some(last) = self.store.list(&layout::runs()).await?.pop() else { return Ok(None) };
        let Some((line, _)) = self.store.get(&last.key, RUN_LIMIT_BYTES).await? else { return Ok(None) };
        let corrupt = |_| Error::Corrupt { place: self.store.address(&last.key), what: "it is no JSON".to_owned() };
        serde_json::from_slice(&line).map(Some).map_err(corrupt)
    }

    /// Writes the line of a run: what the table `runs` shows. A run that could not claim the lake has one too.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the run has a line already, [`Error::Key`] if its id cannot be part of a key.
    pub async fn record_run<T: Serialize>(&self, run_id: &str, run: &T) -> Result<(), Error> {
        let key = layout::run(run_id)?;
        let line = manifest::write_line(run, &self.store.address(&key))?;
        self.store.create(&key, line).await.map(drop)
    }

    /// Writes the line of an earlier run if it is not there: the run died between its commit and its line.
    ///
    /// # Errors
    /// As [`Lake::record_run`].
    pub async fn record_earlier_run<T: Serialize>(&self, run_id: &str, run: &T) -> Result<(), Error> {
        match self.store.get(&layout::run(run_id)?, RUN_LIMIT_BYTES).await? {
            Some(_) => Ok(()),
            None => self.record_run(run_id, run).await,
        }
    }

    /// Claims the lake for one run, which others that try see as `by`. In a directory, it also repairs what a run that was killed left: the link
    /// `current`, if possible, and temporary files.
    ///
    /// In a directory the claim ends when the publisher is dropped, and with the process. In a bucket it is a [lease](crate::lake::lease),
    /// renewed until the publisher is dropped; that of a process that died runs out.
    ///
    /// # Errors
    /// [`Error::InUse`] if another run has it, [`Error::Corrupt`] if the lease is damaged.
    pub async fn claim(&self, by: &str, clock: fn() -> Instant) -> Result<Publisher, Error> {
        self.claim_for(by, clock, LeaseTerm::default()).await
    }

    /// As [`Lake::claim`], with a lease of another term.
    ///
    /// # Errors
    /// As [`Lake::claim`].
    pub async fn claim_for(&self, by: &str, clock: fn() -> Instant, term: LeaseTerm) -> Result<Publisher, Error> {
        let claim = match &self.store {
            Store::Directory(store) => Claim::Directory(store.claim(by, clock()).await?),
            Store::S3(_) => Claim::Bucket(LeaseGuard::acquire(&self.store, by, clock, term).await?),
        };
        let publisher = Publisher { lake: self.clone(), claim, has_warned: AtomicBool::new(false) };
        match publisher.repair().await {
            Ok(()) => Ok(publisher),
            Err(error) => {
                publisher.release().await;
                Err(error)
            }
        }
    }
}

/// A snapshot that was found whole, by [`Lake::verify`].
#[derive(Clone, Debug)]
pub struct VerifiedSnapshot {
    manifest: Manifest,
    sha256: String,
}

impl VerifiedSnapshot {
    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// What keeps other writers out.
#[derive(Debug)]
enum Claim {
    Directory(directory::Claim),
    Bucket(LeaseGuard),
}

/// The one writer of a lake.
#[derive(Debug)]
pub struct Publisher {
    lake: Lake,
    claim: Claim,
    /// Warned of a link that did not move: once is enough.
    has_warned: AtomicBool,
}

impl Publisher {
    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Whether the lake is still this writer's: to be asked before each step that must not meet another's.
    ///
    /// # Errors
    /// [`Error::TakenOver`] or [`Error::Expired`] if it is not.
    pub fn still_held(&self) -> Result<(), Error> {
        match &self.claim {
            // The operating system takes no lock away.
            Claim::Directory(_) => Ok(()),
            Claim::Bucket(lease) => lease.still_held(),
        }
    }

    /// Gives the lake back, and waits until that is done, for a few seconds at most.
    pub async fn release(self) {
        match self.claim {
            Claim::Directory(claim) => drop(claim),
            Claim::Bucket(lease) => lease.release().await,
        }
    }

    /// Begins a new snapshot.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is anything under this name.
    pub async fn begin(&self, name: SnapshotName) -> Result<Snapshot<'_>, Error> {
        let directory = name.directory();
        if !self.lake.store.list(&directory).await?.is_empty() {
            return Err(Error::AlreadyExists { place: self.lake.store.address(&directory) });
        }
        Ok(Snapshot::new(self, name))
    }

    /// Makes an older snapshot current again.
    ///
    /// # Errors
    /// [`Error::Precondition`] if `CURRENT.json` is not `expected` any more; else as [`Publisher::still_held`].
    pub async fn roll_back_to(
        &self,
        snapshot: &VerifiedSnapshot,
        expected: Option<&(Current, Version)>,
        committed_at: Instant,
    ) -> Result<Current, Error> {
        self.set_current(&snapshot.manifest.snapshot, snapshot.sha256.clone(), expected, committed_at).await
    }

    /// The commit: one compare-and-swap of `CURRENT.json`, by whom the lake is still held.
    pub(super) async fn set_current(
        &self,
        snapshot: &SnapshotName,
        manifest_sha256: String,
        expected: Option<&(Current, Version)>,
        committed_at: Instant,
    ) -> Result<Current, Error> {
        let (key, previous) = (layout::current(), expected.map(|(current, _)| current.snapshot.clone()));
        let current = Current {
            format_version: LAKE_FORMAT_VERSION,
            snapshot: snapshot.clone(),
            committed_at,
            previous,
            manifest_sha256,
        };
        let bytes = manifest::write(&current, &self.lake.store.address(&key))?;
        self.still_held()?;
        self.lake.store.replace(&key, bytes, expected.map(|(_, version)| version)).await?;
        self.link(snapshot, expected.is_none()).await;
        Ok(current)
    }

    /// Sets right what a run that was killed left in a directory.
    async fn repair(&self) -> Result<(), Error> {
        if let Store::Directory(store) = &self.lake.store {
            // An unfinished snapshot goes with all that is in it.
            store.remove_leftovers(&layout::snapshots()).await?;
        }
        if let Some((current, _)) = self.lake.current().await? {
            self.link(&current.snapshot, false).await;
        }
        Ok(())
    }

    /// Moves the link to the current snapshot. It is a convenience: where that fails, `CURRENT.json` holds all the same, and the next claim
    /// tries again.
    async fn link(&self, snapshot: &SnapshotName, is_first: bool) {
        let Store::Directory(store) = &self.lake.store else { return };
        let Err(error) = store.link(CURRENT_LINK, snapshot.directory().to_string()).await else { return };
        let lake = store.describe();
        // A link that never existed misleads nobody: only the run that made the lake warns of it.
        if matches!(error, Error::NoLinks { .. }) && !is_first {
            tracing::info!(lake, %error, "the link to the current snapshot was not moved");
        } else if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(lake, %error, "the link to the current snapshot was not moved");
        }
    }
}
