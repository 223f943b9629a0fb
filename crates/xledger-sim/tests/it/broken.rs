//! Connections and answers that break.

use crate::client::{ask, serve};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xledger_sim::{Fault, FaultKind, Running};

const PROBE: &str = "{ accounts(first: 200, ownerSet: MINE) { edges { node { dbId code description } } } }";

/// Everything that comes over a connection, and how it ended.
async fn raw(server: &Running, encoding: &str) -> (Vec<u8>, std::io::Result<()>) {
    let endpoint = server.endpoint();
    let address = endpoint.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
    let mut bytes = Vec::new();
    let mut stream = match TcpStream::connect(&address).await {
        Ok(stream) => stream,
        Err(refused) => return (bytes, Err(refused)),
    };
    let body = json!({ "query": PROBE }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: token {}\r\n\
         Accept-Encoding: {encoding}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.token(),
        body.len()
    );
    if let Err(broken) = stream.write_all(request.as_bytes()).await {
        return (bytes, Err(broken));
    }
    let ended = stream.read_to_end(&mut bytes).await.map(|_| ());
    (bytes, ended)
}

async fn with(kind: FaultKind) -> Running {
    serve(|options| options.faults = vec![Fault { kind, requests: 1, ..Fault::default() }]).await
}

fn parts(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&bytes[..end]).to_lowercase(), &bytes[end + 4..])
}

fn length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    length.parse().unwrap()
}

/// The next request is answered, and the journal knows of both.
async fn goes_on(server: &Running) {
    assert!(ask(server, PROBE).await["data"]["accounts"]["edges"].is_array());
    let totals = server.journal().totals();
    assert_eq!((totals.requests, totals.faulted), (2, 1));
}

#[tokio::test]
async fn a_connection_can_be_reset_before_in_and_after_the_headers() {
    for kind in [FaultKind::Reset, FaultKind::ResetInHeaders, FaultKind::ResetInBody] {
        let server = with(kind.clone()).await;
        let (bytes, ended) = raw(&server, "identity").await;
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset, "{kind:?}");
        // What came before the reset may be lost with it, but never more than was sent.
        let headers_ended = bytes.windows(4).any(|window| window == b"\r\n\r\n");
        match kind {
            FaultKind::Reset => assert!(bytes.is_empty()),
            FaultKind::ResetInHeaders => assert!(bytes.len() <= 30 && !headers_ended),
            _ => assert!(bytes.is_empty() || headers_ended && parts(&bytes).1.len() < length(&parts(&bytes).0)),
        }
        goes_on(&server).await;
    }
}

#[tokio::test]
async fn nobody_listens_for_a_while() {
    let server = with(FaultKind::Refused(Duration::from_millis(300))).await;
    let began = Instant::now();
    let (bytes, _) = raw(&server, "identity").await;
    assert!(bytes.is_empty());
    let mut refused = 0;
    while let (_, Err(failure)) = raw(&server, "identity").await {
        refused += u32::from(failure.kind() == ErrorKind::ConnectionRefused);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refused >= 5 && began.elapsed() >= Duration::from_millis(300), "{refused} {:?}", began.elapsed());
    assert_eq!(server.journal().totals().faulted, 1);
}

#[tokio::test]
async fn gzip_can_be_cut_and_corrupt() {
    for kind in [FaultKind::Truncated, FaultKind::CorruptGzip] {
        let server = with(kind.clone()).await;
        let (bytes, ended) = raw(&server, "gzip").await;
        ended.unwrap();
        let (head, body) = parts(&bytes);
        assert!(head.contains("content-encoding: gzip"));
        assert_eq!(length(&head), body.len());
        let unpacked = flate2::read::GzDecoder::new(body).read_to_end(&mut Vec::new());
        assert!(unpacked.is_err(), "{kind:?}");
        goes_on(&server).await;
    }
}

#[tokio::test]
async fn the_length_can_be_a_lie() {
    let server = with(FaultKind::LengthTooLarge).await;
    let (bytes, _) = raw(&server, "identity").await;
    let (head, body) = parts(&bytes);
    assert_eq!(length(&head), body.len() + 100);
    assert!(serde_json::from_slice::<Value>(body).is_ok());
    goes_on(&server).await;
    let server = with(FaultKind::LengthTooSmall).await;
    let (bytes, _) = raw(&server, "identity").await;
    let (head, body) = parts(&bytes);
    assert_eq!(length(&head), body.len());
    assert!(serde_json::from_slice::<Value>(body).is_err());
    goes_on(&server).await;
}

#[tokio::test]
async fn answers_without_end_end_with_the_server() {
    for kind in [FaultKind::Stalled, FaultKind::Endless] {
        let server = with(kind.clone()).await;
        let (address, token) = (server.endpoint(), server.token().to_owned());
        let reading = tokio::spawn(async move {
            let address = address.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let body = json!({ "query": PROBE }).to_string();
            let length = body.len();
            let head = format!(
                "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: token {token}\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).await.unwrap();
            let (mut buffer, mut read) = (vec![0; 64 << 10], 0);
            while let Ok(more @ 1..) = stream.read(&mut buffer).await {
                read += more;
            }
            read
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!reading.is_finished(), "{kind:?}");
        drop(server);
        let read = tokio::time::timeout(Duration::from_secs(2), reading).await.unwrap().unwrap();
        assert!(read > if kind == FaultKind::Endless { 1 << 20 } else { 1_000 }, "{kind:?}: {read}");
    }
}

#[tokio::test]
async fn a_redirect_that_is_followed_is_noticed() {
    for (kind, host) in [(FaultKind::RedirectHost, "localhost"), (FaultKind::RedirectHttp, "127.0.0.1")] {
        let server = with(kind).await;
        let (bytes, _) = raw(&server, "identity").await;
        let head = parts(&bytes).0;
        assert!(head.starts_with("http/1.1 302") && head.contains(&format!("location: http://{host}:")), "{head}");
        let address = server.endpoint().trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(server.journal().totals().strayed, 1);
    }
}

#[tokio::test]
async fn an_error_can_stand_beside_the_data() {
    let server = with(FaultKind::ErrorBesideData("NEW".to_owned(), "New.".to_owned())).await;
    let answer = ask(&server, PROBE).await;
    assert!(answer["data"]["accounts"]["edges"].is_array());
    assert_eq!(answer["errors"], json!([{ "message": "New.", "code": "NEW" }]));
    goes_on(&server).await;
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_in_the_journal() {
    let server = with(FaultKind::Late(Duration::from_secs(60))).await;
    let asked = tokio::time::timeout(Duration::from_millis(100), raw(&server, "identity")).await;
    assert!(asked.is_err());
    while server.journal().exchanges().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.journal().exchanges()[0].error.as_deref(), Some("GONE"));
    goes_on(&server).await;
}
