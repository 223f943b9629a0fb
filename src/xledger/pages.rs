//! Walks a connection to its end: page after page, smaller ones where the server does not bear more, never in a circle.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Page;
use super::client::{Client, Unanswered};
use super::error::Error;
use super::query::Query;
use super::question::{Question, Select};
use super::retry::Decision;

/// Pages of one walk, at most: a billion rows at the largest page.
const MOST_PAGES: usize = 100_000;

/// How far a walk has come: it can be gone on with from there, in another process too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The cursor of the last row that came.
    after: Option<String>,
    /// Whether no more follow.
    done: bool,
}

impl Position {
    /// Whether the walk came to its end.
    pub fn is_at_end(&self) -> bool {
        self.done
    }

    /// The end of a walk.
    pub(crate) fn end() -> Self {
        Self { after: None, done: true }
    }
}

/// A connection that is walked page by page.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(crate) client: &'a Client,
    pub(crate) query: Query,
    /// Those beside `first`, `after` and `filter`. A key without a value must be left out, for a null is a condition to Xledger.
    pub(crate) variables: &'a Map<String, Value>,
    pub(crate) select: Select<'a>,
    pub(crate) page_rows: usize,
}

impl Walk<'_> {
    /// Hands the rows to `take`, in the order of the answers, from a position on, until the end or until `most_rows` came. What was handed
    /// to `take` is behind the position, whatever ends the walk.
    pub(crate) async fn resume<T: DeserializeOwned>(
        self,
        position: &mut Position,
        most_rows: usize,
        take: impl FnMut(Vec<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let page = async |variables: Map<String, Value>| whole_page(self, &variables).await;
        pages(self.query, self.variables, page, position, most_rows, take).await.map_err(|unanswered| unanswered.error)
    }
}

/// Hands every row of these ids to `take`, and no others if the filter works.
pub(crate) async fn walk_ids<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
    ids: &[i64],
    mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut rest = ids;
    while !rest.is_empty() {
        let rows = client.page_sizes().rows(query, rest.len());
        let (batch, after) = rest.split_at(rows.min(rest.len()));
        let batch_page =
            async |variables: Map<String, Value>| page(client, query, &variables, Select::Ids(batch), rows).await;
        // What came before a page was too much comes again; rows are told apart by their ids.
        let mut position = Position::default();
        match pages(query, variables, batch_page, &mut position, usize::MAX, &mut take).await {
            Err(Unanswered { error, next: Decision::Shrink }) => shrink(client, query, rows, &error),
            Err(unanswered) => return Err(unanswered.error),
            Ok(()) => rest = after,
        }
    }
    Ok(())
}

/// Walks pages that `page` asks for, given the variables.
async fn pages<T>(
    query: Query,
    variables: &Map<String, Value>,
    page: impl AsyncFn(Map<String, Value>) -> Result<Page<T>, Unanswered>,
    position: &mut Position,
    most_rows: usize,
    mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
) -> Result<(), Unanswered> {
    let hasher = RandomState::new();
    let mut seen = HashSet::new();
    let mut variables = variables.clone();
    let mut rows = 0;
    if let Some(after) = &position.after {
        seen.insert(hasher.hash_one(after));
        variables.insert("after".to_owned(), json!(after));
    }
    for page_number in 1..=MOST_PAGES {
        if position.done || rows >= most_rows {
            return Ok(());
        }
        let page = page(variables.clone()).await?;
        let circle = |what| Error::CursorRepeated { query: query.name, page: page_number, what };
        let has_next = page.has_next();
        rows += page.edges.nodes.len();
        take(page.edges.nodes)?;
        if !has_next {
            *position = Position::end();
            return Ok(());
        }
        let cursor = page.edges.cursor.ok_or_else(|| circle("no cursor, though more pages are said to follow"))?;
        // Hashes are enough to notice a circle, and keep a long walk small.
        if !seen.insert(hasher.hash_one(&cursor)) {
            return Err(circle("the cursor of an earlier page").into());
        }
        variables.insert("after".to_owned(), json!(cursor));
        position.after = Some(cursor);
    }
    Err(Error::CursorRepeated { query: query.name, page: MOST_PAGES, what: "no end in sight" }.into())
}

