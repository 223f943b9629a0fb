//! What a refresh costs: the client's own CPU time and memory, requests and bytes, and wall time against what Xledger's burst limit
//! allows; and what a refresh costs that builds on it, after half a percent of the lines were changed. `cargo bench --bench refresh` prints
//! each figure beside what it is meant to stay below, and their ratio. `-- full`, `-- again` and `-- runs` print a part, a number the size.
//!
//! The simulator and the client are processes of their own, made of this same program, so that neither's cost is counted for the other.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark prints, and may fail loudly"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use xledger_sim::{Change, ChangeKind};
use xledger_spend::event::Refresh;
use xledger_spend::model::value;
use xledger_spend::run::Run;
use xledger_spend::settings::{Caller, Settings};

const SEED: u64 = 20_261_121;
/// Before and after the books are changed, in milliseconds since 1970: what is changed says 2026-10-31, in the evening.
const BEFORE: i64 = 1_793_448_000_000;
const AFTER: i64 = BEFORE + 3 * 24 * 3_600_000;
/// One voucher in so many lines is changed, and one in so many is new: half a percent of the lines.
const CHANGED: u64 = 800;
const POSTED: u64 = 2_500;

/// Xledger takes 20 requests within so long, and a little more.
const BURST_WINDOW: Duration = Duration::from_secs(6);

/// The time that a refresh goes by.
static NOW: AtomicI64 = AtomicI64::new(BEFORE);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match words.as_slice() {
        ["simulate", lines, delay_ms] => {
            runtime().block_on(simulate(lines.parse().unwrap(), delay_ms.parse().unwrap()))
        }
        ["refresh", endpoint, token, lake, at, seconds] => {
            NOW.store(at.parse().unwrap(), Relaxed);
            let seconds = Duration::from_secs(seconds.parse().unwrap());
            println!("{}", runtime().block_on(refresh(endpoint, token, lake, seconds)));
        }
        ["full", rest @ ..] => full(size(rest)),
        ["again", rest @ ..] => again(size(rest)),
        ["runs", rest @ ..] => runs(size(rest)),
        rest => {
            full(size(rest));
            again(size(rest));
        }
    }
}

fn size(words: &[&str]) -> u64 {
    words.first().map_or(1_000_000, |lines| lines.parse().unwrap())
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
            let change = Change { kind, vouchers, before_request: 1, operation: None, after: None };
            running.replace(change.post(&running.company()));
        }
        println!("changed");
    }
    running.stop().await;
}

