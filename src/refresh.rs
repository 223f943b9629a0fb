//! The story of a refresh, one stage after the other. It knows neither where it runs nor which lake it writes to.
//!
//! A refresh can take several runs: what has come is in the cache, wherever a run stops, and the next one resumes it and asks for the rest.

pub(crate) mod rules;
pub(crate) mod token_owner;
pub(crate) mod known_schema;
pub(crate) mod lookup;
pub(crate) mod chart;
pub(crate) mod index;
mod lists;
pub(crate) mod screen;
pub(crate) mod cache;
pub(crate) mod fetch;
mod rows;
mod reference_data;
mod join;
mod supplier_totals;
pub(crate) mod own_files;
mod tables;
pub(crate) mod guards;
pub(crate) mod data_checks;
mod changes;
mod publish;
mod resume;

use serde_json::{Map, Value, json};

use crate::event::{Mode, Refresh};
use crate::lake;
use crate::lake::{Current, Manifest, Publisher, Version};
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::page;
use crate::refresh::cache::Cache;
use crate::refresh::fetch::SetAside;
use crate::refresh::index::ListContext;
use crate::refresh::rules::Rules;
use crate::refresh::screen::Screened;
use crate::report::Report;
use crate::report::progress::{Progress, Stage};
use crate::table::runs::Status;
use crate::xledger::{Client, Dialect};
pub use cache::RowSource;
pub use data_checks::Limits;
use lists::Lists;
pub(crate) use lists::list_and_screen;
pub use own_files::OwnFiles;
pub(crate) use publish::record_run_before;
use rows::Outcome;

/// What a refresh works with.
pub struct RefreshRun<'a> {
    /// The edge to Xledger.
    pub xledger: &'a Client,
    /// The edge to the lake, claimed for this run.
    pub lake: &'a Publisher,
    /// How to refresh.
    pub refresh: Refresh,
    /// What is spend.
    pub rules: &'a Rules,
    /// What the company says itself.
    pub own_files: &'a OwnFiles,
    /// How suppliers are called on the page for people.
    pub report_suppliers: page::SupplierLabels,
    /// Sent with every query.
    pub owner_set: &'static str,
    /// Rows of a listing's page.
    pub page_rows: usize,
    /// Run a full refresh every so many refreshes.
    pub full_every: u32,
    /// How much of its rows a table may lose, in percent.
    pub max_shrink_percent: u32,
    /// How many of the lines that are not payroll may be refused, in percent.
    pub max_refused_percent: u32,
    /// The limits beyond which the checks of the data warn.
    pub limits: Limits,
    /// The time of day at which the run began.
    pub started_at: Instant,
    /// When the run began, and when it must end.
    pub time: (tokio::time::Instant, tokio::time::Instant),
    /// Tells the time at which the snapshot is committed.
    pub clock: fn() -> Instant,
    /// Where the run reports its progress.
    pub progress: &'a Progress,
}

/// Variables that go with every query.
pub(crate) fn base_variables(owner_set: &str) -> Map<String, Value> {
    Map::from_iter([("ownerSet".to_owned(), json!(owner_set))])
}

/// The snapshot that is current as the run begins.
#[derive(Default)]
struct PreviousSnapshot {
    current: Option<(Current, Version)>,
    manifest: Option<Manifest>,
}

