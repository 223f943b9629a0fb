//! The numbers that registers of companies give, each with its form and its check. The checks are those of python-stdnum, which the vectors in
//! `company_numbers.tsv` were compared with; that Norway's numbers begin with 8 or 9 is the register's own word.
//!
//! `None` is a text without the form of the country. A person's number has a form, too.

use super::digits::{is_digits, is_luhn, is_placeholder, weighted};
use super::{CompanyNumberStatus, Judged, person};

/// Reads a number of one country.
type Read = fn(&str) -> Option<Judged>;

/// The prefixes that tell a country. Northern Ireland's numbers of VAT are British ones.
pub(super) const BY_PREFIX: [(&str, Read); 6] =
    [("NO", norway), ("SE", sweden), ("DK", denmark), ("FI", finland), ("GB", britain), ("XI", british_vat)];

/// What reads the numbers of a country whose numbers are known here.
pub(super) fn of_country(country: &str) -> Option<Read> {
    BY_PREFIX.iter().find(|(prefix, _)| *prefix == country).map(|(_, read)| *read)
}

/// Nine digits, of main and sub-units alike; `MVA` behind them says that the company is registered for VAT.
pub(super) fn norway(text: &str) -> Option<Judged> {
    let text = text.strip_suffix("MVA").unwrap_or(text);
    match weighted(text, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) {
        Some(sum) => Some(Judged::checked("NO", text, sum % 11 == 0 && text.starts_with(['8', '9']))),
        None => person::is_norwegian(text).then(Judged::personal),
    }
}

/// Ten digits, the third from 2 up, or else it is a person's. With `16` before them where people's numbers have a century, with `01` behind them as
/// a number of VAT.
pub(super) fn sweden(text: &str) -> Option<Judged> {
    let is_person = |ten: &str| matches!(ten.chars().nth(2), Some('0' | '1'));
    if person::is_swedish(text) {
        return Some(Judged::personal());
    }
    let ten = match text.len() {
        10 => text,
        12 => {
            let company = text.strip_prefix("16").or(text.strip_suffix("01"));
            company.or_else(|| person::without_century(text).filter(|ten| is_person(ten)))?
        }
        _ => return None,
    };
    if !is_digits(ten) {
        return None;
    }
    Some(if is_person(ten) && !is_placeholder(ten) {
        Judged::personal()
    } else {
        Judged::checked("SE", ten, is_luhn(ten))
    })
}

/// Eight digits.
pub(super) fn denmark(text: &str) -> Option<Judged> {
    match weighted(text, &[2, 7, 6, 5, 4, 3, 2, 1]) {
        Some(sum) => Some(Judged::checked("DK", text, sum % 11 == 0 && !text.starts_with('0'))),
        None => person::is_danish(text).then(Judged::personal),
    }
}

/// Seven digits and one to check, or six and one in old numbers.
pub(super) fn finland(text: &str) -> Option<Judged> {
    let eight = if text.len() == 7 { format!("0{text}") } else { text.to_owned() };
    match weighted(&eight, &[7, 9, 10, 5, 8, 4, 2, 1]) {
        Some(sum) => Some(Judged::checked("FI", &eight, sum % 11 == 0)),
        None => person::is_finnish(text).then(Judged::personal),
    }
}

/// Two systems, which never meet: the register's number, and that of VAT.
fn britain(text: &str) -> Option<Judged> {
    british_company(text).or_else(|| british_vat(text))
}

/// Eight characters without a check: eight digits, often written without the zeros before them, or two letters and six digits. Fewer than six
/// digits are somebody's own count, not the register's.
fn british_company(text: &str) -> Option<Judged> {
    let (letters, digits) = text
        .split_at_checked(2)
        .filter(|(start, _)| start.bytes().all(|b| b.is_ascii_uppercase()))
        .unwrap_or(("", text));
    if !is_digits(digits) || !(6..=8 - letters.len()).contains(&digits.len()) {
        return None;
    }
    let number = format!("{letters}{digits:0>0$}", 8 - letters.len());
    Some(Judged::with_key(CompanyNumberStatus::Unchecked, "GB", &number))
}

/// Nine digits, and three more for a branch. A number with a leading zero is older than the newer remainders that pass the check. Twelve digits
/// that pass it can also be a Swedish person's.
fn british_vat(text: &str) -> Option<Judged> {
    let (nine, branch) = text.split_at_checked(9)?;
    let sum = weighted(nine, &[8, 7, 6, 5, 4, 3, 2, 10, 1])?;
    let is_right = matches!((sum % 97, nine.starts_with('0')), (0, _) | (42 | 55, false));
    match branch.len() {
        0 | 3 if is_digits(branch) && !person::is_certain(text) => Some(Judged::checked("GBVAT", nine, is_right)),
        _ => None,
    }
}

/// A number of another country, as it is written. Below seven digits it may be one court's or one town's, such as a German register's; and with more
/// letters than digits it is a text, or a person's code.
pub(super) fn elsewhere(country: &str, text: &str) -> Judged {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits >= 7 && digits * 2 > text.chars().count() {
        Judged::with_key(CompanyNumberStatus::Unchecked, country, text)
    } else {
        Judged::without_key(CompanyNumberStatus::Unchecked)
    }
}
