//! `invoke`: answers an event as the function does, through the same code, and prints its answer.

use std::io::Read;
use std::path::Path;

use xledger_spend::event::Event;
use xledger_spend::model::failure::{Failure, FailureKind};

use crate::context::Context;
use crate::outcome::{self, Outcome};
use crate::sources::{self, NeedsLake};

/// No event is longer: it is what Lambda takes.
const LIMIT_BYTES: u64 = 6 << 20;

pub(super) async fn invoke(context: &Context, event: Event) -> Result<Outcome, Failure> {
    let settings = match &event {
        Event::Refresh(_) => context.sources.settings(NeedsLake::Yes)?,
        Event::Check => context.sources.settings(NeedsLake::No)?,
        Event::Rollback(_) => super::rollback::settings(context)?,
    };
    let aws = sources::aws(&settings).await;
    let output = context.follow(context.run.answer(event, &settings, &aws)).await?;
    Ok(Outcome::of_run(&output, outcome::json(&output)?))
}

/// Reads an event from a file, or from standard input if that is `-`.
///
/// # Errors
/// [`FailureKind::EventInvalid`].
pub(super) fn read_event(file: &Path) -> Result<Event, Failure> {
    Event::parse(&read(file)?)
}

fn read(file: &Path) -> Result<serde_json::Value, Failure> {
    let invalid = |what: String| Failure::new(FailureKind::EventInvalid, what);
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LIMIT_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(LIMIT_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| invalid(format!("the event {} cannot be read: {error}", file.display())))?;
    if text.trim().is_empty() {
        return Err(invalid(format!("the event {} is empty; write {{}} for a refresh", file.display())));
    }
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid(format!("the event {} is not JSON, at line {line} column {column}", file.display()))
    })
}
