//! A very small HTTP client.

use serde_json::{Value, json};
use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xledger_sim::{Options, Running, start};

/// An answer as it came over the wire.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) gzip: bool,
    pub(crate) bytes: usize,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub(crate) async fn serve(change: impl FnOnce(&mut Options)) -> Running {
    let mut options = Options::fast(2_000, 1);
    change(&mut options);
    start(options).await.unwrap()
}

pub(crate) async fn send(server: &Running, authorization: &str, encoding: &str, body: &Value) -> Reply {
    let endpoint = server.endpoint();
    let address = endpoint.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
         Accept-Encoding: {encoding}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let body = &bytes[end + 4..];
    let gzip = head.contains("content-encoding: gzip");
    let mut text = String::new();
    if gzip {
        flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8_lossy(body).into_owned();
    }
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), gzip, bytes: body.len(), text }
}

/// Asks with the right token, and returns the whole answer.
pub(crate) async fn ask_with(server: &Running, query: &str, variables: Value) -> Value {
    let authorization = format!("token {}", server.token());
    let body = json!({ "query": query, "variables": variables });
    send(server, &authorization, "identity", &body).await.json()
}

/// Asks without variables.
pub(crate) async fn ask(server: &Running, query: &str) -> Value {
    ask_with(server, query, json!({})).await
}

/// The nodes of a connection, null ones left out.
pub(crate) fn nodes(answer: &Value, root: &str) -> Vec<Value> {
    let edges = answer["data"][root]["edges"].as_array().cloned().unwrap_or_default();
    edges.into_iter().map(|mut edge| edge["node"].take()).filter(|node| !node.is_null()).collect()
}

/// Pages through a root to its end.
pub(crate) async fn all(server: &Running, root: &str, arguments: &str, fields: &str, first: u32) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut after = Value::Null;
    for _ in 0..1_000 {
        let query = format!(
            "query($after: String) {{ {root}(first: {first}, after: $after, {arguments}) \
             {{ edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage }} }} }}"
        );
        let answer = ask_with(server, &query, json!({ "after": after })).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        rows.extend(nodes(&answer, root));
        let connection = &answer["data"][root];
        if connection["pageInfo"]["hasNextPage"] != json!(true) {
            return rows;
        }
        after = connection["edges"].as_array().unwrap().last().unwrap()["cursor"].clone();
    }
    panic!("pages without end");
}
