//! `runs`: one row per run, kept as one line of JSON in a file of its own.

use std::sync::LazyLock;

use arrow::array::{StringBuilder, TimestampMillisecondBuilder};
use serde::{Deserialize, Serialize, Serializer};

use super::cell::{columns, primitive, word};
use super::column::{ColumnType, Format, SortKey, Table};
use crate::model::value::Instant;
use crate::model::words::words;

/// The table `runs`.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Table::new(
            "runs",
            "One row per run, whatever its end. lines_kept, refused and the excluded_ columns add up to lines_listed.",
            Format::JsonLines,
            Row::columns(),
            vec![],
            &[SortKey("run_id")],
        )
    });
    &TABLE
}

columns! {
    /// A row of `runs`. Its JSON has the columns' names as keys, in their order, null where a value is missing.
    #[derive(Clone, Debug, Serialize)]
    pub struct Row<'a> {
        /// Id of the run, unique, sorted by time.
        pub run_id: &'a str,
        /// Snapshot that the run published or went back to. Null if there is none.
        pub snapshot: Option<&'a str>,
        /// What the run was for: refresh or rollback. A check has no row.
        pub action: &'a str,
        /// How a refresh was made: full or incremental. Null if the action was not a refresh.
        pub mode: Option<&'a str>,
        /// How the run ended: succeeded, incomplete (the next run resumes), failed, or dry_run (all but publishing).
        pub status: Status,
        /// When the run began, in UTC.
        pub started_at: Time,
        /// When the run ended, in UTC.
        pub finished_at: Time,
        /// Ledger lines that Xledger listed. Null if the run ended earlier.
        pub lines_listed: Option<u64>,
        /// Ledger lines that the rules admit. Null if the run ended earlier.
        pub lines_kept: Option<u64>,
        /// Ledger lines that this run fetched. Null if the run ended earlier.
        pub lines_fetched: Option<u64>,
        /// Ledger lines left out as payroll. Null if the run ended earlier.
        pub excluded_payroll: Option<u64>,
        /// Ledger lines left out because they cannot be judged: they lack a document type, a known account, a period, or an owner for their match. Null if the run ended earlier.
        pub refused: Option<u64>,
        /// Ledger lines left out by their document type. Null if the run ended earlier.
        pub excluded_document_type: Option<u64>,
        /// Ledger lines left out by their account. Null if the run ended earlier.
        pub excluded_account: Option<u64>,
        /// Ledger lines left out by their period. Null if the run ended earlier.
        pub excluded_history: Option<u64>,
        /// Kept ledger lines on an account whose code has no digits. Null if the run ended earlier.
        pub lines_without_account_number: Option<u64>,
        /// Suppliers published. Null if there is none.
        pub suppliers: Option<u64>,
        /// Requests sent to Xledger, retries included.
        pub api_requests: u64,
        /// Bytes of the answers from Xledger, on the wire.
        pub api_bytes_down: u64,
        /// Milliseconds waited after refusals and failures of Xledger. What keeps the pace below its limits is not counted.
        pub api_waited_ms: u64,
        /// Kind of the error that ended the run. Null if there is none.
        pub error_kind: Option<&'a str>,
        /// Message of the error, without any value of a row. Null if there is none.
        pub error_message: Option<&'a str>,
        /// Refresh that the run is part of: the run_id of its first run. Null if the action was not a refresh.
        pub refresh_id: Option<&'a str>,
        /// Checks of the data that warn. Null if the run ended earlier.
        pub checks_warned: Option<u64>,
        /// Checks of the data that fail. Null if the run ended earlier.
        pub checks_failed: Option<u64>,
        /// Names of the checks that warn or fail, separated by commas. Null if there is none.
        pub checks: Option<CheckNames>,
    }
}

words! {
    /// How a run ended.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Status {
        /// All was done.
        Succeeded = "succeeded",
        /// Time or API credits ran out; the next run resumes.
        Incomplete = "incomplete",
        /// An error ended it.
        #[default]
        Failed = "failed",
        /// All was done but publishing, as asked.
        DryRun = "dry_run",
        /// There was no token yet, and nothing was done. Such a run has no row.
        WaitingForToken = "waiting_for_token",
    }
}

/// Names of checks, with commas between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckNames(pub String);

impl CheckNames {
    /// The text in the column.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An instant that is written as `yyyy-MM-dd HH:mm:ss.SSS` in UTC: of the ways to write a time, the one that Athena's JSON reader takes
/// for a `timestamp` without being told a format, and that DuckDB, Spark and pandas take for one too. The `T` and `Z` of ISO 8601 it
/// does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Instant);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = jiff::Timestamp::from_millisecond(self.0.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&time.strftime("%Y-%m-%d %H:%M:%S%.3f"))
    }
}

// The last word is of runs that have no row.
word!(Status: match Status::WORDS {
    [of_rows @ .., _] => of_rows,
    [] => &[],
});
word!(CheckNames);
primitive!(Time, ColumnType::TimestampMsUtc, TimestampMillisecondBuilder, |time| Some(time.0.0));

#[cfg(test)]
mod tests;
