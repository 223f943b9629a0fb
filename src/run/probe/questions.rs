//! Facts about what Xledger does, from a few questions: one page of the ledger by index fields, and no row beside.

use serde_json::{Map, Value, json};

use super::Basis::{Follows, Guessed, Verified};
use super::{Fact, Timing, timing};
use crate::model::failure::Failure;
use crate::model::listed::DocumentType;
use crate::model::treatment::Treatment;
use crate::refresh::base_variables;
use crate::refresh::index::document_type;
use crate::refresh::rules::Rules;
use crate::settings::Settings;
use crate::xledger::node::{IdNode, LedgerIndexNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::reference;
use crate::xledger::{Client, Error, Question, Select};

/// A question that no schema takes: how Xledger says so is a fact of its own.
const UNKNOWN_FIELD: Query = Query {
    name: "UnknownField",
    document: "query UnknownField { viewer { thereIsNoFieldOfThisName } }",
    root: "viewer",
    without: &[],
};

/// The most rows that Xledger is known to answer.
const MAX_ROWS: usize = 10_000;

/// What Xledger does.
///
/// # Errors
/// What keeps any question from being answered.
pub(super) async fn facts(
    client: &Client,
    settings: &Settings,
    timings: &mut Vec<Timing>,
) -> Result<Vec<Fact>, Failure> {
    let base = base_variables(settings.owner_set);
    let mut facts = vec![refusal(client).await?];
    facts.extend(listing(client, &base, &settings.rules, timings).await?);
    facts.push(beyond_the_cap(client, &base, timings).await?);
    facts.push(empty_connection(client, &base).await?);
    let compressed = "answers come compressed where the client asks for it";
    facts.push(if client.meter().was_compressed() {
        Fact::holds(Verified, compressed)
    } else {
        Fact::different(Verified, compressed, "they come plain")
    });
    Ok(facts)
}

/// How an unknown field is refused.
async fn refusal(client: &Client) -> Result<Fact, Failure> {
    let fact = "an unknown field is refused with the code FIELDS_ON_CORRECT_TYPE";
    let different = |detail: &str| Fact::different(Verified, fact, detail);
    Ok(match client.ask_value::<Value>(UNKNOWN_FIELD, &json!({})).await {
        Err(Error::SchemaMismatch { code, .. }) if code == "FIELDS_ON_CORRECT_TYPE" => Fact::holds(Verified, fact),
        Err(Error::SchemaMismatch { code, .. }) => different(&format!("with the code {code}")),
        Err(Error::Api { code, .. }) => different(&format!("with the unknown code {code}")),
        Err(Error::RightMissing { .. }) => different("as if it were a missing right"),
        Err(error) => return Err(error.into()),
        Ok(_) => different("it is not refused"),
    })
}

/// One page of the ledger, as large as it may be.
async fn listing(
    client: &Client,
    base: &Map<String, Value>,
    rules: &Rules,
    timings: &mut Vec<Timing>,
) -> Result<Vec<Fact>, Failure> {
    let begun = tokio::time::Instant::now();
    // Each line says what its document type is.
    let query = query::LEDGER_INDEX.without(&["periodId"]);
    let question = Question::all(query, base, MAX_ROWS);
    let answer = client.first_page::<LedgerIndexNode>(question).await;
    let whole = "10,000 ledger lines are listed in one answer";
    let page = match answer {
        Ok(page) => page,
        Err(error @ (Error::RightMissing { .. } | Error::SchemaMismatch { .. } | Error::Api { .. })) => {
            return Ok(vec![Fact::not_tried(Verified, whole, error.to_string())]);
        }
        Err(error) => return Err(error.into()),
    };
    let rows = page.edges.nodes.len();
    timings.push(timing("a page of the ledger, by index fields", rows, begun.elapsed()));
    let mut facts = Vec::new();
    facts.push(match client.page_sizes().rows(query::LEDGER_INDEX, MAX_ROWS) {
        MAX_ROWS if rows >= MAX_ROWS && page.page_info.has_next_page => Fact::holds(Verified, whole),
        MAX_ROWS if rows >= MAX_ROWS => Fact::different(Verified, whole, none_follow(rows)),
        MAX_ROWS if page.page_info.has_next_page => {
            Fact::different(Verified, whole, format!("{rows} came, and more follow"))
        }
        MAX_ROWS => Fact::not_tried(Verified, whole, "the ledger has fewer"),
        less => Fact::different(Verified, whole, format!("{less} at most")),
    });

    let ids: Vec<i64> = page.edges.nodes.iter().filter_map(|node| reference(node.db_id)).collect();
    let order = "rows come by dbId, oldest first";
    facts.push(match ids.as_slice() {
        [] | [_] => Fact::not_tried(Verified, order, "there are too few"),
        ids if ids.is_sorted() => Fact::holds(Verified, order),
        ids if ids.iter().rev().is_sorted() => Fact::different(Verified, order, "newest first"),
        _ => Fact::different(Verified, order, "in no order of ids"),
    });
    let cursors = "a cursor is the row's dbId";
    facts.push(match (&page.edges.cursor, ids.last()) {
        (None, _) | (_, None) => Fact::not_tried(Verified, cursors, "there is none"),
        (Some(cursor), Some(last)) if *cursor == last.to_string() => Fact::holds(Verified, cursors),
        (Some(cursor), _) => {
            let kind = if cursor.contains('.') { "composite, with a dot" } else { "something else" };
            Fact::different(Verified, cursors, kind)
        }
    });
    facts.extend(document_types(page.edges.nodes, rules));
    Ok(facts)
}

/// A full page that claims to be the last. A refresh does not believe it.
fn none_follow(rows: usize) -> String {
    format!(
        "{rows} came, and none are said to follow: there are exactly so many, or hasNextPage is wrong of a full page"
    )
}

/// Which of the known document types there are. Others are counted: their names may be a company's own.
fn document_types(nodes: Vec<LedgerIndexNode>, rules: &Rules) -> Vec<Fact> {
    let sources = nodes.into_iter().filter_map(|node| node.header?.transaction_source);
    let mut types: Vec<DocumentType> = Vec::new();
    for source in sources {
        let found = document_type(Some(source));
        if !types.contains(&found) {
            types.push(found);
        }
    }
    let treated = |wanted: Treatment| {
        let of =
            types.iter().filter(|kind| rules.treatment(kind.code.as_deref(), kind.description.as_deref()) == wanted);
        of.count()
    };
    let (kept, payroll, all) = (treated(Treatment::Kept), treated(Treatment::Payroll), types.len());
    let seen = |fact: &str, basis, count: usize| {
        let (found, detail) = match count {
            0 => (Fact::missing(basis, fact), format!("{all} document types on this page; `check` lists all")),
            _ => (Fact::holds(basis, fact), format!("{count} of {all} document types")),
        };
        Fact { detail: Some(detail), ..found }
    };
    vec![
        seen("document types that SPEND_DOCUMENT_TYPES keeps are there", Guessed, kept),
        seen("payroll has document types of its own, which the rules know", Follows, payroll),
    ]
}

/// What becomes of a page that is larger than Xledger answers.
async fn beyond_the_cap(
    client: &Client,
    base: &Map<String, Value>,
    timings: &mut Vec<Timing>,
) -> Result<Fact, Failure> {
    let fact = "of more than 10,000 rows the first 10,000 come";
    let begun = tokio::time::Instant::now();
    let question = Question::all(query::LEDGER_IDS, base, MAX_ROWS + 1);
    let answer = client.first_page::<IdNode>(question).await;
    Ok(match answer {
        Ok(page) => {
            timings.push(timing("a page of ids alone", page.edges.nodes.len(), begun.elapsed()));
            match page.edges.nodes.len() {
                rows if rows > MAX_ROWS => Fact::different(Guessed, fact, "all come: there is no such cap"),
                MAX_ROWS if page.page_info.has_next_page => Fact::holds(Guessed, fact),
                MAX_ROWS => Fact::different(Guessed, fact, none_follow(MAX_ROWS)),
                _ if page.page_info.has_next_page => Fact::different(Guessed, fact, "fewer come"),
                _ => Fact::not_tried(Guessed, fact, "the ledger has fewer"),
            }
        }
        Err(Error::NotResolved { .. }) => Fact::not_tried(Guessed, fact, "it timed out"),
        Err(error @ (Error::RightMissing { .. } | Error::SchemaMismatch { .. } | Error::Api { .. })) => {
            Fact::different(Guessed, fact, format!("refused: {error}"))
        }
        Err(error) => return Err(error.into()),
    })
}

/// What an empty connection looks like.
async fn empty_connection(client: &Client, base: &Map<String, Value>) -> Result<Fact, Failure> {
    let fact = "an empty connection has null edges, and `dbId_in` takes ids as the schema says";
    let mut variables = base.clone();
    variables.insert("first".to_owned(), json!(1));
    let filter = client.plan().filter(query::PAYABLE_IDS).and_then(|filter| filter.to_json(Select::Ids(&[-1])));
    variables.extend(filter.map(|filter| ("filter".to_owned(), filter)));
    let different = |detail: &str| Fact::different(Verified, fact, detail);
    Ok(match client.ask_value::<Value>(query::PAYABLE_IDS, &Value::Object(variables)).await {
        Ok(data) if data["apTransactions"]["edges"].is_null() => Fact::holds(Verified, fact),
        Ok(data) if data["apTransactions"]["edges"].is_array() => different("the edges are []"),
        Ok(_) => different("there is something else"),
        Err(error @ (Error::RightMissing { .. } | Error::SchemaMismatch { .. } | Error::Api { .. })) => {
            different(&format!("refused: {error}"))
        }
        Err(error) => return Err(error.into()),
    })
}
