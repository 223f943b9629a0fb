//! What is used of the API: users pay for requests and bytes. And what is waited for at this moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::scalar::Lenient;
use crate::model::lock::lock;

/// What a client used of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Requests sent.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of answer bodies as sent over the wire, compressed ones as compressed.
    pub bytes_down: u64,
    /// Milliseconds during which nothing was asked because of refusals and failures.
    pub waited_ms: u64,
    /// Rows of a list that Xledger answered as null, and again as null when they were asked for once more.
    pub null_rows: u64,
}

/// What may be watched of a client from outside while it works.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) usage: Usage,
    /// Whether an answer came compressed.
    pub(super) was_compressed: bool,
    /// Until when nothing is asked, and why.
    waiting: Option<(Instant, String)>,
    unfit: BTreeMap<&'static str, u64>,
}

impl Meter {
    pub(super) fn lock(&self) -> MutexGuard<'_, Watched> {
        lock(&self.0)
    }

    /// What was used so far.
    pub fn usage(&self) -> Usage {
        self.lock().usage
    }

    /// Whether an answer came compressed.
    pub(crate) fn was_compressed(&self) -> bool {
        self.lock().was_compressed
    }

    /// Takes note of rows that stay null.
    pub(crate) fn count_null_rows(&self, rows: usize) {
        self.lock().usage.null_rows += rows as u64;
    }

    /// Values that did not fit their column, by column: null in the tables, for nothing depends on them.
    pub fn unfit(&self) -> BTreeMap<String, u64> {
        self.lock().unfit.iter().map(|(column, values)| ((*column).to_owned(), *values)).collect()
    }

    /// The value of a column, null and counted if it does not fit.
    pub(crate) fn fit<T>(&self, column: &'static str, value: Option<Lenient<T>>) -> Option<T> {
        if let Some(Lenient::Unfit) = value {
            *self.lock().unfit.entry(column).or_default() += 1;
        }
        value?.fit()
    }

    /// How much longer the wait lasts that goes on now, and why; `None` if none does.
    pub fn waiting(&self) -> Option<(Duration, String)> {
        let (until, reason) = self.lock().waiting.clone()?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some((left, reason))
    }

    /// Nothing is asked until then, unless a longer wait goes on already.
    pub(super) fn note_wait(&self, until: Instant, reason: impl FnOnce() -> String) {
        let waiting = &mut self.lock().waiting;
        if waiting.as_ref().is_none_or(|(known, _)| *known < until) {
            *waiting = Some((until, reason()));
        }
    }
}
