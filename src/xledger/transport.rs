//! One request and its answer: what is sent, how long it is waited for, how much is read, and what becomes of what is no answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use secrecy::ExposeSecret;

use super::answer::{self, ANSWER_LIMIT_BYTES, Decoded, Fault};
use super::connection::{self, Connection, is_this_machine};
use super::error::Error;
use super::graphql_error;
use super::meter::Meter;
use super::query::Query;
use crate::model::value::Instant;

/// No connection takes longer to be made.
const TIME_TO_CONNECT: Duration = Duration::from_secs(20);
/// No answer takes longer to begin: Xledger's own queries time out well before.
const TIME_TO_FIRST_BYTE: Duration = Duration::from_secs(120);
/// A connection that is silent for so long is broken.
const SILENCE: Duration = Duration::from_secs(60);
/// No answer takes longer in all: 10,000 rows are 5 MB without compression.
const TIME_TO_LAST_BYTE: Duration = Duration::from_secs(300);
/// So many answers about rows that cannot be resolved are put up with in a run. More are no fault of single rows.
const MAX_ROWS_UNRESOLVED: usize = 50;
/// What any of these has at least, however many times faster than in life a test is played: the machine that answers is no faster.
const LEAST_TIME: Duration = Duration::from_secs(5);

/// A limit of time as it is in a run so many times faster than in life.
fn at_tempo(limit: Duration, tempo: f64) -> Duration {
    limit.div_f64(tempo).max(LEAST_TIME)
}

/// The wire to one endpoint. The only holder of the token.
pub(crate) struct Transport {
    http: reqwest::Client,
    pub(super) connection: Connection,
    authorization: HeaderValue,
    /// Whether the token was taken already: a good answer came.
    token_accepted: AtomicBool,
    /// How many rows came that could not be resolved, and were put up with.
    rows_unresolved: AtomicUsize,
    meter: Meter,
}

