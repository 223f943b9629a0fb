//! The rules that decide what is spend, with the defaults of the contract. Their words come from settings; their meaning is here.

mod accounts;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::classify::category::Language;
use crate::classify::folded;
use crate::model::treatment::Treatment;
use crate::model::value::Month;
use crate::model::vat::VatRates;
use crate::xledger::{Client, query};
pub(crate) use accounts::{AccountFacts, PayrollAccounts};

/// All rules of a refresh.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// Keep only lines of these document types.
    pub document_types: Codes,
    /// Leave out lines on these accounts.
    #[serde(serialize_with = "as_text")]
    pub excluded_accounts: AccountRanges,
    /// Lines of these document types are payroll, whatever `document_types` says.
    pub payroll_document_types: Codes,
    /// Beginnings of words that make a document type payroll, beside those that are known.
    pub payroll_words: PayrollWordStarts,
    /// Lines on these accounts are payroll, whatever their document type.
    #[serde(serialize_with = "as_text")]
    pub payroll_accounts: PayrollAccounts,
    /// Whether a line that shares a match with a payroll line is payroll too.
    pub payroll_matches: bool,
    /// Leave out periods before this month.
    pub history_from: Option<Month>,
    /// The percentage of each tax rule.
    #[serde(serialize_with = "as_text")]
    pub vat_rates: VatRates,
    /// The language of default categories.
    #[serde(serialize_with = "as_text")]
    pub language: Language,
    /// What is kept of what can name a person.
    pub personal: Personal,
}

fn as_text<T: fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// What is kept of what can name a person. What is not kept is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Personal {
    /// Texts of ledger lines.
    pub texts: bool,
    /// Texts of expense reports: a person's trips.
    pub expense_texts: bool,
    /// Suppliers' contacts.
    pub contacts: bool,
    /// Organisation numbers that are a person's. They are asked for, for nothing else tells that they are, and not published.
    pub numbers: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            document_types: Codes::folded(&["AP", "BA", "ER"]),
            excluded_accounts: AccountRanges(vec![(1900, 3000)]),
            payroll_document_types: Codes::folded(&["PR", "PY", "SA", "SAL", "LO", "LON", "LØ"]),
            payroll_words: PayrollWordStarts::default(),
            payroll_accounts: PayrollAccounts::default(),
            payroll_matches: true,
            history_from: None,
            vat_rates: VatRates::default(),
            language: Language::English,
            personal: Personal { texts: true, expense_texts: false, contacts: false, numbers: false },
        }
    }
}

impl Personal {
    /// Does not ask for what is not kept; of expense reports, see [`rows`](super::rows).
    pub(crate) fn leave_out(self, client: &Client) {
        if !self.texts {
            client.plan().leave_out(query::LEDGER_LINES, "text");
        }
        if !self.contacts {
            client.plan().leave_out(query::SUPPLIERS, "contact");
        }
    }
}

/// Codes, compared trimmed and without case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Codes(Vec<String>);

impl Codes {
    fn folded(codes: &[&str]) -> Self {
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

    /// Takes these in, too.
    pub fn add(&mut self, codes: Codes) {
        self.0.extend(codes.0);
    }

    /// Those that are none of these.
    pub fn without<'a>(&'a self, codes: &'a Codes) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(|code| !codes.0.contains(code)).map(String::as_str)
    }
}

/// Beginnings of words, in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PayrollWordStarts(Vec<String>);

impl FromStr for PayrollWordStarts {
    type Err = String;

    /// Reads `bonus,honorar`.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<String> =
            text.split(',').map(|word| small(word.trim())).filter(|word| !word.is_empty()).collect();
        match words.iter().find(|word| !word.chars().all(char::is_alphabetic)) {
            Some(word) => Err(format!(
                "`{word}` is no beginning of a word; write letters alone, separated by commas, as in `bonus,honorar`"
            )),
            None => Ok(Self(words)),
        }
    }
}

/// In small letters, in Unicode's normal form NFC: one text has one writing.
fn small(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

impl<'a> FromIterator<&'a str> for Codes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(codes: I) -> Self {
        Self(codes.into_iter().map(folded).collect())
    }
}

impl FromStr for Codes {
    type Err = String;

