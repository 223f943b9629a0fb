//! Writes both tables, makes them current, and keeps what the next refresh builds on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant as Moment;

use super::{Assembled, Before, Refreshing, Rows, to_json};
use crate::checks;
use crate::event::Mode;
use crate::failure::{Failure, FailureKind};
use crate::fetch::{Line, Payable};
use crate::gathered::{Files, Gathered, Keeping};
use crate::join::Books;
use crate::lake::{ManifestParts, SnapshotName};
use crate::report::{Report, Tables};
use crate::screen::Screen;
use crate::state::{Kept, KeptRows};
use crate::table::SCHEMA_VERSION;
use crate::table::runs::Status;
use crate::tables;

/// Enough to publish any tables.
const TIME_TO_PUBLISH: Duration = Duration::from_secs(240);

/// A report with the run's line of `runs`: should this run die before it writes it, the next one does.
fn with_row(report: &Report) -> Result<Value, Failure> {
    let mut json = to_json(report)?;
    json["row"] = to_json(&report.row())?;
    Ok(json)
}

impl Refreshing<'_> {
    /// Publishing is not broken off: it begins with a good part of the run's time left, or in a run of its own.
    pub(super) fn enough_time_to_publish(&self) -> Result<(), Failure> {
        let (begun, deadline) = self.time;
        let (whole, left) = (deadline.duration_since(begun), deadline.saturating_duration_since(Moment::now()));
        if left >= (whole / 4).min(TIME_TO_PUBLISH) || begun.elapsed() < Duration::from_secs(1) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::DeadlineReached, "everything is fetched; too little time is left to publish it"))
    }

    /// Writes both tables into a new snapshot and makes it current; or, for a dry run, only makes them.
    pub(super) async fn publish(
        &self,
        rows: Rows,
        screen: &Screen,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let Rows { mut lines, mut payables, periods } = rows;
        let references = &gathered.registers.references;
        report.periods = periods;
        let write = async |snapshot: Option<&_>, lines: &[Line], payables: &[Payable]| {
            let books = Books::new(screen.chart(), references, &gathered.names, &self.rules.vat_rates, payables);
            tables::write(snapshot, &books, lines, references, self.progress).await
        };
        let manifest = before.manifest.take().filter(|_| !self.refresh.accept_shrink);
        let guard = |tables: &Tables| match &manifest {
            Some(manifest) => checks::not_shrunk(tables, manifest, self.most_shrink_percent),
            None => Ok(()),
        };
        if self.refresh.dry_run {
            let written = write(None, &lines.rows, &payables.rows).await?;
            report.tables = Some(written.sizes);
            guard(&written.sizes)?;
            return Ok(Status::DryRun);
        }
        let mut snapshot = self.lake.begin(SnapshotName::new(report.started_at, &report.run_id)).await?;
        let outcome = async {
            let written = write(Some(&snapshot), &lines.rows, &payables.rows).await?;
            report.tables = Some(written.sizes);
            guard(&written.sizes)?;
            let kept = self.keep(snapshot.name().clone(), &mut lines, &mut payables, gathered, before).await?;
            before.state.publishing = Some(kept);
            before.state.unfinished = Some(gathered.said.clone());
            before.store.save(&before.state).await?;

            report.snapshot = Some(snapshot.name().to_string());
            let now = (self.clock)();
            report.unfit = self.xledger.unfit();
            report.end(now, self.xledger.usage(), Ok(Status::Succeeded));
            let parts = ManifestParts {
                created_at: now,
                schema_version: SCHEMA_VERSION,
                settings: json!({
                    "endpoint": self.xledger.endpoint(),
                    "token_owner_id": before.owner,
                    "owner_set": self.owner_set,
                    "rules": to_json(self.rules)?,
                }),
                control_totals: written.control_totals(),
                report: with_row(report)?,
            };
            snapshot.commit(parts, before.expected.as_ref(), now).await?;
            report.last_success_at = Some(now);
            Ok(Status::Succeeded)
        };
        let outcome = outcome.await;
        match outcome {
            Ok(status) => {
                before.state.kept = before.state.publishing.take();
                before.state.unfinished = None;
                // The snapshot is current, whatever becomes of this: the next run sees that, and takes up what was to be kept.
                for unpublished in std::mem::take(&mut before.state.unpublished) {
                    if let Err(error) = self.lake.take_back(&unpublished).await {
                        tracing::warn!(%error, "a snapshot that never became current is left to the next refresh");
                        before.state.unpublished.push(unpublished);
                    }
                }
                if let Err(failure) = before.store.save(&before.state).await {
                    tracing::warn!(
                        reason = failure.message,
                        "the next refresh is told of this one by its snapshot alone"
                    );
                }
                Ok(status)
            }
            Err(failure) => {
                report.snapshot = None;
                snapshot.discard().await;
                Err(failure)
            }
        }
    }

    /// What the next refresh builds on.
    pub(super) async fn keep(
        &self,
        snapshot: SnapshotName,
        lines: &mut Assembled<Line>,
        payables: &mut Assembled<Payable>,
        gathered: &Gathered,
        before: &Before<'_>,
    ) -> Result<Kept, Failure> {
        let (documents, none, said) = (self.documents(), KeptRows::default(), &gathered.said);
        let kept = before.state.kept.as_ref();
        let (old_lines, old_payables) = kept.map_or((&none, &none), |kept| (&kept.lines, &kept.payables));
        let keeping = Keeping { store: &before.store, names: &gathered.names, asked_at: gathered.asked_at() };
        let files = Files { sort: "lines", document: &documents.lines, old: &old_lines.parts, new: &said.lines };
        let kept_lines = keeping.keep(&lines.rows, std::mem::take(&mut lines.live), lines.purge, files).await?;
        let files =
            Files { sort: "ap-lines", document: &documents.payables, old: &old_payables.parts, new: &said.payables };
        let kept_payables =
            keeping.keep(&payables.rows, std::mem::take(&mut payables.live), payables.purge, files).await?;
        let since_full = if said.way.mode == Mode::Full { 0 } else { kept.map_or(0, |kept| kept.since_full + 1) };
        Ok(Kept {
            snapshot,
            basis: said.basis.clone(),
            listed_at_ms: said.started_at_ms,
            since_full,
            lines: kept_lines,
            payables: kept_payables,
        })
    }
}
