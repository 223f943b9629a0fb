//! How a new state of the tables becomes visible: the files first, then the manifest, then `CURRENT.json` in one step.
//!
//! Until that last step nobody sees anything of it; after it, everybody sees all of it. Whatever `CURRENT.json` names is never written
//! to and never deleted.

use crate::lake::digest::Digest;
use crate::lake::directory;
use crate::lake::layout::{self, CURRENT_LINK, Partition, SnapshotName};
use crate::lake::manifest::{self, Current, DataFile, FORMAT_VERSION, Manifest, ManifestParts};
use crate::lake::store::{Access, Store, Version, Writer};
use crate::lake::{Error, Key};
use crate::value::Instant;
use bytes::Bytes;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// `CURRENT.json` is a few lines.
const CURRENT_LIMIT_BYTES: u64 = 64 << 10;
/// A manifest has some 250 bytes for each file, and a report.
const MANIFEST_LIMIT_BYTES: u64 = 64 << 20;

/// A lake that can be used.
#[derive(Clone, Debug)]
pub struct Lake {
    store: Store,
}

impl Lake {
    /// Opens a lake, after finding out that it can be used so: [`Store::probe`].
    ///
    /// # Errors
    /// As [`Store::probe`].
    pub async fn open(store: Store, access: Access) -> Result<Self, Error> {
        store.probe(access).await?;
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
            Some((bytes, version)) => Ok(Some((Current::read(&bytes, &self.store.place(&key))?, version))),
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
        let place = self.store.place(&current.snapshot.manifest());
        Err(Error::Corrupt { place, what: "it was changed after CURRENT.json had named it".to_owned() })
    }

    /// The manifest of any snapshot, with its checksum. A snapshot that was never finished has none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is missing or damaged.
    pub async fn manifest_of(&self, snapshot: &SnapshotName) -> Result<(Manifest, String), Error> {
        let place = self.store.place(&snapshot.manifest());
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

    /// All snapshots, oldest first; those that were never finished among them.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn snapshots(&self) -> Result<Vec<SnapshotName>, Error> {
        let root = layout::snapshots();
        let directories = self.store.list_directories(&root).await?;
        Ok(directories.iter().filter_map(|key| SnapshotName::read(key.below(&root)?)).collect())
    }

    /// Writes the line of a run: what the table `runs` shows. A run that could not claim the lake has one too.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the run has a line already, [`Error::Key`] if its id cannot be part of a key.
    pub async fn record_run<T: Serialize>(&self, run_id: &str, run: &T) -> Result<(), Error> {
        let key = layout::run(run_id)?;
        let line = manifest::write_line(run, &self.store.place(&key))?;
        self.store.create(&key, line).await.map(drop)
    }

    /// Takes the lake for one run, named `by` to others who try, and mends the link `current` if a run was stopped before it could. The
    /// claim ends when the publisher is dropped, and with the process.
    ///
    /// Only a lake in a directory is guarded as yet; in a bucket, two runs at once both write, and the second to commit gets
    /// [`Error::Precondition`].
    ///
    /// # Errors
    /// [`Error::InUse`] if another run has it.
    pub async fn claim(&self, by: &str) -> Result<Publisher, Error> {
        let claim = match &self.store {
            Store::Directory(store) => Claim::Directory(store.claim(by).await?),
            Store::S3(_) => Claim::None,
        };
        let publisher = Publisher { lake: self.clone(), _claim: claim };
        if let Some((current, _)) = self.current().await? {
            publisher.link(&current.snapshot).await?;
        }
        Ok(publisher)
    }
}

/// What keeps other writers out.
#[derive(Debug)]
enum Claim {
    Directory(#[expect(dead_code, reason = "held, not read")] directory::Claim),
    /// A bucket has no lease yet; it will stand here.
    None,
}

/// The one writer of a lake.
#[derive(Debug)]
pub struct Publisher {
    lake: Lake,
    _claim: Claim,
}

impl Publisher {
    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Begins a new snapshot.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is anything under this name.
    pub async fn begin(&self, name: SnapshotName) -> Result<Snapshot<'_>, Error> {
        let directory = name.directory();
        if !self.lake.store.list(&directory).await?.is_empty() {
            return Err(Error::AlreadyExists { place: self.lake.store.place(&directory) });
        }
        Ok(Snapshot { publisher: self, name, files: Arc::default(), stage: Stage::Open })
    }

    /// Makes an older, finished snapshot current again.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it has no sound manifest; [`Error::Precondition`] if `CURRENT.json` is not `expected` any more.
    pub async fn go_back(
        &self,
        snapshot: &SnapshotName,
        expected: &(Current, Version),
        committed_at: Instant,
    ) -> Result<Current, Error> {
        let (_, sha256) = self.lake.manifest_of(snapshot).await?;
        self.switch(snapshot, sha256, Some(expected), committed_at).await
    }

