//! The files under `state/`: written once, checked when they are read, and removed when nothing names them.

use bytes::Bytes;
use serde::Serialize;

use super::stored::{self, Stored};
use super::{FORMAT_VERSION, Part, State};
use crate::failure::{Failure, FailureKind};
use crate::fetch::Names;
use crate::lake::digest::Digest;
use crate::lake::{Current, Key, Lake, Publisher, Version, layout};
use crate::value::Instant;

/// What `state/refresh.json` takes: it names files, and a document type takes a hundred bytes.
const STATE_LIMIT_BYTES: u64 = 16 << 20;
/// A file of rows has [`PART_ROWS`] of them.
const PART_LIMIT_BYTES: u64 = 1 << 30;
/// Rows of one file, at most: it is made in memory.
pub(crate) const PART_ROWS: usize = 250_000;

/// The files under `state/`, as one run reads and writes them. The run holds the lake: nobody else writes.
pub struct Store<'a> {
    lake: &'a Lake,
    /// Part of the name of every file that is written.
    run_id: &'a str,
    written: std::cell::Cell<u32>,
    version: Option<Version>,
    /// What the file says, as far as is known.
    said: Option<State>,
    /// What was to be written last, where nobody knows whether it was.
    in_doubt: Option<Bytes>,
}

/// A file of state that is not what it should be, or was not there.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The lake did not give it.
    Lake(crate::lake::Error),
    /// It is damaged or gone: what it held must be asked for again.
    Damaged(String),
}

impl From<crate::lake::Error> for Unread {
    fn from(error: crate::lake::Error) -> Self {
        Self::Lake(error)
    }
}

impl<'a> Store<'a> {
    /// Opens it, and reads what it says. A snapshot that became current, though the run that published it could not say so any more, has
    /// its rows kept.
    ///
    /// # Errors
    /// What storage can meet. What cannot be understood is no error: everything is fetched then.
    pub async fn open(
        lake: &'a Lake,
        run_id: &'a str,
        current: Option<&Current>,
    ) -> Result<(Self, State), crate::lake::Error> {
        let key = layout::state("refresh.json")?;
        let found = lake.store().get(&key, STATE_LIMIT_BYTES).await?;
        let read = found.as_ref().and_then(|(bytes, _)| State::read(bytes));
        if found.is_some() && read.is_none() {
            tracing::warn!(
                place = lake.store().place(&key),
                "what was kept of earlier refreshes cannot be read; everything is fetched anew"
            );
        }
        let mut state = read.unwrap_or_default();
        state.format_version = FORMAT_VERSION;
        let (version, said) = (found.map(|(_, version)| version), Some(state.clone()));
        if let Some(publishing) = state.publishing.take() {
            match current {
                Some(current) if current.snapshot == publishing.snapshot => {
                    (state.kept, state.unfinished) = (Some(publishing), None);
                }
                _ => state.unpublished.push(publishing.snapshot),
            }
        }
        // Somebody may have gone to one of them since.
        state.unpublished.retain(|name| current.is_none_or(|current| current.snapshot != *name));
        let written = std::cell::Cell::new(0);
        Ok((Self { lake, run_id, written, version, said, in_doubt: None }, state))
    }

    /// Replaces what is said, unless it is said already.
    ///
    /// # Errors
    /// [`crate::lake::Error::Precondition`] if another run has replaced it; else what storage can meet.
    pub async fn save(&mut self, state: &State) -> Result<(), Failure> {
        if self.said.as_ref() == Some(state) {
            return Ok(());
        }
        let key = layout::state("refresh.json")?;
        let mut bytes = serde_json::to_vec(state).map_err(unfit)?;
        bytes.push(b'\n');
        let (bytes, store) = (Bytes::from(bytes), self.lake.store());
        // A write that this run heard nothing of may have happened: its own is not another run's.
        if let Some(doubted) = &self.in_doubt
            && let Some((found, version)) = store.get(&key, STATE_LIMIT_BYTES).await?
            && found == *doubted
        {
            self.version = Some(version);
        }
        (self.said, self.in_doubt) = (None, Some(bytes.clone()));
        self.version = Some(store.replace(&key, bytes, self.version.as_ref()).await?);
        (self.said, self.in_doubt) = (Some(state.clone()), None);
        Ok(())
    }

