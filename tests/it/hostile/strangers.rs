//! Answers that lead elsewhere, or ask for more than the client gives: it speaks to one host, with one header, and keeps nothing.

use std::collections::HashSet;

use super::{Stage, TOKEN};
use crate::servers::hostile::{Hostile, Reply, SeenRequest, json, raw};

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stage = Stage::new().await;
    let stranger = Hostile::start(|_| json("{}")).await;
    let elsewhere = stranger.endpoint();
    for status in [301, 302, 303, 307, 308] {
        for to in [
            elsewhere.clone(),
            elsewhere.replace("http:", "https:"),
            "http://example.com/graphql".to_owned(),
            "/other".to_owned(),
            format!("//{}/", stranger.address()),
            format!("//x:{TOKEN}@{}", stranger.address()),
        ] {
            let server = Hostile::start(move |_| {
                Reply::Bytes(raw(status, &format!("location: {to}\r\ncontent-length: 0\r\n"), [""]))
            })
            .await;
            let met = stage.refresh(&server).await;
            met.failed(&["endpoint_not_graphql"], &[&format!("HTTP status {status}"), &server.endpoint()]);
            // One question, one answer: it is not asked again, here or there.
            assert_eq!(server.seen().len(), 1);
        }
    }
    assert!(stranger.seen().is_empty(), "{:?}", stranger.seen());
}

#[tokio::test]
async fn nobody_is_told_a_password() {
    let stage = Stage::new().await;
    for (status, headers, kind) in [
        (401, "www-authenticate: Basic realm=\"x\"\r\n", "token_refused"),
        (401, "www-authenticate: Negotiate\r\nwww-authenticate: Digest nonce=\"x\"\r\n", "token_refused"),
        (407, "proxy-authenticate: Basic realm=\"x\"\r\n", "endpoint_not_graphql"),
        (305, "location: http://127.0.0.1:1/\r\n", "endpoint_not_graphql"),
        (511, "location: http://127.0.0.1:1/\r\n", "xledger_unavailable"),
    ] {
        let server =
            Hostile::start(move |_| Reply::Bytes(raw(status, &format!("{headers}content-length: 0\r\n"), [""]))).await;
        let met = stage.refresh(&server).await;
        met.failed(&[kind], &[&format!("HTTP status {status}")]);
        assert!(!server.seen().is_empty());
        server.seen().iter().for_each(as_it_should_be);
    }
}

/// Cookies, another port, other protocols: all offered, none taken. The answers are the simulator's, so the refresh succeeds.
#[tokio::test]
async fn what_is_offered_is_not_taken() {
    const OFFERS: &str = "set-cookie: session=4711; Path=/\r\nset-cookie: other=1; Domain=127.0.0.1\r\n\
        alt-svc: h2=\":1\", h3=\":1\"; ma=86400\r\nstrict-transport-security: max-age=31536000\r\nupgrade: h2c\r\n\
        link: </other>; rel=preload\r\nrefresh: 0; url=/other\r\nrefresh: 0\r\n";
    let options = xledger_sim::Options { token: TOKEN.to_owned(), ..xledger_sim::Options::fast(300, 9) };
    let simulator = xledger_sim::start(options).await.unwrap();
    let endpoint: reqwest::Url = simulator.endpoint().parse().unwrap();
    let to = format!("127.0.0.1:{}", endpoint.port().unwrap()).parse().unwrap();
    let server = Hostile::start(move |_| Reply::Relay(to, OFFERS)).await;
    let stage = Stage::new().await.within(30);
    let met = stage.refresh(&server).await;
    assert_eq!((met.report["status"].as_str(), met.kind.as_str()), (Some("succeeded"), ""), "{met:?}");
    let seen = server.seen();
    assert!(seen.len() > 5, "{}", seen.len());
    seen.iter().for_each(as_it_should_be);
}

/// A request has these headers and no others, and all of them are of this client.
fn as_it_should_be(asked: &SeenRequest) {
    let mut lines = asked.head.trim_end().lines();
    assert_eq!(lines.next(), Some("POST /graphql HTTP/1.1"));
    let headers: HashSet<String> = lines.map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect();
    let known = ["accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent"];
    assert_eq!(headers, known.map(str::to_owned).into(), "{}", asked.head);
    let lines = asked.head.to_ascii_lowercase();
    assert!(
        lines.contains(&format!("authorization: token {TOKEN}\r\n")) && lines.contains("accept-encoding: gzip\r\n"),
        "{lines}"
    );
}
