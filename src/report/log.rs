//! The function's log: one JSON object a line. `timestamp`, `level` and `message` stand first, then what the line itself says, then the
//! ids of the invocation: the fields of the spans that it was written in, as keys of the line itself, so that one filter finds a run.

use std::fmt;

use serde::Serializer;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::display;
use crate::model::value::Instant;

/// Writes each event as a line of JSON.
pub struct JsonLines<W> {
    clock: fn() -> Instant,
    write: W,
}

impl<W: Fn(&str)> JsonLines<W> {
    /// Lines with this clock's time. `write` is given each whole, its line break included.
    pub fn new(clock: fn() -> Instant, write: W) -> Self {
        Self { clock, write }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        let now = jiff::Timestamp::from_millisecond((self.clock)().0).unwrap_or_default();
        line.put("timestamp", format!("{now:.3}"));
        line.put("level", event.metadata().level().as_str());
        event.record(&mut line);
        for span in context.event_scope(event).into_iter().flatten() {
            for (name, value) in span.extensions().get::<Fields>().iter().flat_map(|fields| &fields.0) {
                line.put(name, value.clone());
            }
        }
        (self.write)(&line.to_json());
    }
}

/// Fields of a line or a span, in order; each name once, the first that came.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, name: &'static str, value: impl Into<Value>) {
        if !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name, value.into()));
        }
    }

    fn to_json(&self) -> String {
        let mut bytes = Vec::new();
        let fields = self.0.iter().map(|(name, value)| (name, value));
        // Texts and numbers have a form in JSON.
        drop(serde_json::Serializer::new(&mut bytes).collect_map(fields));
        display::sanitize_json(&String::from_utf8_lossy(&bytes)) + "\n"
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing::{info, info_span, warn};
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn a_line_has_its_own_fields_and_those_of_its_spans() {
        let written = Arc::new(Mutex::new(String::new()));
        let to = Arc::clone(&written);
        let lines = JsonLines::new(|| Instant(1_795_224_600_120), move |line| to.lock().unwrap().push_str(line));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            info!(rows = 3_u64, left = -1_i64, dry_run = false, "outside");
            let trace_id: Option<&str> = None;
            info_span!("invocation", run_id = "run-1", request_id = %"r-2", trace_id).in_scope(|| {
                info_span!("inner", run_id = "another", stage = 7).in_scope(|| {
                    warn!(stage = "index", words = "a\u{1b}[2J\u{9b}\n\"b\"", "inside {}", 4);
                });
            });
        });
        let expected = r#"{"timestamp":"2026-11-21T01:30:00.120Z","level":"INFO","message":"outside","rows":3,"left":-1,"dry_run":false}
{"timestamp":"2026-11-21T01:30:00.120Z","level":"WARN","message":"inside 4","stage":"index","words":"a\u001b[2J\u009b\n\"b\"","run_id":"another","request_id":"r-2"}
"#;
        assert_eq!(*written.lock().unwrap(), expected);
    }
}