    /// Writes rows into files.
    pub(crate) async fn write<T: Stored>(
        &self,
        sort: &str,
        rows: &[T],
        names: &Names,
        document: &str,
        asked_at: Instant,
    ) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for rows in rows.chunks(PART_ROWS) {
            let bytes = stored::encode(rows, names).map_err(unfit)?;
            parts.push(self.put(sort, "parquet", rows.len(), bytes, document, asked_at).await?);
        }
        Ok(parts)
    }

    /// Writes one thing as JSON.
    pub(crate) async fn write_json<T: Serialize>(
        &self,
        sort: &str,
        value: &T,
        asked_at: Instant,
    ) -> Result<Part, Failure> {
        let bytes = serde_json::to_vec(value).map_err(unfit)?;
        self.put(sort, "json", 0, bytes.into(), "", asked_at).await
    }

    async fn put(
        &self,
        sort: &str,
        ending: &str,
        rows: usize,
        bytes: Bytes,
        document: &str,
        asked_at: Instant,
    ) -> Result<Part, Failure> {
        let number = self.written.get();
        self.written.set(number + 1);
        let path = format!("rows/{}/{sort}-{number:05}.{ending}", self.run_id);
        let sha256 = Digest::of(&bytes);
        self.lake.store().create(&key(&path)?, bytes).await?;
        Ok(Part { path, rows: rows as u64, sha256, document: document.to_owned(), asked_at_ms: asked_at.0 })
    }

    /// Hands every row of a file to `take`, with the names that it refers to.
    pub(crate) async fn read<T: Stored>(
        &self,
        part: &Part,
        names: &mut Names,
        take: impl FnMut(T, &Names),
    ) -> Result<(), Unread> {
        let bytes = self.get(part).await?;
        stored::decode(bytes, names, take).map_err(|what| self.damaged(part, &what))
    }

    /// Reads one thing.
    pub(crate) async fn read_json<T: serde::de::DeserializeOwned>(&self, part: &Part) -> Result<T, Unread> {
        let bytes = self.get(part).await?;
        serde_json::from_slice(&bytes).map_err(|_| self.damaged(part, "it is not the JSON that was written"))
    }

    async fn get(&self, part: &Part) -> Result<Bytes, Unread> {
        let key = key(&part.path)?;
        match self.lake.store().get(&key, PART_LIMIT_BYTES).await? {
            None => Err(self.damaged(part, "it is not there")),
            Some((bytes, _)) if Digest::of(&bytes) != part.sha256 => Err(self.damaged(part, "it was changed")),
            Some((bytes, _)) => Ok(bytes),
        }
    }

    fn damaged(&self, part: &Part, what: &str) -> Unread {
        let place = key(&part.path).map_or_else(|_| part.path.clone(), |key| self.lake.store().place(&key));
        Unread::Damaged(format!("{place}: {what}"))
    }

    /// Removes every file of rows that `refresh.json` does not name: of runs that died, and what nothing needs any more. Where it is not known what
    /// it says by now, nothing is removed.
    ///
    /// # Errors
    /// What storage can meet; that the lake is another run's by now, whose files these may be.
    pub async fn sweep(&self, publisher: &Publisher) -> Result<u64, crate::lake::Error> {
        let Some(said) = &self.said else { return Ok(0) };
        let named: rustc_hash::FxHashSet<Key> = said.parts().filter_map(|part| key(&part.path).ok()).collect();
        let (store, rows) = (self.lake.store(), key("rows")?);
        let mut removed = 0;
        // By directory first: what a killed writer left there has no key.
        for directory in store.list_directories(&rows).await? {
            if !named.iter().any(|key| key.below(&directory).is_some()) {
                publisher.still_held()?;
                store.delete_below(&directory).await?;
                removed += 1;
            }
        }
        for entry in store.list(&rows).await? {
            if !named.contains(&entry.key) {
                publisher.still_held()?;
                store.delete(&entry.key).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn key(path: &str) -> Result<Key, crate::lake::Error> {
    layout::state(path)
}

fn unfit(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::ValueUnfit, format!("what is kept for the next run cannot be written: {error}"))
}
