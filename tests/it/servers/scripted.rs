//! A small S3 that can be told to misbehave: it keeps objects in memory, and meets its first requests as its script says.

use aws_config::SdkConfig;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How a request is met.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// As S3 would.
    Serve,
    /// With this status and error code; nothing happens.
    Refuse(u16, &'static str),
    /// As S3 would, but the connection breaks before the answer.
    LoseAnswer,
    /// Not at all: the connection breaks and nothing happens.
    LoseRequest,
    /// As S3 would, but the connection breaks in the middle of the answer's body.
    CutBody,
}

/// A request that hears no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// Which one: `PUT /bucket/name`.
    pub(crate) request: fn(&str) -> bool,
    /// Whether it happens all the same.
    pub(crate) served: bool,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Step>,
    hold: Option<Hold>,
    /// The write that hears no answer, counted from 1, and whether it happens all the same.
    hold_write: Option<(usize, bool)>,
    writes: usize,
    refused: Option<fn(&str) -> bool>,
    /// Conditions of a write that the server ignores, and those that it says are not implemented.
    ignored: &'static [&'static str],
    unknown: &'static [&'static str],
    /// The key that the bucket's policy wants every write to name.
    demanded_key: Option<&'static str>,
    held: usize,
    requests: Vec<String>,
    objects: BTreeMap<String, Vec<u8>>,
    /// What readers may have found at any time: all objects whenever `CURRENT.json` was written, or something was removed.
    moments: Option<Vec<BTreeMap<String, Vec<u8>>>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
}

/// The server; it ends with the runtime of its test.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Scripted {
    /// Starts one that has the bucket `bucket`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { endpoint, state: Arc::default() };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move { server.converse(connection).await });
            }
        });
        server
    }

    /// The configuration of a client of this server.
    pub(crate) fn configuration(&self) -> SdkConfig {
        super::configuration(&self.endpoint)
    }

    /// Meets the next requests so, and those after them as S3 would.
    pub(crate) fn play(&self, steps: impl IntoIterator<Item = Step>) {
        self.state().script.extend(steps);
    }

    /// Plays no more: meets all further requests as S3 would.
    pub(crate) fn play_no_more(&self) {
        self.state().script.clear();
    }

    /// Keeps from now on what readers may have found at any time.
    pub(crate) fn remember(&self) {
        self.state().moments = Some(Vec::new());
    }

    /// What readers may have found since the last question.
    pub(crate) fn moments(&self) -> Vec<BTreeMap<String, Vec<u8>>> {
        self.state().moments.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Denies every such request.
    pub(crate) fn refuse(&self, request: fn(&str) -> bool) {
        self.state().refused = Some(request);
    }

    /// Writes whatever these conditions say, as some services do.
    pub(crate) fn ignore(&self, headers: &'static [&'static str]) {
        self.state().ignored = headers;
    }

    /// Says of a write with one of these conditions that it is not implemented, as other services do.
    pub(crate) fn know_nothing_of(&self, headers: &'static [&'static str]) {
        self.state().unknown = headers;
    }

    /// Denies every write that does not name this key for its encryption, as the policy of a bucket can.
    pub(crate) fn demand(&self, key: &'static str) {
        self.state().demanded_key = Some(key);
    }

    /// Leaves every such request without an answer.
    pub(crate) fn hold(&self, hold: Hold) {
        self.state().hold = Some(hold);
    }

    /// Leaves a write without an answer, counted from 1, and all that come after it.
    pub(crate) fn hold_write(&self, write: usize, served: bool) {
        self.state().hold_write = Some((write, served));
    }

    /// Writes so far: objects that were put, uploaded or removed, or were to be.
    pub(crate) fn writes(&self) -> usize {
        self.state().writes
    }

    /// How many requests were left without an answer.
    pub(crate) fn held(&self) -> usize {
        self.state().held
    }

    /// Leaves no further request without an answer, and breaks the connections of those that wait for one.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        (state.hold, state.hold_write) = (None, None);
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Puts an object there, as another program would.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.state().objects.insert(name.to_owned(), bytes.to_vec());
    }

    pub(crate) fn object(&self, name: &str) -> Option<Vec<u8>> {
        self.state().objects.get(name).cloned()
    }

    /// All objects by their names.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().objects.clone()
    }

    /// Begun uploads that were neither completed nor aborted.
    pub(crate) fn open_uploads(&self) -> usize {
        self.state().uploads.len()
    }

    /// What was asked so far: `PUT name`, `POST name uploads`, …
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    async fn released(&self) {
        while self.state().hold.is_some() || self.state().hold_write.is_some() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn converse(&self, connection: TcpStream) {
        let mut connection = BufReader::new(connection);
        while let Some(request) = read(&mut connection).await {
            let hold = self.state().holds(&request);
            if hold.is_some_and(|hold| !hold.served) {
                return self.released().await;
            }
            let (step, answer) = self.state().meet(&request);
            if hold.is_some() {
                return self.released().await;
            }
            let Answer { status, headers, body } = answer;
            let length = body.len();
            let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes();
            let sent = match step {
                Step::LoseAnswer | Step::LoseRequest => return,
                Step::CutBody => length / 2,
                _ => length,
            };
            bytes.extend_from_slice(&body[..sent]);
            let written = connection.write_all(&bytes).await;
            if written.is_err() || matches!(step, Step::CutBody) {
                return;
            }
        }
    }
}

