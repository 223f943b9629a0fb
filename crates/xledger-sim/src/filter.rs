//! Conditions on rows.

use crate::column::Column;
use crate::company::Company;
use crate::company::date::{read_day, read_time};
use crate::node::Node;
use crate::value::Value;
use apollo_compiler::response::{JsonMap, JsonValue};

/// A condition.
#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    IsNull(Column),
    /// The value is one of these, which are sorted.
    In(Column, Vec<Key>),
    Compare(Column, Comparison, Key),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What values are compared by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Flag(bool),
    /// Whole numbers, days and times; decimals in millionths.
    Number(i128),
    Text(String),
}

impl Filter {
    /// Reads a filter that has been checked against its type.
    pub(crate) fn read(object: &JsonMap) -> Self {
        let mut all = Vec::new();
        for (key, value) in object.iter() {
            match (key.as_str(), value) {
                ("AND", JsonValue::Array(parts)) => {
                    all.extend(parts.iter().filter_map(JsonValue::as_object).map(Self::read))
                }
                ("OR", JsonValue::Array(parts)) => {
                    all.push(Self::Any(parts.iter().filter_map(JsonValue::as_object).map(Self::read).collect()));
                }
                ("AND" | "OR", JsonValue::Object(single)) => all.push(Self::read(single)),
                (key, value) => all.extend(condition(key, value)),
            }
        }
        Self::All(all)
    }

    /// The ids that the filter asks for, if it asks for some by `dbId_in` or `dbId`.
    pub(crate) fn ids(&self) -> Option<&[Key]> {
        match self {
            Self::In(Column::DbId, keys) => Some(keys),
            Self::All(parts) => parts.iter().find_map(Self::ids),
            _ => None,
        }
    }

    /// Leaves out conditions that are ranges of the row's own id.
    pub(crate) fn without_id_ranges(self) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(Self::without_id_ranges).collect();
        match self {
            Self::Compare(Column::DbId, ..) => Self::All(Vec::new()),
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            other => other,
        }
    }

    /// Whether a row meets the condition.
    pub(crate) fn holds(&self, books: &Company, node: Node<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(books, node)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(books, node)),
            Self::IsNull(column) => node.value(books, *column) == Value::Null,
            Self::In(column, keys) => {
                key(&node.value(books, *column)).is_some_and(|key| keys.binary_search(&key).is_ok())
            }
            Self::Compare(column, comparison, bound) => match key(&node.value(books, *column)) {
                None => false,
                Some(key) => match comparison {
                    Comparison::Greater => key > *bound,
                    Comparison::GreaterOrEqual => key >= *bound,
                    Comparison::Less => key < *bound,
                    Comparison::LessOrEqual => key <= *bound,
                },
            },
        }
    }
}

fn condition(name: &str, value: &JsonValue) -> Option<Filter> {
    let (base, suffix) = name.split_once('_').unwrap_or((name, ""));
    let column = Column::named(base)?;
    if value.is_null() {
        return Some(Filter::IsNull(column));
    }
    let one = || operand(column, value);
    let any = || -> Vec<Key> {
        let mut keys: Vec<Key> = match value {
            JsonValue::Array(items) => items.iter().filter_map(|item| operand(column, item)).collect(),
            single => operand(column, single).into_iter().collect(),
        };
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    Some(match suffix {
        "" | "in" => Filter::In(column, any()),
        "gt" => Filter::Compare(column, Comparison::Greater, one()?),
        "gte" => Filter::Compare(column, Comparison::GreaterOrEqual, one()?),
        "lt" => Filter::Compare(column, Comparison::Less, one()?),
        _ => Filter::Compare(column, Comparison::LessOrEqual, one()?),
    })
}

fn operand(column: Column, value: &JsonValue) -> Option<Key> {
    if let Some(number) = value.as_i64() {
        return Some(Key::Number(number.into()));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Key::Flag(flag));
    }
    let text = value.as_str()?;
    if column.is_id() {
        return text.parse().ok().map(Key::Number);
    }
    if column.is_date() {
        return read_day(text).map(|day| Key::Number(day.into()));
    }
    if column.is_time() {
        return read_time(text).map(|time| Key::Number(time.into()));
    }
    if column.is_decimal() {
        return decimal(text).map(Key::Number);
    }
    Some(Key::Text(text.to_owned()))
}

/// A decimal number in millionths.
fn decimal(text: &str) -> Option<i128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{:0<6}", rest.get(..6).unwrap_or(rest)).parse().ok()?;
    Some(digits)
}

/// What a value is compared by; nothing for null.
pub(crate) fn key(value: &Value<'_>) -> Option<Key> {
    Some(match value {
        Value::Null => return None,
        Value::Int(number) => Key::Number((*number).into()),
        Value::Decimal(digits, decimals) => {
            Key::Number(i128::from(*digits) * 10_i128.pow(6 - u32::from(*decimals).min(6)))
        }
        Value::Text(text) => Key::Text(text.to_string()),
        Value::Day(day) => Key::Number((*day).into()),
        Value::Time(time) => Key::Number((*time).into()),
        Value::Flag(flag) => Key::Flag(*flag),
    })
}
