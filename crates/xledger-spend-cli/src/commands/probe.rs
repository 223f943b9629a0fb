//! `probe`: what is known of Xledger, beside what this one says and does.

use std::path::Path;

use xledger_spend::model::failure::{Failure, FailureKind};

use super::Context;
use crate::outcome::{self, Outcome};
use crate::sources::{self, NeedsLake};

pub(super) async fn probe(context: &Context, save: Option<&Path>) -> Result<Outcome, Failure> {
    let settings = context.sources.settings(NeedsLake::No)?;
    let save = save.map(|file| context.sources.place("--save", file)).transpose()?;
    let aws = sources::aws(&settings).await;
    let following = context.terminal.follow(&context.run, context.watched);
    let probed = context.run.probe(&settings, &aws).await;
    drop(following);
    let probed = probed?;
    let json = outcome::json(&probed)?;
    if let Some(file) = &save {
        let unwritable = |error: std::io::Error| {
            let message = format!("{} cannot be written: {error}; name another file with --save", file.display());
            Failure::new(FailureKind::SettingsInvalid, message)
        };
        std::fs::write(file, &json).map_err(unwritable)?;
    }
    Ok(Outcome::done(if context.json { json } else { format!("\n{}\n", probed.table.join("\n")) }))
}
