//! The scalars of the wire: ids as numbers or strings, money as exact decimals, dates, and Central European wall time.
//!
//! Null is no value, and neither is an empty text. A value that a rule, an id or an amount goes by must fit; where nothing depends on a column, a
//! field is [`Lenient`], and what does not fit is told apart from what is not there. No message here repeats a value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fast_path::{Cursor, Token};
use crate::model::value::{Day, Instant, Money};

/// An id or another whole number, sent as a JSON number (`Int`) or as a string (`Int64String`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer(pub(crate) i64);

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
pub(crate) enum Lenient<T> {
    Fit(T),
    Unfit,
}

impl<T> Lenient<T> {
    /// What was read of a value that is there.
    fn of(value: Option<T>) -> Self {
        value.map_or(Lenient::Unfit, Lenient::Fit)
    }

    /// The value, if it fits.
    pub(crate) fn fit(self) -> Option<T> {
        match self {
            Lenient::Fit(value) => Some(value),
            Lenient::Unfit => None,
        }
    }
}

/// A field of a row, or a row, which may be null.
pub(crate) trait FromWire: Sized {
    /// Reads it; `None` if there is no value.
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;
    /// Reads the same into `to`, which is `None` before, on the fast path; `None` if that does not lead through it.
    fn read_fast(cursor: &mut Cursor<'_>, to: &mut Option<Self>) -> Option<()>;
}

/// Reads a field of a row.
pub(crate) fn from_wire<'de, T: FromWire, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::from_wire(deserializer)
}

/// A reference to another row: 0 means none.
pub(crate) fn reference(id: Option<Integer>) -> Option<i64> {
    id.map(|id| id.0).filter(|id| *id != 0)
}

/// A text of the wire: an empty string means none.
pub(crate) fn text(text: Option<Box<str>>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty())
}

/// How a scalar is read, by the kind of JSON. A kind whose method it does not define does not fit.
trait Scalar: Sized {
    const EXPECTED: &'static str;
    /// Whether a text stands for no value.
    const IS_NONE: fn(&str) -> bool = str::is_empty;
    /// Whether a text may have escapes.
    const IS_ESCAPED: bool = false;
    fn read(_: &str) -> Option<Self> {
        None
    }
    fn read_integer(_: i64) -> Option<Self> {
        None
    }
    /// Reads a number as it stands in JSON.
    fn read_number(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::read_integer)
    }
    fn read_bool(_: bool) -> Option<Self> {
        None
    }
    /// Reads a field; what is JSON and does not fit is told apart.
    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lenient<Self>>, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

/// Whether a text stands for no date: empty, .NET's least date, or one before year 1.
fn is_no_date(text: &str) -> bool {
    text.is_empty() || text.starts_with("0001-01-01") || text.starts_with("0000-")
}

impl Scalar for Integer {
    const EXPECTED: &'static str = "a whole number, as a number or a string";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Integer)
    }
    fn read_integer(value: i64) -> Option<Self> {
        Some(Integer(value))
    }
}

/// Money as a JSON number keeps its digits: it is read from its text, never through a float.
impl Scalar for Amount {
    const EXPECTED: &'static str = "a decimal number of at most 18 digits, 4 of them after the point";
    fn read(text: &str) -> Option<Self> {
        Money::parse(text).map(Amount)
    }
    fn read_number(text: &str) -> Option<Self> {
        Self::read(text)
    }
    fn read_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lenient<Self>>, D::Error> {
        let Some(raw) = <Option<&RawValue>>::deserialize(deserializer)? else { return Ok(None) };
        let text = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw.get());
        ScalarVisitor(PhantomData).visit_str(text)
    }
}

