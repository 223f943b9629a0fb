//! The commands, one a file.

mod demo;
mod refresh;
mod check;
mod probe;
mod show;
mod snapshots;
mod rollback;
mod schema;
mod invoke;

use std::time::Duration;

use xledger_spend::lake::{Access, LakeUrl, SnapshotName};
use xledger_spend::model::failure::Failure;
use xledger_spend::report::Report;
use xledger_spend::run::{self, Answer, Run};
use xledger_spend::table::runs::Status;

use crate::arguments::{Command, Publishes};
use crate::given::{self, Given};
use crate::lines::sanitize;
use crate::outcome::{self, Exit, Outcome};
use crate::screen::Screen;
use crate::snapshot::Snapshot;
use crate::stages::Watched;
use crate::summary;

/// What commands work with.
pub(crate) struct Desk {
    pub(crate) given: Given,
    pub(crate) run: Run,
    pub(crate) screen: Screen,
    pub(crate) watched: Watched,
    pub(crate) json: bool,
    /// How this program was called, as a shell's word.
    pub(crate) program: String,
}

/// Does what was asked.
pub(crate) async fn work(desk: &Desk, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Demo { lines, seed } => demo::demo(desk, lines, seed).await,
        Command::Refresh(arguments) => refresh::refresh(desk, &arguments).await,
        Command::Check => check::check(desk).await,
        Command::Probe { save } => probe::probe(desk, save.as_deref()).await,
        Command::Show => show::show(desk).await,
        Command::Snapshots => snapshots::snapshots(desk).await,
        Command::Rollback { snapshot } => rollback::rollback(desk, &snapshot).await,
        Command::Schema { ddl } => schema::schema(desk, ddl).await,
        Command::Invoke { file } => invoke::invoke(desk, &file).await,
    }
}

/// Tells of a refresh: its report, and what is in the lake since.
async fn refreshed(
    desk: &Desk,
    report: Report,
    lake: &LakeUrl,
    aws: &aws_config::SdkConfig,
    demonstration: bool,
) -> Result<Outcome, Failure> {
    if report.status == Status::Incomplete {
        let at = report.continues_at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
        let from = at.map(|at| format!(", from {} UTC on", at.strftime("%Y-%m-%d %H:%M:%S"))).unwrap_or_default();
        let note = report.note.clone().unwrap_or_default();
        desk.screen.line(&format!("incomplete: {}; run refresh again{from}, and it goes on", sanitize(&note)));
    }
    let answer = Answer::Refreshed(Box::new(report));
    let told = serde_json::to_value(&answer).unwrap_or_default();
    if desk.json {
        return Ok(Outcome::answered(&answer, outcome::json(&answer)?));
    }
    let mut text = summary::run(&told);
    let Answer::Refreshed(report) = &answer else { return Ok(Outcome::answered(&answer, text)) };
    if report.snapshot.is_some() {
        match snapshot(lake, aws).await {
            Ok(Some(snapshot)) => text.push_str(&summary::tables(&snapshot)),
            Ok(None) => (),
            // The refresh is done all the same.
            Err(failure) => tracing::warn!(error = %failure, "the new tables cannot be read for the summary"),
        }
        text.push_str(&summary::next(lake, &desk.program, demonstration));
    }
    Ok(Outcome::answered(&answer, text))
}

async fn snapshot(lake: &LakeUrl, aws: &aws_config::SdkConfig) -> Result<Option<Snapshot>, Failure> {
    Snapshot::read(&run::open_at(lake, aws, Access::Read).await?).await
}

/// Says what was done until the program was stopped. Whatever was being written is written by now, or never will be.
pub(crate) fn stopped(desk: &Desk, publishes: Publishes) -> Exit {
    let lake = match &publishes {
        Publishes::Nowhere => None,
        Publishes::IntoTheLake | Publishes::Again(_) => desk.given.lake().ok(),
        Publishes::IntoTheDemonstrations => desk.given.demonstrations_lake().ok(),
    };
    let (snapshot, what) = match publishes {
        Publishes::Again(snapshot) => (snapshot, "the snapshot is current already"),
        _ => (SnapshotName::new(desk.run.started_at, &desk.run.id), "the new snapshot was published already"),
    };
    if lake.is_some_and(|lake| is_current(&snapshot, &lake)) {
        desk.screen.line(&format!("stopped, but {what}"));
        return Exit::Done;
    }
    desk.screen.failed("stopped; nothing was published")
}

/// Whether a snapshot is current.
fn is_current(snapshot: &SnapshotName, lake: &LakeUrl) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return false };
    let current = async {
        let aws = given::aws(Some(lake), None).await;
        run::open_at(lake, &aws, Access::Read).await.ok()?.current().await.ok()?
    };
    let current = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), current).await });
    matches!(current, Ok(Some((current, _))) if current.snapshot == *snapshot)
}
