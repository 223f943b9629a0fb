//! The log: warnings, and on request what is done. What a run says of its stages becomes lines for a person.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use xledger_spend::model::value::Instant;
use xledger_spend::xledger::REQUESTS;

use crate::lines::sanitize;
use crate::output_file::OutputFile;
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
    let to = terminal.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || Lines(to.clone()))
        .with_ansi(false)
        .with_target(false)
        .with_filter(filter_fn(move |event| is_logged(event, verbose)));
    let stage_lines = StageLines { terminal: terminal.clone(), watched, clock };
    let stage_lines = (!verbose).then(|| stage_lines.with_filter(filter_fn(is_shown_as_stage)));
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

/// Saves every question that is sent to Xledger, a line of JSON each. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Requests(Arc<Mutex<OutputFile>>);

impl Requests {
    /// Opens the file.
    ///
    /// # Errors
    /// What is in the way, in words.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let file = OutputFile::open(path).map_err(|what| format!("--request-log: {what}"))?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// A run begins: what an earlier one asked goes.
    pub(crate) fn begin(&self) {
        // A failed write only leaves the file as it is or cuts it short; the run itself goes on.
        _ = self.file().empty();
    }

    fn file(&self) -> MutexGuard<'_, OutputFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Requests {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = format!("{}\n", Value::Object(Fields::of(event).0));
        _ = self.file().write(&line);
    }
}

/// The fields of an event as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }
}

impl Visit for Fields {
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
    clock: fn() -> Instant,
}

impl<S: Subscriber> Layer<S> for StageLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let fields = Fields::of(event);
        if let Some(stage) = fields.text("stage") {
            let (rows, duration_ms) = (fields.number("rows"), fields.number("duration_ms"));
            let line = stages::done(self.watched, stage, rows.unwrap_or_default(), duration_ms.unwrap_or_default());
            self.terminal.line(&line);
        } else if let (Some(wait_ms), Some(reason)) = (fields.number("wait_ms"), fields.text("reason"))
            // On a terminal the line that changes shows it.
            && !self.terminal.is_terminal()
        {
            self.terminal.line(&stages::waits(Duration::from_millis(wait_ms), reason, (self.clock)()));
        }
    }
}

/// Writes the log's lines to the terminal.
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
