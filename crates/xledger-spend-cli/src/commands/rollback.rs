//! `rollback`: makes an older snapshot current again.

use xledger_spend::lake::SnapshotName;
use xledger_spend::model::failure::Failure;
use xledger_spend::run::RunOutput;

use crate::context::Context;
use crate::lines::{sanitize, wrapped};
use crate::outcome::{self, Outcome};
use crate::sources;
use crate::summary;

pub(super) async fn rollback(context: &Context, snapshot: SnapshotName) -> Result<Outcome, Failure> {
    let settings = context.sources.settings_of_the_lake()?;
    let aws = sources::aws(&settings).await;
    let report = context.run.rollback(&snapshot, &settings, &aws).await;
    let note = report.note.as_deref().map(|note| wrapped(&sanitize(note), 0) + &summary::run(&report));
    let text = if context.json { outcome::json(&report)? } else { note.unwrap_or_default() };
    Ok(Outcome::of_run(&RunOutput::Refreshed(Box::new(report)), text))
}
