//! The function: an event in, a report out. Settings from the environment, the token from Secrets Manager, the lake on S3.

use std::ffi::OsString;
use std::io::Write;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use xledger_spend::aws::scheduler::{Continuation, NextInvocation};
use xledger_spend::display;
use xledger_spend::event::Event;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::model::value;
use xledger_spend::report::Report;
use xledger_spend::report::log::JsonLines;
use xledger_spend::report::metrics::{self, Ended};
use xledger_spend::report::panic;
use xledger_spend::run::{Run, RunOutput};
use xledger_spend::settings::{Caller, Settings};
use xledger_spend::table::runs::Status;

/// The longest that Lambda lets a function run.
const MAX_INVOCATION: Duration = Duration::from_secs(15 * 60);

/// What is logged. A failure is logged here, once; the runtime would say it again in words of its own.
const LOGGED: &str = "warn,xledger_spend=info,lambda_runtime::layers::panic=off";

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing_subscriber::registry().with(EnvFilter::new(LOGGED)).with(JsonLines::new(clock, write)).init();
    std::panic::set_hook(Box::new(panic::log));
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Box<RawValue>, Diagnostic> {
    let (event, context) = event.into_parts();
    let run = Run {
        id: format!("{}-{}", run_time(), short(&context.request_id)),
        started_at: clock(),
        deadline: deadline(&context),
        clock,
        progress: Default::default(),
        meter: Default::default(),
    };
    // The target that the log's filter knows.
    let span = tracing::info_span!(
        target: "xledger_spend", "invocation", run_id = run.id, request_id = context.request_id, trace_id = trace_id(&context)
    );
    Box::pin(answer(&event, &run, &context)).instrument(span).await
}

/// Does what the event asks for, and says how it ended: in the log, in the metrics, and to the caller.
async fn answer(event: &Value, run: &Run, context: &Context) -> Result<Box<RawValue>, Diagnostic> {
    let begun = Instant::now();
    let event = Event::parse(event);
    let is_run = !matches!(event, Ok(Event::Check));
    let outcome = panic::caught(async {
        let event = event?;
        let accept_shrink = matches!(&event, Event::Refresh(refresh) if refresh.accept_shrink);
        let settings = Settings::read(Caller::Function, environment)?;
        let answer = run.answer(event, &settings, aws().await).await?;
        if let Some(report) = answer.report()
            && let Some(due) = due(report, accept_shrink)
        {
            arrange(&due, report, run, context).await?;
        }
        Ok(answer)
    });
    let outcome = outcome.await;
    if let Err(failure) = &outcome {
        // The run has already logged a failure that is in its report.
        tracing::error!(error_kind = failure.kind.as_str(), error_message = failure.message, "run failed");
    }
    let measured = match &outcome {
        Ok(answer) if is_duplicate(answer) => None,
        Ok(answer) => answer.report().map(Ok),
        Err(failure) => is_run.then_some(Err(failure)),
    };
    if let Some(outcome) = measured {
        measure(run, context, begun, outcome);
    }
    outcome.and_then(readable).map_err(diagnostic)
}

/// When an unfinished refresh is to be resumed, or a token looked for again.
fn due(report: &Report, accept_shrink: bool) -> Option<NextInvocation> {
    match report.status {
        Status::Incomplete => {
            let refresh_id = report.refresh_id.as_deref()?;
            Some(NextInvocation::rest_of_refresh(refresh_id, report.continues_at?, accept_shrink))
        }
        Status::WaitingForToken => Some(NextInvocation::look_for_token(report.waiting_since?, report.continues_at?)),
        Status::Succeeded | Status::Failed | Status::DryRun => None,
    }
}

