//! The scalars of the wire: ids as numbers or strings, money as exact decimals, dates, and Central European wall time.
//!
//! Null is no value, and neither is an empty text. A value that a rule, an id or an amount goes by must fit; where nothing depends on a column, a
//! field is [`Odd`], and what does not fit is told apart from what is not there. No message here repeats a value.

use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::value::{Day, Instant, Money};

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

/// A value that nothing depends on: one that does not fit costs its column, not the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd<T> {
    Fit(T),
    Unfit,
}

impl<T> Odd<T> {
    /// What was read of a value that is there.
    fn of(value: Option<T>) -> Self {
        value.map_or(Odd::Unfit, Odd::Fit)
    }

    /// The value, if it fits.
    pub(crate) fn fit(self) -> Option<T> {
        match self {
            Odd::Fit(value) => Some(value),
            Odd::Unfit => None,
        }
    }
}

/// A field of a row, which may be null.
pub(crate) trait FromWire<'de>: Sized {
    /// Reads it; `None` if there is no value.
    fn from_wire<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;
}

/// Reads a field of a row.
pub(crate) fn from_wire<'de, T: FromWire<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::from_wire(deserializer)
}

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
    /// Whether a text stands for no value.
    fn is_none(text: &str) -> bool {
        text.is_empty()
    }
    fn read(text: &str) -> Option<Self>;
    fn read_integer(value: i64) -> Option<Self> {
        Self::read(&value.to_string())
    }
    fn read_bool(_: bool) -> Option<Self> {
        None
    }
    /// Reads a field; what is JSON and does not fit is told apart.
    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Odd<Self>>, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

/// The least date of .NET, which stands for none, and what is before year 1.
fn is_no_date(text: &str) -> bool {
    text.is_empty() || text.starts_with("0001-01-01") || text.starts_with("0000-")
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

/// Money as a JSON number keeps its digits: it is read from its text, never through a float.
impl Scalar for Amount {
    const EXPECTED: &'static str = "a decimal number of at most 18 digits, 4 of them after the point";
    fn read(text: &str) -> Option<Self> {
        Money::parse(text).map(Amount)
    }
    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Odd<Self>>, D::Error> {
        let Some(raw) = <Option<&RawValue>>::deserialize(deserializer)? else { return Ok(None) };
        let text = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw.get());
        ScalarVisitor(PhantomData).visit_str(text)
    }
}

impl Scalar for Box<str> {
    const EXPECTED: &'static str = "a text";
    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn read_integer(_: i64) -> Option<Self> {
        None
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";
    fn read(_: &str) -> Option<Self> {
        None
    }
    fn read_integer(_: i64) -> Option<Self> {
        None
    }
    fn read_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for Date {
    const EXPECTED: &'static str = "a date, yyyy-MM-dd";
    fn is_none(text: &str) -> bool {
        is_no_date(text)
    }
    fn read(text: &str) -> Option<Self> {
        let date = match text.split_once(['T', ' ']) {
            None => date(text)?,
            // The greatest date of .NET comes with the last moment of its day.
            Some((day, time)) => date(day).filter(|_| day == "9999-12-31" || is_midnight(time))?,
        };
        days(date).map(Date)
    }
}

impl Scalar for WallTime {
    const EXPECTED: &'static str = "a date and time, yyyy-MM-ddTHH:mm:ss";
    fn is_none(text: &str) -> bool {
        is_no_date(text)
    }
    fn read(text: &str) -> Option<Self> {
        if let Some(civil) = plain_date_time(text) {
            return central_european(civil).map(milliseconds);
        }
        // Xledger's times have no offset: one that has is of a form that nobody knows.
        central_european(other_date_time(text)?).map(milliseconds)
    }
}

/// An instant from a time of Xledger.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    WallTime::read(text).and_then(|time| Timestamp::from_millisecond(time.0.0).ok())
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

/// A date and time with fewer parts than the form that is known, or with decimals. The general parser reads more than that, such as a
/// second 60 or a zone in brackets, and says something else: what it read must begin with the text.
fn other_date_time(text: &str) -> Option<civil::DateTime> {
    // Years of six digits and a sign are the general parser's own.
    date(text.get(..10)?)?;
    let civil: civil::DateTime = text.parse().ok()?;
    let text = text.replacen(' ', "T", 1);
    format!("{civil:.9}").starts_with(&text).then_some(civil)
}

/// `00:00:00`, without seconds or with decimals.
fn is_midnight(time: &str) -> bool {
    time.starts_with("00:00") && time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
}

/// An instant to the millisecond in which it lies.
fn milliseconds(instant: Timestamp) -> WallTime {
    WallTime(Instant(instant.as_nanosecond().div_euclid(1_000_000) as i64))
}

fn zone() -> Option<&'static TimeZone> {
    static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::get("Europe/Oslo").ok());
    ZONE.as_ref()
}

