//! Walks a connection to its end: page after page, smaller ones where the server does not bear more, never in a circle.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{Data, Edges, Page, PageInfo};
use super::client::{Client, Unanswered};
use super::error::Error;
use super::node::Identified;
use super::query::Query;
use super::question::{IdRange, Question, Select};
use super::retry::Decision;
use crate::model::value::Instant;

/// Pages of one walk, at most: a billion rows at the largest page.
const MAX_PAGES: usize = 100_000;

/// A server's cap of the rows of a page is a multiple of this. It may lie below what is asked for.
const CAP_STEP: usize = 50;

/// How far a walk has come: it can be gone on with from there, in another process too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The cursor of the last row that came. At the end of a walk by cursors, one of the last page's rows or the one before it.
    after: Option<String>,
    /// Whether no more follow.
    done: bool,
}

impl Position {
    /// Whether the walk came to its end.
    pub fn is_at_end(&self) -> bool {
        self.done
    }

    /// Whether the walk goes by ids, and came to this one.
    pub(crate) fn is_at_id(&self, id: i64) -> bool {
        self.after.as_ref().is_some_and(|cursor| *cursor == id.to_string())
    }

    /// Lets a walk that came to its end look for what was posted behind it.
    pub(crate) fn reopen(&mut self) {
        self.done = false;
    }

    /// The end of a walk.
    pub(crate) fn end() -> Self {
        Self { after: None, done: true }
    }
}

impl Client {
    /// Hands the rows of a question to `take`, in the order of the answers, from `position` on, until the end or until `is_enough`; at least one page,
    /// unless the walk was at its end. `position` moves on only after `take` has accepted a page, so that no row is skipped.
    pub(crate) async fn walk<T: Identified>(
        &self,
        question: Question<'_>,
        position: &mut Position,
        is_enough: impl Fn() -> bool,
        mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Question { query, .. } = question;
        let hasher = RandomState::new();
        let mut seen: HashSet<u64> = position.after.iter().map(|cursor| hasher.hash_one(cursor)).collect();
        // The last id, once the server has shown that it goes by ids.
        let mut above: Option<i64> = match question.select {
            Select::Ascending(_) => position.after.as_ref().and_then(|cursor| cursor.parse().ok()),
            _ => None,
        };
        let mut is_behind_end = false;
        for page_number in 1..=MAX_PAGES {
            if position.done || (page_number > 1 && is_enough()) {
                return Ok(());
            }
            let malformed = |what| Error::malformed(query, format!("page {page_number}"), what);
            let mut variables = question.variables.clone();
            let select = match (question.select, above) {
                (Select::Range(range) | Select::Ascending(range), Some(_)) => {
                    Select::Ascending(IdRange { above, ..range })
                }
                (select, _) => {
                    variables.extend(position.after.as_ref().map(|cursor| ("after".to_owned(), json!(cursor))));
                    select
                }
            };
            let next = Question { variables: &variables, select, ..question };
            let mut page = self.whole_page::<T>(next).await?;
            if page.edges.nodes.is_empty() && !is_behind_end {
                // Before rows count as gone, they are asked for once more.
                page = self.whole_page(next).await?;
            }
            let Edges { nodes, cursor, .. } = page.edges;
            let last = last_of_ascending(&nodes, above);
            let by_ids = matches!(select, Select::Ascending(_)) && cursor.is_none();
            if by_ids && last.is_none() && !nodes.is_empty() {
                return Err(not_in_order(query));
            }
            take(nodes)?;
            let cursor = if by_ids { last.map(|id| id.to_string()) } else { cursor };
            // A server that looks for one row more than it was asked for, but within its cap, says of each page as large as the cap that none follows. So
            // what lies behind such a page is asked for, unless that ends with the last id of its range.
            let end = match select {
                Select::Range(range) | Select::Ascending(range) => range.up_to,
                _ => None,
            };
            let may_follow = page.may_be_cut && cursor.is_some() && (end.is_none() || end != last);
            if !page.page_info.has_next_page && !may_follow {
                let after = cursor.or_else(|| position.after.take()).filter(|_| question.select == Select::All);
                *position = Position { after, done: true };
                return Ok(());
            }
            is_behind_end = !page.page_info.has_next_page;
            let cursor = cursor.ok_or_else(|| malformed("expected a cursor, for more pages are said to follow"))?;
            // Hashes are enough to notice a circle, and keep a long walk small.
            if !seen.insert(hasher.hash_one(&cursor)) {
                return Err(malformed("expected no circle: it ends with the cursor of an earlier page"));
            }
            // Where the cursor is the id itself, the rows behind it are those with higher ids.
            above = last.filter(|id| question.select != Select::All && cursor == id.to_string());
            position.after = Some(cursor);
        }
        Err(Error::malformed(query, format!("page {MAX_PAGES}"), "expected an end, and none is in sight"))
    }

