//! Checks over digits, which numbers of companies and of persons have in common.

/// The sum of digits times weights. `None` if the text is not as many digits.
pub(super) fn weighted(text: &str, weights: &[u32]) -> Option<u32> {
    if text.len() != weights.len() {
        return None;
    }
    text.chars().zip(weights).map(|(c, weight)| Some(c.to_digit(10)? * weight)).sum()
}

/// Luhn's check over an even number of digits.
pub(super) fn is_luhn(digits: &str) -> bool {
    let doubled = |(at, digit): (usize, u32)| if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    digits.chars().filter_map(|c| c.to_digit(10)).enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Whether a text is digits and nothing else.
pub(super) fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text's digits, without zeros before them, are all the same, count up or down, or are none at all. Such numbers stand for none and pass
/// checks all the same, as 999999999 does Norway's and 87654321 Finland's.
pub(super) fn is_placeholder(text: &str) -> bool {
    let digits = || text.chars().filter_map(|c| c.to_digit(10)).skip_while(|digit| *digit == 0);
    let mut steps = digits().zip(digits().skip(1)).map(|(digit, next)| (next + 10 - digit) % 10);
    let first = steps.next().unwrap_or(0);
    matches!(first, 0 | 1 | 9) && steps.all(|step| step == first)
}
