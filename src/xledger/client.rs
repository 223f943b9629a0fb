//! Sends a question, waits and asks again where that helps, and hands back rows. The only place that holds the token.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{self, Answer, Fault, Rows};
use super::error::{Error, Verdict};
use super::meter::{Meter, Usage};
use super::pacing::Pace;
use super::query::Query;
use super::{refusal, route};

/// No answer takes longer to begin: Xledger's own queries time out well before.
const TIME_TO_FIRST_BYTE: Duration = Duration::from_secs(120);
/// A connection that is silent for so long is broken.
const SILENCE: Duration = Duration::from_secs(60);
/// The largest answer read, as sent: 10,000 rows are 5 MB without compression.
const ANSWER_LIMIT_MIB: u64 = 64;

/// How to reach Xledger.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The GraphQL address.
    pub endpoint: reqwest::Url,
    /// The API token.
    pub token: SecretString,
    /// Requests at once, at most.
    pub max_in_flight: usize,
    /// No request and no wait goes beyond this.
    pub deadline: Instant,
}

/// A client of one endpoint with one token, for one run.
pub struct Client {
    http: reqwest::Client,
    endpoint: reqwest::Url,
    authorization: HeaderValue,
    token: SecretString,
    pace: Pace,
    deadline: Instant,
    max_in_flight: usize,
    meter: Meter,
}

/// A page of a connection.
pub(crate) struct Page<T> {
    pub(crate) nodes: Vec<T>,
    /// The cursor of the last row, and whether more follow.
    pub(crate) cursor: Option<String>,
    pub(crate) has_next: bool,
}

