//! Rows that are null, and values that fit no column.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use xledger_sim::{Dialect, Running};

const PAGE: &str = "{ transactions(first: 20, ownerSet: ALL) { edges { cursor node { dbId } } } }";

async fn with(change: impl FnOnce(&mut Dialect)) -> Running {
    serve(|options| change(&mut options.dialect)).await
}

/// The places of null rows on the first page of ledger lines, all of which have their cursors.
async fn nulls(server: &Running) -> Vec<usize> {
    let edges = ask(server, PAGE).await["data"]["transactions"]["edges"].as_array().unwrap().clone();
    assert!(edges.len() == 20 && edges.iter().all(|edge| edge["cursor"].is_string()));
    edges.iter().enumerate().filter(|(_, edge)| edge["node"].is_null()).map(|(place, _)| place).collect()
}

/// How many of the first eight lines come when they are asked for by their ids.
async fn by_id(server: &Running) -> usize {
    let ids: Vec<_> = server.company().lines.iter().take(8).map(|line| line.id.to_string()).collect();
    let query = "query($ids: [Int64String!]) { transactions(first: 8, ownerSet: ALL, filter: {dbId_in: $ids}) \
                 { edges { cursor node { dbId } } } }";
    nodes(&ask_with(server, query, json!({ "ids": ids })).await, "transactions").len()
}

#[tokio::test]
async fn rows_can_be_null_once_in_every_page_or_for_ever() {
    let once = with(|dialect| dialect.null_rows_once = Some(8)).await;
    assert_eq!(by_id(&once).await, 8);
    assert_eq!(nulls(&once).await, [7, 15]);
    assert!(nulls(&once).await.is_empty());
    let by_page = with(|dialect| dialect.null_rows_by_page = Some(8)).await;
    assert_eq!((nulls(&by_page).await, nulls(&by_page).await), (vec![7, 15], vec![7, 15]));
    assert_eq!(by_id(&by_page).await, 8);
    let for_ever = with(|dialect| dialect.null_rows_for_ever = Some(8)).await;
    assert_eq!(nulls(&for_ever).await, [7, 15]);
    assert_eq!(by_id(&for_ever).await, 7);
    // The same rows are null whatever the page.
    let counted =
        async |first| all(&for_ever, "suppliers", "ownerSet: ALL, objectStatus: ALL", "dbId", first).await.len();
    assert_eq!(counted(3).await, counted(100).await);
}

#[tokio::test]
async fn values_can_fit_no_column() {
    let calm = serve(|_| {}).await;
    let server = with(|dialect| dialect.odd_values = Some(3)).await;
    // Amounts, ids and all that rules go by are as they were.
    let ruled = "dbId amount accountDbId matchId ownerDbId period { dbId year monthNumber } \
                 header { dbId transactionSource { code } }";
    let lines =
        async |server: &Running, fields: &str| all(server, "transactions", "ownerSet: MINE", fields, 10_000).await;
    assert_eq!(lines(&server, ruled).await, lines(&calm, ruled).await);
    let fields = "taxAmount invoiceAmount companyDbId period { fiscalYear } header { postedDate modifiedAt }";
    let rows = lines(&server, fields).await;
    let has = |holds: &dyn Fn(&Value) -> bool| rows.iter().any(holds);
    let decimals =
        |row: &Value| row["taxAmount"].as_str().and_then(|tax| tax.split_once('.')).map_or(0, |of| of.1.len());
    assert!(has(&|row| decimals(row) == 5) && has(&|row| row["taxAmount"] == json!("")));
    assert!(
        has(&|row| row["invoiceAmount"] == json!("12345678901234567890"))
            && has(&|row| row["companyDbId"] == json!(""))
    );
    assert!(has(&|row| row["period"]["fiscalYear"] == json!(123_456)));
    assert!(has(&|row| row["header"]["postedDate"] == json!("0001-01-01")));
    assert!(has(&|row| row["header"]["modifiedAt"] == json!("9999-12-31T23:59:59")));
    assert!(has(&|row| row["header"]["modifiedAt"] == json!("2025-03-01T10:00:00+01:00")));
    let rows = all(&server, "apTransactions", "ownerSet: MINE", "dueDate invoiceDate", 10_000).await;
    let has = |field: &str, said: &str| rows.iter().any(|row| row[field] == json!(said));
    assert!(has("dueDate", "9999-12-31T23:59:59.9999999") && has("dueDate", "") && has("invoiceDate", "0001-01-01"));
    let rows = all(&server, "suppliers", "ownerSet: ALL, objectStatus: ALL", "modifiedAt fromDate toDate", 100).await;
    let has = |field: &str, said: &str| rows.iter().any(|row| row[field] == json!(said));
    assert!(has("modifiedAt", "2025-07-01T10:00:00+02:00") && has("modifiedAt", "9999-12-31T23:59:59"));
    assert!(has("fromDate", "9999-12-31T23:59:59") && has("toDate", ""));
}
