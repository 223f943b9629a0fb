//! The metrics of a run that has ended: each named once, and the record that CloudWatch makes them of, in its embedded metric format. What
//! is not known is left out of the record, and is no 0. A line of the log costs no request and no right, and arrives even if AWS refused all else.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::report::checks::CheckStatus;
use crate::report::counts::Counts;
use crate::report::{Report, TableSizes};
use crate::table::runs::Status;
use crate::xledger::LossReason;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "XledgerSpend";

/// The one dimension of all metrics, which tells functions of one account apart.
pub const DIMENSION: &str = "FunctionName";

/// A run that has ended, and how the function stands at its end.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The run's id.
    pub run_id: &'a str,
    /// The run's report; the failure that ended it before it had one.
    pub outcome: Result<&'a Report, &'a Failure>,
    /// The time now.
    pub at: Instant,
    /// How long the invocation took.
    pub duration: Duration,
    /// How long it might have taken.
    pub time_limit: Duration,
    /// How much memory the function has.
    pub memory_limit_mib: Option<u64>,
    /// The most memory that it held.
    pub memory_peak_kib: Option<u64>,
}

/// A metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit, in CloudWatch's words.
    pub unit: &'static str,
    /// What it says.
    pub meaning: &'static str,
    value: fn(&Ended<'_>) -> Option<u64>,
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    value: fn(&Ended<'_>) -> Option<u64>,
) -> Metric {
    Metric { name, unit, meaning, value }
}

/// The first metrics say how a run ended. A run that waits for its token has these alone: it comes every half hour, and CloudWatch bills each metric by
/// the hours in which it has a value.
const OF_END: usize = 6;

/// Every metric. Alarms, dashboards and `docs/metrics.md` go by these names.
pub const METRICS: &[Metric] = &[
    metric("RunsSucceeded", "Count", "1 if a refresh succeeded; dry runs and rollbacks do not count", |run| {
        // A continuation that has nothing left to do publishes nothing.
        let succeeded =
            run.status() == Status::Succeeded && run.outcome.is_ok_and(|report| report.is_published_refresh());
        // A 0 and nothing else rings NoSuccessAlarm. A dry run, a first refresh that goes on, and a function that waits for its token have not
        // yet begun to be without success.
        let is_counted = succeeded || run.status() == Status::Failed || run.report()?.last_success_at.is_some();
        is_counted.then_some(u64::from(succeeded))
    }),
    metric("RunsFailed", "Count", "1 if the run failed", |run| flag(run.status() == Status::Failed)),
    metric(
        "RunsIncomplete",
        "Count",
        "1 if time or credits ran out, or another run had the lake, and the next run resumes",
        |run| flag(run.status() == Status::Incomplete),
    ),
    metric(
        "WaitingForToken",
        "Count",
        "1 if the function waits for its token, or, once that is there, for another run",
        |run| flag(run.status() == Status::WaitingForToken),
    ),
    metric("TokenRefused", "Count", "1 if the token is missing, unreadable or refused", |run| {
        use FailureKind::{SecretUnreadable, TokenMalformed, TokenMissing, TokenRefused};
        flag(matches!(run.failure(), Some(TokenMissing | SecretUnreadable | TokenMalformed | TokenRefused)))
    }),
    metric("PayrollReceived", "Count", "1 if a line came that is payroll or was not asked for", |run| {
        flag(matches!(run.failure(), Some(FailureKind::PayrollReceived | FailureKind::UnaskedLine)))
    }),
    metric("LinesListed", "Count", "Ledger lines that Xledger listed", |run| Some(run.counts()?.listed)),
    metric("LinesKept", "Count", "Ledger lines kept by the rules", |run| Some(run.counts()?.kept)),
    metric("LinesFetched", "Count", "Ledger lines fetched", |run| run.report()?.lines_fetched),
    metric("LinesGone", "Count", "Kept ledger lines deleted while they were fetched", |run| run.report()?.lines_gone),
    metric("LinesPayroll", "Count", "Ledger lines left out as payroll", |run| Some(run.counts()?.excluded_payroll)),
    metric("LinesRefused", "Count", "Ledger lines left out because they cannot be judged", |run| {
        Some(run.counts()?.refused)
    }),
    metric("LinesUnknownAccount", "Count", "Ledger lines refused because no chart shows their account", |run| {
        Some(run.counts()?.refused_because.unknown_account)
    }),
    metric("LinesHealed", "Count", "Changed lines that only a full refresh found", |run| {
        Some(run.published_refresh()?.lines_healed.unwrap_or(0))
    }),
    metric("AccountsToConfirm", "Count", "Accounts that look like wages and are no payroll accounts", |run| {
        run.counts()?;
        Some(run.report()?.accounts_to_confirm.len() as u64)
    }),
    metric("ChecksWarned", "Count", "Checks of the data that warn", |run| run.report()?.checks_that(CheckStatus::Warn)),
    metric("ChecksFailed", "Count", "Checks of the data that fail", |run| run.report()?.checks_that(CheckStatus::Fail)),
    metric("ColumnsLost", "Count", "Columns that are null for want of a field or a right", |run| {
        Some(run.published_refresh()?.lost.iter().map(|lost| lost.columns.len() as u64).sum())
    }),
    metric("RightsLost", "Count", "Fields that the token may not read", |run| {
        let lost = &run.published_refresh()?.lost;
        Some(lost.iter().filter(|lost| lost.reason == LossReason::NotAllowed).count() as u64)
    }),
    metric("ValuesUnfit", "Count", "Values that fit no column and are null", |run| {
        Some(run.report()?.unfit.values().sum())
    }),
    metric("NullRows", "Count", "Rows that Xledger gives as null, asked twice", |run| {
        Some(run.report()?.api.null_rows)
    }),
    metric("SpendRows", "Count", "Rows of `spend` published", |run| Some(run.published()?.spend.rows)),
    metric("SupplierRows", "Count", "Rows of `supplier` published", |run| Some(run.published()?.supplier.rows)),
    metric("LakeBytes", "Bytes", "Size of the data files published", |run| {
        let tables = run.published()?;
        Some(tables.spend.bytes + tables.supplier.bytes)
    }),
    metric("ApiRequests", "Count", "Requests to Xledger, retries included", |run| Some(run.report()?.api.requests)),
    metric("ApiBytesUp", "Bytes", "Bytes sent to Xledger", |run| Some(run.report()?.api.bytes_up)),
    metric("ApiBytesDown", "Bytes", "Bytes from Xledger, on the wire", |run| Some(run.report()?.api.bytes_down)),
    metric("ApiWaited", "Milliseconds", "Time waited after refusals and failures of Xledger", |run| {
        Some(run.report()?.api.waited_ms)
    }),
    metric("Duration", "Milliseconds", "Time that the invocation took", |run| Some(whole_ms(run.duration))),
    metric("TimeUsed", "Percent", "`Duration` as a part of the time limit; not for incomplete runs", |run| {
        // A run that another goes on from takes all its time on purpose.
        run.report().filter(|report| report.status == Status::Incomplete).map_or(Some(()), |_| None)?;
        percent(whole_ms(run.duration), whole_ms(run.time_limit))
    }),
    metric("MemoryPeak", "Megabytes", "Most memory that the program held since it started", |run| {
        Some(run.memory_peak_kib?.div_ceil(1_024))
    }),
    metric("MemoryUsed", "Percent", "`MemoryPeak` as a part of the function's memory", |run| {
        percent(run.memory_peak_kib?, run.memory_limit_mib?.saturating_mul(1_024))
    }),
    metric("SecondsSinceLastSuccess", "Seconds", "Time since a snapshot became current; 0 after a success", |run| {
        run.seconds_since_last_success()
    }),
];

impl<'a> Ended<'a> {
    /// The record, to be written as one line: the metrics and, beside them, what a run is looked up by. Names and numbers only, never a
    /// message.
    pub fn record(&self) -> Value {
        let metrics = if self.status() == Status::WaitingForToken { &METRICS[..OF_END] } else { METRICS };
        let known: Vec<(&Metric, u64)> =
            metrics.iter().filter_map(|metric| Some((metric, (metric.value)(self)?))).collect();
        let named: Vec<Value> =
            known.iter().map(|(metric, _)| json!({ "Name": metric.name, "Unit": metric.unit })).collect();
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": named });
        let mut record = Map::from_iter([
            ("_aws".to_owned(), json!({ "Timestamp": self.at.0, "CloudWatchMetrics": [directive] })),
            (DIMENSION.to_owned(), json!(self.function)),
            ("run_id".to_owned(), json!(self.run_id)),
            ("status".to_owned(), json!(self.status())),
            ("error_kind".to_owned(), json!(self.failure())),
            ("snapshot".to_owned(), json!(self.report().and_then(|report| report.snapshot.as_deref()))),
        ]);
        record.extend(known.iter().map(|(metric, value)| (metric.name.to_owned(), json!(value))));
        Value::Object(record)
    }

    fn report(&self) -> Option<&'a Report> {
        self.outcome.ok()
    }

    fn status(&self) -> Status {
        self.outcome.map_or(Status::Failed, |report| report.status)
    }

    fn failure(&self) -> Option<FailureKind> {
        match self.outcome {
            Ok(report) => report.error.as_ref().map(|failure| failure.kind),
            Err(failure) => Some(failure.kind),
        }
    }

    fn counts(&self) -> Option<&'a Counts> {
        self.report()?.lines.as_ref()
    }

    /// The sizes of what was published. A dry run, and a run that failed to commit, made tables that nobody sees.
    fn published(&self) -> Option<TableSizes> {
        let report = self.report()?;
        report.tables.filter(|_| report.snapshot.is_some())
    }

    /// A refresh that was published. A rollback has asked Xledger nothing, and knows of no right that is lost.
    fn published_refresh(&self) -> Option<&'a Report> {
        self.report().filter(|report| report.is_published_refresh())
    }

    fn seconds_since_last_success(&self) -> Option<u64> {
        if self.status() == Status::Succeeded && self.report().is_some_and(|report| report.snapshot.is_some()) {
            return Some(0);
        }
        let since = self.at.0.saturating_sub(self.report()?.last_success_at?.0);
        // The clock of another run may have been ahead.
        Some(u64::try_from(since).unwrap_or(0) / 1_000)
    }
}

fn flag(so: bool) -> Option<u64> {
    Some(u64::from(so))
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A part in whole percent, rounded up, so that 100 is reached where the limit is.
fn percent(part: u64, whole: u64) -> Option<u64> {
    let hundredfold = u128::from(part) * 100;
    (whole > 0).then(|| u64::try_from(hundredfold.div_ceil(u128::from(whole))).unwrap_or(u64::MAX))
}

/// The most memory that a process held, from the text of its `/proc/self/status`, in KiB.
pub fn memory_peak_kib(status: &str) -> Option<u64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
