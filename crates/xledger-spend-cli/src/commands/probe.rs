//! `probe`: what is known of Xledger, beside what this one says and does.

use std::path::PathBuf;

use xledger_spend::model::failure::{Failure, FailureKind};

use crate::context::Context;
use crate::outcome::{self, Outcome};
use crate::output_file::OutputFile;
use crate::sources::{self, NeedsLake};

pub(super) async fn probe(context: &Context, save: Option<PathBuf>) -> Result<Outcome, Failure> {
    let settings = context.sources.settings(NeedsLake::No)?;
    let save = save.map(|file| context.sources.place("--save", &file)).transpose()?;
    let unwritable =
        |what: String| Failure::new(FailureKind::SettingsInvalid, format!("{what}; name another file with --save"));
    let file = save.as_deref().map(OutputFile::open).transpose().map_err(unwritable)?;
    let aws = sources::aws_of_token(&settings).await;
    let probed = context.follow(context.run.probe(&settings, &aws)).await?;
    let json = outcome::json(&probed)?;
    if let Some(mut file) = file {
        file.empty().and_then(|()| file.write(&json)).map_err(unwritable)?;
    }
    Ok(Outcome::done(if context.json { json } else { format!("\n{}\n", probed.table.join("\n")) }))
}
