//! What is checked of the data before it is published. Pure: each family of checks gathers what it needs of the rows as they are written, one pass
//! over all of them, and says how it came out.
//!
//! Only what makes the tables unsound fails, and keeps them from being published. All else warns. What is compared with an earlier time is compared
//! over closed months alone. No figure and no detail holds a value of a row or a name: counts, shares, months, ids of owners, account groups, codes
//! of VAT and currencies.

mod calendar;
mod integrity;
mod coverage;
mod vat;
mod exchange;
mod months;
mod suppliers;
mod dates;
mod pairs;

use rustc_hash::FxHashMap;

use crate::model::failure::{Failure, FailureKind};
use crate::model::line::Line;
use crate::model::value::{Day, Instant, Month};
use crate::refresh::join::{ContradictedRate, KnownSupplier};
use crate::refresh::screen::Coverage;
use crate::report::PeriodChanges;
use crate::report::checks::{CheckStatus, DataCheck, Measured, count};
use crate::table::spend;
use calendar::Calendar;
use dates::Dates;
use exchange::Exchange;
pub(super) use integrity::Expected;
use integrity::Integrity;
use pairs::Pairs;
use suppliers::{Dominant, Numbers, Used};
use vat::Vat;

/// Beyond what a check warns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How far closed months may move, in percent.
    pub drift_percent: u32,
    /// How much fewer of the lines may find a supplier, an invoice or a category, in points of percent.
    pub match_drop_percent: u32,
    /// How far ahead of the run an invoice may be dated, in days.
    pub invoice_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { drift_percent: 5, match_drop_percent: 5, invoice_days: 60 }
    }
}

/// Gathers what the checks need of the rows, while they are written.
#[derive(Debug)]
pub(super) struct DataChecks<'a> {
    limits: Limits,
    calendar: Calendar,
    last_day: Day,
    month: Option<(Month, u64)>,
    integrity: Integrity,
    vat: Vat<'a>,
    exchange: Exchange<'a>,
    months: Vec<Measured>,
    numbers: Numbers,
    dominant: Dominant,
    dates: Dates,
    pairs: Pairs<'a>,
}

/// What the rows say by themselves.
#[derive(Debug)]
pub(super) struct RowFindings {
    limits: Limits,
    calendar: Calendar,
    integrity: Integrity,
    months: Vec<Measured>,
    /// By the rows alone.
    checks: Vec<DataCheck>,
}

/// What else the checks go by.
pub(super) struct Facts<'a> {
    /// What the rows must add up to.
    pub(super) expected: Expected<'a>,
    /// What is kept of the ledger.
    pub(super) coverage: &'a Coverage,
    /// What became of the months; `None` where nothing is compared with the last snapshot.
    pub(super) periods: Option<&'a [PeriodChanges]>,
    /// What the closed months had at the last snapshot; `None` in the same case.
    pub(super) before: Option<&'a [Measured]>,
    /// How many accounts look like wages and are not payroll's.
    pub(super) accounts_to_confirm: u64,
}

impl<'a> DataChecks<'a> {
    /// Of a run that began then, with these lines.
    pub(super) fn new(limits: Limits, started_at: Instant, lines: &[Line]) -> Self {
        let calendar = Calendar::new(started_at, lines.iter().map(|line| line.month).max());
        let days = i32::try_from(limits.invoice_days).unwrap_or(i32::MAX);
        Self {
            limits,
            calendar,
            last_day: Day(calendar.today.0.saturating_add(days)),
            month: None,
            integrity: Integrity::default(),
            vat: Vat::default(),
            exchange: Exchange::default(),
            months: Vec::new(),
            numbers: Numbers::default(),
            dominant: Dominant::default(),
            dates: Dates::default(),
            pairs: Pairs::default(),
        }
    }

    /// A row of `spend`, in the order in which they are written: month by month.
    pub(super) fn add(&mut self, partition: Month, line: &Line, row: &spend::Row<'a>) {
        if self.month.is_none_or(|(month, _)| month != partition) {
            self.month_ends();
        }
        self.month.get_or_insert((partition, 0)).1 += 1;
        self.integrity.add(partition, line.month, row);
        self.vat.add(row);
        self.numbers.add(row);
        self.dates.add(partition, row, self.last_day);
        self.pairs.add(row);
        if self.calendar.is_closed(partition) {
            self.exchange.add(partition, row);
            months::add(&mut self.months, partition, row);
            self.dominant.add(row);
        }
    }

