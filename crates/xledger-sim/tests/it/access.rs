//! Tokens, rights, compression.

use crate::client::{ask, send, serve};
use serde_json::{Value, json};
use xledger_sim::MissingRight;

fn probe() -> Value {
    json!({ "query": "{ viewer { entity { ownerDbId } } }" })
}

#[tokio::test]
async fn the_scheme_is_the_word_token() {
    let server = serve(|_| {}).await;
    let text = "Bad format for API Token. Expected header: \"Authorization: token <your-token>\"";
    for header in
        [format!("Bearer {}", server.token()), server.token().to_owned(), "token".to_owned(), "token x y".to_owned()]
    {
        let reply = send(&server, &header, "identity", &probe()).await;
        assert_eq!((reply.status, &reply.json()["errors"][0]["message"]), (200, &json!(text)), "{header}");
    }
    let reply = send(&server, "token some-other-token", "identity", &probe()).await;
    assert_eq!(reply.json()["errors"][0]["code"], json!("UNAUTHENTICATED"));
    assert_eq!(reply.json()["data"], Value::Null);
}

#[tokio::test]
async fn the_status_of_errors_can_be_chosen() {
    let server = serve(|options| {
        options.dialect.token_error_status = 401;
        options.dialect.validation_status = 400;
    })
    .await;
    assert_eq!(send(&server, "Bearer x", "identity", &probe()).await.status, 401);
    let header = format!("token {}", server.token());
    assert_eq!(send(&server, &header, "identity", &json!({ "query": "{ nothing }" })).await.status, 400);
}

#[tokio::test]
async fn a_missing_right_is_a_null_field_with_a_path() {
    let server = serve(|options| {
        options.dialect.missing_rights.extend(["Supplier".to_owned(), "Company".to_owned()]);
    })
    .await;
    let answer = ask(&server, "{ suppliers { edges { node { dbId } } } countries { edges { node { dbId } } } }").await;
    assert_eq!(answer["data"]["suppliers"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["suppliers"]));
    assert!(answer["data"]["countries"]["edges"].is_array());
    let answer =
        ask(&server, "{ transactions(first: 1, ownerSet: MINE) { edges { node { dbId company { dbId } } } } }").await;
    assert_eq!(answer["data"]["transactions"]["edges"][0]["node"]["company"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["transactions", "edges", 0, "node", "company"]));
}

#[tokio::test]
async fn a_missing_right_can_take_all_data_with_it() {
    let server = serve(|options| {
        options.dialect.missing_rights.insert("Supplier".to_owned());
        options.dialect.missing_right_shape = MissingRight::NullData;
    })
    .await;
    let answer = ask(&server, "{ suppliers { edges { node { dbId } } } }").await;
    assert_eq!(answer["data"], Value::Null);
    assert!(answer["errors"].is_array());
}

#[tokio::test]
async fn answers_are_compressed_where_gzip_is_accepted() {
    let server = serve(|_| {}).await;
    let header = format!("token {}", server.token());
    let query = json!({ "query": "{ transactions(first: 500, ownerSet: MINE) { edges { node { dbId amount } } } }" });
    let plain = send(&server, &header, "identity", &query).await;
    let small = send(&server, &header, "br, gzip;q=0.9", &query).await;
    assert!(!plain.gzip && small.gzip);
    assert_eq!(plain.text, small.text);
    assert!(small.bytes * 3 < plain.bytes);
    let totals = server.journal().totals();
    assert_eq!(totals.bytes_down, (plain.bytes + small.bytes) as u64);
    assert_eq!(totals.bytes_plain, 2 * plain.bytes as u64);
}
