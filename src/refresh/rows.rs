//! The rows of admitted lines: from the cache, and the others from Xledger, which go into the cache as they come.

mod row_fetch;

use std::cell::Cell;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::RefreshRun;
use super::lists::Lists;
use crate::event::Mode;
use crate::model::failure::{Failure, FailureKind};
use crate::model::line::{Line, Payable};
use crate::model::text_pool::{PooledText, TextPool};
use crate::model::value;
use crate::refresh::cache::{Cache, CachedRows, Listing, Provenance, Validity};
use crate::refresh::fetch::{Answer, Fetch, FetchedRow, SetAside};
use crate::refresh::index::ListContext;
use crate::refresh::screen::{Admitted, Screen, Screened};
use crate::report::Report;
use crate::report::progress::Stage;
use crate::xledger::query::{self, Query};
use row_fetch::{FetchContext, RowFetch, documents_digest};

/// How often one run brings the lists up to date: minutes pass between list and fetch, so lines often change meanwhile. After that, a line that
/// differs only in its voucher's `modifiedAt` is taken: its row is as new as can be.
const MAX_RENEWALS: u32 = 2;

/// How often rows that have come are saved: a run can be killed at any time, and may wait for minutes while Xledger is down.
const SAVED_EVERY: Duration = Duration::from_secs(10);

/// All that a refresh publishes.
pub(super) struct Rows {
    pub(super) lines: CachedRows<Line>,
    pub(super) payables: CachedRows<Payable>,
    pub(super) pool: TextPool,
    pub(super) screen: Screen,
}

/// What became of it.
pub(super) enum Outcome {
    /// All rows are there.
    Complete(Box<Rows>),
    /// Some lines are not as they were listed.
    SetAside(SetAside),
    /// Somebody matched lines while the lists were read, perhaps with payroll: all is listed once more before they are asked for.
    OneSidedMatches,
    /// The query has changed, because a right was given or taken away: the cache is read again, by what it asks now.
    QueryChanged,
}