    /// A row of `supplier`.
    pub(super) fn supplier(&mut self, id: i64) {
        self.integrity.supplier(id);
    }

    fn month_ends(&mut self) {
        let Some((month, rows)) = self.month.take() else { return };
        self.integrity.month_ends(month, rows);
        self.exchange.month_ends(month);
        self.dominant.month_ends(month);
        self.pairs.month_ends();
    }

    /// Judges what can be judged by the rows.
    pub(super) fn finish(
        mut self,
        suppliers: &FxHashMap<i64, KnownSupplier<'_>>,
        contradicted: &[ContradictedRate],
    ) -> RowFindings {
        self.month_ends();
        let (limits, calendar, integrity) = (self.limits, self.calendar, self.integrity);
        let left_out = calendar.left_out();
        let used = integrity.used().iter().filter_map(|id| suppliers.get(id)).map(|known| Used {
            key: &known.key,
            owner: known.supplier.owner,
            name: known.supplier.name.as_deref(),
        });
        let checks = vec![
            self.vat.finish(contradicted),
            self.exchange.finish(&left_out),
            self.dominant.finish(&left_out),
            self.dates.finish(limits.invoice_days),
            self.numbers.finish(used),
            self.pairs.finish(),
        ];
        RowFindings { limits, calendar, integrity, months: self.months, checks }
    }
}

impl RowFindings {
    /// All checks, and what the next run compares with.
    pub(super) fn judge(&mut self, facts: &Facts<'_>) -> (Vec<DataCheck>, Vec<Measured>) {
        for month in &mut self.months {
            month.lines = facts.coverage.months.get(&month.month).map_or(0, |(lines, _)| *lines);
        }
        let (limits, left_out) = (self.limits, self.calendar.left_out());
        let mut checks = vec![
            self.integrity.finish(&facts.expected),
            coverage::invoices(facts.coverage),
            coverage::coverage(facts.coverage, &self.months, facts.before, limits.drift_percent, &left_out),
            wage_accounts(facts.accounts_to_confirm),
            months::moved(facts.periods, &self.calendar, limits.drift_percent),
            months::match_rates(&self.months, facts.before, limits.match_drop_percent, &left_out),
        ];
        checks.append(&mut self.checks);
        (checks, std::mem::take(&mut self.months))
    }
}

/// Accounts that may be payroll are for a person to judge.
fn wage_accounts(accounts: u64) -> DataCheck {
    let places = (accounts > 0).then(|| "accounts_to_confirm names them".to_owned());
    let meaning = "accounts look like wages and are not payroll's";
    DataCheck::judged("wage_accounts_outside", format!("{} accounts", count(accounts)), meaning, places.as_slice())
}

/// Nothing is published that does not add up.
///
/// # Errors
/// [`FailureKind::CheckFailed`], which says what does not.
pub(super) fn all_hold(checks: &[DataCheck]) -> Result<(), Failure> {
    let failed: Vec<String> = checks
        .iter()
        .filter(|check| check.status == CheckStatus::Fail)
        .map(|check| format!("{}: {}", check.name, check.detail))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let message =
        format!("{}. Run again; else run a full refresh, and report this as a fault of the program", failed.join(". "));
    Err(Failure::new(FailureKind::CheckFailed, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_wages_is_told() {
        assert_eq!((wage_accounts(0).status, wage_accounts(1).status), (CheckStatus::Ok, CheckStatus::Warn));
    }

    #[test]
    fn a_failure_names_the_check_and_a_warning_is_none() {
        let place = ["here".to_owned()];
        let warns = DataCheck::judged("dates", String::new(), "look", &place);
        assert!(all_hold(std::slice::from_ref(&warns)).is_ok());
        let failure = all_hold(&[warns, DataCheck::demanded("integrity", String::new(), "stop", &place)]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::CheckFailed);
        assert!(failure.message.starts_with("integrity: stop: here. ") && !failure.is_resumable());
    }
}
