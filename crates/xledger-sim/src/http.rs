//! The HTTP side: one path for queries, one for the journal.

use crate::access;
use crate::company::Company;
use crate::company::dice::mix;
use crate::execute::{Answer, Engine, refuse};
use crate::journal::{Exchange, Journal};
use crate::limits::Limits;
use crate::options::{FaultKind, Options};
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What all requests share.
pub(crate) struct Desk {
    pub(crate) options: Options,
    pub(crate) books: Arc<Company>,
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<Journal>,
    pub(crate) limits: Limits,
    pub(crate) arrived: AtomicU64,
}

/// The paths of the server.
pub(crate) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/graphql", post(query))
        .route("/journal", get(journal))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .with_state(desk)
}

async fn journal(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    respond(200, "application/json", false, desk.journal.to_json().to_string().into_bytes())
}

async fn query(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let arrival = Instant::now();
    let number = desk.arrived.fetch_add(1, Ordering::AcqRel) + 1;
    let fault = fault(&desk.options, number);
    let late = match &fault {
        Some(FaultKind::Late(late)) => *late,
        _ => Duration::ZERO,
    };
    let pause = desk.options.delay + late + jitter(desk.options.jitter, number);
    let entered = desk.limits.enter(&desk.options, arrival);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let mut exchange = Exchange { number, bytes_up: body.len() as u64, status: 200, ..Exchange::default() };
    if let Some(FaultKind::Html(status)) = fault {
        let page = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>";
        exchange.status = status;
        exchange.error = Some("HTML".to_owned());
        exchange.bytes_down = page.len() as u64;
        exchange.bytes_plain = page.len() as u64;
        exchange.duration_ms = arrival.elapsed().as_millis() as u64;
        desk.journal.note(exchange, Vec::new());
        return respond(status, "text/html; charset=utf-8", false, page.as_bytes().to_vec());
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let allowed = access::check(authorization, &desk.options.token);
    let accepts_gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let refusal = match (allowed, &fault, entered.as_ref().err()) {
        (Err(problem), _, _) => Some(problem),
        (_, Some(FaultKind::TokenRefused), _) => Some(access::refused()),
        (_, Some(FaultKind::Timeout), _) => {
            Some(Problem { message: "Your query timed out.".to_owned(), ..Problem::default() })
        }
        (_, Some(FaultKind::Error(code, message)), _) => Some(Problem::own(code, message.as_str())),
        (_, _, limited) => limited.cloned(),
    };
    let gzip = accepts_gzip && desk.options.gzip_level > 0;
    let work = {
        let desk = desk.clone();
        tokio::task::spawn_blocking(move || work(&desk, refusal, &body, number, gzip)).await
    };
    drop(entered);
    let Ok((answer, status, variables_bytes, mut sent)) = work else {
        return respond(500, "text/plain", false, b"The simulator failed.".to_vec());
    };
    if fault == Some(FaultKind::Truncated) {
        sent.truncate(sent.len() / 2);
    }
    exchange.status = status;
    exchange.variables_bytes = variables_bytes;
    exchange.bytes_plain = answer.body.len() as u64;
    exchange.bytes_down = sent.len() as u64;
    exchange.operation = answer.operation;
    exchange.roots = answer.roots;
    exchange.rows = answer.rows;
    exchange.error = answer.problems.first().map(Problem::any_code);
    exchange.duration_ms = arrival.elapsed().as_millis() as u64;
    desk.journal.note(exchange, answer.violations);
    respond(status, "application/json; charset=utf-8", gzip, sent)
}

/// A part of the jitter that depends on the request's number and on the jitter itself.
fn jitter(most: Duration, number: u64) -> Duration {
    let parts = mix(number ^ (u64::from(most.subsec_nanos()) << 20)) % 1_024;
    most * parts as u32 / 1_024
}

fn fault(options: &Options, number: u64) -> Option<FaultKind> {
    let met =
        |fault: &&crate::options::Fault| (fault.from_request..fault.from_request + fault.requests).contains(&number);
    options.faults.iter().find(met).map(|fault| fault.kind.clone())
}

/// Answers and compresses, away from the threads that serve connections.
fn work(desk: &Desk, refusal: Option<Problem>, body: &[u8], number: u64, gzip: bool) -> (Answer, u16, u64, Vec<u8>) {
    let dialect = &desk.options.dialect;
    let answer = match refusal {
        None => desk.engine.answer(&desk.books, &desk.options, body, number),
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
    let variables_bytes = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|request| request.get("variables").map(|variables| variables.to_string().len() as u64))
        .unwrap_or(0);
    let sent = if gzip { compressed(&answer.body, desk.options.gzip_level) } else { answer.body.clone() };
    (answer, if status == 0 { 200 } else { status }, variables_bytes, sent)
}

fn compressed(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::new(level.min(9)));
    // Writing into a vector cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn respond(status: u16, content_type: &str, gzip: bool, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    if gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    }
    response
}
