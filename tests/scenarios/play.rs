//! One scenario: the simulator in its weather, a client against it, and what a calm run over the same books gives.

use crate::client::{Done, Order};
use crate::judge;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};
use xledger_sim::{Company, Fault, FaultKind, Options, Running, Scenario, Totals};

/// What became of a scenario.
pub(crate) struct Played {
    pub(crate) name: String,
    /// The file that it comes from.
    pub(crate) file: String,
    /// The kind of the failure, if the run failed.
    pub(crate) kind: Option<String>,
    pub(crate) requests: u64,
    pub(crate) calm_requests: u64,
    waited_ms: u64,
    pub(crate) peak_mib: u64,
    took: Duration,
    /// What is not as the scenario expects it.
    pub(crate) wrong: Vec<String>,
}

impl Played {
    pub(crate) const HEAD: &str = "scenario                                     outcome                  requests   calm  waited s  peak MiB  took s";

    pub(crate) fn row(&self) -> String {
        let outcome = self.kind.as_deref().unwrap_or("survived");
        let (waited, took) = (self.waited_ms as f64 / 1_000.0, self.took.as_secs_f64());
        format!(
            "{:<44} {outcome:<24} {:>8} {:>6} {waited:>9.1} {:>9} {took:>7.1}",
            self.name, self.requests, self.calm_requests, self.peak_mib
        )
    }
}

/// A lake with what a client left in it, and what the client said.
pub(crate) struct Left {
    lake: TempDir,
    pub(crate) report: Value,
    pub(crate) log: String,
    pub(crate) peak_bytes: u64,
}

impl Left {
    pub(crate) fn lake(&self) -> PathBuf {
        self.lake.path().join("lake")
    }

    pub(crate) fn requests(&self) -> u64 {
        self.report["api"]["requests"].as_u64().unwrap()
    }
}

/// Calm runs, each made once: many scenarios are about the same books.
#[derive(Default)]
pub(crate) struct Calm(Mutex<BTreeMap<String, Arc<OnceCell<Arc<Left>>>>>);

impl Calm {
    async fn of(&self, scenario: &Scenario) -> Arc<Left> {
        let calm = scenario.calm();
        let key = format!("{} {} {:?} {:?}", calm.lines, calm.seed, scenario.shape, scenario.settings);
        let cell = self.0.lock().await.entry(key).or_default().clone();
        cell.get_or_init(async || Arc::new(calm_run(scenario, Arc::new(company(scenario).await)).await)).await.clone()
    }
}

async fn company(scenario: &Scenario) -> Company {
    let scenario = scenario.clone();
    tokio::task::spawn_blocking(move || scenario.company()).await.unwrap()
}

/// How many times faster than in life a client of a server without limits runs: the pace alone would take seconds.
const CALM_TEMPO: f64 = 20.0;

async fn calm_run(scenario: &Scenario, books: Arc<Company>) -> Left {
    let sim = xledger_sim::start_with(scenario.calm(), books).await.unwrap();
    let left = refresh(scenario, &sim, CALM_TEMPO, scenario.deadline).await;
    assert_eq!(
        left.report["status"], "succeeded",
        "{}: the calm run: {} {}",
        scenario.name, left.report["error"], left.log
    );
    left
}

/// Runs a client so many times faster than in life.
async fn refresh(scenario: &Scenario, sim: &Running, tempo: f64, deadline: Duration) -> Left {
    let lake = TempDir::new().unwrap();
    let mut settings = BTreeMap::from([
        ("XLEDGER_ENDPOINT".to_owned(), sim.endpoint()),
        ("XLEDGER_TOKEN".to_owned(), sim.token().to_owned()),
        ("LAKE_URL".to_owned(), lake.path().join("lake").display().to_string()),
    ]);
    settings.extend(scenario.settings.clone());
    let order = Order { settings, tempo, deadline_ms: deadline.as_millis() as u64 };
    let (said, log) = (lake.path().join("said"), lake.path().join("log"));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["client", &serde_json::to_string(&order).unwrap()])
        .stdin(Stdio::null())
        .stdout(File::create(&said).unwrap())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let patience = Instant::now() + deadline + Duration::from_secs(120);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > patience {
            child.kill().unwrap();
            panic!("{}: the client does not end: {}", scenario.name, std::fs::read_to_string(&log).unwrap());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
    let done: Result<Done, _> = serde_json::from_slice(&std::fs::read(&said).unwrap());
    let done = done.unwrap_or_else(|error| panic!("{}: the client said no report ({error}): {log}", scenario.name));
    Left { lake, report: done.report, log, peak_bytes: done.peak_bytes }
}

/// Plays a scenario.
pub(crate) async fn play(scenario: Scenario, calm: Arc<Calm>) -> Played {
    let scenario = &scenario;
    let of_calm_books = calm.of(scenario).await;
    let begun = Instant::now();
    let options: Options = scenario.options(scenario.speed);
    // An answer that comes later is counted as none.
    let is_counted = |fault: &&Fault| !matches!(fault.kind, FaultKind::Late(_));
    let (faults, changes) = (options.faults.iter().filter(is_counted).count(), options.changes.len() as u64);
    let sim = xledger_sim::start_with(options, Arc::new(company(scenario).await)).await.unwrap();
    let deadline = scenario.deadline.div_f64(scenario.speed);
    let left = refresh(scenario, &sim, scenario.speed, deadline).await;
    let took = begun.elapsed();
    let violations = sim.journal().payroll_violations();
    let totals: Totals = sim.journal().totals();
    let final_books = sim.company();
    sim.stop().await;

    let expected = match scenario.expect.tables {
        xledger_sim::Tables::Calm => of_calm_books.clone(),
        xledger_sim::Tables::CalmOfFinalBooks => Arc::new(calm_run(scenario, final_books).await),
    };
    let mut wrong = judge::wrong(scenario, &left, &expected, of_calm_books.requests());
    // Weather that did not come proves nothing.
    if left.report["status"] == "succeeded"
        && (totals.changes < changes || faults > 0 && totals.faulted == 0 || totals.strayed > 0)
    {
        wrong.push(format!("of {faults} faults and {changes} changes not all came, or a request went astray"));
    }
    if !violations.is_empty() {
        wrong.push(format!("payroll was asked for: {violations:?}"));
    }
    if !wrong.is_empty() {
        wrong.push(format!("error: {}\ncounted there: {totals:?}\n{}", left.report["error"], left.log));
    }
    Played {
        name: scenario.name.clone(),
        file: scenario.file.clone(),
        kind: left.report["error"]["kind"].as_str().map(str::to_owned),
        requests: left.requests(),
        calm_requests: of_calm_books.requests(),
        waited_ms: left.report["api"]["waited_ms"].as_u64().unwrap(),
        peak_mib: left.peak_bytes >> 20,
        took,
        wrong,
    }
}
