//! Lists of lines are walked in ranges of ids, several at once: a list of a million lines is a hundred pages, and each is an answer to wait
//! for. The ranges of a list cover all ids, so the list is whole whatever the order of the answers; the bounds only decide how evenly the work
//! is shared. The range at the end is asked for after all others, because it brings what was posted meanwhile.

use std::cell::{Cell, RefCell};

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{List, ListContext, Listed};
use crate::xledger::node::{IdNode, Identified};
use crate::xledger::query::Query;
use crate::xledger::{Client, Error, IdRange, Position, Question, Select};

/// A range has at least so many pages where it is not known at which ids pages end: the last page of each range is half empty on the average, and is a
/// request all the same.
const MIN_PAGES: usize = 12;

/// The ranges of a list, and how far each was walked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ranges {
    ranges: Vec<Range>,
    /// Whether cursors lead through all of it: the server does not take ranges of ids, or has another order.
    pub(crate) by_cursor: bool,
    /// Whether the server has answered with a page between two ids.
    takes_bounds: bool,
    /// Whether the first page came in the order of ids, with its last row's id as cursor. Further pages are then asked for by ids alone.
    pages_by_id: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    ids: IdRange,
    at: Position,
}

impl Ranges {
    /// Ranges up to these ids, which ascend; without any, one of all ids.
    fn up_to(bounds: &[i64]) -> Self {
        let above = std::iter::once(None).chain(bounds.iter().copied().map(Some));
        let up_to = if bounds.is_empty() { vec![None] } else { bounds.iter().copied().map(Some).collect() };
        let ranges = above.zip(up_to).map(|(above, up_to)| Range { ids: IdRange { above, up_to }, ..Range::default() });
        Self { ranges: ranges.collect(), ..Self::default() }
    }

    /// All ids, by one cursor.
    fn by_cursor() -> Self {
        Self { by_cursor: true, ..Self::up_to(&[]) }
    }

    /// Whether all of the list came.
    pub(crate) fn are_at_end(&self) -> bool {
        !self.ranges.is_empty() && self.ranges.iter().all(|range| range.at.is_at_end())
    }

    /// The bounds of the next list's ranges, from this list, which is whole and sorted; `None` if one cursor walked it, so that the next list
    /// tries again whether the server goes by ids.
    pub(crate) fn for_next<E: Listed>(&self, list: &List<E>, page_rows: usize, most: usize) -> Option<Vec<i64>> {
        (!self.by_cursor).then(|| bounds(list, page_rows, most))
    }

    /// Adds a range above the last one, so that the next walk lists the rest of the list and what was posted while it was read. A list that one
    /// cursor walks goes on from its last page.
    pub(crate) fn open_end<E: Listed>(&mut self, list: &List<E>) {
        let end = self.ranges.last().and_then(|range| range.ids.up_to);
        let above = end.or_else(|| list.ids().max());
        if self.by_cursor {
            self.ranges.iter_mut().for_each(|range| range.at.reopen());
        } else if self.are_at_end() {
            self.ranges.push(Range { ids: IdRange { above, up_to: None }, ..Range::default() });
        }
    }

    /// Lists what is left, but for the end of the list, which [`Ranges::open_end`] adds; no more once `is_enough` says so. `known` are the bounds of an
    /// earlier list's ranges, if there was one; `rows` is told how many lines have come.
    ///
    /// # Errors
    /// What the client cannot get over. What came before stays, and the ranges say where to go on.
    pub(crate) async fn list<E: Listed>(
        &mut self,
        list: &mut List<E>,
        context: ListContext<'_>,
        known: Option<&[i64]>,
        is_enough: &impl Fn() -> bool,
        rows: &impl Fn(usize),
    ) -> Result<(), Error> {
        let takes_ranges = context.client.plan().filter(E::QUERY).is_some_and(|filter| filter.range);
        if self.ranges.is_empty() {
            *self = if takes_ranges { Self::up_to(known.unwrap_or_default()) } else { Self::by_cursor() };
        }
        let walked = async {
            if !self.by_cursor && self.ranges[0].at == Position::default() {
                self.begin(list, context, known.is_some(), rows).await?;
            }
            self.walk(list, context, is_enough, rows).await
        };
        match walked.await {
            // The server does not take both bounds, or has another order: one cursor walks the whole list. A server that took bounds before refuses
            // for another reason, and what has come stays.
            Err(error) if !self.by_cursor && self.are_refused(&error, context.client) => {
                tracing::warn!(query = E::QUERY.name, reason = %error, "ranges of ids are refused; one cursor walks the list");
                list.entries.clear();
                *self = Self::by_cursor();
                self.walk(list, context, is_enough, rows).await
            }
            walked => walked,
        }
    }