    /// Hands every row with one of these ids to `take`, and no others if the filter works. Sends no request from `expires_at` on. If an answer has
    /// null rows, asks once more for the ids that did not come; returns how many rows are null then, too.
    pub(crate) async fn walk_ids<T: Identified>(
        &self,
        query: Query,
        variables: &Map<String, Value>,
        ids: &[i64],
        expires_at: Option<Instant>,
        mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let (mut rest, mut max_rows, mut null_rows) = (ids.to_vec(), usize::MAX, 0);
        let came = |nodes: &[T]| -> FxHashSet<i64> { nodes.iter().filter_map(Identified::id).collect() };
        // Of answers with null rows, what did not come; nothing, once that is asked for.
        let mut left = Some(Vec::new());
        loop {
            if rest.is_empty() {
                rest = left.take().unwrap_or_default();
            }
            if rest.is_empty() {
                return Ok(null_rows);
            }
            let rows = self.page_sizes().rows(query, rest.len()).min(max_rows);
            let batch = &rest[..rows.min(rest.len())];
            let question = Question { query, variables, select: Select::Ids(batch), rows, expires_at };
            match self.fetch_page::<T>(question).await {
                Err(Unanswered { error, next: Decision::Shrink }) => self.shrink(question, &error),
                Err(unanswered) => return Err(unanswered.into()),
                Ok(Page { edges, page_info: PageInfo { has_next_page: false }, may_be_cut })
                    if !may_be_cut || edges.nodes.len() + edges.null_rows >= batch.len() =>
                {
                    let asked = batch.len();
                    let batch = rest.drain(..asked);
                    match &mut left {
                        Some(left) if edges.null_rows > 0 => {
                            let came = came(&edges.nodes);
                            left.extend(batch.filter(|id| !came.contains(id)));
                        }
                        _ => null_rows += edges.null_rows,
                    }
                    take(edges.nodes)?;
                }
                // Fewer rows than were asked for: the others, once more.
                Ok(Page { edges, .. }) => {
                    let came = came(&edges.nodes);
                    let asked = rest.len();
                    take(edges.nodes)?;
                    rest.retain(|id| !came.contains(id));
                    max_rows = asked - rest.len();
                    if max_rows == 0 {
                        let what = "expected some of the rows that were asked for, for more are said to follow";
                        return Err(Error::malformed(query, "its rows", what));
                    }
                }
            }
        }
    }

    /// A page of a list, of fewer rows if the server does not bear so many. Rows that are null are asked for again: the page once more, then what
    /// is still null by the ids of the cursors. What stays null is counted.
    async fn whole_page<T: Identified>(&self, question: Question<'_>) -> Result<Page<T>, Unanswered> {
        let mut page = self.fetch_sized_page(question).await?;
        if page.edges.null_rows == 0 {
            return Ok(page);
        }
        // Their cursors say which they are.
        let question = match question.select {
            Select::Ascending(range) => Question { select: Select::Range(range), ..question },
            _ => question,
        };
        page = self.fetch_sized_page(question).await?;
        // A cursor is mostly the row's id, sometimes several ids.
        let ids = page.edges.null_cursors.iter().flat_map(|cursor| cursor.split('.')).filter_map(|id| id.parse().ok());
        let ids: Vec<i64> = ids.collect();
        if !ids.is_empty() && self.plan().filter(question.query).is_some() {
            let mut variables = question.variables.clone();
            variables.remove("after");
            let by_id = Question { variables: &variables, select: Select::Ids(&ids), rows: ids.len(), ..question };
            match self.fetch_page(by_id).await {
                Ok(found) => {
                    // A cursor of several ids also names rows that are here already.
                    let mut known: FxHashSet<i64> = page.edges.nodes.iter().filter_map(Identified::id).collect();
                    let is_new = |node: &T| node.id().is_some_and(|id| known.insert(id));
                    let found: Vec<T> = found.edges.nodes.into_iter().filter(is_new).collect();
                    page.edges.null_rows -= found.len().min(page.edges.null_rows);
                    page.edges.nodes.extend(found);
                }
                // A list of cursors that are no ids.
                Err(Unanswered { error, .. }) if error.is_refusal() => {}
                Err(unanswered) => return Err(unanswered),
            }
        }
        // A whole page of nulls is no list, least of all an empty one.
        if page.edges.nodes.is_empty() && page.edges.null_rows > 0 {
            return Err(Error::malformed(question.query, "its rows", "expected rows that are not all null").into());
        }
        self.meter().count_null_rows(page.edges.null_rows);
        Ok(page)
    }

