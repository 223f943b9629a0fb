//! JSON that is none, or is not what it says it is: named as malformed, never guessed at, and no byte of a text replaced.

use bytes::Bytes;

use super::Stage;
use crate::servers::hostile::{Reply, json, page, raw};

const ROW: &str = r#"{"cursor":"1","node":{"dbId":1,"code":"4300","description":"Rent"}}"#;

#[tokio::test]
async fn json_in_other_clothes() {
    let stage = Stage::new().await;
    let page = page(ROW);
    let utf_16 = |unit: fn(u16) -> [u8; 2]| page.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for body in [
        // One byte order mark is no fault, two are.
        [b"\xef\xbb\xbf\xef\xbb\xbf", page.as_bytes()].concat(),
        [b"\xff\xfe".to_vec(), utf_16(u16::to_le_bytes)].concat(),
        utf_16(u16::to_be_bytes),
        page.replace("\"data\"", "'data'").into_bytes(),
        format!("{page}{page}").into_bytes(),
        format!("{page} x").into_bytes(),
        format!(")]}}',\n{page}").into_bytes(),
        page.replace("]", ",]]").into_bytes(),
        page.replace(":1,", ":01,").into_bytes(),
        page.replace(":1,", ":NaN,").into_bytes(),
        page.replace(":1,", ":1e400,").into_bytes(),
        vec![0; 1_000],
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let met = stage.meets(move |_| json(body.clone())).await;
        assert_eq!(met.kind, "answer_malformed", "{shown}: {met:?}");
        assert!(met.message.contains("breaks Xledger's schema"), "{shown}: {}", met.message);
    }
}

#[tokio::test]
async fn a_text_that_is_no_text() {
    let stage = Stage::new().await;
    let page = page(ROW);
    for text in [
        &b"R\xe9nt"[..],
        b"R\xed\xa0\x80nt",
        b"R\xf5nt",
        b"R\xc0\x80nt",
        b"R\\ud800nt",
        b"R\\udc00\\ud800nt",
        b"R\x00nt",
        b"R\x1bnt",
        b"R\nnt",
        b"R\\xnt",
    ] {
        let (before, after) = page.split_once("Rent").unwrap();
        let body = [before.as_bytes(), text, after.as_bytes()].concat();
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(&["answer_malformed"], &["row 1", ", node.description"]);
        let body = [&br#"{"errors":[{"message":""#[..], text, br#""}]}"#].concat();
        let met = stage.meets(move |_| json(body.clone())).await;
        // An error that cannot be read is one that nobody knows.
        met.failed(&["answer_malformed", "xledger_error"], &["error"]);
    }
}

#[tokio::test]
async fn a_key_that_comes_twice() {
    let stage = Stage::new().await;
    let page = page(ROW);
    for (once, twice) in [
        (r#""dbId":1"#, r#""dbId":1,"dbId":2"#),
        (r#""cursor":"1""#, r#""cursor":"1","cursor":"2""#),
        (r#""node":{"#, r#""node":{},"node":{"#),
        (r#""pageInfo":{"#, r#""pageInfo":{"hasNextPage":false},"pageInfo":{"#),
        (r#""data":{"#, r#""data":{},"data":{"#),
        (r#""edges":["#, r#""edges":[],"edges":["#),
    ] {
        let body = page.replacen(once, twice, 1);
        assert_ne!(body, page);
        let met = stage.meets(move |_| json(body.clone())).await;
        met.failed(&["answer_malformed"], &["breaks Xledger's schema"]);
    }
}

/// The client asks for gzip or nothing; what comes in another encoding is not guessed at.
#[tokio::test]
async fn an_encoding_that_nobody_asked_for() {
    let stage = Stage::new().await;
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut deflated, page(ROW).as_bytes()).unwrap();
    let deflated = deflated.finish().unwrap();
    for (encoding, body) in [
        ("deflate", deflated.clone()),
        // `{}` in Brotli and in Zstandard.
        ("br", b"\x0b\x00\x80{}\x03".to_vec()),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00{}".to_vec()),
        ("x-unknown", b"\x00\x01\x02".to_vec()),
    ] {
        let headers = format!("content-type: application/json\r\ncontent-encoding: {encoding}\r\n");
        let body = Bytes::from(body);
        let met = stage.meets(move |_| Reply::Bytes(raw(200, &headers, [body.clone()]))).await;
        met.failed(&["answer_malformed"], &["breaks Xledger's schema"]);
    }
    // It says gzip, and is not.
    for body in [page(ROW).into_bytes(), deflated] {
        let met = stage
            .meets(move |_| {
                Reply::Bytes(raw(
                    200,
                    "content-type: application/json\r\ncontent-encoding: gzip\r\n",
                    [Bytes::from(body.clone())],
                ))
            })
            .await;
        met.failed(&["xledger_unavailable"], &["damaged or cut short"]);
    }
}
