//! The values that a row is made of, after they left the wire and before they become Arrow: exact, small, and without a time zone
//! left to guess.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of money in ten-thousandths of the currency's unit: the value of a `decimal(18,4)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Month {
    /// Months since the year 0, to reckon with.
    pub fn number(self) -> i32 {
        i32::from(self.year) * 12 + i32::from(self.month) - 1
    }

    /// A month of the calendar; `None` if there is none of that number or the year has not four digits.
    pub fn new(year: i64, month: i64) -> Option<Self> {
        let year = i16::try_from(year).ok().filter(|year| (1000..=9999).contains(year))?;
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        Some(Self { year, month })
    }
}

impl FromStr for Month {
    type Err = String;

    /// Reads `2023-01`.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text
            .split_once('-')
            .filter(|(year, month)| year.len() == 4 && month.len() == 2 && digits(year) && digits(month));
        let month = parts.and_then(|(year, month)| Self::new(year.parse().ok()?, month.parse().ok()?));
        month.ok_or_else(|| format!("`{text}` is not a month; write a year and a month, as in `2023-01`"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A text for people, two numbers for the program.
impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return std::borrow::Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom);
        }
        let (year, month) = <(i16, u8)>::deserialize(from)?;
        Self::new(year.into(), month.into()).ok_or_else(|| serde::de::Error::custom("no month of the calendar"))
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { (self.year, self.month).serialize(to) }
    }
}

impl Money {
    /// Digits after the decimal point.
    pub const SCALE: i8 = 4;
    /// Digits in all.
    pub const PRECISION: u8 = 18;
    const LIMIT: i64 = 10_i64.pow(Self::PRECISION as u32);

    /// An amount from its ten-thousandths; `None` if it has more than 18 digits.
    pub fn from_ten_thousandths(units: i64) -> Option<Self> {
        (-Self::LIMIT < units && units < Self::LIMIT).then_some(Self(units))
    }

    /// The amount in ten-thousandths.
    pub fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// Reads a decimal such as `-101.50`, `7` or `1e3`. `None` if it is no decimal number, has more than 18 digits, or has more than four
    /// decimals that are not trailing zeros: an amount is never rounded.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok().filter(|e| (-40..=40).contains(e))?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut units: i64 = 0;
        // The place of a digit: 0 for the ones, -1 for the tenths, ...
        let mut place = i32::try_from(whole.len()).ok()? - 1 + exponent;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = i64::from(byte.wrapping_sub(b'0'));
            if digit > 9 || (digit != 0 && place < -i32::from(Self::SCALE)) {
                return None;
            }
            if place >= -i32::from(Self::SCALE) {
                units = units.checked_mul(10)?.checked_add(digit)?;
            }
            place -= 1;
        }
        // Digits that the text leaves out before the last place kept: `7` and `1e3` are followed by zeros.
        let missing = place + 1 + i32::from(Self::SCALE);
        if missing > 0 && units != 0 {
            units = units.checked_mul(10_i64.checked_pow(u32::try_from(missing).ok()?)?)?;
        }
        Self::from_ten_thousandths(if negative { -units } else { units })
    }
}

/// A value that may be missing, in the eight bytes of one that is not: a run holds millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct PackedOption<T>(i64, PhantomData<T>);

/// No value is as small as this.
const MISSING: i64 = i64::MIN;

/// A value of eight bytes, of which none is [`i64::MIN`].
pub(crate) trait Packable: Sized {
    fn to_integer(self) -> i64;
    fn from_integer(integer: i64) -> Option<Self>;
}

impl<T: Packable> From<Option<T>> for PackedOption<T> {
    fn from(value: Option<T>) -> Self {
        Self(value.map_or(MISSING, T::to_integer), PhantomData)
    }
}

impl<T: Packable> PackedOption<T> {
    /// The value, if there is one.
    pub(crate) fn get(self) -> Option<T> {
        Some(self.0).filter(|integer| *integer != MISSING).and_then(T::from_integer)
    }
}

