//! What is kept between runs, under `state/` and not for readers: what the last snapshot was made of, and how far a refresh came that has
//! not ended. One file, `state/refresh.json`, says all of it and names files of rows; it is replaced in one step, so that what it says
//! belongs together whenever a run dies. Nothing depends on it but what a refresh costs: without it, everything is fetched.

mod rows;
mod stored;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::event::{Mode, Refresh};
use crate::failure::{Failure, FailureKind};
use crate::fetch::Names;
use crate::index::DocumentType;
use crate::lake::digest::Digest;
use crate::lake::{Current, Key, Lake, Publisher, SnapshotName, Version, layout};
use crate::value::{Instant, Month};
use crate::xledger::{Position, Reason};
pub(crate) use rows::Live;
pub(crate) use stored::Stored;

/// Raised by whatever changes what a file of state means. Another version is not read.
const FORMAT_VERSION: u32 = 1;
/// The file is some kilobytes: it names files, and a document type takes a hundred bytes.
const STATE_LIMIT_BYTES: u64 = 16 << 20;
/// A file of rows has [`PART_ROWS`] of them.
const PART_LIMIT_BYTES: u64 = 1 << 30;
/// Rows of one file, at most: it is made in memory.
pub(crate) const PART_ROWS: usize = 250_000;

/// What `state/refresh.json` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format_version: u32,
    /// What the newest snapshot was made of.
    pub kept: Option<Kept>,
    /// What a snapshot was made of that was about to be published: once it is current, this is what is kept.
    pub publishing: Option<Kept>,
    /// A refresh that has not ended.
    pub unfinished: Option<Unfinished>,
}

/// What must be the same for what was listed and fetched to be of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The address that was asked: ids of another system mean other rows.
    pub endpoint: String,
    /// Whose rows were listed.
    pub owner_set: String,
    /// The owner that the token was made in.
    pub token_owner_id: Option<i64>,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its path below `state/`.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its checksum.
    pub sha256: String,
    /// The checksum of the document that its rows were asked with; empty for a list.
    pub document: String,
    /// When the asking began, in milliseconds since 1970.
    pub asked_at_ms: i64,
}

/// Rows of one sort in several files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRows {
    /// The files. A row can be in several, and then only one of them counts.
    pub parts: Vec<Part>,
    /// Which row counts in which file.
    pub live: Vec<Part>,
}

/// What a snapshot was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// Where it all came from.
    pub basis: Basis,
    /// When its listing began, in milliseconds since 1970.
    pub listed_at_ms: i64,
    /// Refreshes since everything was fetched.
    pub since_full: u32,
    /// Refreshes since everything was listed.
    pub since_deep: u32,
    /// The list of all lines.
    pub listed: Listed,
    /// Ledger lines.
    pub lines: KeptRows,
    /// AP lines.
    pub payables: KeptRows,
}

/// Lists of lines, in files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The ledger's document types.
    pub document_types: Vec<DocumentType>,
    /// Ledger lines.
    pub ledger: Vec<Part>,
    /// How far the list of them came.
    pub ledger_at: Position,
    /// AP lines.
    pub payables: Vec<Part>,
    /// How far the list of them came.
    pub payables_at: Position,
}

/// How the ledger is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Every line.
    Deep,
    /// What can have changed.
    Light,
}

impl Depth {
    /// The word in the report and the table `runs`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deep => "deep",
            Self::Light => "light",
        }
    }
}

/// How a refresh goes about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// How much is fetched.
    pub mode: Mode,
    /// How much is listed.
    pub depth: Depth,
    /// Why.
    pub reason: String,
}