impl State {
    fn holds(&mut self, request: &Request) -> Option<Hold> {
        let asked = format!("{} {}", request.method, request.path);
        self.writes += usize::from(matches!(request.method.as_str(), "PUT" | "POST" | "DELETE"));
        if let Some((write, served)) = self.hold_write.filter(|(write, _)| *write <= self.writes) {
            self.held += 1;
            let request = |_: &str| true;
            return Some(Hold { request, served: served && write == self.writes });
        }
        let hold = self.hold.filter(|hold| (hold.request)(&asked))?;
        self.held += 1;
        Some(hold)
    }

    fn meet(&mut self, request: &Request) -> (Step, Answer) {
        let asked: Vec<&str> = request.query.keys().map(String::as_str).filter(|key| *key != "x-id").collect();
        self.requests.push(format!("{} {} {}", request.method, request.path, asked.join(" ")).trim_end().to_owned());
        let denied = self.refused.is_some_and(|refused| refused(&format!("{} {}", request.method, request.path)));
        let next = if denied { Some(Step::Refuse(403, "AccessDenied")) } else { self.script.pop_front() };
        let step = next.unwrap_or(Step::Serve);
        let answer = match step {
            Step::Refuse(status, code) => {
                // After a conflict, S3 wants a new upload: nobody may rely on the old one.
                if let (409, Some(id)) = (status, request.query.get("uploadId")) {
                    self.uploads.remove(id);
                }
                error(status, code)
            }
            Step::LoseRequest => ok(String::new(), ""),
            Step::Serve | Step::LoseAnswer | Step::CutBody => {
                let answer = self.serve(request);
                let is_seen = request.method == "DELETE" || request.path.ends_with("/CURRENT.json");
                if let Some(moments) = self.moments.as_mut().filter(|_| is_seen && request.method != "GET") {
                    moments.push(self.objects.clone());
                }
                answer
            }
        };
        (step, answer)
    }

