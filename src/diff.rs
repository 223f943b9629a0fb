//! Compares what is listed now with what the last snapshot was made of: which rows can be used as they were fetched then, which must be
//! asked for, and what became of the others.
//!
//! A kept row is used again if every field that was listed of it is as it was when it was fetched, the time of its voucher's modification
//! among them. That rests on one assumption: that Xledger moves this time when a line's content changes. A full refresh shows
//! what that misses.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use serde::Serialize;

use crate::fetch::{Line, Names, Payable};
use crate::gathered::rows_of;
use crate::index::{DocumentType, LedgerEntry, NONE, PayableEntry};
use crate::state::{KeptRows, Live, Part, Store, Stored, Unread};
use crate::value::Month;

/// How much later than it says a voucher may have been modified, in milliseconds: Xledger's times have no offset, so that an hour of
/// autumn comes twice, and clocks differ by minutes.
pub(crate) const OVERLAP_MS: i64 = 75 * 60 * 1_000;

/// A row that is fetched, and kept.
pub(crate) trait Row: Stored + PartialEq + std::hash::Hash {
    /// What is listed of it.
    type Entry;
    fn id(&self) -> i64;
    fn month(&self) -> Option<Month>;
    /// When its voucher was modified; [`NONE`] if that is not known.
    fn modified_at(&self) -> i64;
    /// Whether it is as it is listed.
    fn is_as(&self, entry: &Self::Entry, types: &[DocumentType], names: &Names) -> bool;
}

impl Row for Line {
    type Entry = LedgerEntry;

    fn id(&self) -> i64 {
        self.id
    }

    fn month(&self) -> Option<Month> {
        Some(self.month)
    }

    fn modified_at(&self) -> i64 {
        self.voucher_modified_at.map_or(NONE, |at| at.0)
    }

    fn is_as(&self, entry: &LedgerEntry, types: &[DocumentType], names: &Names) -> bool {
        let same_type = types.get(entry.document_type as usize).is_some_and(|listed| {
            listed.code.as_deref() == names.text(self.document_type)
                && listed.description.as_deref() == names.text(self.document_type_name)
        });
        same_type
            && (self.owner, self.voucher, self.account, self.match_id)
                == (entry.owner, entry.voucher, entry.account, entry.match_id)
            && (self.modified_at(), Some(self.month)) == (entry.modified_at, entry.month)
    }
}

impl Row for Payable {
    /// An AP line, and when its voucher was modified: what the list of ledger lines says.
    type Entry = (PayableEntry, i64);

    fn id(&self) -> i64 {
        self.id
    }

    fn month(&self) -> Option<Month> {
        None
    }

    fn modified_at(&self) -> i64 {
        self.modified_at
    }

    fn is_as(&self, (entry, modified_at): &(PayableEntry, i64), _: &[DocumentType], _: &Names) -> bool {
        (self.owner, self.voucher, self.match_id, self.document_type, self.modified_at)
            == (entry.owner, entry.voucher, entry.match_id, entry.document_type, *modified_at)
    }
}

/// What decides whether a kept row is used again, beside what is listed of it.
pub(crate) struct Terms<'a> {
    /// Nothing is used again.
    pub(crate) full: bool,
    /// These months, both included, are fetched anew; AP lines, which have none, too.
    pub(crate) anew: Option<(Option<Month>, Option<Month>)>,
    /// The checksum of the document that rows are asked with now: one that asked for more, or for less, gave other rows.
    pub(crate) document: &'a str,
    /// The ledger's document types.
    pub(crate) types: &'a [DocumentType],
}

impl Terms<'_> {
    fn is_anew(&self, month: Option<Month>) -> bool {
        let Some((from, to)) = self.anew else { return false };
        month.is_none_or(|month| from.is_none_or(|from| month >= from) && to.is_none_or(|to| month <= to))
    }
}

/// A row as it was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old {
    id: i64,
    month: Option<Month>,
    /// Of all that was fetched of it; only good within this process. `None` if the row is used again: it is as it was.
    hash: Option<u64>,
    /// Whether nothing that is listed of it says that it changed.
    unchanged: bool,
}

impl Old {
    /// The row's id.
    pub(crate) fn id(&self) -> i64 {
        self.id
    }
}

/// What is used again.
pub(crate) struct Reused<T> {
    /// The rows.
    pub(crate) rows: Vec<T>,
    /// The file of each.
    pub(crate) live: Vec<Live>,
    /// All that was kept, by id.
    pub(crate) old: Vec<Old>,
}

impl<T: Row> Reused<T> {
    /// Does not use the rows again of which `is_there` says that they have been fetched all the same.
    pub(crate) fn give_up(&mut self, is_there: impl Fn(i64) -> bool) {
        self.rows.retain(|row| {
            let gives_up = is_there(row.id());
            if gives_up && let Ok(at) = self.old.binary_search_by_key(&row.id(), |old| old.id) {
                self.old[at].hash = Some(FxBuildHasher.hash_one(row));
            }
            !gives_up
        });
        self.live.retain(|live| !is_there(live.id));
    }
}

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), live: Vec::new(), old: Vec::new() }
    }
}

