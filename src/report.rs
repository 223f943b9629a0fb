//! What a run did: the function's response, the command line's `--json`, a part of the manifest, and a row of the table `runs`. Counts and
//! names of settings only: never a value of a row.

pub mod counts;
pub mod checks;
pub mod summary;
pub mod progress;
pub mod metrics;
pub mod log;
pub mod panic;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Mode;
use crate::lake::manifest::TableFiles;
use crate::lake::{Manifest, ManifestTables};
use crate::model::failure::Failure;
use crate::model::json::{known, utc};
use crate::model::value::{Instant, Month};
use crate::table::runs::{self, CheckNames, Status, Time};
use crate::xledger::{LostField, Usage};
use checks::{CheckStatus, DataCheck, Measured};
use counts::{Counts, PayableCounts, TypeCount};

/// The report of one run. What a run did not come to is `None`. Of the report of another version, what this one does not know is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The run's id.
    pub run_id: String,
    /// `refresh` or `rollback`.
    pub action: String,
    /// How much was fetched.
    #[serde(deserialize_with = "known")]
    pub mode: Option<Mode>,
    /// Why so much was fetched.
    pub mode_reason: Option<String>,
    /// The refresh that this run is a part of: the id of its first run.
    pub refresh_id: Option<String>,
    /// Which run of the refresh this is, from 1.
    pub invocation: Option<u32>,
    /// When it is worth resuming a refresh that has not ended, or looking for a token again.
    #[serde(with = "utc::maybe")]
    pub continues_at: Option<Instant>,
    /// Since when a token has been waited for.
    #[serde(with = "utc::maybe")]
    pub waiting_since: Option<Instant>,
    /// How it ended.
    #[serde(deserialize_with = "known")]
    pub status: Status,
    /// The snapshot that the run published or moved back to.
    pub snapshot: Option<String>,
    /// The snapshot that was current when the run began.
    pub snapshot_before: Option<String>,
    /// When it began.
    #[serde(with = "utc")]
    pub started_at: Instant,
    /// When it ended.
    #[serde(with = "utc")]
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
    #[serde(deserialize_with = "known")]
    pub periods: Vec<PeriodChanges>,
    /// The document types that were found.
    pub document_types: Vec<TypeCount>,
    /// What the schema or the token's rights lack, and the columns that are null for it.
    pub lost: Vec<LostField>,
    /// Values that did not fit their column and are null, by column: of what this run fetched.
    pub unfit: BTreeMap<String, u64>,
    /// Codes of accounts that look like wages and lie outside of the payroll accounts: somebody must say what they are.
    pub accounts_to_confirm: Vec<String>,
    /// What the checks of the data found.
    #[serde(deserialize_with = "known")]
    pub checks: Vec<DataCheck>,
    /// What closed months had, for the checks of the next run to compare with.
    #[serde(deserialize_with = "known")]
    pub measured: Vec<Measured>,
    /// The tables that were made, or moved back to.
    pub tables: Option<TableSizes>,
    /// The page for people, `report.html` beside the tables.
    pub page: Option<PageFile>,
    /// Old snapshots and leftovers of dead runs that were removed.
    pub snapshots_removed: Option<u64>,
    /// What was used of the API.
    pub api: Usage,
    /// What a person should know of this run, in a sentence: what a rollback means, that the cache or a manifest was damaged, that a refresh had ended
    /// already.
    pub note: Option<String>,
    /// Why it failed.
    #[serde(deserialize_with = "known")]
    pub error: Option<Failure>,
    /// When the current snapshot became current, as far as the run knows: for its metrics alone.
    #[serde(skip)]
    pub last_success_at: Option<Instant>,
}

/// What became of the lines of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodChanges {
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

impl PeriodChanges {
    /// A month without lines.
    pub(crate) fn empty(month: Month) -> Self {
        Self { month, before: 0, lines: 0, added: 0, changed: 0, removed: 0 }
    }
}

/// The sizes of the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableSizes {
    /// The table `spend`.
    pub spend: TableSize,
    /// The table `supplier`.
    pub supplier: TableSize,
}

/// The size of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of its files.
    pub bytes: u64,
}

/// The page for people that a snapshot has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFile {
    /// Its path relative to the lake.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its checksum, as `sha256sum` prints it.
    pub sha256: String,
}

impl TableSizes {
    /// The sizes of a snapshot's tables.
    pub fn of(tables: &ManifestTables) -> Self {
        let size =
            |table: &TableFiles| TableSize { rows: table.rows, files: table.files.len() as u64, bytes: table.bytes };
        Self { spend: size(&tables.spend), supplier: size(&tables.supplier) }
    }
}

impl Report {
    /// The report of a run that has just begun.
    pub fn begin(run_id: &str, action: &str, mode: Option<Mode>, started_at: Instant) -> Self {
        let (run_id, action) = (run_id.to_owned(), action.to_owned());
        Self { run_id, action, mode, started_at, finished_at: started_at, ..Self::default() }
    }

