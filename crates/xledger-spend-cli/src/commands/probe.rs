//! `probe`: what is known of Xledger, beside what this one says and does.

use std::path::Path;

use xledger_spend::model::failure::{Failure, FailureKind};

use super::Desk;
use crate::given::{self, NeedsLake};
use crate::outcome::{self, Outcome};

pub(super) async fn probe(desk: &Desk, save: Option<&Path>) -> Result<Outcome, Failure> {
    let settings = desk.given.settings(NeedsLake::No)?;
    let save = save.map(|file| desk.given.place("--save", file)).transpose()?;
    let aws = given::aws(None, Some(&settings.token)).await;
    let following = desk.screen.follow(&desk.run, desk.watched);
    let probed = desk.run.probe(&settings, &aws).await;
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
    Ok(Outcome::done(if desk.json { json } else { format!("\n{}\n", probed.table.join("\n")) }))
}
