//! The scalars of the wire: what is read says the same as what was sent, by a second way of reading it.

use jiff::civil::{Date as Civil, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::xledger::scalar::{Amount, Date, FromWire as _, Integer, Lenient, WallTime};

/// Reads a text as each of the scalars: as JSON, and as what stands in a JSON string.
pub fn scalars(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for json in [text, &serde_json::to_string(text).unwrap()] {
        let sent = match serde_json::from_str(json) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(_) => json.trim().to_owned(),
            Err(_) => continue,
        };
        if let Some(whole) = read::<Integer>(json) {
            assert_eq!(decimal(&sent), decimal(&whole.0.to_string()), "a whole number from {sent:?}");
        }
        if let Some(amount) = read::<Amount>(json) {
            assert_eq!(decimal(&sent), decimal(&money(amount)), "an amount from {sent:?}");
        }
        if let Some(date) = read::<Date>(json) {
            let rest = sent.strip_prefix(&day(date)).expect("a date that was sent otherwise");
            assert!(is_midnight(rest) || sent.starts_with("9999-12-31"), "a date from {sent:?}");
        }
        if let Some(time) = read::<WallTime>(json) {
            assert!(says(&sent, time), "{} from {sent:?}", utc(time));
        }
    }
}

/// Reads a scalar, and once more from what it is written as.
fn read<T: serde::de::DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(json: &str) -> Option<T> {
    let value = serde_json::from_str::<T>(json).ok()?;
    let written = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&written).ok().as_ref(), Some(&value), "written as {written}");
    Some(value)
}

/// A decimal number: whether it is below zero, its digits without zeros at either end, and the place of the last of them.
fn decimal(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unsigned = whole.trim_start_matches(['+', '-']);
    let digits = format!("{unsigned}{fraction}");
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text:?} is no decimal number");
    let significant = digits.trim_end_matches('0');
    let last = exponent.parse::<i64>().unwrap() - fraction.len() as i64 + (digits.len() - significant.len()) as i64;
    match significant.trim_start_matches('0') {
        "" => (false, String::new(), 0),
        digits => (whole.starts_with('-'), digits.to_owned(), last),
    }
}

fn money(amount: Amount) -> String {
    let units = amount.0.ten_thousandths();
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    format!("{sign}{}.{:04}", units / 10_000, units % 10_000)
}

fn day(date: Date) -> String {
    Civil::constant(1970, 1, 1).checked_add(i64::from(date.0.0).days()).unwrap().to_string()
}

/// Whether what follows a day is nothing, or its first instant.
fn is_midnight(rest: &str) -> bool {
    let Some(time) = rest.strip_prefix(['T', ' ']) else { return rest.is_empty() };
    time.starts_with("00:00") && time.chars().all(|c| matches!(c, '0' | ':' | '.'))
}

/// Whether a text is this instant to the millisecond, in Oslo. What it leaves out at its end is zero.
fn says(text: &str, time: WallTime) -> bool {
    let instant = Timestamp::from_millisecond(time.0.0).unwrap();
    let oslo = TimeZone::get("Europe/Oslo").unwrap();
    let wall = oslo.to_datetime(instant);
    let text = text.replacen(' ', "T", 1);
    let (known, finer) = text.split_at_checked(23).unwrap_or((&text, ""));
    let skipped = || text.parse::<DateTime>().is_ok_and(|wall| oslo.to_ambiguous_timestamp(wall).is_ambiguous());
    finer.bytes().all(|byte| byte.is_ascii_digit()) && (zeros_after(known) == Some(format!("{wall:.3}")) || skipped())
}

/// A date and time with the zeros that it leaves out, to the millisecond.
fn zeros_after(text: &str) -> Option<String> {
    let rest = "0000-00-00T00:00:00.000".get(text.len()..)?;
    matches!(text.len(), 10 | 13 | 16 | 19 | 21..=23).then(|| format!("{text}{rest}"))
}

/// As the time of Oslo, without an offset.
fn wall(time: WallTime) -> String {
    let instant = Timestamp::from_millisecond(time.0.0).unwrap();
    format!("{:.3}", TimeZone::get("Europe/Oslo").unwrap().to_datetime(instant))
}

fn utc(time: WallTime) -> String {
    format!("{:.3}", Timestamp::from_millisecond(time.0.0).unwrap())
}

macro_rules! written_as {
    ($($scalar:ty: $write:expr;)*) => {$(
        impl Serialize for $scalar {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $write(*self).serialize(serializer)
            }
        }
    )*};
}
/// As the value, or as something that no value is written as.
impl<T: Serialize> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Lenient::Fit(value) => value.serialize(serializer),
            Lenient::Unfit => serializer.serialize_bool(false),
        }
    }
}

written_as! {
    Integer: |whole: Integer| whole.0;
    Amount: money;
    Date: day;
    WallTime: wall;
}

/// As fields of rows are, but they must be there.
macro_rules! read_as_fields {
    ($($scalar:ty),*) => {$(
        impl<'de> Deserialize<'de> for $scalar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_wire(deserializer)?.ok_or_else(|| D::Error::custom("expected a value"))
            }
        }
    )*};
}
read_as_fields!(Amount, Date, WallTime);
