//! The rules that decide what is spend, with the defaults of the contract. Their words come from settings; their meaning is here.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::value::Month;
use crate::vat::VatRates;

/// All rules of a refresh.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// Keep only lines of these document types.
    pub document_types: Codes,
    /// Leave out lines on these accounts.
    pub excluded_accounts: AccountRanges,
    /// Lines of these document types are payroll, whatever `document_types` says.
    pub payroll_document_types: Codes,
    /// Lines on these accounts are payroll, whatever their document type.
    pub payroll_accounts: AccountRanges,
    /// Whether a line that shares a match with a payroll line is payroll too.
    pub payroll_matches: bool,
    /// Leave out periods before this month.
    pub history_from: Option<Month>,
    /// The percentage of each tax rule.
    pub vat_rates: VatRates,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            document_types: Codes::of(&["AP", "BA", "ER"]),
            excluded_accounts: AccountRanges(vec![(1900, 3000)]),
            payroll_document_types: Codes::of(&["PR", "PY", "SA", "SAL", "LO", "LON", "LØ"]),
            payroll_accounts: AccountRanges(vec![(5000, 5499)]),
            payroll_matches: true,
            history_from: None,
            vat_rates: VatRates::default(),
        }
    }
}

/// Codes, compared trimmed and without case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Codes(Vec<String>);

impl Codes {
    fn of(codes: &[&str]) -> Self {
        Self(codes.iter().map(|code| folded(code)).collect())
    }

    /// Whether `code` is one of them.
    pub fn contains(&self, code: &str) -> bool {
        let code = folded(code);
        self.0.contains(&code)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn folded(code: &str) -> String {
    code.trim().to_uppercase()
}

impl FromStr for Codes {
    type Err = String;

    /// Reads `AP,BA,ER`.
    fn from_str(text: &str) -> Result<Self, String> {
        let codes: Vec<String> = text.split(',').map(folded).filter(|code| !code.is_empty()).collect();
        if codes.iter().any(|code| code.chars().any(|c| c.is_whitespace() || c.is_control())) {
            return Err("codes are separated by commas and hold no spaces, as in `AP,BA,ER`".to_owned());
        }
        Ok(Self(codes))
    }
}

/// Ranges of account numbers, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRanges(Vec<(u16, u16)>);

impl AccountRanges {
    /// Whether `number` is in one of them.
    pub fn contains(&self, number: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }
}

impl FromStr for AccountRanges {
    type Err = String;

    /// Reads `1900-3000,7770`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| match text.trim() {
            digits if (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<u16>().map_err(|error| error.to_string())
            }
            other => Err(format!(
                "`{other}` is not an account number of one to four digits; write ranges as in `1900-3000,7770`"
            )),
        };
        let ranges = text.split(',').filter(|part| !part.trim().is_empty()).map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(format!("the range `{}` ends before it begins", part.trim()));
            }
            Ok((first, last))
        });
        Ok(Self(ranges.collect::<Result<_, String>>()?))
    }
}

impl fmt::Display for AccountRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(first, last)| format!("{first:04}-{last:04}")).collect();
        f.write_str(&parts.join(","))
    }
}

impl Serialize for AccountRanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How lines of a document type are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Payroll: never asked for.
    Payroll,
    /// Without a code: cannot be judged.
    Refused,
    /// Not among the document types that are kept.
    LeftOut,
    /// Kept, if account and period are.
    Kept,
}

impl Rules {
    /// How lines of a document type are treated.
    pub fn treatment(&self, code: Option<&str>, description: Option<&str>) -> Treatment {
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        if code.is_some_and(|code| self.payroll_document_types.contains(code))
            || description.is_some_and(describes_payroll)
        {
            return Treatment::Payroll;
        }
        match code {
            None => Treatment::Refused,
            Some(code) if self.document_types.contains(code) => Treatment::Kept,
            Some(_) => Treatment::LeftOut,
        }
    }
}

/// Whether the description of a document type says payroll, in Norwegian or English.
fn describes_payroll(description: &str) -> bool {
    let text = description.to_lowercase();
    if ["lønn", "payroll", "feriepenge"].iter().any(|word| text.contains(word)) {
        return true;
    }
    text.split(|c: char| !c.is_alphabetic())
        .any(|word| ["lonn", "salar", "wage"].iter().any(|start| word.starts_with(start)) || word.ends_with("lonn"))
}

/// The number that account rules go by: the code's digits, leading zeros dropped, at most the first four. `None` for a code without digits.
pub fn account_number(code: &str) -> Option<u16> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(digits.bytes().take(4).fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payroll_is_known_by_code_or_description() {
        let rules = Rules::default();
        for (code, description, treatment) in [
            (Some("AP"), Some("Inngående faktura"), Treatment::Kept),
            (Some(" ap "), None, Treatment::Kept),
            (Some("lø"), None, Treatment::Payroll),
            (Some("AP"), Some("LØNN"), Treatment::Payroll),
            (None, Some("Payroll run"), Treatment::Payroll),
            (Some("XV"), Some("Variabellønn"), Treatment::Payroll),
            (Some("XV"), Some("fastlonn 2"), Treatment::Payroll),
            (Some("XV"), Some("Salaries"), Treatment::Payroll),
            (Some("XV"), Some("minimum-wage"), Treatment::Payroll),
            (Some("XV"), Some("Feriepengeavsetning"), Treatment::Payroll),
            (Some("BA"), Some("Bankbilag Avalonne"), Treatment::Kept),
            (Some("GL"), Some("Hovedbok"), Treatment::LeftOut),
            (Some("  "), Some("Noe"), Treatment::Refused),
            (None, None, Treatment::Refused),
        ] {
            assert_eq!(rules.treatment(code, description), treatment, "{code:?} {description:?}");
        }
    }

    #[test]
    fn account_numbers_come_from_the_code() {
        for (code, number) in [
            ("1920", Some(1920)),
            ("01920", Some(1920)),
            ("50001", Some(5000)),
            ("A-43*", Some(43)),
            ("ABC", None),
            ("000", Some(0)),
            ("5000*", Some(5000)),
        ] {
            assert_eq!(account_number(code), number, "{code}");
        }
    }

    #[test]
    fn ranges_are_read_or_explained() {
        let ranges: AccountRanges = " 1900-3000, 7770 ".parse().unwrap();
        assert!(ranges.contains(1900) && ranges.contains(3000) && ranges.contains(7770) && !ranges.contains(3001));
        assert_eq!("".parse::<AccountRanges>().unwrap(), AccountRanges(vec![]));
        for text in ["x", "3000-1900", "12345", "1-", "1–2"] {
            assert!(text.parse::<AccountRanges>().is_err(), "{text}");
        }
    }
}
