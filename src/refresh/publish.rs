//! Writes both tables, makes them current, and tidies the cache.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lists::Lists;
use super::rows::Rows;
use super::{PreviousSnapshot, RefreshRun, to_json};
use crate::lake::{Lake, Manifest, Snapshot, SnapshotName};
use crate::model::digest::Digest;
use crate::model::failure::{Failure, FailureKind};
use crate::model::line::Line;
use crate::page;
use crate::refresh::cache::Cache;
use crate::refresh::data_checks::{self, DataChecks, Expected, Facts};
use crate::refresh::join::{Joiner, Sources};
use crate::refresh::reference_data::ReferenceData;
use crate::refresh::screen::Coverage;
use crate::refresh::tables::{self, WrittenTables};
use crate::refresh::{changes, guards};
use crate::report::{PageFile, Report, TableSizes};
use crate::table::SCHEMA_VERSION;
use crate::table::runs::Status;
use crate::xledger::query;

/// Enough to publish any tables.
const TIME_TO_PUBLISH: Duration = Duration::from_secs(240);

/// A report as a manifest keeps it, with the run's row of `runs`: should this run die before it writes it, the next one does.
#[derive(Serialize, Deserialize)]
struct ManifestReport {
    #[serde(flatten)]
    report: Report,
    row: Value,
}

/// Gives the run that published a snapshot its line in `runs`, if it died before it wrote it.
pub(crate) async fn record_run_before(lake: &Lake, manifest: &Manifest) {
    if let Ok(ManifestReport { report, row }) = ManifestReport::deserialize(&manifest.report)
        && let Err(error) = lake.record_earlier_run(&report.run_id, &row).await
    {
        tracing::warn!(%error, "the run has no row in the table runs");
    }
}

