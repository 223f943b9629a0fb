//! Answers that are made to fill memory: gigabytes as they come, gigabytes after decompression, and depth.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, FlushCompress};

use super::Stage;
use crate::servers::hostile::{Reply, json, page, raw};

const HEAD: &str = r#"{"data":{"rows":{"edges":["#;
/// What stands before a compressed stream.
const GZIP: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// How such an answer may be told: as one that breaks the schema; or, where smaller pages are asked for first, as a limit that held on.
const TOO_MUCH: &[&str] = &["answer_malformed", "limit_reached"];

/// Ten gigabytes and more, a megabyte of which is there at a time.
fn gigabytes(head: &str, piece: &str) -> Reply {
    let block = Bytes::from(piece.repeat((1 << 20) / piece.len()));
    let body = std::iter::once(Bytes::from(head.to_owned())).chain(std::iter::repeat_n(block, 10 << 10));
    Reply::Bytes(raw(200, "content-type: application/json\r\n", body))
}

/// The same, of which a few megabytes are sent: a block that was compressed by itself can be repeated.
fn bomb(head: &str, piece: &str) -> impl Fn() -> Reply + Send + Sync + use<> {
    let block = deflated(piece.repeat((1 << 20) / piece.len()).as_bytes());
    let begin = [GZIP, &deflated(head.as_bytes())[..]].concat();
    assert!(block.len() < 6_000, "{}", block.len());
    let (begin, block) = (Bytes::from(begin), Bytes::from(block));
    move || {
        let body = std::iter::once(begin.clone()).chain(std::iter::repeat_n(block.clone(), 10 << 10));
        Reply::Bytes(raw(200, "content-type: application/json\r\ncontent-encoding: gzip\r\n", body))
    }
}

/// Compressed so that anything can follow.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(bytes.len() + 1_024);
    let mut deflate = flate2::Compress::new(Compression::best(), false);
    deflate.compress_vec(bytes, &mut compressed, FlushCompress::Full).unwrap();
    compressed
}

/// One text without end: beside the rows, in a row, as a key.
#[tokio::test]
async fn ten_gigabytes_of_text() {
    let stage = Stage::new().await.within(60);
    for (head, piece) in [
        ("{\"errors\":\"", "x"),
        ("", " "),
        ("{\"data\":{\"rows\":{\"edges\":[{\"node\":{\"code\":\"", "x"),
        ("{\"data\":{\"rows\":{\"edges\":[{\"", "x"),
    ] {
        let bombs = bomb(head, piece);
        let met = stage.meets(move |_| gigabytes(head, piece)).await;
        met.failed(TOO_MUCH, &["is larger than"]);
        let met = stage.meets(move |_| bombs()).await;
        met.failed(TOO_MUCH, &["is larger than"]);
    }
}

/// Nothing without end, which takes no memory.
#[tokio::test]
async fn ten_gigabytes_of_nothing() {
    let stage = Stage::new().await.within(60);
    for piece in ["null,", "{\"node\":null},", " ", ","] {
        let met = stage.meets(move |_| gigabytes(HEAD, piece)).await;
        met.failed(TOO_MUCH, &[]);
    }
}

/// More rows than were asked for, and more bytes after decompression than before.
#[tokio::test]
async fn ten_gigabytes_of_rows() {
    let stage = Stage::new().await.within(60);
    for piece in ["{\"cursor\":\"1\",\"node\":{}},", "{\"node\":{\"dbId\":1,\"matchId\":2}},"] {
        let met = stage.meets(move |_| gigabytes(HEAD, piece)).await;
        met.failed(TOO_MUCH, &[]);
    }
    for piece in [
        "null,",
        "{\"node\":null},",
        " ",
        ",",
        "{\"cursor\":\"1\",\"node\":{}},",
        "{\"node\":{\"dbId\":1,\"matchId\":2}},",
    ] {
        let bombs = bomb(HEAD, piece);
        let met = stage.meets(move |_| bombs()).await;
        met.failed(TOO_MUCH, &[]);
    }
    // Two million in an answer that is in order otherwise.
    for row in ["null", "{\"node\":{}}"] {
        let body = Bytes::from(page(&vec![row; 2_000_000].join(",")));
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(TOO_MUCH, &[]);
    }
}

/// Errors that take many times their bytes when they are decoded.
#[tokio::test]
async fn errors_by_the_million() {
    let stage = Stage::new().await.within(60);
    let zeros = "0,".repeat((8 << 19) - 100) + "0";
    for errors in [format!("[{zeros}]"), format!("[[{zeros}]]"), format!("[{{\"message\":[{zeros}]}}]")] {
        let body = Bytes::from(format!("{{\"errors\":{errors}}}"));
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(&["xledger_error", "answer_malformed", "limit_reached"], &[]);
    }
}

/// What is compressed twice is decompressed once.
#[tokio::test]
async fn compressed_twice() {
    let stage = Stage::new().await;
    let inner = deflated(&vec![b' '; 1 << 20]).repeat(1 << 10);
    let mut outer = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    outer.write_all(&[GZIP, &inner[..]].concat()).unwrap();
    let body = Bytes::from(outer.finish().unwrap());
    for encoding in ["gzip", "gzip, gzip"] {
        let body = body.clone();
        let headers = format!("content-type: application/json\r\ncontent-encoding: {encoding}\r\n");
        let met = stage.meets(move |_| Reply::Bytes(raw(200, &headers, [body.clone()]))).await;
        met.failed(&["answer_malformed"], &["breaks Xledger's schema"]);
    }
}

/// A hundred thousand brackets, open and closed, wherever brackets can stand.
#[tokio::test]
async fn brackets_in_brackets() {
    let stage = Stage::new().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}null{}", open.repeat(100_000), close.repeat(100_000));
        let half = open.repeat(100_000);
        for body in [
            deep.clone(),
            half.clone(),
            format!(r#"{{"data":{deep}}}"#),
            format!(r#"{{"data":{{"rows":{deep}}}}}"#),
            format!(r#"{{"data":{{"rows":{half}"#),
            format!(r#"{{"errors":{deep}}}"#),
            format!(r#"{{"errors":[{{"message":{deep}}}]}}"#),
            page(&deep),
            page(&format!(r#"{{"node":{{"dbId":{deep}}}}}"#)),
            page(&format!(r#"{{"node":{half}"#)),
        ] {
            let body = Bytes::from(body);
            let met = stage.meets(move |_| json(body.clone())).await;
            // What is cut short may be tried again, and an error that cannot be read is one that nobody knows.
            met.failed(&["answer_malformed", "xledger_unavailable", "xledger_error"], &[]);
        }
    }
}
