//! Nobody answers, or somebody else does: exit status 1, one error, and the lake as it was.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::called::call;

#[test]
fn nobody_listens() {
    let here = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{address}/graphql");
    let called = call(
        here.path(),
        &["refresh", "--lake", "lake", "--deadline-minutes", "1", "--xledger-endpoint", &endpoint],
        &[("XLEDGER_TOKEN", "t")],
    );
    assert_eq!(called.status, Some(1), "{called:?}");
    assert_eq!(called.errors(), 1, "{called:?}");
    assert!(called.err.ends_with("kind: xledger_unavailable\n") && called.err.contains(&endpoint), "{called:?}");
    assert!(!here.path().join("lake/CURRENT.json").exists());
}

#[test]
fn a_page_for_people() {
    let here = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/graphql", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let page = "<h1>Hello</h1>";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length";
            drop(stream.read(&mut [0; 8192]));
            drop(write!(stream, "{head}: {}\r\n\r\n{page}", page.len()));
        }
    });
    let arguments =
        ["refresh", "--json", "--lake", "lake", "--xledger-endpoint", &endpoint, "--xledger-token", "canary4711"];
    let called = call(here.path(), &arguments, &[]);
    assert_eq!(called.status, Some(1), "{called:?}");
    assert_eq!(called.json()["error"]["kind"], "endpoint_not_graphql");
    assert_eq!(called.errors(), 1, "{called:?}");
    assert!(called.err.ends_with("kind: endpoint_not_graphql\n"), "{called:?}");
    assert!(!called.both().contains("canary4711"), "{called:?}");
}
