//! Asks a question until there is an answer or the policy says to stop, and hands back rows.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::answer::{Decoded, Plain};
use super::connection::Connection;
use super::document::Document;
use super::error::Error;
use super::meter::Meter;
use super::page_size::PageSizes;
use super::parts::parts;
use super::plan::QueryPlan;
use super::query::Query;
use super::question::{Question, Select};
use super::rate_limit::{Permit, RateLimiter};
use super::retry::{Attempt, Decision, MIN_ROWS, decide};
use super::scalar::Lenient;
use super::transport::Transport;
use crate::model::lock::lock;
use crate::model::value;

/// A client of one endpoint with one token, for one run.
pub struct Client {
    transport: Transport,
    rate_limiter: RateLimiter,
    plan: QueryPlan,
    page_sizes: PageSizes,
    /// No request is sent after this: what is on the way then has time to come.
    last_request: Instant,
    /// What ended all questions.
    stopped: Mutex<Option<Error>>,
    /// One question at a time is looked into.
    pub(super) field_search_lock: tokio::sync::Mutex<()>,
    meter: Meter,
}

/// The target of the events that tell what is sent, at level TRACE.
pub const REQUESTS: &str = "xledger_spend::requests";

/// How long before the deadline the last request is sent: this, or a tenth of the run's time if that is less.
const DRAIN_TIME: Duration = Duration::from_secs(20);

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) error: Error,
    /// What may help: to ask for half as many rows, or to look for the fields that are refused.
    pub(crate) next: Decision,
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self { error, next: Decision::Stop }
    }
}

impl From<Unanswered> for Error {
    fn from(Unanswered { error, .. }: Unanswered) -> Self {
        error
    }
}

impl Client {
    /// A client for one run.
    ///
    /// # Errors
    /// [`Error::TokenMalformed`] if the token cannot stand in a header, [`Error::Unreachable`] if TLS cannot be set up.
    pub fn new(connection: Connection, meter: Meter) -> Result<Self, Error> {
        let Connection { max_in_flight, tempo, deadline, .. } = connection;
        let drain_time = DRAIN_TIME.min(deadline.saturating_duration_since(Instant::now()) / 10);
        Ok(Self {
            transport: Transport::new(connection, meter.clone())?,
            rate_limiter: RateLimiter::new(max_in_flight, tempo),
            plan: QueryPlan::default(),
            page_sizes: PageSizes::default(),
            last_request: deadline.checked_sub(drain_time).unwrap_or(deadline),
            stopped: Mutex::default(),
            field_search_lock: tokio::sync::Mutex::default(),
            meter,
        })
    }

    /// The address that is asked.
    pub fn endpoint(&self) -> &str {
        self.transport.connection.endpoint.as_str()
    }

