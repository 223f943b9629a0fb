//! The commands, one a file.

mod demo;
mod refresh;
mod check;
mod probe;
mod show;
mod report;
mod snapshots;
mod rollback;
mod schema;
mod invoke;
mod companies;

use std::time::Duration;

use futures::future::LocalBoxFuture;
use xledger_spend::lake::{LakeUrl, SnapshotName};
use xledger_spend::model::failure::Failure;
use xledger_spend::report::Report;
use xledger_spend::run::{self, RunOutput};
use xledger_spend::table::runs::Status;

use crate::args::{Command, Publishes};
use crate::context::{self, Context};
use crate::lines::sanitize;
use crate::outcome::{self, Exit, Outcome};
use crate::snapshot::Snapshot;
use crate::summary;

/// What a command does.
pub(crate) type Work<'a> = LocalBoxFuture<'a, Result<Outcome, Failure>>;

/// Begins a command: says into which lake it may publish, and what is left to do. An event is read here, before anything waits for signals: a
/// terminal or a pipe can keep the program waiting, and is to be left by the usual means.
///
/// # Errors
/// [`xledger_spend::model::failure::FailureKind::EventInvalid`].
pub(crate) fn begin(context: &Context, command: Command) -> Result<(Publishes, Work<'_>), Failure> {
    let publishes = command.publishes();
    let work: Work<'_> = match command {
        Command::Demo { lines, seed } => Box::pin(demo::demo(context, lines, seed)),
        Command::Refresh(args) => Box::pin(refresh::refresh(context, args)),
        Command::Check => Box::pin(check::check(context)),
        Command::Probe { save } => Box::pin(probe::probe(context, save)),
        Command::Show => Box::pin(show::show(context)),
        Command::Report { open, output } => Box::pin(report::report(context, open, output)),
        Command::Snapshots => Box::pin(snapshots::snapshots(context)),
        Command::Rollback { snapshot } => Box::pin(rollback::rollback(context, snapshot)),
        Command::Schema { ddl } => Box::pin(schema::schema(context, ddl)),
        Command::Invoke { file } => {
            let event = invoke::read_event(&file)?;
            return Ok((Publishes::of(&event), Box::pin(invoke::invoke(context, event))));
        }
        Command::Companies { action, file, template } => {
            Box::pin(companies::companies(context, action, file, template))
        }
    };
    Ok((publishes, work))
}

/// Tells of a refresh: its report, and what is in the lake since.
async fn refreshed(
    context: &Context,
    report: Report,
    lake: &LakeUrl,
    aws: &aws_config::SdkConfig,
    demonstration: bool,
) -> Result<Outcome, Failure> {
    if report.status == Status::Incomplete {
        let at = report.continues_at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
        let from = at.map(|at| format!(", from {} UTC on", at.strftime("%Y-%m-%d %H:%M:%S"))).unwrap_or_default();
        let note = report.note.clone().unwrap_or_default();
        let command = if demonstration { "demo" } else { "refresh" };
        context.terminal.line(&format!("incomplete: {}; run {command} again{from}, and it goes on", sanitize(&note)));
    }
    let mut text = if context.json { outcome::json(&report)? } else { summary::run(&report) };
    if report.snapshot.is_some() && !context.json {
        match snapshot(lake, aws).await {
            Ok(Some(snapshot)) => text.push_str(&summary::tables(&snapshot)),
            Ok(None) => (),
            // The refresh is done all the same.
            Err(failure) => tracing::warn!(error = %failure, "the new tables cannot be read for the summary"),
        }
        text.push_str(&summary::next(lake, &context.program, demonstration));
    }
    Ok(Outcome::of_run(&RunOutput::Refreshed(Box::new(report)), text))
}

async fn snapshot(lake: &LakeUrl, aws: &aws_config::SdkConfig) -> Result<Option<Snapshot>, Failure> {
    Snapshot::read(&run::open_at(lake, aws).await?).await
}

/// Says what was done before the program was stopped. By now each pending write has either happened or never will.
pub(crate) fn stopped(context: &Context, publishes: Publishes) -> Exit {
    let lake = match &publishes {
        Publishes::Stacks => {
            let what = "CloudFormation goes on with what it has begun; run the command again for the rest";
            context.terminal.failed(&format!("stopped; {what}"));
            return Exit::Failed;
        }
        Publishes::Nowhere => None,
        Publishes::IntoTheLake | Publishes::Again(_) => context.sources.lake().ok(),
        Publishes::IntoTheDemonstrations => context.sources.demonstrations_lake().ok(),
    };
    let (snapshot, what) = match publishes {
        Publishes::Again(snapshot) => (snapshot, "the snapshot is current already"),
        _ => (SnapshotName::new(context.run.started_at, &context.run.id), "the new snapshot was published already"),
    };
    if lake.is_some_and(|lake| is_current(&snapshot, &lake)) {
        context.terminal.line(&format!("stopped, but {what}"));
        return Exit::Done;
    }
    context.terminal.failed("stopped; nothing was published");
    Exit::Failed
}

/// Whether a snapshot is current.
fn is_current(snapshot: &SnapshotName, lake: &LakeUrl) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return false };
    let current = async { context::open(lake).await.ok()?.current().await.ok()? };
    let current = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), current).await });
    matches!(current, Ok(Some((current, _))) if current.snapshot == *snapshot)
}
