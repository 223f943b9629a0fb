//! What is asked: a query, its variables, and which rows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::query::Query;
use crate::model::value::Instant;

/// A question for rows. A variable without a value must be left out, for a null is a condition to Xledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) query: Query,
    /// The variables but the filter and how many rows.
    pub(crate) variables: &'a Map<String, Value>,
    pub(crate) select: Select<'a>,
    /// How many rows are asked for, at most.
    pub(crate) rows: usize,
    /// From this instant on it is not sent any more, however long it has waited for its turn: the rows that it asks for may have changed.
    pub(crate) expires_at: Option<Instant>,
}

impl<'a> Question<'a> {
    /// For rows of a root, whichever they are.
    pub(crate) fn all(query: Query, variables: &'a Map<String, Value>, rows: usize) -> Self {
        Self { query, variables, select: Select::All, rows, expires_at: None }
    }
}

/// Which rows of a root are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Select<'a> {
    /// All of them.
    All,
    /// Exactly the rows of these ids.
    Ids(&'a [i64]),
    /// The rows whose ids lie in a range.
    Range(IdRange),
    /// The same, the lowest ids first: the next page begins above the last of them, so that no cursor is asked for.
    Ascending(IdRange),
}

impl Select<'_> {
    /// Whether the next page is found by a cursor. It stands beside each row, so that lists of millions do without.
    pub(crate) fn needs_cursors(self) -> bool {
        matches!(self, Select::All | Select::Range(_))
    }
}

/// A range of ids; without a bound, it is open there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRange {
    /// The ids above this one.
    pub above: Option<i64>,
    /// The ids up to this one, itself included.
    pub up_to: Option<i64>,
}

impl IdRange {
    /// Whether an id lies in it.
    pub(crate) fn contains(&self, id: i64) -> bool {
        self.above.is_none_or(|above| id > above) && self.up_to.is_none_or(|up_to| id <= up_to)
    }
}
