//! Whether amounts and currencies belong together: by the rates that the lines of a month imply among themselves, for no rate is known here.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::classify::spend_class::SpendClass;
use crate::model::value::Month;
use crate::report::checks::{DataCheck, count};
use crate::table::spend;

/// How far a rate may lie from its month's median, in percent. Rates differ from day to day; beyond this a sign, a digit or the currency is wrong.
const MAX_OFF_PERCENT: i128 = 5;
/// On small amounts a hundredth of the currency's unit is rounding, in ten-thousandths.
const ROUNDING: i128 = 100;
/// Fewer lines have no median to go by.
const FEWEST: usize = 5;
/// Parts that a rate is reckoned in.
const PARTS: i128 = 1_000_000_000;

/// Lines of an owner and currency that are not as the others.
#[derive(Debug, Default)]
struct Off {
    lines: u64,
    /// Lines in the owner's own currency of which both amounts should be one.
    differing: u64,
    months: BTreeSet<Month>,
}

/// Amounts in the currencies of owner and invoice.
#[derive(Debug, Default)]
pub(super) struct Exchange<'a> {
    /// Of the month that is being written.
    month: FxHashMap<(i64, &'a str), Vec<(i64, i64)>>,
    off: BTreeMap<(i64, &'a str), Off>,
    lines: u64,
}

impl<'a> Exchange<'a> {
    /// A row of a closed month. Gains and losses of exchange are finance, and have an amount in one currency alone.
    pub(super) fn add(&mut self, month: Month, row: &spend::Row<'a>) {
        let (Some(currency), Some(amount), Some(invoice)) = (row.invoice_currency_code, row.amount, row.invoice_amount)
        else {
            return;
        };
        if row.spend_class == SpendClass::Finance || invoice.ten_thousandths() == 0 {
            return;
        }
        self.lines += 1;
        let key = (row.owner_id.unwrap_or(0), currency);
        if row.amount_currency_code != Some(currency) {
            self.month.entry(key).or_default().push((amount.ten_thousandths(), invoice.ten_thousandths()));
        } else if amount != invoice {
            let off = self.off.entry(key).or_default();
            off.differing += 1;
            off.months.insert(month);
        }
    }

    /// Judges the month that was written.
    pub(super) fn month_ends(&mut self, month: Month) {
        for (key, lines) in self.month.drain() {
            if lines.len() < FEWEST {
                continue;
            }
            let mut rates: Vec<i128> =
                lines.iter().map(|(amount, invoice)| i128::from(*amount) * PARTS / i128::from(*invoice)).collect();
            let middle = (rates.len() - 1) / 2;
            let median = *rates.select_nth_unstable(middle).1;
            let is_off = |(amount, invoice): &&(i64, i64)| {
                let expected = median * i128::from(*invoice);
                let off = (i128::from(*amount) * PARTS - expected).abs();
                off * 100 > expected.abs() * MAX_OFF_PERCENT && off > ROUNDING * PARTS
            };
            let lines = lines.iter().filter(is_off).count() as u64;
            if lines > 0 {
                let off = self.off.entry(key).or_default();
                off.lines += lines;
                off.months.insert(month);
            }
        }
    }

    pub(super) fn finish(self, left_out: &str) -> DataCheck {
        let total: u64 = self.off.values().map(|off| off.lines + off.differing).sum();
        let places: Vec<String> = self
            .off
            .iter()
            .map(|((owner, currency), off)| {
                let months: Vec<String> = off.months.iter().rev().take(3).map(Month::to_string).collect();
                let more = if off.months.len() > months.len() { " and before" } else { "" };
                let differing = match off.differing {
                    0 => String::new(),
                    lines => format!(", {} in the owner's currency with two amounts", count(lines)),
                };
                format!(
                    "owner {owner}, {currency}: {} off{differing}, in {}{more}",
                    count(off.lines),
                    months.join(", ")
                )
            })
            .collect();
        let figure = format!("{} of {} lines; {left_out}", count(total), count(self.lines));
        let meaning = "lines whose two amounts imply another rate than those of the same owner, currency and month";
        DataCheck::judged("exchange_rates", figure, meaning, &places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;
    use crate::table::spend::tests::bare;

    const MAY: Month = Month { year: 2026, month: 5 };

    fn row(currency: &'static str, amount: &str, invoice: &str) -> spend::Row<'static> {
        let [amount, invoice_amount] = [amount, invoice].map(Money::parse);
        let (owner_id, amount_currency_code) = (Some(4), Some("NOK"));
        spend::Row {
            owner_id,
            amount,
            amount_currency_code,
            invoice_amount,
            invoice_currency_code: Some(currency),
            ..bare(1)
        }
    }

    fn check(rows: &[spend::Row<'static>]) -> (String, String) {
        let mut exchange = Exchange::default();
        rows.iter().for_each(|row| exchange.add(MAY, row));
        exchange.month_ends(MAY);
        let check = exchange.finish("2026-06 and later left out");
        (check.figure, check.detail)
    }

    #[test]
    fn a_line_is_near_the_months_median() {
        let usual = [
            row("EUR", "1150", "100"),
            row("EUR", "-1150", "-100"),
            row("EUR", "11.5", "1"),
            row("EUR", "0.12", "0.01"),
        ];
        let with = |amount: &str| check(&[&usual[..], &[row("EUR", amount, "100")]].concat());
        // The median is 11.5.
        for amount in ["1207.5", "1092.5"] {
            assert_eq!(
                with(amount),
                ("0 of 5 lines; 2026-06 and later left out".to_owned(), String::new()),
                "{amount}"
            );
        }
        for amount in ["1207.52", "1092.48", "-1150", "115", "0"] {
            let (figure, detail) = with(amount);
            assert_eq!(figure, "1 of 5 lines; 2026-06 and later left out", "{amount}");
            assert!(detail.ends_with(": owner 4, EUR: 1 off, in 2026-05"), "{detail}");
        }
        // Four lines have no median.
        assert_eq!(check(&[usual[0], usual[0], usual[0], row("EUR", "1", "100")]).1, "");
    }

    #[test]
    fn in_the_owners_currency_both_amounts_are_one() {
        let same = row("NOK", "100", "100");
        assert_eq!(check(&[same]), ("0 of 1 lines; 2026-06 and later left out".to_owned(), String::new()));
        let (figure, detail) = check(&[same, row("NOK", "100", "100.01")]);
        assert_eq!(figure, "1 of 2 lines; 2026-06 and later left out");
        assert!(
            detail.ends_with("owner 4, NOK: 0 off, 1 in the owner's currency with two amounts, in 2026-05"),
            "{detail}"
        );
        // The currency of the owner is not known: the median tells.
        let unknown = spend::Row { amount_currency_code: None, ..same };
        let odd = spend::Row { amount: Money::parse("106"), ..unknown };
        assert_eq!(check(&[unknown, unknown, unknown, unknown, odd]).0, "1 of 5 lines; 2026-06 and later left out");
    }

    #[test]
    fn what_exchange_itself_costs_is_no_purchase() {
        let finance = spend::Row { spend_class: SpendClass::Finance, ..row("NOK", "100", "90") };
        assert_eq!(check(&[finance, row("NOK", "100", "0")]).0, "0 of 0 lines; 2026-06 and later left out");
    }
}
