//! What a run did: the function's response, the command line's `--json`, a part of the manifest, and a row of the table `runs`. Counts and
//! names of settings only: never a value of a row.

pub mod counts;
pub mod progress;
pub mod metrics;
pub mod log;
pub mod panic;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::event::Mode;
use crate::lake::DataFile;
use crate::model::failure::Failure;
use crate::model::value::{Instant, Month};
use crate::table::runs::{self, Status, Time};
use crate::xledger::{Lost, Usage};
use counts::{Counts, PayableCounts, TypeCount};

/// The report of one run. What a run did not come to is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The run's id.
    pub run_id: String,
    /// `refresh` or `rollback`.
    pub action: &'static str,
    /// How much was fetched.
    pub mode: Option<Mode>,
    /// Why so much was fetched.
    pub mode_reason: Option<String>,
    /// The refresh that this run is a part of: the id of its first run.
    pub refresh_id: Option<String>,
    /// Which run of the refresh this is, from 1.
    pub invocation: Option<u32>,
    /// When it is worth resuming a refresh that has not ended.
    #[serde(serialize_with = "maybe_utc")]
    pub continues_at: Option<Instant>,
    /// How it ended.
    pub status: Status,
    /// The snapshot that the run published or moved back to.
    pub snapshot: Option<String>,
    /// The snapshot that was current when the run began.
    pub snapshot_before: Option<String>,
    /// When it began.
    #[serde(serialize_with = "utc")]
    pub started_at: Instant,
    /// When it ended.
    #[serde(serialize_with = "utc")]
    pub finished_at: Instant,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What became of the ledger lines.
    pub lines: Option<Counts>,
    /// Ledger lines fetched.
    pub lines_fetched: Option<u64>,
    /// Ledger lines that were listed and admitted, and did not come back when asked for twice.
    pub lines_gone: Option<u64>,
    /// What became of the AP lines.
    pub payables: Option<PayableCounts>,
    /// AP lines fetched.
    pub payables_fetched: Option<u64>,
    /// AP lines that did not come back.
    pub payables_gone: Option<u64>,
    /// Of a full refresh, lines that turned out to be changed though nothing that is listed of them had shown it.
    pub lines_healed: Option<u64>,
    /// What became of the ledger lines of each month since the last snapshot.
    pub periods: Vec<Period>,
    /// The document types that were found.
    pub document_types: Vec<TypeCount>,
    /// What the schema or the token's rights lack, and the columns that are null for it.
    pub lost: Vec<Lost>,
    /// Values that did not fit their column and are null, by column: of what this run fetched.
    pub unfit: BTreeMap<&'static str, u64>,
    /// Codes of accounts that look like wages and lie outside of the payroll accounts: somebody must say what they are.
    pub accounts_to_confirm: Vec<String>,
    /// The tables that were made, or moved back to.
    pub tables: Option<TableSizes>,
    /// Old snapshots and leftovers of dead runs that were removed.
    pub snapshots_removed: Option<u64>,
    /// What was used of the API.
    pub api: Usage,
    /// What a rollback means, for a person.
    pub note: Option<String>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When the current snapshot became current, as far as the run knows: for its metrics alone.
    #[serde(skip)]
    pub last_success_at: Option<Instant>,
}

/// What became of the lines of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// Lines in the last snapshot.
    pub before: u64,
    /// Lines now.
    pub lines: u64,
    /// Lines that were not there.
    pub added: u64,
    /// Lines whose amount, match or voucher's time of modification is not as it was.
    pub changed: u64,
    /// Lines that are there no more.
    pub removed: u64,
}

impl Period {
    /// A month without lines.
    pub(crate) fn empty(month: Month) -> Self {
        Self { month, before: 0, lines: 0, added: 0, changed: 0, removed: 0 }
    }
}

/// The sizes of the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableSizes {
    /// The table `spend`.
    pub spend: TableSize,
    /// The table `supplier`.
    pub supplier: TableSize,
}

/// The size of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
}

