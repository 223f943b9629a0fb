//! Lies about how long an answer is, and answers that do not end.

use std::time::Duration;

use bytes::Bytes;

use super::Stage;
use crate::servers::hostile::{Reply, page, raw};

/// The answer is cut short, or is none: tried again until the time is over.
const UNAVAILABLE: &[&str] = &["xledger_unavailable"];

/// Headers of JSON, and these.
fn with(headers: &str, body: &'static str) -> Reply {
    Reply::Bytes(raw(200, &format!("content-type: application/json\r\n{headers}\r\n"), [body]))
}

#[tokio::test]
async fn a_length_that_is_a_lie() {
    let stage = Stage::new().await;
    for (headers, what) in [
        ("content-length: 900", "cannot be reached"),
        ("content-length: 10737418240", "cannot be reached"),
        ("content-length: -5", "cannot be reached"),
        ("content-length: 99999999999999999999999", "cannot be reached"),
        ("content-length: 2\r\ncontent-length: 3", "cannot be reached"),
        ("content-length: 2\r\ntransfer-encoding: chunked", "cannot be reached"),
    ] {
        let met = stage.meets(move |_| with(headers, r#"{"data":{}}"#)).await;
        met.failed(UNAVAILABLE, &[what]);
    }
    // Cut short by its own length: JSON that ends too early. Such an answer may be tried again.
    let met = stage.meets(|_| with("content-length: 5", r#"{"data":{}}"#)).await;
    met.failed(&["answer_malformed", "xledger_unavailable"], &[]);
}

#[tokio::test]
async fn chunks_that_are_a_lie() {
    let stage = Stage::new().await;
    for body in [
        "ff\r\n{}\r\n0\r\n\r\n",
        "1\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n",
        "{}",
    ] {
        let met = stage.meets(move |_| with("transfer-encoding: chunked", body)).await;
        met.failed(UNAVAILABLE, &["cannot be reached"]);
    }
    // A megabyte of what a chunk may say beside its size.
    let extension: Bytes = vec![b'x'; 1 << 20].into();
    let met = stage
        .meets(move |_| {
            Reply::Bytes(raw(200, "transfer-encoding: chunked\r\n", [Bytes::from("2;"), extension.clone()]))
        })
        .await;
    met.failed(UNAVAILABLE, &[]);
}

#[tokio::test]
async fn headers_without_end() {
    let stage = Stage::new().await;
    // Many, in pieces of a kilobyte; and one that goes on.
    let many: Bytes = "x: y\r\n".repeat(200).into();
    let met = stage.meets(move |_| endless("HTTP/1.1 200 OK\r\n", many.clone(), Duration::ZERO)).await;
    met.failed(UNAVAILABLE, &["cannot be reached"]);
    let long: Bytes = vec![b'x'; 64 << 10].into();
    let met = stage.meets(move |_| endless("HTTP/1.1 200 OK\r\nx: ", long.clone(), Duration::ZERO)).await;
    met.failed(UNAVAILABLE, &["cannot be reached"]);
    // Ninety lines are no attack, and no answer either.
    let headers = "x: y\r\n".repeat(90);
    let met = stage.meets(move |_| with(headers.trim_end(), "{}")).await;
    met.failed(&["answer_malformed", "xledger_unavailable"], &[]);
}

/// Bytes come slowly, but no pause is long enough for a timeout: the run's own deadline ends it.
#[tokio::test]
async fn a_trickle_without_end() {
    let stage = Stage::new().await.within(9);
    // In runs that have longer, the time for a whole answer ends these first, and they are asked for again.
    let kinds = &["deadline_reached", "xledger_unavailable"];
    let pause = Duration::from_millis(20);
    let met = stage.meets(move |_| endless("HTTP/1.1 200 OK\r\n", Bytes::from("x"), pause)).await;
    met.failed(kinds, &[]);
    let met = stage.meets(move |_| endless("", Bytes::from("HTTP/1.1 100 Continue\r\n\r\n"), pause)).await;
    met.failed(kinds, &[]);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    for (begin, piece) in
        [("", " "), ("{\"data\":{\"rows\":{\"edges\":[", " "), ("{\"data\":{\"rows\":{\"edges\":[{\"cursor\":\"", "x")]
    {
        let met = stage.meets(move |_| endless(&format!("{head}{begin}"), Bytes::from(piece), pause)).await;
        met.failed(kinds, &[]);
    }
}

/// A whole answer a byte at a time is an answer.
#[tokio::test]
async fn a_trickle_that_ends() {
    let stage = Stage::new().await;
    let met = stage
        .meets(|_| {
            let body = page(r#"{"cursor":"1","node":{"dbId":"x"}}"#);
            let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
            let bytes: Vec<u8> = raw(200, &headers, [body]).flatten().collect();
            Reply::Slowly(Box::new(bytes.into_iter().map(|byte| Bytes::from(vec![byte]))), Duration::from_millis(1))
        })
        .await;
    met.failed(&["answer_malformed"], &["row 1, node.dbId", "expected a whole number"]);
}

/// This, and then the same again and again.
fn endless(begin: &str, piece: Bytes, pause: Duration) -> Reply {
    let pieces = Box::new(std::iter::once(Bytes::from(begin.to_owned())).chain(std::iter::repeat(piece)));
    if pause.is_zero() { Reply::Bytes(pieces) } else { Reply::Slowly(pieces, pause) }
}
