//! Which months the page looks at: the last twelve that have ended, and the same twelve a year earlier. The month that goes on is shown apart, for half
//! a month beside whole ones looks like a fall.

use crate::model::value::{Instant, Month};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Months that are looked at, and those that they are compared with.
const YEAR: i32 = 12;
/// The columns of the chart: both years, and the month that goes on.
pub(crate) const COLUMNS: usize = 2 * YEAR as usize + 1;
/// How long invoices of a month that has ended still come in numbers.
const LATE_DAYS: i8 = 15;

/// The months that the page looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// The last month that has ended, counted from the year 0.
    last: i32,
    /// The month that goes on.
    open: i32,
    /// The day of the month.
    day: i8,
    /// The first month of which there are lines.
    first: Option<i32>,
}

/// Where a month lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Among the twelve that are looked at.
    Now,
    /// Among the twelve before them.
    Before,
    /// It goes on.
    Open,
    /// Before or after all of these.
    Elsewhere,
}

/// The time in Norway, where the companies are.
pub(super) fn local(at: Instant) -> jiff::Zoned {
    let zone = TimeZone::get("Europe/Oslo").unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone)
}

fn number(month: Month) -> i32 {
    i32::from(month.year) * YEAR + i32::from(month.month) - 1
}

fn month(number: i32) -> Month {
    // Numbers are of months of the calendar, or a year or two before one.
    Month { year: (number / YEAR) as i16, month: (number % YEAR + 1) as u8 }
}

impl Window {
    /// The window of data of this instant that has lines in these months. If the ledger ended long ago, it is the last year of the ledger.
    pub(crate) fn new(at: Instant, months: impl Iterator<Item = Month>) -> Self {
        let now = local(at);
        let open = i32::from(now.year()) * YEAR + i32::from(now.month()) - 1;
        let (mut first, mut last) = (None, None);
        for month in months.map(number) {
            first = Some(first.map_or(month, |first: i32| first.min(month)));
            last = last.max(Some(month).filter(|month| *month < open));
        }
        Self { last: last.unwrap_or(open - 1), open, day: now.day(), first }
    }

    /// Where a month lies.
    pub(crate) fn place(&self, month: Month) -> Place {
        match self.last - number(month) {
            0..YEAR => Place::Now,
            age if (YEAR..2 * YEAR).contains(&age) => Place::Before,
            _ if number(month) == self.open => Place::Open,
            _ => Place::Elsewhere,
        }
    }

    /// The column of a month in the chart.
    pub(crate) fn column(&self, month: Month) -> Option<usize> {
        usize::try_from(number(month) - (self.last + 1 - 2 * YEAR)).ok().filter(|column| *column < COLUMNS)
    }

    /// The month of a column.
    pub(crate) fn month(&self, column: usize) -> Month {
        month(self.last + 1 - 2 * YEAR + column as i32)
    }

    /// Whether the last column is the month that goes on.
    pub(crate) fn is_open_next(&self) -> bool {
        self.open == self.last + 1
    }

    /// The first and the last month of those that are looked at.
    pub(crate) fn now(&self) -> (Month, Month) {
        (month(self.last + 1 - YEAR), month(self.last))
    }

    /// The same a year earlier.
    pub(crate) fn before(&self) -> (Month, Month) {
        (month(self.last + 1 - 2 * YEAR), month(self.last - YEAR))
    }

    /// The first month with lines, if it is too late for a comparison of whole years.
    pub(crate) fn too_short_since(&self) -> Option<Month> {
        self.first.filter(|first| *first > self.last + 1 - 2 * YEAR).map(month)
    }

    /// The first month of which there are lines.
    pub(crate) fn since(&self) -> Option<Month> {
        self.first.map(month)
    }

    /// Whether the last month ended so few days ago that invoices still come.
    pub(crate) fn has_just_ended(&self) -> bool {
        self.is_open_next() && self.day <= LATE_DAYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(at: &str, months: &[&str]) -> Window {
        let at: Timestamp = at.parse().unwrap();
        Window::new(Instant(at.as_millisecond()), months.iter().map(|month| month.parse().unwrap()))
    }

    #[test]
    fn whole_months_are_compared_with_the_same_a_year_earlier() {
        let window = of("2026-11-21T01:30:00Z", &["2022-01", "2026-11", "2026-10", "2027-01"]);
        let span = |(first, last): (Month, Month)| format!("{first} {last}");
        assert_eq!((span(window.now()), span(window.before())), ("2025-11 2026-10".into(), "2024-11 2025-10".into()));
        for (month, place, column) in [
            ("2026-11", Place::Open, Some(24)),
            ("2026-10", Place::Now, Some(23)),
            ("2025-11", Place::Now, Some(12)),
            ("2025-10", Place::Before, Some(11)),
            ("2024-11", Place::Before, Some(0)),
            ("2024-10", Place::Elsewhere, None),
            ("2026-12", Place::Elsewhere, None),
        ] {
            let month = month.parse().unwrap();
            assert_eq!((window.place(month), window.column(month)), (place, column), "{month}");
            assert!(column.is_none_or(|column| window.month(column) == month));
        }
        assert_eq!((window.too_short_since(), window.has_just_ended()), (None, false));
    }

    #[test]
    fn a_month_ends_in_norway_and_invoices_come_late() {
        let window = of("2026-10-31T23:30:00Z", &["2026-10"]);
        assert_eq!((window.now().1.to_string(), window.has_just_ended()), ("2026-10".to_owned(), true));
    }

    #[test]
    fn a_short_ledger_is_not_compared_and_an_old_one_is_shown() {
        let short = of("2026-11-21T01:30:00Z", &["2025-03", "2026-10"]);
        assert_eq!(short.too_short_since().unwrap().to_string(), "2025-03");
        let old = of("2026-11-21T01:30:00Z", &["2020-03", "2022-06"]);
        assert_eq!((old.now().1.to_string(), old.is_open_next()), ("2022-06".into(), false));
        let none = of("2026-11-21T01:30:00Z", &[]);
        assert_eq!((none.now().1.to_string(), none.too_short_since()), ("2026-10".into(), None));
    }
}
