//! The story of a refresh, one stage after the other. It knows neither where it runs nor which lake it writes to.
//!
//! A refresh can take several runs. What it has gathered is saved wherever it may stop, and the next run goes on from there.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant as Moment;

use crate::checks;
use crate::diff::{self, Period, Reused, Terms};
use crate::event::{Mode, Refresh};
use crate::failure::{Failure, FailureKind};
use crate::fetch::{Fetch, Line, Payable};
use crate::gathered::{Documents, Extent, Gathered, Keeping, lists, places};
use crate::index::{Asking, Ledger, NONE, Payables, light};
use crate::join::Books;
use crate::lake::digest::Digest;
use crate::lake::{Current, Manifest, ManifestParts, Publisher, SnapshotName, Version};
use crate::progress::{Progress, Stage};
use crate::report::Report;
use crate::rules::Rules;
use crate::screen::{AdmittedLine, AdmittedPayable, LineId, PayableId, Screened};
use crate::state::{Asked, Basis, Depth, Kept, KeptRows, Live, State, Store, Unfinished, Unread};
use crate::table::SCHEMA_VERSION;
use crate::table::runs::Status;
use crate::value::Instant;
use crate::way::{self, Intervals};
use crate::xledger::{Client, Dialect, Error, Position, query};
use crate::{chart, known_schema, screen, tables, viewer};