/// Refreshes a lake, and says what it cost.
async fn refresh(endpoint: &str, token: &str, lake: &str, seconds: Duration) -> Value {
    let settings = Settings::read(Caller::CommandLine, |name| match name {
        "XLEDGER_ENDPOINT" => Some(endpoint.to_owned()),
        "XLEDGER_TOKEN" => Some(token.to_owned()),
        "LAKE_URL" => Some(lake.to_owned()),
        _ => None,
    });
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

/// A simulator in a process of its own.
struct Simulator {
    process: Child,
    output: BufReader<ChildStdout>,
    endpoint: String,
    token: String,
}

impl Simulator {
    fn start(lines: u64, delay_ms: u64) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["simulate", &lines.to_string(), &delay_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        let (endpoint, token) = address.trim().split_once(' ').unwrap();
        Self { endpoint: endpoint.to_owned(), token: token.to_owned(), process, output }
    }

    fn change(&mut self) {
        writeln!(self.process.stdin.as_mut().unwrap()).unwrap();
        self.output.read_line(&mut String::new()).unwrap();
    }

    /// One run, in a process of its own.
    fn run(&self, lake: &Path, at: i64, seconds: u64) -> Value {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["refresh", &self.endpoint, &self.token, lake.to_str().unwrap()])
            .args([&at.to_string(), &seconds.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let measured: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(measured["report"]["error"], Value::Null);
        measured
    }

    fn refresh(&self, lake: &Path, at: i64) -> Value {
        // Refreshes are days apart: what an earlier one asked for does not count against the burst limit of this one.
        std::thread::sleep(BURST_WINDOW);
        let measured = self.run(lake, at, 3_600);
        assert_eq!(measured["report"]["status"], "succeeded");
        measured
    }

    fn stop(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// One refresh of a company into an empty lake.
fn measure(lines: u64, delay_ms: u64) -> Value {
    let (simulator, directory) = (Simulator::start(lines, delay_ms), TempDir::new().unwrap());
    let measured = simulator.refresh(&directory.path().join("lake"), BEFORE);
    simulator.stop();
    measured
}

fn number(measured: &Value, path: &str) -> f64 {
    measured.pointer(path).and_then(Value::as_f64).unwrap()
}

fn bytes(measured: &Value) -> f64 {
    number(measured, "/report/api/bytes_down") + number(measured, "/report/api/bytes_up")
}

fn head(what: &str) {
    println!("{what}");
    println!("{:<52} {:>12} {:>12} {:>7}", "", "measured", "at most", "ratio");
}

fn row(what: &str, measured: f64, most: f64) {
    println!("{what:<52} {measured:>12.2} {most:>12.2} {:>7.2}", measured / most);
}

fn full(lines: u64) {
    let tenth = measure(lines / 10, 0);
    let whole = measure(lines, 0);
    let slow = measure(lines, 1_000);
    let kept = number(&whole, "/report/lines/kept");
    let requests = number(&whole, "/report/api/requests");
    let listed = number(&whole, "/report/lines/listed");
    head(&format!(
        "a full refresh of {listed} ledger lines, {kept} kept, {} AP lines listed",
        number(&whole, "/report/payables/listed")
    ));
    let scale = listed / 1_000_000.0;
    row("client CPU, s", number(&whole, "/cpu_s"), 8.0 * scale);
    row("peak resident memory, MiB", number(&whole, "/peak_bytes") / 1_048_576.0, 400.0);
    let further = (number(&whole, "/peak_bytes") - number(&tenth, "/peak_bytes"))
        / (listed - number(&tenth, "/report/lines/listed"));
    row("memory per further listed line, kept ones too, bytes", further, 150.0);
    row("requests", requests, listed / 8_000.0 + kept / 4_000.0 + 40.0);
    row("bytes on the wire per listed line", bytes(&whole) / listed, 100.0);
    // The burst limit: 20 requests in 5 s.
    row(
        "wall time with 1 s per request, s",
        number(&slow, "/wall_s"),
        1.3 * number(&slow, "/report/api/requests") / 4.0,
    );
    println!("without delay: {:.1} s; the pacing limit alone: {:.1} s\n", number(&whole, "/wall_s"), requests / 4.0);
}

/// An incremental refresh after half a percent of the lines were changed, beside a full one of an empty lake.
fn again(lines: u64) {
    let (mut simulator, directory) = (Simulator::start(lines, 0), TempDir::new().unwrap());
    let lake = |name: &str| directory.path().join(name);
    simulator.refresh(&lake("kept"), BEFORE);
    simulator.change();
    let full = simulator.refresh(&lake("full"), AFTER);
    let incremental = simulator.refresh(&lake("kept"), AFTER);
    simulator.stop();
    assert_eq!(incremental["report"]["mode"], "incremental", "{}", incremental["report"]["mode_reason"]);
    let of = |path: &str| -> f64 {
        let periods = incremental["report"]["periods"].as_array().unwrap();
        periods.iter().map(|period| period[path].as_f64().unwrap()).sum()
    };
    head(&format!(
        "after {} kept lines changed and {} came, of {} listed and {} kept",
        of("changed"),
        of("added"),
        number(&full, "/report/lines/listed"),
        number(&full, "/report/lines/kept")
    ));
    let requests = |measured: &Value| number(measured, "/report/api/requests");
    row("requests, of a full refresh", requests(&incremental), requests(&full) * 0.6);
    row("bytes on the wire, of a full refresh, MB", bytes(&incremental) / 1e6, bytes(&full) / 1e6 * 0.4);
    row("client CPU, of a full refresh, s", number(&incremental, "/cpu_s"), number(&full, "/cpu_s") * 0.45);
    row("peak resident memory, MiB", number(&incremental, "/peak_bytes") / 1_048_576.0, 400.0);
    println!();
}

/// A full refresh in runs of four minutes each, as many as it takes.
fn runs(lines: u64) {
    let (simulator, directory) = (Simulator::start(lines, 0), TempDir::new().unwrap());
    let lake = directory.path().join("lake");
    let (mut count, mut peak, mut requests) = (0, 0.0_f64, 0.0);
    loop {
        let measured = simulator.run(&lake, BEFORE, 240);
        count += 1;
        requests += number(&measured, "/report/api/requests");
        peak = peak.max(number(&measured, "/peak_bytes"));
        let (status, cpu_s) = (&measured["report"]["status"], number(&measured, "/cpu_s"));
        println!("run {count}: {status}, {cpu_s:.1} s of CPU, {:.0} MiB at most", peak / 1_048_576.0);
        if status == "succeeded" {
            let (listed, kept) = (number(&measured, "/report/lines/listed"), number(&measured, "/report/lines/kept"));
            head(&format!("{listed} lines listed, {kept} kept, in {count} runs of 4 minutes at most"));
            row("peak resident memory of any run, MiB", peak / 1_048_576.0, 1_536.0);
            row("requests of all runs", requests, listed / 8_000.0 + kept / 4_000.0 + 40.0 + 10.0 * f64::from(count));
            break;
        }
    }
    simulator.stop();
}
