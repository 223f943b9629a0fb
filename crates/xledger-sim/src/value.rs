//! The values of fields and how they are written as JSON.

use crate::company::date::{Day, WallTime, write_day, write_time};
use std::borrow::Cow;
use std::io::Write;

/// The value of a scalar field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    /// A decimal number: its digits and how many of them are decimals.
    Decimal(i64, u8),
    Text(Cow<'a, str>),
    Day(Day),
    Time(WallTime),
    Flag(bool),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    pub(crate) fn own(text: Option<String>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    pub(crate) fn day(day: Option<Day>) -> Self {
        day.map_or(Self::Null, Self::Day)
    }

    pub(crate) fn money(hundredths: i64) -> Self {
        Self::Decimal(hundredths, 2)
    }
}

/// How numbers are written: decided for each field when the request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Number,
    Text,
}

/// Appends a value as JSON.
pub(crate) fn write(out: &mut Vec<u8>, value: &Value<'_>, shape: Shape) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Flag(true) => out.extend_from_slice(b"true"),
        Value::Flag(false) => out.extend_from_slice(b"false"),
        Value::Text(text) => write_text(out, text),
        Value::Int(number) => quoted(out, shape, |out| write_number(out, *number)),
        Value::Decimal(digits, decimals) => quoted(out, shape, |out| write_decimal(out, *digits, *decimals)),
        Value::Day(day) => quoted(out, Shape::Text, |out| write_day(out, *day)),
        Value::Time(time) => quoted(out, Shape::Text, |out| write_time(out, *time)),
    }
}

fn quoted(out: &mut Vec<u8>, shape: Shape, content: impl FnOnce(&mut Vec<u8>)) {
    if shape == Shape::Text {
        out.push(b'"');
        content(out);
        out.push(b'"');
    } else {
        content(out);
    }
}

/// Appends a whole number.
pub(crate) fn write_number(out: &mut Vec<u8>, number: i64) {
    // Writing into a vector cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// Appends a decimal number. Some whole amounts come without decimals.
pub(crate) fn write_decimal(out: &mut Vec<u8>, digits: i64, decimals: u8) {
    let unit = 10_u64.pow(u32::from(decimals));
    let (whole, rest) = (digits.unsigned_abs() / unit, digits.unsigned_abs() % unit);
    let sign = if digits < 0 { "-" } else { "" };
    // Writing into a vector cannot fail.
    let _ = if decimals == 0 || rest == 0 && whole % 8 == 0 {
        write!(out, "{sign}{whole}")
    } else {
        write!(out, "{sign}{whole}.{rest:0width$}", width = usize::from(decimals))
    };
}

/// Appends a text in quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    // Writing into a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value<'_>, shape: Shape) -> String {
        let mut out = Vec::new();
        write(&mut out, value, shape);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn money_is_text_with_two_decimals_or_none() {
        assert_eq!(json(&Value::money(-10_150), Shape::Text), "\"-101.50\"");
        assert_eq!(json(&Value::money(-5), Shape::Text), "\"-0.05\"");
        assert_eq!(json(&Value::money(80_000), Shape::Text), "\"800\"");
        assert_eq!(json(&Value::money(80_100), Shape::Number), "801.00");
    }

    #[test]
    fn text_is_escaped() {
        let text = "a\"b\\c\n\u{1}å🎂";
        let written = json(&Value::Text(text.into()), Shape::Text);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