impl RefreshRun<'_> {
    /// Brings the lake up to date, and notes in the report how far it came.
    ///
    /// # Errors
    /// Whatever ends the run; the lake is then as it was.
    pub async fn run(&self, report: &mut Report) -> Result<Status, Failure> {
        let lake = self.lake.lake();
        // The commit replaces only what is current now: the snapshot of a run that begins later and is quicker is not overwritten.
        let versioned = lake.current().await?;
        let current = versioned.as_ref().map(|(current, _)| current);
        report.snapshot_before = current.map(|current| current.snapshot.to_string());
        report.last_success_at = current.map(|current| current.committed_at);
        let run_id = report.run_id.clone();
        let mut cache = Cache::open(lake, &run_id, current, self.refresh.dry_run).await?;
        if let Some(id) = &self.refresh.continues
            && cache.contents.refresh.as_ref().is_none_or(|refresh| refresh.id != *id)
        {
            report.note = Some(format!("the refresh {id} has ended already, so that there was nothing to go on with"));
            return Ok(Status::Succeeded);
        }
        let manifest = self.manifest_before(current, report).await?;
        if let Some(manifest) = manifest.as_ref().filter(|_| !self.refresh.dry_run) {
            record_run_before(lake, manifest).await;
        }
        let published = manifest.as_ref().map(RowSource::of).unwrap_or_default();
        if [&published, &cache.contents.source].iter().any(|source| source.endpoint == self.xledger.endpoint()) {
            // It answered before, so an answer without GraphQL means no wrong address.
            self.xledger.mark_answered();
        }
        self.begin_or_resume(&mut cache, report);
        let (previous, mut lists) = (PreviousSnapshot { current: versioned, manifest }, None);
        let outcome = match self.list_and_publish(&mut lists, &mut cache, &previous, report).await {
            Err(failure) => self.stop(failure, lists, &mut cache, report).await,
            outcome => outcome,
        };
        if let Err(error) = cache.sweep(self.lake).await {
            tracing::warn!(%error, "leftovers of earlier runs were not removed; the next run tries again");
        }
        outcome
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

    /// Asks Xledger for all that a refresh needs, and publishes it. What was listed stays in `lists`, whatever ends it.
    async fn list_and_publish(
        &self,
        lists: &mut Option<Lists>,
        cache: &mut Cache<'_>,
        previous: &PreviousSnapshot,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (client, lake) = (self.xledger, self.lake.lake());
        self.progress.begin(Stage::Schema, 0);
        let owner_before = previous.manifest.as_ref().and_then(|manifest| RowSource::of(manifest).token_owner_id);
        let now = (self.clock)();
        // The cheapest question that only a good token answers, and alone: a wrong address or token is noticed by it.
        let owner = token_owner::owner_id(client).await?;
        token_owner::same_owner(owner, owner_before)?;
        let endpoint = client.endpoint().to_owned();
        let known = Some(&cache.contents.source).filter(|source| source.endpoint == endpoint);
        // Where Xledger does not say, the last known owner holds.
        let token_owner_id = owner.or(owner_before).or(known.and_then(|source| source.token_owner_id));
        cache.contents.source = RowSource { endpoint, owner_set: self.owner_set.to_owned(), token_owner_id };
        self.choose_mode(cache, report);
        let source = cache.contents.source.digest();
        let lists = lists.insert(Lists::resume(cache, &source, self.started_at).await?);
        if let Some(refresh) = &mut cache.contents.refresh {
            // What an earlier run left is no progress of this one.
            refresh.rows_listed = refresh.rows_listed.max(lists.rows_listed());
        }
        let is_anew = (report.mode, report.invocation) == (Some(Mode::Full), Some(1));
        let (mut dialect, mut saved) = known_schema::learn(client, lake, now, is_anew).await?;
        let mut outcome = Box::pin(self.run_with_dialect(dialect.clone(), lists, cache, previous, report)).await;
        if saved.is_some() && matches!(&outcome, Err(failure) if failure.kind == FailureKind::SchemaMismatch) {
            // What an earlier run learned may be out of date.
            let anew = Dialect::read(client).await?;
            if anew != dialect {
                (dialect, saved) = (anew, None);
                *lists = Lists::begin(&source, (self.clock)());
                outcome = Box::pin(self.run_with_dialect(dialect.clone(), lists, cache, previous, report)).await;
            }
        }
        if !self.refresh.dry_run && outcome.as_ref().err().is_none_or(Failure::is_resumable) {
            known_schema::save(client, lake, now, (dialect, saved)).await;
        }
        outcome
    }

    /// All that is asked of Xledger in this dialect, and what comes of it.
    async fn run_with_dialect(
        &self,
        dialect: Dialect,
        lists: &mut Lists,
        cache: &mut Cache<'_>,
        previous: &PreviousSnapshot,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let (client, base) = (self.xledger, &base_variables(self.owner_set));
        dialect.check_fit(self.owner_set)?;
        client.plan().adopt(dialect);
        self.rules.personal.leave_out(client);
        let context = ListContext { client, base, page_rows: self.page_rows };

        let mut renewals = 0;
        let rows = loop {
            lists.complete(context, cache, self.progress).await?;
            let screened = self.screen(lists, cache.contents.accepts_shrink(), report)?;
            lists.set_expiry((self.clock)());
            match self.load_or_fetch(context, screened, lists, cache, renewals, report).await {
                // If the run's own deadline has come, too, the next list ends with it.
                Err(failure) if failure.kind == FailureKind::DeadlineReached && (self.clock)() >= lists.expires_at => {
                    tracing::info!("the lists are an hour old; they are made anew before the refresh goes on");
                    lists.begin_anew((self.clock)());
                    renewals = 0;
                }
                Err(failure) => return Err(failure),
                Ok(Outcome::Complete(rows)) => break rows,
                Ok(Outcome::QueryChanged) => lists.load(cache).await?,
                Ok(Outcome::OneSidedMatches) => {
                    let all = SetAside { relist_all: true, ..SetAside::default() };
                    lists.renew(all, context, cache, (self.clock)()).await?;
                }
                Ok(Outcome::SetAside(set_aside)) => {
                    renewals += 1;
                    tracing::info!(
                        lines = set_aside.lines,
                        "lines are not as they were listed; the lists are brought up to date"
                    );
                    lists.renew(set_aside, context, cache, (self.clock)()).await?;
                }
            }
        };
        report.lost = client.plan().lost_fields();
        self.enough_time_to_publish()?;
        self.progress.begin(Stage::Publish, rows.lines.rows.len() as u64);
        let status = self.publish(*rows, lists, cache, previous, report).await?;
        self.progress.end();
        Ok(status)
    }

    /// Judges the lists, which are not needed any more then.
    fn screen(&self, lists: &mut Lists, accepts_shrink: bool, report: &mut Report) -> Result<Screened, Failure> {
        self.progress.begin(Stage::Screen, 0);
        let screened = lists.screen(self.rules);
        (report.lines, report.payables) = (Some(screened.counts), Some(screened.payable_counts));
        report.document_types.clone_from(&screened.document_types);
        report.accounts_to_confirm.clone_from(&screened.accounts_to_confirm);
        guards::ensure_payroll_is_known(self.rules, screened.screen.chart())?;
        if !accepts_shrink {
            guards::ensure_enough_kept(&screened, self.max_refused_percent)?;
        }
        if !self.refresh.dry_run {
            // They take much memory, and are in the cache.
            (lists.ledger.entries, lists.payables.entries) = Default::default();
        }
        Ok(screened)
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::new(FailureKind::ValueUnfit, error.to_string()))
}
