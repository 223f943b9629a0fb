//! The VAT table: the percentage of each tax rule code. Data, in one place. Tax rules are each company's own; a code that is not here has no rate until
//! somebody who knows it says so in a setting.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::value::Day;

/// The standard codes, from the published set-up guide of the RecMan integration: 25 %, 15 % and 12 % inside the tax area, 0 % for exempt,
/// foreign and outside it. They are of sales; what purchases show otherwise counts more, see `refresh/join/vat.rs`.
const STANDARD: &[(&str, i32)] =
    &[("2", 2500), ("2N", 2500), ("21", 1500), ("22", 1200), ("20", 0), ("27", 0), ("29", 0)];

/// Percentages by tax rule code, in hundredths of a percent, each from a day on: rates change, and old lines keep theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatRates(BTreeMap<String, BTreeMap<Option<Day>, i32>>);

impl Default for VatRates {
    fn default() -> Self {
        Self(STANDARD.iter().map(|(code, rate)| ((*code).to_owned(), BTreeMap::from([(None, *rate)]))).collect())
    }
}

impl VatRates {
    /// The percentage of a code on a day, in hundredths of a percent; `None` for a code that is not in the table, or not yet.
    pub fn rate(&self, code: &str, day: Day) -> Option<i32> {
        let rates = self.0.get(code).or_else(|| self.0.get(&code.trim().to_uppercase()))?;
        rates.range(..=Some(day)).next_back().map(|(_, rate)| *rate)
    }
}

impl FromStr for VatRates {
    type Err = String;

    /// The standard table, extended by `3=15,33=11.11,13=12,13@2020-04-01=6,13@2021-10-01=12`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut rates, mut given) = (Self::default(), BTreeSet::new());
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (code, from, rate) = parse(part.trim()).ok_or_else(|| {
                format!("`{}` is not a code and its percentage; write `3=15,33=11.11`, or `13@2020-04-01=6` for a rate from a day on", part.trim())
            })?;
            if !given.insert((code.clone(), from)) {
                return Err(format!("the code `{code}` is there twice"));
            }
            rates.0.entry(code).or_default().insert(from, rate);
        }
        Ok(rates)
    }
}

/// Code, first day and rate of `13@2020-04-01=6.00`.
fn parse(part: &str) -> Option<(String, Option<Day>, i32)> {
    let (code, percent) = part.split_once('=')?;
    let (code, from) = match code.split_once('@') {
        Some((code, day)) => (code, Some(Day::parse(day.trim())?)),
        None => (code, None),
    };
    let (code, percent) = (code.trim().to_uppercase(), percent.trim());
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&whole.len()) && fraction.len() <= 2 && digits(whole) && digits(fraction);
    if code.is_empty() || !fits {
        return None;
    }
    Some((code, from, format!("{whole}{fraction:0<2}").parse().ok()?))
}

/// As the setting is written, the standard table included.
impl fmt::Display for VatRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rates = self.0.iter().flat_map(|(code, rates)| rates.iter().map(move |rate| (code, rate)));
        for (at, (code, (from, rate))) in rates.enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let from = from.map_or(String::new(), |day| format!("@{day}"));
            write!(f, "{comma}{code}{from}={}.{:02}", rate / 100, rate % 100)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_extended_exactly() {
        let rates: VatRates = "3=15, 33=11.11,x=0.5".parse().unwrap();
        for (code, rate) in [
            ("2", Some(2500)),
            ("2n", Some(2500)),
            ("22", Some(1200)),
            ("29", Some(0)),
            ("3", Some(1500)),
            ("33", Some(1111)),
            ("X", Some(50)),
            ("99", None),
        ] {
            assert_eq!(rates.rate(code, Day(20_000)), rate, "{code}");
        }
        for text in [
            "3",
            "3=",
            "=4",
            "3=1.234",
            "3=-1",
            "3=1e2",
            "3@=1",
            "3@2020-13-01=1",
            "@2020-01-01=1",
            "3=15,3=25",
            "x@2020-04-01=6, X@2020-04-01=7",
        ] {
            assert!(text.parse::<VatRates>().is_err(), "{text}");
        }
        assert!(rates.to_string().ends_with(",29=0.00,2N=25.00,3=15.00,33=11.11,X=0.50"), "{rates}");
        assert_eq!(rates.to_string().parse(), Ok(rates));
    }

    #[test]
    fn a_rate_can_begin_on_a_day() {
        let rates: VatRates = "13=12,13@2020-04-01=6,13@2021-10-01=12, 14 @ 2024-01-01 = 15".parse().unwrap();
        let on = |code, day| rates.rate(code, Day::parse(day).unwrap());
        assert_eq!(on("13", "2020-03-31"), Some(1200));
        assert_eq!(on("13", "2020-04-01"), Some(600));
        assert_eq!(on("13", "2021-09-30"), Some(600));
        assert_eq!(on("13", "2021-10-01"), Some(1200));
        assert_eq!((on("14", "2023-12-31"), on("14", "2024-01-01")), (None, Some(1500)));
    }
}