/// Finds items by their ids in a list that is sorted by them: at once the one behind the last that was found.
pub(crate) struct Lookup<'a, T, I> {
    items: &'a [T],
    id: I,
    next: usize,
}

impl<'a, T, I: Fn(&T) -> i64> Lookup<'a, T, I> {
    pub(crate) fn new(items: &'a [T], id: I) -> Self {
        Self { items, id, next: 0 }
    }

    pub(crate) fn find(&mut self, id: i64) -> Option<&'a T> {
        let is_next = self.items.get(self.next).is_some_and(|item| (self.id)(item) == id);
        let at = if is_next { self.next } else { self.items.binary_search_by_key(&id, &self.id).ok()? };
        self.next = at + 1;
        self.items.get(at)
    }
}

/// Reads what was kept, and takes what can be used again. `entry` gives what is listed now of a row, if it is admitted.
///
/// # Errors
/// A file that cannot be read.
pub(crate) async fn reuse<T: Row>(
    store: &Store<'_>,
    kept: &KeptRows,
    terms: &Terms<'_>,
    names: &mut Names,
    mut entry: impl FnMut(i64) -> Option<T::Entry>,
) -> Result<Reused<T>, Unread> {
    let mut live: Vec<Live> = Vec::with_capacity(rows_of(&kept.live));
    for part in &kept.live {
        store.read(part, names, |row, _| live.push(row)).await?;
    }
    live.sort_by_key(|row| row.id);
    let reusable = if terms.full { 0 } else { live.len() };
    let mut reused = Reused {
        rows: Vec::with_capacity(reusable),
        live: Vec::with_capacity(reusable),
        old: Vec::with_capacity(live.len()),
    };
    let mut lookup = Lookup::new(&live, |live| live.id);
    for (number, part) in (0_u32..).zip(&kept.parts) {
        let take = |row: T, names: &Names| {
            let (id, month) = (row.id(), row.month());
            if lookup.find(id).is_none_or(|live| live.part != number) {
                return;
            }
            let unchanged = part.document == terms.document
                && is_settled(part, row.modified_at())
                && entry(id).is_some_and(|entry| row.is_as(&entry, terms.types, names));
            let is_used_again = unchanged && !terms.full && !terms.is_anew(month);
            let hash = (!is_used_again).then(|| FxBuildHasher.hash_one(&row));
            reused.old.push(Old { id, month, hash, unchanged });
            if is_used_again {
                reused.live.push(Live { id, part: number });
                reused.rows.push(row);
            }
        };
        store.read(part, names, take).await?;
    }
    // Each file is sorted: that is what this sort is quick with.
    reused.live.sort_by_key(|row| row.id);
    reused.old.sort_by_key(|row| row.id);
    Ok(reused)
}

/// Whether a voucher was modified so long before its rows were asked for that another modification has another time.
fn is_settled(part: &Part, modified_at: i64) -> bool {
    modified_at != NONE && modified_at < part.asked_at_ms.saturating_sub(OVERLAP_MS)
}

/// What became of the lines of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// Lines in the last snapshot.
    pub before: u64,
    /// Lines now.
    pub lines: u64,
    /// Lines that were not there.
    pub added: u64,
    /// Lines that are not as they were.
    pub changed: u64,
    /// Lines that are there no more.
    pub removed: u64,
}

/// Compares the lines that were kept with those of now, both by id. The second number is that of lines that nothing listed showed to be
/// changed, and that were: what only a full refresh finds.
pub(crate) fn periods(old: &[Old], now: &[Line]) -> (Vec<Period>, u64) {
    let mut periods: BTreeMap<Month, Period> = BTreeMap::new();
    fn at(periods: &mut BTreeMap<Month, Period>, month: Month) -> &mut Period {
        periods.entry(month).or_insert(Period { month, before: 0, lines: 0, added: 0, changed: 0, removed: 0 })
    }
    let (mut before, mut healed) = (old.iter().peekable(), 0);
    for line in now {
        while let Some(gone) = before.next_if(|old| old.id < line.id) {
            let Some(month) = gone.month else { continue };
            let period = at(&mut periods, month);
            (period.before, period.removed) = (period.before + 1, period.removed + 1);
        }
        let known = before.next_if(|old| old.id == line.id);
        let period = at(&mut periods, line.month);
        period.lines += 1;
        match known {
            None => period.added += 1,
            Some(known) if known.month != Some(line.month) => {
                period.added += 1;
                if let Some(month) = known.month {
                    let period = at(&mut periods, month);
                    (period.before, period.removed) = (period.before + 1, period.removed + 1);
                }
            }
            Some(known) => {
                period.before += 1;
                if known.hash.is_some_and(|hash| hash != FxBuildHasher.hash_one(line)) {
                    period.changed += 1;
                    healed += u64::from(known.unchanged);
                }
            }
        }
    }
    for gone in before {
        let Some(month) = gone.month else { continue };
        let period = at(&mut periods, month);
        (period.before, period.removed) = (period.before + 1, period.removed + 1);
    }
    (periods.into_values().collect(), healed)
}