/// A page of a list, of fewer rows if the server does not bear so many. Rows that are null are asked for again: the page once more, then what is
/// still null by the ids of the cursors. What stays null is counted.
async fn whole_page<T: DeserializeOwned>(
    walk: Walk<'_>,
    variables: &Map<String, Value>,
) -> Result<Page<T>, Unanswered> {
    let Walk { client, query, select, page_rows, .. } = walk;
    let mut page = sized_page(client, query, variables, select, page_rows).await?;
    if page.edges.null_rows == 0 {
        return Ok(page);
    }
    page = sized_page(client, query, variables, select, page_rows).await?;
    // A cursor is mostly the row's id, sometimes several ids.
    let ids = page.edges.null_cursors.iter().flat_map(|cursor| cursor.split('.')).filter_map(|id| id.parse().ok());
    let ids: Vec<i64> = ids.collect();
    if !ids.is_empty() && client.plan().filter(query).is_some() {
        let mut without_cursor = variables.clone();
        without_cursor.remove("after");
        match self::page(client, query, &without_cursor, Select::Ids(&ids), ids.len()).await {
            Ok(found) => {
                page.edges.null_rows -= found.edges.nodes.len().min(page.edges.null_rows);
                page.edges.nodes.extend(found.edges.nodes);
            }
            // A list of cursors that are no ids.
            Err(Unanswered { error, .. }) if error.is_refusal() => {}
            Err(unanswered) => return Err(unanswered),
        }
    }
    // A whole page of nulls is no list, least of all an empty one.
    if page.edges.nodes.is_empty() && page.edges.null_rows > 0 {
        let (path, what) = ("its rows".to_owned(), "expected rows that are not all null".to_owned());
        return Err(Error::Malformed { query: query.name, path, what }.into());
    }
    client.meter().count_null_rows(page.edges.null_rows);
    Ok(page)
}

/// A page, of fewer rows if the server does not bear so many.
async fn sized_page<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
    select: Select<'_>,
    most_rows: usize,
) -> Result<Page<T>, Unanswered> {
    loop {
        let rows = client.page_sizes().rows(query, most_rows);
        match page(client, query, variables, select, rows).await {
            Err(Unanswered { error, next: Decision::Shrink }) => shrink(client, query, rows, &error),
            other => break other,
        }
    }
}

fn shrink(client: &Client, query: Query, rows: usize, error: &Error) {
    let page_rows = client.page_sizes().on_failure(query, rows);
    tracing::warn!(query = query.name, page_rows, reason = %error, "asks for fewer rows at once");
}

/// The first page, of fewer rows if the server does not bear so many.
pub(crate) async fn one_page<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
    most_rows: usize,
) -> Result<Page<T>, Error> {
    sized_page(client, query, variables, Select::All, most_rows).await.map_err(|unanswered| unanswered.error)
}

/// The last row of a connection, if there is one and the server says so.
pub(crate) async fn last_row<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
) -> Result<Option<T>, Error> {
    let mut variables = variables.clone();
    variables.insert("last".to_owned(), json!(1));
    let question = Question { query, variables: &variables, select: Select::All, rows: 1 };
    match client.page(question).await {
        Ok(mut page) => Ok(page.edges.nodes.pop()),
        // More than one row is no answer to this either.
        Err(Unanswered { error: Error::Malformed { .. }, .. }) => Ok(None),
        Err(Unanswered { error, .. }) if error.is_refusal() => Ok(None),
        Err(unanswered) => Err(unanswered.error),
    }
}

async fn page<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
    select: Select<'_>,
    rows: usize,
) -> Result<Page<T>, Unanswered> {
    let mut variables = variables.clone();
    variables.insert("first".to_owned(), json!(rows));
    let page = client.page(Question { query, variables: &variables, select, rows }).await?;
    client.page_sizes().on_success(query, rows);
    Ok(page)
}
