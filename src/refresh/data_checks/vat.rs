//! Whether the VAT of purchases is that of a rate: by what the settings say of a code, else by the rates that there are.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::refresh::join::{ContradictedRate, is_vat_of, off};
use crate::report::checks::{DataCheck, count};
use crate::table::spend;

/// The rates of Norway, Sweden, Finland and Denmark, now and since 2015, in hundredths of a percent.
const RATES: [i32; 12] = [0, 600, 800, 1_000, 1_111, 1_200, 1_350, 1_400, 1_500, 2_400, 2_500, 2_550];
/// How much the VAT of a line may differ, in hundredths of a percent of its amount: less than what lies between a rate of the amount and another of
/// the amount with its VAT.
const TOLERANCE: u128 = 10;
/// Of ten lines so many have about the VAT of a rate, as for a rate that was stated.
const AGREEING_OF_TEN: u64 = 9;
/// Fewer lines say nothing of their code.
const FEWEST: u64 = 10;

/// The lines of an owner and code.
#[derive(Debug, Default)]
struct Implied {
    /// Those that have no rate.
    lines: u64,
    /// Of them, those with about the VAT of each rate.
    near: [u64; RATES.len()],
    /// Of the others, those with the VAT of each rate inside of their amount.
    inside: [u64; RATES.len()],
}

/// The rates that lines imply.
#[derive(Debug, Default)]
pub(super) struct Vat<'a>(FxHashMap<(i64, &'a str), Implied>);

impl<'a> Vat<'a> {
    pub(super) fn add(&mut self, row: &spend::Row<'a>) {
        let (Some(code), Some(amount), Some(vat)) = (row.vat_code, row.amount, row.vat_amount) else { return };
        if amount.ten_thousandths() == 0 {
            return;
        }
        let implied = self.0.entry((row.owner_id.unwrap_or(0), code)).or_default();
        if row.vat_rate.is_some() {
            return;
        }
        implied.lines += 1;
        let [amount, vat] = [amount, vat].map(|money| u128::from(money.ten_thousandths().unsigned_abs()));
        let of_net = nearest(amount, vat, &mut implied.near);
        // 12 % of an amount without its VAT are 10.71 % of the amount with it.
        if let Some(lines) = of_net.or_else(|| nearest(amount.saturating_sub(vat), vat, &mut implied.inside)) {
            *lines += 1;
        }
    }

    pub(super) fn finish(self, contradicted: &[ContradictedRate]) -> DataCheck {
        let codes: BTreeMap<(i64, &str), Implied> = self.0.into_iter().collect();
        let most = |implied: &Implied, stated: i32| {
            let near = RATES.into_iter().zip(implied.near).map(|(rate, lines)| (lines, rate, ""));
            let near = near.filter(|(_, rate, _)| *rate != stated);
            let inside =
                RATES.into_iter().zip(implied.inside).map(|(rate, lines)| (lines, rate, " inside of the amount"));
            let most = near.chain(inside).max_by_key(|(lines, rate, inside)| (*lines, inside.is_empty(), -*rate));
            let (lines, rate, inside) = most.filter(|(lines, ..)| *lines > 0)?;
            Some(format!(", {} have {}{inside}", count(lines), percent(rate)))
        };
        let (mut places, mut wrong) = (Vec::new(), 0);
        for ((owner, code), implied) in &codes {
            let before = places.len();
            let near: u64 = implied.near.iter().sum();
            let stated: Vec<_> =
                contradicted.iter().filter(|of| of.owner_id == *owner && of.vat_code == *code).collect();
            for rate in &stated {
                places.push(format!(
                    "owner {owner}, code {code}: {} of {} lines have {}{}",
                    count(rate.agreeing),
                    count(rate.lines),
                    percent(rate.rate),
                    // Of a code with rates of several dates nobody knows which lines it is about.
                    most(implied, rate.rate).filter(|_| stated.len() == 1).unwrap_or_default()
                ));
            }
            if stated.is_empty() && implied.lines >= FEWEST && near * 10 < implied.lines * AGREEING_OF_TEN {
                places.push(format!(
                    "owner {owner}, code {code}: {} of {} lines have a rate",
                    count(near),
                    count(implied.lines)
                ));
            }
            wrong += u64::from(places.len() > before);
        }
        let figure = format!("{} of {} codes", count(wrong), count(codes.len() as u64));
        DataCheck::judged("vat_rates", figure, "the VAT of lines is not that of the rate of their code", &places)
    }
}