    fn are_refused(&self, error: &Error, client: &Client) -> bool {
        let is_unfit = matches!(error, Error::SchemaMismatch { .. });
        !client.has_given_up() && (is_unfit || (error.is_refusal() && !self.takes_bounds))
    }

    /// Asks for the first page, which shows whether the server goes by ids. If no bounds are known, asks for the last id, too, and splits what
    /// follows the page into ranges of even width.
    async fn begin<E: Listed>(
        &mut self,
        list: &mut List<E>,
        context: ListContext<'_>,
        is_known: bool,
        rows: &impl Fn(usize),
    ) -> Result<(), Error> {
        let others = self.ranges.split_off(1);
        let walked = self.walk(list, context, &|| true, rows).await;
        self.ranges.extend(others);
        walked?;
        let (Some(first), Some(reached)) = (list.ids().min(), list.ids().max()) else { return Ok(()) };
        // Only if rows come in the order of their ids is every later row above the page's last id.
        self.pages_by_id = self.ranges[0].at.is_at_id(reached) && list.ids().is_sorted();
        if is_known || !self.pages_by_id {
            return Ok(());
        }
        let last = context.client.last_row::<IdNode>(E::IDS, context.base).await?;
        let last = last.and_then(|row| row.id()).unwrap_or(reached);
        // The last row is not the one with the highest id: rows may stand behind those of higher ids.
        self.by_cursor = last < reached;
        if last <= reached {
            return Ok(());
        }
        let page_width = reached.abs_diff(first).max(1);
        let pages = usize::try_from(last.abs_diff(reached) / page_width).unwrap_or(usize::MAX);
        let ranges = (pages / MIN_PAGES).clamp(1, context.client.max_in_flight()) as u64;
        let width = last.abs_diff(reached) / ranges;
        let bounds = (0..ranges).map(|at| reached.saturating_add_unsigned(width * at)).chain([last - 1]);
        let mut bounds: Vec<i64> = bounds.collect();
        bounds.dedup();
        self.ranges = Self::up_to(&bounds).ranges;
        self.ranges[0].at = Position::end();
        Ok(())
    }

    /// Walks the ranges that have not ended, several at once.
    async fn walk<E: Listed>(
        &mut self,
        list: &mut List<E>,
        context: ListContext<'_>,
        is_enough: &impl Fn() -> bool,
        rows: &impl Fn(usize),
    ) -> Result<(), Error> {
        let ListContext { client, base, page_rows } = context;
        let (by_cursor, pages_by_id) = (self.by_cursor, self.pages_by_id);
        let (list, takes_bounds) = (RefCell::new(list), Cell::new(self.takes_bounds));
        let ranges = stream::iter(self.ranges.iter_mut().filter(|range| !range.at.is_at_end()));
        let walks = ranges.map(async |Range { ids, at }| {
            let take = |nodes: Vec<E::Node>| {
                rows(nodes.len());
                // A row without an id is as good as none.
                client.meter().count_null_rows(nodes.iter().filter(|node| node.id().is_none()).count());
                let are_inside = nodes.iter().all(|node| node.id().is_none_or(|id| ids.contains(id)));
                list.borrow_mut().extend(nodes, client);
                takes_bounds.set(takes_bounds.get() || (are_inside && ids.up_to.is_some()));
                if are_inside { Ok(()) } else { Err(ignored(E::QUERY)) }
            };
            let select = match () {
                () if by_cursor => Select::All,
                () if pages_by_id => Select::Ascending(*ids),
                () => Select::Range(*ids),
            };
            let question =
                Question { query: E::query(client), variables: base, select, rows: page_rows, expires_at: None };
            let walked = client.walk(question, at, is_enough, take).await;
            // What the others are asking for still comes, and is not asked for again; nothing new is begun.
            walked.inspect_err(|error| {
                if by_cursor || !error.is_refusal() {
                    context.give_up(error)
                }
            })
        });
        let walked: Vec<Result<(), Error>> = walks.buffer_unordered(client.max_in_flight()).collect().await;
        self.takes_bounds = takes_bounds.get();
        walked.into_iter().collect()
    }
}

