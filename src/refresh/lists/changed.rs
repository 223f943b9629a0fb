//! Lines that seem to have changed while they were listed.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::listed::ListedLine;
use crate::refresh::index::Ledger;

/// Ids of lines that seem to have changed since they were listed: lines of inconsistent vouchers, and lines whose document type or period no
/// example explains. If the latter are more than a page, Xledger explains none, and they do not count.
pub(super) fn changed_lines(ledger: &Ledger, page_rows: usize) -> FxHashSet<i64> {
    let mut changed = lines_of_inconsistent_vouchers(ledger);
    let is_unexplained = |entry: &&ListedLine| ledger.references.are_unexplained(entry);
    let unexplained: Vec<i64> = ledger.entries.iter().filter(is_unexplained).map(|entry| entry.id).collect();
    if unexplained.len() <= page_rows {
        changed.extend(unexplained);
    }
    changed
}

/// Ids of the lines of inconsistent vouchers: their lines disagree on owner, document type or time of modification, because somebody changed the
/// voucher while it was read. A value that Xledger does not give agrees with every other.
fn lines_of_inconsistent_vouchers(ledger: &Ledger) -> FxHashSet<i64> {
    let mut first: FxHashMap<i64, usize> = FxHashMap::default();
    let mut inconsistent: FxHashSet<i64> = FxHashSet::default();
    // Most lines stand beside the others of their voucher.
    let mut last = (0, 0);
    for (at, entry) in ledger.entries.iter().enumerate().filter(|(_, entry)| entry.voucher != 0) {
        if last.0 != entry.voucher {
            last = (entry.voucher, *first.entry(entry.voucher).or_insert(at));
        }
        let other = &ledger.entries[last.1];
        let types = [entry, other].map(|entry| ledger.references.document_types.get(entry.document_type));
        let agree = (entry.owner == other.owner || entry.owner == 0 || other.owner == 0)
            && match [entry, other].map(|entry| entry.modified_at.get()) {
                [Some(one), Some(other)] => one == other,
                _ => true,
            }
            && match types {
                [Some(one), Some(other)] => one == other || one.code.is_none() || other.code.is_none(),
                _ => true,
            };
        if !agree {
            inconsistent.insert(entry.voucher);
        }
    }
    if inconsistent.is_empty() {
        return inconsistent;
    }
    let lines = ledger.entries.iter().filter(|entry| inconsistent.contains(&entry.voucher));
    lines.map(|entry| entry.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::listed::DocumentType;
    use crate::model::value::{Instant, Month};
    use crate::refresh::index::References;

    fn entry(id: i64, voucher: i64) -> ListedLine {
        ListedLine {
            id,
            owner: 1,
            voucher,
            account: 3,
            match_id: 0,
            modified_at: Some(Instant(5)).into(),
            period: 0,
            document_type: 0,
        }
    }

    #[test]
    fn lines_of_a_voucher_agree() {
        let kind = |code: Option<&str>| DocumentType { id: Some(1), code: code.map(Into::into), description: None };
        let inconsistent_with = |other: ListedLine| {
            let types = vec![kind(Some("AP")), kind(Some("PR")), kind(None)];
            let references = References::of(1, types, &[Month::new(2026, 5)]);
            let ledger = Ledger { entries: vec![entry(1, 7), entry(2, 8), other, entry(4, 8)], references };
            let mut inconsistent: Vec<i64> = lines_of_inconsistent_vouchers(&ledger).into_iter().collect();
            inconsistent.sort_unstable();
            inconsistent
        };
        assert_eq!(inconsistent_with(entry(3, 7)), [0_i64; 0]);
        assert_eq!(inconsistent_with(ListedLine { owner: 2, ..entry(3, 7) }), [1, 3]);
        assert_eq!(inconsistent_with(ListedLine { document_type: 1, ..entry(3, 7) }), [1, 3]);
        assert_eq!(inconsistent_with(ListedLine { modified_at: Some(Instant(6)).into(), ..entry(3, 7) }), [1, 3]);
        // Nobody knows what a document type is; if that are more lines than a page has, Xledger does not say it of any.
        let mut ledger = Ledger {
            entries: vec![entry(1, 7), entry(2, 8)],
            references: References::of(1, vec![kind(Some("AP"))], &[]),
        };
        assert!(changed_lines(&ledger, 2).is_empty());
        ledger.entries[1].document_type = ledger.references.unexplained_type(1, 9);
        assert_eq!(changed_lines(&ledger, 2), [2].into_iter().collect());
        assert!(changed_lines(&ledger, 0).is_empty());
        // What is not said is no disagreement, and lines without a voucher have nothing to agree on.
        for other in [
            ListedLine { owner: 0, ..entry(3, 7) },
            ListedLine { document_type: 2, ..entry(3, 7) },
            ListedLine { modified_at: None.into(), ..entry(3, 7) },
            ListedLine { owner: 2, ..entry(3, 0) },
        ] {
            assert_eq!(inconsistent_with(other), [0_i64; 0]);
        }
    }
}