/// Rows that are listed before they are saved.
const SAVED_ROWS: usize = 500_000;
/// Lines that are fetched before they are saved.
const SAVED_LINES: usize = 100_000;
/// Runs of one refresh, at most.
const MOST_INVOCATIONS: u32 = 100;
/// How long a refresh may take in all, in milliseconds: what was listed at its beginning is that old at its end.
const LONGEST_MS: i64 = 24 * 3_600_000;
/// Enough to publish any tables.
const TIME_TO_PUBLISH: Duration = Duration::from_secs(240);
/// How long credits take to come back where Xledger does not say so.
const CREDITS_RESET_MS: i64 = 20 * 60_000;

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
    /// How often a refresh is more than it need be.
    pub every: Intervals,
    /// How much of its rows a table may lose, in percent.
    pub most_shrink_percent: u32,
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
    lines: Vec<Line>,
    payables: Vec<Payable>,
    /// In which file each of them stands.
    live: (Vec<Live>, Vec<Live>),
    /// Whether an old file holds what has become payroll.
    purge: (bool, bool),
    periods: Vec<Period>,
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

        let manifest = match &expected {
            Some((current, _)) => lake.manifest(current).await.ok(),
            None => None,
        };
        let mut before = Before { store, state, expected, manifest, owner: None, extent: Extent::default() };
        let mut gathered = None;
        let outcome = match self.gather_and_publish(&mut gathered, &mut before, report).await {
            Err(failure) => self.stop(failure, gathered, &mut before, report).await,
            outcome => outcome,
        };
        if !self.refresh.dry_run
            && let Err(error) = before.store.sweep(&before.state, self.lake).await
        {
            tracing::warn!(%error, "leftovers of earlier runs were not removed; the next run tries again");
        }
        outcome
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
        before.owner = viewer::owner_id(client).await?;
        let owner_before = before.manifest.as_ref().and_then(|manifest| manifest.settings["token_owner_id"].as_i64());
        viewer::same_owner(before.owner, owner_before)?;
        let now = (self.clock)();
        let taken_up = self.take_up(before, report).await?;
        before.extent = taken_up.extent();
        let gathered = gathered.insert(taken_up);
        let (mut dialect, mut from_earlier) = known_schema::learn(client, lake, now).await?;
        let mut outcome = Box::pin(self.with(dialect.clone(), gathered, before, report)).await;
        if from_earlier && matches!(&outcome, Err(failure) if failure.kind == FailureKind::SchemaMismatch) {
            // What an earlier run learned may be out of date.
            let anew = Dialect::read(client).await?;
            if anew != dialect {
                (dialect, from_earlier) = (anew, false);
                *gathered = Gathered::begin(gathered.said.begin_again());
                outcome = Box::pin(self.with(dialect.clone(), gathered, before, report)).await;
            }
        }
        if !from_earlier && matches!(outcome, Ok(Status::Succeeded)) {
            known_schema::keep(client, lake, now, dialect).await;
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

    /// Goes on with a refresh that has not ended, if it is the one that is asked for and not too old; else begins one.
    async fn take_up(&self, before: &mut Before<'_>, report: &mut Report) -> Result<Gathered, Failure> {
        let (asked, basis, now) = (Asked::from(&self.refresh), self.basis(before.owner), report.started_at);
        let is_same = |unfinished: &Unfinished| {
            (asked == Asked::default() || asked == unfinished.asked)
                && (unfinished.basis == basis || unfinished.is_new())
                && (0..LONGEST_MS).contains(&(now.0 - unfinished.started_at_ms))
        };
        // A dry run changes nothing, so that it neither goes on with a refresh nor ends one.
        let unfinished = if self.refresh.dry_run { None } else { before.state.unfinished.take() };
        if let Some(mut unfinished) = unfinished.filter(is_same) {
            unfinished.invocations += 1;
            unfinished.basis = basis.clone();
            (report.refresh_id, report.invocation) = (Some(unfinished.id.clone()), Some(unfinished.invocations));
            tracing::info!(refresh_id = unfinished.id, invocation = unfinished.invocations, "goes on with a refresh");
            self.xledger.plan().miss(&unfinished.lost);
            match Gathered::resume(unfinished, &before.store).await {
                Ok(gathered) => return Ok(gathered),
                Err(Unread::Lake(error)) => return Err(error.into()),
                Err(Unread::Damaged(what)) => tracing::warn!(what, "what an earlier run had gathered cannot be read"),
            }
        }
        (report.refresh_id, report.invocation) = (Some(report.run_id.clone()), Some(1));
        Ok(Gathered::begin(self.begin(basis, report)))
    }

    /// A refresh of which nothing is done yet.
    fn begin(&self, basis: Basis, report: &Report) -> Unfinished {
        let asked = Asked::from(&self.refresh);
        // The way is chosen once it is known what the schema offers.
        let way = way::choose(&asked, None, &basis, self.every, None);
        Unfinished {
            id: report.run_id.clone(),
            started_at_ms: report.started_at.0,
            invocations: 1,
            asked,
            basis,
            way,
            lost: Vec::new(),
            listed: Default::default(),
            lines: Vec::new(),
            payables: Vec::new(),
            registers: None,
        }
    }

    /// A run ends before the refresh does. What was gathered is saved, if a next run can go on with it.
    async fn stop(
        &self,
        failure: Failure,
        gathered: Option<Gathered>,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        if self.refresh.dry_run {
            return Err(failure);
        }
        if !failure.is_resumable() {
            before.state.unfinished = None;
            before.store.save(&before.state).await?;
            return Err(failure);
        }
        let came_further = gathered.as_ref().is_some_and(|gathered| gathered.extent() != before.extent);
        // A run that got nothing in all its time is not one to be repeated for ever.
        if !came_further && failure.kind != FailureKind::CreditsUsedUp {
            return Err(failure);
        }
        let said = match gathered {
            Some(mut gathered) => {
                gathered.said.lost = self.xledger.plan().missed();
                gathered.save(&mut before.store, &mut before.state, &self.documents()).await?;
                gathered.said
            }
            // It ended before it was known whose token it is.
            None => {
                let goes_on = before
                    .state
                    .unfinished
                    .take()
                    .map(|unfinished| Unfinished { invocations: unfinished.invocations + 1, ..unfinished });
                let said = goes_on.unwrap_or_else(|| self.begin(self.basis(None), report));
                before.state.unfinished = Some(said.clone());
                before.store.save(&before.state).await?;
                said
            }
        };
        (report.refresh_id, report.invocation) = (Some(said.id.clone()), Some(said.invocations));
        let now = (self.clock)();
        let again_at = match failure.kind {
            FailureKind::DeadlineReached => now,
            FailureKind::CreditsUsedUp => failure.again_at.unwrap_or(Instant(now.0 + CREDITS_RESET_MS)),
            _ => return Err(failure),
        };
        if said.invocations >= MOST_INVOCATIONS || again_at.0 - said.started_at_ms >= LONGEST_MS {
            let hours = LONGEST_MS / 3_600_000;
            let message = format!(
                "the refresh has not ended after {} runs, and may take {MOST_INVOCATIONS} within {hours} hours; the last one ended so: {}",
                said.invocations, failure.message
            );
            before.state.unfinished = None;
            before.store.save(&before.state).await?;
            return Err(Failure::new(failure.kind, message));
        }
        tracing::info!(refresh_id = said.id, reason = failure.message, "the refresh goes on in another run");
        report.note = Some(format!("not all is done: {}. What was gathered is kept", failure.message));
        report.continues_at = Some(again_at);
        Ok(Status::Incomplete)
    }

    /// The checksums of what lines are asked with, as far as is known.
    fn documents(&self) -> Documents {
        let of = |query| Digest::of(self.xledger.plan().document(query).as_bytes());
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
        let way = &gathered.said.way;
        report.mode = Some(way.mode);
        (report.listing, report.listing_reason) = (Some(way.depth), Some(way.reason.clone()));

        self.progress.begin(Stage::Screen, 0);
        gathered.ledger.sort();
        gathered.payables.sort();
        let chart = gathered.registers.chart.clone();
        let screened = screen::screen(self.rules.clone(), chart, &gathered.ledger, &gathered.payables);
        (report.lines, report.payables) = (Some(screened.counts), Some(screened.payable_counts));
        report.document_types.clone_from(&screened.document_types);
        if !self.refresh.dry_run {
            gathered.drop_lists();
        }

        let (rows, screen) = self.fetch(base, screened, gathered, before, report).await?;
        self.progress.begin(Stage::Refer, 0);
        let references = &mut gathered.registers.references;
        if !references.suppliers_at.is_at_end() {
            references.list_suppliers(asking).await?;
        }
        references.read_names(client, base, &rows.lines).await?;
        report.lost = client.plan().lost();
        self.enough_time_to_publish()?;
        self.progress.begin(Stage::Publish, rows.lines.len() as u64);
        let status = self.publish(rows, &screen, gathered, before, report).await?;
        self.progress.end();
        Ok(status)
    }

    /// Lists the chart, the ledger and accounts payable side by side.
    async fn list(&self, asking: Asking<'_>, gathered: &mut Gathered, before: &mut Before<'_>) -> Result<(), Failure> {
        let said = &gathered.said;
        let begins = said.listed == Default::default();
        self.progress.begin(Stage::Index, 0);
        let rows = |rows| self.progress.rows(rows);
        gathered.registers.chart.list(asking, &mut gathered.registers.chart_at).await?;
        if begins {
            let kept = before.state.kept.as_ref();
            gathered.said.way =
                way::choose(&said.asked, kept, &said.basis, self.every, light::not_offered(self.xledger));
        }
        if begins && gathered.said.way.depth == Depth::Light {
            match self.list_light(asking, before).await? {
                Ok((ledger, payables)) => {
                    gathered.relist(ledger, payables);
                    let listed = &mut gathered.said.listed;
                    (listed.ledger_at, listed.payables_at) = (Position::end(), Position::end());
                }
                Err(reason) => {
                    tracing::info!(reason, "what changed cannot be listed by itself; everything is listed");
                    (gathered.said.way.depth, gathered.said.way.reason) = (Depth::Deep, reason);
                }
            }
        }
        while !gathered.is_listed() {
            let listed = &mut gathered.said.listed;
            let (ledger_at, payables_at) = (&mut listed.ledger_at, &mut listed.payables_at);
            let (ledger, payables) = futures::join!(
                gathered.ledger.list(asking, ledger_at, SAVED_ROWS, rows),
                gathered.payables.list(asking, payables_at, SAVED_ROWS),
            );
            // The other one comes to its end, or to where it must stop too: what it asked for is not asked for again.
            ledger.and(payables)?;
            if !self.refresh.dry_run && !gathered.is_listed() {
                gathered.save_lists(&before.store).await?;
            }
        }
        self.mend(asking, gathered).await?;
        if !self.refresh.dry_run {
            gathered.said.lost = self.xledger.plan().missed();
            gathered.save(&mut before.store, &mut before.state, &self.documents()).await?;
        }
        Ok(())
    }

    /// The lists of the last refresh, brought up to date; or why that cannot be done.
    async fn list_light(
        &self,
        asking: Asking<'_>,
        before: &Before<'_>,
    ) -> Result<Result<(Ledger, Payables), String>, Failure> {
        let kept = before.state.kept.as_ref().filter(|kept| kept.listed.ledger_at.is_at_end());
        let (Some(kept), Some(recent)) = (kept, light::recent((self.clock)())) else {
            return Ok(Err("nothing is kept that a light listing could build on".to_owned()));
        };
        let (mut ledger, mut payables) = match lists(&before.store, &kept.listed).await {
            Ok(lists) => lists,
            Err(Unread::Lake(error)) => return Err(error.into()),
            Err(Unread::Damaged(what)) => return Ok(Err(format!("the last list cannot be read: {what}"))),
        };
        ledger.sort();
        payables.sort();
        let (listed_at, rows) = (Instant(kept.listed_at_ms), |rows| self.progress.rows(rows));
        let brought = light::bring_up_to_date(asking, &mut ledger, &mut payables, listed_at, recent, rows).await?;
        Ok(brought.map(|()| (ledger, payables)).map_err(|light::NotEnough(reason)| reason))
    }

    /// Lists vouchers once more of which the lines do not agree: somebody changed them while they were listed.
    async fn mend(&self, asking: Asking<'_>, gathered: &mut Gathered) -> Result<(), Failure> {
        let torn = checks::torn(&gathered.ledger);
        if torn.is_empty() {
            return Ok(());
        }
        light::relist_lines(asking, &mut gathered.ledger, &torn).await?;
        gathered.rewrite_lists();
        let left = checks::torn(&gathered.ledger).len();
        if left > 0 {
            tracing::warn!(lines = left, "lines of one voucher differ in owner, document type or time of modification");
        }
        Ok(())
    }

    /// Uses again what can be, fetches the rest, and puts both together.
    async fn fetch(
        &self,
        base: &Map<String, Value>,
        screened: Screened,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<(Rows, screen::Screen), Failure> {
        let Screened { lines: admitted, payables: admitted_payables, payroll_lines, payroll_payables, screen, .. } =
            screened;
        let fetch = Fetch { client: self.xledger, base, batch_rows: self.page_rows.div_ceil(2), screen: &screen };
        let came = |rows| self.progress.rows(rows);
        let (fetched_before, payables_before) = (gathered.lines.rows.len(), gathered.payable_lines.rows.len());

        // Some lines first that are asked for in any case: what may not be read shows in their answer, and decides what of the kept ones is of
        // use.
        if let Some(kept) = &before.state.kept {
            let since = kept.listed_at_ms.saturating_sub(diff::OVERLAP_MS);
            let is_suspect = |modified_at: i64| modified_at >= since || modified_at == NONE;
            if gathered.lines.rows.is_empty() {
                let suspects =
                    admitted.iter().filter(|line| is_suspect(line.entry().modified_at)).take(fetch.batch_rows);
                let mut first: Vec<LineId> = suspects.map(AdmittedLine::id).collect();
                if first.is_empty() {
                    first.extend(admitted.last().map(AdmittedLine::id));
                }
                fetch.lines(first, &mut gathered.names, &mut gathered.lines.rows, came).await?;
            }
            if gathered.payable_lines.rows.is_empty() {
                let suspects =
                    admitted_payables.iter().filter(|line| is_suspect(line.entry().1)).take(fetch.batch_rows);
                let mut first: Vec<PayableId> = suspects.map(AdmittedPayable::id).collect();
                if first.is_empty() {
                    first.extend(admitted_payables.last().map(AdmittedPayable::id));
                }
                fetch.payables(first, &mut gathered.payable_lines.rows, |_| ()).await?;
            }
        }
        let (mut reused, mut reused_payables) = self.reuse(&admitted, &admitted_payables, gathered, before).await?;

        let mut there: rustc_hash::FxHashSet<i64> = gathered.lines.rows.iter().map(|line| line.id).collect();
        remove(&mut reused, &there, |line: &Line| line.id);
        there.extend(reused.rows.iter().map(|line| line.id));
        let missing: Vec<LineId> =
            admitted.iter().map(AdmittedLine::id).filter(|id| !there.contains(&id.get())).collect();
        let admitted: Vec<i64> = admitted.iter().map(|line| line.id().get()).collect();
        self.progress.begin(Stage::Lines, missing.len() as u64);
        let mut gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            gone += fetch.lines(ids.to_vec(), &mut gathered.names, &mut gathered.lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        drop(missing);
        (report.lines_fetched, report.lines_gone) =
            (Some((gathered.lines.rows.len() - fetched_before) as u64), Some(gone));

        let mut there: rustc_hash::FxHashSet<i64> = gathered.payable_lines.rows.iter().map(|line| line.id).collect();
        remove(&mut reused_payables, &there, |line: &Payable| line.id);
        there.extend(reused_payables.rows.iter().map(|line| line.id));
        let missing: Vec<PayableId> =
            admitted_payables.iter().map(AdmittedPayable::id).filter(|id| !there.contains(&id.get())).collect();
        let admitted_payables: Vec<i64> = admitted_payables.iter().map(|line| line.id().get()).collect();
        self.progress.begin(Stage::Payables, missing.len() as u64);
        let mut payables_gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            payables_gone += fetch.payables(ids.to_vec(), &mut gathered.payable_lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        let fetched = (gathered.payable_lines.rows.len() - payables_before) as u64;
        (report.payables_fetched, report.payables_gone) = (Some(fetched), Some(payables_gone));

        let documents = self.documents();
        if !self.refresh.dry_run {
            gathered.save_lines(&before.store, &documents).await?;
        }
        let of_kept = before.state.kept.as_ref();
        let (first, first_payable) = of_kept.map_or((0, 0), |kept| (kept.lines.parts.len(), kept.payables.parts.len()));
        let mut places_of_lines = places(&gathered.lines.rows, &gathered.said.lines, first, |line| line.id);
        places_of_lines.append(&mut reused.live);
        let mut places_of_payables =
            places(&gathered.payable_lines.rows, &gathered.said.payables, first_payable, |line| line.id);
        places_of_payables.append(&mut reused_payables.live);

        let is_payroll =
            |old: &[diff::Old], payroll: &[i64]| old.iter().any(|row| payroll.binary_search(&row.id()).is_ok());
        let purge = (is_payroll(&reused.old, &payroll_lines), is_payroll(&reused_payables.old, &payroll_payables));
        let is_kept = |admitted: &[i64], id: i64| admitted.binary_search(&id).is_ok();
        // What stands in files is moved, not copied: there may be millions.
        let mut lines = reused.rows;
        lines.append(&mut gathered.lines.rows);
        lines.retain(|line| is_kept(&admitted, line.id));
        lines.sort_unstable_by_key(|line| line.id);
        let mut payables = reused_payables.rows;
        payables.append(&mut gathered.payable_lines.rows);
        payables.retain(|line| is_kept(&admitted_payables, line.id));
        payables.sort_unstable_by_key(|line| line.id);
        checks::complete("ledger", admitted.len(), lines.len(), gone)?;
        checks::complete("AP", admitted_payables.len(), payables.len(), payables_gone)?;
        let (periods, healed) = diff::periods(&reused.old, &lines);
        if gathered.said.way.mode == Mode::Full && before.state.kept.is_some() {
            report.lines_healed = Some(healed);
        }
        let live = (live(places_of_lines, &admitted), live(places_of_payables, &admitted_payables));
        let rows = Rows { lines, payables, live, purge, periods };
        Ok((rows, screen))
    }

    async fn save_lines(&self, gathered: &mut Gathered, before: &mut Before<'_>) -> Result<(), Failure> {
        if self.refresh.dry_run {
            return Ok(());
        }
        gathered.save_lines(&before.store, &self.documents()).await?;
        before.state.unfinished = Some(gathered.said.clone());
        before.store.save(&before.state).await
    }

    /// What can be used again of what is kept. What cannot be read of it is fetched.
    async fn reuse(
        &self,
        admitted: &[AdmittedLine],
        admitted_payables: &[AdmittedPayable],
        gathered: &mut Gathered,
        before: &Before<'_>,
    ) -> Result<(Reused<Line>, Reused<Payable>), Failure> {
        let Some(kept) = &before.state.kept else { return Ok(Default::default()) };
        if kept.basis.endpoint != gathered.said.basis.endpoint {
            return Ok(Default::default());
        }
        let documents = self.documents();
        let Asked { from, to, .. } = gathered.said.asked;
        let terms = |document| Terms {
            full: gathered.said.way.mode == Mode::Full,
            anew: (from.is_some() || to.is_some()).then_some((from, to)),
            document,
            types: &gathered.ledger.document_types,
        };
        let (store, names) = (&before.store, &mut gathered.names);
        let at = |id| admitted.binary_search_by_key(&id, |line| line.id().get()).ok();
        let entry = |id| at(id).map(|at| *admitted[at].entry());
        let lines = diff::reuse(store, &kept.lines, &terms(&documents.lines), names, entry).await;
        let at = |id| admitted_payables.binary_search_by_key(&id, |line| line.id().get()).ok();
        let entry = |id| at(id).map(|at| admitted_payables[at].entry());
        let payables = diff::reuse(store, &kept.payables, &terms(&documents.payables), names, entry).await;
        match (lines, payables) {
            (Ok(lines), Ok(payables)) => Ok((lines, payables)),
            (Err(Unread::Lake(error)), _) | (_, Err(Unread::Lake(error))) => Err(error.into()),
            (Err(Unread::Damaged(what)), _) | (_, Err(Unread::Damaged(what))) => {
                tracing::warn!(what, "what was kept of the last refresh cannot be read; everything is fetched");
                Ok(Default::default())
            }
        }
    }

    /// Publishing is not broken off: it begins with a good part of the run's time left, or in a run of its own.
    fn enough_time_to_publish(&self) -> Result<(), Failure> {
        let (begun, deadline) = self.time;
        let (whole, left) = (deadline.duration_since(begun), deadline.saturating_duration_since(Moment::now()));
        if left >= (whole / 4).min(TIME_TO_PUBLISH) || begun.elapsed() < Duration::from_secs(1) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::DeadlineReached, "everything is fetched; too little time is left to publish it"))
    }

    /// Writes both tables into a new snapshot and makes it current; or, for a dry run, only makes them.
    async fn publish(
        &self,
        rows: Rows,
        screen: &screen::Screen,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        let Rows { mut lines, payables, live, purge, periods } = rows;
        let references = &gathered.registers.references;
        report.periods = periods;
        let write = async |snapshot: Option<&_>, lines: &mut Vec<Line>| {
            let books = Books::new(screen.chart(), references, &gathered.names, &self.rules.vat_rates, &payables);
            tables::write(snapshot, &books, lines, references, self.progress).await
        };
        let manifest = before.manifest.take().filter(|_| !self.refresh.accept_shrink);
        let guard = |tables: &crate::report::Tables| match &manifest {
            Some(manifest) => checks::not_shrunk(tables, manifest, self.most_shrink_percent),
            None => Ok(()),
        };
        if self.refresh.dry_run {
            let written = write(None, &mut lines).await?;
            report.tables = Some(written.sizes);
            guard(&written.sizes)?;
            return Ok(Status::DryRun);
        }
        let mut snapshot = self.lake.begin(SnapshotName::new(report.started_at, &report.run_id)).await?;
        let outcome = async {
            let written = write(Some(&snapshot), &mut lines).await?;
            report.tables = Some(written.sizes);
            guard(&written.sizes)?;
            lines.sort_unstable_by_key(|line| line.id);
            let kept = self.keep(snapshot.name().clone(), (&lines, &payables), live, purge, gathered, before).await?;
            before.state.publishing = Some(kept);
            before.state.unfinished = Some(gathered.said.clone());
            before.store.save(&before.state).await?;

            report.snapshot = Some(snapshot.name().to_string());
            let now = (self.clock)();
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
                report: to_json(report)?,
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
                if let Some(unpublished) = before.store.unpublished.take()
                    && let Err(error) = self.lake.take_back(&unpublished).await
                {
                    tracing::warn!(%error, "a snapshot that never became current is left behind");
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
    async fn keep(
        &self,
        snapshot: SnapshotName,
        (lines, payables): (&[Line], &[Payable]),
        live: (Vec<Live>, Vec<Live>),
        purge: (bool, bool),
        gathered: &Gathered,
        before: &Before<'_>,
    ) -> Result<Kept, Failure> {
        let (documents, none) = (self.documents(), KeptRows::default());
        let kept = before.state.kept.as_ref();
        let (old_lines, old_payables) = kept.map_or((&none, &none), |kept| (&kept.lines, &kept.payables));
        let said = &gathered.said;
        let keeping = Keeping {
            store: &before.store,
            sort: "lines",
            names: &gathered.names,
            document: &documents.lines,
            asked_at: gathered.asked_at(),
            rows: lines,
            old: &old_lines.parts,
            new: &said.lines,
            live: live.0,
            purge: purge.0,
        };
        let kept_lines = keeping.keep().await?;
        let keeping = Keeping {
            store: &before.store,
            sort: "ap-lines",
            names: &gathered.names,
            document: &documents.payables,
            asked_at: gathered.asked_at(),
            rows: payables,
            old: &old_payables.parts,
            new: &said.payables,
            live: live.1,
            purge: purge.1,
        };
        let kept_payables = keeping.keep().await?;
        let (full, deep) = (said.way.mode == Mode::Full, said.way.depth == Depth::Deep);
        let since = |fresh: bool, before: Option<u32>| if fresh { 0 } else { before.map_or(0, |since| since + 1) };
        Ok(Kept {
            snapshot,
            basis: said.basis.clone(),
            listed_at_ms: said.started_at_ms,
            since_full: since(full, kept.map(|kept| kept.since_full)),
            since_deep: since(deep, kept.map(|kept| kept.since_deep)),
            listed: said.listed.clone(),
            lines: kept_lines,
            payables: kept_payables,
        })
    }
}

/// Of these places of rows, those that count, by id.
fn live(mut places: Vec<Live>, admitted: &[i64]) -> Vec<Live> {
    places.retain(|live| admitted.binary_search(&live.id).is_ok());
    places.sort_unstable_by_key(|live| live.id);
    places.dedup_by_key(|live| live.id);
    places
}

/// Leaves out what was fetched anew all the same.
fn remove<T>(reused: &mut Reused<T>, fetched: &rustc_hash::FxHashSet<i64>, id: impl Fn(&T) -> i64) {
    if !fetched.is_empty() {
        reused.rows.retain(|row| !fetched.contains(&id(row)));
        reused.live.retain(|live| !fetched.contains(&live.id));
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
    let asking = Asking { client, base, page_rows };
    let (mut chart, mut ledger, mut payables) = (chart::Chart::default(), Ledger::default(), Payables::default());
    let [mut chart_at, mut ledger_at, mut payables_at]: [Position; 3] = Default::default();
    futures::try_join!(
        chart.list(asking, &mut chart_at),
        ledger.list(asking, &mut ledger_at, usize::MAX, |rows| progress.rows(rows)),
        payables.list(asking, &mut payables_at, usize::MAX),
    )?;
    progress.begin(Stage::Screen, 0);
    ledger.sort();
    payables.sort();
    Ok(screen::screen(rules.clone(), chart, &ledger, &payables))
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::new(FailureKind::ValueUnfit, error.to_string()))
}
