//! Asks for exactly the admitted lines that are to be fetched, by id, in parallel batches, and judges each once more when it comes.

mod document_types;
mod rows;

use rustc_hash::FxHashSet;

use crate::model::failure::{Failure, FailureKind};
use crate::model::text_pool::TextPool;
use crate::model::value::Instant;
use crate::refresh::cache::{CachedRow, Change, Listing};
use crate::refresh::index::{BY_ID_ROWS, ListContext, Listed};
use crate::refresh::screen::{Admitted, Screen};
use crate::xledger::node::{IdNode, Identified};
use crate::xledger::query::Query;

/// What a fetch needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Fetch<'a> {
    pub(crate) context: ListContext<'a>,
    pub(crate) listing: Listing<'a>,
    /// When the lists that it goes by become too old.
    pub(crate) expires_at: Instant,
    /// Whether a line is taken that is as it was listed but for the time of its voucher.
    pub(crate) takes_other_times: bool,
}

/// A row that is asked for by its id.
pub(crate) trait FetchedRow: CachedRow {
    /// The line on the wire.
    type Node: Identified;
    /// Whose line it is, in words.
    const LEDGER: &'static str;
    /// Judges a line as it came. Returns its row, which is `None` if it has no period, and whether the rules keep it.
    ///
    /// # Errors
    /// [`FailureKind::PayrollReceived`] if it is payroll.
    fn receive(fetch: &Fetch<'_>, node: Self::Node, pool: &mut TextPool) -> Result<(Option<Self>, bool), Failure>;
    /// By which of its queries a line is asked for.
    fn query_number(_: &Screen, _: &Admitted<Self::Listed>) -> usize {
        0
    }
}

/// Lines that are not as they were listed: they are used once the lists have been brought up to date, and not before.
#[derive(Debug, Default)]
pub(crate) struct SetAside {
    /// Whether all must be listed anew: a match, a period, an owner or the name of a document type changed, which other lines are judged by.
    pub(crate) relist_all: bool,
    /// How many there are.
    pub(crate) lines: usize,
    /// Vouchers that they were or are in, and those of lines that are gone.
    pub(crate) vouchers: FxHashSet<i64>,
}

impl SetAside {
    /// Whether all is as it was listed, but for lines that are gone.
    pub(crate) fn is_as_listed(&self) -> bool {
        !self.relist_all && self.lines == 0
    }
}

impl Fetch<'_> {
    /// Asks for a batch of admitted lines, whose ids ascend.
    pub(crate) async fn ask<T: FetchedRow>(&self, query: Query, batch: Vec<Admitted<T::Listed>>) -> Answer<T> {
        let ids: Vec<i64> = batch.iter().map(Admitted::id).collect();
        let (nodes, end) = by_id_so_far(self.context, query, &ids, Some(self.expires_at)).await;
        Answer { batch, nodes, end: end.map(drop) }
    }

    /// Judges the lines of an answer. What is as it was listed goes to `rows`, each line once, with the texts that lines share. Returns the lines
    /// that did not come.
    ///
    /// # Errors
    /// What the client could not get over; if another run can resume, what came before is taken first. [`FailureKind::PayrollReceived`].
    pub(crate) fn take<T: FetchedRow>(
        &self,
        answer: Answer<T>,
        pool: &mut TextPool,
        rows: &mut Vec<T>,
        set_aside: &mut SetAside,
    ) -> Result<Vec<Admitted<T::Listed>>, Failure> {
        let Answer { mut batch, nodes, end } = answer;
        if matches!(&end, Err(failure) if !failure.is_resumable()) {
            return end.map(|()| batch);
        }
        // The same row may come twice in an answer.
        let mut came = vec![false; batch.len()];
        for node in nodes {
            let at = node.id().and_then(|id| batch.binary_search_by_key(&id, Admitted::id).ok());
            // Another line would have ended the run.
            let Some(at) = at.filter(|at| !std::mem::replace(&mut came[*at], true)) else { continue };
            let listed = batch[at].entry();
            let (row, is_kept) = T::receive(self, node, pool)?;
            let change = row.as_ref().map_or(Some(Change::Match), |row| row.change(listed, self.listing));
            match (row, change) {
                (Some(row), None) if is_kept => rows.push(row),
                (Some(row), Some(Change::ModifiedAt)) if is_kept && self.takes_other_times => rows.push(row),
                (row, change) => {
                    let vouchers = [listed.ids().voucher, row.map_or(0, |row| row.ids().voucher)];
                    // A line that was in no voucher is not listed again with the lines of one.
                    set_aside.relist_all |= change == Some(Change::Match) || vouchers[0] == 0;
                    set_aside.lines += 1;
                    set_aside.vouchers.extend(vouchers.into_iter().filter(|id| *id != 0));
                }
            }
        }
        let mut came = came.into_iter();
        batch.retain(|_| came.next() == Some(false));
        end.map(|()| batch)
    }
}