impl Scalar for Box<str> {
    const EXPECTED: &'static str = "a text";
    const IS_ESCAPED: bool = true;
    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";
    fn read_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for Date {
    const EXPECTED: &'static str = "a date, yyyy-MM-dd";
    const IS_NONE: fn(&str) -> bool = is_no_date;
    fn read(text: &str) -> Option<Self> {
        let civil = civil(text)?;
        // With an hour alone it is of no known form.
        let is_midnight = civil.time() == civil::Time::midnight() && text.len() != "yyyy-MM-ddTHH".len();
        // The greatest date of .NET comes with the last moment of its day.
        let is_day = is_midnight || civil.date() == civil::Date::MAX;
        let since_epoch = civil.date().since(civil::Date::constant(1970, 1, 1)).ok()?;
        is_day.then_some(Date(Day(since_epoch.get_days())))
    }
}

impl Scalar for WallTime {
    const EXPECTED: &'static str = "a date and time, yyyy-MM-ddTHH:mm:ss";
    const IS_NONE: fn(&str) -> bool = is_no_date;
    fn read(text: &str) -> Option<Self> {
        // The millisecond in which it lies.
        let ms = instant(text)?.as_nanosecond().div_euclid(1_000_000);
        Some(WallTime(Instant(ms as i64)))
    }
}

/// An instant from its Central European wall time: of a repeated hour the first, of a skipped one the instant it
/// would have been.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::get("Europe/Oslo").ok());
    ZONE.as_ref()?.to_ambiguous_timestamp(civil(text)?).compatible().ok()
}

/// A date and time of this form, or the beginning of one. Xledger's times have no offset: one that has is of a form that nobody knows.
fn civil(text: &str) -> Option<civil::DateTime> {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000000000";
    let is_of_form = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        _ => byte == *form,
    };
    // The parser would read dates and times of other forms too, and a second 60 as 59.
    let fits = (10..=FORM.len()).contains(&text.len()) && text.bytes().zip(FORM).all(is_of_form);
    if !fits || text.get(17..19) == Some("60") {
        return None;
    }
    if text.len() != "yyyy-MM-ddTHH:mm:ss".len() {
        return text.parse().ok();
    }
    // Nearly all come in this form; by the parser they took a tenth of a whole refresh.
    let digits =
        |from: usize, to: usize| text.as_bytes()[from..to].iter().fold(0, |n, byte| n * 10 + i16::from(byte - b'0'));
    let [month, day, hour, minute, second] = [5, 8, 11, 14, 17].map(|at| digits(at, at + 2) as i8);
    civil::DateTime::new(digits(0, 4), month, day, hour, minute, second, 0).ok()
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = Option<Lenient<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if (T::IS_NONE)(text) { Ok(None) } else { Ok(Some(Lenient::of(T::read(text)))) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Lenient::of(T::read_integer(value))))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Lenient::of(i64::try_from(value).ok().and_then(T::read_integer))))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Lenient::of(T::read_bool(value))))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(Lenient::Unfit))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| Some(Lenient::Unfit))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Some(Lenient::Unfit))
    }
}

impl<T: Scalar> FromWire for T {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        match T::read_field(deserializer)? {
            Some(Lenient::Unfit) => Err(D::Error::custom(format_args!("expected {}", T::EXPECTED))),
            value => Ok(value.and_then(Lenient::fit)),
        }
    }

    fn read_fast(cursor: &mut Cursor<'_>, to: &mut Option<Self>) -> Option<()> {
        *to = match cursor.token()? {
            Token::Null => None,
            Token::Text(text) if (T::IS_NONE)(text) => None,
            Token::Text(text) => Some(T::read(text)?),
            Token::Number(text) => Some(T::read_number(text)?),
            Token::Bool(value) => Some(T::read_bool(value)?),
            Token::Escaped(text) if T::IS_ESCAPED => Some(T::read(&serde_json::from_str::<Cow<'_, str>>(text).ok()?)?),
            Token::Escaped(_) => return None,
        };
        Some(())
    }
}

impl<T: Scalar> FromWire for Lenient<T> {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        T::read_field(deserializer)
    }

    fn read_fast(cursor: &mut Cursor<'_>, to: &mut Option<Self>) -> Option<()> {
        let mut value = None;
        T::read_fast(cursor, &mut value)?;
        *to = value.map(Lenient::Fit);
        Some(())
    }
}

/// An id outside of rows, which must be there.
impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = || D::Error::custom(format_args!("expected {}", Self::EXPECTED));
        Self::from_wire(deserializer)?.ok_or_else(expected)
    }
}

#[cfg(test)]
mod tests;