impl Packable for Money {
    fn to_integer(self) -> i64 {
        self.ten_thousandths()
    }

    fn from_integer(integer: i64) -> Option<Self> {
        Self::from_ten_thousandths(integer)
    }
}

impl Packable for Instant {
    fn to_integer(self) -> i64 {
        self.0
    }

    fn from_integer(integer: i64) -> Option<Self> {
        Some(Self(integer))
    }
}

impl Packable for i64 {
    fn to_integer(self) -> i64 {
        self
    }

    fn from_integer(integer: i64) -> Option<Self> {
        Some(integer)
    }
}

/// A calendar day, in days since 1970-01-01: the value of an Arrow `date32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// Reads `2020-04-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date: Date = text.parse().ok().filter(|_| is_plain)?;
        Some(date.into())
    }

    /// The first day of a month.
    pub fn first_of(month: Month) -> Self {
        // A month is one to twelve.
        Date::new(month.year, month.month as i8, 1).map_or(Self(0), Self::from)
    }

    /// The month that it lies in.
    pub fn month(self) -> Option<Month> {
        let date = EPOCH.checked_add(jiff::Span::new().try_days(self.0).ok()?).ok()?;
        Month::new(date.year().into(), date.month().into())
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self((date - EPOCH).get_days())
    }
}

/// As `2020-04-01`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EPOCH.checked_add(jiff::Span::new().days(self.0)) {
            Ok(date) => write!(f, "{date}"),
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

/// An instant, in milliseconds since 1970-01-01T00:00:00Z: the value of an Arrow `timestamp(ms, UTC)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// The day, in UTC.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(86_400_000)).unwrap_or(i32::MAX))
    }
}

/// A calendar month, the unit in which `spend` is partitioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The year, four digits.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stays_missing() {
        for money in
            [None, Money::parse("0"), Money::parse("-99999999999999.9999"), Money::parse("99999999999999.9999")]
        {
            assert_eq!(PackedOption::from(money).get(), money);
        }
        for number in [None, Some(0), Some(-1), Some(i64::MAX), Some(i64::MIN + 1)] {
            assert_eq!(PackedOption::from(number).get(), number);
            assert_eq!(PackedOption::from(number.map(Instant)).get(), number.map(Instant));
        }
    }

    #[test]
    fn a_day_knows_its_month() {
        for (day, month) in [("1969-12-31", "1969-12"), ("2024-02-29", "2024-02"), ("2026-03-01", "2026-03")] {
            assert_eq!(Day::parse(day).and_then(Day::month).map(|month| month.to_string()).as_deref(), Some(month));
        }
        assert_eq!(Day(i32::MAX).month(), None);
        assert_eq!((Instant(-1).day(), Instant(86_400_000).day()), (Day(-1), Day(1)));
        assert_eq!(Month::new(2026, 1).unwrap().number() - Month::new(2025, 11).unwrap().number(), 2);
    }

    #[test]
    fn money_is_exact_or_refused() {
        for (text, units) in [
            ("101.00", Some(1_010_000)),
            ("-0.0001", Some(-1)),
            ("7", Some(70_000)),
            ("+7.5", Some(75_000)),
            (".5", Some(5_000)),
            ("1e3", Some(10_000_000)),
            ("1.5E-2", Some(150)),
            ("0.10000000", Some(1_000)),
            ("99999999999999.9999", Some(999_999_999_999_999_999)),
            ("100000000000000", None),
            ("0.00001", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1,5", None),
            ("1 000", None),
            ("0x1", None),
            ("NaN", None),
            ("1e99", None),
            ("0e40", Some(0)),
            ("1e-2147483648", None),
            ("0e-2147483648", None),
        ] {
            assert_eq!(Money::parse(text).map(Money::ten_thousandths), units, "{text:?}");
        }
    }
}
