//! Figures as people read them.

/// `1,234,567`.
pub fn count(number: u64) -> String {
    grouped(&number.to_string(), ",")
}

/// `1 file`, `1,234 files`.
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Digits in groups of three, with a sign between them.
pub(crate) fn grouped(digits: &str, sign: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(sign);
        }
        text.push(digit);
    }
    text
}

/// `1,234.50` from ten-thousandths, rounded half away from zero: to read, not to reckon with.
pub fn amount(ten_thousandths: i128) -> String {
    let hundredths = (ten_thousandths.unsigned_abs() + 50) / 100;
    let sign = if ten_thousandths < 0 && hundredths > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", grouped(&(hundredths / 100).to_string(), ","), hundredths % 100)
}

/// Ten-thousandths of a decimal with four decimals, as a manifest has them.
pub fn ten_thousandths(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.')?;
    (decimals.len() == 4).then(|| format!("{whole}{decimals}").parse().ok()).flatten()
}

/// Ten-thousandths as an exact decimal: `-10.1500`.
pub fn decimal(ten_thousandths: i128) -> String {
    let (sign, digits) = (if ten_thousandths < 0 { "-" } else { "" }, ten_thousandths.unsigned_abs());
    format!("{sign}{}.{:04}", digits / 10_000, digits % 10_000)
}

/// `12.3 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", count(bytes / 1_000_000), bytes % 1_000_000 / 100_000),
    }
}

/// `850 ms`, `12.3 s`, `4 min 5 s`.
pub fn time(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `25.9 %`; nothing of nothing is nothing.
pub fn share(part: u64, whole: u64) -> String {
    let permille = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((counted(1, "file"), counted(0, "file")), ("1 file".to_owned(), "0 files".to_owned()));
        for (number, text) in
            [(0, "0.00"), (-49, "0.00"), (-50, "-0.01"), (12_345_678_951, "1,234,567.90"), (-101_500, "-10.15")]
        {
            assert_eq!(amount(number), text);
        }
        for (text, number) in
            [("-0.5000", Some(-5_000)), ("12.3400", Some(123_400)), ("12", None), ("12.34", None), ("x.0000", None)]
        {
            assert_eq!(ten_thousandths(text), number, "{text}");
            assert!(number.is_none_or(|number| decimal(number) == text));
        }
        for (bytes, text) in [(0, "0 B"), (1_550, "1.5 kB"), (12_345_678, "12.3 MB"), (5_000_000_000, "5,000.0 MB")] {
            assert_eq!(size(bytes), text);
        }
        for (ms, text) in [(850, "850 ms"), (12_345, "12.3 s"), (245_000, "4 min 5 s"), (7_500_000, "2 h 5 min")] {
            assert_eq!(time(ms), text);
        }
        assert_eq!((share(259, 1_000), share(0, 0)), ("25.9 %".to_owned(), "0.0 %".to_owned()));
    }
}
