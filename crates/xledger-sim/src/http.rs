//! The HTTP side: one path for queries, one for the journal.

mod damage;
pub(crate) mod door;
mod record;
mod reply;
mod wire;

use crate::access;
use crate::answer::Answer;
use crate::company::dice::mix;
use crate::execute::{Engine, IncomingRequest};
use crate::fault::{FaultKind, Faults};
use crate::journal::{Exchange, Journal};
use crate::limits::Limits;
use crate::live_books::LiveBooks;
use crate::options::{IdRefusal, Options};
use crate::problem::{Kind, Problem, TIMED_OUT};
use bytes::Bytes;
use door::Door;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response, header};
use record::Record;
use reply::{Reply, html, json, text};
use serde::Deserialize;
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wire::Cut;

/// The largest request body that is read.
const LARGEST_BODY: usize = 64 << 20;

/// What all requests share.
pub(crate) struct ServerState {
    pub(crate) options: Options,
    pub(crate) books: Arc<LiveBooks>,
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<Journal>,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) door: Arc<Door>,
    pub(crate) arrived: AtomicU64,
    pub(crate) first_arrival: std::sync::OnceLock<Instant>,
}

/// What is read of a request before anything is decided about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Envelope {
    operation_name: Option<String>,
    variables: serde_json::Value,
}

/// Answers a request that came over a connection.
pub(crate) async fn serve(
    state: Arc<ServerState>,
    cut: Arc<Cut>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/graphql") => {
            let (parts, body) = request.into_parts();
            match Limited::new(body, LARGEST_BODY).collect().await {
                Ok(body) => query(state, &cut, &parts.headers, body.to_bytes()).await,
                Err(_) => html(413, "Request Entity Too Large"),
            }
        }
        (&Method::GET, "/journal") => json(200, false, state.journal.to_json().to_string().into_bytes()),
        _ => {
            state.journal.note_stray();
            text(404, "There is nothing here.")
        }
    })
}

