//! `check`: what the token can read, what the schema offers, and how each document type is treated.

use xledger_spend::model::failure::Failure;
use xledger_spend::run::Answer;

use super::Context;
use crate::outcome::{self, Outcome};
use crate::sources::{self, NeedsLake};

pub(super) async fn check(context: &Context) -> Result<Outcome, Failure> {
    let settings = context.sources.settings(NeedsLake::No)?;
    let aws = sources::aws(&settings).await;
    let following = context.terminal.follow(&context.run, context.watched);
    let checked = context.run.check(&settings, &aws).await;
    drop(following);
    let checked = checked?;
    let text = if context.json { outcome::json(&checked)? } else { format!("\n{}\n", checked.table.join("\n")) };
    Ok(Outcome::answered(&Answer::Checked(Box::new(checked)), text))
}