/// An instant from its Central European wall time: of a repeated hour the first, of a skipped one the instant it would
/// have been.
fn central_european(civil: civil::DateTime) -> Option<Timestamp> {
    zone()?.to_ambiguous_timestamp(civil).compatible().ok()
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = Option<Odd<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if T::is_none(text) { Ok(None) } else { Ok(Some(Odd::of(T::read(text)))) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Odd::of(T::read_integer(value))))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Odd::of(i64::try_from(value).ok().and_then(T::read_integer))))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Odd::of(T::read_bool(value))))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(Odd::Unfit))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| Some(Odd::Unfit))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Some(Odd::Unfit))
    }
}

impl<'de, T: Scalar> FromWire<'de> for T {
    fn from_wire<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        match T::read_field(deserializer)? {
            Some(Odd::Unfit) => Err(D::Error::custom(format_args!("expected {}", T::EXPECTED))),
            value => Ok(value.and_then(Odd::fit)),
        }
    }
}

impl<'de, T: Scalar> FromWire<'de> for Odd<T> {
    fn from_wire<D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        T::read_field(deserializer)
    }
}

/// Scalars outside of rows, which must be there.
macro_rules! deserialize_scalar {
    ($($scalar:ty),*) => {$(
        impl<'de> Deserialize<'de> for $scalar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let expected = || D::Error::custom(format_args!("expected {}", <Self as Scalar>::EXPECTED));
                Self::from_wire(deserializer)?.ok_or_else(expected)
            }
        }
    )*};
}
deserialize_scalar!(Whole);
#[cfg(any(test, fuzzing))]
deserialize_scalar!(Amount, Date, WallTime);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'de, T: FromWire<'de>>(json: &'de str) -> Result<Option<T>, serde_json::Error> {
        T::from_wire(&mut serde_json::Deserializer::from_str(json))
    }

    fn instant(json: &str) -> Option<String> {
        let time: WallTime = read(json).ok()??;
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
            ("2026-07-15T12:00:00Z", None),
            ("2026-07-15T12:00:00.1234567+05:30", None),
            ("2026-07-15 12:00", Some("2026-07-15T10:00:00Z")),
            ("2026-07-15", Some("2026-07-14T22:00:00Z")),
            ("2026-07-15T23:59:60", None),
            ("2026-07-15T23:59:60Z", None),
            ("2026-07-15T12:00:00+24:00", None),
            ("2026-07-15T12:00:00[America/New_York]", None),
            ("20260715", None),
            ("2026-02-30T12:00:00", None),
            ("-002026-03-16", None),
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
            assert_eq!(read::<Whole>(json).ok().flatten().map(|id| id.0), id, "{json}");
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
            assert_eq!(read::<Amount>(json).ok().flatten().map(|m| m.0.ten_thousandths()), units, "{json}");
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
            ("2026-01-01T00:00:00.000", Some(20_454)),
            // An offset says that it is no date.
            ("2026-01-01T00:00:00.000+01:00", None),
            ("2026-01-01T00:00:01", None),
            ("2026-01-01T00:00x", None),
            ("9999-12-31T23:59:59.9999999", Some(2_932_896)),
        ] {
            assert_eq!(read::<Date>(&format!("{text:?}")).ok().flatten().map(|d| d.0.0), day, "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_none() {
        for json in ["null", "\"\""] {
            assert_eq!(read::<Whole>(json).unwrap(), None);
            assert_eq!(read::<Amount>(json).unwrap(), None);
            assert_eq!(read::<Odd<Amount>>(json).unwrap(), None);
            assert_eq!(read::<bool>(json).unwrap(), None);
            assert_eq!(read::<Odd<Box<str>>>(json).unwrap(), None);
        }
        for json in ["\"0001-01-01\"", "\"0001-01-01T00:00:00\"", "\"0000-05-01\"", "\"\"", "null"] {
            assert_eq!(read::<Date>(json).unwrap(), None, "{json}");
            assert_eq!(read::<Odd<WallTime>>(json).unwrap(), None, "{json}");
        }
    }

    #[test]
    fn what_does_not_fit_costs_its_column_where_nothing_depends_on_it() {
        for json in ["\"1.23456\"", "{\"a\":[1]}", "true", "\"many\""] {
            assert_eq!(read::<Odd<Amount>>(json).unwrap(), Some(Odd::Unfit), "{json}");
            assert!(read::<Amount>(json).is_err(), "{json}");
        }
        for json in ["\"9999-12-31T23:59:59\"", "7.5", "[\"2026-01-01\"]", "{}", "false", "\"soon\""] {
            assert_eq!(read::<Odd<WallTime>>(json).unwrap(), Some(Odd::Unfit), "{json}");
            assert!(read::<WallTime>(json).is_err(), "{json}");
        }
        assert_eq!(read::<Odd<Box<str>>>("12").unwrap(), Some(Odd::Unfit));
        assert_eq!(read::<Odd<Whole>>("12").unwrap(), Some(Odd::Fit(Whole(12))));
    }
}
