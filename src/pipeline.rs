//! The story of a refresh, one stage after the other. It knows neither where it runs nor which lake it writes to.
//!
//! A refresh can take several runs. What it has gathered is saved wherever it may stop, and the next run goes on from there.

mod goes_on;
mod lines;
mod lists;
mod publishing;

use serde_json::{Map, Value, json};
use tokio::time::Instant as Moment;

use crate::diff::Period;
use crate::event::Refresh;
use crate::failure::{Failure, FailureKind};
use crate::fetch::{Line, Payable};
use crate::gathered::{Documents, Extent, Gathered};
use crate::index::Asking;
use crate::lake::digest::Digest;
use crate::lake::{Current, Manifest, Publisher, Version};
use crate::progress::{Progress, Stage};
use crate::report::Report;
use crate::rules::Rules;
use crate::state::{Basis, Live, State, Store};
use crate::table::runs::Status;
use crate::value::Instant;
use crate::xledger::{Client, Dialect, query};
use crate::{checks, known_schema, lake, screen, viewer};
pub(crate) use lists::list_and_screen;

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
    /// Which refresh in a row fetches everything.
    pub full_every: u32,
    /// How much of its rows a table may lose, in percent.
    pub most_shrink_percent: u32,
    /// How many of the lines that are not payroll may be refused, in percent.
    pub most_refused_percent: u32,
    /// When the run began, and when it must end.
    pub time: (Moment, Moment),
    /// Tells the time at which the snapshot is committed.
    pub clock: fn() -> Instant,
    /// Is told where the run stands.
    pub progress: &'a Progress,
}

/// Variables that go with every query.
pub(crate) fn base(owner_set: &str) -> Map<String, Value> {
    Map::from_iter([("ownerSet".to_owned(), json!(owner_set))])
}

/// What is under `state/`, and what is current.
struct Before<'a> {
    store: Store<'a>,
    state: State,
    expected: Option<(Current, Version)>,
    manifest: Option<Manifest>,
    owner: Option<i64>,
    /// How far the refresh had come when this run took it up.
    extent: Extent,
}

/// All that a refresh publishes.
struct Rows {
    lines: Assembled<Line>,
    payables: Assembled<Payable>,
    periods: Vec<Period>,
}

/// Rows of one sort, and what is to be known of them to keep them.
struct Assembled<T> {
    /// By id.
    rows: Vec<T>,
    /// In which file each of them stands.
    live: Vec<Live>,
    /// Whether an old file holds what has become payroll.
    purge: bool,
}

