//! The cache under `state/`: rows that were fetched, so that nothing is asked for twice. It is no record of a refresh, and nothing ties it to
//! a snapshot. A row of it is used where it is valid ([`Validity`]), whatever run fetched it and however that run ended; without the
//! cache everything is fetched. One file, `state/cache.json`, names the files of rows; it is replaced in one step.

mod encoding;
mod files;
mod load;
mod rows;

use serde::{Deserialize, Serialize};

use crate::event::Mode;
use crate::lake::{Manifest, SnapshotName};
use crate::model::digest::Digest;
use crate::model::text_pool::PooledText;
use crate::model::value::{Instant, Month};
use crate::refresh::index::{Ranges, References};
use crate::refresh::screen::Screen;
pub(crate) use files::{Cache, PART_ROWS};
pub(crate) use load::CachedRows;
pub(crate) use rows::{CachedRow, Change};

/// Raised by whatever changes what a file of the cache means. Another version is not read: everything is fetched then.
const CACHE_FORMAT_VERSION: u32 = 10;

/// How much later than it says a voucher may have been modified, in milliseconds: Xledger's times have no offset, so that an hour of
/// autumn comes twice, and clocks differ by minutes.
const SETTLED_MS: i64 = 75 * 60 * 1_000;

/// What `state/cache.json` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contents {
    format_version: u32,
    /// Files of ledger lines, older ones first.
    pub(crate) lines: Vec<CacheFile>,
    /// Files of AP lines.
    pub(crate) payables: Vec<CacheFile>,
    /// Rows that are to be fetched again.
    pub(crate) expired: Vec<Expiry>,
    /// Where rows come from now.
    pub(crate) source: RowSource,
    /// Refreshes published since everything was fetched.
    pub(crate) since_full: u32,
    /// Where the next lists begin their ranges.
    pub(crate) bounds: Bounds,
    /// A refresh that has not ended.
    pub(crate) refresh: Option<RefreshInProgress>,
    /// Lists that a run can go on with: of that refresh, or of one that got no further.
    pub(crate) lists: Option<SavedLists>,
    /// Snapshots that were about to be published, and are not known to have become current. They are taken back once another commit stands:
    /// before, that of a dead run may still arrive.
    pub(crate) publishing: Vec<SnapshotName>,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CacheFile {
    /// Its path below `state/`.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its checksum.
    pub sha256: String,
    /// Where its rows came from; nothing, for a part of a list.
    pub provenance: Option<Provenance>,
}

/// Where the rows of a file came from: what they were asked with, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// The checksum of the [`RowSource`].
    pub source: String,
    /// The checksum of the GraphQL queries: those that ask for more, or for less, give other rows.
    pub document: String,
    /// When the run began that asked, or its lists if they are later, in milliseconds since 1970: none of the rows is older.
    pub at_ms: i64,
}

impl Provenance {
    /// Whether a row with this time of modification is settled: it was asked for so long after that time that a later modification must have
    /// another time.
    fn settles(&self, modified_at: Option<Instant>) -> bool {
        modified_at.is_some_and(|modified_at| modified_at.0 < self.at_ms.saturating_sub(SETTLED_MS))
    }
}

/// Where rows come from. Ids of another source mean other rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowSource {
    /// The address that is asked.
    pub endpoint: String,
    /// Whose rows are listed.
    pub owner_set: String,
    /// The owner that the token was made in.
    pub token_owner_id: Option<i64>,
}

impl RowSource {
    /// Where the rows of a snapshot come from, as far as its settings say.
    pub fn of(manifest: &Manifest) -> Self {
        Self::deserialize(&manifest.settings).unwrap_or_default()
    }

    /// Its checksum.
    pub(crate) fn digest(&self) -> String {
        Digest::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

/// Rows of these months that were asked for before a time are not valid. AP lines have no month: they are of all months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expiry {
    /// The first month; `None`: all months up to `to`.
    pub from: Option<Month>,
    /// The last month; `None`: all months from `from` on.
    pub to: Option<Month>,
    /// In milliseconds since 1970.
    pub asked_before_ms: i64,
}

impl Expiry {
    /// Whether it is a full refresh's.
    pub(crate) fn is_of_all_months(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn contains(&self, month: Option<Month>, asked_at_ms: i64) -> bool {
        let contains_month = |month| self.from.is_none_or(|from| month >= from) && self.to.is_none_or(|to| month <= to);
        asked_at_ms < self.asked_before_ms && month.is_none_or(contains_month)
    }
}

/// The bounds of the ranges of both lists: ids, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bounds {
    /// `None` until the list has been whole once: before, nobody knows how long it is.
    pub(crate) ledger: Option<Vec<i64>>,
    pub(crate) payables: Option<Vec<i64>>,
}

/// A refresh that has not ended. What it has is in the cache and in its lists: to go on with it is to run again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RefreshInProgress {
    /// The refresh: the id of its first run.
    pub(crate) id: String,
    /// Runs that have worked on it, this one included.
    pub(crate) runs: u32,
    /// Runs in a row that got nothing.
    pub(crate) idle_runs: u32,
    /// The most rows that its lists have had.
    pub(crate) rows_listed: u64,
    /// What it was asked to fetch.
    pub(crate) scope: Scope,
    /// Whether it may publish far fewer lines than before, whichever of its runs was told so.
    #[serde(default)]
    pub(crate) accept_shrink: bool,
    /// How much is fetched, once that is chosen.
    pub(crate) mode: Option<Mode>,
    /// Why.
    pub(crate) mode_reason: String,
}

