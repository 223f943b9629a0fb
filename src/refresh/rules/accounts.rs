//! Which accounts are payroll's, by the standard chart that each belongs to. The vendor's charts have global ids, and a number means in one what
//! it does not in another.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::AccountRanges;
use crate::classify::spend_class::{BAS, NS_4102};

/// Wages and what goes with them in NS 4102: 56 are owners' pay, 57 wage grants, 58 refunds of sick and parental pay, which come in by bank with a
/// person's name. 55 and 59 are other allowances and staff welfare.
const NS_4102_PAYROLL: [(u16, u16); 2] = [(5000, 5499), (5600, 5899)];
/// Wages and what goes with them in BAS, where 50 to 54 are rent, energy and software. 76 is staff welfare.
const BAS_PAYROLL: [(u16, u16); 1] = [(7000, 7599)];

/// Which accounts are payroll's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayrollAccounts {
    /// Those of the account's standard chart. In any other chart, or none, those of NS 4102 and whatever has the flag `costWagesSalaries`.
    pub by_chart: bool,
    /// These, whatever their chart.
    pub ranges: AccountRanges,
}

impl Default for PayrollAccounts {
    fn default() -> Self {
        Self { by_chart: true, ranges: AccountRanges(Vec::new()) }
    }
}

/// What an account is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// The number by its code; `None` if it has no code, or one without digits, which no range holds.
    pub number: Option<u16>,
    /// Its standard chart, by the vendor's id.
    pub standard: Option<i64>,
    /// The flag `costWagesSalaries`; `None` if it cannot be read.
    pub is_wages: Option<bool>,
}

impl AccountFacts {
    fn is_in(&self, ranges: &[(u16, u16)]) -> bool {
        self.number.is_some_and(|number| ranges.iter().any(|(first, last)| (*first..=*last).contains(&number)))
    }

    /// Whether what is payroll in its chart is known by its number alone.
    pub fn is_of_known_chart(&self) -> bool {
        matches!(self.standard, Some(NS_4102 | BAS))
    }

    /// Whether it is plainly staff welfare, which is no pay.
    pub(super) fn is_welfare(&self) -> bool {
        let (norwegian, swedish) = (self.is_in(&[(5900, 5999)]), self.is_in(&[(7600, 7699)]));
        match self.standard {
            Some(NS_4102) => norwegian,
            Some(BAS) => swedish,
            _ => norwegian || swedish,
        }
    }
}

impl PayrollAccounts {
    /// Whether an account is payroll's.
    pub fn contains(&self, account: &AccountFacts) -> bool {
        let is_payroll_in_its_chart = || match account.standard {
            Some(NS_4102) => account.is_in(&NS_4102_PAYROLL),
            Some(BAS) => account.is_in(&BAS_PAYROLL),
            _ => account.is_in(&NS_4102_PAYROLL) || account.is_wages == Some(true),
        };
        account.is_in(&self.ranges.0) || self.by_chart && is_payroll_in_its_chart()
    }
}

impl PayrollAccounts {
    /// The setting that makes these accounts payroll's too, as in `chart,5510`.
    pub(crate) fn setting_with(&self, numbers: impl Iterator<Item = u16>) -> String {
        let range =
            |(first, last): (u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
        let added: BTreeSet<u16> = numbers.collect();
        let ranges = self.ranges.0.iter().copied().chain(added.into_iter().map(|number| (number, number)));
        let chart = self.by_chart.then(|| CHART.to_owned());
        chart.into_iter().chain(ranges.map(range)).collect::<Vec<_>>().join(",")
    }
}

/// In a list of accounts: those of each account's chart.
const CHART: &str = "chart";

impl FromStr for PayrollAccounts {
    type Err = String;

    /// Reads `chart,5510`: what is payroll in each account's chart, and more. Without the word, these ranges are all.
    fn from_str(text: &str) -> Result<Self, String> {
        let (chart, ranges): (Vec<&str>, Vec<&str>) = text.split(',').partition(|part| part.trim() == CHART);
        let ranges = ranges.join(",");
        if !chart.is_empty() && ranges.trim() == "none" {
            return Err(format!("`{CHART}` and `none` exclude each other; give one of them"));
        }
        let ranges: Result<_, String> = ranges.parse();
        let ranges = ranges
            .map_err(|what| format!("{what}; `{CHART}` stands for the payroll accounts of each account's chart"))?;
        Ok(Self { by_chart: !chart.is_empty(), ranges })
    }
}

impl fmt::Display for PayrollAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.by_chart, self.ranges.0.is_empty()) {
            (true, true) => f.write_str("by chart"),
            (true, false) => write!(f, "by chart, and {}", self.ranges),
            (false, _) => self.ranges.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payroll_accounts_go_by_the_chart() {
        let of = |standard, number, is_wages| AccountFacts { number, standard, is_wages };
        for (account, by_chart) in [
            (of(Some(2), Some(5000), None), true),
            (of(Some(2), Some(5500), Some(true)), false),
            (of(Some(2), Some(5600), None), true),
            (of(Some(2), Some(5899), Some(false)), true),
            (of(Some(2), Some(5900), Some(true)), false),
            (of(Some(2), Some(7210), Some(true)), false),
            (of(Some(3), Some(5010), Some(false)), false),
            (of(Some(3), Some(7000), Some(false)), true),
            (of(Some(3), Some(7599), None), true),
            (of(Some(3), Some(7600), Some(true)), false),
            (of(Some(12), Some(3310), Some(true)), true),
            (of(Some(12), Some(3310), Some(false)), false),
            (of(Some(12), Some(5010), Some(false)), true),
            (of(None, Some(5800), None), true),
            (of(None, None, Some(true)), true),
            (of(None, Some(7210), None), false),
        ] {
            assert_eq!(PayrollAccounts::default().contains(&account), by_chart, "{account:?}");
            let more: PayrollAccounts = "7210, chart".parse().unwrap();
            assert_eq!(more.contains(&account), by_chart || account.number == Some(7210), "{account:?}");
        }
        let set: PayrollAccounts = "7210".parse().unwrap();
        assert!(set.contains(&of(Some(2), Some(7210), None)) && !set.contains(&of(Some(2), Some(5000), Some(true))));
        for nothing in ["", "none"] {
            assert!(!nothing.parse::<PayrollAccounts>().unwrap().contains(&of(None, Some(5000), Some(true))));
        }
        for (text, shown) in
            [("chart", "by chart"), ("5510,chart", "by chart, and 5510-5510"), ("5000-5499", "5000-5499")]
        {
            assert_eq!(text.parse::<PayrollAccounts>().unwrap().to_string(), shown);
        }
        assert!("none,chart".parse::<PayrollAccounts>().is_err());
        for (text, with) in [("chart", "chart,59,5510"), ("7000-7599,5", "7000-7599,5,59,5510"), ("none", "59,5510")] {
            let set: PayrollAccounts = text.parse().unwrap();
            let setting = set.setting_with([5510, 59, 5510].into_iter());
            assert_eq!(setting, with);
            assert!(setting.parse::<PayrollAccounts>().unwrap().contains(&of(Some(2), Some(59), None)));
        }
        assert!("charts".parse::<PayrollAccounts>().unwrap_err().contains("`chart` stands for"));
    }
}
