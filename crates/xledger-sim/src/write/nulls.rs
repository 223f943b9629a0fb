//! Rows of a list that are null where they should not be.

use crate::dialect::Dialect;
use crate::read::Connection;
use crate::table::Table;
use rustc_hash::FxHashSet;
use std::sync::{Mutex, PoisonError};

/// Rows that were null when they were listed the first time: the next time they come.
#[derive(Debug, Default)]
pub(crate) struct Nulled(Mutex<FxHashSet<(Table, usize)>>);

/// Whether the row at a place is null in this answer. Which rows are is a matter of their places alone, not of the page.
pub(super) fn is_null(dialect: &Dialect, nulled: &Nulled, connection: &Connection, place: usize) -> bool {
    let due = |every: Option<u32>| every.is_some_and(|every| (place + 1).is_multiple_of(every.max(1) as usize));
    let listed = !connection.query.by_ids();
    let null_rows = if listed { dialect.null_rows_by_page } else { dialect.null_rows_by_id };
    if due(dialect.null_rows_for_ever) || due(null_rows) {
        return true;
    }
    listed && due(dialect.null_rows_once) && {
        let mut rows = nulled.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert((connection.query.table, place))
    }
}
