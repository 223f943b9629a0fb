//! The two processes that `make bench` (bench/run.py) measures with, made of one program: the simulator, whose books change when it is told to, and
//! a refresh, by a clock that stands still. By the machine's own clock vouchers of the invented company could be of the future, and would be
//! fetched again by each refresh.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, may fail loudly, and is a root of its own"
)]

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use xledger_sim::ChangeKind;
use xledger_spend::event::Refresh;
use xledger_spend::model::value;
use xledger_spend::run::Run;
use xledger_spend::settings::{Caller, Settings};

const SEED: u64 = 20_261_121;
/// One voucher in so many lines is changed, and one in so many is new: half a percent of the lines.
const CHANGED: u64 = 800;
const POSTED: u64 = 2_500;

/// The time that a refresh goes by, in milliseconds since 1970.
static NOW: AtomicI64 = AtomicI64::new(0);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match words.as_slice() {
        ["simulate", lines, delay_ms] => runtime.block_on(simulate(lines.parse().unwrap(), delay_ms.parse().unwrap())),
        ["refresh", at_ms, seconds] => {
            NOW.store(at_ms.parse().unwrap(), Relaxed);
            runtime.block_on(refresh(Duration::from_secs(seconds.parse().unwrap())));
        }
        _ => println!("`make bench` runs this: it is `simulate LINES DELAY_MS` or `refresh AT_MS SECONDS`"),
    }
}

/// Serves a company until standard input closes. Each line of it changes the books.
async fn simulate(lines: u64, delay_ms: u64) {
    let options =
        xledger_sim::Options { lines, seed: SEED, delay: Duration::from_millis(delay_ms), ..Default::default() };
    let running = xledger_sim::start(options).await.unwrap();
    println!("{} {}", running.endpoint(), running.token());
    for line in std::io::stdin().lines() {
        line.unwrap();
        for (kind, one_in) in [(ChangeKind::Amend, CHANGED), (ChangeKind::Post, POSTED)] {
            let vouchers = (lines / one_in) as u32;
            running.replace(kind.on(&running.company(), vouchers));
        }
        println!("changed");
    }
    running.stop().await;
}

/// Refreshes a lake with the settings of the environment, and prints the report.
async fn refresh(seconds: Duration) {
    let settings = Settings::read(Caller::CommandLine, |name| std::env::var(name).ok());
    let clock = || value::Instant(NOW.load(Relaxed));
    let run = Run {
        id: format!("bench-{}", std::process::id()),
        started_at: clock(),
        deadline: tokio::time::Instant::now() + seconds,
        clock,
        progress: Default::default(),
        meter: Default::default(),
    };
    let aws = aws_config::SdkConfig::builder().build();
    let report = run.refresh(Refresh::default(), &settings.unwrap(), &aws).await;
    println!("{}", serde_json::to_string(&report).unwrap());
}
