//! The guards: what a refresh finds out about itself before it publishes, and that stops it.

use crate::lake::{Manifest, ManifestTables};
use crate::model::failure::{Failure, FailureKind};
use crate::model::treatment::Treatment;
use crate::refresh::chart::Chart;
use crate::refresh::rules::Rules;
use crate::refresh::screen::Screened;
use crate::report::Report;

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
    let go_by_flag = || chart.accounts().any(|account| !account.facts.is_of_known_chart());
    let no_flag = || chart.accounts().all(|account| account.facts.is_wages.is_none());
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
        (because.unjudged_match, "matched with a line that cannot be judged".to_owned()),
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
    tables: &ManifestTables,
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
    use crate::lake::SnapshotName;
    use crate::lake::manifest::TableFiles;
    use crate::model::value::Instant;
    use crate::refresh::chart::Account;
    use serde_json::json;

    /// Accounts of no known chart, and of one, with the flag and without.
    #[test]
    fn what_is_payroll_is_known_by_each_accounts_chart_or_by_flags() {
        let (of_ns_4102, mut of_none) = (Account::coded(Some("5000")), Account::coded(Some("5000")));
        of_none.facts.standard = Some(99);
        let mut flagged = of_none.clone();
        flagged.facts.is_wages = Some(false);
        let by_range = Rules { payroll_accounts: "5000-5999".parse().unwrap(), ..Rules::default() };
        for (accounts, rules, is_known) in [
            (vec![&of_ns_4102], Rules::default(), true),
            (vec![&of_none], Rules::default(), false),
            (vec![&of_ns_4102, &of_none], Rules::default(), false),
            (vec![&of_ns_4102, &of_none, &flagged], Rules::default(), true),
            (vec![&of_none], by_range, true),
        ] {
            let chart: Chart = (1..).zip(accounts.into_iter().cloned()).collect();
            let outcome = ensure_payroll_is_known(&rules, &chart).map_err(|failure| failure.kind);
            assert_eq!(outcome, if is_known { Ok(()) } else { Err(FailureKind::SettingsInvalid) }, "{chart:?}");
        }
    }

    /// Exactly as much as is allowed may go, and not a row more; of each table by itself.
    #[test]
    fn each_table_and_accounts_payable_may_lose_a_part_of_their_rows() {
        let tables = |spend, supplier| {
            let table = |rows| TableFiles { rows, ..TableFiles::default() };
            ManifestTables { spend: table(spend), supplier: table(supplier) }
        };
        let before = Manifest {
            report: json!({"payables": {"listed": 600, "kept": 500}}),
            ..Manifest::new(SnapshotName::new(Instant(0), "run"), tables(1_000, 50))
        };
        for (spend, supplier, payables, named) in [
            (1_000, 50, 500, ""),
            (800, 40, 400, ""),
            (799, 40, 400, "spend would have 799 rows"),
            (800, 39, 400, "supplier would have 39 rows"),
            (800, 40, 399, "accounts payable would have 399 rows"),
            (2_000, 90, 900, ""),
        ] {
            match ensure_not_shrunk(&tables(spend, supplier), payables, &before, 20) {
                Ok(()) => assert_eq!(named, "", "{spend} {supplier} {payables}"),
                Err(failure) => {
                    assert_eq!(failure.kind, FailureKind::TableShrunk);
                    assert!(failure.message.starts_with(named) && !named.is_empty(), "{}", failure.message);
                }
            }
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
