//! The network is against the client: whatever answers, a refresh ends in bounded time and memory with an error of the right kind, the
//! lake stays as it was, and neither the token nor what a terminal would obey is in anything that is said.
//!
//! Each refresh runs in a process of its own, which is this test binary once more, so that its memory can be measured.

mod bombs;
mod busy;
mod bytes_of_text;
mod sizes;
mod strangers;
mod words;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xledger_sim::Options;
use xledger_spend::display::lines::is_control_char;
use xledger_spend::event::Refresh;
use xledger_spend::table::runs::Status;

use crate::desk::Desk;
use crate::log;
use crate::servers::hostile::{Hostile, Reply, SeenRequest, json};

/// The token of these runs, looked for in everything that they say.
const TOKEN: &str = "canary-token-4711";
/// Where the process of its own is told what to do, and where to say what came of it.
const ORDERS: &str = "XLEDGER_HOSTILE_ORDERS";
/// No refresh takes longer, whatever answers; its own deadline comes first.
const LONGEST: Duration = Duration::from_secs(90);
/// No refresh takes more memory for what a server sends it.
const MAX_MEMORY_MIB: u64 = 250;

/// A lake with a snapshot, and what is asked of a server that is no Xledger.
struct Stage {
    desk: Desk,
    before: Vec<(String, Vec<u8>)>,
    seconds: u64,
    refreshes: std::cell::Cell<i64>,
}

/// What came of a refresh.
#[derive(Debug)]
struct Met {
    kind: String,
    message: String,
    report: Value,
    log: String,
}

impl Stage {
    async fn new() -> Self {
        let desk = Desk::new(Options::fast(300, 9)).await;
        assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
        let before = published(&desk);
        Self { desk, before, seconds: 14, refreshes: Default::default() }
    }

    /// A refresh has this long, and asks only in the first seven tenths of it. By default the waits of 1, 2 and 4 s, each up to a quarter
    /// longer, fit in there and the next one does not, so that the refresh ends with the server's answer.
    fn within(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// A refresh from a server that meets every question for rows so. Introspection it refuses, and whose token it is it does not say.
    async fn meets(&self, reply: impl Fn(&SeenRequest) -> Reply + Send + Sync + 'static) -> Met {
        let server = Hostile::start(move |asked| match asked.operation.as_str() {
            "Dialect" => closed(),
            "Viewer" => json(r#"{"data":{"viewer":null}}"#),
            _ => reply(asked),
        });
        self.refresh(&server.await).await
    }

    /// A refresh from this server.
    async fn refresh(&self, server: &Hostile) -> Met {
        let told = tempfile::tempdir().unwrap();
        let told_in = told.path().join("told.json");
        self.refreshes.set(self.refreshes.get() + 1);
        let orders = json!({
            "endpoint": server.endpoint(), "lake": self.desk.lake(), "seconds": self.seconds,
            "number": self.refreshes.get(), "told_in": told_in,
        });
        let begun = Instant::now();
        let child = tokio::task::spawn_blocking(move || {
            let test = ["--exact", "hostile::in_a_process_of_its_own", "--ignored", "--nocapture"];
            // Were there no limit in the client, the machine would still have one.
            let limited = ["-c", "ulimit -v 4000000; exec \"$0\" \"$@\""];
            let mut child = Command::new("sh");
            child.args(limited).arg(std::env::current_exe().unwrap()).args(test).env(ORDERS, orders.to_string());
            child.output().unwrap()
        });
        let output = child.await.unwrap();
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        assert!(told_in.exists(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&std::fs::read(told_in).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let error = &told["report"]["error"];
        let met = Met {
            kind: text(&error["kind"]),
            message: text(&error["message"]),
            report: told["report"].clone(),
            log: text(&told["log"]),
        };
        let peak_mib = told["peak_kib"].as_u64().unwrap() >> 10;
        eprintln!("{peak_mib:4} MiB {:6} ms  {}: {}", begun.elapsed().as_millis(), met.kind, met.message);
        assert!(peak_mib < MAX_MEMORY_MIB, "{peak_mib} MiB: {}", met.message);
        self.nothing_is_told(&met);
        met
    }

    /// What holds whatever a server sends.
    fn nothing_is_told(&self, met: &Met) {
        assert!(self.before == published(&self.desk) || met.kind.is_empty(), "the lake was changed: {met:?}");
        let runs = self.desk.all_files().into_iter().filter(|(name, _)| name.starts_with("runs/"));
        let runs: String = runs.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
        for said in [&met.report.to_string(), &met.log, &runs] {
            assert!(!said.to_lowercase().contains(TOKEN), "{said}");
        }
        assert!(met.message.chars().count() < 1_000, "{} characters", met.message.chars().count());
        assert!(!met.message.chars().any(is_control_char), "{:?}", met.message);
        let raw = |c: char| c != '\n' && is_control_char(c);
        assert!(!met.log.chars().any(raw) && !runs.chars().any(raw), "{:?}", met.log);
        for line in met.log.lines() {
            assert!(line.len() < 4_000 && serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }
}

impl Met {
    /// Failed so, with these words.
    fn failed(&self, kinds: &[&str], words: &[&str]) {
        assert!(kinds.contains(&self.kind.as_str()), "{kinds:?}: {self:?}");
        for word in words {
            assert!(self.message.contains(word), "{word}: {}", self.message);
        }
        assert_eq!(self.report["status"], "failed", "{self:?}");
    }
}

/// Everything in the lake that a reader sees.
fn published(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let mut files = desk.all_files();
    files.retain(|(name, _)| !name.starts_with("runs/") && !name.starts_with("state/"));
    files.sort();
    files
}

/// Introspection is refused: the client goes by what is known of Xledger.
fn closed() -> Reply {
    json(r#"{"errors":[{"message":"No introspection","extensions":{"code":"FIELDS_ON_CORRECT_TYPE"}}]}"#)
}

/// Not a test by itself: what [`Stage::refresh`] runs.
#[tokio::test]
#[ignore = "a part of the others"]
#[expect(clippy::disallowed_methods, reason = "its settings come from the test that calls it")]
async fn in_a_process_of_its_own() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    // Ends the process if a loop never awaits, which no timeout would notice.
    std::thread::spawn(|| {
        std::thread::sleep(LONGEST);
        std::process::exit(7);
    });
    let orders: Value = serde_json::from_str(&orders).unwrap();
    let text = |name: &str| orders[name].as_str().unwrap();
    let desk = Desk::new(Options::fast(2, 1)).await;
    let settings =
        desk.settings(&[("XLEDGER_ENDPOINT", text("endpoint")), ("XLEDGER_TOKEN", TOKEN), ("LAKE_URL", text("lake"))]);
    let log = log::capture();
    let number = orders["number"].as_i64().unwrap();
    let mut run = desk.run(Duration::from_secs(orders["seconds"].as_u64().unwrap()));
    run.id = format!("hostile-{number:04}");
    run.started_at.0 += number * 60_000;
    let report = run.refresh(Refresh::default(), &settings, &aws_config::SdkConfig::builder().build()).await;
    let told = json!({ "report": report, "log": log.text(), "peak_kib": peak_kib() });
    std::fs::write(Path::new(text("told_in")), told.to_string()).unwrap();
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
