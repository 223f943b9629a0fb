//! `show`: what is in the tables now.

use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::report::Report;

use crate::context::Context;
use crate::outcome::{self, Outcome};
use crate::snapshot::Snapshot;
use crate::summary;

pub(super) async fn show(context: &Context) -> Result<Outcome, Failure> {
    let (url, lake) = context.lake().await?;
    let Some(snapshot) = Snapshot::read(&lake).await? else {
        let refresh = format!("{} refresh {}", context.program, summary::flag(&url));
        let message = format!("nothing was published into {url} yet; `{refresh}` does");
        return Err(Failure::new(FailureKind::LakeMissing, message));
    };
    if context.json {
        return Ok(Outcome::done(outcome::json(&snapshot.json(&lake))?));
    }
    Ok(Outcome::done(summary::run(&Report::of(&snapshot.manifest)) + &summary::tables(&snapshot)))
}
