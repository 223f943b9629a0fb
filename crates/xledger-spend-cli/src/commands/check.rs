//! `check`: what the token can read, what the schema offers, and how each document type is treated.

use xledger_spend::model::failure::Failure;
use xledger_spend::run::RunOutput;

use crate::context::Context;
use crate::outcome::{self, Outcome};
use crate::sources::{self, NeedsLake};

pub(super) async fn check(context: &Context) -> Result<Outcome, Failure> {
    let settings = context.sources.settings(NeedsLake::No)?;
    let aws = sources::aws(&settings).await;
    let checked = context.follow(context.run.check(&settings, &aws)).await?;
    let text = if context.json { outcome::json(&checked)? } else { format!("\n{}\n", checked.table.join("\n")) };
    Ok(Outcome::of_run(&RunOutput::Checked(Box::new(checked)), text))
}
