//! Registers that are kept above, and charts of accounts.

use crate::client::{all, ask_with, nodes, serve};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use xledger_sim::{Company, Options, Running, Shape, Share, start_with};

async fn ids(server: &Running, root: &str, set: &str) -> BTreeSet<i64> {
    let arguments = format!("ownerSet: {set}, objectStatus: ALL");
    all(server, root, &arguments, "dbId", 50).await.iter().map(|row| row["dbId"].as_i64().unwrap()).collect()
}

async fn by_id(server: &Running, root: &str, set: &str, ids: &BTreeSet<i64>) -> Vec<Value> {
    let query = format!(
        "query($ids: [Int!]) {{ {root}(first: 500, ownerSet: {set}, objectStatus: ALL, filter: {{dbId_in: $ids}}) \
         {{ edges {{ node {{ dbId ownerDbId }} }} }} }}"
    );
    nodes(&ask_with(server, &query, json!({ "ids": ids })).await, root)
}

#[tokio::test]
async fn a_chart_may_be_kept_above() {
    let calm = serve(|_| {}).await;
    let mine = ids(&calm, "accounts", "MINE").await;
    for (share, left) in [(Share::All, 0), (Share::Some, 48)] {
        let server = serve(|options| options.dialect.chart_above = share).await;
        let mut hidden = mine.clone();
        for set in ["MINE", "LOWER", "CURRENT"] {
            let shown = ids(&server, "accounts", set).await;
            assert!(shown.len() <= left && shown.is_subset(&mine), "{set}");
            hidden.retain(|id| !shown.contains(id));
            assert_eq!(by_id(&server, "accounts", set, &mine).await.len(), shown.len());
        }
        assert_eq!(hidden.len(), 96 - left);
        for set in ["UPPER", "ALL"] {
            assert!(ids(&server, "accounts", set).await.is_superset(&hidden), "{set}");
            let rows = by_id(&server, "accounts", set, &hidden).await;
            assert_eq!(rows.len(), hidden.len());
            assert!(rows.iter().all(|row| row["ownerDbId"] == json!(4300)));
        }
        // Whoever shows what is kept above among the rest shows it under the same ids.
        let calm = start_with(Options::fast(1, 1), server.company()).await.unwrap();
        assert_eq!(ids(&calm, "accounts", "MINE").await, mine);
    }
}

#[tokio::test]
async fn suppliers_may_be_kept_above() {
    let calm = serve(|_| {}).await;
    let server = serve(|options| options.dialect.suppliers_above = Some(3)).await;
    let mine = ids(&calm, "suppliers", "MINE").await;
    let hidden: BTreeSet<i64> = mine.difference(&ids(&server, "suppliers", "MINE").await).copied().collect();
    assert!(hidden.len() >= 3, "{hidden:?}");
    assert!(by_id(&server, "suppliers", "MINE", &hidden).await.is_empty());
    assert!(ids(&server, "suppliers", "ALL").await.is_superset(&hidden));
    let rows = by_id(&server, "suppliers", "ALL", &hidden).await;
    assert!(rows.len() == hidden.len() && rows.iter().all(|row| row["ownerDbId"] == json!(4300)));
    // All of them are named by invoices.
    let arguments = "ownerSet: MINE";
    let named: BTreeSet<i64> = all(&server, "apTransactions", arguments, "subledgerDbId", 10_000)
        .await
        .iter()
        .filter_map(|row| row["subledgerDbId"].as_i64())
        .collect();
    assert!(named.is_superset(&hidden));
}

#[tokio::test]
async fn accounts_know_their_chart_and_what_they_are_for() {
    let ordinary = serve(|_| {}).await;
    let fields = "chartOfAccountDbId chartOfAccount { dbId name }";
    let rows = all(&ordinary, "accounts", "ownerSet: ALL", fields, 500).await;
    let norway = json!({ "chartOfAccountDbId": 2, "chartOfAccount": { "dbId": 2, "name": "NS 4102" } });
    assert!(rows.iter().all(|row| *row == norway));
    let company = Company::shaped(2_000, 1, Shape::Swedish);
    let server = start_with(Options::fast(1, 1), Arc::new(company)).await.unwrap();
    let flagged = async |chart: i32| {
        let arguments = format!("ownerSet: MINE, filter: {{chartOfAccountDbId: {chart}, costWagesSalaries: true}}");
        let rows = all(&server, "accounts", &arguments, "code costWagesSalaries costOtherOperating", 500).await;
        assert!(rows.iter().all(|row| row["costOtherOperating"] == json!(false)), "{rows:?}");
        rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(flagged(3).await, ["7210", "7010", "7090", "7510", "7410"]);
    assert_eq!(flagged(12).await, ["3310", "3320", "3330"]);
    let norwegian = flagged(2).await;
    assert!(["5000", "5499", "5800", "5600", "5900"].iter().all(|code| norwegian.contains(&(*code).to_owned())));
}
