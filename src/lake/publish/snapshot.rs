//! A snapshot being made: the data files first, then the manifest, then the commit.
//!
//! Until the commit nobody sees anything of it; after it, everybody sees all of it. Whatever `CURRENT.json` names is never written to
//! and never deleted.

use crate::lake::layout::{Partition, SnapshotName};
use crate::lake::manifest::{Current, DataFile, Manifest};
use crate::lake::publish::Publisher;
use crate::lake::store::{Version, Writer};
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use crate::model::value::Instant;
use bytes::Bytes;

/// A snapshot being made, of which nobody sees anything yet.
#[derive(Debug)]
pub struct Snapshot<'a> {
    publisher: &'a Publisher,
    name: SnapshotName,
    /// Whether `CURRENT.json` names it, or may yet come to.
    may_be_current: bool,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(publisher: &'a Publisher, name: SnapshotName) -> Self {
        Self { publisher, name, may_be_current: false }
    }

    /// Its name.
    pub fn name(&self) -> &SnapshotName {
        &self.name
    }

    /// Begins file number `n` of a partition.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn writer(&self, partition: Partition, n: u32) -> Result<DataWriter, Error> {
        let path = partition.file(n);
        let key = Key::known(format!("{}/{path}", self.name.directory()));
        let writer = self.publisher.lake().store().writer(&key).await?;
        Ok(DataWriter { writer, path })
    }

    /// Writes the snapshot's page for people, once.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if it has one; else what storage can meet.
    pub async fn write_page(&self, html: Bytes) -> Result<(), Error> {
        self.publisher.lake().store().create(&self.name.page(), html).await.map(drop)
    }

    /// Publishes the snapshot, made of the finished files that its manifest names: writes the manifest, then makes the snapshot current if
    /// `CURRENT.json` is still what `expected` says.
    ///
    /// # Errors
    /// [`Error::Precondition`] if another run has published in the meantime, [`Error::TakenOver`] or [`Error::Expired`] if the lake is
    /// no longer held. After [`Error::Unavailable`] the snapshot may have become current;
    /// [`Lake::current`](crate::lake::Lake::current) tells.
    pub async fn commit(
        &mut self,
        manifest: Manifest,
        expected: Option<&(Current, Version)>,
        committed_at: Instant,
    ) -> Result<Current, Error> {
        debug_assert_eq!(manifest.snapshot, self.name);
        let (store, key) = (self.publisher.lake().store(), self.name.manifest());
        let bytes = manifest.write(&store.address(&key))?;
        let sha256 = Digest::of(&bytes);
        store.create(&key, bytes).await?;
        // Set before the wait, since a caller who stops waiting does not know either how it ended; and a write whose answer was lost
        // may still arrive.
        self.may_be_current = true;
        let committed = self.publisher.set_current(&self.name, sha256, expected, committed_at).await;
        if let Err(
            Error::Precondition { .. }
            | Error::AccessDenied { .. }
            | Error::ReadOnly { .. }
            | Error::Unsupported { .. }
            | Error::NoSpace { .. }
            | Error::TakenOver { .. }
            | Error::Expired { .. },
        ) = &committed
        {
            self.may_be_current = false;
        }
        committed
    }

    /// Gives the snapshot up and removes its files, as far as that goes: what stays is in nobody's way and is removed with old
    /// snapshots. Does nothing once it is committed, or may be.
    pub async fn discard(self) {
        let (lake, directory) = (self.publisher.lake(), self.name.directory());
        if self.may_be_current {
            return;
        }
        let removed = match lake.current().await {
            // What looks refused may have been committed, and another one after it.
            Ok(Some((current, _)))
                if [Some(&current.snapshot), current.previous.as_ref()].contains(&Some(&self.name)) =>
            {
                Ok(())
            }
            Ok(_) => lake.store().delete_below(&directory).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(place = lake.store().address(&directory), %error, "an unfinished snapshot is left behind");
        }
    }
}

/// A data file of a snapshot being written. Dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub struct DataWriter {
    writer: Writer,
    path: String,
}

impl DataWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.writer.write(bytes).await
    }

    /// Completes the file, which holds this many rows.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if the snapshot has this file already; else what storage can meet.
    pub async fn finish(self, rows: u64) -> Result<DataFile, Error> {
        let written = self.writer.finish().await?;
        Ok(DataFile { path: self.path, rows, bytes: written.size_bytes, sha256: written.sha256 })
    }
}
