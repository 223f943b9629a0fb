//! Figures as the reader writes them. Amounts are whole units of ten-thousandths; no float has a part in it.

use super::window::local;
use super::words::Words;
use crate::display::figures;
use crate::model::value::{Instant, Month};

const UNIT: i128 = 10_000;
/// A space at which no line is broken.
const SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';

impl Words {
    /// `1 234 567` or `1,234,567`.
    pub(super) fn count(&self, number: u64) -> String {
        self.grouped(&number.to_string())
    }

    /// Whole units of a currency, rounded half away from zero.
    pub(super) fn amount(&self, ten_thousandths: i128) -> String {
        let units = (ten_thousandths.unsigned_abs() + UNIT as u128 / 2) / UNIT as u128;
        let digits = self.grouped(&units.to_string());
        if ten_thousandths < 0 && units > 0 { format!("{MINUS}{digits}") } else { digits }
    }

    /// A whole number of tenths: `12.5` or `12,5`.
    pub(super) fn tenths(&self, tenths: i128) -> String {
        let sign = if tenths < 0 { MINUS.to_string() } else { String::new() };
        let digits = tenths.unsigned_abs();
        format!("{sign}{}{}{}", self.grouped(&(digits / 10).to_string()), self.decimal_sign, digits % 10)
    }

    /// `12.5 %` of a whole; nothing where there is no whole to be a part of.
    pub(super) fn share(&self, part: i128, whole: i128) -> Option<String> {
        Some(format!("{}{}", self.tenths(permille(part, whole)?), self.percent_sign))
    }

    /// As [`Words::share`], and a dash where there is nothing to be a part of.
    pub(super) fn share_or_dash(&self, part: impl Into<i128>, whole: impl Into<i128>) -> String {
        self.share(part.into(), whole.into()).unwrap_or_else(|| "–".to_owned())
    }

    /// `+12.5 %`: how much more than before. Nothing where before was nothing, or less.
    pub(super) fn change(&self, now: i128, before: i128) -> Option<String> {
        let permille = permille(now - before, before)?;
        if permille > 9_999 {
            return Some(format!(">{SPACE}+999{}", self.percent_sign));
        }
        let sign = if permille > 0 { "+" } else { "" };
        Some(format!("{sign}{}{}", self.tenths(permille), self.percent_sign))
    }

    /// `November 2026`.
    pub(super) fn month(&self, month: Month) -> String {
        format!("{} {}", self.name_of(month), month.year)
    }

    pub(super) fn name_of(&self, month: Month) -> &'static str {
        self.month_names.split(' ').nth(usize::from(month.month.saturating_sub(1))).unwrap_or_default()
    }

    /// `November 2025 – October 2026`.
    pub(super) fn months(&self, (first, last): (Month, Month)) -> String {
        format!("{} – {}", self.month(first), self.month(last))
    }

    /// `21 November 2026, 02:30`, in Norway.
    pub(super) fn time(&self, at: Instant) -> String {
        let at = local(at);
        let month = Month { year: at.year(), month: at.month().unsigned_abs() };
        let day = format!("{}{} {} {}", at.day(), self.after_day, self.name_of(month), at.year());
        format!("{day}{}{:02}{}{:02}", self.before_time, at.hour(), self.time_sign, at.minute())
    }

    /// `12.3 MB`.
    pub(super) fn megabytes(&self, bytes: u64) -> String {
        format!("{}{SPACE}MB", self.tenths(i128::from(bytes / 100_000)))
    }

    fn grouped(&self, digits: &str) -> String {
        figures::grouped(digits, self.thousands_sign)
    }
}

/// A part of a whole in thousandths, rounded half away from zero.
pub(super) fn permille(part: i128, whole: i128) -> Option<i128> {
    if whole <= 0 {
        return None;
    }
    let rounded = (part.checked_abs()?.checked_mul(2_000)? + whole) / (whole * 2);
    Some(if part < 0 { -rounded } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::category::Language;

    #[test]
    fn figures_are_written_as_their_reader_does() {
        let (en, no) = (Words::of(Language::English), Words::of(Language::Norwegian));
        for (amount, english, norwegian) in [
            (0, "0", "0"),
            (4_999, "0", "0"),
            (-4_999, "0", "0"),
            (-5_000, "\u{2212}1", "\u{2212}1"),
            (123_456_789_999, "12,345,679", "12\u{a0}345\u{a0}679"),
            (i128::from(i64::MAX), "922,337,203,685,478", "922\u{a0}337\u{a0}203\u{a0}685\u{a0}478"),
        ] {
            assert_eq!((en.amount(amount), no.amount(amount)), (english.to_owned(), norwegian.to_owned()));
        }
        assert_eq!((en.count(1_000), no.count(999)), ("1,000".into(), "999".into()));
        assert_eq!((en.tenths(-5), no.tenths(12_345)), ("\u{2212}0.5".into(), "1\u{a0}234,5".into()));
        let at = Instant(1_795_224_600_120);
        assert_eq!(en.time(at), "21 November 2026, 02:30");
        assert_eq!(no.time(at), "21. november 2026 kl. 02.30");
        assert_eq!(en.megabytes(12_345_678), "12.3\u{a0}MB");
    }

    #[test]
    fn a_share_needs_a_whole() {
        let en = Words::of(Language::English);
        for (part, whole, share) in [
            (1, 3, Some("33.3%")),
            (2, 3, Some("66.7%")),
            (-1, 8, Some("\u{2212}12.5%")),
            (0, 1, Some("0.0%")),
            (1, 0, None),
            (1, -5, None),
        ] {
            assert_eq!(en.share(part, whole).as_deref(), share, "{part}/{whole}");
        }
        for (now, before, change) in [
            (110, 100, Some("+10.0%")),
            (90, 100, Some("\u{2212}10.0%")),
            (100, 100, Some("0.0%")),
            (1_200, 100, Some(">\u{a0}+999%")),
            (5, 0, None),
            (5, -3, None),
        ] {
            assert_eq!(en.change(now, before).as_deref(), change, "{now}/{before}");
        }
    }
}
