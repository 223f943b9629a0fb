//! The journal, and what it says about payroll.

use crate::client::{all, ask, ask_with, serve};
use serde_json::json;

const INDEX: &str = "dbId ownerDbId accountDbId matchId periodId period { dbId year monthNumber fiscalYear fiscalPeriod } \
    header { dbId modifiedAt transactionSource { dbId code description } }";
const AP_INDEX: &str = "dbId ownerDbId matchId headerTransactionSourceDbId transactionHeader { dbId modifiedAt }";

#[tokio::test]
async fn index_fields_of_all_lines_are_no_violation() {
    let server = serve(|_| {}).await;
    assert_eq!(all(&server, "transactions", "ownerSet: MINE", INDEX, 1_000).await.len(), 2_000);
    all(&server, "apTransactions", "ownerSet: MINE", AP_INDEX, 1_000).await;
    assert_eq!(server.journal().payroll_violations(), []);
    let exchanges = server.journal().exchanges();
    assert_eq!(exchanges[0].roots, ["transactions"]);
    assert_eq!(exchanges[0].rows, 1_000);
    assert!(exchanges[0].bytes_up > 100 && exchanges[0].bytes_down > 10_000 && exchanges[0].variables_bytes > 10);
}

#[tokio::test]
async fn anything_more_of_a_payroll_line_is_one() {
    let server = serve(|_| {}).await;
    let company = server.company();
    let secret = company.lines.iter().find(|line| line.is_payroll_by_nature()).unwrap().id.to_string();
    let ordinary = company.lines.iter().find(|line| !line.is_payroll_by_nature()).unwrap().id.to_string();
    let query = "query($ids: [Int64String!]) { transactions(ownerSet: MINE, filter: {dbId_in: $ids}) \
                 { edges { node { dbId amount header { text } } } } }";
    ask_with(&server, query, json!({ "ids": [ordinary] })).await;
    assert_eq!(server.journal().payroll_violations(), []);
    ask_with(&server, query, json!({ "ids": [secret, ordinary] })).await;
    let violations = server.journal().payroll_violations();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].row.map(|row| row.to_string()), Some(secret));
    assert_eq!(violations[0].fields, ["amount", "header.text"]);
    server.journal().clear();
    let secret = company.ap_lines.iter().find(|line| line.is_payroll_by_nature()).unwrap().id;
    let query = "query($ids: [Int!]) { apTransactions(ownerSet: MINE, filter: {dbId_in: $ids}) { edges { node { subledgerDbId } } } }";
    ask_with(&server, query, json!({ "ids": [secret] })).await;
    assert_eq!(server.journal().payroll_violations().len(), 1);
}

#[tokio::test]
async fn asking_a_payroll_root_is_one() {
    let server = serve(|_| {}).await;
    for root in ["payrollTransactions", "payrollRates", "employees"] {
        let answer = ask(&server, &format!("{{ {root} {{ edges {{ node {{ dbId }} }} }} }}")).await;
        assert_eq!(answer["data"][root], serde_json::Value::Null);
        assert!(answer["errors"].is_array());
    }
    assert_eq!(server.journal().payroll_violations().len(), 3);
}

#[tokio::test]
async fn the_leak_answers_a_payroll_line_that_nobody_asked_for() {
    let server = serve(|options| options.dialect.leak = true).await;
    let ordinary = server.company().lines.iter().find(|line| !line.is_payroll_by_nature()).unwrap().id.to_string();
    let query = "query($ids: [Int64String!]) { transactions(ownerSet: MINE, filter: {dbId_in: $ids}) { edges { node { dbId text } } } }";
    let answer = ask_with(&server, query, json!({ "ids": [ordinary] })).await;
    assert!(answer.to_string().contains(xledger_sim::PAYROLL_MARKER));
    assert_eq!(server.journal().payroll_violations().len(), 1);
}

#[tokio::test]
async fn the_text_of_a_voucher_with_a_salary_in_it_is_a_secret_of_all_its_lines() {
    let server = serve(|_| {}).await;
    let company = server.company();
    let fee = company.lines.iter().find(|line| !line.is_payroll_by_nature() && company.voucher(line).payroll);
    let fee = fee.unwrap().id.to_string();
    let query = |fields: &str| {
        format!(
            "query($ids: [Int64String!]) {{ transactions(ownerSet: MINE, filter: {{dbId_in: $ids}}) {{ edges {{ node {{ {fields} }} }} }} }}"
        )
    };
    ask_with(&server, &query("text amount header { transactionNumber }"), json!({ "ids": [fee] })).await;
    assert_eq!(server.journal().payroll_violations(), []);
    ask_with(&server, &query("amount header { text }"), json!({ "ids": [fee] })).await;
    assert_eq!(server.journal().payroll_violations()[0].fields, ["header.text"]);
}
