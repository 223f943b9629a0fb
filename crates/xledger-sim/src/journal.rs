//! What was asked and answered: the journal that tests read.

use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The journal of a server.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    exchanges: Vec<Exchange>,
    violations: Vec<Violation>,
    strayed: u64,
    changes: u64,
}

/// One request and its answer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Exchange {
    /// Counted from 1 in the order of arrival.
    pub number: u64,
    /// The operation's name, if it has one.
    pub operation: Option<String>,
    /// The root fields.
    pub roots: Vec<String>,
    /// The `variables` as JSON, in bytes.
    pub variables_bytes: u64,
    /// The request's body, in bytes.
    pub bytes_up: u64,
    /// The answer's body as sent, in bytes.
    pub bytes_down: u64,
    /// The answer's body before compression, in bytes.
    pub bytes_plain: u64,
    /// The HTTP status.
    pub status: u16,
    /// Rows answered, over all roots.
    pub rows: u64,
    /// Of these, ledger lines of expense reports.
    pub expense_rows: u64,
    /// The paths of the fields that were asked of rows.
    pub fields: Vec<String>,
    /// The first error's code, or its message where it has none.
    pub error: Option<String>,
    /// Refused by a limit, broken by a fault or too late for the client, on purpose: whoever wants the answer has to ask once more.
    pub faulted: bool,
    /// From arrival to answer, in milliseconds.
    pub duration_ms: u64,
}

/// Something about payroll that was asked for or answered and should not have been: a payroll line with more than the index fields, a payroll
/// voucher with more than its id, type and `modifiedAt`, the text of any voucher that holds payroll, a payroll root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The request's number.
    pub request: u64,
    /// The root field.
    pub root: String,
    /// The `dbId` of the payroll row; none where a payroll root was asked.
    pub row: Option<i64>,
    /// The fields beyond the index fields.
    pub fields: Vec<String>,
}

/// Sums over all requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Requests, refused ones included.
    pub requests: u64,
    /// Requests that were answered with an error.
    pub errors: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of answers as sent.
    pub bytes_down: u64,
    /// Bytes of answers before compression.
    pub bytes_plain: u64,
    /// Rows answered.
    pub rows: u64,
    /// Requests that were refused by a limit or broken by a fault, on purpose.
    pub faulted: u64,
    /// Requests at paths that the API does not have, as after following a redirect.
    pub strayed: u64,
    /// Changes of the books while requests went on.
    pub changes: u64,
}

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, exchange: Exchange, violations: Vec<Violation>) {
        let mut pages = self.pages();
        pages.exchanges.push(exchange);
        pages.violations.extend(violations);
    }

    pub(crate) fn note_stray(&self) {
        self.pages().strayed += 1;
    }

    pub(crate) fn note_change(&self) {
        self.pages().changes += 1;
    }

    /// All exchanges, in the order in which they ended.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.pages().exchanges.clone()
    }

    /// Sums over all requests.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let pages = self.pages();
        let mut totals = Totals { strayed: pages.strayed, changes: pages.changes, ..Totals::default() };
        for exchange in &pages.exchanges {
            totals.requests += 1;
            totals.errors += u64::from(exchange.error.is_some());
            totals.bytes_up += exchange.bytes_up;
            totals.bytes_down += exchange.bytes_down;
            totals.bytes_plain += exchange.bytes_plain;
            totals.rows += exchange.rows;
            totals.faulted += u64::from(exchange.faulted);
        }
        totals
    }

    /// Every [`Violation`].
    #[must_use]
    pub fn payroll_violations(&self) -> Vec<Violation> {
        self.pages().violations.clone()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.pages() = Pages::default();
    }

    /// Totals, violations and exchanges as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "totals": self.totals(),
            "payroll_violations": self.payroll_violations(),
            "exchanges": self.exchanges(),
        })
    }
}
