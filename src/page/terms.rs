//! How long the suppliers give: days from an invoice's date to its due date.

/// The last day of each span, the first of which is due at once.
pub(super) const SPANS: [i64; 4] = [0, 14, 30, 60];
/// Spans, one more above the last, and what is not known.
pub(super) const ROWS: usize = SPANS.len() + 2;
/// Terms outside of this are typing errors.
const PLAUSIBLE: std::ops::RangeInclusive<i64> = -31..=366;

/// What was bought on which terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Invoices and ten-thousandths by span; what is not known stands last.
    pub(super) rows: [(u64, i128); ROWS],
    /// Days times ten-thousandths, and ten-thousandths, where days are known.
    weighted: (i128, i128),
}

impl Terms {
    /// Adds an amount of an invoice with so many days.
    pub(super) fn add(&mut self, days: Option<i64>, amount: i128, is_new_invoice: bool) {
        let days = days.filter(|days| PLAUSIBLE.contains(days));
        let row = days.map_or(ROWS - 1, |days| SPANS.iter().filter(|last| days > **last).count());
        if let Some((invoices, sum)) = self.rows.get_mut(row) {
            *invoices += u64::from(is_new_invoice);
            *sum += amount;
        }
        if let Some(days) = days {
            self.weighted.0 += i128::from(days) * amount;
            self.weighted.1 += amount;
        }
    }

    /// Tenths of a day that a unit of money is due after, on average.
    pub(super) fn average_tenths(&self) -> Option<i128> {
        let (sum, weight) = self.weighted;
        (weight > 0).then(|| (sum * 10 + weight / 2).div_euclid(weight))
    }

    /// Whether any invoice has both dates.
    pub(super) fn is_known(&self) -> bool {
        self.rows.iter().take(ROWS - 1).any(|(invoices, _)| *invoices > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_weigh() {
        let mut terms = Terms::default();
        assert_eq!((terms.average_tenths(), terms.is_known()), (None, false));
        // 10 days for 300 and 50 days for 100 are 20 days on average.
        for (days, amount, is_new) in [
            (Some(10), 200, true),
            (Some(10), 100, false),
            (Some(50), 100, true),
            (None, 900, true),
            (Some(40_000), 5, true),
            (Some(61), 0, true),
        ] {
            terms.add(days, amount, is_new);
        }
        assert_eq!(terms.rows, [(0, 0), (1, 300), (0, 0), (1, 100), (1, 0), (2, 905)]);
        assert_eq!((terms.average_tenths(), terms.is_known()), (Some(200), true));
    }

    #[test]
    fn a_span_ends_with_its_last_day() {
        for (days, row) in [(-3, 0), (0, 0), (1, 1), (14, 1), (15, 2), (30, 2), (31, 3), (60, 3), (61, 4)] {
            let mut terms = Terms::default();
            terms.add(Some(days), 1, true);
            assert_eq!(terms.rows[row], (1, 1), "{days}");
        }
    }
}
