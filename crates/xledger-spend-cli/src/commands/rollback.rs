//! `rollback`: makes an older snapshot current again.

use xledger_spend::lake::SnapshotName;
use xledger_spend::model::failure::Failure;
use xledger_spend::run::Answer;

use super::Context;
use crate::lines::{sanitize, wrapped};
use crate::outcome::{self, Outcome};
use crate::sources;
use crate::summary;

pub(super) async fn rollback(context: &Context, snapshot: &SnapshotName) -> Result<Outcome, Failure> {
    let settings = context.sources.settings_of_the_lake()?;
    let aws = sources::aws(settings.lake.as_ref(), None).await;
    let report = context.run.rollback(snapshot, &settings, &aws).await;
    let note = report.note.clone().unwrap_or_default();
    let answer = Answer::Refreshed(Box::new(report));
    if context.json {
        return Ok(Outcome::answered(&answer, outcome::json(&answer)?));
    }
    let told = serde_json::to_value(&answer).unwrap_or_default();
    let text = if note.is_empty() { note } else { wrapped(&sanitize(&note), 0) + &summary::run(&told) };
    Ok(Outcome::answered(&answer, text))
}
