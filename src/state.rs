//! What is kept between runs, under `state/` and not for readers: what the last snapshot was made of, and how far a refresh came that has
//! not ended. One file, `state/refresh.json`, says all of it and names files of rows; it is replaced in one step, so that what it says
//! belongs together whenever a run dies. Nothing depends on it but what a refresh costs: without it, everything is fetched.

mod rows;
mod store;
mod stored;

use serde::{Deserialize, Serialize};

use crate::event::{Mode, Refresh};
use crate::index::DocumentType;
use crate::lake::SnapshotName;
use crate::value::Month;
use crate::xledger::{Position, Reason};
pub(crate) use rows::Live;
pub use store::Store;
pub(crate) use store::{PART_ROWS, Unread};
pub(crate) use stored::Stored;

/// Raised by whatever changes what a file of state means. Another version is not read.
const FORMAT_VERSION: u32 = 3;

/// What `state/refresh.json` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format_version: u32,
    /// What the newest snapshot was made of.
    pub kept: Option<Kept>,
    /// What a snapshot was made of that was about to be published: once it is current, this is what is kept.
    pub publishing: Option<Kept>,
    /// Snapshots that were about to be published and never became current. They are named until they are taken back, which must wait for
    /// a commit: before it, that of a dead run may still arrive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpublished: Vec<SnapshotName>,
    /// A refresh that has not ended.
    pub unfinished: Option<Unfinished>,
}

impl State {
    /// The owner of the token that an earlier run asked this endpoint with, if it is known.
    pub(crate) fn owner(&self, endpoint: &str) -> Option<i64> {
        let kept = self.kept.as_ref().map(|kept| &kept.basis);
        let bases = [self.unfinished.as_ref().map(|unfinished| &unfinished.basis), kept];
        bases.into_iter().flatten().find(|basis| basis.endpoint == endpoint)?.token_owner_id
    }
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
    pub ledger: List,
    /// AP lines.
    pub payables: List,
}

/// A list of lines, in files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// What was listed, each line once.
    pub lines: Vec<Part>,
    /// How far it came.
    pub at: Position,
}

impl Listed {
    /// Whether both lists are whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.ledger.at.is_at_end() && self.payables.at.is_at_end()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.ledger.lines.iter().chain(&self.payables.lines)
    }
}

/// How a refresh goes about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// How much is fetched.
    pub mode: Mode,
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
            [&kept.lines, &kept.payables].into_iter().flat_map(|rows| rows.parts.iter().chain(&rows.live))
        });
        let of_unfinished = self.unfinished.iter().flat_map(|unfinished| {
            unfinished.listed.parts().chain(&unfinished.lines).chain(&unfinished.payables).chain(&unfinished.registers)
        });
        of_kept.chain(of_unfinished)
    }
}