/// The count of the rate that is nearest to this VAT of a net amount, if it is near: of small amounts several fit.
fn nearest(net: u128, vat: u128, counts: &mut [u64; RATES.len()]) -> Option<&mut u64> {
    let (rate, lines) = RATES.iter().zip(counts).min_by_key(|(rate, _)| off(net, vat, **rate))?;
    is_vat_of(net, vat, *rate, TOLERANCE).then_some(lines)
}

/// `11.11 %`, `25 %`.
fn percent(rate: i32) -> String {
    match rate % 100 {
        0 => format!("{} %", rate / 100),
        part => format!("{}.{part:02} %", rate / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;
    use crate::table::spend::VatRate;
    use crate::table::spend::tests::bare;

    fn row(code: &'static str, amount: &str, vat: &str) -> spend::Row<'static> {
        let [amount, vat_amount] = [amount, vat].map(Money::parse);
        spend::Row { owner_id: Some(4), vat_code: Some(code), amount, vat_amount, ..bare(1) }
    }

    fn detail(rows: &[(usize, spend::Row<'static>)], contradicted: &[ContradictedRate]) -> (String, String) {
        let mut vat = Vat::default();
        for (times, row) in rows {
            (0..*times).for_each(|_| vat.add(row));
        }
        let check = vat.finish(contradicted);
        (check.figure, check.detail)
    }

    #[test]
    fn nine_of_ten_lines_have_a_rate() {
        // Within a tenth of a point, on both sides, whatever the sign.
        for vat in ["25.1", "23.9", "-25", "11.11", "0", "6.1", "13.5"] {
            assert_eq!(detail(&[(9, row("1", "100", vat)), (1, row("1", "100", "18"))], &[]).1, "", "{vat}");
        }
        // 10.71 is 12 % inside of 100, and no 11.11 %; 13.04 is 15 % there, and no 13.5 %.
        for vat in ["25.11", "23.89", "18", "3", "10.71", "13.04"] {
            let (figure, told) = detail(&[(8, row("1", "-100", "25")), (2, row("1", "-100", vat))], &[]);
            assert!(told.ends_with("owner 4, code 1: 8 of 10 lines have a rate"), "{vat}: {told}");
            assert_eq!(figure, "1 of 1 codes");
        }
        // A hundredth is what rounding does.
        assert_eq!(detail(&[(10, row("1", "0.05", "0.01"))], &[]).1, "");
        // Too few, or nothing to go by.
        assert_eq!(detail(&[(9, row("1", "100", "18"))], &[]).1, "");
        assert_eq!(detail(&[(10, row("1", "0", "18"))], &[]), ("0 of 0 codes".to_owned(), String::new()));
    }

    #[test]
    fn a_rate_that_was_stated_is_judged_by_it() {
        let stated = |mut row: spend::Row<'static>| {
            row.vat_rate = Some(VatRate(1_500));
            row
        };
        assert_eq!(detail(&[(20, stated(row("21", "100", "18")))], &[]).1, "", "the join found no contradiction");
        let contradicted =
            ContradictedRate { owner_id: 4, vat_code: "21".to_owned(), rate: 1_500, lines: 3, agreeing: 0 };
        let (figure, told) =
            detail(&[(3, row("21", "100", "25")), (20, stated(row("11", "100", "15")))], &[contradicted]);
        assert!(told.ends_with("owner 4, code 21: 0 of 3 lines have 15 %, 3 have 25 %"), "{told}");
        assert_eq!(figure, "1 of 2 codes");
        // The stated rate is not told twice.
        let contradicted =
            |rate| ContradictedRate { owner_id: 4, vat_code: "22".to_owned(), rate, lines: 8, agreeing: 5 };
        let rows = [(5, row("22", "100", "12")), (3, row("22", "112", "12"))];
        let told = detail(&rows, &[contradicted(1_200)]).1;
        assert!(told.ends_with("owner 4, code 22: 5 of 8 lines have 12 %, 3 have 12 % inside of the amount"), "{told}");
    }
}
