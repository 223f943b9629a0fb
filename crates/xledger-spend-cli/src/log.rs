//! The log: warnings, and on request what is done. What a run says of its stages becomes lines for a person.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use xledger_spend::model::value::Instant;
use xledger_spend::xledger::REQUESTS;

use crate::lines::sanitize;
use crate::stages::{self, Watched};
use crate::terminal::Terminal;

/// Begins to log on standard error.
pub(crate) fn start(
    terminal: &Terminal,
    verbose: bool,
    check: bool,
    requests: Option<Requests>,
    clock: fn() -> Instant,
) -> Watched {
    let watched = Watched::new(check);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Lines(terminal.clone()))
        .with_ansi(false)
        .with_target(false)
        .with_filter(filter_fn(move |event| is_logged(event, verbose)));
    let stage_lines = StageLines { terminal: terminal.clone(), watched, verbose, clock };
    let stage_lines = stage_lines.with_filter(filter_fn(is_shown_as_stage));
    let requests = requests.map(|requests| requests.with_filter(filter_fn(|event| event.target() == REQUESTS)));
    // It fails only where there is a subscriber already.
    drop(tracing_subscriber::registry().with(lines).with(stage_lines).with(requests).try_init());
    watched
}

/// What a run tells about where it stands.
fn is_shown_as_stage(event: &Metadata<'_>) -> bool {
    matches!(event.target(), "xledger_spend::report::progress" | "xledger_spend::xledger::client")
}

fn is_logged(event: &Metadata<'_>, verbose: bool) -> bool {
    let level = *event.level();
    if event.target().starts_with("xledger_spend") {
        // What ends a run is told at its end, once; waits are told by `StageLines`.
        level != Level::ERROR
            && if verbose { level <= Level::INFO } else { level <= Level::WARN && !is_shown_as_stage(event) }
    } else {
        // What a library warns of, such as a place without credentials that it looked at, is in the error if it ends the run.
        verbose && level <= Level::WARN
    }
}

/// Saves every question that is sent to Xledger, a line of JSON each.
pub(crate) struct Requests(Mutex<File>);

impl Requests {
    /// Makes the file anew.
    ///
    /// # Errors
    /// What is in the way, in words.
    pub(crate) fn create(path: &PathBuf) -> Result<Self, String> {
        let file = File::create(path)
            .map_err(|error| format!("--request-log: {} cannot be written: {error}", path.display()))?;
        Ok(Self(Mutex::new(file)))
    }
}

impl<S: Subscriber> Layer<S> for Requests {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Json::default();
        event.record(&mut fields);
        let line = format!("{}\n", serde_json::Value::Object(fields.0));
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed write only cuts the file short; the run itself goes on.
        _ = io::Write::write_all(&mut *file, line.as_bytes());
    }
}

/// The fields of an event as JSON.
#[derive(Default)]
struct Json(serde_json::Map<String, serde_json::Value>);

impl Visit for Json {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

/// Makes lines for a person of what a run says.
struct StageLines {
    terminal: Terminal,
    watched: Watched,
    verbose: bool,
    clock: fn() -> Instant,
}

impl<S: Subscriber> Layer<S> for StageLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(stage) = &fields.stage {
            if !self.verbose {
                self.terminal.line(&stages::done(self.watched, stage, fields.rows, fields.duration_ms));
            }
        } else if let (Some(wait_ms), Some(reason)) = (fields.wait_ms, &fields.reason)
            // On a terminal the line that changes shows it.
            && !self.verbose
            && !self.terminal.is_terminal()
        {
            self.terminal.line(&stages::waits(Duration::from_millis(wait_ms), reason, (self.clock)()));
        }
    }
}

#[derive(Default)]
struct Fields {
    stage: Option<String>,
    rows: u64,
    duration_ms: u64,
    wait_ms: Option<u64>,
    reason: Option<String>,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows" => self.rows = value,
            "duration_ms" => self.duration_ms = value,
            "wait_ms" => self.wait_ms = Some(value),
            _ => (),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "stage" {
            self.stage = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "reason" {
            self.reason = Some(format!("{value:?}"));
        }
    }
}

/// Writes the log's lines to the terminal.
#[derive(Clone)]
struct Lines(Terminal);

impl io::Write for Lines {
    /// Is given a line whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.line(&sanitize(String::from_utf8_lossy(line).trim_end_matches('\n')));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
