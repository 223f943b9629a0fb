//! The guards: what a refresh finds out about itself before it publishes, and that stops it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::lake::Manifest;
use crate::model::failure::{Failure, FailureKind};
use crate::model::listed::{ListedLine, NONE};
use crate::model::treatment::Treatment;
use crate::refresh::chart::Chart;
use crate::refresh::index::Ledger;
use crate::refresh::rules::Rules;
use crate::refresh::screen::Screened;
use crate::report::{Report, TableSizes};

/// Ids of lines that seem to have changed since they were listed: lines of inconsistent vouchers, and lines whose document type or period no
/// example explains. If the latter are more than a page, Xledger explains none, and they do not count.
pub(crate) fn changed_lines(ledger: &Ledger, page_rows: usize) -> FxHashSet<i64> {
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
            && (entry.modified_at == other.modified_at || entry.modified_at == NONE || other.modified_at == NONE)
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

/// Every admitted line is there, or it is known to be gone.
///
/// # Errors
/// [`FailureKind::SelfCheckFailed`] if the numbers do not add up.
pub(crate) fn ensure_complete(what: &str, admitted: usize, there: usize, gone: u64) -> Result<(), Failure> {
    if admitted as u64 == there as u64 + gone {
        return Ok(());
    }
    let message = format!(
        "{admitted} {what} lines were admitted, {there} are there and {gone} are gone, which does not add up; nothing is published. \
         Run a full refresh, and report this as a fault of the program"
    );
    Err(Failure::new(FailureKind::SelfCheckFailed, message))
}

/// What is payroll can be known: by ranges that were set, by the accounts' charts, or by their flag.
///
/// # Errors
/// [`FailureKind::SettingsInvalid`], which asks for the setting.
pub(crate) fn ensure_payroll_is_known(rules: &Rules, chart: &Chart) -> Result<(), Failure> {
    let go_by_flag = || chart.accounts().any(|account| !account.facts().is_of_known_chart());
    let no_flag = || chart.accounts().all(|account| account.is_wages.is_none());
    if !rules.payroll_accounts.by_chart || !go_by_flag() || !no_flag() {
        return Ok(());
    }
    let message = "SPEND_PAYROLL_ACCOUNTS: must name all payroll accounts, for neither the charts of all accounts (`chartOfAccount`) nor their flag \
                   `costWagesSalaries` can be read, so that nobody knows which accounts are payroll; nothing was fetched. Set it to the \
                   account numbers of wages and what goes with them, as in 5000-5499,5600-5899";
    Err(Failure::new(FailureKind::SettingsInvalid, message))
}

/// Most lines that are not payroll can be judged, and some are kept if any is of a kept document type: a chart that the token does not see would leave
/// half a table.
///
/// # Errors
/// [`FailureKind::TooLittleKept`], which says why, how many, and what to do.
pub(crate) fn ensure_enough_kept(screened: &Screened, max_refused_percent: u32) -> Result<(), Failure> {
    let counts = &screened.counts;
    let judged = counts.listed - counts.excluded_payroll;
    let meant = "If it is meant, run again with --accept-shrink, or with \"accept_shrink\": true in the event";
    let fail = |message: String| Err(Failure::new(FailureKind::TooLittleKept, message));
    if u128::from(counts.refused) * 100 > u128::from(judged) * u128::from(max_refused_percent) {
        return fail(format!(
            "{} of {judged} ledger lines that are not payroll cannot be judged, which is more than {max_refused_percent} %, so nothing is \
             published: {}. {meant}",
            counts.refused,
            why_refused(screened),
        ));
    }
    let of_kept_types: u64 =
        screened.document_types.iter().filter(|kind| kind.treatment == Treatment::Kept).map(|kind| kind.lines).sum();
    if counts.kept == 0 && of_kept_types > 0 {
        return fail(format!(
            "none of {of_kept_types} ledger lines of the kept document types is kept, so nothing is published: {} are payroll, {} refused, {} \
             on excluded accounts, {} before the history. Look at SPEND_EXCLUDED_ACCOUNTS, SPEND_PAYROLL_ACCOUNTS and SPEND_HISTORY_FROM. {meant}",
            counts.excluded_payroll, counts.refused, counts.excluded_account, counts.excluded_history,
        ));
    }
    Ok(())
}

/// Ids that are named in a message.
const MAX_IDS_NAMED: usize = 20;

/// What refused lines lack, and what to do about it.
fn why_refused(screened: &Screened) -> String {
    let because = &screened.counts.refused_because;
    let ids: Vec<String> = screened.unknown_accounts.iter().take(MAX_IDS_NAMED).map(i64::to_string).collect();
    let more = if screened.unknown_accounts.len() > ids.len() { ", …" } else { "" };
    let accounts = format!(
        "on {} accounts that no chart shows, in no owner set (accountDbId {}{more}): tick *read* for Account, or make the token in an entity \
         that sees the chart",
        screened.unknown_accounts.len(),
        ids.join(", ")
    );
    let reasons = [
        (because.unknown_account, accounts),
        (because.no_account, "without an account, or on one without a code".to_owned()),
        (because.no_period, "without a period".to_owned()),
        (because.no_owner, "with a match and without an owner".to_owned()),
        (
            because.no_document_type,
            "without a document type, or of one without a code: look at TransactionHeader and SystemValue".to_owned(),
        ),
    ];
    let parts = reasons.into_iter().filter(|(lines, _)| *lines > 0).map(|(lines, why)| format!("{lines} {why}"));
    parts.collect::<Vec<_>>().join("; ")
}

/// Makes sure that no table, nor accounts payable, lost more of its rows than `max_percent`: a right or an entity that a token lost looks like
/// deleted lines. The `payables` AP lines that are kept give `spend` its suppliers and invoices.
///
/// # Errors
/// [`FailureKind::TableShrunk`], which says which one and what to do.
pub(crate) fn ensure_not_shrunk(
    tables: &TableSizes,
    payables: u64,
    before: &Manifest,
    max_percent: u32,
) -> Result<(), Failure> {
    let payables_before = Report::of(before).payables.map_or(0, |counts| counts.kept);
    let all = [
        ("spend", before.tables.spend.rows, tables.spend.rows),
        ("supplier", before.tables.supplier.rows, tables.supplier.rows),
        ("accounts payable", payables_before, payables),
    ];
    let lost = |before: u64, now: u64| before.saturating_sub(now);
    let shrunk = all.into_iter().filter(|(_, before, now)| {
        u128::from(lost(*before, *now)) * 100 > u128::from(*before) * u128::from(max_percent)
    });
    let shrunk: Vec<String> = shrunk
        .map(|(table, before, now)| {
            format!(
                "{table} would have {now} rows, {} less than the {before} of the current snapshot",
                lost(before, now)
            )
        })
        .collect();
    if shrunk.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{}: that is more than {max_percent} %, so nothing is published. Look for a cause: a right or an entity that the token lost, \
         a changed setting. If it is meant, run again with --accept-shrink, or with \"accept_shrink\": true in the event",
        shrunk.join("; ")
    );
    Err(Failure::new(FailureKind::TableShrunk, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::listed::DocumentType;
    use crate::model::value::Month;
    use crate::refresh::index::References;

    fn entry(id: i64, voucher: i64) -> ListedLine {
        ListedLine { id, owner: 1, voucher, account: 3, match_id: 0, modified_at: 5, period: 0, document_type: 0 }
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
        assert_eq!(inconsistent_with(ListedLine { modified_at: 6, ..entry(3, 7) }), [1, 3]);
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
            ListedLine { modified_at: NONE, ..entry(3, 7) },
            ListedLine { owner: 2, ..entry(3, 0) },
        ] {
            assert_eq!(inconsistent_with(other), [0_i64; 0]);
        }
    }

    #[test]
    fn numbers_must_add_up() {
        assert!(ensure_complete("ledger", 10, 8, 2).is_ok());
        for (there, gone) in [(8, 1), (8, 3), (10, 1)] {
            let failure = ensure_complete("ledger", 10, there, gone).unwrap_err();
            assert_eq!(failure.kind, FailureKind::SelfCheckFailed);
        }
    }
}
