//! The story of a refresh, one stage after the other. It knows neither where it runs nor which lake it writes to.

use serde_json::{Map, Value, json};

use crate::event::Refresh;
use crate::failure::{Failure, FailureKind};
use crate::fetch::{Fetch, Fetched};
use crate::join::Books;
use crate::lake::{Current, ManifestParts, Publisher, SnapshotName, Version};
use crate::progress::{Progress, Stage};
use crate::refer::References;
use crate::report::Report;
use crate::rules::Rules;
use crate::screen::Screened;
use crate::table::SCHEMA_VERSION;
use crate::table::runs::Status;
use crate::xledger::{Client, Dialect, Error};
use crate::{chart, index, known_schema, refer, screen, tables, viewer};

/// What a refresh works with.
pub struct Refreshing<'a> {
    /// The edge to Xledger.
    pub xledger: &'a Client,
    /// The edge to the lake, claimed for this run.
    pub lake: &'a Publisher,
    /// How to refresh.
    pub refresh: Refresh,
    /// What is spend.
    pub rules: &'a Rules,
    /// Sent with every query.
    pub owner_set: &'static str,
    /// Rows of a listing's page.
    pub page_rows: usize,
    /// Tells the time at which the snapshot is committed.
    pub clock: fn() -> crate::value::Instant,
    /// Is told where the run stands.
    pub progress: &'a Progress,
}

/// Variables that go with every query.
pub(crate) fn base(owner_set: &str) -> Map<String, Value> {
    Map::from_iter([("ownerSet".to_owned(), json!(owner_set))])
}

impl Refreshing<'_> {
    /// Brings the lake up to date, and notes in the report how far it came.
    ///
    /// # Errors
    /// Whatever ends the run; the lake is then as it was.
    pub async fn run(&self, report: &mut Report) -> Result<Status, Failure> {
        let client = self.xledger;
        // What is replaced is what was current when the run began: a run that began later and is quicker is not overwritten.
        let expected = self.lake.lake().current().await?;
        report.snapshot_before = expected.as_ref().map(|(current, _)| current.snapshot.to_string());
        report.last_success_at = expected.as_ref().map(|(current, _)| current.committed_at);

        self.progress.begin(Stage::Schema, 0);
        let owner = viewer::owner_id(client).await?;
        viewer::same_owner(owner, self.owner_before(expected.as_ref()).await)?;
        let now = (self.clock)();
        let (mut dialect, mut from_earlier) = known_schema::learn(client, self.lake.lake(), now).await?;
        let mut outcome = Box::pin(self.with(dialect.clone(), owner, expected.as_ref(), report)).await;
        if from_earlier && matches!(&outcome, Err(failure) if failure.kind == FailureKind::SchemaMismatch) {
            // What an earlier run learned may be out of date.
            let anew = Dialect::read(client).await?;
            if anew != dialect {
                (dialect, from_earlier) = (anew, false);
                outcome = Box::pin(self.with(dialect.clone(), owner, expected.as_ref(), report)).await;
            }
        }
        if !from_earlier && matches!(outcome, Ok(Status::Succeeded)) {
            known_schema::keep(client, self.lake.lake(), now, dialect).await;
        }
        outcome
    }

    /// All that is asked of Xledger in this dialect, and what comes of it.
    async fn with(
        &self,
        dialect: Dialect,
        owner: Option<i64>,
        expected: Option<&(Current, Version)>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (client, progress, base) = (self.xledger, self.progress, &base(self.owner_set));
        dialect.fits(self.owner_set)?;
        client.plan().adopt(dialect);

        let Screened { lines, payables, counts, payable_counts, document_types, screen } =
            list_and_screen(client, base, self.page_rows, self.rules, progress).await?;
        (report.lines, report.payables, report.document_types) = (Some(counts), Some(payable_counts), document_types);

        let fetch = Fetch { client, base, batch_rows: self.page_rows.div_ceil(2), screen: &screen };
        progress.begin(Stage::Lines, lines.len() as u64);
        let (Fetched { rows: mut lines, gone }, names) = fetch.lines(lines, |rows| progress.rows(rows)).await?;
        (report.lines_fetched, report.lines_gone) = (Some(lines.len() as u64), Some(gone));

        progress.begin(Stage::Payables, payables.len() as u64);
        let Fetched { rows: payables, gone } = fetch.payables(payables, |rows| progress.rows(rows)).await?;
        (report.payables_fetched, report.payables_gone) = (Some(payables.len() as u64), Some(gone));

        progress.begin(Stage::Refer, 0);
        let suppliers = refer::suppliers(client, base, self.page_rows).await?;
        let (owners, dimensions) = refer::names(client, base, &lines).await?;
        let references = References { suppliers, owners, dimensions };
        report.lost = client.plan().lost();

        progress.begin(Stage::Publish, lines.len() as u64);
        let books = Books::new(screen.chart(), &references, &names, &self.rules.vat_rates, &payables);
        let status = self.publish(&books, &mut lines, &references, owner, expected, report).await?;
        progress.end();
        Ok(status)
    }

    /// The owner of the token that the current tables were made with, if their manifest says so.
    async fn owner_before(&self, expected: Option<&(Current, Version)>) -> Option<i64> {
        let manifest = self.lake.lake().manifest(&expected?.0).await.ok()?;
        manifest.settings["token_owner_id"].as_i64()
    }

    /// Writes both tables into a new snapshot and makes it current; or, for a dry run, only makes them.
    async fn publish(
        &self,
        books: &Books<'_>,
        lines: &mut [crate::fetch::Line],
        references: &References,
        owner: Option<i64>,
        expected: Option<&(Current, Version)>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        if self.refresh.dry_run {
            let written = tables::write(None, books, lines, references, self.progress).await?;
            report.tables = Some(written.sizes);
            return Ok(Status::DryRun);
        }
        let mut snapshot = self.lake.begin(SnapshotName::new(report.started_at, &report.run_id)).await?;
        let outcome = async {
            let written = tables::write(Some(&snapshot), books, lines, references, self.progress).await?;
            report.tables = Some(written.sizes);
            report.snapshot = Some(snapshot.name().to_string());
            let now = (self.clock)();
            report.end(now, self.xledger.usage(), Ok(Status::Succeeded));
            let parts = ManifestParts {
                created_at: now,
                schema_version: SCHEMA_VERSION,
                settings: json!({
                    "endpoint": self.xledger.endpoint(),
                    "token_owner_id": owner,
                    "owner_set": self.owner_set,
                    "rules": to_json(self.rules)?,
                }),
                control_totals: written.control_totals(),
                report: to_json(report)?,
            };
            snapshot.commit(parts, expected, now).await?;
            report.last_success_at = Some(now);
            Ok(Status::Succeeded)
        }
        .await;
        if outcome.is_err() {
            report.snapshot = None;
            snapshot.discard().await;
        }
        outcome
    }
}

/// Lists the chart, the ledger and accounts payable side by side, and decides what may be asked for.
pub(crate) async fn list_and_screen(
    client: &Client,
    base: &Map<String, Value>,
    page_rows: usize,
    rules: &Rules,
    progress: &Progress,
) -> Result<Screened, Error> {
    progress.begin(Stage::Index, 0);
    let (chart, ledger, payables) = futures::try_join!(
        chart::list(client, base, page_rows),
        index::ledger(client, base, page_rows, |rows| progress.rows(rows)),
        index::payables(client, base, page_rows, |_| ()),
    )?;
    progress.begin(Stage::Screen, 0);
    Ok(screen::screen(rules.clone(), chart, &ledger, &payables))
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::new(FailureKind::ValueUnfit, error.to_string()))
}