/// Arranges that this function is invoked again for what a run left undone. If that fails, the invocation fails, so that somebody is told; Lambda's
/// own retry then does the rest.
async fn arrange(due: &NextInvocation, report: &Report, run: &Run, context: &Context) -> Result<(), Failure> {
    let note = report.note.as_deref().unwrap_or_default();
    let told = |failure: Failure| Failure::new(failure.kind, format!("{note}. {}", failure.message));
    // Settings that are not UTF-8 have ended the run at its beginning.
    let text = |name: &str| environment(name)?.into_string().ok();
    let continuation = Continuation::read(text, aws().await, &context.invoked_function_arn, clock).map_err(told)?;
    let at = continuation.arrange(due, run.deadline).await.map_err(told)?;
    let continues_at = jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default();
    let (refresh_id, invocation) = (report.refresh_id.as_deref(), report.invocation);
    tracing::info!(refresh_id, invocation, continues_at, "refresh goes on later");
    Ok(())
}

/// Writes the metrics' record.
fn measure(run: &Run, context: &Context, begun: Instant, outcome: Result<&Report, &Failure>) {
    let ended = Ended {
        function: &context.env_config.function_name,
        run_id: &run.id,
        outcome,
        at: clock(),
        duration: begun.elapsed(),
        time_limit: run.deadline.duration_since(begun),
        memory_limit_mib: u64::try_from(context.env_config.memory).ok(),
        memory_peak_kib: std::fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| metrics::memory_peak_kib(&status)),
    };
    write(&format!("{}\n", ended.record()));
}

/// The answer as JSON for a terminal. A failed run becomes an error: Lambda counts, retries and reports only errors as failures.
fn readable(answer: RunOutput) -> Result<Box<RawValue>, Failure> {
    if let Some(failure) = answer.report().and_then(|report| report.error.clone())
        && !is_duplicate(&answer)
    {
        return Err(failure);
    }
    let unfit = |error: serde_json::Error| Failure::new(FailureKind::ValueUnfit, error.to_string());
    RawValue::from_string(display::json(&answer)?).map_err(unfit)
}

/// Whether another run of the same event is at work: its end counts, and this one's does not.
fn is_duplicate(answer: &RunOutput) -> bool {
    let failure = answer.report().and_then(|report| report.error.as_ref());
    failure.is_some_and(|failure| failure.kind == FailureKind::DuplicateEvent)
}

fn diagnostic(failure: Failure) -> Diagnostic {
    Diagnostic { error_type: failure.kind.as_str().to_owned(), error_message: failure.message }
}

/// Writes to standard output, which becomes the log.
fn write(line: &str) {
    let mut out = std::io::stdout().lock();
    // An output that cannot be written to leaves nobody to tell.
    drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
}

/// The AWS configuration, read once for all invocations of this process.
async fn aws() -> &'static aws_config::SdkConfig {
    static AWS: OnceCell<aws_config::SdkConfig> = OnceCell::const_new();
    AWS.get_or_init(xledger_spend::aws::load).await
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn clock() -> value::Instant {
    value::Instant(i64::try_from(now().as_millis()).unwrap_or(i64::MAX))
}

/// The second of now, as `20261121T013000Z`.
fn run_time() -> String {
    jiff::Timestamp::from_millisecond(clock().0)
        .map(|now| now.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_default()
}

/// The first block of a request's id, which is random.
fn short(request_id: &str) -> String {
    let id: String = request_id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    if id.is_empty() { "0".to_owned() } else { id }
}

/// The id that X-Ray knows the invocation by: `1-5bef4de7-…` of `Root=1-5bef4de7-…;Parent=…;Sampled=0`.
fn trace_id(context: &Context) -> Option<&str> {
    context.xray_trace_id.as_deref()?.split(';').find_map(|part| part.strip_prefix("Root="))
}

/// When Lambda ends the invocation. A deadline that is no time of day, as local emulators send, is taken for none.
fn deadline(context: &Context) -> Instant {
    let left = Duration::from_millis(context.deadline).checked_sub(now()).filter(|left| *left <= MAX_INVOCATION);
    Instant::now() + left.unwrap_or(MAX_INVOCATION)
}
