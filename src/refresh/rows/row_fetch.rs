//! The rows of one ledger: those that the cache has, and those that are fetched and go into it.

use futures::FutureExt;
use rustc_hash::FxHashSet;

use super::{Answered, Request};
use crate::model::digest::Digest;
use crate::model::failure::Failure;
use crate::model::text_pool::TextPool;
use crate::refresh::cache::{Cache, CachedRow, CachedRows, Provenance};
use crate::refresh::fetch::{Answer, Fetch, FetchedRow, SetAside, batch_rows, ensure_gone};
use crate::refresh::index::Listed;
use crate::refresh::screen::Admitted;
use crate::refresh::{RefreshRun, guards};
use crate::xledger::Client;
use crate::xledger::query::Query;

/// Lines that are fetched before they are saved.
const SAVED_LINES: usize = 100_000;
/// What a fetch works with.
pub(super) struct FetchContext<'a, 'c> {
    pub(super) fetch: Fetch<'a>,
    pub(super) cache: &'a mut Cache<'c>,
    pub(super) pool: TextPool,
    pub(super) set_aside: SetAside,
}

/// One sort of rows: those that the cache has, and those that are fetched.
pub(super) struct RowFetch<T: FetchedRow> {
    /// Ask for such rows, by [`FetchedRow::query_number`].
    pub(super) queries: Vec<Query>,
    /// What they are asked with: what is cached says so.
    pub(super) provenance: Provenance,
    pub(super) cached: CachedRows<T>,
    pub(super) admitted: usize,
    /// The admitted lines that the cache does not have, by id; in the end, those that are gone.
    pub(super) missing: Vec<Admitted<T::Listed>>,
    /// How many of the rows stand in the cache.
    pub(super) in_cache: usize,
    pub(super) fetched: u64,
}

impl<T: FetchedRow> RowFetch<T> {
    /// Whether a line that is to be asked for has one of these matches; lines that are cached as listed do not count.
    pub(super) fn have_match_of(&self, matches: &FxHashSet<(i64, i64)>) -> bool {
        let mut lines = self.missing.iter().map(|line| line.entry().ids());
        lines.any(|line| matches.contains(&(line.owner, line.match_id)) && !self.cached.refetched.contains(&line.id))
    }

    /// Asks for the missing lines, by their ids, a batch at a time.
    pub(super) fn requests<'a>(
        &mut self,
        fetch: Fetch<'a>,
        came: fn(Answer<T>) -> Answered,
    ) -> impl Iterator<Item = Request<'a>> + use<'a, T> {
        let mut missing = std::mem::take(&mut self.missing);
        missing.sort_unstable_by_key(Admitted::id);
        self.queries.clone().into_iter().enumerate().flat_map(move |(number, query)| {
            let lines = std::mem::take(&mut missing).into_iter();
            let (lines, rest) = lines.partition(|line| T::query_number(fetch.listing.screen, line) == number);
            missing = rest;
            let batches = batches(lines, batch_rows(fetch.context.page_rows));
            batches.map(move |batch| async move { came(fetch.ask(query, batch).await) }.boxed_local())
        })
    }

    /// Whether rows are asked for still as those of the cache were.
    pub(super) fn has_same_documents(&self, client: &Client) -> bool {
        documents_digest(client, &self.queries) == self.provenance.document
    }

    /// Takes an answer's rows. Many together go into the cache.
    pub(super) async fn take(
        &mut self,
        answer: Answer<T>,
        context: &mut FetchContext<'_, '_>,
        refresh: &RefreshRun<'_>,
    ) -> Result<(), Failure> {
        let before = self.cached.rows.len();
        let FetchContext { fetch, pool, set_aside, .. } = context;
        refresh.progress.rows(answer.nodes.len());
        let taken = fetch.take(answer, pool, &mut self.cached.rows, set_aside);
        self.fetched += (self.cached.rows.len() - before) as u64;
        self.missing.extend(taken?);
        if self.cached.rows.len() - self.in_cache >= SAVED_LINES {
            self.store(context).await?;
        }
        Ok(())
    }

    /// Puts what has come into the cache. Returns whether the document is still the same: if not, rows of both are mixed, so they are not stored
    /// but asked for again.
    pub(super) async fn store(&mut self, context: &mut FetchContext<'_, '_>) -> Result<bool, Failure> {
        let is_same = self.has_same_documents(context.fetch.context.client);
        if is_same && self.in_cache < self.cached.rows.len() {
            self.cached.store(context.cache, self.in_cache, &context.pool, &self.provenance).await?;
            context.cache.save().await?;
            self.in_cache = self.cached.rows.len();
        }
        Ok(is_same)
    }

    /// Makes sure that what did not come is gone. The voucher of a line that is gone may have others in its place.
    pub(super) async fn ensure_gone(&self, context: &mut FetchContext<'_, '_>) -> Result<(), Failure> {
        let ids: Vec<i64> = self.missing.iter().map(Admitted::id).collect();
        let vouchers = self.missing.iter().map(|line| line.entry().ids().voucher).filter(|voucher| *voucher != 0);
        context.set_aside.vouchers.extend(vouchers);
        ensure_gone(context.fetch.context, T::Listed::IDS, &ids).await
    }

    /// All rows, by id.
    pub(super) fn complete(mut self) -> Result<CachedRows<T>, Failure> {
        guards::ensure_complete(T::LEDGER, self.admitted, self.cached.rows.len(), self.missing.len() as u64)?;
        // By the ids beside their places: merging the rows themselves would take half as much memory once more.
        self.cached.rows.sort_by_cached_key(CachedRow::id);
        Ok(self.cached)
    }
}

/// The checksum of the documents that rows are asked with, as far as is known by now.
pub(super) fn documents_digest(client: &Client, queries: &[Query]) -> String {
    let documents: String = queries.iter().map(|query| client.plan().document(*query, None).text()).collect();
    Digest::of(documents.as_bytes())
}

/// Takes items from the end, `rows` at a time; the last batch may have a tenth more, which are not worth a request of their own. Each batch frees
/// its memory: there may be millions of items, and their rows take memory, too.
fn batches<T>(mut items: Vec<T>, rows: usize) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let rest = if items.len() <= rows + rows / 10 { 0 } else { items.len() - rows };
        let last = items.split_off(rest);
        items.shrink_to_fit();
        Some(last).filter(|last| !last.is_empty())
    })
}
