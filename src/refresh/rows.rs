//! The rows of admitted lines: from the cache, and the others from Xledger, which go into the cache as they come.

use std::cell::Cell;

use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt, stream};
use rustc_hash::FxHashSet;

use super::Refreshing;
use super::lists::Lists;
use crate::event::Mode;
use crate::model::digest::Digest;
use crate::model::failure::{Failure, FailureKind};
use crate::model::line::{Line, Payable};
use crate::model::names::{Name, Names};
use crate::model::value::Instant;
use crate::refresh::cache::{Asked, Cache, Cached, CachedRow, ListedReferences, Validity};
use crate::refresh::fetch::{Answer, Fetch, Fetched, SetAside, batch_rows, ensure_gone};
use crate::refresh::guards;
use crate::refresh::index::Asking;
use crate::refresh::screen::{Screen, Screened};
use crate::report::Report;
use crate::report::progress::Stage;
use crate::xledger::Client;
use crate::xledger::query::{self, Query};

/// Lines that are fetched before they are saved.
const SAVED_LINES: usize = 100_000;
/// How often the lists are brought up to date in one run. Minutes pass between list and fetch, so that changes are daily work; after these a line
/// that differs in its voucher's time alone is taken, for its row is as new as can be.
const MAX_RENEWALS: u32 = 2;

/// All that a refresh publishes.
pub(super) struct Rows {
    pub(super) lines: Cached<Line>,
    pub(super) payables: Cached<Payable>,
    pub(super) names: Names,
    pub(super) screen: Screen,
}

/// What became of it.
pub(super) enum Outcome {
    /// All rows are there.
    Complete(Box<Rows>),
    /// Some lines are not as they were listed.
    SetAside(SetAside),
    /// Another document is asked with than rows were taken for: a right was given, or taken away. What is cached is to be looked through again.
    OtherDocument,
}

