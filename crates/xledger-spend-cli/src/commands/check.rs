//! `check`: what the token can read, what the schema offers, and how each document type is treated.

use xledger_spend::model::failure::Failure;
use xledger_spend::run::Answer;

use super::Desk;
use crate::given::{self, NeedsLake};
use crate::outcome::{self, Outcome};

pub(super) async fn check(desk: &Desk) -> Result<Outcome, Failure> {
    let settings = desk.given.settings(NeedsLake::No)?;
    let aws = given::aws(None, Some(&settings.token)).await;
    let following = desk.screen.follow(&desk.run, desk.watched);
    let checked = desk.run.check(&settings, &aws).await;
    drop(following);
    let checked = checked?;
    let text = if desk.json { outcome::json(&checked)? } else { format!("\n{}\n", checked.table.join("\n")) };
    Ok(Outcome::answered(&Answer::Checked(Box::new(checked)), text))
}
