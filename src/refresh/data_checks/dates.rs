//! Whether the dates of invoices can be right.

use crate::model::value::{Day, Month};
use crate::report::checks::{DataCheck, count};
use crate::table::spend;

/// 2000-01-01: no ledger of Xledger's is older, and a year of two digits lands before it.
const FIRST: Day = Day(10_957);
/// An invoice is booked in the year that it is of, or the next one.
const MAX_MONTHS: i32 = 12;
/// How many of a hundred dated lines may have an odd date: such dates happen. An impossible date is always reported.
const MAX_ODD_PERCENT: u64 = 1;

/// A day within so many days of its period's first is surely near. For others the month is worked out, the slowest step here.
const SURELY_NEAR: u32 = 330;

/// Lines whose dates are odd.
#[derive(Debug, Default)]
pub(super) struct Dates {
    dated: u64,
    too_old: u64,
    ahead: u64,
    due_before: u64,
    posted_before: u64,
    far_off: u64,
    odd: u64,
    /// The month of the last line, and its first day.
    month: Option<(Month, Day)>,
}

impl Dates {
    /// A row of a month, and the last day that an invoice may be of.
    pub(super) fn add(&mut self, month: Month, row: &spend::Row<'_>, last: Day) {
        let Some(invoice) = row.invoice_date else { return };
        let is_before = |day: Option<Day>| day.is_some_and(|day| day < invoice);
        let known = self.month.filter(|(last, _)| *last == month);
        let (_, first) = *self.month.insert(known.unwrap_or_else(|| (month, Day::first_of(month))));
        let found = [
            (invoice < FIRST, &mut self.too_old),
            (invoice > last, &mut self.ahead),
            (is_before(row.due_date), &mut self.due_before),
            (is_before(row.posted_date), &mut self.posted_before),
            (is_far_off(month, first, invoice), &mut self.far_off),
        ];
        self.dated += 1;
        let mut is_odd = false;
        for (is_so, lines) in found {
            *lines += u64::from(is_so);
            is_odd |= is_so;
        }
        self.odd += u64::from(is_odd);
    }

    pub(super) fn finish(self, max_days: u32) -> DataCheck {
        let is_much = |lines: u64| lines * 100 > self.dated * MAX_ODD_PERCENT;
        let found = [
            (self.too_old > 0, self.too_old, "of an invoice before 2000".to_owned()),
            (self.ahead > 0, self.ahead, format!("of an invoice more than {max_days} days ahead")),
            (is_much(self.due_before), self.due_before, "due before the invoice".to_owned()),
            (is_much(self.posted_before), self.posted_before, "posted before the invoice".to_owned()),
            (is_much(self.far_off), self.far_off, format!("in a period more than {MAX_MONTHS} months off")),
        ];
        let told = found.into_iter().filter(|(is_so, ..)| *is_so);
        let places: Vec<String> = told.map(|(_, lines, what)| format!("{} {what}", count(lines))).collect();
        let figure = format!("{} of {} lines with an invoice date", count(self.odd), count(self.dated));
        DataCheck::judged("dates", figure, "lines whose dates are not those of an invoice", &places)
    }
}

fn is_far_off(month: Month, first: Day, invoice: Day) -> bool {
    let months = || invoice.month().map_or(i32::MAX, |of| (month.number() - of.number()).abs());
    first.0.abs_diff(invoice.0) > SURELY_NEAR && months() > MAX_MONTHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::spend::tests::bare;

    const MAY: Month = Month { year: 2026, month: 5 };

    fn row(invoice: &str, due: &str, posted: &str) -> spend::Row<'static> {
        let [invoice_date, due_date, posted_date] = [invoice, due, posted].map(Day::parse);
        spend::Row { invoice_date, due_date, posted_date, ..bare(1) }
    }

    /// Of a hundred lines, of which all others are right.
    fn detail(times: usize, odd: &spend::Row<'_>) -> String {
        let (mut dates, last) = (Dates::default(), Day::parse("2026-07-20").unwrap());
        (0..times).for_each(|_| dates.add(MAY, odd, last));
        (times..100).for_each(|_| dates.add(MAY, &row("2026-05-01", "2026-05-01", "2026-05-01"), last));
        dates.add(MAY, &bare(1), last);
        let check = dates.finish(60);
        assert!(check.figure.ends_with(" of 100 lines with an invoice date"), "{}", check.figure);
        check.detail
    }

    #[test]
    fn a_date_that_cannot_be_is_told_at_once() {
        let on = |invoice: &str| detail(1, &row(invoice, "2030-01-01", "2030-01-01"));
        for invoice in ["2025-05-31", "2026-07-20"] {
            assert_eq!(on(invoice), "", "{invoice}");
        }
        assert!(on("1999-12-31").ends_with(": 1 of an invoice before 2000"));
        assert_eq!(on("2000-01-01"), "", "one line in a hundred may be of another year");
        assert!(on("2026-07-21").ends_with(": 1 of an invoice more than 60 days ahead"));
    }

    #[test]
    fn what_happens_is_told_where_it_happens_often() {
        for (odd, words) in [
            (row("2026-05-02", "2026-05-01", "2026-05-02"), "2 due before the invoice"),
            (row("2026-05-02", "2026-05-02", "2026-05-01"), "2 posted before the invoice"),
            (row("2025-04-30", "2025-05-30", "2026-05-01"), "2 in a period more than 12 months off"),
        ] {
            assert_eq!(detail(1, &odd), "", "{words}");
            assert!(detail(2, &odd).ends_with(words), "{words}");
        }
    }
}