    fn serve(&mut self, request: &Request) -> Answer {
        let Some(name) = request.path.strip_prefix("/bucket").map(|name| name.trim_start_matches('/')) else {
            return error(404, "NoSuchBucket");
        };
        let upload = request.query.get("uploadId");
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        let is_new = matches!((request.method.as_str(), upload), ("PUT" | "POST", None));
        if let Some(key) = self.demanded_key.filter(|_| is_new)
            && (header("x-amz-server-side-encryption"), header("x-amz-server-side-encryption-aws-kms-key-id"))
                != (Some("aws:kms"), Some(key))
        {
            return error(403, "AccessDenied");
        }
        match (request.method.as_str(), upload) {
            ("GET", _) if name.is_empty() => self.list(request),
            ("GET", _) => match self.objects.get(name) {
                Some(bytes) => Answer { status: 200, headers: tag(bytes), body: bytes.clone() },
                None => error(404, "NoSuchKey"),
            },
            ("PUT", None) => self.store(name, request, request.body.clone()),
            ("DELETE", None) => {
                self.objects.remove(name);
                Answer { status: 204, headers: String::new(), body: Vec::new() }
            }
            ("POST", None) => {
                let id = format!("upload-{}", self.requests.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                let body =
                    format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
                ok(String::new(), &body)
            }
            (method, Some(id)) => {
                let Some(parts) = self.uploads.get_mut(id) else { return error(404, "NoSuchUpload") };
                match method {
                    "PUT" => {
                        parts.insert(request.query["partNumber"].parse().unwrap(), request.body.clone());
                        ok(tag(&request.body), "")
                    }
                    "DELETE" => {
                        self.uploads.remove(id);
                        Answer { status: 204, headers: String::new(), body: Vec::new() }
                    }
                    _ => {
                        let bytes: Vec<u8> = parts.values().flatten().copied().collect();
                        let answer = self.store(name, request, bytes);
                        if answer.status == 200 {
                            self.uploads.remove(id);
                            return ok(
                                answer.headers,
                                "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>",
                            );
                        }
                        answer
                    }
                }
            }
            _ => error(405, "MethodNotAllowed"),
        }
    }

    fn store(&mut self, name: &str, request: &Request, bytes: Vec<u8>) -> Answer {
        let found = self.objects.get(name);
        let header = |name: &str| request.headers.get(name).filter(|_| !self.ignored.contains(&name));
        if self.unknown.iter().any(|name| request.headers.contains_key(*name)) {
            return error(501, "NotImplemented");
        }
        if header("if-none-match").is_some() && found.is_some() {
            return error(412, "PreconditionFailed");
        }
        match (header("if-match"), found) {
            (Some(_), None) => return error(404, "NoSuchKey"),
            (Some(expected), Some(found)) if !tag(found).contains(expected.as_str()) => {
                return error(412, "PreconditionFailed");
            }
            _ => {}
        }
        let headers = tag(&bytes);
        self.objects.insert(name.to_owned(), bytes);
        ok(headers, "")
    }

    fn list(&self, request: &Request) -> Answer {
        let prefix = request.query.get("prefix").map_or("", String::as_str);
        let entries = self.objects.iter().filter(|(name, _)| name.starts_with(prefix));
        let mut entries: Vec<String> = entries
            .map(|(name, bytes)| {
                match (request.query.contains_key("delimiter"), name[prefix.len()..].split_once('/')) {
                    (true, Some((directory, _))) => {
                        format!("<CommonPrefixes><Prefix>{prefix}{directory}/</Prefix></CommonPrefixes>")
                    }
                    _ => format!("<Contents><Key>{name}</Key><Size>{}</Size></Contents>", bytes.len()),
                }
            })
            .collect();
        // Sorted by name, so that what lies below one directory stands together.
        entries.dedup();
        let entries = entries.concat();
        ok(String::new(), &format!("<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"))
    }
}

fn ok(headers: String, body: &str) -> Answer {
    Answer { status: 200, headers, body: body.as_bytes().to_vec() }
}

fn error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>as the script says</Message></Error>");
    Answer { status, headers: "x-amz-bucket-region: eu-north-1\r\n".to_owned(), body: body.into_bytes() }
}

fn tag(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(17_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    format!("ETag: \"{sum:x}\"\r\n")
}

/// The next request of a connection; `None` when there is none.
async fn read(connection: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(k, v)| (k.to_lowercase(), v.to_owned()))
        .collect();
    if headers.contains_key("expect") {
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    connection.read_exact(&mut body).await.ok()?;
    let mut words = lines[0].split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).filter(|(k, _)| !k.is_empty());
    let query = query.map(|(key, value)| (key.to_owned(), value.replace("%2F", "/"))).collect();
    Some(Request { method, path: path.replace("%3D", "="), query, headers, body })
}
