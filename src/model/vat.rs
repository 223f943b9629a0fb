//! The VAT table: the percentage of each tax rule code. Data, in one place. Tax rules are each company's own; a code that is not here has no rate until
//! somebody who knows it says so in a setting.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Serialize;

/// The standard codes, from the published set-up guide of the RecMan integration: 25 %, 15 % and 12 % inside the tax area, 0 % for exempt,
/// foreign and outside it.
const STANDARD: &[(&str, i32)] =
    &[("2", 2500), ("2N", 2500), ("21", 1500), ("22", 1200), ("20", 0), ("27", 0), ("29", 0)];

/// Percentages by tax rule code, in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VatRates(BTreeMap<String, i32>);

impl Default for VatRates {
    fn default() -> Self {
        Self(STANDARD.iter().map(|(code, rate)| ((*code).to_owned(), *rate)).collect())
    }
}

impl VatRates {
    /// The percentage of a code, in hundredths of a percent; `None` for a code that is not in the table.
    pub fn rate(&self, code: &str) -> Option<i32> {
        self.0.get(code).or_else(|| self.0.get(&code.trim().to_uppercase())).copied()
    }
}

impl FromStr for VatRates {
    type Err = String;

    /// The standard table, extended by `3=15,33=11.11`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut rates = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let fault = || format!("`{}` is not a code and its percentage; write `3=15,33=11.11`", part.trim());
            let (code, percent) = part.split_once('=').ok_or_else(fault)?;
            let (code, percent) = (code.trim().to_uppercase(), percent.trim());
            let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if code.is_empty()
                || whole.is_empty()
                || whole.len() > 3
                || fraction.len() > 2
                || !digits(whole)
                || !digits(fraction)
            {
                return Err(fault());
            }
            let rate = format!("{whole}{fraction:0<2}").parse().map_err(|_| fault())?;
            rates.0.insert(code, rate);
        }
        Ok(rates)
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
            assert_eq!(rates.rate(code), rate, "{code}");
        }
        for text in ["3", "3=", "=4", "3=1.234", "3=-1", "3=1e2"] {
            assert!(text.parse::<VatRates>().is_err(), "{text}");
        }
    }
}
