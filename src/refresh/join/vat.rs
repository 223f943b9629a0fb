//! The VAT rate of a line: what the settings say of its code, where the ledger's own amounts do not say otherwise. Tax rules are each company's own,
//! and the published table is of sales: on a purchase the same code can mean another rate.

use rustc_hash::FxHashMap;

use crate::model::line::Line;
use crate::model::text_pool::{PooledText, TextPool};
use crate::model::value::{Day, Money};
use crate::model::vat::VatRates;

/// Of ten lines so many must have about the VAT that the rate gives.
const AGREEING_OF_TEN: u64 = 9;
/// How much the VAT of a line may differ, in hundredths of a percent of its amount.
const TOLERANCE: u128 = 50;
/// On small amounts it may differ by what rounding does: a hundredth of the currency's unit, in ten-thousandths.
const ROUNDING: u128 = 100;

/// The rates of tax rules, each owner's for itself.
pub(super) struct Rates<'a> {
    rates: &'a VatRates,
    pool: &'a TextPool,
    evidence: FxHashMap<(i64, PooledText, i32), Evidence>,
}

/// The lines of one owner, code and rate.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    lines: u64,
    agreeing: u64,
}

impl Evidence {
    fn contradicts(self) -> bool {
        self.agreeing * 10 < self.lines * AGREEING_OF_TEN
    }
}

/// A rate that an owner's own lines contradict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContradictedRate {
    /// The owner.
    pub(crate) owner_id: i64,
    /// The code of the tax rule.
    pub(crate) vat_code: String,
    /// The rate by the settings, in hundredths of a percent.
    pub(crate) rate: i32,
    /// The lines with an amount and VAT.
    pub(crate) lines: u64,
    /// How many of them have about the VAT that the rate gives.
    pub(crate) agreeing: u64,
}

impl<'a> Rates<'a> {
    /// Looks through the lines.
    pub(super) fn new(rates: &'a VatRates, pool: &'a TextPool, lines: &[Line]) -> Self {
        let mut judged = Self { rates, pool, evidence: FxHashMap::default() };
        for line in lines {
            let (Some(amount), Some(vat)) = (line.amount.get(), line.vat_amount.get()) else { continue };
            if let Some(rate) = judged.stated(line).filter(|_| amount.ten_thousandths() != 0) {
                let evidence = judged.evidence.entry((line.owner, line.vat_code, rate)).or_default();
                evidence.lines += 1;
                evidence.agreeing += u64::from(agrees(amount, vat, rate));
            }
        }
        judged
    }

    /// The rate of a line, in hundredths of a percent.
    pub(super) fn rate(&self, line: &Line) -> Option<i32> {
        let rate = self.stated(line)?;
        let evidence = self.evidence.get(&(line.owner, line.vat_code, rate)).copied().unwrap_or_default();
        Some(rate).filter(|_| !evidence.contradicts())
    }

    /// The rates that are contradicted, by owner and code.
    pub(super) fn contradicted(&self) -> Vec<ContradictedRate> {
        let contradicted = self.evidence.iter().filter(|(_, evidence)| evidence.contradicts());
        let told = contradicted.map(|((owner_id, code, rate), Evidence { lines, agreeing })| ContradictedRate {
            owner_id: *owner_id,
            vat_code: self.pool.text(*code).unwrap_or_default().to_owned(),
            rate: *rate,
            lines: *lines,
            agreeing: *agreeing,
        });
        let mut told: Vec<ContradictedRate> = told.collect();
        told.sort_unstable();
        told
    }

    fn stated(&self, line: &Line) -> Option<i32> {
        let day = line.posted_date.unwrap_or_else(|| Day::first_of(line.month));
        self.rates.rate(self.pool.text(line.vat_code)?, day)
    }
}

/// Whether a line has about the VAT that the rate gives. Xledger's sign of VAT is not known, so that sizes are compared.
fn agrees(amount: Money, vat: Money, rate: i32) -> bool {
    let [amount, vat] = [amount, vat].map(|money| u128::from(money.ten_thousandths().unsigned_abs()));
    is_vat_of(amount, vat, rate, TOLERANCE)
}

/// Whether this VAT is about what the rate gives of a net amount, within so many hundredths of a percent of it.
pub(crate) fn is_vat_of(net: u128, vat: u128, rate: i32, tolerance: u128) -> bool {
    off(net, vat, rate) <= (net * tolerance).max(ROUNDING * 10_000)
}

/// How far VAT is from what the rate gives, in hundredths of a percent of ten-thousandths: nothing is rounded.
pub(crate) fn off(net: u128, vat: u128, rate: i32) -> u128 {
    (net * u128::from(rate.unsigned_abs())).abs_diff(vat * 10_000)
}