/// A refresh that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// The refresh: the id of its first run.
    pub id: String,
    /// When it began, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// Runs that have worked on it, this one included.
    pub invocations: u32,
    /// What was asked for.
    pub asked: Asked,
    /// Where it all comes from.
    pub basis: Basis,
    /// How it goes about it.
    pub way: Way,
    /// What cannot be read: the operation and the field, and why.
    pub lost: Vec<(String, String, Reason)>,
    /// The lists so far.
    pub listed: Listed,
    /// Ledger lines fetched so far.
    pub lines: Vec<Part>,
    /// AP lines fetched so far.
    pub payables: Vec<Part>,
    /// The registers so far.
    pub registers: Option<Part>,
}

/// What a refresh was asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// How much to fetch.
    pub mode: Mode,
    /// Fetch the periods from this month on again.
    pub from: Option<Month>,
    /// Fetch the periods up to this month again.
    pub to: Option<Month>,
}

impl From<&Refresh> for Asked {
    fn from(refresh: &Refresh) -> Self {
        Self { mode: refresh.mode, from: refresh.from, to: refresh.to }
    }
}

impl Unfinished {
    /// Whether nothing is done yet.
    pub(crate) fn is_new(&self) -> bool {
        self.listed == Listed::default() && self.registers.is_none()
    }

    /// The same refresh, with nothing done yet.
    pub(crate) fn begin_again(&self) -> Self {
        Self {
            listed: Listed::default(),
            lines: Vec::new(),
            payables: Vec::new(),
            registers: None,
            lost: Vec::new(),
            ..self.clone()
        }
    }
}

impl State {
    /// Reads it; `None` if it is something else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|state: &Self| state.format_version == FORMAT_VERSION)
    }

    /// Every file that it names.
    fn parts(&self) -> impl Iterator<Item = &Part> {
        let kept = self.kept.iter().chain(&self.publishing);
        let of_kept = kept.flat_map(|kept| {
            let rows = [&kept.lines, &kept.payables].into_iter().flat_map(|rows| rows.parts.iter().chain(&rows.live));
            kept.listed.ledger.iter().chain(&kept.listed.payables).chain(rows)
        });
        let of_unfinished = self.unfinished.iter().flat_map(|unfinished| {
            let lists = unfinished.listed.ledger.iter().chain(&unfinished.listed.payables);
            lists.chain(&unfinished.lines).chain(&unfinished.payables).chain(&unfinished.registers)
        });
        of_kept.chain(of_unfinished)
    }
}

/// The files under `state/`, as one run reads and writes them. The run holds the lake: nobody else writes.
pub struct Store<'a> {
    lake: &'a Lake,
    /// Part of the name of every file that is written.
    run_id: &'a str,
    written: std::cell::Cell<u32>,
    version: Option<Version>,
    /// What the file says, as far as is known.
    said: Option<State>,
    /// A snapshot that was to be published, and never became current.
    pub(crate) unpublished: Option<SnapshotName>,
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
        let mut unpublished = None;
        if let Some(publishing) = state.publishing.take() {
            match current {
                Some(current) if current.snapshot == publishing.snapshot => {
                    (state.kept, state.unfinished) = (Some(publishing), None);
                }
                _ => unpublished = Some(publishing.snapshot),
            }
        }
        Ok((Self { lake, run_id, written: std::cell::Cell::new(0), version, said, unpublished }, state))
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
        self.said = None;
        self.version = Some(self.lake.store().replace(&key, bytes.into(), self.version.as_ref()).await?);
        self.said = Some(state.clone());
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

    /// Hands every row of a file to `take`.
    pub(crate) async fn read<T: Stored>(
        &self,
        part: &Part,
        names: &mut Names,
        take: impl FnMut(T),
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

    /// Removes every file of rows that `state` does not name: of runs that died, and what nothing needs any more.
    ///
    /// # Errors
    /// What storage can meet; that the lake is another run's by now, whose files these may be.
    pub async fn sweep(&self, state: &State, publisher: &Publisher) -> Result<u64, crate::lake::Error> {
        let named: rustc_hash::FxHashSet<Key> = state.parts().filter_map(|part| key(&part.path).ok()).collect();
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
