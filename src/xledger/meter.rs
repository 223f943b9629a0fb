//! What is used of the API: users pay for requests and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What a client used of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Requests sent.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of answer bodies as sent over the wire, compressed ones as compressed.
    pub bytes_down: u64,
    /// Milliseconds waited after refusals and failures.
    pub waited_ms: u64,
    /// Rows that Xledger answered as null; skipped.
    pub null_rows: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) bytes_up: AtomicU64,
    pub(super) bytes_down: AtomicU64,
    pub(super) waited_ms: AtomicU64,
    pub(super) null_rows: AtomicU64,
    /// The length of the wait that goes on now; 0 if none does.
    pub(super) waiting_ms: AtomicU64,
}

/// What may be watched of a client from outside while it works.
#[derive(Clone, Debug, Default)]
pub struct Meter(pub(super) Arc<Counters>);

impl Meter {
    /// What was used so far.
    pub fn usage(&self) -> Usage {
        let c = &self.0;
        Usage {
            requests: c.requests.load(Relaxed),
            bytes_up: c.bytes_up.load(Relaxed),
            bytes_down: c.bytes_down.load(Relaxed),
            waited_ms: c.waited_ms.load(Relaxed),
            null_rows: c.null_rows.load(Relaxed),
        }
    }

    /// The length of the wait that goes on now, in milliseconds; 0 if none does.
    pub fn waiting_ms(&self) -> u64 {
        self.0.waiting_ms.load(Relaxed)
    }
}
