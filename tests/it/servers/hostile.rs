//! A server on loopback that answers with whatever bytes a script says, as fast or as slowly and as long as it says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request, as far as a script looks at it.
#[derive(Clone, Debug)]
pub(crate) struct SeenRequest {
    /// The request line and the headers, as they came.
    pub(crate) head: String,
    /// The operation that the body names.
    pub(crate) operation: String,
    pub(crate) body: Vec<u8>,
}

/// How a request is met.
pub(crate) enum Reply {
    /// With these bytes, one piece after the other; then the connection is closed.
    Bytes(Box<dyn Iterator<Item = Bytes> + Send>),
    /// With these bytes, and this long a pause after each piece.
    Slowly(Box<dyn Iterator<Item = Bytes> + Send>, Duration),
    /// As the server there answers, with these lines among the headers.
    Relay(SocketAddr, &'static str),
}

type Script = dyn Fn(&SeenRequest) -> Reply + Send + Sync;

/// The server; it ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Hostile {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<SeenRequest>>>,
}

impl Hostile {
    /// Starts one that meets every request so.
    pub(crate) async fn start(script: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let (seen, script) = (Arc::clone(&server.seen), Arc::<Script>::from(Box::new(script) as Box<Script>));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                // A client that has heard enough breaks the connection: that is how most of these conversations end.
                tokio::spawn(converse(connection, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        server
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(
    mut connection: TcpStream,
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<SeenRequest>>>,
) -> std::io::Result<()> {
    let Some(asked) = hear(&mut connection).await? else { return Ok(()) };
    seen.lock().unwrap().push(asked.clone());
    match script(&asked) {
        Reply::Bytes(pieces) => say(&mut connection, pieces, Duration::ZERO).await?,
        Reply::Slowly(pieces, pause) => say(&mut connection, pieces, pause).await?,
        Reply::Relay(to, headers) => connection.write_all(&relayed(&asked, to, headers).await?).await?,
    }
    connection.shutdown().await
}

/// Reads one request; `None` if there is none.
async fn hear(connection: &mut TcpStream) -> std::io::Result<Option<SeenRequest>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    while body.len() < length.unwrap_or(0) {
        if connection.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = json["operationName"].as_str().unwrap_or_default().to_owned();
    Ok(Some(SeenRequest { head, operation, body }))
}

async fn say(connection: &mut TcpStream, pieces: impl Iterator<Item = Bytes>, pause: Duration) -> std::io::Result<()> {
    for piece in pieces {
        connection.write_all(&piece).await?;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(())
}

/// What another server answers to the same request.
async fn relayed(asked: &SeenRequest, to: SocketAddr, headers: &str) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(to).await?;
    let head = asked.head.trim_end();
    server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    server.write_all(&asked.body).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    let status_line = answer.windows(2).position(|two| two == b"\r\n").map_or(0, |at| at + 2);
    answer.splice(status_line..status_line, headers.bytes());
    Ok(answer)
}

/// An answer of this status with these header lines, each ended, and these pieces as its body: nothing is added.
pub(crate) fn raw(
    status: u16,
    headers: &str,
    body: impl IntoIterator<Item = impl Into<Bytes> + 'static, IntoIter: Send + 'static>,
) -> Box<dyn Iterator<Item = Bytes> + Send> {
    let head = Bytes::from(format!("HTTP/1.1 {status} As It Says\r\n{headers}\r\n"));
    Box::new(std::iter::once(head).chain(body.into_iter().map(Into::into)))
}

/// An answer as it should be around this body.
pub(crate) fn json(body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    // A client that took the connection for one to be used again would meet its end.
    let headers = format!("content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    Reply::Bytes(raw(200, &headers, [body]))
}

/// A page of a listing with these rows.
pub(crate) fn page(rows: &str) -> String {
    format!(r#"{{"data":{{"rows":{{"edges":[{rows}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#)
}