/// The server answered with lines of other ids.
fn ignored(query: Query) -> Error {
    let message = "lines outside of the range of ids that was asked for".to_owned();
    Error::SchemaMismatch { query: query.name, code: "none".to_owned(), message }
}

/// The bounds of ranges with about as many lines each, at the ends of pages. Above the last bound lies the last page, or the last line of a list
/// of one page. It is asked for last, so that its request brings what was posted meanwhile and always finds something.
fn bounds<E: Listed>(list: &List<E>, page_rows: usize, most: usize) -> Vec<i64> {
    let entries = &list.entries;
    let pages = entries.len().div_ceil(page_rows.max(1));
    // Two pages a range at least: only a page that another follows shows if the server goes by ids.
    let ranges = (pages / 2).clamp(1, most.max(1));
    let rows = pages.div_ceil(ranges) * page_rows;
    let last_page = (pages.saturating_sub(1) * page_rows).min(entries.len());
    let end_of_first = |rows: usize| Some(entries.get(rows.checked_sub(1)?)?.ids().id);
    let end = end_of_first(last_page).or_else(|| Some(entries.last()?.ids().id.saturating_sub(1)));
    let mut bounds: Vec<i64> = (1..ranges).filter_map(|at| end_of_first(rows * at)).chain(end).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::listed::ListedPayable;
    use crate::refresh::index::Payables;

    fn list(ids: impl Iterator<Item = i64>) -> Payables {
        let entry = |id| ListedPayable { id, owner: 1, voucher: 1, match_id: 0, document_type: 1 };
        Payables { entries: ids.map(entry).collect(), references: () }
    }

    #[test]
    fn ranges_cover_all_ids_each_once() {
        for bounds in [&[][..], &[7], &[-3, 0, i64::MAX - 1]] {
            let mut ranges = Ranges::up_to(bounds);
            assert_eq!(ranges.ranges.len(), bounds.len().max(1));
            assert!(!ranges.are_at_end());
            ranges.ranges.iter_mut().for_each(|range| range.at = Position::end());
            let listed = list([-4, 7].into_iter());
            ranges.open_end(&listed);
            let held = |id| ranges.ranges.iter().filter(|range| range.ids.contains(id)).count();
            for id in [i64::MIN, -4, -3, -2, 0, 1, 7, 8, i64::MAX - 1, i64::MAX] {
                // Of one range of all ids, what is above the last one that is listed is asked for twice.
                assert_eq!(held(id), if bounds.is_empty() && id > 7 { 2 } else { 1 }, "{bounds:?} {id}");
            }
        }
        assert!(!Ranges::default().are_at_end());
    }

    #[test]
    fn bounds_are_ends_of_pages() {
        let tens = list((1..=3_000).map(|id| id * 10));
        assert_eq!(bounds(&tens, 100, 5), [6_000, 12_000, 18_000, 24_000, 29_000]);
        assert_eq!(bounds(&tens, 400, 5), [8_000, 16_000, 24_000, 28_000]);
        assert_eq!(bounds(&tens, 1_024, 5), [20_480]);
        // Of a list of one page, all but the last line.
        assert_eq!(bounds(&tens, 10_000, 5), [29_999]);
        assert_eq!(bounds(&list(std::iter::empty()), 100, 5), [0_i64; 0]);
        assert_eq!(bounds(&list([i64::MIN].into_iter()), 100, 5), [i64::MIN]);
    }
}
