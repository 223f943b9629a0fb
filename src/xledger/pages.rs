//! Walks a connection to its end: page after page, smaller ones where the server runs out of time, never in a circle.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::error::Error;
use super::query::Query;

/// Fewer rows than this are not tried: a server that cannot answer them has another problem.
const LEAST_ROWS: usize = 50;
/// Pages of one walk, at most: a billion rows at the largest page.
const MOST_PAGES: usize = 100_000;

/// Hands every row of a connection to `take`, in the order of the answers. `variables` are those beside `first` and `after`; a key
/// without a value must be left out, for a null is a condition to Xledger.
pub(crate) async fn walk<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    variables: &Map<String, Value>,
    page_rows: usize,
    mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let hasher = RandomState::new();
    let mut seen = HashSet::new();
    let mut rows = page_rows;
    let mut variables = variables.clone();
    for page_number in 1..=MOST_PAGES {
        let page = loop {
            variables.insert("first".to_owned(), json!(rows));
            match client.page::<T>(query, &Value::Object(variables.clone()), rows).await {
                Err(Error::QueryTimedOut { .. }) if rows > LEAST_ROWS => {
                    rows = (rows / 2).max(LEAST_ROWS);
                    tracing::warn!(
                        query = query.name,
                        page_rows = rows,
                        "Xledger ran out of time; pages are smaller from now on"
                    );
                }
                other => break other?,
            }
        };
        let circle = |what| Error::CursorRepeated { query: query.name, page: page_number, what };
        take(page.nodes)?;
        if !page.has_next {
            return Ok(());
        }
        let cursor = page.cursor.ok_or_else(|| circle("no cursor, though more pages are said to follow"))?;
        // Hashes are enough to notice a circle, and keep a long walk small.
        if !seen.insert(hasher.hash_one(&cursor)) {
            return Err(circle("the cursor of an earlier page"));
        }
        variables.insert("after".to_owned(), json!(cursor));
    }
    Err(Error::CursorRepeated { query: query.name, page: MOST_PAGES, what: "no end in sight" })
}

/// One page, for a question of which any rows will do.
pub(crate) async fn one_page<T: DeserializeOwned>(
    client: &Client,
    query: Query,
    mut variables: Map<String, Value>,
    rows: usize,
) -> Result<Vec<T>, Error> {
    variables.insert("first".to_owned(), json!(rows));
    Ok(client.page(query, &Value::Object(variables), rows).await?.nodes)
}