impl Transport {
    /// Redirects are not followed: the token is for one host.
    ///
    /// # Errors
    /// [`Error::TokenMalformed`] if the token cannot stand in a header, [`Error::Unreachable`] if TLS cannot be set up.
    pub(crate) fn new(connection: Connection, meter: Meter) -> Result<Self, Error> {
        let Connection { endpoint, token, tempo, .. } = &connection;
        let mut authorization =
            // The scheme is the word `token`, not `Bearer`, so that no helper of reqwest's fits.
            HeaderValue::from_str(&format!("token {}", token.expose_secret())).map_err(|_| Error::TokenMalformed)?;
        authorization.set_sensitive(true);
        // Without reqwest's own retries: a request that is sent twice must be paced and counted twice.
        let mut http = reqwest::Client::builder();
        if is_this_machine(endpoint) {
            // A proxy stands between networks, never between a machine and itself.
            http = http.no_proxy();
        }
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(at_tempo(TIME_TO_CONNECT, *tempo))
            .timeout(at_tempo(TIME_TO_LAST_BYTE, *tempo))
            .user_agent(concat!("xledger-spend/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| connection::explain(endpoint, &error))?;
        let (token_accepted, rows_unresolved) = Default::default();
        Ok(Self { http, connection, authorization, token_accepted, rows_unresolved, meter })
    }

    /// The address that is asked.
    fn endpoint(&self) -> String {
        self.connection.endpoint.to_string()
    }

    /// Sends once and reads the answer's data, for which so many rows were asked. `has_answered` says whether this endpoint has answered before, and
    /// `takes_unresolved` whether single rows may have a field that is not resolved: nothing else has helped.
    pub(crate) async fn send<D: Decoded>(
        &self,
        query: Query,
        body: String,
        rows: usize,
        has_answered: bool,
        takes_unresolved: bool,
    ) -> Result<Option<D>, Error> {
        let response = self.post(body).await?;
        let status = response.status().as_u16();
        let says_when = matches!(status, 429 | 500..);
        let busy_until = retry_after(response.headers(), (self.connection.clock)()).filter(|_| says_when);
        match (self.read(response, query, rows, has_answered, takes_unresolved).await, busy_until) {
            // Used-up credits have a long wait of their own.
            (Err(error), Some(until)) if !matches!(error, Error::CreditsUsedUp { .. }) => {
                Err(Error::Busy { endpoint: self.endpoint(), status, until })
            }
            (answer, _) => answer,
        }
    }

    async fn post(&self, body: String) -> Result<reqwest::Response, Error> {
        self.meter.lock().usage.requests += 1;
        self.meter.lock().usage.bytes_up += body.len() as u64;
        let request = self
            .http
            .post(self.connection.endpoint.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .body(body);
        let limit = at_tempo(TIME_TO_FIRST_BYTE, self.connection.tempo);
        let response = tokio::time::timeout(limit, request.send()).await;
        response
            .map_err(|_| self.late("the answer did not begin in time".to_owned()))?
            .map_err(|error| connection::explain(&self.connection.endpoint, &error))
    }

    async fn read<D: Decoded>(
        &self,
        mut response: reqwest::Response,
        query: Query,
        rows: usize,
        has_answered: bool,
        takes_unresolved: bool,
    ) -> Result<Option<D>, Error> {
        let status = response.status().as_u16();
        let content_type = text(response.headers(), CONTENT_TYPE);
        let by_status = || self.by_status(query, &content_type, status, has_answered);
        let json = content_type.contains("json");
        let is_no_answer = matches!(status, 401 | 403 | 429 | 500..) || content_type.contains("html");
        // A redirect and a request that is too long are clear; else JSON can say more than the status does, and nothing else can.
        if matches!(status, 300..=399 | 413) || is_no_answer && !json {
            return Err(by_status());
        }
        let gzip = is_gzip(response.headers()).ok_or_else(|| {
            Error::malformed(query, "its encoding", "expected it to be compressed as gzip, or not at all")
        })?;
        self.meter.lock().was_compressed |= gzip;
        let mut bytes = Vec::new();
        let silence = at_tempo(SILENCE, self.connection.tempo);
        loop {
            // Not reqwest's own limit, which would hold for the first byte too.
            let chunk = tokio::time::timeout(silence, response.chunk()).await;
            let chunk = chunk.map_err(|_| self.unreachable("no answer in time".to_owned()))?;
            let chunk = chunk.map_err(|error| connection::explain(&self.connection.endpoint, &error))?;
            let Some(chunk) = chunk else { break };
            self.meter.lock().usage.bytes_down += chunk.len() as u64;
            if bytes.len() + chunk.len() > ANSWER_LIMIT_BYTES {
                return Err(self.fault(query, Fault::TooLarge));
            }
            bytes.extend_from_slice(&chunk);
        }
        if gzip {
            bytes = answer::inflate(&bytes).map_err(|fault| self.fault(query, fault))?;
        }
        let mut envelope = match answer::read::<D>(&bytes) {
            Err(Fault::Malformed { .. } | Fault::Cut) if !json || status >= 400 || has_answered && bytes.is_empty() => {
                return Err(by_status());
            }
            envelope => envelope.map_err(|fault| self.fault(query, fault))?,
        };
        let is_accepted = self.token_accepted.load(Relaxed);
        let token = self.connection.token.expose_secret();
        let errors = envelope.errors();
        match graphql_error::classify_all(query, rows, &errors, token, is_accepted) {
            Some(Error::NotResolved { message, .. })
                if takes_unresolved
                    && let Some(places) = graphql_error::rows_to_drop(query, rows, &errors, token)
                    && self.rows_unresolved.fetch_add(errors.len(), Relaxed) < MAX_ROWS_UNRESOLVED
                    && envelope.data.as_mut().is_some_and(|data| data.drop_rows(&places)) =>
            {
                tracing::warn!(
                    query = query.name,
                    rows = errors.len(),
                    reason = message,
                    "takes rows with a field that cannot be resolved without it, or for null"
                );
                Ok(envelope.data)
            }
            Some(Error::Api { message, .. } | Error::RightMissing { message, .. }) if status == 401 => {
                Err(Error::TokenRefused { message })
            }
            Some(Error::Api { .. }) if status >= 500 || status == 429 => Err(by_status()),
            // A time that is over says nothing: of one without an offset it is not known where it is meant.
            Some(Error::CreditsUsedUp { reset_at }) => {
                let now_ms = (self.connection.clock)().0;
                Err(Error::CreditsUsedUp { reset_at: reset_at.filter(|at| at.as_millisecond() > now_ms) })
            }
            Some(error) => Err(error),
            None if status >= 400 => Err(by_status()),
            // Neither data nor an error, where there were answers before.
            None if has_answered && envelope.data.is_none() => Err(self.unavailable(status)),
            None => {
                self.token_accepted.store(true, Relaxed);
                Ok(envelope.data)
            }
        }
    }

    /// What a status means that no GraphQL error explains. Another thing than GraphQL where there were answers before is maintenance.
    fn by_status(&self, query: Query, content_type: &str, status: u16, has_answered: bool) -> Error {
        match status {
            403 if self.token_accepted.load(Relaxed) => {
                Error::Blocked { endpoint: self.endpoint(), query: query.name, status }
            }
            401 | 403 => Error::TokenRefused { message: format!("HTTP status {status}") },
            413 => Error::TooLong { query: query.name },
            429 => Error::BurstLimit,
            408 | 504 | 522 | 524 | 598 => self.late(format!("HTTP status {status}")),
            500.. => self.unavailable(status),
            _ if has_answered => self.unavailable(status),
            300..=399 => self.not_graphql("a redirect, which is not followed", status),
            _ => self.not_graphql(content_type, status),
        }
    }

    fn late(&self, what: String) -> Error {
        Error::Late { endpoint: self.endpoint(), what }
    }

    fn unavailable(&self, status: u16) -> Error {
        Error::Unavailable { endpoint: self.endpoint(), status }
    }

    fn not_graphql(&self, content_type: &str, status: u16) -> Error {
        let kind = content_type.split(';').next().map(str::trim).filter(|kind| !kind.is_empty());
        // A header is a server's text like any other, and all its letters are small by now.
        let token = self.connection.token.expose_secret().to_ascii_lowercase();
        let what = kind.map(|kind| graphql_error::sanitize(kind, &token).chars().take(80).collect());
        let what = what.unwrap_or_else(|| "nothing that says its type".to_owned());
        Error::NotGraphql { endpoint: self.endpoint(), what, status }
    }

    fn unreachable(&self, what: String) -> Error {
        Error::Unreachable { endpoint: self.endpoint(), what }
    }

    fn fault(&self, query: Query, fault: Fault) -> Error {
        match fault {
            // A place may be named by a key that the server made up.
            Fault::Malformed { path, what } => {
                Error::malformed(query, graphql_error::sanitize(&path, self.connection.token.expose_secret()), what)
            }
            Fault::TooLarge => Error::TooLarge { query: query.name },
            Fault::Gzip => self.unreachable("the compressed answer is damaged or cut short".to_owned()),
            Fault::Cut => self.unreachable("the answer is cut short".to_owned()),
        }
    }
}

/// The longest that a server is believed to be busy, in milliseconds: a day.
const MAX_BUSY_MS: i64 = 86_400_000;

/// When a server says that it may be asked again: after so many seconds, or at a time of HTTP.
fn retry_after(headers: &HeaderMap, now: Instant) -> Option<Instant> {
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let at_ms = match said.parse::<u32>() {
        Ok(seconds) => now.0 + i64::from(seconds) * 1_000,
        Err(_) => jiff::fmt::rfc2822::parse(said).ok()?.timestamp().as_millisecond(),
    };
    Some(Instant(at_ms.min(now.0 + MAX_BUSY_MS))).filter(|at| at.0 > now.0)
}

/// Whether an answer is compressed; `None` if it is in another way than asked for.
fn is_gzip(headers: &HeaderMap) -> Option<bool> {
    let values = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let mut encodings = values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    encodings.try_fold(false, |gzip, name| match name.as_str() {
        "" | "identity" => Some(gzip),
        "gzip" | "x-gzip" if !gzip => Some(true),
        _ => None,
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_it_is_compressed() {
        for (values, gzip) in [
            (&[][..], Some(false)),
            (&["gzip"], Some(true)),
            (&[" X-GZip "], Some(true)),
            (&["identity, gzip,"], Some(true)),
            (&["identity", "gzip"], Some(true)),
            (&["gzip, gzip"], None),
            (&["deflate"], None),
            (&["gzip", "br"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(is_gzip(&headers), gzip, "{values:?}");
        }
    }

    #[test]
    fn a_limit_of_time_is_at_least_what_a_machine_takes() {
        assert_eq!(at_tempo(TIME_TO_FIRST_BYTE, 1.0), TIME_TO_FIRST_BYTE);
        assert_eq!(at_tempo(TIME_TO_FIRST_BYTE, 20.0), Duration::from_secs(6));
        assert_eq!(at_tempo(TIME_TO_FIRST_BYTE, 200.0), LEAST_TIME);
    }

    #[test]
    fn a_busy_server_says_until_when() {
        let now = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z
        for (said, after_ms) in [
            ("7", Some(7_000)),
            (" 120 ", Some(120_000)),
            ("Sat, 21 Nov 2026 01:31:00 GMT", Some(60_000)),
            ("4000000000", Some(MAX_BUSY_MS)),
            ("Sat, 21 Nov 2026 01:29:00 GMT", None),
            ("0", None),
            ("-7", None),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(said));
            assert_eq!(retry_after(&headers, now).map(|at| at.0 - now.0), after_ms, "{said:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
