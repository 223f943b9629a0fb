//! The scenarios: that they cover what they must, and that what they put on does what it says.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xledger_sim::{
    Change, ChangeKind, Chosen, Event, Fault, FaultKind, IdLimit, IdRefusal, MissingRight, Outcome, RIGHTS, RowOrder,
    Scenario, history,
};

/// The weather that a client of Xledger must come through. Each line is covered by a scenario at least.
const WEATHER: [&str; 126] = [
    "limit code: burst",
    "limit code: concurrency",
    "limit code: credits",
    "limit codes together",
    "credits that reset in a minute",
    "credits that reset in an hour",
    "credits that never reset",
    "the burst limit reached by somebody else's traffic on the same token",
    "query timeouts above some page size",
    "query timeouts at random",
    "an id list refused above some length with 413",
    "an id list refused with an error of no known code",
    "a body refused above some size",
    "a body refused above some size in any words",
    "HTML maintenance for seconds",
    "HTML maintenance for hours",
    "a firewall's 403 amid good answers",
    "HTTP 500",
    "HTTP 502",
    "HTTP 503",
    "HTTP 504",
    "connection refused",
    "reset in the headers",
    "reset in the body",
    "truncated gzip",
    "corrupt gzip",
    "wrong content length",
    "a body that never ends",
    "answers slower than the timeout",
    "`errors` beside `data`",
    "unknown codes",
    "null edges",
    "null nodes",
    "null nested objects",
    "null cursors",
    "repeated cursors",
    "duplicated rows",
    "missing rows: a row by id that does not come the first time",
    "missing rows: rows that are gone",
    "missing rows: rows that are listed and never come",
    "rows moving between pages while someone posts",
    "dotted cursors",
    "ids as numbers",
    "ids as strings",
    "money as numbers",
    "unknown enum values: a document type nobody knows",
    "unknown enum values: an OwnerSet value that is new",
    "a field that the schema lost, optional",
    "a field lost, necessary",
    "a type renamed",
    "a filter key that is not there, `OR` and `dbId` there",
    "a filter key that is not there, nor `OR`",
    "an extra required argument on a root",
    "each access right missing in turn: a null field",
    "each access right missing in turn: null data",
    "each access right missing in turn: an error without a path",
    "introspection closed",
    "introspection closed, wide ids",
    "token malformed",
    "token revoked",
    "token expired during a run",
    "token made in another owner",
    "ownerSet refused",
    "a company without any spend",
    "one line",
    "a voucher with 50,000 lines",
    "every text 10,000 characters long",
    "control characters in texts",
    "control characters in names",
    "control characters in document type descriptions",
    "gzip bomb",
    "redirect to another host",
    "redirect to http",
    "each access right missing in turn: access denied before anything is read",
    "a chart that only wider owner sets show",
    "a part of the chart that only wider owner sets show",
    "a chart above that cannot be asked for by ids",
    "a chart that no owner set shows",
    "a known code below extensions",
    "a known code in a list of codes alone",
    "credits whose reset has no offset",
    "credits whose reset is a number",
    "HTTP 504 above some page size",
    "HTML with status 200 in the middle of a run",
    "an odd answer amid good ones",
    "document types that say payroll in Swedish, Danish or Finnish",
    "null rows that come when their page is asked for again",
    "null rows that come by their ids alone",
    "null rows that are listed and null by their ids",
    "null rows that never come",
    "values that fit no column",
    "empty texts in place of nulls",
    "owners on other charts of accounts",
    "sick pay that the state pays back by bank",
    "HTTP 529",
    "refusals that name fields that are fine",
    "suppliers that only wider owner sets show",
    "suppliers above that cannot be asked for by ids",
    "HTTP 401 in JSON, without `errors`",
    "HTTP 429 in JSON, without a code",
    "an unknown code that passes",
    "a root that cannot be resolved above some page size",
    "a root that cannot be resolved a few times",
    "ranges of ids",
    "ranges of ids: a bound that the filter lacks",
    "ranges of ids: a bound that the filter lacks, introspection closed",
    "ranges of ids: ignored in silence",
    "`last` ignored in silence",
    "changed since it was listed: the period",
    "changed since it was listed: a line and payroll have a match that is new",
    "changed since it was listed: an AP line and payroll have a match that is new",
    "changed since it was listed: the match of an AP line",
    "changed since it was listed: the account",
    "changed since it was listed: the account, to one that is left out",
    "changed since it was listed: a line is gone",
    "changed since it was listed: a line is gone, and its voucher has another in its place",
    "changed since it was listed: an AP line is gone",
    "changed since it was listed: an AP line is gone, and its voucher has another in its place",
    "changed since it was listed: once more since it was listed anew",
    "changed since it was listed: time and again",
    "changed since it was listed: the account, to one of payroll",
    "changed since it was listed: the document type, to one of payroll",
    "changed since it was listed: a match that payroll was listed with",
    "purchases that are no cost, are taken back or come again, of suppliers whose numbers mislead",
    "the names of the system's own lists in Norwegian",
    "a full page that says it is the last",
];