/// What a refresh was asked to fetch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    /// How much to fetch.
    pub(crate) mode: Mode,
    /// Fetch the periods from this month on again.
    pub(crate) from: Option<Month>,
    /// Fetch the periods up to this month again.
    pub(crate) to: Option<Month>,
}

/// Lists, in files: as far as they came, or whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedLists {
    /// When the listing began, in milliseconds since 1970.
    pub(crate) began_at_ms: i64,
    /// When they were whole, in milliseconds since 1970.
    pub(crate) whole_at_ms: Option<i64>,
    /// The checksum of the [`RowSource`].
    pub(crate) source: String,
    /// Whether they were made anew because lines had changed. Then one-sided matches do not make them anew again, whatever run it is.
    pub(crate) renewed: bool,
    /// Whether lines posted behind their ends meanwhile have been listed, too. Listing lines once more makes it false again.
    pub(crate) has_new_lines: bool,
    /// Whether ledger lines are listed with the ids alone of their periods and document types.
    pub(crate) lists_reference_ids: bool,
    /// Ledger lines.
    pub(crate) ledger: SavedList,
    /// AP lines.
    pub(crate) payables: SavedList,
    /// The chart, suppliers and names, and what lines refer to, as far as they were read.
    pub(crate) registers: Option<CacheFile>,
}

/// A list of lines, in files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedList {
    /// What was listed, but for what came since it was saved last.
    pub(crate) parts: Vec<CacheFile>,
    /// How far it came.
    pub(crate) ranges: Ranges,
}

/// Decides whether a row of the cache is used. It rests on one assumption: Xledger moves a voucher's `modifiedAt` when a line of it changes. A
/// full refresh counts where it did not (`lines_healed`).
pub(crate) struct Validity<'a> {
    /// What such rows are asked with now.
    pub(crate) now: &'a Provenance,
    pub(crate) expired: &'a [Expiry],
    pub(crate) listing: Listing<'a>,
}

/// What a row of the cache is, of a line that is admitted.
pub(crate) enum RowState {
    /// It is used.
    Valid,
    /// It is as listed, and was asked for so soon after its voucher was modified that a later change may not show.
    TooYoung,
    /// It was valid, and is to be fetched again, as a full refresh does with all.
    Expired,
    /// It is of another source or document, of the future, not as listed, or too young and expired.
    Outdated,
}

/// What rows are compared with, beside their lines in the lists.
#[derive(Clone, Copy)]
pub(crate) struct Listing<'a> {
    /// When it began.
    pub(crate) began_at: Instant,
    /// What ledger lines refer to.
    pub(crate) references: &'a References,
    /// The names of the ledger's document types, by their places.
    pub(crate) types: &'a [(PooledText, PooledText)],
    /// Judges lines, and knows when their vouchers were modified.
    pub(crate) screen: &'a Screen,
}

impl Validity<'_> {
    /// Judges the row of an admitted line.
    fn judge<T: CachedRow>(&self, row: &T, from: &Provenance, listed: &T::Listed) -> RowState {
        let is_as_asked_now = (&from.source, &from.document) == (&self.now.source, &self.now.document);
        // A row fetched while a clock was ahead would look settled, and would never expire.
        let is_of_use = is_as_asked_now && from.at_ms <= self.now.at_ms && row.change(listed, self.listing).is_none();
        // What changes after the listing began shows once the line is listed again.
        let is_settled = from.at_ms >= self.listing.began_at.0 || from.settles(row.modified_at());
        match (is_of_use, is_settled, self.is_expired(from, row.month())) {
            (true, true, false) => RowState::Valid,
            (true, false, false) => RowState::TooYoung,
            (true, true, true) => RowState::Expired,
            _ => RowState::Outdated,
        }
    }

    fn is_expired(&self, provenance: &Provenance, month: Option<Month>) -> bool {
        self.expired.iter().any(|expired| expired.contains(month, provenance.at_ms))
    }
}

impl Contents {
    /// Reads it; `None` if it is something else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|contents: &Self| contents.format_version == CACHE_FORMAT_VERSION)
    }

    /// Takes note that the refresh was published.
    pub(crate) fn published(&mut self) {
        if let Some(refresh) = self.refresh.take() {
            self.since_full = if refresh.mode == Some(Mode::Full) { 0 } else { self.since_full + 1 };
        }
        self.lists = None;
    }

    /// Whether the refresh may publish far fewer lines than before.
    pub(crate) fn accepts_shrink(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| refresh.accept_shrink)
    }

    /// Every file that it names.
    fn parts(&self) -> impl Iterator<Item = &CacheFile> {
        let lists = self.lists.iter();
        let of_lists = lists.flat_map(|of| of.ledger.parts.iter().chain(&of.payables.parts).chain(&of.registers));
        self.lines.iter().chain(&self.payables).chain(of_lists)
    }
}

#[cfg(test)]
mod tests;