    /// Reads `AP,BA,ER`.
    fn from_str(text: &str) -> Result<Self, String> {
        let codes: Vec<String> = text.split(',').map(folded).filter(|code| !code.is_empty()).collect();
        // A list with other separators, or in quotes, would be one code that no document type has: payroll would come in.
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || ";|\"'“”„‘’«»".contains(c);
        if codes.iter().any(|code| code.chars().any(is_odd)) {
            return Err(
                "codes are separated by commas and hold no spaces, semicolons or quotes, as in `AP,BA,ER`".to_owned()
            );
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

    /// Reads `1900-3000,7770`, or `none`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "none" {
            return Ok(Self(Vec::new()));
        }
        let number = |text: &str| match text.trim() {
            digits if (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<u16>().map_err(|error| error.to_string())
            }
            other => Err(format!(
                "`{other}` is not an account number of one to four digits; write ranges as in `1900-3000,7770`, or `none`"
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

impl Rules {
    /// How lines of a document type are treated.
    pub fn treatment(&self, code: Option<&str>, description: Option<&str>) -> Treatment {
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        if code.is_some_and(|code| self.payroll_document_types.contains(code))
            || description.is_some_and(|description| self.says_payroll(description))
        {
            return Treatment::Payroll;
        }
        match code {
            None => Treatment::Refused,
            Some(code) if self.document_types.contains(code) => Treatment::Kept,
            Some(_) => Treatment::LeftOut,
        }
    }

    /// Whether an account looks like wages and is neither payroll's nor left out anyway: somebody must say what it is.
    pub fn must_be_confirmed(&self, account: &AccountFacts, name: Option<&str>) -> bool {
        let looks_like_wages = account.is_wages == Some(true) || name.is_some_and(|name| self.says_payroll(name));
        looks_like_wages
            && !self.payroll_accounts.contains(account)
            && !account.is_welfare()
            && !account.number.is_some_and(|number| self.excluded_accounts.contains(number))
    }

    /// Whether a description says payroll, in Norwegian, Danish, Swedish, Finnish or English, or in words that were set.
    fn says_payroll(&self, description: &str) -> bool {
        let text = small(description);
        if ["lønn", "payroll", "feriepenge"].iter().any(|word| text.contains(word)) {
            return true;
        }
        let begins = |word: &str| {
            let known = ["lonn", "salar", "wage", "løn", "löne", "palk"];
            known.iter().any(|start| word.starts_with(start))
                || self.payroll_words.0.iter().any(|start| word.starts_with(start))
        };
        let ends = |word: &str| ["lonn", "lön", "löner", "løn"].iter().any(|end| word.ends_with(end));
        text.split(|c: char| !c.is_alphabetic()).any(|word| begins(word) || ends(word))
    }
}

/// The number that account rules go by: the code's digits, leading zeros dropped, at most the first four. `None` for a code without digits.
pub(crate) fn account_number(code: &str) -> Option<u16> {
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
            (Some("PR"), None, Treatment::Payroll),
            (Some("PY"), None, Treatment::Payroll),
            (Some("SA"), None, Treatment::Payroll),
            (Some("SAL"), None, Treatment::Payroll),
            (Some("LO"), None, Treatment::Payroll),
            (Some("LON"), None, Treatment::Payroll),
            (Some("AP"), Some("LØNN"), Treatment::Payroll),
            (None, Some("Payroll run"), Treatment::Payroll),
            (Some("XV"), Some("Variabellønn"), Treatment::Payroll),
            (Some("XV"), Some("fastlonn 2"), Treatment::Payroll),
            (Some("XV"), Some("Salaries"), Treatment::Payroll),
            (Some("XV"), Some("minimum-wage"), Treatment::Payroll),
            (Some("XV"), Some("Feriepengeavsetning"), Treatment::Payroll),
            (Some("XV"), Some("Månadslön"), Treatment::Payroll),
            // The same in another writing: a letter and its dots.
            (Some("XV"), Some("Ma\u{30a}nadslo\u{308}n"), Treatment::Payroll),
            (Some("XV"), Some("LÖNER"), Treatment::Payroll),
            (Some("XV"), Some("Lönebesked"), Treatment::Payroll),
            (Some("XV"), Some("Lønseddel"), Treatment::Payroll),
            (Some("XV"), Some("Timeløn"), Treatment::Payroll),
            (Some("XV"), Some("Palkka-ajo"), Treatment::Payroll),
            (Some("AP"), Some("Salong och kolonn"), Treatment::Payroll),
            (Some("AP"), Some("Klonering av blönderi"), Treatment::Kept),
            (Some("BA"), Some("Bankbilag Avalonne"), Treatment::Kept),
            (Some("GL"), Some("Hovedbok"), Treatment::LeftOut),
            (Some("  "), Some("Noe"), Treatment::Refused),
            (None, None, Treatment::Refused),
        ] {
            assert_eq!(rules.treatment(code, description), treatment, "{code:?} {description:?}");
        }
    }

    #[test]
    fn words_and_codes_are_added() {
        let mut rules = Rules { payroll_words: " Bonus, honorar".parse().unwrap(), ..Rules::default() };
        assert_eq!(rules.treatment(Some("AP"), Some("BONUSER 2026")), Treatment::Payroll);
        assert_eq!(rules.treatment(Some("AP"), Some("Årsbonus")), Treatment::Kept);
        rules.payroll_document_types.add("AP".parse().unwrap());
        assert_eq!(rules.treatment(Some("ap"), None), Treatment::Payroll);
        assert_eq!(rules.treatment(Some("LØ"), None), Treatment::Payroll);
        for wrong in ["to ord", "a-b", "x1"] {
            assert!(wrong.parse::<PayrollWordStarts>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_looks_like_wages_elsewhere_must_be_confirmed() {
        let rules = Rules::default();
        let of = |standard, number, is_wages| AccountFacts { number: Some(number), standard, is_wages };
        for (account, name, confirmed) in [
            (of(Some(2), 5500, Some(true)), "Annen godtgjørelse", true),
            (of(Some(2), 5000, Some(true)), "Lønn", false),
            (of(Some(2), 5960, Some(true)), "Velferd", false),
            (of(Some(3), 7690, Some(true)), "Friskvård", false),
            (of(Some(2), 7690, Some(true)), "Patentkostnad", true),
            (of(Some(2), 6790, Some(false)), "Innleid lønnskjøring", true),
            (of(Some(2), 2930, Some(false)), "Skyldig lønn", false),
            (of(Some(2), 6540, Some(false)), "Inventar", false),
        ] {
            assert_eq!(rules.must_be_confirmed(&account, Some(name)), confirmed, "{account:?} {name}");
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
        for text in ["", "none", ","] {
            assert_eq!(text.parse::<AccountRanges>().unwrap(), AccountRanges(vec![]), "{text}");
        }
        for text in ["x", "none,7770", "3000-1900", "12345", "1-", "1–2"] {
            assert!(text.parse::<AccountRanges>().is_err(), "{text}");
        }
    }
}
