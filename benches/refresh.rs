//! What a full refresh costs: the client's own CPU time and memory, requests and bytes, and wall time against what Xledger's burst limit
//! allows. `cargo bench --bench refresh` prints each figure beside what it must stay below, and their ratio.
//!
//! The simulator and the client are processes of their own, made of this same program, so that neither's cost is counted for the other.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark prints, and may fail loudly"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xledger_spend::event::Refresh;
use xledger_spend::run::Run;
use xledger_spend::settings::{Caller, Settings};
use xledger_spend::value;

const SEED: u64 = 20_261_121;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match words.as_slice() {
        ["simulate", lines, delay_ms] => {
            runtime().block_on(simulate(lines.parse().unwrap(), delay_ms.parse().unwrap()))
        }
        ["refresh", endpoint, token] => println!("{}", runtime().block_on(refresh(endpoint, token))),
        [lines] => compare(lines.parse().unwrap()),
        _ => compare(1_000_000),
    }
}

/// Serves a company until standard input closes.
async fn simulate(lines: u64, delay_ms: u64) {
    let options =
        xledger_sim::Options { lines, seed: SEED, delay: Duration::from_millis(delay_ms), ..Default::default() };
    let running = xledger_sim::start(options).await.unwrap();
    println!("{} {}", running.endpoint(), running.token());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    running.stop().await;
}

/// Refreshes into a new directory, and says what it cost.
async fn refresh(endpoint: &str, token: &str) -> Value {
    let directory = tempfile::TempDir::new().unwrap();
    let lake = directory.path().join("lake").display().to_string();
    let settings = Settings::read(Caller::CommandLine, |name| match name {
        "XLEDGER_ENDPOINT" => Some(endpoint.to_owned()),
        "XLEDGER_TOKEN" => Some(token.to_owned()),
        "LAKE_URL" => Some(lake.clone()),
        _ => None,
    });
    let run = Run {
        id: "bench".to_owned(),
        started_at: value::Instant(0),
        deadline: tokio::time::Instant::now() + Duration::from_secs(3_600),
        clock: || value::Instant(0),
        progress: Default::default(),
        meter: Default::default(),
    };
    let aws = aws_config::SdkConfig::builder().build();
    let begun = Instant::now();
    let report = run.refresh(Refresh::default(), &settings.unwrap(), &aws).await;
    json!({
        "report": report,
        "wall_s": begun.elapsed().as_secs_f64(),
        "cpu_s": cpu_seconds(),
        "peak_bytes": peak_bytes(),
    })
}

/// CPU time of this process, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks: Vec<f64> = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse().unwrap()).collect();
    // A tick is 10 ms on every Linux that is built in the usual way.
    (ticks[0] + ticks[1]) / 100.0
}

/// The most memory that this process had resident.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

/// One refresh of a company, each side a process.
fn measure(lines: u64, delay_ms: u64) -> Value {
    let me = std::env::current_exe().unwrap();
    let mut simulator = Command::new(&me)
        .args(["simulate", &lines.to_string(), &delay_ms.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(simulator.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let (endpoint, token) = address.trim().split_once(' ').unwrap();
    let output = Command::new(&me).args(["refresh", endpoint, token]).stderr(Stdio::inherit()).output().unwrap();
    drop(simulator.stdin.take());
    simulator.wait().unwrap();
    let measured: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(measured["report"]["status"], "succeeded", "{}", measured["report"]["error"]);
    measured
}

fn compare(lines: u64) {
    let tenth = measure(lines / 10, 0);
    let whole = measure(lines, 0);
    let slow = measure(lines, 300);
    let number = |measured: &Value, path: &str| measured.pointer(path).and_then(Value::as_f64).unwrap();

    let kept = number(&whole, "/report/lines/kept");
    let requests = number(&whole, "/report/api/requests");
    let listed = number(&whole, "/report/lines/listed");
    println!(
        "a full refresh of {listed} ledger lines, {kept} kept, {} AP lines listed",
        number(&whole, "/report/payables/listed")
    );
    println!("{:<48} {:>12} {:>12} {:>7}", "", "measured", "at most", "ratio");
    let row = |what: &str, measured: f64, most: f64| {
        println!("{what:<48} {measured:>12.2} {most:>12.2} {:>7.2}", measured / most)
    };
    let scale = listed / 1_000_000.0;
    row("client CPU, s", number(&whole, "/cpu_s"), 8.0 * scale);
    row("peak resident memory, MiB", number(&whole, "/peak_bytes") / 1_048_576.0, 400.0);
    let further = (number(&whole, "/peak_bytes") - number(&tenth, "/peak_bytes"))
        / (listed - number(&tenth, "/report/lines/listed"));
    row("memory per further listed line, kept ones too, bytes", further, 100.0);
    row("requests", requests, listed / 8_000.0 + kept / 4_000.0 + 40.0);
    row(
        "bytes on the wire per listed line",
        (number(&whole, "/report/api/bytes_down") + number(&whole, "/report/api/bytes_up")) / listed,
        100.0,
    );
    // The burst limit: 20 requests in 5 s.
    row(
        "wall time with 300 ms per request, s",
        number(&slow, "/wall_s"),
        1.3 * number(&slow, "/report/api/requests") / 4.0,
    );
    println!("without delay: {:.1} s; the pacing limit alone: {:.1} s", number(&whole, "/wall_s"), requests / 4.0);
}