/// Lines that did not come are gone: they are not listed any more, not even as null.
///
/// # Errors
/// [`FailureKind::SelfCheckFailed`] if some are still listed.
pub(crate) async fn ensure_gone(context: ListContext<'_>, query: Query, missing: &[i64]) -> Result<(), Failure> {
    let (mut listed, mut null_rows) = (Vec::new(), 0);
    for ids in missing.chunks(BY_ID_ROWS) {
        let (rows, end) = by_id_so_far::<IdNode>(context, query, ids, None).await;
        null_rows += end?;
        listed.extend(rows.iter().filter_map(Identified::id));
    }
    let lines = listed.len() + null_rows;
    if lines == 0 {
        return Ok(());
    }
    // A row that is null does not say which it is.
    let among: Vec<String> =
        if null_rows == 0 { &listed } else { missing }.iter().take(20).map(i64::to_string).collect();
    let message = format!(
        "{lines} lines are listed by query {} and do not come when they are asked for by id, so nothing is published: dbId {}. Run again; if that \
         goes on, ask Xledger's support about these lines",
        query.name,
        among.join(", ")
    );
    Err(Failure::new(FailureKind::SelfCheckFailed, message))
}

/// What came of a batch of lines.
pub(crate) struct Answer<T: FetchedRow> {
    batch: Vec<Admitted<T::Listed>>,
    pub(crate) nodes: Vec<T::Node>,
    end: Result<(), Failure>,
}

/// The rows of a batch: lines have more fields than the lists ask for, and carry their ids in the request.
pub(crate) fn batch_rows(page_rows: usize) -> usize {
    page_rows.div_ceil(2)
}

/// All rows of the given ids, and no others: a row that was not asked for ends the run, unread. From `expires_at` on no request is sent. Rows that
/// stay null are counted.
pub(crate) async fn by_id<N: Identified>(
    context: ListContext<'_>,
    query: Query,
    ids: &[i64],
    expires_at: Option<Instant>,
) -> Result<Vec<N>, Failure> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BY_ID_ROWS) {
        let (nodes, end) = by_id_so_far(context, query, ids, expires_at).await;
        context.client.meter().count_null_rows(end?);
        rows.extend(nodes);
    }
    // By id: of two rows that say different things the same one counts, whatever the order of the answers.
    rows.sort_by_key(Identified::id);
    Ok(rows)
}

/// As [`by_id`], with the rows that came until it ended, and how many were null.
async fn by_id_so_far<N: Identified>(
    context: ListContext<'_>,
    query: Query,
    ids: &[i64],
    expires_at: Option<Instant>,
) -> (Vec<N>, Result<usize, Failure>) {
    let asked: FxHashSet<i64> = ids.iter().copied().collect();
    let (mut rows, mut unasked) = (Vec::with_capacity(ids.len()), false);
    let walked = context
        .client
        .walk_ids(query, context.base, ids, expires_at, |nodes: Vec<N>| {
            unasked |= !nodes.iter().all(|node| node.id().is_some_and(|id| asked.contains(&id)));
            rows.extend(nodes);
            Ok(())
        })
        .await;
    if unasked {
        let message = format!(
            "Xledger answered query {} with a line that was not asked for; nothing is published. Does its `dbId_in` filter work?",
            query.name
        );
        return (Vec::new(), Err(Failure::new(FailureKind::UnaskedLine, message)));
    }
    (rows, walked.map_err(Failure::from))
}

#[cfg(test)]
mod tests;