impl RefreshRun<'_> {
    /// Publishing is not broken off: it begins with a good part of the run's time left, or in a run of its own.
    pub(super) fn enough_time_to_publish(&self) -> Result<(), Failure> {
        let (begun, deadline) = self.time;
        let (whole, left) =
            (deadline.duration_since(begun), deadline.saturating_duration_since(tokio::time::Instant::now()));
        if left >= (whole / 4).min(TIME_TO_PUBLISH) || begun.elapsed() < Duration::from_secs(1) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::DeadlineReached, "everything is fetched; too little time is left to publish it"))
    }

    /// Writes both tables into a new snapshot and makes it current; or, for a dry run, only makes them.
    pub(super) async fn publish(
        &self,
        rows: Rows,
        lists: &Lists,
        cache: &mut Cache<'_>,
        previous: &PreviousSnapshot,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (reference_data, accepts_shrink) = (&lists.registers.reference_data, cache.contents.accepts_shrink());
        if self.refresh.dry_run {
            self.make_tables(None, &rows, reference_data, previous, accepts_shrink, report).await?;
            return Ok(Status::DryRun);
        }
        let mut snapshot = self.lake.begin(SnapshotName::new(report.started_at, &report.run_id)).await?;
        let outcome = async {
            let written =
                self.make_tables(Some(&snapshot), &rows, reference_data, previous, accepts_shrink, report).await?;
            cache.contents.publishing.push(snapshot.name().clone());
            cache.save().await?;

            report.snapshot = Some(snapshot.name().to_string());
            let now = (self.clock)();
            report.unfit = self.xledger.meter().unfit();
            report.end(now, self.xledger.meter().usage(), Ok(Status::Succeeded));
            report.page = Some(self.write_page(&snapshot, &written, report).await?);
            let mut settings = to_json(&cache.contents.source)?;
            settings["rules"] = to_json(self.rules)?;
            let manifest = Manifest {
                created_at: now,
                schema_version: SCHEMA_VERSION,
                settings,
                control_totals: written.control_totals(),
                report: to_json(&ManifestReport { row: to_json(&report.row())?, report: report.clone() })?,
                ..Manifest::new(snapshot.name().clone(), written.tables)
            };
            snapshot.commit(manifest, previous.current.as_ref(), now).await?;
            report.last_success_at = Some(now);
            Ok(())
        };
        if let Err(failure) = outcome.await {
            report.snapshot = None;
            snapshot.discard().await;
            return Err(failure);
        }
        // It is current, whatever becomes of the rest: the next run sees that, and does what is left.
        cache.contents.publishing.retain(|name| name != snapshot.name());
        for unpublished in std::mem::take(&mut cache.contents.publishing) {
            if let Err(error) = self.lake.withdraw(&unpublished).await {
                tracing::warn!(%error, "a snapshot that never became current is left to the next refresh");
                cache.contents.publishing.push(unpublished);
            }
        }
        if let Err(failure) = tidy(rows, cache).await {
            tracing::warn!(reason = failure.message, "the cache is not tidied; the next refresh does it");
        }
        Ok(Status::Succeeded)
    }

    /// Makes both tables, in a snapshot if there is one, and says in the report how large they are, what changed, and how the checks came out.
    async fn make_tables(
        &self,
        snapshot: Option<&Snapshot<'_>>,
        rows: &Rows,
        reference_data: &ReferenceData,
        previous: &PreviousSnapshot,
        accepts_shrink: bool,
        report: &mut Report,
    ) -> Result<WrittenTables, Failure> {
        let Rows { lines, payables, pool, screen } = rows;
        let joiner = Joiner::new(Sources {
            chart: screen.chart(),
            reference_data,
            pool,
            rules: self.rules,
            own_files: self.own_files,
            lines: &lines.rows,
            payables: &payables.rows,
            has_company_numbers: self.xledger.plan().asks(query::SUPPLIERS, "company"),
        });
        let checks = DataChecks::new(self.limits, self.started_at, &lines.rows);
        let figures = page::Figures::new(report.started_at, lines.rows.iter().map(|line| line.month));
        let mut written =
            tables::write(snapshot, &joiner, checks, figures, self.report_suppliers, self.progress).await?;
        report.tables = Some(TableSizes::of(&written.tables));
        if let Some(manifest) = previous.manifest.as_ref().filter(|_| !accepts_shrink) {
            let kept_payables = report.payables.map_or(0, |counts| counts.kept);
            guards::ensure_not_shrunk(&written.tables, kept_payables, manifest, self.max_shrink_percent)?;
        }
        report.periods = match (&previous.current, &previous.manifest) {
            // A damaged manifest is told; nothing is compared with it.
            (Some(_), None) => Vec::new(),
            (_, manifest) => {
                changes::since(self.lake.lake(), manifest.as_ref(), &written.tables.spend.files, &lines.rows).await
            }
        };
        self.check_data(&mut written, &lines.rows, screen.coverage(), previous, report)?;
        Ok(written)
    }

    /// Checks what was written, and says in the report how that came out.
    fn check_data(
        &self,
        written: &mut WrittenTables,
        lines: &[Line],
        coverage: &Coverage,
        previous: &PreviousSnapshot,
        report: &mut Report,
    ) -> Result<(), Failure> {
        // Other rules make other tables: there is nothing to compare.
        let rules = to_json(self.rules)?;
        let manifest = previous.manifest.as_ref().filter(|manifest| manifest.settings.get("rules") == Some(&rules));
        let measured = manifest.map(|manifest| Report::of(manifest).measured);
        let kept = report.lines.map(|counts| counts.kept.saturating_sub(report.lines_gone.unwrap_or(0)));
        let facts = Facts {
            expected: Expected { lines, kept, files: &written.tables.spend.files, totals: written.total() },
            coverage,
            periods: manifest.map(|_| &*report.periods),
            before: measured.as_deref(),
            accounts_to_confirm: report.accounts_to_confirm.len() as u64,
        };
        let (checks, measured) = written.checked.judge(&facts);
        (report.checks, report.measured) = (checks, measured);
        data_checks::all_hold(&report.checks)
    }

    /// Writes the page for people into a snapshot.
    async fn write_page(
        &self,
        snapshot: &Snapshot<'_>,
        written: &WrittenTables,
        report: &Report,
    ) -> Result<PageFile, Failure> {
        let html = page::render(&written.page, report, self.rules.language, self.report_suppliers)?;
        let (path, bytes, sha256) =
            (snapshot.name().page().to_string(), html.len() as u64, Digest::of(html.as_bytes()));
        snapshot.write_page(html.into()).await?;
        Ok(PageFile { path, bytes, sha256 })
    }
}

/// Rids the cache of what is not valid any more, and says in it that the refresh has ended.
async fn tidy(rows: Rows, cache: &mut Cache<'_>) -> Result<(), Failure> {
    let Rows { lines, payables, pool, .. } = rows;
    lines.tidy(cache, &pool).await?;
    payables.tidy(cache, &pool).await?;
    // Nothing is left that has expired.
    cache.contents.expired = Vec::new();
    cache.contents.published();
    cache.save().await
}
