//! The numbers of persons. Sole traders have them for a company number, in Sweden by law.
//!
//! In the country that gives such numbers the form is enough, because no company there has one. Elsewhere the check digits must be right, too, and
//! still one company in a hundred with a number of ten digits is taken for a person. That costs a key; the other error would publish a person's
//! number. A spreadsheet drops a leading zero, so a number that lacks one digit is read with a zero in front.

use super::digits::{is_digits, is_luhn, weighted};

/// What the last character of a Finnish number can be, by the rest of division.
const FINNISH_CHECK: &str = "0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Whether it is a person's number of any of the four countries, beyond doubt: a date, and the check digits are right. Other words may stand beside
/// its digits.
pub(super) fn is_certain(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let ten = without_century(&digits).unwrap_or(&digits);
    let is_swedish = |ten: &str| ten.len() == 10 && has_swedish_date(ten) && is_luhn(ten);
    let is_danish =
        |text: &str| has_date(text) && weighted(text, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_some_and(|sum| sum % 11 == 0);
    let is_norwegian = |text: &str| has_norwegian_date(text) && has_norwegian_checks(text);
    is_norwegian(&with_zero(&digits, 11))
        || is_swedish(ten)
        || is_danish(&digits)
        || (is_finnish(text) && has_finnish_check(text))
}

/// Whether 11 digits have both check digits right, or a date in front.
pub(super) fn is_norwegian(text: &str) -> bool {
    let text = with_zero(text, 11);
    text.len() == 11 && is_digits(&text) && (has_norwegian_date(&text) || has_norwegian_checks(&text))
}

/// Whether it has a date, with the century or without. What has none and still is no company's is left to the third digit.
pub(super) fn is_swedish(text: &str) -> bool {
    let ten = without_century(text).unwrap_or(text);
    // Whoever is born from 2000 to 2009 has a number that begins with a zero, or several.
    let ten = if (7..10).contains(&ten.len()) { format!("{ten:0>10}") } else { ten.to_owned() };
    ten.len() == 10 && is_digits(&ten) && has_swedish_date(&ten)
}

/// The ten digits behind a century. Tax forms write 16 in its place for organisations.
pub(super) fn without_century(text: &str) -> Option<&str> {
    ["16", "18", "19", "20"].into_iter().find_map(|century| text.strip_prefix(century)).filter(|ten| ten.len() == 10)
}

/// Whether it is ten digits, or nine that have a date with a zero before them.
pub(super) fn is_danish(text: &str) -> bool {
    is_digits(text) && (text.len() == 10 || text.len() == 9 && has_date(&with_zero(text, 10)))
}

/// Whether it is `ddmmyy`, the letter of a century or nothing where it was a sign, three digits and the check.
pub(super) fn is_finnish(text: &str) -> bool {
    finnish_parts(text).is_some_and(|(digits, _)| has_date(&digits))
}

/// The nine digits of a Finnish number, and the check.
fn finnish_parts(text: &str) -> Option<(String, char)> {
    let (date, rest) = text.split_at_checked(6)?;
    let rest = if rest.len() == 5 { rest.strip_prefix(|c: char| c.is_ascii_uppercase())? } else { rest };
    let (number, check) = rest.split_at_checked(3)?;
    let digits = format!("{date}{number}");
    let check = check.chars().next().filter(|_| check.len() == 1)?;
    (is_digits(&digits) && FINNISH_CHECK.contains(check)).then_some((digits, check))
}

fn has_finnish_check(text: &str) -> bool {
    finnish_parts(text).is_some_and(|(digits, check)| {
        let rest = digits.parse::<usize>().map(|number| number % 31);
        rest.is_ok_and(|rest| FINNISH_CHECK.chars().nth(rest) == Some(check))
    })
}

/// Both check digits, each over all before it.
fn has_norwegian_checks(text: &str) -> bool {
    let is_right = |text: Option<&str>, weights: &[u32]| {
        text.and_then(|text| weighted(text, weights)).is_some_and(|sum| sum % 11 == 0)
    };
    is_right(text.get(..10), &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
        && is_right(Some(text), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
}

/// A day, 40 higher in a D-number, and a month, 40 or 80 higher in a synthetic number.
fn has_norwegian_date(text: &str) -> bool {
    matches!(two_digits(text, 0), Some(1..=31 | 41..=71))
        && matches!(two_digits(text, 2), Some(1..=12 | 41..=52 | 81..=92))
}

/// A month, and a day, 60 higher in a coordination number.
fn has_swedish_date(text: &str) -> bool {
    matches!(two_digits(text, 2), Some(1..=12)) && matches!(two_digits(text, 4), Some(1..=31 | 61..=91))
}

/// A day and a month.
fn has_date(text: &str) -> bool {
    matches!(two_digits(text, 0), Some(1..=31)) && matches!(two_digits(text, 2), Some(1..=12))
}

fn two_digits(text: &str, at: usize) -> Option<u32> {
    text.get(at..at + 2)?.parse().ok()
}

/// With a zero before it if one digit is lacking.
fn with_zero(text: &str, digits: usize) -> String {
    if text.len() + 1 == digits { format!("0{text}") } else { text.to_owned() }
}