impl RefreshRun<'_> {
    /// All rows of admitted lines, and the names of what they refer to. `renewals` says how often the lists were brought up to date already.
    pub(super) async fn load_or_fetch(
        &self,
        context: ListContext<'_>,
        screened: Screened,
        lists: &mut Lists,
        cache: &mut Cache<'_>,
        renewals: u32,
        report: &mut Report,
    ) -> Result<Outcome, Failure> {
        let Screened { lines, payables, payroll_lines, payroll_payables, one_sided_matches, screen, .. } = screened;
        let (references, mut pool) = (&lists.ledger.references, TextPool::default());
        let types: Vec<(PooledText, PooledText)> =
            references.document_types.all().iter().map(|kind| pool.of_type(kind)).collect();
        let began_at = value::Instant(lists.saved.began_at_ms);
        let listing = Listing { began_at, references, types: &types, screen: &screen };
        let mut lines = self.load(self.line_queries(), cache, lines, &payroll_lines, listing, &mut pool).await?;
        let queries = vec![query::PAYABLE_LINES];
        let mut payables = self.load(queries, cache, payables, &payroll_payables, listing, &mut pool).await?;

        if !lists.saved.renewed
            && (lines.have_match_of(&one_sided_matches) || payables.have_match_of(&one_sided_matches))
        {
            return Ok(Outcome::OneSidedMatches);
        }

        let takes_other_times = renewals >= MAX_RENEWALS;
        let fetch = Fetch { context, listing, expires_at: lists.expires_at, takes_other_times };
        let mut fetching = FetchContext { fetch, cache, pool, set_aside: SetAside::default() };
        if !self.fetch(&mut fetching, &mut lines, &mut payables, report).await? {
            return Ok(Outcome::QueryChanged);
        }
        let FetchContext { pool, set_aside, .. } = fetching;
        if renewals < MAX_RENEWALS && !(set_aside.is_as_listed() && set_aside.vouchers.is_empty()) {
            return Ok(Outcome::SetAside(set_aside));
        }
        if !set_aside.is_as_listed() {
            return Err(line_changed(&set_aside));
        }
        let (lines, payables) = (lines.complete()?, payables.complete()?);
        if report.mode == Some(Mode::Full) {
            report.lines_healed = lines.healed(&pool);
        }
        self.progress.begin(Stage::ReferenceData, 0);
        let reference_data = &mut lists.registers.reference_data;
        reference_data.look_up(&fetch, &lines.rows, &payables.rows, &pool).await?;
        Ok(Outcome::Complete(Box::new(Rows { lines, payables, pool, screen })))
    }

    /// What ledger lines are asked with, and those of expense reports: what these say of a person's trips is nobody's business.
    fn line_queries(&self) -> Vec<Query> {
        let left_out: &'static [&'static str] = if self.rules.personal.expense_texts { &[] } else { &["text"] };
        let queries = [query::LEDGER_LINES, query::LEDGER_LINES.without(left_out)];
        queries.map(|query| self.xledger.plan().with_references(query)).to_vec()
    }

    /// Takes what is valid of one sort of rows out of the cache.
    async fn load<T: FetchedRow>(
        &self,
        queries: Vec<Query>,
        cache: &mut Cache<'_>,
        mut missing: Vec<Admitted<T::Listed>>,
        payroll: &[i64],
        listing: Listing<'_>,
        pool: &mut TextPool,
    ) -> Result<RowFetch<T>, Failure> {
        let (source, document) = (cache.contents.source.digest(), documents_digest(self.xledger, &queries));
        // What is asked for by lists that were made in the middle of a run is as new as these.
        let at_ms = self.started_at.max(listing.began_at).0;
        let (provenance, admitted) = (Provenance { source, document, at_ms }, missing.len());
        let expired = cache.contents.expired.clone();
        let validity = Validity { now: &provenance, expired: &expired, listing };
        let mut cached = CachedRows::load(cache, &missing, payroll, &validity, pool).await?;
        // Whether what an earlier run was refused may be read by now shows in an answer alone.
        cached.leave_missing(&mut missing, self.xledger.plan().has_untried(&queries));
        let in_cache = cached.rows.len();
        Ok(RowFetch { queries, provenance, cached, admitted, missing, in_cache, fetched: 0 })
    }

    /// Fetches what is missing, and says in the report how much came and how much is gone. Returns false as [`Self::ask_for_all`] does.
    async fn fetch(
        &self,
        context: &mut FetchContext<'_, '_>,
        lines: &mut RowFetch<Line>,
        payables: &mut RowFetch<Payable>,
        report: &mut Report,
    ) -> Result<bool, Failure> {
        self.progress.begin(Stage::Fetch, (lines.missing.len() + payables.missing.len()) as u64);
        let fetched = self.ask_for_all(context, lines, payables).await;
        *report.lines_fetched.get_or_insert(0) += lines.fetched;
        *report.payables_fetched.get_or_insert(0) += payables.fetched;
        if !fetched? {
            return Ok(false);
        }
        if context.set_aside.is_as_listed() && self.xledger.plan().asks_ids() {
            context.set_aside.relist_all = !context.fetch.types_are_as_listed(&lines.cached.rows).await?;
        }
        report.lines_gone = Some(lines.missing.len() as u64);
        report.payables_gone = Some(payables.missing.len() as u64);
        Ok(true)
    }

    /// Fetches what is missing, and puts it into the cache as it comes. Returns false if a document is no longer the one for which rows were taken
    /// out of the cache.
    async fn ask_for_all(
        &self,
        context: &mut FetchContext<'_, '_>,
        lines: &mut RowFetch<Line>,
        payables: &mut RowFetch<Payable>,
    ) -> Result<bool, Failure> {
        let fetch = context.fetch;
        let (mut of_lines, mut of_payables) =
            (lines.requests(fetch, Answered::Lines), payables.requests(fetch, Answered::Payables));
        // One batch of each ledger first: what it shows of this server, the others need not find out again, and what it shows of the token's rights
        // decides which cached rows are of use.
        let first: Vec<Request<'_>> = of_lines.next().into_iter().chain(of_payables.next()).collect();
        let is_same = self.round(context, lines, payables, first).await?
            && self.round(context, lines, payables, of_lines.chain(of_payables)).await?;
        if !is_same {
            return Ok(false);
        }
        // What did not come is asked for once more, before it counts as gone.
        let again = lines.requests(fetch, Answered::Lines).chain(payables.requests(fetch, Answered::Payables));
        if !self.round(context, lines, payables, again).await? {
            return Ok(false);
        }
        lines.ensure_gone(context).await?;
        payables.ensure_gone(context).await?;
        Ok(true)
    }

    /// Asks, several at once, until all have come or something ends it.
    async fn round<'a>(
        &self,
        context: &mut FetchContext<'_, '_>,
        lines: &mut RowFetch<Line>,
        payables: &mut RowFetch<Payable>,
        requests: impl IntoIterator<Item = Request<'a>>,
    ) -> Result<bool, Failure> {
        // Once something has failed nothing is begun; what is on the way is waited for, so that the next run does not ask for it again.
        let is_stopped = Cell::new(false);
        let requests = requests.into_iter().take_while(|_| !is_stopped.get());
        let mut answers = stream::iter(requests).buffer_unordered(self.xledger.max_in_flight());
        let mut ended = Ok(());
        let interval = self.xledger.as_long_as(SAVED_EVERY);
        let mut saves = tokio::time::interval_at(Instant::now() + interval, interval);
        loop {
            let taken = tokio::select! {
                came = answers.next() => match came {
                    None => break,
                    Some(Answered::Lines(answer)) => lines.take(answer, context, self).await,
                    Some(Answered::Payables(answer)) => payables.take(answer, context, self).await,
                },
                _ = saves.tick() => lines.store(context).await.and(payables.store(context).await).map(drop),
            };
            if let Err(failure) = taken {
                let ends_at_once = !failure.is_resumable();
                if ends_at_once || ended.is_ok() {
                    ended = Err(failure);
                }
                if ends_at_once {
                    break;
                }
            }
            let client = self.xledger;
            let are_same = lines.has_same_documents(client) && payables.has_same_documents(client);
            is_stopped.set(ended.is_err() || !are_same);
        }
        drop(answers);
        let stored = [lines.store(context).await, payables.store(context).await];
        // What came says more than what storage says.
        ended?;
        let [of_lines, of_payables] = stored;
        Ok(of_lines? & of_payables?)
    }
}

/// A batch of lines that is asked for.
type Request<'a> = LocalBoxFuture<'a, Answered>;

/// What came of it.
enum Answered {
    Lines(Answer<Line>),
    Payables(Answer<Payable>),
}

fn line_changed(set_aside: &SetAside) -> Failure {
    let message = format!(
        "{} lines are not as they are listed, though the lists were brought up to date {MAX_RENEWALS} times; nothing is published. \
         Somebody changes them just now: run again",
        set_aside.lines
    );
    Failure::new(FailureKind::LineChanged, message)
}