#[test]
fn all_weather_is_covered() {
    let scenarios = Scenario::all();
    let covered: BTreeSet<&str> = scenarios.iter().flat_map(|of| of.covers.iter().map(String::as_str)).collect();
    assert_eq!(covered, BTreeSet::from(WEATHER));
}

#[test]
fn every_right_is_missing_in_every_shape() {
    let scenarios: Vec<_> =
        Scenario::all().into_iter().filter(|scenario| scenario.name.starts_with("missing-right-")).collect();
    for right in RIGHTS {
        let lacks = |shape| {
            scenarios.iter().any(|scenario| {
                let dialect = scenario.options(1.0).dialect;
                dialect.missing_rights.iter().eq([right]) && dialect.missing_right_shape == shape
            })
        };
        let shapes =
            [MissingRight::NullField, MissingRight::NullData, MissingRight::NoPath, MissingRight::NullDataNoPath];
        assert!(shapes.into_iter().all(lacks), "{right}");
    }
    assert_eq!(scenarios.len(), 4 * RIGHTS.len());
}

#[test]
fn what_is_expected_holds_together() {
    for scenario in Scenario::all() {
        let expect = &scenario.expect;
        let failed = expect.outcome == Outcome::Failed;
        assert_eq!(failed, expect.kind.is_some(), "{}", scenario.name);
        assert!(!failed || expect.lost.is_empty(), "{}", scenario.name);
        assert!(scenario.headline().ends_with('.') || scenario.name == "small-pages", "{}", scenario.name);
        let columns = expect.lost.iter().filter(|column| column.split('.').count() != 2);
        assert_eq!(columns.count(), 0, "{}", scenario.name);
    }
}

#[tokio::test]
async fn the_seven_names_of_old_do_what_they_did() {
    let options = |name| Scenario::named(name).unwrap().options(1.0);
    let plain = options("default");
    assert!(plain.burst.is_some_and(|burst| burst.requests == 20) && plain.concurrency == Some(5));
    let calm = options("calm");
    assert!(calm.burst.is_some_and(|burst| burst.requests > 10_000) && calm.concurrency > Some(10_000));
    assert!(options("dotted").dialect.dotted_cursors && options("wide-ids").dialect.wide_ids);
    assert_eq!(options("slow-300ms").delay.as_millis(), 300);
    assert_eq!(options("small-pages").timeout_rows, Some(2_000));
    let odd = options("odd-wire").dialect;
    assert!(odd.ids_as_numbers && odd.ids_as_strings && odd.money_as_numbers && odd.empty_edges_as_array);
    assert_eq!((odd.null_nodes, odd.duplicate_rows, odd.row_order), (Some(7), Some(5), RowOrder::Mixed));
}

#[tokio::test]
async fn a_missing_right_can_have_no_path() {
    for (shape, null) in [(MissingRight::NoPath, "/data/suppliers"), (MissingRight::NullDataNoPath, "/data")] {
        let server = serve(|options| {
            options.dialect.missing_rights.insert("Supplier".to_owned());
            options.dialect.missing_right_shape = shape;
        })
        .await;
        let answer = ask(&server, "{ suppliers { edges { node { dbId } } } }").await;
        assert_eq!(answer.pointer(null), Some(&Value::Null));
        assert!(answer["errors"][0]["code"] == "FORBIDDEN" && answer["errors"][0].get("path").is_none());
    }
}

#[tokio::test]
async fn long_id_lists_and_large_bodies_are_refused() {
    let query = "query($ids: [Int64String!]) { transactions(first: 10, filter: {dbId_in: $ids}) { edges { cursor } } }";
    let ids = |count: usize| json!({ "ids": vec!["5"; count] });
    let error = IdRefusal::Error(String::new(), "An unexpected error occurred.".to_owned());
    let server = serve(|options| options.ids = Some(IdLimit { most: 3, refusal: error })).await;
    assert!(ask_with(&server, query, ids(3)).await.get("errors").is_none());
    let refused = ask_with(&server, query, ids(4)).await;
    assert_eq!(refused["errors"], json!([{ "message": "An unexpected error occurred." }]));
    assert_eq!(server.journal().totals().faulted, 1);
    for by_ids in [true, false] {
        assert_eq!(status(by_ids, query, ids(4)).await, 413);
    }
}

async fn status(by_ids: bool, query: &str, variables: Value) -> u16 {
    let server = serve(|options| {
        if by_ids {
            options.ids = Some(IdLimit { most: 3, refusal: IdRefusal::TooLarge });
        } else {
            options.body_bytes = Some(100);
        }
    })
    .await;
    let body = json!({ "query": query, "variables": variables });
    crate::client::send(&server, &format!("token {}", server.token()), "identity", &body).await.status
}

