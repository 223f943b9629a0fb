//! The client's side: one refresh, as the order says, in a process of its own.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use xledger_spend::event::Refresh;
use xledger_spend::model::value::Instant;
use xledger_spend::report::log::JsonLines;
use xledger_spend::run::Run;
use xledger_spend::settings::{Caller, Settings};

/// What a client is to do.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) tempo: f64,
    pub(crate) deadline_ms: u64,
}

/// What it did.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) report: serde_json::Value,
    pub(crate) peak_bytes: u64,
}

pub(crate) async fn run(order: &str) {
    // Lines of the log on standard error: what a user would see.
    let lines = JsonLines::new(|| Instant(0), |line| eprint!("{line}"));
    let ours = tracing_subscriber::filter::filter_fn(|event| {
        *event.level() <= tracing::Level::INFO && event.target().starts_with("xledger_spend")
    });
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
    let order: Order = serde_json::from_str(order).unwrap();
    let settings = Settings::read(Caller::CommandLine, |name| order.settings.get(name).cloned()).unwrap();
    let run = Run {
        id: "scenario".to_owned(),
        started_at: clock(),
        deadline: tokio::time::Instant::now() + Duration::from_millis(order.deadline_ms),
        clock,
        progress: Default::default(),
        meter: Default::default(),
    };
    let aws = aws_config::SdkConfig::builder().build();
    let report = run.refresh(Refresh::default(), &Settings { tempo: order.tempo, ..settings }, &aws).await;
    let done = Done { report: serde_json::to_value(&report).unwrap(), peak_bytes: peak_bytes() };
    println!("{}", serde_json::to_string(&done).unwrap());
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn clock() -> Instant {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Instant(i64::try_from(now.as_millis()).unwrap())
}

/// The most memory that this process had resident.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}