    /// The report of the run that made a snapshot; an empty one if it cannot be read.
    pub fn of(manifest: &Manifest) -> Self {
        Self::deserialize(&manifest.report).unwrap_or_default()
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

    /// How many checks of the data came out so; `None` if none was made.
    pub fn checks_that(&self, status: CheckStatus) -> Option<u64> {
        let those = self.checks.iter().filter(|check| check.status == status).count() as u64;
        (!self.checks.is_empty()).then_some(those)
    }

    /// The names of the checks that are not as they should be, with commas between; `None` if there is none.
    fn checks_to_see(&self) -> Option<CheckNames> {
        let not_ok = self.checks.iter().filter(|check| check.status != CheckStatus::Ok);
        let names: Vec<&str> = not_ok.map(|check| check.name.as_str()).collect();
        (!names.is_empty()).then(|| CheckNames(names.join(",")))
    }

    /// The run's row in the table `runs`.
    pub fn row(&self) -> runs::Row<'_> {
        let counted = |count: fn(&Counts) -> u64| self.lines.as_ref().map(count);
        runs::Row {
            run_id: &self.run_id,
            snapshot: self.snapshot.as_deref(),
            action: &self.action,
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
            checks_warned: self.checks_that(CheckStatus::Warn),
            checks_failed: self.checks_that(CheckStatus::Fail),
            checks: self.checks_to_see(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::FailureKind;
    use crate::model::treatment::Treatment;
    use crate::xledger::LossReason;
    use serde_json::json;

    /// All that a report can say.
    fn full() -> Report {
        let size = TableSize { rows: 3, files: 2, bytes: 1 };
        let mut report = Report {
            mode_reason: Some("asked for".to_owned()),
            refresh_id: Some("run-0".to_owned()),
            invocation: Some(2),
            continues_at: Some(Instant(1_795_224_600_000)),
            waiting_since: Some(Instant(1_795_224_500_000)),
            snapshot: Some("20261121T013000Z-0a1b2c3d".to_owned()),
            snapshot_before: Some("20261120T013000Z-0a1b2c3d".to_owned()),
            lines: Some(Counts { listed: 9, kept: 7, refused: 2, ..Counts::default() }),
            lines_fetched: Some(7),
            payables: Some(PayableCounts { listed: 4, ..PayableCounts::default() }),
            periods: Month::new(2026, 5).map(PeriodChanges::empty).into_iter().collect(),
            document_types: [Treatment::Kept, Treatment::LeftOut]
                .map(|treatment| TypeCount { code: Some("AP".to_owned()), treatment, ..TypeCount::default() })
                .into(),
            lost: vec![LostField {
                field: "suppliers.phone".to_owned(),
                reason: LossReason::NotAllowed,
                ..LostField::default()
            }],
            unfit: [("spend.vat_amount".to_owned(), 5)].into(),
            accounts_to_confirm: vec!["5500".to_owned()],
            checks: vec![
                DataCheck::judged("dates", "2 lines".to_owned(), "look", &["owner 1".to_owned()]),
                DataCheck::judged("vat_rates", "no line".to_owned(), "look", &[]),
                DataCheck::demanded("integrity", "1 line".to_owned(), "stop", &["twice".to_owned()]),
            ],
            measured: Month::new(2026, 4).map(Measured::empty).into_iter().collect(),
            tables: Some(TableSizes { spend: size, supplier: size }),
            note: Some("a note".to_owned()),
            ..Report::begin("run-1", "refresh", Some(Mode::Full), Instant(1_795_224_600_120))
        };
        let api = Usage { requests: 1, bytes_up: 2, bytes_down: 3, waited_ms: 4, null_rows: 5 };
        let failure = Failure::new(FailureKind::TableShrunk, "too small");
        report.end(Instant(1_795_224_601_000), api, Err(failure));
        report
    }

    #[test]
    fn what_is_written_is_read() {
        for report in [full(), Report::begin("run-2", "rollback", None, Instant(0))] {
            let text = serde_json::to_string(&report).unwrap();
            let read: Report = serde_json::from_str(&text).unwrap();
            assert_eq!(read, report);
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        let text = serde_json::to_string(&full()).unwrap();
        assert!(text.contains(r#""started_at":"2026-11-21T01:30:00.120Z","finished_at":"2026-11-21T01:30:01.000Z""#));
        assert!(text.contains(r#""kind":"table_shrunk""#), "{text}");
    }

    #[test]
    fn a_run_says_which_checks_to_see() {
        let row = full();
        let row = row.row();
        assert_eq!((row.checks_warned, row.checks_failed), (Some(1), Some(1)));
        assert_eq!(row.checks.as_ref().map(CheckNames::as_str), Some("dates,integrity"));
        let none = Report::default();
        assert_eq!((none.row().checks_warned, none.row().checks_failed, none.row().checks), (None, None, None));
    }

    #[test]
    fn what_another_version_says_hides_nothing_else() {
        let known = serde_json::to_value(full()).unwrap();
        let mut newer = known.clone();
        newer["colour"] = json!("red");
        for word in [
            "/mode",
            "/status",
            "/error/kind",
            "/lost/0/reason",
            "/document_types/0/treatment",
            "/periods/0/month",
            "/checks/0/status",
        ] {
            *newer.pointer_mut(word).unwrap() = json!("new");
        }
        let mut expected = Report { mode: None, error: None, periods: vec![], checks: vec![], ..full() };
        (expected.lost[0].reason, expected.document_types[0].treatment) = (LossReason::NotInSchema, Treatment::Unknown);
        assert_eq!(Report::deserialize(newer).unwrap(), expected);
        for name in known.as_object().unwrap().keys() {
            let mut older = known.clone();
            older.as_object_mut().unwrap().remove(name);
            let older = Report::deserialize(older).unwrap();
            assert_eq!(older.tables, full().tables.filter(|_| name != "tables"), "{name}");
        }
    }
}
