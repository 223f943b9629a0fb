//! Words of a server that are made to be shown: long, of several lines, obeyed by a terminal, or with the token in them.

use serde_json::{Value, json as value};

use super::{Stage, TOKEN};
use crate::servers::hostile::{Hostile, Reply, json, page, raw};

/// What a terminal would obey, the token, and more than anybody reads.
fn nasty() -> String {
    nasty_and_long(1 << 20)
}

fn nasty_and_long(length: usize) -> String {
    format!(
        "Beware {TOKEN} \u{1b}[2J\u{1b}]0;x\u{7}\r\n\u{9b}31m\u{202e}\u{2066}\u{2028}\u{61c}{TOKEN} {}",
        "x".repeat(length)
    )
}

fn errors(errors: Value) -> String {
    value!({"data": null, "errors": errors}).to_string()
}

#[tokio::test]
async fn an_error_in_nasty_words() {
    let stage = Stage::new().await;
    for (error, kind, word) in [
        (value!({"message": nasty()}), "xledger_error", "Beware ***"),
        (value!({"message": "odd", "code": nasty()}), "xledger_error", "odd"),
        (value!({"message": "odd", "extensions": {"code": nasty(), "resetAt": nasty()}}), "xledger_error", "odd"),
        (value!({"message": "odd", "path": ["rows", 3, nasty()]}), "xledger_error", "rows/3/"),
        (value!({"message": "odd", "path": [{nasty(): nasty()}]}), "xledger_error", "odd"),
        (value!({"message": format!("no access {}", nasty()), "path": [nasty()]}), "right_missing", "no access"),
        (value!({"message": format!("no access, token {}", nasty())}), "token_refused", "no access"),
        (value!({"message": nasty(), "code": "INVALID_VALUE"}), "schema_mismatch", "Beware ***"),
        (value!({"message": 5, "code": [nasty()]}), "xledger_error", ""),
    ] {
        let body = errors(value!([error]));
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(&[kind], &[word]);
    }
    // Credits that come back at no time are waited for as if nobody had said when.
    let error = value!({"code": "BAD_REQUEST.INSUFFICIENT_CREDITS", "extensions": {"resetAt": nasty()}});
    let body = errors(value!([error]));
    let met = stage.meets(move |_| json(body.clone())).await;
    assert_eq!(met.report["status"], "incomplete", "{met:?}");
    assert!(met.report["note"].as_str().unwrap().contains("does not name"), "{met:?}");

    // 200,000 of them.
    let body = errors(value!(vec![value!({"message": "odd"}); 200_000]));
    let met = stage.meets(move |_| json(body.clone())).await;
    met.failed(&["xledger_error"], &["odd"]);
}

/// A fault is told by its place, and a place can be named by the server.
#[tokio::test]
async fn a_place_with_a_nasty_name() {
    let stage = Stage::new().await;
    // Two of them are still a row.
    let name = value!(nasty_and_long(400_000)).to_string();
    for body in [
        format!(r#"{{"data":{{{name}:5}}}}"#),
        format!(r#"{{"data":{{{name}:{{"pageInfo":{{"hasNextPage":{name}}}}}}}}}"#),
        page(&format!(r#"{{"node":{{"dbId":{{{name}:1}}}}}}"#)),
        page(&format!(r#"{{"node":{{"dbId":{name}}}}}"#)),
        page(&format!(r#"{{{name}:5,"node":{name}}}"#)),
        name.clone(),
    ] {
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(&["answer_malformed"], &["breaks Xledger's schema"]);
    }
    // Neither data nor an error, where there were answers before.
    let body = format!(r#"{{{name}:{name}}}"#);
    stage.meets(move |_| json(body.clone())).await.failed(&["xledger_unavailable"], &[]);
    // An error that cannot be read is one that nobody knows.
    let body = format!(r#"{{"errors":[{{{name}:{{{name}:{}}}}}]}}"#, "[".repeat(200) + &"]".repeat(200));
    stage.meets(move |_| json(body.clone())).await.failed(&["xledger_error"], &["none"]);
}

#[tokio::test]
async fn a_header_with_nasty_words() {
    let stage = Stage::new().await;
    // As the first answer of all, and where there were answers before.
    for (status, first, later) in [
        (200, "endpoint_not_graphql", "xledger_unavailable"),
        (400, "endpoint_not_graphql", "xledger_unavailable"),
        (403, "token_refused", "endpoint_not_graphql"),
        (302, "endpoint_not_graphql", "xledger_unavailable"),
    ] {
        let headers = format!(
            "content-type: text/{TOKEN}{}\r\nlocation: /{TOKEN}\r\nserver: {TOKEN}\r\ncontent-length: 2\r\n",
            "y".repeat(3_000)
        );
        let reply = move || Reply::Bytes(raw(status, &headers, ["hi"]));
        let (said, again) = (format!("HTTP status {status}"), reply.clone());
        stage.refresh(&Hostile::start(move |_| reply()).await).await.failed(&[first], &[&said]);
        stage.meets(move |_| again()).await.failed(&[later], &[&said]);
    }
    // The status line's own words, and no HTTP at all.
    for line in [
        format!("HTTP/1.1 503 {TOKEN} \t{}\r\n\r\n", "x".repeat(3_000)),
        format!("{TOKEN}\u{1b}[2J\r\n\r\n"),
        format!("HTTP/9.9 {TOKEN}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{TOKEN}: \u{1b}[2J\r\n\r\n"),
    ] {
        let met = stage.meets(move |_| Reply::Bytes(Box::new(std::iter::once(line.clone().into())))).await;
        met.failed(&["xledger_unavailable"], &[]);
    }
}