    /// The first page, of fewer rows if the server does not bear so many.
    pub(crate) async fn first_page<T: Identified>(&self, question: Question<'_>) -> Result<Page<T>, Error> {
        Ok(self.fetch_sized_page(question).await?)
    }

    /// The last row of a connection, if there is one and the server says so.
    pub(crate) async fn last_row<T: Identified>(
        &self,
        query: Query,
        variables: &Map<String, Value>,
    ) -> Result<Option<T>, Error> {
        let mut variables = variables.clone();
        variables.insert("last".to_owned(), json!(1));
        match self.fetch_rows(Question::all(query, &variables, 1)).await {
            Ok(mut page) => Ok(page.edges.nodes.pop()),
            // More than one row is no answer to this either, and who does not know `last` may fail at it.
            Err(Unanswered {
                error:
                    Error::Malformed { .. } | Error::NotResolved { .. } | Error::TooComplex { .. } | Error::Late { .. },
                ..
            }) => Ok(None),
            Err(Unanswered { error, .. }) if error.is_refusal() => Ok(None),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// A page, of fewer rows if the server does not bear so many.
    async fn fetch_sized_page<T: Identified>(&self, question: Question<'_>) -> Result<Page<T>, Unanswered> {
        loop {
            let rows = self.page_sizes().rows(question.query, question.rows);
            let sized = Question { rows, ..question };
            match self.fetch_page(sized).await {
                Err(Unanswered { error, next: Decision::Shrink }) => self.shrink(sized, &error),
                other => break other,
            }
        }
    }

    fn shrink(&self, Question { query, rows, .. }: Question<'_>, error: &Error) {
        let page_rows = self.page_sizes().on_failure(query, rows);
        tracing::warn!(query = query.name, page_rows, reason = %error, "asks for fewer rows at once");
    }

    async fn fetch_page<T: Identified>(&self, question: Question<'_>) -> Result<Page<T>, Unanswered> {
        let mut variables = question.variables.clone();
        variables.insert("first".to_owned(), json!(question.rows));
        let page = self.fetch_rows(Question { variables: &variables, ..question }).await?;
        self.page_sizes().on_success(question.query, question.rows);
        Ok(page)
    }

    /// The rows that are answered to exactly this question.
    async fn fetch_rows<T: Identified>(&self, question: Question<'_>) -> Result<Page<T>, Unanswered> {
        let Data(mut page) = self.ask(question).await?;
        // Null ones and repeated ones included.
        let max_rows = question.rows.saturating_mul(4).saturating_add(1_000);
        let rows = page.edges.nodes.len() + page.edges.null_rows;
        page.may_be_cut = rows >= question.rows || (rows > 0 && rows.is_multiple_of(CAP_STEP));
        if rows > max_rows {
            let what = "expected no more than were asked for";
            return Err(Error::malformed(question.query, "its rows", what).into());
        }
        Ok(page)
    }
}

/// The last id of rows whose ids ascend from above this one; `None` if they do not.
fn last_of_ascending<T: Identified>(nodes: &[T], above: Option<i64>) -> Option<i64> {
    let ids = || nodes.iter().map(Identified::id);
    let first = ids().next()??;
    (ids().all(|id| id.is_some()) && ids().is_sorted() && above.is_none_or(|above| first > above)).then_some(())?;
    ids().next_back()?
}

/// Pages by ids would leave rows out.
fn not_in_order(query: Query) -> Error {
    let message = "lines that do not come in the order of their ids".to_owned();
    Error::SchemaMismatch { query: query.name, code: "none".to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xledger::node::IdNode;

    #[test]
    fn ids_that_ascend_from_above_the_last_page() {
        let last = |ids: &[&str], above| {
            let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"dbId":{id}}}"#)).collect();
            let nodes: Vec<IdNode> = serde_json::from_str(&format!("[{}]", rows.join(","))).unwrap();
            last_of_ascending(&nodes, above)
        };
        for (ids, above, expected) in [
            (&["1", "2", "9"][..], None, Some(9)),
            (&["1", "2", "2"], Some(0), Some(2)),
            (&["1", "3", "2"], None, None),
            (&["3", "4"], Some(3), None),
            (&["1", "null", "4"], None, None),
            (&["4", "0"], None, None),
            (&[], Some(3), None),
        ] {
            assert_eq!(last(ids, above), expected, "{ids:?} above {above:?}");
        }
    }
}
