//! Connections: pages, cursors, order, owners, status.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use xledger_sim::{RowOrder, Running};

#[tokio::test]
async fn an_empty_connection_has_null_edges() {
    let server = serve(|_| {}).await;
    let answer = ask(&server, r#"{ transactions(filter: {dbId_in: ["5"]}) { edges { node { dbId } } } }"#).await;
    assert_eq!(answer, json!({ "data": { "transactions": { "edges": null } } }));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let server = serve(|options| options.lines = 12_345).await;
    let rows = all(&server, "transactions", "ownerSet: MINE", "dbId", 1_000).await;
    let ids: Vec<i64> = rows.iter().map(|row| row["dbId"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(ids.len(), 12_345);
    assert!(ids.is_sorted_by(|one, next| one < next));
}

#[tokio::test]
async fn no_answer_has_more_than_ten_thousand_rows() {
    let server = serve(|options| options.lines = 12_345).await;
    let query = "{ transactions(first: 50000, ownerSet: MINE) { edges { node { dbId } } pageInfo { hasNextPage } } }";
    let answer = ask(&server, query).await;
    assert_eq!(nodes(&answer, "transactions").len(), 10_000);
    assert_eq!(answer["data"]["transactions"]["pageInfo"]["hasNextPage"], json!(true));
}

#[tokio::test]
async fn last_and_before_go_backwards() {
    let server = serve(|_| {}).await;
    let all = all(&server, "apTransactions", "ownerSet: MINE", "dbId", 10_000).await;
    let answer = ask(
        &server,
        "{ apTransactions(last: 3, ownerSet: MINE) { edges { node { dbId } } pageInfo { hasPreviousPage } } }",
    )
    .await;
    assert_eq!(nodes(&answer, "apTransactions"), all[all.len() - 3..]);
    let before = all[10]["dbId"].to_string();
    let query = "query($b: String) { apTransactions(last: 2, before: $b, ownerSet: MINE) { edges { node { dbId } } } }";
    let answer = ask_with(&server, query, json!({ "b": before })).await;
    assert_eq!(nodes(&answer, "apTransactions"), all[8..10]);
}

#[tokio::test]
async fn the_last_row_is_that_of_the_order_and_the_filter() {
    let calm = serve(|_| {}).await;
    for root in ["transactions", "apTransactions"] {
        let all = all(&calm, root, "ownerSet: MINE", "dbId", 10_000).await;
        let last = async |server: &Running, filter: Value| {
            let ty = if root == "transactions" { "Transaction_Filter" } else { "APTransaction_Filter" };
            let query = format!(
                "query($filter: {ty}) {{ {root}(last: 1, filter: $filter, ownerSet: MINE) \
                 {{ edges {{ cursor node {{ dbId }} }} pageInfo {{ hasNextPage }} }} }}"
            );
            let answer = ask_with(server, &query, json!({ "filter": filter })).await;
            assert_eq!(answer["data"][root]["pageInfo"]["hasNextPage"], json!(false), "{answer}");
            nodes(&answer, root)
        };
        let up_to = json!({ "dbId_gt": all[3]["dbId"], "dbId_lte": all[70]["dbId"] });
        assert_eq!(last(&calm, json!({})).await, all[all.len() - 1..]);
        assert_eq!(last(&calm, up_to.clone()).await, all[70..71]);
        for offset_cursors in [false, true] {
            let server = serve(|options| {
                options.dialect.offset_cursors = offset_cursors;
                options.dialect.row_order = RowOrder::Descending;
            })
            .await;
            assert_eq!(last(&server, json!({})).await, all[..1]);
            assert_eq!(last(&server, up_to.clone()).await, all[4..5]);
        }
    }
}

#[tokio::test]
async fn a_range_of_ids_is_walked_like_a_list() {
    for offset_cursors in [false, true] {
        let server = serve(|options| options.dialect.offset_cursors = offset_cursors).await;
        for root in ["transactions", "apTransactions"] {
            let rows = all(&server, root, "ownerSet: MINE", "dbId", 10_000).await;
            let bounds = [rows[40]["dbId"].to_string(), rows[200]["dbId"].to_string()];
            let ranges = [
                (format!("dbId_lte: {}", bounds[0]), 0..41),
                (format!("dbId_gt: {}, dbId_lte: {}", bounds[0], bounds[1]), 41..201),
                (format!("dbId_gt: {}", bounds[1]), 201..rows.len()),
            ];
            for (filter, expected) in ranges {
                let arguments = format!("ownerSet: MINE, filter: {{{filter}}}");
                assert_eq!(all(&server, root, &arguments, "dbId", 30).await, rows[expected], "{filter}");
            }
        }
    }
}

#[tokio::test]
async fn rows_can_be_ordered_by_another_field_and_still_be_paged() {
    let server = serve(|_| {}).await;
    let arguments = "ownerSet: MINE, objectStatus: ALL, orderBy: {field: modifiedAt, direction: DESC}";
    let rows = all(&server, "accounts", arguments, "dbId modifiedAt", 7).await;
    assert_eq!(rows.len(), 96);
    assert!(rows.is_sorted_by(|one, next| one["modifiedAt"].as_str() >= next["modifiedAt"].as_str()));
}

#[tokio::test]
async fn an_owner_set_names_whose_rows() {
    let server = serve(|_| {}).await;
    let mut found = Vec::new();
    for set in ["CURRENT", "UPPER", "LOWER", "MINE", "ALL"] {
        let rows = all(&server, "entities", &format!("ownerSet: {set}"), "dbId", 100).await;
        found.push(rows.len());
    }
    assert_eq!(found, [1, 2, 4, 4, 5]);
    let mine = all(&server, "transactions", "ownerSet: MINE", "ownerDbId", 10_000).await;
    assert_eq!(mine.len(), 2_000);
    assert!(all(&server, "transactions", "ownerSet: ALL", "ownerDbId", 10_000).await.len() > 2_000);
    assert!(mine.iter().all(|row| row["ownerDbId"] != json!(4300)));
}

#[tokio::test]
async fn an_object_status_tells_open_from_closed() {
    let server = serve(|_| {}).await;
    let mut found = Vec::new();
    for status in ["objectStatus: ALL", "objectStatus: OPEN", "objectStatus: CLOSED", ""] {
        found.push(all(&server, "accounts", &format!("ownerSet: MINE {status}"), "dbId", 500).await.len());
    }
    assert_eq!(found, [96, 95, 1, 95]);
}