impl Refreshing<'_> {
    /// Brings the lake up to date, and notes in the report how far it came.
    ///
    /// # Errors
    /// Whatever ends the run; the lake is then as it was.
    pub async fn run(&self, report: &mut Report) -> Result<Status, Failure> {
        let lake = self.lake.lake();
        // What is replaced is what was current when the run began: a run that began later and is quicker is not overwritten.
        let expected = lake.current().await?;
        report.snapshot_before = expected.as_ref().map(|(current, _)| current.snapshot.to_string());
        report.last_success_at = expected.as_ref().map(|(current, _)| current.committed_at);
        let run_id = report.run_id.clone();
        let (store, state) = Store::open(lake, &run_id, expected.as_ref().map(|(current, _)| current)).await?;
        if let Some(id) = &self.refresh.continues
            && state.unfinished.as_ref().is_none_or(|unfinished| unfinished.id != *id)
        {
            report.note = Some(format!("the refresh {id} has ended already, so that there was nothing to go on with"));
            return Ok(Status::Succeeded);
        }

        let manifest = self.manifest_before(expected.as_ref().map(|(current, _)| current), report).await?;
        self.record_run_before(manifest.as_ref()).await;
        let endpoint = Some(self.xledger.endpoint());
        let unfinished = state.unfinished.as_ref().map(|unfinished| unfinished.basis.endpoint.as_str());
        let published = manifest.as_ref().and_then(|manifest| manifest.settings["endpoint"].as_str());
        if unfinished == endpoint || published == endpoint {
            // It answered before: what is no GraphQL now is no wrong address.
            self.xledger.is_known();
        }
        let mut before = Before { store, state, expected, manifest, owner: None, extent: Extent::default() };
        let mut gathered = None;
        let outcome = match self.gather_and_publish(&mut gathered, &mut before, report).await {
            Err(failure) => self.stop(failure, gathered, &mut before, report).await,
            outcome => outcome,
        };
        if !self.refresh.dry_run
            && let Err(error) = before.store.sweep(self.lake).await
        {
            tracing::warn!(%error, "leftovers of earlier runs were not removed; the next run tries again");
        }
        outcome
    }

    /// Gives the run that published the current snapshot its line in `runs`, if it died before it wrote it.
    async fn record_run_before(&self, manifest: Option<&Manifest>) {
        let row = manifest.map(|manifest| &manifest.report["row"]);
        if let Some((row, run_id)) = row.and_then(|row| Some((row, row["run_id"].as_str()?)))
            && !self.refresh.dry_run
            && let Err(error) = self.lake.lake().record_earlier_run(run_id, row).await
        {
            tracing::warn!(%error, "the run has no row in the table runs");
        }
    }

    /// What the current snapshot says of itself, which the guards against shrinking and another owner's token go by. A damaged one is told, and
    /// nothing is compared with it.
    async fn manifest_before(
        &self,
        current: Option<&Current>,
        report: &mut Report,
    ) -> Result<Option<Manifest>, Failure> {
        let Some(current) = current else { return Ok(None) };
        match self.lake.lake().manifest(current).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error @ (lake::Error::Corrupt { .. } | lake::Error::NotFound { .. })) => {
                tracing::warn!(%error, "the current snapshot's manifest is damaged; nothing is compared with it");
                report.note = Some(
                    "the manifest of the snapshot before is damaged, so that neither its sizes nor its owner were compared"
                        .to_owned(),
                );
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All that is asked of Xledger and what comes of it. What was gathered by then stays, whatever ends it.
    async fn gather_and_publish(
        &self,
        gathered: &mut Option<Gathered>,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (client, lake) = (self.xledger, self.lake.lake());
        self.progress.begin(Stage::Schema, 0);
        let owner_before = before.manifest.as_ref().and_then(|manifest| manifest.settings["token_owner_id"].as_i64());
        let owner = viewer::owner_id(client).await?;
        viewer::same_owner(owner, owner_before)?;
        // Where Xledger does not say, the last known owner holds.
        before.owner = owner.or(owner_before).or_else(|| before.state.owner(client.endpoint()));
        let now = (self.clock)();
        let taken_up = self.take_up(before, report).await?;
        before.extent = taken_up.extent();
        let gathered = gathered.insert(taken_up);
        let mut learned = known_schema::learn(client, lake, now).await?;
        let mut outcome = Box::pin(self.with(learned.dialect.clone(), gathered, before, report)).await;
        if learned.is_kept() && matches!(&outcome, Err(failure) if failure.kind == FailureKind::SchemaMismatch) {
            // What an earlier run learned may be out of date.
            let anew = known_schema::learn_anew(client).await?;
            if anew.dialect != learned.dialect {
                learned = anew;
                *gathered = Gathered::begin(gathered.said.begin_again());
                outcome = Box::pin(self.with(learned.dialect.clone(), gathered, before, report)).await;
            }
        }
        if matches!(outcome, Ok(Status::Succeeded)) {
            known_schema::keep(client, lake, now, learned).await;
        }
        outcome
    }

    fn basis(&self, owner: Option<i64>) -> Basis {
        Basis {
            endpoint: self.xledger.endpoint().to_owned(),
            owner_set: self.owner_set.to_owned(),
            token_owner_id: owner,
        }
    }

    /// The checksums of what lines are asked with, as far as is known.
    fn documents(&self) -> Documents {
        let of = |query| Digest::of(self.xledger.plan().document(query, None).as_bytes());
        Documents { lines: of(query::LEDGER_LINES), payables: of(query::PAYABLE_LINES) }
    }

    /// All that is asked of Xledger in this dialect, and what comes of it.
    async fn with(
        &self,
        dialect: Dialect,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (client, base) = (self.xledger, &base(self.owner_set));
        dialect.fits(self.owner_set)?;
        client.plan().adopt(dialect);
        let asking = Asking { client, base, page_rows: self.page_rows };

        if !gathered.is_listed() {
            self.list(asking, gathered, before).await?;
        }
        self.complete_lists(asking, gathered, before).await?;
        let way = &gathered.said.way;
        (report.mode, report.mode_reason) = (Some(way.mode), Some(way.reason.clone()));

        self.progress.begin(Stage::Screen, 0);
        gathered.ledger.sort();
        gathered.payables.sort();
        let chart = gathered.registers.chart.clone();
        let screened = screen::screen(self.rules.clone(), chart, &gathered.ledger, &gathered.payables);
        (report.lines, report.payables) = (Some(screened.counts), Some(screened.payable_counts));
        report.document_types.clone_from(&screened.document_types);
        report.accounts_to_confirm.clone_from(&screened.accounts_to_confirm);
        checks::payroll_is_known(self.rules, screened.screen.chart())?;
        if !self.refresh.accept_shrink {
            checks::enough_kept(&screened, self.most_refused_percent)?;
        }
        if !self.refresh.dry_run {
            gathered.drop_lists();
        }

        let (rows, screen) = self.fetch(base, screened, gathered, before, report).await?;
        self.progress.begin(Stage::Refer, 0);
        let references = &mut gathered.registers.references;
        if !references.suppliers_at.is_at_end() {
            references.list_suppliers(asking).await?;
        }
        references.look_up_suppliers(asking, &rows.payables.rows).await?;
        references.read_names(client, base, &rows.lines.rows).await?;
        report.lost = client.plan().lost();
        self.enough_time_to_publish()?;
        self.progress.begin(Stage::Publish, rows.lines.rows.len() as u64);
        let status = self.publish(rows, &screen, gathered, before, report).await?;
        self.progress.end();
        Ok(status)
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::new(FailureKind::ValueUnfit, error.to_string()))
}
