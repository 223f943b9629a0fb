//! The HTTP side: one path for queries, one for the journal.

mod damage;
mod reply;

use crate::access;
use crate::company::dice::mix;
use crate::execute::{Answer, Asked, Engine, refuse};
use crate::fault::{FaultKind, Faults};
use crate::journal::{Exchange, Journal};
use crate::limits::Limits;
use crate::options::{IdRefusal, Options};
use crate::posting::Posting;
use crate::problem::{Kind, Problem};
use crate::server::door::Door;
use crate::server::wire::Cut;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response, header};
use reply::{Reply, html, json, text};
use serde::Deserialize;
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The largest request body that is read.
const LARGEST_BODY: usize = 64 << 20;

/// What all requests share.
pub(crate) struct Desk {
    pub(crate) options: Options,
    pub(crate) posting: Arc<Posting>,
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
    desk: Arc<Desk>,
    cut: Arc<Cut>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/graphql") => {
            let (parts, body) = request.into_parts();
            match Limited::new(body, LARGEST_BODY).collect().await {
                Ok(body) => query(desk, &cut, &parts.headers, body.to_bytes()).await,
                Err(_) => html(413, "Request Entity Too Large"),
            }
        }
        (&Method::GET, "/journal") => json(200, false, desk.journal.to_json().to_string().into_bytes()),
        _ => {
            desk.journal.note_stray();
            text(404, "There is nothing here.")
        }
    })
}

async fn query(desk: Arc<Desk>, cut: &Cut, headers: &HeaderMap, body: Bytes) -> Response<Reply> {
    let arrival = Instant::now();
    let number = desk.arrived.fetch_add(1, Ordering::AcqRel) + 1;
    let since = arrival.saturating_duration_since(*desk.first_arrival.get_or_init(|| arrival));
    let envelope: Envelope = serde_json::from_slice(&body).unwrap_or_default();
    for _ in 0..desk.posting.keep_up(number, envelope.operation_name.as_deref(), since) {
        desk.journal.note_change();
    }
    let fault = desk.faults.meet(number, envelope.operation_name.as_deref(), since);
    let late = match &fault {
        Some(FaultKind::Late(late)) => *late,
        _ => Duration::ZERO,
    };
    let pause = desk.options.delay + late + jitter(desk.options.jitter, number);
    let entered = desk.limits.enter(&desk.options, arrival);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let mut exchange = Exchange {
        number,
        operation: envelope.operation_name,
        bytes_up: body.len() as u64,
        variables_bytes: if envelope.variables.is_null() { 0 } else { envelope.variables.to_string().len() as u64 },
        status: 200,
        faulted: fault.as_ref().is_some_and(FaultKind::forces_another) || entered.is_err(),
        ..Exchange::default()
    };
    let note = |mut exchange: Exchange, error: &str, reply: &Response<Reply>| {
        exchange.status = reply.status().as_u16();
        exchange.error = Some(error.to_owned());
        exchange.bytes_down = reply.body().len();
        exchange.bytes_plain = exchange.bytes_down;
        exchange.duration_ms = arrival.elapsed().as_millis() as u64;
        desk.journal.note(exchange, Vec::new());
    };
    if let Some((error, reply)) = fault.as_ref().and_then(|fault| damage::instead(fault, &desk.door, cut)) {
        note(exchange, error, &reply);
        if let Some(FaultKind::Refused(lasts)) = fault {
            desk.door.close(lasts);
            // The door takes this connection with it.
            std::future::pending::<()>().await;
        }
        return reply;
    }
    let too_many = desk.options.ids.as_ref().filter(|ids| longest(&envelope.variables) > ids.most as usize);
    let too_large = desk.options.body_bytes.is_some_and(|most| body.len() as u64 > most);
    if too_large || too_many.is_some_and(|ids| ids.refusal == IdRefusal::TooLarge) {
        let reply = html(413, "Request Entity Too Large");
        exchange.faulted = true;
        note(exchange, "HTML", &reply);
        return reply;
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let allowed = access::check(authorization, &desk.options.token);
    let refusal = match (allowed, &fault, entered.as_ref().err(), too_many.map(|ids| &ids.refusal)) {
        (Err(problem), ..) => Some(problem),
        (_, Some(FaultKind::TokenRefused), ..) => Some(access::refused()),
        (_, Some(FaultKind::TokenMalformed), ..) => Some(access::malformed()),
        (_, Some(FaultKind::Timeout), ..) => Some(Problem::own("", "Your query timed out.")),
        (_, Some(FaultKind::Error(code, message)), ..) => Some(Problem::own(code, message.as_str())),
        (_, _, Some(limited), _) => Some(limited.clone()),
        (_, _, _, Some(IdRefusal::Error(code, message))) => {
            exchange.faulted = true;
            Some(Problem::own(code, message.as_str()))
        }
        _ => None,
    };
    let gzip = accepts_gzip(headers) && desk.options.gzip_level > 0;
    let work = {
        let (desk, fault) = (desk.clone(), fault.clone());
        tokio::task::spawn_blocking(move || work(&desk, refusal, &body, number, fault.as_ref(), gzip)).await
    };
    drop(entered);
    let Ok((answer, status, sent)) = work else {
        return text(500, "The simulator failed.");
    };
    let timed_out = answer.problems.iter().any(|problem| problem.message == "Your query timed out.");
    exchange.faulted |= timed_out;
    exchange.status = status;
    exchange.bytes_plain = answer.body.len() as u64;
    exchange.operation = answer.operation.or(exchange.operation);
    exchange.roots = answer.roots;
    exchange.rows = answer.rows;
    exchange.error = answer.problems.first().map(Problem::any_code);
    let reply = damage::spoilt(fault.as_ref(), status, gzip, sent, cut);
    exchange.bytes_down = reply.body().len();
    exchange.duration_ms = arrival.elapsed().as_millis() as u64;
    desk.journal.note(exchange, answer.violations);
    reply
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
    desk: &Desk,
    refusal: Option<Problem>,
    body: &[u8],
    number: u64,
    fault: Option<&FaultKind>,
    gzip: bool,
) -> (Answer, u16, Vec<u8>) {
    let dialect = &desk.options.dialect;
    let answer = match refusal {
        None => desk.engine.answer(&desk.posting.books(), &desk.options, Asked { body, number, fault }),
        Some(problem) => {
            let mut answer = Answer::default();
            refuse(&mut answer, vec![problem]);
            answer
        }
    };
    let status = match answer.problems.first().map(|problem| problem.kind) {
        Some(Kind::Token) => dialect.token_error_status,
        Some(Kind::Invalid) => dialect.validation_status,
        _ => 200,
    };
    let sent = if gzip { compressed(&answer.body, desk.options.gzip_level) } else { answer.body.clone() };
    (answer, if status == 0 { 200 } else { status }, sent)
}

fn compressed(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::new(level.min(9)));
    // Writing into a vector cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}