async fn query(state: Arc<ServerState>, cut: &Cut, headers: &HeaderMap, body: Bytes) -> Response<Reply> {
    let arrival = Instant::now();
    let number = state.arrived.fetch_add(1, Ordering::AcqRel) + 1;
    let since = arrival.saturating_duration_since(*state.first_arrival.get_or_init(|| arrival));
    let Envelope { operation_name, variables } = serde_json::from_slice(&body).unwrap_or_default();
    for _ in 0..state.books.apply_due_changes(number, operation_name.as_deref()) {
        state.journal.note_change();
    }
    let fault = state.faults.meet(number, operation_name.as_deref(), since);
    let entered = state.limits.enter(&state.options, arrival);
    // A client that wants its answer has to ask once more for all faults but this.
    let late = match fault {
        Some(FaultKind::Late(late)) => Some(late),
        _ => None,
    };
    let exchange = Exchange {
        number,
        operation: operation_name,
        bytes_up: body.len() as u64,
        variables_bytes: if variables.is_null() { 0 } else { variables.to_string().len() as u64 },
        faulted: fault.is_some() && late.is_none() || entered.is_err(),
        ..Exchange::default()
    };
    let mut record = Record::new(state.journal.clone(), arrival, exchange, late.is_some());
    let pause = state.options.delay + late.unwrap_or_default() + jitter(state.options.jitter, number);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    if let Some((error, reply)) = fault.as_ref().and_then(|fault| damage::instead(fault, &state.door, cut)) {
        record.turned_away(error, &reply);
        let reply = record.send(reply);
        if let Some(FaultKind::Refused(lasts)) = fault {
            state.door.close(lasts);
            // The door takes this connection with it.
            std::future::pending::<()>().await;
        }
        return reply;
    }
    let too_many = state.options.ids.as_ref().filter(|ids| longest(&variables) > ids.most as usize);
    let too_many = too_many.map(|ids| &ids.refusal);
    let too_large = state.options.body_bytes.is_some_and(|most| body.len() as u64 > most);
    if too_large || too_many == Some(&IdRefusal::TooLarge) {
        return beyond(&state, record, html(413, "Request Entity Too Large"), cut);
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let allowed = access::check(authorization, &state.options.token);
    let refusal = refusal(allowed, fault.as_ref(), entered.as_ref().err(), too_many);
    let gzip = accepts_gzip(headers) && state.options.gzip_level > 0;
    let work = {
        let (state, fault) = (state.clone(), fault.clone());
        tokio::task::spawn_blocking(move || work(&state, refusal, &body, number, fault.as_ref(), gzip)).await
    };
    drop(entered);
    let Ok((answer, status, sent)) = work else {
        return text(500, "The simulator failed.");
    };
    if state.options.gateway_rows.is_some_and(|most| answer.rows > u64::from(most)) {
        return beyond(&state, record, html(504, "Gateway Time-out"), cut);
    }
    let timed_out = |problem: &Problem| problem.message == TIMED_OUT || problem.kind == Kind::Unresolved;
    if too_many.is_some() || answer.problems.iter().any(timed_out) {
        record.forced();
    }
    record.answered(answer);
    record.send(damage::spoilt(fault.as_ref(), status, gzip, sent, cut))
}

/// Answers as a gateway does, beyond one of its limits.
fn beyond(state: &ServerState, mut record: Record, reply: Response<Reply>, cut: &Cut) -> Response<Reply> {
    let instead = state.options.beyond.as_ref().and_then(|fault| damage::instead(fault, &state.door, cut));
    let (error, reply) = instead.unwrap_or(("HTML", reply));
    record.forced();
    record.turned_away(error, &reply);
    record.send(reply)
}

/// Why a request is refused before it is read, if it is: the token first.
fn refusal(
    allowed: Result<(), Problem>,
    fault: Option<&FaultKind>,
    limited: Option<&Problem>,
    too_many: Option<&IdRefusal>,
) -> Option<Problem> {
    let by_fault = match fault {
        Some(FaultKind::TokenRefused) => Some(access::refused()),
        Some(FaultKind::TokenMalformed) => Some(access::malformed()),
        Some(FaultKind::Timeout) => Some(Problem::own("", TIMED_OUT)),
        Some(FaultKind::Error(code, message)) => Some(Problem::own(code, message.as_str())),
        _ => None,
    };
    let by_ids = match too_many {
        Some(IdRefusal::Error(code, message)) => Some(Problem::own(code, message.as_str())),
        _ => None,
    };
    allowed.err().or(by_fault).or_else(|| limited.cloned()).or(by_ids)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| coding.trim().starts_with("gzip"))
}

/// The length of the longest list in a value.
fn longest(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.len().max(items.iter().map(longest).max().unwrap_or(0)),
        serde_json::Value::Object(entries) => entries.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

/// A part of the jitter that depends on the request's number and on the jitter itself.
fn jitter(most: Duration, number: u64) -> Duration {
    let parts = mix(number ^ (u64::from(most.subsec_nanos()) << 20)) % 1_024;
    most * parts as u32 / 1_024
}

/// Answers and compresses, away from the threads that serve connections.
fn work(
    state: &ServerState,
    refusal: Option<Problem>,
    body: &[u8],
    number: u64,
    fault: Option<&FaultKind>,
    gzip: bool,
) -> (Answer, u16, Vec<u8>) {
    let dialect = &state.options.dialect;
    let answer = match refusal {
        None => state.engine.answer(&state.books.current(), &state.options, IncomingRequest { body, number, fault }),
        Some(problem) => {
            let mut answer = Answer::default();
            answer.refuse(vec![problem]);
            answer
        }
    };
    let status = match answer.problems.first().map(|problem| problem.kind) {
        Some(Kind::Token) => dialect.token_error_status,
        Some(Kind::Invalid) => dialect.validation_status,
        Some(Kind::Denied) => dialect.missing_right_status,
        _ => 200,
    };
    let sent = if gzip { compressed(&answer.body, state.options.gzip_level) } else { answer.body.clone() };
    (answer, if status == 0 { 200 } else { status }, sent)
}

fn compressed(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::new(level.min(9)));
    // Writing into a vector cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}
