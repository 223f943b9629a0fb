//! `rollback`: makes an older snapshot current again.

use xledger_spend::lake::{LakeUrl, SnapshotName, layout};
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::run::RunOutput;
use xledger_spend::settings::Settings;

use crate::context::Context;
use crate::lines::{sanitize, wrapped};
use crate::outcome::{self, Outcome};
use crate::sources;
use crate::summary;

pub(super) async fn rollback(context: &Context, snapshot: SnapshotName) -> Result<Outcome, Failure> {
    let settings = settings(context)?;
    let aws = sources::aws(&settings).await;
    let report = context.run.rollback(&snapshot, &settings, &aws).await;
    let note = report.note.as_deref().map(|note| wrapped(&sanitize(note), 0) + &summary::run(&report));
    let text = if context.json { outcome::json(&report)? } else { note.unwrap_or_default() };
    Ok(Outcome::of_run(&RunOutput::Refreshed(Box::new(report)), text))
}

/// The settings of a rollback, whose lake is there: a run would make one in whatever directory it is given.
pub(super) fn settings(context: &Context) -> Result<Settings, Failure> {
    let settings = context.sources.settings_of_the_lake()?;
    if let Some(lake @ LakeUrl::Directory(directory)) = &settings.lake
        && directory.join(layout::snapshots().as_str()).try_exists().is_ok_and(|exists| !exists)
    {
        let message =
            format!("there is no lake with snapshots at {lake}; nothing was done. Correct --lake or LAKE_URL");
        return Err(Failure::new(FailureKind::LakeMissing, message));
    }
    Ok(settings)
}