impl Client {
    /// A client for one run. Redirects are not followed: the token is for one host.
    ///
    /// # Errors
    /// [`Error::TokenMalformed`] if the token cannot stand in a header, [`Error::Unreachable`] if TLS cannot be set up.
    pub fn new(connection: Connection, meter: Meter) -> Result<Self, Error> {
        let Connection { endpoint, token, max_in_flight, deadline } = connection;
        let mut authorization =
            HeaderValue::from_str(&format!("token {}", token.expose_secret())).map_err(|_| Error::TokenMalformed)?;
        authorization.set_sensitive(true);
        let mut http = reqwest::Client::builder();
        if is_this_machine(&endpoint) {
            // A proxy stands between networks, never between a machine and itself.
            http = http.no_proxy();
        }
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(SILENCE)
            .user_agent(concat!("xledger-spend/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| route::broken(&endpoint, &error))?;
        Ok(Self {
            http,
            endpoint,
            authorization,
            token,
            pace: Pace::new(max_in_flight),
            deadline,
            max_in_flight,
            meter,
        })
    }

    /// The address that is asked.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// What was used of the API so far.
    pub fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// Requests at once, at most.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Asks for a page of a connection.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        query: Query,
        variables: &Value,
        rows: usize,
    ) -> Result<Page<T>, Error> {
        let answer = self.ask::<T>(query, variables, rows).await?;
        let envelope: Envelope<ConnectionFields> = self.decode(query, &answer.envelope)?;
        // Xledger answers an empty connection with null edges. A connection that is null itself says nothing, least of all that the ledger
        // is empty.
        let connection = envelope.data.and_then(|data| data.into_values().next().flatten());
        let null = || Error::Malformed {
            query: query.name,
            path: "data".to_owned(),
            what: "expected a connection, not null".to_owned(),
        };
        let has_next = connection.ok_or_else(null)?.page_info.has_next_page;
        self.meter.0.null_rows.fetch_add(answer.empty_nodes as u64, Relaxed);
        Ok(Page { nodes: answer.nodes, cursor: answer.cursor, has_next })
    }

    /// Asks for something that is no connection.
    pub(crate) async fn value<T: DeserializeOwned>(&self, query: Query, variables: &Value) -> Result<T, Error> {
        let answer = self.ask::<serde::de::IgnoredAny>(query, variables, 1).await?;
        #[derive(Deserialize)]
        struct Data<T> {
            data: T,
        }
        let data: Data<T> = self.decode(query, &answer.envelope)?;
        Ok(data.data)
    }

    fn decode<T: DeserializeOwned>(&self, query: Query, json: &[u8]) -> Result<T, Error> {
        answer::whole(json).map_err(|fault| self.fault(query, fault))
    }

    /// Asks until there is an answer without errors, or until [`Error::verdict`] says to stop.
    async fn ask<T: DeserializeOwned>(&self, query: Query, variables: &Value, rows: usize) -> Result<Rows<T>, Error> {
        let body = json!({"query": query.document, "variables": variables, "operationName": query.name}).to_string();
        let mut attempt = 1;
        loop {
            let error = {
                let waiting = || Error::Deadline { doing: format!("waiting to send query {}", query.name) };
                let slot = self.pace.slot(self.deadline, &self.meter.0.waiting_ms).await.ok_or_else(waiting)?;
                let sent = tokio::time::timeout_at(self.deadline, self.send(query, body.clone(), rows)).await;
                let sent = sent.unwrap_or_else(|_| {
                    Err(Error::Deadline { doing: format!("waiting for the answer to query {}", query.name) })
                });
                drop(slot);
                match sent {
                    Ok(rows) => {
                        self.pace.calm();
                        return Ok(rows);
                    }
                    Err(error) => error,
                }
            };
            let Verdict::Retry(wait) = error.verdict(attempt) else { return Err(error) };
            // Nobody watches a retry that ends beyond the deadline: the error itself says more.
            if Instant::now() + wait >= self.deadline {
                return Err(error);
            }
            tracing::warn!(query = query.name, attempt, wait_ms = wait.as_millis() as u64, reason = %error, "Xledger asks to wait");
            self.pace.refused(wait, error == Error::ConcurrencyLimit);
            let wait_ms = wait.as_millis() as u64;
            self.meter.0.waiting_ms.store(wait_ms, Relaxed);
            tokio::time::sleep(wait).await;
            self.meter.0.waiting_ms.store(0, Relaxed);
            self.meter.0.waited_ms.fetch_add(wait_ms, Relaxed);
            attempt += 1;
        }
    }

    /// Sends once and reads the answer.
    async fn send<T: DeserializeOwned>(&self, query: Query, body: String, rows: usize) -> Result<Rows<T>, Error> {
        let counters = &self.meter.0;
        counters.requests.fetch_add(1, Relaxed);
        counters.bytes_up.fetch_add(body.len() as u64, Relaxed);
        let request = self
            .http
            .post(self.endpoint.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .body(body);
        let answer = tokio::time::timeout(TIME_TO_FIRST_BYTE, request.send()).await;
        let mut response = answer
            .map_err(|_| self.unreachable("no answer within 120 s".to_owned()))?
            .map_err(|error| self.broken(&error))?;

        let status = response.status().as_u16();
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let content_type = header(CONTENT_TYPE);
        let gzip = header(CONTENT_ENCODING).contains("gzip");
        let json = content_type.contains("json");
        // Only JSON can say more than the status does.
        if !json && (status >= 500 || status == 429) {
            return Err(self.unavailable(status));
        }
        if !json && matches!(status, 401 | 403) {
            return Err(Error::TokenRefused { message: format!("HTTP status {status}") });
        }
        if content_type.contains("html") || (300..400).contains(&status) {
            return Err(self.not_graphql(&content_type, status));
        }
        let mut answer = Answer::new(gzip);
        let mut size = 0;
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            counters.bytes_down.fetch_add(chunk.len() as u64, Relaxed);
            size += chunk.len() as u64;
            if size > ANSWER_LIMIT_MIB << 20 {
                return Err(self.fault(query, Fault::TooLarge));
            }
            answer.feed(&chunk).map_err(|fault| self.fault(query, fault))?;
        }
        let answer = answer.finish().map_err(|fault| self.fault(query, fault))?;
        let envelope: Envelope<serde::de::IgnoredAny> = match self.decode(query, &answer.envelope) {
            Err(Error::Malformed { .. }) if !json || status >= 400 => {
                return Err(self.not_graphql(&content_type, status));
            }
            envelope => envelope?,
        };
        match refusal::of(query.name, rows, &envelope.errors.unwrap_or_default(), self.token.expose_secret()) {
            Some(Error::Api { .. }) if status >= 500 => Err(self.unavailable(status)),
            Some(error) => Err(error),
            None if status >= 500 || status == 429 => Err(self.unavailable(status)),
            None if status >= 400 => Err(self.not_graphql(&content_type, status)),
            None => Ok(answer),
        }
    }

    fn unavailable(&self, status: u16) -> Error {
        Error::Unavailable { endpoint: self.endpoint.to_string(), status }
    }

    fn not_graphql(&self, content_type: &str, status: u16) -> Error {
        let kind = content_type.split(';').next().map(str::trim).filter(|kind| !kind.is_empty());
        // A header is a server's text like any other, and all its letters are small by now.
        let token = self.token.expose_secret().to_ascii_lowercase();
        let what = kind.map(|kind| refusal::printable(kind, &token).chars().take(80).collect());
        let what = what.unwrap_or_else(|| "nothing that says its type".to_owned());
        Error::NotGraphql { endpoint: self.endpoint.to_string(), what, status }
    }

    fn broken(&self, error: &reqwest::Error) -> Error {
        route::broken(&self.endpoint, error)
    }

    fn unreachable(&self, what: String) -> Error {
        Error::Unreachable { endpoint: self.endpoint.to_string(), what }
    }

    fn fault(&self, query: Query, fault: Fault) -> Error {
        match fault {
            // A place may be named by a key that the server made up.
            Fault::Malformed { path, what } => {
                let path = refusal::printable(&path, self.token.expose_secret());
                Error::Malformed { query: query.name, path, what }
            }
            Fault::TooLarge => Error::TooLarge { query: query.name, limit_mib: ANSWER_LIMIT_MIB },
            Fault::Gzip => self.unreachable("the compressed answer is damaged or cut short".to_owned()),
        }
    }
}

/// Whether an address is this machine's own.
pub fn is_this_machine(endpoint: &reqwest::Url) -> bool {
    matches!(endpoint.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<std::collections::BTreeMap<String, Option<T>>>,
    errors: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionFields {
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}
