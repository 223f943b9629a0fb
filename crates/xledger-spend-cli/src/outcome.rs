//! How a command ended: what goes to standard output, and the exit status.

use std::io::Write;
use std::process::ExitCode;

pub(crate) use xledger_spend::display::json;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::run::RunOutput;
use xledger_spend::table::runs::Status;

use crate::context::Context;
use crate::lines::sanitize;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Wrong usage or settings.
    Usage = 2,
    /// Time ran out; a next run goes on from here.
    Incomplete = 3,
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// Of a failure.
    pub(crate) fn from_kind(kind: FailureKind) -> Self {
        match kind {
            FailureKind::SettingsInvalid | FailureKind::FileInvalid | FailureKind::EventInvalid => Self::Usage,
            _ => Self::Failed,
        }
    }

    /// Of what a run gave.
    pub(crate) fn from_output(output: &RunOutput) -> Self {
        match output {
            RunOutput::Refreshed(report) => match (&report.error, report.status) {
                (Some(failure), _) => Self::from_kind(failure.kind),
                (None, Status::Succeeded | Status::DryRun) => Self::Done,
                (None, Status::Incomplete) => Self::Incomplete,
                // The command line waits for no token.
                (None, Status::Failed | Status::WaitingForToken) => Self::Failed,
            },
            RunOutput::Checked(checked) if checked.ready => Self::Done,
            RunOutput::Checked(_) => Self::Failed,
        }
    }
}

/// How a command ended.
pub(crate) struct Outcome {
    /// For standard output, each line ended.
    pub(crate) text: String,
    /// The exit status.
    pub(crate) exit: Exit,
    /// What went wrong, where that is not all there is to say.
    pub(crate) failure: Option<Failure>,
}

impl Outcome {
    /// It is done, and this is the result.
    pub(crate) fn done(text: String) -> Self {
        Self { text, exit: Exit::Done, failure: None }
    }

    /// What a run gave, told as `text`.
    pub(crate) fn of_run(output: &RunOutput, text: String) -> Self {
        let failure = match output {
            RunOutput::Refreshed(report) => report.error.clone(),
            RunOutput::Checked(_) => None,
        };
        Self { text, exit: Exit::from_output(output), failure }
    }
}

/// Prints the result on standard output, and what went wrong, once, on standard error.
pub(crate) fn show(context: &Context, outcome: Result<Outcome, Failure>) -> Exit {
    let Outcome { text, exit, failure } = outcome.unwrap_or_else(|failure| {
        let answer = serde_json::json!({ "error": failure });
        let text = if context.json { json(&answer).unwrap_or_default() } else { String::new() };
        Outcome { text, exit: Exit::from_kind(failure.kind), failure: Some(failure) }
    });
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has read enough.
        if error.kind() != std::io::ErrorKind::BrokenPipe {
            context.terminal.failed(&format!("standard output cannot be written: {error}"));
            return Exit::Failed;
        }
    }
    if let Some(Failure { kind, message, .. }) = failure {
        context.terminal.line(&format!("error: {}", sanitize(&message)));
        context.terminal.line(&format!("kind: {}", kind.as_str()));
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_user_can_correct_is_wrong_usage() {
        for kind in FailureKind::ALL {
            let usage = matches!(kind.as_str(), "settings_invalid" | "file_invalid" | "event_invalid");
            assert_eq!(Exit::from_kind(*kind), if usage { Exit::Usage } else { Exit::Failed }, "{kind:?}");
        }
    }
}
