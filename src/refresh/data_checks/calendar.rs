//! Which months are closed: only whole months are compared, for a half one always looks wrong.

use crate::model::value::{Day, Instant, Month};

/// Months after which a month is left alone by its accountants: it is closed for more than two.
const LONG: i32 = 3;

/// The months as a run sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// The day of the run.
    pub(super) today: Day,
    /// The month of the run.
    month: Month,
    /// The first month that is not closed.
    open: Month,
}

impl Calendar {
    /// Closed months lie before the run's month and before the newest month with lines, which may still be booked.
    pub(super) fn new(started_at: Instant, newest: Option<Month>) -> Self {
        let today = started_at.day();
        let month = today.month().unwrap_or(Month { year: 9999, month: 12 });
        Self { today, month, open: newest.map_or(month, |newest| newest.min(month)) }
    }

    /// Whether nothing should come to a month any more.
    pub(super) fn is_closed(&self, month: Month) -> bool {
        month < self.open
    }

    /// Whether a month has been closed for more than two months.
    pub(super) fn is_long_closed(&self, month: Month) -> bool {
        self.is_closed(month) && month.number() + LONG <= self.month.number()
    }

    /// What is left out, as a figure says it.
    pub(super) fn left_out(&self) -> String {
        format!("{} and later left out", self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run on 2026-11-21.
    pub(in crate::refresh::data_checks) fn november(newest: &str) -> Calendar {
        Calendar::new(Instant(1_795_224_600_000), newest.parse().ok())
    }

    #[test]
    fn the_running_month_and_the_newest_are_open() {
        for (newest, closed, open) in [
            ("2026-11", "2026-10", "2026-11"),
            ("2026-10", "2026-09", "2026-10"),
            ("2027-02", "2026-10", "2026-11"),
            ("2025-03", "2025-02", "2025-03"),
            ("none", "2026-10", "2026-11"),
        ] {
            let calendar = november(newest);
            let [closed, not_closed] = [closed, open].map(|month| month.parse().unwrap());
            assert!(calendar.is_closed(closed) && !calendar.is_closed(not_closed), "{newest}");
            assert_eq!(calendar.left_out(), format!("{open} and later left out"));
        }
    }

    #[test]
    fn a_month_is_long_closed_after_two_others() {
        let calendar = november("2026-11");
        let [august, september] = ["2026-08", "2026-09"].map(|month| month.parse().unwrap());
        assert!(calendar.is_long_closed(august) && !calendar.is_long_closed(september));
        assert!(!november("2026-08").is_long_closed(august), "it may still be booked");
    }
}
