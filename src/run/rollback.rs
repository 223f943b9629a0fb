//! The story of a rollback: an older snapshot is found whole, and becomes current again in one step. Xledger is not asked anything.

use crate::lake::{Current, ListedSnapshot, Publisher, SnapshotName};
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::refresh::cache::Cache;
use crate::refresh::record_run_before;
use crate::report::{Report, TableSizes};
use crate::table::SCHEMA_VERSION;
use crate::table::runs::Status;

/// How many snapshots are named to who asks for one that is not there.
const NAMED: usize = 5;

/// What a rollback works with.
pub struct RollingBack<'a> {
    /// The edge to the lake, claimed for this run.
    pub lake: &'a Publisher,
    /// The snapshot to go back to.
    pub snapshot: &'a SnapshotName,
    /// Tells the time at which it becomes current.
    pub clock: fn() -> Instant,
}

impl RollingBack<'_> {
    /// Makes the snapshot current, and notes in the report what that means. That it is current already is no fault.
    ///
    /// # Errors
    /// [`FailureKind::SnapshotUnknown`] if there is no such snapshot, or none that was finished; [`FailureKind::LakeCorrupt`] if it is not
    /// whole. `CURRENT.json` is then as it was.
    pub async fn run(&self, report: &mut Report) -> Result<Status, Failure> {
        let (lake, snapshot) = (self.lake.lake(), self.snapshot);
        let expected = lake.current().await?;
        report.snapshot_before = expected.as_ref().map(|(current, _)| current.snapshot.to_string());
        let found = lake.list_snapshots().await?;
        if !found.iter().any(|found| found.name == *snapshot && found.finished) {
            return Err(unknown(snapshot, &found, &lake.store().describe()));
        }
        let whole = lake.verify(snapshot).await?;
        let is_current = expected.as_ref().is_some_and(|(current, _)| current.snapshot == *snapshot);
        if !is_current {
            self.settle_run_before(expected.as_ref().map(|(current, _)| current), report).await?;
            self.lake.roll_back_to(&whole, expected.as_ref(), (self.clock)()).await?;
        }
        let manifest = whole.manifest();
        report.snapshot = Some(snapshot.to_string());
        report.tables = Some(TableSizes::of(&manifest.tables));
        report.note = Some(note(snapshot, is_current, manifest.schema_version));
        Ok(Status::Succeeded)
    }

    /// Completes what the run that made the current snapshot left undone if it died. Once `CURRENT.json` names another snapshot, nothing shows that
    /// this one was current.
    async fn settle_run_before(&self, current: Option<&Current>, report: &Report) -> Result<(), Failure> {
        let (lake, Some(current)) = (self.lake.lake(), current) else { return Ok(()) };
        Cache::open(lake, &report.run_id, Some(current), false).await?.save().await?;
        // A damaged one is a reason to go back.
        if let Ok(manifest) = lake.manifest(current).await {
            record_run_before(lake, &manifest).await;
        }
        Ok(())
    }
}

/// What it means.
fn note(snapshot: &SnapshotName, is_current: bool, schema_version: u32) -> String {
    let done = match is_current {
        true => format!("{snapshot} was current already; nothing was changed"),
        false => format!("{snapshot} is current again"),
    };
    let columns = match schema_version {
        SCHEMA_VERSION => String::new(),
        other => format!(" Its tables have the columns of schema version {other}; this program's is {SCHEMA_VERSION}."),
    };
    format!(
        "{done}. The next refresh makes a new snapshot and makes that one current; to stay on this one, stop the schedule \
         until the cause is mended.{columns}"
    )
}

fn unknown(snapshot: &SnapshotName, found: &[ListedSnapshot], lake: &str) -> Failure {
    let what = match found.iter().any(|found| found.name == *snapshot) {
        true => format!("the snapshot {snapshot} in {lake} was never finished, or is being removed"),
        false => format!("there is no snapshot {snapshot} in {lake}"),
    };
    let newest = found.iter().rev().filter(|found| found.finished).take(NAMED);
    let newest: Vec<&str> = newest.map(|found| found.name.as_str()).collect();
    let there = match newest.is_empty() {
        true => "there is none to go back to".to_owned(),
        false => format!("the newest are {}", newest.join(", ")),
    };
    Failure::new(FailureKind::SnapshotUnknown, format!("{what}; {there}"))
}
