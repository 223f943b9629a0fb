//! Where a run stands, for whoever watches it from outside.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::model::lock::lock;

use crate::model::words::words;

words! {
    /// A stage of a refresh, in the order of the flow.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Stage {
        /// Reads the schema.
        Schema = "schema",
        /// Lists the chart of accounts, the ledger and accounts payable.
        Index = "index",
        /// Decides which lines may be asked for.
        Screen = "screen",
        /// Fetches the admitted lines of both ledgers.
        Fetch = "fetch",
        /// Lists what the lines name.
        ReferenceData = "refer",
        /// Joins, encodes and publishes the tables.
        Publish = "publish",
    }
}

/// Where a run stands. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    stage: AtomicUsize,
    rows: AtomicU64,
    of: AtomicU64,
    begun: Mutex<Option<tokio::time::Instant>>,
}

impl Progress {
    /// A stage begins. `of` rows are expected in it; 0 if nobody knows.
    pub(crate) fn begin(&self, stage: Stage, of: u64) {
        self.end();
        self.0.stage.store(stage as usize, Relaxed);
        self.0.rows.store(0, Relaxed);
        self.0.of.store(of, Relaxed);
        *lock(&self.0.begun) = Some(tokio::time::Instant::now());
    }

    /// The stage ends: one line in the log.
    pub(crate) fn end(&self) {
        let Some(begun) = lock(&self.0.begun).take() else { return };
        let (stage, rows, _) = self.now();
        tracing::info!(stage = stage.as_str(), rows, duration_ms = begun.elapsed().as_millis() as u64, "stage done");
    }

    /// More rows of the stage are there.
    pub(crate) fn rows(&self, rows: usize) {
        self.0.rows.fetch_add(rows as u64, Relaxed);
    }

    /// The stage, its rows so far, and how many are expected (0 if nobody knows).
    pub fn now(&self) -> (Stage, u64, u64) {
        let stage = Stage::ALL.get(self.0.stage.load(Relaxed)).copied().unwrap_or(Stage::Schema);
        (stage, self.0.rows.load(Relaxed), self.0.of.load(Relaxed))
    }
}