impl Refreshing<'_> {
    /// All rows of admitted lines, and the names of what they refer to. `renewals` says how often the lists were brought up to date already. From
    /// `expires_at` on nothing is asked for by these lists: lines may have become payroll since then.
    pub(super) async fn load_or_fetch(
        &self,
        asking: Asking<'_>,
        screened: Screened,
        lists: &mut Lists,
        cache: &mut Cache<'_>,
        (renewals, expires_at): (u32, Instant),
        report: &mut Report,
    ) -> Result<Outcome, Failure> {
        let Screened { lines: admitted, payables: admitted_payables, payroll_lines, payroll_payables, .. } = screened;
        let Screened { treatments, one_sided_matches, screen, .. } = screened;
        let mut names = Names::default();
        let references = &lists.ledger.references;
        let types: Vec<(Name, Name)> = references.document_types.all().iter().map(|kind| names.of_type(kind)).collect();
        let listed = ListedReferences { types: &types, references };
        let expired = cache.index.expired.clone();
        let validity = Validity { listed_at: lists.began_at(), expired: &expired, listed };
        let Asking { client, base, .. } = asking;
        // What expense reports say of a person's trips is nobody's business.
        let expense_lines = if self.rules.personal.expense_texts {
            query::LEDGER_LINES
        } else {
            query::LEDGER_LINES.without(&["text"])
        };
        let queries = [query::LEDGER_LINES, expense_lines].map(|query| client.plan().with_references(query)).to_vec();
        let mut lines = self.load(queries, cache, admitted, &payroll_lines, &validity, &mut names).await?;
        let queries = vec![query::PAYABLE_LINES];
        let mut payables =
            self.load(queries, cache, admitted_payables, &payroll_payables, &validity, &mut names).await?;

        // Somebody matched them while the lists were read. What they are matched with may be payroll: before they are asked for, all is listed once more.
        if !lists.were_renewed()
            && (lines.have_match_of(&one_sided_matches) || payables.have_match_of(&one_sided_matches))
        {
            return Ok(Outcome::SetAside(SetAside { wholly: true, ..SetAside::default() }));
        }

        let takes_other_times = renewals >= MAX_RENEWALS;
        let batch_rows = batch_rows(self.page_rows);
        let treatments = &*treatments;
        let fetch =
            Fetch { client, base, batch_rows, screen: &screen, listed, treatments, expires_at, takes_other_times };
        let mut context = FetchContext { fetch, cache, names, set_aside: SetAside::default() };

        self.progress.begin(Stage::Fetch, (lines.missing.len() + payables.missing.len()) as u64);
        let fetched = self.fetch(&mut context, &mut lines, &mut payables).await;
        *report.lines_fetched.get_or_insert(0) += lines.fetched;
        *report.payables_fetched.get_or_insert(0) += payables.fetched;
        if !fetched? {
            return Ok(Outcome::OtherDocument);
        }
        let FetchContext { names, mut set_aside, .. } = context;
        if set_aside.is_empty() && client.plan().asks_ids() {
            set_aside.wholly = !fetch.types_are_as_listed(&lines.cached.rows).await?;
        }
        report.lines_gone = Some(lines.gone());
        report.payables_gone = Some(payables.gone());
        if renewals < MAX_RENEWALS && !(set_aside.is_empty() && set_aside.vouchers.is_empty()) {
            return Ok(Outcome::SetAside(set_aside));
        }
        if !set_aside.is_empty() {
            return Err(line_changed(&set_aside));
        }
        let (lines, payables) = (lines.complete()?, payables.complete()?);
        if report.mode == Some(Mode::Full) {
            report.lines_healed = lines.healed(&names);
        }
        self.progress.begin(Stage::ReferenceData, 0);
        let reference_data = &mut lists.registers.reference_data;
        reference_data.look_up(asking, &lines.rows, &payables.rows, &names, expires_at).await?;
        Ok(Outcome::Complete(Box::new(Rows { lines, payables, names, screen })))
    }

    /// Takes what is valid of one sort of rows out of the cache.
    async fn load<T: Fetched>(
        &self,
        queries: Vec<Query>,
        cache: &mut Cache<'_>,
        mut missing: Vec<T::Admitted>,
        payroll: &[i64],
        validity: &Validity<'_>,
        names: &mut Names,
    ) -> Result<LedgerFetch<T>, Failure> {
        let (source, document) = (cache.index.source.digest(), document(self.xledger, &queries));
        // What is asked for by lists that were made in the middle of a run is as new as these.
        let at_ms = self.started_at.max(validity.listed_at).0;
        let (asked, admitted) = (Asked { source, document, at_ms }, missing.len());
        let mut cached = Cached::load(cache, &asked, &missing, payroll, validity, names).await?;
        cached.leave_missing(&mut missing);
        let stored = cached.rows.len();
        Ok(LedgerFetch { queries, asked, cached, admitted, missing, stored, fetched: 0 })
    }

    /// Fetches what is missing, and puts it into the cache as it comes. Returns whether all was asked for with the documents that rows of the cache
    /// were taken for.
    async fn fetch(
        &self,
        context: &mut FetchContext<'_, '_>,
        lines: &mut LedgerFetch<Line>,
        payables: &mut LedgerFetch<Payable>,
    ) -> Result<bool, Failure> {
        let fetch = context.fetch;
        let (mut of_lines, mut of_payables) =
            (lines.requests(fetch, Answered::Lines), payables.requests(fetch, Answered::Payables));
        // A batch of each ledger first: what they teach of this server, the others need not learn each for itself, and what they teach of the
        // token's rights decides what of the cache is of use.
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
        lines: &mut LedgerFetch<Line>,
        payables: &mut LedgerFetch<Payable>,
        requests: impl IntoIterator<Item = Request<'a>>,
    ) -> Result<bool, Failure> {
        // Once something has failed nothing is begun; what is on the way is waited for, so that the next run does not ask for it again.
        let is_stopped = Cell::new(false);
        let requests = requests.into_iter().take_while(|_| !is_stopped.get());
        let mut answers = stream::iter(requests).buffer_unordered(self.xledger.max_in_flight());
        let mut ended = Ok(());
        while let Some(came) = answers.next().await {
            let taken = match came {
                Answered::Lines(answer) => lines.take(answer, context, self).await,
                Answered::Payables(answer) => payables.take(answer, context, self).await,
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
            let are_same = lines.has_same_document(client) && payables.has_same_document(client);
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

/// What a fetch works with.
struct FetchContext<'a, 'c> {
    fetch: Fetch<'a>,
    cache: &'a mut Cache<'c>,
    names: Names,
    set_aside: SetAside,
}

/// One sort of rows: those that the cache has, and those that are fetched.
struct LedgerFetch<T: Fetched> {
    /// Ask for such rows, by [`Fetched::query_number`].
    queries: Vec<Query>,
    /// What they are asked with: what is cached says so.
    asked: Asked,
    cached: Cached<T>,
    admitted: usize,
    /// The admitted lines that the cache does not have, by id; in the end, those that are gone.
    missing: Vec<T::Admitted>,
    /// How many of the rows stand in the cache.
    stored: usize,
    fetched: u64,
}

impl<T: Fetched> LedgerFetch<T> {
    /// Whether a line has one of these matches that is to be asked for, and is not cached as it is listed.
    fn have_match_of(&self, matches: &FxHashSet<(i64, i64)>) -> bool {
        let is_other = |line: &T::Admitted| !self.cached.asked_again.contains(&T::id_of(line));
        self.missing.iter().any(|line| matches.contains(&T::match_of(line)) && is_other(line))
    }

    /// Asks for the missing lines, by their ids, a batch at a time.
    fn requests<'a>(
        &mut self,
        fetch: Fetch<'a>,
        came: fn(Answer<T>) -> Answered,
    ) -> impl Iterator<Item = Request<'a>> + use<'a, T> {
        let mut missing = std::mem::take(&mut self.missing);
        missing.sort_unstable_by_key(T::id_of);
        self.queries.clone().into_iter().enumerate().flat_map(move |(number, query)| {
            let lines = std::mem::take(&mut missing).into_iter();
            let (lines, rest) = lines.partition(|line| T::query_number(fetch.screen, line) == number);
            missing = rest;
            let batches = batches(lines, fetch.batch_rows);
            batches.map(move |batch| async move { came(fetch.ask(query, batch).await) }.boxed_local())
        })
    }

    /// Whether rows are asked for still as those of the cache were.
    fn has_same_document(&self, client: &Client) -> bool {
        document(client, &self.queries) == self.asked.document
    }

    /// Takes an answer's rows. Many together go into the cache.
    async fn take(
        &mut self,
        answer: Answer<T>,
        context: &mut FetchContext<'_, '_>,
        refresh: &Refreshing<'_>,
    ) -> Result<(), Failure> {
        let before = self.cached.rows.len();
        let FetchContext { fetch, names, set_aside, .. } = context;
        refresh.progress.rows(answer.nodes.len());
        let taken = fetch.take(answer, names, &mut self.cached.rows, set_aside);
        self.fetched += (self.cached.rows.len() - before) as u64;
        self.missing.extend(taken?);
        if self.cached.rows.len() - self.stored >= SAVED_LINES {
            self.store(context).await?;
        }
        Ok(())
    }

    /// Puts what has come into the cache. Returns whether the document is the same still: what was asked with two is not told apart, and is
    /// asked for again.
    async fn store(&mut self, context: &mut FetchContext<'_, '_>) -> Result<bool, Failure> {
        let is_same = self.has_same_document(context.fetch.client);
        if is_same && self.stored < self.cached.rows.len() {
            self.cached.store(context.cache, self.stored, &context.names, &self.asked).await?;
            context.cache.save().await?;
            self.stored = self.cached.rows.len();
        }
        Ok(is_same)
    }

    /// Makes sure that what did not come is gone. The voucher of a line that is gone may have others in its place.
    async fn ensure_gone(&self, context: &mut FetchContext<'_, '_>) -> Result<(), Failure> {
        let Fetch { client, base, .. } = context.fetch;
        let ids: Vec<i64> = self.missing.iter().map(T::id_of).collect();
        let vouchers = self.missing.iter().map(|line| T::vouchers(line, None)[0]).filter(|voucher| *voucher != 0);
        context.set_aside.vouchers.extend(vouchers);
        ensure_gone(client, base, T::IDS, &ids).await
    }

    /// How many lines are gone.
    fn gone(&self) -> u64 {
        self.missing.len() as u64
    }

    /// All rows, by id.
    fn complete(mut self) -> Result<Cached<T>, Failure> {
        guards::complete(T::LEDGER, self.admitted, self.cached.rows.len(), self.gone())?;
        // By the ids beside their places: merging the rows themselves would take half as much memory once more.
        self.cached.rows.sort_by_cached_key(CachedRow::id);
        Ok(self.cached)
    }
}

/// The checksum of the documents that rows are asked with, as far as is known by now.
fn document(client: &Client, queries: &[Query]) -> String {
    let documents: String = queries.iter().map(|query| client.plan().document(*query, None)).collect();
    Digest::of(documents.as_bytes())
}

/// Takes items from the end: so many at a time, or all if they are at most a tenth more, which are not worth a request of their own. There may be
/// millions, and their rows take room, too.
fn batches<T>(mut items: Vec<T>, rows: usize) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let rest = if items.len() <= rows + rows / 10 { 0 } else { items.len() - rows };
        let last = items.split_off(rest);
        items.shrink_to_fit();
        Some(last).filter(|last| !last.is_empty())
    })
}

fn line_changed(set_aside: &SetAside) -> Failure {
    let message = format!(
        "{} lines are not as they are listed, though the lists were brought up to date {MAX_RENEWALS} times; nothing is published. \
         Somebody changes them just now: run again",
        set_aside.lines
    );
    Failure::new(FailureKind::LineChanged, message)
}