    /// The commit: one compare-and-swap of `CURRENT.json`.
    async fn switch(
        &self,
        snapshot: &SnapshotName,
        manifest_sha256: String,
        expected: Option<&(Current, Version)>,
        committed_at: Instant,
    ) -> Result<Current, Error> {
        let (key, previous) = (layout::current(), expected.map(|(current, _)| current.snapshot.clone()));
        let current = Current {
            format_version: FORMAT_VERSION,
            snapshot: snapshot.clone(),
            committed_at,
            previous,
            manifest_sha256,
        };
        let bytes = manifest::write(&current, &self.lake.store.place(&key))?;
        self.lake.store.replace(&key, bytes, expected.map(|(_, version)| version)).await?;
        // The commit stands, whatever becomes of the link: the next claim mends it.
        if let Err(error) = self.link(snapshot).await {
            tracing::warn!(lake = self.lake.store.describe(), %error, "the link to the current snapshot was not moved");
        }
        Ok(current)
    }

    async fn link(&self, snapshot: &SnapshotName) -> Result<(), Error> {
        match &self.lake.store {
            Store::Directory(store) => store.link(CURRENT_LINK, snapshot.directory().to_string()).await,
            Store::S3(_) => Ok(()),
        }
    }
}

/// A snapshot being made, of which nobody sees anything yet.
#[derive(Debug)]
pub struct Snapshot<'a> {
    publisher: &'a Publisher,
    name: SnapshotName,
    /// Shared with each open [`DataWriter`].
    files: Arc<Mutex<Vec<DataFile>>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing names it.
    Open,
    /// `CURRENT.json` names it, or may yet come to.
    Committing,
}

impl Snapshot<'_> {
    /// Its name.
    pub fn name(&self) -> &SnapshotName {
        &self.name
    }

    /// Begins file number `n` of a partition. Several files can be written at once.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn writer(&self, partition: Partition, n: u32) -> Result<DataWriter, Error> {
        let path = partition.file(n);
        let key = Key::known(format!("{}/{path}", self.name.directory()));
        let writer = self.publisher.lake.store.writer(&key).await?;
        Ok(DataWriter { writer, path, files: Arc::clone(&self.files) })
    }

    /// Publishes the snapshot, made of every file that was finished: writes its manifest, then makes it current if `CURRENT.json` is
    /// still what `expected` says.
    ///
    /// # Errors
    /// [`Error::Precondition`] if another run has published in the meantime, [`Error::Unfinished`] if a file is still open. After
    /// [`Error::Unavailable`] the snapshot may have become current; [`Lake::current`] tells.
    pub async fn commit(
        &mut self,
        parts: ManifestParts,
        expected: Option<&(Current, Version)>,
        committed_at: Instant,
    ) -> Result<Current, Error> {
        if Arc::strong_count(&self.files) > 1 {
            return Err(Error::Unfinished { snapshot: self.name.to_string() });
        }
        let (store, key) = (&self.publisher.lake.store, self.name.manifest());
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let manifest = Manifest::new(self.name.clone(), files, parts);
        let bytes = manifest::write(&manifest, &store.place(&key))?;
        let sha256 = Digest::of(&bytes);
        store.create(&key, bytes).await?;
        // Before the first await of the commit: a caller who stops waiting does not know either how it ended.
        self.stage = Stage::Committing;
        let committed = self.publisher.switch(&self.name, sha256, expected, committed_at).await;
        if let Err(Error::Precondition { .. } | Error::AccessDenied { .. } | Error::NoSpace { .. }) = &committed {
            self.stage = Stage::Open;
        }
        committed
    }

    /// Gives the snapshot up and removes its files, as far as that goes: what stays is in nobody's way and is removed with old
    /// snapshots. Does nothing once it is committed, or may be.
    pub async fn discard(self) {
        let (lake, directory) = (&self.publisher.lake, self.name.directory());
        if self.stage == Stage::Committing {
            return;
        }
        let removed = match lake.current().await {
            Ok(Some((current, _))) if current.snapshot == self.name => Ok(()),
            Ok(_) => lake.store.delete_below(&directory).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(place = lake.store.place(&directory), %error, "an unfinished snapshot is left behind");
        }
    }
}

/// A data file of a snapshot being written. Dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub struct DataWriter {
    writer: Writer,
    path: String,
    files: Arc<Mutex<Vec<DataFile>>>,
}

impl DataWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.writer.write(bytes).await
    }

    /// Completes the file, which holds this many rows, and counts it among the snapshot's.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the snapshot has this file already; else what storage can meet.
    pub async fn finish(self, rows: u64) -> Result<DataFile, Error> {
        let written = self.writer.finish().await?;
        let file = DataFile { path: self.path, rows, bytes: written.size_bytes, sha256: written.sha256 };
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push(file.clone());
        Ok(file)
    }
}
