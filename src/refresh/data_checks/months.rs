//! What became of closed months since the last snapshot: lines that came, changed or went, and lines that found less than before.

use crate::model::value::Month;
use crate::refresh::data_checks::calendar::Calendar;
use crate::report::PeriodChanges;
use crate::report::checks::{DataCheck, Measured, count, share};
use crate::table::spend;

/// One of a month's counts.
type Count = fn(&Measured) -> u64;

/// Counts what a row of a closed month has; months come one after the other.
pub(super) fn add(months: &mut Vec<Measured>, month: Month, row: &spend::Row<'_>) {
    if months.last().is_none_or(|last| last.month != month) {
        months.push(Measured::empty(month));
    }
    let Some(last) = months.last_mut() else { return };
    last.kept += 1;
    last.with_supplier += u64::from(row.supplier_id.is_some());
    last.with_invoice += u64::from(row.invoice_number.is_some());
    last.with_category += u64::from(row.category_1.is_some());
}

/// The months that both runs found closed: those of now, and those of before.
pub(super) fn of_both<'a>(now: &'a [Measured], before: &'a [Measured]) -> [Vec<&'a Measured>; 2] {
    let within = |these: &'a [Measured], others: &[Measured]| {
        these.iter().filter(|of| others.iter().any(|other| other.month == of.month)).collect()
    };
    [within(now, before), within(before, now)]
}

/// Adds up a count over months.
pub(super) fn sum(months: &[&Measured], of: Count) -> u64 {
    months.iter().map(|month| of(month)).sum()
}

/// Whether lines find their supplier, invoice and category as often as before. `before` is `None` where nothing is compared.
pub(super) fn match_rates(now: &[Measured], before: Option<&[Measured]>, max_drop: u32, left_out: &str) -> DataCheck {
    let kinds: [(&str, Count); 3] = [
        ("a supplier", |month| month.with_supplier),
        ("an invoice number", |month| month.with_invoice),
        ("a category", |month| month.with_category),
    ];
    let all: Vec<&Measured> = now.iter().collect();
    let lines = |months: &[&Measured]| sum(months, |month| month.kept);
    let told = kinds.map(|(what, of)| format!("{} {what}", share(sum(&all, of), lines(&all))));
    let mut places = Vec::new();
    if let Some(before) = before {
        let [now, before] = of_both(now, before);
        let (whole, whole_before) = (i128::from(lines(&now)), i128::from(lines(&before)));
        for (what, of) in kinds {
            let (part, part_before) = (sum(&now, of), sum(&before, of));
            let drop = i128::from(part_before) * whole - i128::from(part) * whole_before;
            if drop * 100 > i128::from(max_drop) * whole * whole_before {
                let shares =
                    [(part_before, lines(&before)), (part, lines(&now))].map(|(part, whole)| share(part, whole));
                places.push(format!("{what}: {} before, {} now", shares[0], shares[1]));
            }
        }
    }
    let figure = format!("{}; {left_out}", told.join(", "));
    DataCheck::judged("match_rates", figure, "fewer lines of the same closed months have", &places)
}

