//! The switches of the wire.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use xledger_sim::{Damage, DamageKind, Options, RowOrder, Scenario};

async fn ids(change: impl FnOnce(&mut Options), first: u32) -> Vec<String> {
    let server = serve(change).await;
    let rows = all(&server, "transactions", "ownerSet: MINE", "dbId", first).await;
    rows.iter().map(|row| row["dbId"].to_string().trim_matches('"').to_owned()).collect()
}

#[tokio::test]
async fn odd_wires_still_answer_every_row() {
    let plain = ids(|_| {}, 300).await;
    assert_eq!(ids(|options| options.dialect.dotted_cursors = true, 300).await, plain);
    assert_eq!(ids(|options| options.dialect.null_nodes = Some(3), 300).await, plain);
    assert_eq!(ids(|options| options.dialect.ids_as_numbers = true, 300).await, plain);
    let mut descending = ids(|options| options.dialect.row_order = RowOrder::Descending, 300).await;
    descending.reverse();
    assert_eq!(descending, plain);
    for every in [2, 5, 1_000] {
        let mut repeated = ids(|options| options.dialect.duplicate_rows = Some(every), 300).await;
        assert!(repeated.len() > plain.len(), "{every}");
        repeated.sort();
        repeated.dedup();
        assert_eq!(repeated, plain);
    }
    let mut mixed = ids(|options| options.dialect.row_order = RowOrder::Mixed, 300).await;
    assert_ne!(mixed, plain);
    mixed.sort();
    assert_eq!(mixed, plain);
    let odd = |options: &mut Options| options.dialect = Scenario::named("odd-wire").unwrap().options(1.0).dialect;
    let mut odd = ids(odd, 300).await;
    odd.sort();
    odd.dedup();
    assert_eq!(odd, plain);
}

#[tokio::test]
async fn a_cursor_can_have_no_end() {
    let server = serve(|options| options.dialect.endless_cursor = true).await;
    let query = "query($after: String) { transactions(first: 10, after: $after) { edges { cursor } pageInfo { hasNextPage } } }";
    let first = ask_with(&server, query, json!({})).await;
    let after = first["data"]["transactions"]["edges"][9]["cursor"].clone();
    assert_eq!(ask_with(&server, query, json!({ "after": after })).await, first);
}

#[tokio::test]
async fn types_on_the_wire_can_differ() {
    let query = "{ transactions(first: 1, ownerSet: MINE) { edges { node { dbId accountDbId amount period { monthNumber } } } } }";
    let row = |answer: &Value| nodes(answer, "transactions")[0].clone();
    let plain = row(&ask(&serve(|_| {}).await, query).await);
    assert!(plain["dbId"].is_string() && plain["accountDbId"].is_number() && plain["amount"].is_string());
    let server = serve(|options| {
        options.dialect.ids_as_numbers = true;
        options.dialect.ids_as_strings = true;
        options.dialect.money_as_numbers = true;
        options.dialect.empty_edges_as_array = true;
    })
    .await;
    let odd = row(&ask(&server, query).await);
    assert!(odd["dbId"].is_number() && odd["accountDbId"].is_string() && odd["amount"].is_number());
    assert!(odd["period"]["monthNumber"].is_number());
    let empty = ask(&server, "{ contacts(first: 0) { edges { cursor } } }").await;
    assert_eq!(empty["data"]["contacts"]["edges"], json!([]));
}

#[tokio::test]
async fn wide_ids_change_fields_and_filters() {
    let server = serve(|options| options.dialect.wide_ids = true).await;
    let answer =
        ask(&server, "{ suppliers(first: 1, filter: {dbId_in: [\"610000\"]}) { edges { node { dbId } } } }").await;
    assert_eq!(nodes(&answer, "suppliers"), [json!({ "dbId": "610000" })]);
}

#[tokio::test]
async fn owners_can_have_a_currency() {
    let server = serve(|options| options.dialect.owner_currency = true).await;
    let answer = ask(&server, "{ entities { edges { node { currency { code } } } } }").await;
    assert_eq!(nodes(&answer, "entities")[0]["currency"]["code"], json!("NOK"));
}

#[tokio::test]
async fn ranges_of_ids_can_be_ignored() {
    let plain = ids(|_| {}, 300).await;
    let server = serve(|options| options.dialect.ignores_id_ranges = true).await;
    let found = async |filter: &str| {
        let arguments = format!("ownerSet: MINE, filter: {filter}");
        all(&server, "transactions", &arguments, "dbId", 300).await.len()
    };
    let [low, high] = [&plain[10], &plain[20]];
    for filter in [
        format!("{{dbId_gt: \"{low}\", dbId_lte: \"{high}\"}}"),
        format!("{{dbId_gte: \"{high}\"}}"),
        format!("{{OR: [{{dbId_lt: \"{low}\"}}, {{dbId: \"{high}\"}}]}}"),
    ] {
        assert_eq!(found(&filter).await, plain.len(), "{filter}");
    }
    assert_eq!(found(&format!("{{dbId_in: [\"{low}\", \"{high}\"], dbId_gt: \"{low}\"}}")).await, 2);
}

#[tokio::test]
async fn last_can_be_ignored() {
    let plain = ids(|_| {}, 300).await;
    let server = serve(|options| {
        options.dialect.ignores_last = true;
        options.page_cap = 700;
    })
    .await;
    let found = async |rows: &str| {
        let query = format!("{{ transactions({rows}ownerSet: MINE) {{ edges {{ node {{ dbId }} }} }} }}");
        let rows = nodes(&ask(&server, &query).await, "transactions");
        rows.iter().map(|row| row["dbId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("last: 1, ").await, plain[..700]);
    assert_eq!(found("").await, plain[..700]);
    assert_eq!(found("first: 2, last: 1, ").await, plain[..2]);
}

#[tokio::test]
async fn one_row_can_be_damaged() {
    let row = serve(|_| {}).await.company().lines[3].id;
    let cases = [
        (DamageKind::TextForNumber, "accountDbId", json!("abc")),
        (DamageKind::LongAmount, "amount", json!("12.3456789")),
        (DamageKind::WordForAmount, "amount", json!("twelve")),
        (DamageKind::NumberForText, "text", json!(42)),
    ];
    for (kind, field, expected) in cases {
        let server = serve(|options| options.dialect.damage = Some(Damage { row, kind })).await;
        let rows = all(&server, "transactions", "ownerSet: MINE", field, 10_000).await;
        assert_eq!(rows[3][field], expected);
        assert!(rows.iter().filter(|row| row[field] == expected).count() == 1);
    }
}

#[tokio::test]
async fn introspection_can_be_closed() {
    let server = serve(|options| options.dialect.closed_introspection = true).await;
    assert_eq!(ask(&server, "{ __schema { queryType { name } } }").await["errors"][0]["code"], json!("FORBIDDEN"));
}