#[tokio::test]
async fn edges_and_cursors_can_be_null() {
    let query =
        "{ transactions(first: 10, ownerSet: MINE) { edges { cursor node { dbId } } pageInfo { hasNextPage } } }";
    let edges = async |change: fn(&mut xledger_sim::Dialect)| {
        let server = serve(|options| change(&mut options.dialect)).await;
        ask(&server, query).await["data"]["transactions"]["edges"].as_array().unwrap().clone()
    };
    let with_nulls = edges(|dialect| dialect.null_edges = Some(4)).await;
    assert_eq!(with_nulls.iter().filter(|edge| edge.is_null()).count(), 2);
    assert_eq!(with_nulls.len(), 12);
    let inside = edges(|dialect| dialect.null_cursors = Some(5)).await;
    let nulls: Vec<_> = inside.iter().map(|edge| edge["cursor"].is_null()).collect();
    assert_eq!(nulls.iter().position(|null| *null), Some(4));
    assert_eq!(nulls.iter().filter(|null| **null).count(), 1);
    assert!(edges(|dialect| dialect.null_last_cursors = true).await[9]["cursor"].is_null());
}

#[tokio::test]
async fn rows_move_between_pages_where_cursors_are_places() {
    let change = Change { kind: ChangeKind::Post, vouchers: 5, before_request: 3, operation: None };
    let server = serve(|options| {
        options.dialect.offset_cursors = true;
        options.dialect.row_order = RowOrder::Descending;
        options.changes = vec![change];
    })
    .await;
    let before = server.company();
    let rows = all(&server, "transactions", "ownerSet: MINE", "dbId", 100).await;
    let distinct: BTreeSet<_> = rows.iter().map(|row| row["dbId"].to_string()).collect();
    assert_eq!((distinct.len(), server.journal().totals().changes), (2_000, 1));
    assert!(rows.len() > 2_000);
    assert!(server.company().lines.len() > before.lines.len());
    server.replace((*before).clone());
    assert_eq!(server.company().lines.len(), before.lines.len());
}

#[tokio::test]
async fn a_change_can_be_an_event_before_a_request_of_some_operation() {
    let event = Event::Matched { what: history::Match::LineAnew, moves: false, chosen: Chosen { count: 1, by: 1 } };
    let change =
        Change { kind: ChangeKind::Event(event), vouchers: 1, before_request: 2, operation: Some("Lines".to_owned()) };
    let server = serve(|options| options.changes = vec![change]).await;
    let matches = async |operation: &str| {
        let query = format!(
            "query {operation} {{ transactions(first: 10000, ownerSet: MINE) {{ edges {{ node {{ matchId }} }} }} }}"
        );
        let body = json!({ "query": query, "operationName": operation });
        let reply = crate::client::send(&server, &format!("token {}", server.token()), "identity", &body).await;
        nodes(&reply.json(), "transactions")
    };
    let before = matches("Index").await;
    for operation in ["Lines", "Index", "Index"] {
        assert_eq!(matches(operation).await, before);
    }
    let after = matches("Lines").await;
    assert_eq!(before.iter().zip(&after).filter(|(was, is)| was != is).count(), 2);
    assert_eq!(server.journal().totals().changes, 1);
}

/// A change that changes nothing is no weather.
#[test]
fn changes_of_scenarios_change_the_books() {
    for scenario in Scenario::all() {
        let mut books = scenario.company();
        for change in scenario.options(1.0).changes {
            let after = change.kind.on(&books, change.vouchers);
            assert_ne!(format!("{books:?}"), format!("{after:?}"), "{}: {change:?}", scenario.name);
            books = after;
        }
    }
}

#[tokio::test]
async fn a_row_that_does_not_come_comes_the_next_time() {
    let fault =
        Fault { kind: FaultKind::MissingRows(5), operation: Some("Lines".to_owned()), requests: 1, ..Fault::default() };
    let server = serve(|options| options.faults = vec![fault]).await;
    let ids: Vec<_> = server.company().lines.iter().take(10).map(|line| line.id.to_string()).collect();
    let query = "query Lines($ids: [Int64String!]) { transactions(first: 10, ownerSet: ALL, filter: {dbId_in: $ids}) { edges { node { dbId } } } }";
    let body = json!({ "query": query, "variables": { "ids": ids }, "operationName": "Lines" });
    let asked =
        async || crate::client::send(&server, &format!("token {}", server.token()), "identity", &body).await.json();
    assert_eq!(nodes(&asked().await, "transactions").len(), 8);
    assert_eq!(nodes(&asked().await, "transactions").len(), 10);
}

#[tokio::test]
async fn an_owner_set_can_be_refused() {
    let server = serve(|options| _ = options.dialect.refused_owner_sets.insert("MINE".to_owned())).await;
    let ask =
        async |set| ask(&server, &format!("{{ accounts(first: 1, ownerSet: {set}) {{ edges {{ cursor }} }} }}")).await;
    assert_eq!(ask("MINE").await["errors"][0]["code"], json!("FORBIDDEN"));
    assert!(ask("LOWER").await.get("errors").is_none());
}
