//! Refusals in the shapes of the GraphQL library and of what stands before a server.

use crate::client::{Reply, ask, send, serve};
use serde_json::{Value, json};
use xledger_sim::{Fault, FaultKind, MissingRight, Options, RowLimit, Running};

async fn reply(server: &Running, query: &str) -> Reply {
    send(server, &format!("token {}", server.token()), "identity", &json!({ "query": query })).await
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["errors"].as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap()).collect()
}

async fn denied(rights: &[&str], status: u16) -> Running {
    serve(|options| {
        options.dialect.missing_rights.extend(rights.iter().map(|&right| right.to_owned()));
        options.dialect.missing_right_shape = MissingRight::AccessDenied;
        options.dialect.missing_right_status = status;
    })
    .await
}

#[tokio::test]
async fn access_can_be_denied_before_anything_is_read() {
    let query = "{ transactions(first: 1, ownerSet: MINE) { edges { node { dbId currency { code } \
                 company { dbId address { country { code } } } taxRule { code } } } } \
                 apTransactions(first: 1) { edges { node { currency { code } } } } }";
    let server = denied(&["Currency", "Address", "ObjectValue"], 0).await;
    let answer = reply(&server, query).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("data").is_none());
    assert_eq!(
        messages(&answer.json()),
        [
            "Access denied for type 'Currency' for field 'currency' on type 'Transaction'.",
            "Access denied for type 'Address' for field 'address' on type 'Company'.",
            "Access denied for type 'TaxRule' for field 'taxRule' on type 'Transaction'.",
        ]
    );
    let extensions = json!({ "code": "ACCESS_DENIED", "codes": ["ACCESS_DENIED"] });
    for error in answer.json()["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"], extensions);
        assert!(error.get("path").is_none() && error.get("code").is_none());
    }
    let fine = "{ transactions(first: 1, ownerSet: MINE) { edges { node { dbId company { dbId } } } } }";
    assert!(reply(&server, fine).await.json().get("errors").is_none());
}

#[tokio::test]
async fn a_denied_list_is_denied_at_its_rows_with_a_status_of_choice() {
    let server = denied(&["Supplier"], 403).await;
    // Whether there are rows or not.
    let answer = reply(&server, "{ suppliers(filter: {dbId: 1}) { edges { node { dbId } } } }").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        messages(&answer.json()),
        ["Access denied for type 'Supplier' for field 'node' on type 'SupplierEdge'."]
    );
    let answer = reply(&server, "{ employees(first: 1) { edges { cursor } } }").await.json();
    assert_eq!(messages(&answer), ["Access denied for field 'employees' on type 'Query'."]);
}

#[tokio::test]
async fn fields_that_are_there_are_suggested() {
    let server = serve(|options| options.dialect.suggestions = true).await;
    let answer = ask(&server, "{ transactions { edges { node { taxAmonut } } } }").await;
    let message = messages(&answer)[0].to_owned();
    assert!(message.starts_with("Cannot query field 'taxAmonut' on type 'Transaction'. Did you mean 'taxAmount' or '"));
    assert_eq!(answer["errors"][0]["extensions"]["code"], json!("FIELDS_ON_CORRECT_TYPE"));
    let unused = ask(&server, "query($unused: Int) { viewer { entity { ownerDbId } } }").await;
    assert_eq!(unused["errors"][0]["extensions"]["code"], json!("NO_UNUSED_VARIABLES"));
}

#[tokio::test]
async fn a_root_with_too_many_rows_is_not_resolved_and_the_rest_is_there() {
    let server = serve(|options| options.resolve_rows = Some(RowLimit { most: 30, code: "TIMEOUT".to_owned() })).await;
    let query =
        "{ a: accounts(first: 31) { edges { node { dbId } } } accounts(first: 30) { edges { node { dbId } } } }";
    let answer = ask(&server, query).await;
    assert_eq!(answer["data"]["a"], Value::Null);
    assert_eq!(answer["data"]["accounts"]["edges"].as_array().unwrap().len(), 30);
    let error = json!({
        "message": "Error trying to resolve field 'accounts'.",
        "path": ["a"],
        "extensions": { "code": "TIMEOUT", "codes": ["TIMEOUT"] },
    });
    assert_eq!(answer["errors"], json!([error]));
    let totals = server.journal().totals();
    assert_eq!((totals.rows, totals.faulted), (30, 1));
}

async fn faulty(kind: FaultKind) -> Running {
    serve(|options: &mut Options| options.faults = vec![Fault { kind, requests: 1, ..Fault::default() }]).await
}

#[tokio::test]
async fn nothing_can_be_resolved() {
    let server = faulty(FaultKind::Resolve("SQL".to_owned())).await;
    let query = "{ viewer { entity { ownerDbId } } s: suppliers { edges { node { dbId } } } }";
    let answer = reply(&server, query).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"], json!({ "viewer": null, "s": null }));
    let (one, other) = ("Error trying to resolve field 'viewer'.", "Error trying to resolve field 'suppliers'.");
    assert_eq!(messages(&answer.json()), [one, other]);
    assert_eq!(answer.json()["errors"][1]["path"], json!(["s"]));
    assert!(ask(&server, query).await.get("errors").is_none());
    assert_eq!(server.journal().totals().faulted, 1);
}

#[tokio::test]
async fn any_answer_can_come_instead() {
    let body = r#"{"errors":[{"message":"Too many requests"}]}"#;
    let server = faulty(FaultKind::Raw(429, "application/json".to_owned(), body.to_owned())).await;
    let query = "{ viewer { entity { ownerDbId } } }";
    let answer = reply(&server, query).await;
    assert_eq!((answer.status, answer.text.as_str()), (429, body));
    assert_eq!(reply(&server, query).await.status, 200);
    assert_eq!(server.journal().totals().faulted, 1);
}

#[tokio::test]
async fn a_gateway_gives_up_on_large_answers() {
    let server = serve(|options| options.gateway_rows = Some(500)).await;
    let page = |rows: u32| format!("{{ transactions(first: {rows}, ownerSet: MINE) {{ edges {{ cursor }} }} }}");
    let refused = reply(&server, &page(501)).await;
    assert!(refused.status == 504 && refused.text.starts_with("<!DOCTYPE html>"));
    assert_eq!(reply(&server, &page(500)).await.status, 200);
    assert_eq!(server.journal().totals().faulted, 1);
}
