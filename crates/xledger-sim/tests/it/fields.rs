//! Fields beside the amounts: what a line's VAT code says, when it was entered, documents, payments, terms, owners' companies.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xledger_sim::Running;

async fn lines(server: &Running, fields: &str) -> Vec<Value> {
    all(server, "transactions", "ownerSet: MINE", fields, 10_000).await
}

async fn ap_lines(server: &Running, fields: &str) -> Vec<Value> {
    all(server, "apTransactions", "ownerSet: MINE", fields, 10_000).await
}

fn names(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter().filter_map(|row| row[field]["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn every_tax_rule_has_a_description() {
    let server = serve(|_| {}).await;
    let rows = lines(&server, "taxRule { dbId code description }").await;
    let rules: Vec<&Value> = rows.iter().map(|row| &row["taxRule"]).filter(|rule| !rule.is_null()).collect();
    let texts: BTreeSet<&str> = rules.iter().map(|rule| rule["description"].as_str().unwrap()).collect();
    let codes: BTreeSet<&str> = rules.iter().map(|rule| rule["code"].as_str().unwrap()).collect();
    assert_eq!((texts.len(), codes.len()), (8, 8));
    assert!(texts.contains("Innenlands høy sats"), "{texts:?}");
}

#[tokio::test]
async fn vouchers_are_entered_before_they_are_changed_and_invoices_have_a_document() {
    let server = serve(|_| {}).await;
    let fields = "header { createdAt modifiedAt invoiceFile { dbId } transactionSource { code } }";
    let rows = lines(&server, fields).await;
    let headers = rows.iter().map(|row| &row["header"]).filter(|header| !header.is_null());
    let mut with_file = 0;
    for header in headers {
        let created = header["createdAt"].as_str().unwrap();
        assert!(created.len() == 19 && header["modifiedAt"].as_str().is_none_or(|modified| created <= modified));
        let file = &header["invoiceFile"];
        assert!(file.is_null() || header["transactionSource"]["code"] == json!("AP"), "{header}");
        with_file += u32::from(file["dbId"].is_i64());
    }
    assert!(with_file > 100);
}

#[tokio::test]
async fn payables_say_what_they_are_and_when_they_were_paid() {
    let server = serve(|_| {}).await;
    let fields = "slTransactionType { dbId name } invoiceFile { dbId } lastPaymentDate paymentDate invoiceRemaining \
                  transactionHeader { invoiceFile { dbId } }";
    let rows = ap_lines(&server, fields).await;
    assert_eq!(
        names(&rows, "slTransactionType"),
        ["Credit note", "Expense", "Invoice", "Payment"].map(str::to_owned).into()
    );
    let mut paid = 0;
    for row in &rows {
        let is_invoice = row["slTransactionType"]["dbId"].as_i64().unwrap() < 3;
        if row["transactionHeader"].is_object() && is_invoice {
            assert_eq!(row["invoiceFile"], row["transactionHeader"]["invoiceFile"]);
        }
        assert!(is_invoice || row["invoiceFile"].is_null());
        assert_eq!(row["lastPaymentDate"], row["paymentDate"]);
        paid += u32::from(is_invoice && row["lastPaymentDate"].is_string());
    }
    assert!(paid > 5 && rows.iter().any(|row| row["invoiceFile"]["dbId"].is_i64()));
}

#[tokio::test]
async fn the_systems_own_lists_can_be_in_norwegian() {
    let server = serve(|options| options.dialect.norwegian_lists = true).await;
    let rows = ap_lines(&server, "slTransactionType { name } subledgerType { name } paymentStatus { name }").await;
    let types = ["Betaling", "Faktura", "Kreditnota", "Utlegg"].map(str::to_owned);
    assert_eq!(names(&rows, "slTransactionType"), types.into());
    assert_eq!(names(&rows, "subledgerType"), ["Ansatt", "Leverandør"].map(str::to_owned).into());
    assert_eq!(names(&rows, "paymentStatus"), ["Betalt".to_owned()].into());
}

#[tokio::test]
async fn some_suppliers_have_a_contract_and_most_have_terms() {
    let server = serve(|_| {}).await;
    let arguments = "ownerSet: ALL, objectStatus: ALL";
    let rows = all(&server, "suppliers", arguments, "dbId contract payTerms { dbId name }", 500).await;
    let contracts = rows.iter().filter(|row| row["contract"].is_string()).count();
    let terms = rows.iter().filter(|row| row["payTerms"]["dbId"].is_i64()).count();
    assert!((2..rows.len() / 2).contains(&contracts) && (rows.len() / 2..rows.len()).contains(&terms));
    assert!(names(&rows, "payTerms").contains("Netto 30 dager"));
    // A filter finds them too, and employees have none.
    let text = rows.iter().find_map(|row| row["contract"].as_str()).unwrap();
    let query =
        format!("{{ subledgers({arguments}, filter: {{contract: \"{text}\"}}) {{ edges {{ node {{ dbId }} }} }} }}");
    assert_eq!(nodes(&ask(&server, &query).await, "subledgers").len(), 1);
    let subledgers = all(&server, "subledgers", arguments, "contract payTerms { dbId }", 500).await;
    assert_eq!(subledgers.iter().filter(|row| row["payTerms"].is_object()).count(), terms);
    assert_eq!(subledgers.iter().filter(|row| row["contract"].is_string()).count(), contracts);
}

#[tokio::test]
async fn every_owner_has_a_company_with_a_number() {
    let server = serve(|_| {}).await;
    let company = "company { dbId companyNumber }";
    let query = format!(
        "{{ viewer {{ entity {{ ownerDbId {company} }} }} entities(ownerSet: MINE) {{ edges {{ node {{ dbId {company} }} }} }} }}"
    );
    let answer = ask(&server, &query).await;
    let owners = nodes(&answer, "entities");
    assert_eq!(owners.len(), 4);
    assert!(owners.iter().all(|owner| owner["company"]["companyNumber"].as_str().is_some_and(|it| it.len() == 9)));
    assert_eq!(answer["data"]["viewer"]["entity"]["company"], owners[0]["company"]);
    for row in
        lines(&server, &format!("owner {{ dbId {company} }}")).await.iter().filter(|row| row["owner"].is_object())
    {
        assert!(owners.contains(&row["owner"]));
    }
}

#[tokio::test]
async fn each_of_these_needs_its_right() {
    let on = |right: &str, root: &str, field: &str| (right.to_owned(), root.to_owned(), field.to_owned());
    for (right, root, field) in [
        on("ObjectValue", "transactions", "taxRule { dbId }"),
        on("SystemValue", "apTransactions", "slTransactionType { name }"),
        on("SystemValue", "suppliers", "payTerms { name }"),
        on("File", "apTransactions", "invoiceFile { dbId }"),
        on("Company", "entities", "company { dbId }"),
    ] {
        let query = format!("{{ {root}(first: 500, ownerSet: ALL) {{ edges {{ node {{ dbId {field} }} }} }} }}");
        let name = field.split(' ').next().unwrap();
        let given = serve(|_| {}).await;
        let rows = nodes(&ask(&given, &query).await, &root);
        assert!(rows.iter().any(|row| row[name].is_object()), "{field}");
        let refused = serve(|options| _ = options.dialect.missing_rights.insert(right.clone())).await;
        let answer = ask_with(&refused, &query, json!({})).await;
        assert!(nodes(&answer, &root).iter().all(|row| row[name].is_null()), "{field}");
        let path = answer["errors"][0]["path"].as_array().unwrap();
        assert_eq!(path.last(), Some(&json!(name)));
    }
}