impl TableSize {
    /// The size of a table of these files.
    pub fn of_files(files: &[DataFile]) -> Self {
        let mut size = Self::default();
        size.add(files);
        size
    }

    /// Counts these files in.
    pub fn add(&mut self, files: &[DataFile]) {
        self.files += files.len() as u64;
        self.rows += files.iter().map(|file| file.rows).sum::<u64>();
        self.bytes += files.iter().map(|file| file.bytes).sum::<u64>();
    }
}

impl Report {
    /// The report of a run that has just begun.
    pub fn begin(run_id: &str, action: &'static str, mode: Option<Mode>, started_at: Instant) -> Self {
        Self {
            run_id: run_id.to_owned(),
            action,
            mode,
            mode_reason: None,
            refresh_id: None,
            invocation: None,
            continues_at: None,
            lines_healed: None,
            periods: Vec::new(),
            status: Status::Failed,
            snapshot: None,
            snapshot_before: None,
            started_at,
            finished_at: started_at,
            duration_ms: 0,
            lines: None,
            lines_fetched: None,
            lines_gone: None,
            payables: None,
            payables_fetched: None,
            payables_gone: None,
            document_types: Vec::new(),
            lost: Vec::new(),
            unfit: BTreeMap::new(),
            accounts_to_confirm: Vec::new(),
            tables: None,
            snapshots_removed: None,
            api: Usage::default(),
            note: None,
            error: None,
            last_success_at: None,
        }
    }

    /// Closes the report.
    pub fn end(&mut self, finished_at: Instant, api: Usage, outcome: Result<Status, Failure>) {
        self.finished_at = finished_at;
        self.duration_ms = finished_at.0 - self.started_at.0;
        self.api = api;
        match outcome {
            Ok(status) => self.status = status,
            Err(failure) => {
                self.status = Status::Failed;
                self.error = Some(failure);
            }
        }
    }

    /// Whether it is of a refresh that published a snapshot.
    pub fn is_published_refresh(&self) -> bool {
        self.action == "refresh" && self.snapshot.is_some()
    }

    /// The run's row in the table `runs`.
    pub fn row(&self) -> runs::Row<'_> {
        let counted = |count: fn(&Counts) -> u64| self.lines.as_ref().map(count);
        runs::Row {
            run_id: &self.run_id,
            snapshot: self.snapshot.as_deref(),
            action: self.action,
            mode: self.mode.map(Mode::as_str),
            status: self.status,
            started_at: Time(self.started_at),
            finished_at: Time(self.finished_at),
            lines_listed: counted(|counts| counts.listed),
            lines_kept: counted(|counts| counts.kept),
            lines_fetched: self.lines_fetched,
            excluded_payroll: counted(|counts| counts.excluded_payroll),
            refused: counted(|counts| counts.refused),
            excluded_document_type: counted(|counts| counts.excluded_document_type),
            excluded_account: counted(|counts| counts.excluded_account),
            excluded_history: counted(|counts| counts.excluded_history),
            lines_without_account_number: counted(|counts| counts.without_account_number),
            suppliers: self.tables.map(|tables| tables.supplier.rows),
            api_requests: self.api.requests,
            api_bytes_down: self.api.bytes_down,
            api_waited_ms: self.api.waited_ms,
            error_kind: self.error.as_ref().map(|error| error.kind.as_str()),
            error_message: self.error.as_ref().map(|error| error.message.as_str()),
            refresh_id: self.refresh_id.as_deref(),
        }
    }
}

fn maybe_utc<S: Serializer>(instant: &Option<Instant>, out: S) -> Result<S::Ok, S::Error> {
    match instant {
        Some(instant) => utc(instant, out),
        None => out.serialize_none(),
    }
}

fn utc<S: Serializer>(instant: &Instant, out: S) -> Result<S::Ok, S::Error> {
    let time = jiff::Timestamp::from_millisecond(instant.0).map_err(serde::ser::Error::custom)?;
    out.collect_str(&format_args!("{time:.3}"))
}