    /// What was used of the API so far, and what did not fit.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Requests at once, at most.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.transport.connection.max_in_flight
    }

    /// What is asked of this server.
    pub(crate) fn plan(&self) -> &QueryPlan {
        &self.plan
    }

    /// How many rows are asked for at once.
    pub(crate) fn page_sizes(&self) -> &PageSizes {
        &self.page_sizes
    }

    /// The value of a column, null and counted if it does not fit.
    pub(crate) fn fit<T>(&self, column: &'static str, value: Option<Lenient<T>>) -> Option<T> {
        self.meter.fit(column, value)
    }

    /// How long a wait of this length at Xledger takes here.
    pub(crate) fn as_long_as(&self, wait: Duration) -> Duration {
        wait.div_f64(self.transport.connection.tempo)
    }

    /// Takes note that the endpoint answered an earlier run: what is no GraphQL is maintenance then.
    pub(crate) fn mark_answered(&self) {
        self.rate_limiter.mark_answered();
    }

    /// Asks for something that is no connection.
    pub(crate) async fn ask_value<T: DeserializeOwned>(&self, query: Query, variables: &Value) -> Result<T, Error> {
        let none = Map::new();
        let variables = variables.as_object().unwrap_or(&none);
        let Plain(value) = self.ask(Question::all(query, variables, 1)).await?;
        Ok(value)
    }

    /// Asks until there is an answer without errors, or until the policy says to stop; without what cannot be had.
    pub(super) async fn ask<D: Decoded>(&self, question: Question<'_>) -> Result<D, Unanswered> {
        self.try_lost_again(question).await?;
        let mut searched = false;
        loop {
            let sent = self.body(question, None);
            let attempt = self.attempt(question, None, searched).await;
            let Err(Unanswered { error, next: Decision::Search }) = &attempt else { return attempt };
            if matches!(error, Error::RightMissing { .. }) && parts(question.query).is_empty() {
                // Not of rows: there is nothing to do without.
                return attempt;
            }
            // Once nothing is found, it is an error like others.
            searched = !self.find_refused_fields(question, &sent, error).await?;
        }
    }

    /// Asks, with this document if one is given, until there is an answer without errors or something else is to be done than to wait.
    pub(super) async fn attempt<D: Decoded>(
        &self,
        question: Question<'_>,
        document: Option<&Document>,
        searched: bool,
    ) -> Result<D, Unanswered> {
        let Question { query, rows, select, .. } = question;
        let mut tries = 0;
        loop {
            let permit = self.acquire_permit(question).await?;
            let sent_at = permit.at;
            let has_answered = self.rate_limiter.has_answered();
            let body = self.body(question, document);
            note_request(question, &body);
            // Fewer rows are not tried, it does not lie with a field of all rows, and a fault of a moment passes meanwhile.
            let takes_unresolved = searched && rows <= MIN_ROWS && tries >= 2;
            let sending = self.transport.send(query, body, rows, has_answered, takes_unresolved);
            let sent =
                tokio::time::timeout_at(self.transport.connection.deadline, sending).await.unwrap_or_else(|_| {
                    let doing = format!("waiting for the answer to query {}", query.name);
                    Err(Error::Deadline { doing, again_at: None })
                });
            let error = match sent {
                Ok(data) => {
                    self.rate_limiter.on_success();
                    return data.ok_or_else(|| Error::malformed(query, "data", "expected an object, not null").into());
                }
                Err(error) => error,
            };
            let streak = self.rate_limiter.on_failure(&error, sent_at);
            drop(permit);
            tries += 1;
            let (by_ids, now) = (matches!(select, Select::Ids(_)), (self.transport.connection.clock)());
            let attempt = Attempt { rows, by_ids, searched, has_answered, tries, now };
            let next = decide(&error, attempt, streak, jitter());
            self.wait_to_ask_again(query, tries, error, next).await?;
        }
    }

    /// Waits until a question may be sent; an error that ended all questions ends this one before that.
    async fn acquire_permit(&self, Question { query, expires_at, .. }: Question<'_>) -> Result<Permit<'_>, Error> {
        let permit = self.rate_limiter.acquire(self.last_request, &self.meter).await.map_err(|at| Error::Deadline {
            doing: format!("waiting to send query {}", query.name),
            again_at: at.map(|at| self.time_of(at)),
        })?;
        if let Some(error) = lock(&self.stopped).clone() {
            return Err(error);
        }
        if expires_at.is_some_and(|at| (self.transport.connection.clock)() >= at) {
            let doing = format!("waiting to send query {} by lists that have become too old", query.name);
            return Err(Error::Deadline { doing, again_at: None });
        }
        Ok(permit)
    }

    /// Waits as decided after an error, or pauses all questions.
    ///
    /// # Errors
    /// The error itself, if something else is to be done than to wait, or if no time is left for it.
    async fn wait_to_ask_again(
        &self,
        query: Query,
        tries: u32,
        error: Error,
        next: Decision,
    ) -> Result<(), Unanswered> {
        let clock = self.transport.connection.clock;
        let wait = match next {
            Decision::PauseAll(wait) | Decision::RetryLater(wait) => wait,
            Decision::PauseAllUntil(at) => Duration::from_millis(u64::try_from(at.0 - clock().0).unwrap_or(0)),
            Decision::Stop => return Err(self.stop(error)),
            Decision::Shrink | Decision::Search => return Err(Unanswered { error, next }),
        };
        let others_may_ask = matches!(next, Decision::RetryLater(_));
        // Nobody watches a wait that ends beyond the deadline: the error itself says more.
        let wait = self.as_long_as(wait);
        let until = Instant::now() + wait;
        if until >= self.last_request {
            return Err(self.stop(match error {
                // It is the time that does not suffice: the next run can go on.
                Error::BurstLimit | Error::ConcurrencyLimit | Error::Busy { .. } => Error::Deadline {
                    doing: format!("waiting to send query {} again", query.name),
                    again_at: Some(self.time_of(until)),
                },
                error => error,
            }));
        }
        self.meter.note_wait(until, || error.to_string());
        let waited = if others_may_ask { wait } else { self.rate_limiter.pause_until(until) };
        self.meter.lock().usage.waited_ms += waited.as_millis() as u64;
        if !waited.is_zero() {
            let wait_ms = wait.as_millis() as u64;
            tracing::warn!(query = query.name, attempt = tries, wait_ms, reason = %error, "waits before it asks again");
        }
        if others_may_ask {
            tokio::time::sleep_until(until).await;
        }
        Ok(())
    }

    /// Ends a question; all of them, if what ended it is no matter of this one alone.
    fn stop(&self, error: Error) -> Unanswered {
        if error.is_of_all_questions() {
            self.give_up(&error);
        }
        error.into()
    }

    /// Nothing is asked any more: the stage that this is asked for has ended with this error.
    pub(crate) fn give_up(&self, error: &Error) {
        lock(&self.stopped).get_or_insert_with(|| error.clone());
    }

    /// Lets questions be asked again: the next stage does not need what the last one could not have.
    pub(crate) fn go_on(&self) {
        *lock(&self.stopped) = None;
    }

    /// Whether nothing is asked any more.
    pub(crate) fn has_given_up(&self) -> bool {
        lock(&self.stopped).is_some()
    }

    /// What the clock will say at an instant.
    fn time_of(&self, at: Instant) -> value::Instant {
        let wait = at.saturating_duration_since(Instant::now());
        value::Instant((self.transport.connection.clock)().0 + i64::try_from(wait.as_millis()).unwrap_or(0))
    }

    /// The body of a request, with this document if one is given, as the plan has it by now.
    pub(super) fn body(&self, question: Question<'_>, document: Option<&Document>) -> String {
        let Question { query, variables, select, .. } = question;
        let mut variables = variables.clone();
        let filter = self.plan.filter(query).and_then(|filter| filter.to_json(select));
        variables.extend(filter.map(|filter| ("filter".to_owned(), filter)));
        let document = self.plan.document(query, document.cloned());
        let mut document = document.with_variables(|name| variables.contains_key(name));
        if !select.needs_cursors() {
            document = document.without_cursors();
        }
        let body = Body { query: document.text(), variables, operation_name: query.name };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The body of a request, as GraphQL over HTTP has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: String,
    variables: Map<String, Value>,
    operation_name: &'a str,
}

#[cfg(test)]
impl Client {
    /// A client of nobody, for tests of what is done with its answers.
    pub(crate) fn of_nobody() -> Self {
        let connection = Connection {
            endpoint: "http://127.0.0.1:1/graphql".parse().unwrap(),
            token: "t".into(),
            max_in_flight: 1,
            deadline: Instant::now(),
            clock: || value::Instant(0),
            tempo: 1.0,
        };
        Self::new(connection, Meter::default()).unwrap()
    }
}

/// Tells whoever keeps a log of requests what is sent: the document, and how much is asked for. Never an id, the token or an answer.
fn note_request(question: Question<'_>, body: &str) {
    if !tracing::enabled!(target: REQUESTS, tracing::Level::TRACE) {
        return;
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let ids = match question.select {
        Select::Ids(ids) => ids.len() as u64,
        _ => 0,
    };
    let (operation, rows) = (question.query.name, question.rows as u64);
    tracing::trace!(target: REQUESTS, operation, document = body["query"].as_str(), ids, rows);
}

/// Anything from 0 to 999.
fn jitter() -> u32 {
    (RandomState::new().build_hasher().finish() % 1_000) as u32
}
