//! The function: an event in, a report out. Settings from the environment, the token from Secrets Manager, the lake on S3.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use xledger_spend::event::Event;
use xledger_spend::failure::Failure;
use xledger_spend::run::{Answer, Run};
use xledger_spend::settings::{Caller, Settings};
use xledger_spend::value;

/// The longest that Lambda lets a function run.
const LONGEST: Duration = Duration::from_secs(15 * 60);

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .with_max_level(tracing::Level::INFO)
        // Lambda stamps each line itself, but a line that is read elsewhere needs its own time.
        .with_env_filter(tracing_subscriber::EnvFilter::new("warn,xledger_spend=info"))
        .init();
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Answer, Diagnostic> {
    let (event, context) = event.into_parts();
    answer(&event, &context).await.map_err(diagnostic)
}

async fn answer(event: &Value, context: &Context) -> Result<Answer, Failure> {
    let event = Event::parse(event)?;
    let settings = Settings::read(Caller::Function, environment)?;
    let run = Run {
        id: format!("{}-{}", run_time(), short(&context.request_id)),
        started_at: clock(),
        deadline: deadline(context),
        clock,
        progress: Default::default(),
        meter: Default::default(),
    };
    let answer = run.answer(event, &settings, aws().await).await?;
    match answer {
        // Lambda counts, retries and reports only errors as failures.
        Answer::Refreshed(report) if report.error.is_some() => match report.error {
            Some(failure) => Err(failure),
            None => Ok(Answer::Refreshed(report)),
        },
        answer => Ok(answer),
    }
}

fn diagnostic(failure: Failure) -> Diagnostic {
    Diagnostic { error_type: failure.kind.as_str().to_owned(), error_message: failure.message }
}

/// The AWS configuration, read once for all invocations of this process.
async fn aws() -> &'static aws_config::SdkConfig {
    static AWS: OnceLock<aws_config::SdkConfig> = OnceLock::new();
    match AWS.get() {
        Some(aws) => aws,
        None => {
            let aws = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
            AWS.get_or_init(|| aws)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
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

/// When Lambda ends the invocation. A deadline that is no time of day, as local emulators send, is taken for none.
fn deadline(context: &Context) -> Instant {
    let left = Duration::from_millis(context.deadline).checked_sub(now()).filter(|left| *left <= LONGEST);
    Instant::now() + left.unwrap_or(LONGEST)
}