/// Whether months that were closed long ago are as they were. `periods` is `None` where nothing is compared.
///
/// A matched payment changes a line, so a part of a month's lines may change. An accountant should know of any line that comes or goes late.
pub(super) fn moved(periods: Option<&[PeriodChanges]>, calendar: &Calendar, max_changed: u32) -> DataCheck {
    let (name, meaning) =
        ("closed_months_moved", "months that were closed for more than two months are not as they were");
    let Some(periods) = periods else {
        return DataCheck::judged(name, "nothing to compare with".to_owned(), meaning, &[]);
    };
    let closed: Vec<&PeriodChanges> = periods.iter().filter(|period| calendar.is_long_closed(period.month)).collect();
    let moved = |period: &&&PeriodChanges| period.added + period.changed + period.removed > 0;
    let lines: u64 = closed.iter().map(|period| period.added + period.changed + period.removed).sum();
    let is_much = |period: &&&PeriodChanges| {
        let changed = u128::from(period.changed) * 100 > u128::from(period.before) * u128::from(max_changed);
        changed || period.added + period.removed > 0
    };
    let places: Vec<String> = closed
        .iter()
        .rev()
        .filter(is_much)
        .map(|period| {
            format!(
                "{}: {} added, {} changed, {} removed of {}",
                period.month,
                count(period.added),
                count(period.changed),
                count(period.removed),
                count(period.before)
            )
        })
        .collect();
    let months = closed.iter().filter(moved).count() as u64;
    let figure = format!("{} lines in {} of {} months", count(lines), count(months), count(closed.len() as u64));
    DataCheck::judged(name, figure, meaning, &places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Instant;
    use crate::table::spend::tests::bare;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn measured(text: &str, kept: u64, with_supplier: u64) -> Measured {
        Measured { kept, with_supplier, with_invoice: kept, with_category: kept, ..Measured::empty(month(text)) }
    }

    fn detail(now: &[Measured], before: Option<&[Measured]>) -> String {
        match_rates(now, before, 5, "x").detail
    }

    #[test]
    fn rows_are_counted_by_month() {
        let mut months = Vec::new();
        add(&mut months, month("2026-04"), &bare(1));
        let row = spend::Row { supplier_id: Some(3), invoice_number: Some("7"), ..bare(2) };
        add(&mut months, month("2026-05"), &row);
        add(&mut months, month("2026-05"), &spend::Row { category_1: Some("Staff"), ..row });
        let may = Measured {
            kept: 2,
            with_supplier: 2,
            with_invoice: 2,
            with_category: 1,
            ..Measured::empty(month("2026-05"))
        };
        let april = Measured { kept: 1, ..Measured::empty(month("2026-04")) };
        assert_eq!(months, [april, may]);
    }

    #[test]
    fn a_share_may_drop_by_so_many_points() {
        let before = [measured("2026-04", 200, 180)];
        assert_eq!(detail(&[measured("2026-04", 200, 170)], Some(&before)), "", "90 to 85");
        let told = detail(&[measured("2026-04", 200, 169)], Some(&before));
        assert_eq!(told, "fewer lines of the same closed months have: a supplier: 90.0 % before, 84.5 % now");
        assert_eq!(detail(&[measured("2026-04", 200, 0)], None), "", "nothing is compared");
        assert_eq!(detail(&[measured("2026-04", 200, 200)], Some(&before)), "", "more is better");
        // Only months of both count.
        let now = [measured("2026-04", 200, 180), measured("2026-05", 900, 0)];
        assert_eq!(detail(&now, Some(&before)), "");
        assert_eq!(detail(&now[1..], Some(&before)), "");
        let check = match_rates(&now, None, 5, "2026-06 and later left out");
        assert_eq!(
            check.figure,
            "16.3 % a supplier, 100.0 % an invoice number, 100.0 % a category; 2026-06 and later left out"
        );
    }

    #[test]
    fn what_was_closed_long_ago_stays() {
        // 2026-11-21.
        let calendar = Calendar::new(Instant(1_795_224_600_000), Some(month("2026-11")));
        let period = |text: &str, added, changed, removed| PeriodChanges {
            before: 100,
            lines: 100,
            added,
            changed,
            removed,
            ..PeriodChanges::empty(month(text))
        };
        let check = |periods: &[PeriodChanges]| moved(Some(periods), &calendar, 5);
        let some = check(&[period("2026-08", 0, 5, 0), period("2026-09", 7, 50, 7), period("2026-07", 0, 0, 0)]);
        assert_eq!((some.figure.as_str(), some.detail.as_str()), ("5 lines in 1 of 2 months", ""));
        for period in [period("2026-08", 0, 6, 0), period("2026-08", 1, 0, 0), period("2026-08", 0, 0, 1)] {
            assert!(!check(&[period]).detail.is_empty(), "{period:?}");
        }
        let told = check(&[period("2026-07", 1, 2, 3), period("2026-08", 0, 6, 0)]).detail;
        assert!(told.ends_with(
            ": 2026-08: 0 added, 6 changed, 0 removed of 100; 2026-07: 1 added, 2 changed, 3 removed of 100"
        ));
        assert_eq!(moved(None, &calendar, 5).detail, "");
    }
}
