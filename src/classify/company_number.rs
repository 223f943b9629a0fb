//! Which company an organisation number names. Two companies must never become one, and a person's number never passes for a company's: in doubt
//! there is no key, and the caller keeps the supplier to itself.
//!
//! A number is judged in one register only, for numbers of different countries look alike: that of the prefix in the number, or else of the
//! address.

mod registers;
mod person;
mod digits;

use unicode_normalization::UnicodeNormalization;

use crate::model::words::words;
use digits::is_placeholder;

words! {
    /// What a company number was found to be.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum CompanyNumberStatus {
        /// It has the form of its country and passes its check.
        Valid = "valid",
        /// It has not, or is a placeholder such as `999999999` or `123456789`.
        Invalid = "invalid",
        /// It is a person's number, or looks like one: it must not be published, nor be a key.
        Personal = "personal",
        /// There is none.
        Missing = "missing",
        /// Its country has no check that is known here, or is not known itself.
        Unchecked = "unchecked",
    }
}

/// What a company number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// What it was found to be.
    pub(crate) status: CompanyNumberStatus,
    /// What names the company wherever it is a supplier, such as `NO:914286018`. `None` if the number cannot tell.
    pub(crate) key: Option<Box<str>>,
}

impl Judged {
    fn without_key(status: CompanyNumberStatus) -> Self {
        Self { status, key: None }
    }

    fn with_key(status: CompanyNumberStatus, system: &str, number: &str) -> Self {
        Self { status, key: Some(format!("{system}:{number}").into()) }
    }

    /// Of a number that has the form of its register: valid if its check is right.
    fn checked(system: &str, number: &str, is_right: bool) -> Self {
        if is_right && !is_placeholder(number) {
            Self::with_key(CompanyNumberStatus::Valid, system, number)
        } else {
            Self::without_key(CompanyNumberStatus::Invalid)
        }
    }

    fn personal() -> Self {
        Self::without_key(CompanyNumberStatus::Personal)
    }
}

/// Judges a supplier's company number, with the country code of its address.
pub(crate) fn judge(number: Option<&str>, country_code: Option<&str>) -> Judged {
    let text = cleaned(number.unwrap_or_default());
    if text.is_empty() {
        return Judged::without_key(CompanyNumberStatus::Missing);
    }
    if is_placeholder(&text) {
        return Judged::without_key(CompanyNumberStatus::Invalid);
    }
    let judged = by_prefix(&text).unwrap_or_else(|| by_address(&text, country_code));
    // A Norwegian abroad, or whose address names no country, has a person's number all the same.
    if judged.status != CompanyNumberStatus::Valid && person::is_certain(&text) {
        return Judged::personal();
    }
    judged
}

/// A number's letters and digits, upper case, wide digits as narrow ones. `No.` before it is an abbreviation, and no country.
fn cleaned(number: &str) -> String {
    let text = number.trim_start().to_uppercase();
    let text = text.strip_prefix("NO.").unwrap_or(&text);
    text.chars().filter(|c| c.is_alphanumeric()).nfkc().collect()
}

/// By a country in the number itself, if what remains has the form of that country.
fn by_prefix(text: &str) -> Option<Judged> {
    let prefixed = registers::BY_PREFIX.iter().find_map(|(prefix, read)| read(text.strip_prefix(prefix)?));
    prefixed.or_else(|| registers::norway(text.strip_suffix("MVA")?))
}

/// By the country of the address. What has no form of it can still be Swedish: 12 digits that begin with 16 are a company there and nowhere else.
fn by_address(text: &str, country_code: Option<&str>) -> Judged {
    let country = country_code.and_then(country);
    let of_country = country.as_deref().and_then(|country| match registers::of_country(country) {
        Some(read) => read(text),
        None => Some(registers::elsewhere(country, text)),
    });
    let swedish = || {
        let judged = registers::sweden(text).filter(|_| text.len() == 12 && text.starts_with("16"));
        judged.filter(|judged| judged.status != CompanyNumberStatus::Invalid)
    };
    let otherwise = match country.as_deref() {
        // Britain has rare forms that are not read here, such as those of government departments.
        None | Some("GB") => CompanyNumberStatus::Unchecked,
        Some(_) => CompanyNumberStatus::Invalid,
    };
    of_country.or_else(swedish).unwrap_or(Judged::without_key(otherwise))
}

/// A country by its code of two letters. British ones are written in several ways.
fn country(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    match code.as_str() {
        "UK" | "XI" => Some("GB".to_owned()),
        // Svalbard and Åland have the registers of Norway and Finland.
        "SJ" => Some("NO".to_owned()),
        "AX" => Some("FI".to_owned()),
        _ => (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code),
    }
}

#[cfg(test)]
mod tests;
