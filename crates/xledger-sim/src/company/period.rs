//! Accounting periods: months of two calendars, each with a 13th period.

use crate::company::date::{Day, calendar, day};

/// An accounting period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// `dbId`.
    pub id: i32,
    /// The calendar that it belongs to: 0 begins its fiscal year in January, 1 in July.
    pub calendar: u8,
    /// Calendar year.
    pub year: i32,
    /// Calendar month, 1 to 12.
    pub month: i32,
    /// The fiscal year, named after the year in which it ends.
    pub fiscal_year: i32,
    /// 1 to 13; the 13th is for closing the year.
    pub fiscal_period: i32,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Period {
    /// The name shown in Xledger.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{}-{:02}", self.fiscal_year, self.fiscal_period)
    }
}

/// All periods of the years `from..=to` in both calendars.
pub(crate) fn periods(from: i32, to: i32) -> Vec<Period> {
    let mut all = Vec::new();
    for (number, first_month) in [(0, 1), (1, 7)] {
        for year in from..=to {
            for month in 1..=12 {
                let fiscal_period = (month - first_month + 12) % 12 + 1;
                let fiscal_year = if first_month > 1 && month >= first_month { year + 1 } else { year };
                let next = if month == 12 { day(year + 1, 1, 1) } else { day(year, month + 1, 1) };
                let period = Period {
                    id: 400_000 + i32::from(number) * 5_000 + (year - 2000) * 40 + month,
                    calendar: number,
                    year,
                    month,
                    fiscal_year,
                    fiscal_period,
                    from: day(year, month, 1),
                    to: next - 1,
                };
                all.push(period);
                if fiscal_period == 12 {
                    all.push(Period { id: period.id + 20, fiscal_period: 13, from: period.to, ..period });
                }
            }
        }
    }
    all.sort_by_key(|period| period.id);
    all
}

/// The ordinary period of a day, or the 13th one of the same month where `thirteenth` is set and there is one.
pub(crate) fn find(periods: &[Period], number: u8, on: Day, thirteenth: bool) -> Option<u16> {
    let (year, month, _) = calendar(on);
    let id = 400_000 + i32::from(number) * 5_000 + (year - 2000) * 40 + month;
    let closing = periods.binary_search_by_key(&(id + 20), |period| period.id).ok();
    let ordinary = periods.binary_search_by_key(&id, |period| period.id).ok();
    (if thirteenth { closing.or(ordinary) } else { ordinary }).map(|found| found as u16)
}
