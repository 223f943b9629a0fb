//! The scalars of the wire: ids as numbers or strings, money as exact decimals, dates, and Central European wall time.
//!
//! No message here repeats a value: what breaks a rule is said, never what was read.

use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::value::{Day, Instant, Money};

/// An id or another whole number, sent as a JSON number (`Int`) or as a string (`Int64String`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) i64);

/// An exact amount, sent as a string or as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Money);

/// A date, `yyyy-MM-dd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) Day);

/// An instant, sent as Central European wall time without an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WallTime(pub(crate) Instant);

/// A reference to another row: 0 means none.
pub(crate) fn reference(id: Option<Whole>) -> Option<i64> {
    id.map(|id| id.0).filter(|id| *id != 0)
}

/// A text of the wire: an empty string means none.
pub(crate) fn text(text: Option<Box<str>>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty())
}

/// What a scalar reads itself from: a text, or the text of a number.
trait Scalar: Sized {
    const EXPECTED: &'static str;
    fn read(text: &str) -> Option<Self>;
    fn read_integer(value: i64) -> Option<Self> {
        Self::read(&value.to_string())
    }
}

impl Scalar for Whole {
    const EXPECTED: &'static str = "a whole number, as a number or a string";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Whole)
    }
    fn read_integer(value: i64) -> Option<Self> {
        Some(Whole(value))
    }
}

impl Scalar for Amount {
    const EXPECTED: &'static str = "a decimal number of at most 18 digits, 4 of them after the point";
    fn read(text: &str) -> Option<Self> {
        Money::parse(text).map(Amount)
    }
}

impl Scalar for Date {
    const EXPECTED: &'static str = "a date, yyyy-MM-dd";
    fn read(text: &str) -> Option<Self> {
        let date = match text.split_once(['T', ' ']) {
            None => date(text)?,
            Some((day, time)) => date(day).filter(|_| time.starts_with("00:00"))?,
        };
        days(date).map(Date)
    }
}

impl Scalar for WallTime {
    const EXPECTED: &'static str = "a date and time, yyyy-MM-ddTHH:mm:ss";
    fn read(text: &str) -> Option<Self> {
        let instant = match plain_date_time(text) {
            Some(civil) => central_european(civil)?,
            // A time that says its offset itself is not known from Xledger, and would be unmistakable.
            None => match text.parse::<jiff::Timestamp>() {
                Ok(instant) => instant.as_millisecond(),
                Err(_) => central_european(text.parse().ok()?)?,
            },
        };
        Some(WallTime(Instant(instant)))
    }
}

/// The digits of `text[range]` as a number.
fn number(text: &[u8]) -> Option<i16> {
    text.iter().try_fold(0_i16, |n, byte| byte.is_ascii_digit().then(|| n * 10 + i16::from(byte - b'0')))
}

fn date(text: &str) -> Option<civil::Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (month, day) = (number(&bytes[5..7])?, number(&bytes[8..10])?);
    civil::Date::new(number(&bytes[..4])?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn days(date: civil::Date) -> Option<Day> {
    let epoch = civil::Date::constant(1970, 1, 1);
    let span = date.since((jiff::Unit::Day, epoch)).ok()?;
    Some(Day(span.get_days()))
}

/// `yyyy-MM-ddTHH:mm:ss`, the form that is known; anything longer is left to the general parser.
fn plain_date_time(text: &str) -> Option<civil::DateTime> {
    let bytes = text.as_bytes();
    if bytes.len() != 19 || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let part = |at: usize| number(&bytes[at..at + 2]).and_then(|n| i8::try_from(n).ok());
    let time = civil::Time::new(part(11)?, part(14)?, part(17)?, 0).ok()?;
    Some(date(&text[..10])?.to_datetime(time))
}

/// Milliseconds of an instant from its Central European wall time: of a repeated hour the first, of a skipped one the instant it would
/// have been.
fn central_european(civil: civil::DateTime) -> Option<i64> {
    static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::get("Europe/Oslo").ok());
    let instant = ZONE.as_ref()?.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(instant.as_millisecond())
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        T::read_integer(value).ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        let value = i64::try_from(value).ok().and_then(T::read_integer);
        value.ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }
}

macro_rules! deserialize_scalar {
    ($($scalar:ty),*) => {$(
        impl<'de> Deserialize<'de> for $scalar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(ScalarVisitor::<$scalar>(PhantomData))
            }
        }
    )*};
}
deserialize_scalar!(Whole, Date, WallTime);

/// Money as a JSON number keeps its digits: it is read from its text, never through a float.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        Amount::read(text).ok_or_else(|| D::Error::custom(format_args!("expected {}", Amount::EXPECTED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(json: &str) -> Option<String> {
        let time: WallTime = serde_json::from_str(json).ok()?;
        Some(jiff::Timestamp::from_millisecond(time.0.0).ok()?.to_string())
    }

    #[test]
    fn wall_time_is_central_european() {
        for (wall, utc) in [
            ("2026-01-15T12:00:00", Some("2026-01-15T11:00:00Z")),
            ("2026-07-15T12:00:00", Some("2026-07-15T10:00:00Z")),
            // Repeated hour: the first.
            ("2026-10-25T02:30:00", Some("2026-10-25T00:30:00Z")),
            // Skipped hour: the instant it would have been.
            ("2026-03-29T02:30:00", Some("2026-03-29T01:30:00Z")),
            ("2026-07-15T12:00:00.250", Some("2026-07-15T10:00:00.25Z")),
            ("2026-07-15T12:00:00Z", Some("2026-07-15T12:00:00Z")),
            ("2026-02-30T12:00:00", None),
            ("yesterday", None),
        ] {
            assert_eq!(instant(&format!("{wall:?}")).as_deref(), utc, "{wall}");
        }
    }

    #[test]
    fn ids_are_numbers_or_strings() {
        for (json, id) in [
            ("7", Some(7)),
            ("\"109349000000467\"", Some(109_349_000_000_467)),
            ("7.0", None),
            ("\"x\"", None),
            ("true", None),
        ] {
            assert_eq!(serde_json::from_str::<Whole>(json).ok().map(|id| id.0), id, "{json}");
        }
    }

    #[test]
    fn money_is_read_from_its_text() {
        for (json, units) in [
            ("\"101.00\"", Some(1_010_000)),
            ("0.1", Some(1_000)),
            ("-3", Some(-30_000)),
            ("\"1.23456\"", None),
            ("{}", None),
        ] {
            assert_eq!(serde_json::from_str::<Amount>(json).ok().map(|m| m.0.ten_thousandths()), units, "{json}");
        }
    }

    #[test]
    fn dates_exist_or_are_refused() {
        for (text, day) in [
            ("1970-01-02", Some(1)),
            ("2026-02-28", Some(20_512)),
            ("2026-02-29", None),
            ("2026-2-1", None),
            ("2026-01-01T00:00:00", Some(20_454)),
        ] {
            assert_eq!(serde_json::from_str::<Date>(&format!("{text:?}")).ok().map(|d| d.0.0), day, "{text}");
        }
    }
}
