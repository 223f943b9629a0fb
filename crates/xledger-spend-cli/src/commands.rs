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

use xledger_spend::event::Event;
use xledger_spend::lake::{Access, LakeUrl, SnapshotName};
use xledger_spend::model::failure::Failure;
use xledger_spend::report::Report;
use xledger_spend::run::{self, Answer, Run};
use xledger_spend::table::runs::Status;

pub(crate) use invoke::read_event;

use crate::args::{Command, Publishes};
use crate::lines::sanitize;
use crate::outcome::{self, Exit, Outcome};
use crate::snapshot::Snapshot;
use crate::sources::{self, Sources};
use crate::stages::Watched;
use crate::summary;
use crate::terminal::Terminal;

/// The context of a command.
pub(crate) struct Context {
    pub(crate) sources: Sources,
    pub(crate) run: Run,
    pub(crate) terminal: Terminal,
    pub(crate) watched: Watched,
    pub(crate) json: bool,
    /// How this program was called, as a shell's word.
    pub(crate) program: String,
}

/// Does what was asked. An event was read already, if the command is about one.
pub(crate) async fn work(context: &Context, command: Command, event: Option<Event>) -> Result<Outcome, Failure> {
    match command {
        Command::Demo { lines, seed } => demo::demo(context, lines, seed).await,
        Command::Refresh(args) => refresh::refresh(context, &args).await,
        Command::Check => check::check(context).await,
        Command::Probe { save } => probe::probe(context, save.as_deref()).await,
        Command::Show => show::show(context).await,
        Command::Report { open, output } => report::report(context, open, output.as_deref()).await,
        Command::Snapshots => snapshots::snapshots(context).await,
        Command::Rollback { snapshot } => rollback::rollback(context, &snapshot).await,
        Command::Schema { ddl } => schema::schema(context, ddl).await,
        Command::Invoke { file } => invoke::invoke(context, event.map_or_else(|| read_event(&file), Ok)?).await,
        Command::Companies { action, file, template } => companies::companies(context, action, &file, &template).await,
    }
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
    Ok(Outcome::answered(&Answer::Refreshed(Box::new(report)), text))
}

async fn snapshot(lake: &LakeUrl, aws: &aws_config::SdkConfig) -> Result<Option<Snapshot>, Failure> {
    Snapshot::read(&run::open_at(lake, aws, Access::Read).await?).await
}

/// Says what was done before the program was stopped. By now each pending write has either happened or never will.
pub(crate) fn stopped(context: &Context, publishes: Publishes) -> Exit {
    let lake = match &publishes {
        Publishes::Stacks => {
            let what = "CloudFormation goes on with what it has begun; run the command again for the rest";
            return context.terminal.failed(&format!("stopped; {what}"));
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
    context.terminal.failed("stopped; nothing was published")
}

/// Whether a snapshot is current.
fn is_current(snapshot: &SnapshotName, lake: &LakeUrl) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return false };
    let current = async {
        let aws = sources::aws_of_lake(lake).await;
        run::open_at(lake, &aws, Access::Read).await.ok()?.current().await.ok()?
    };
    let current = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), current).await });
    matches!(current, Ok(Some((current, _))) if current.snapshot == *snapshot)
}
