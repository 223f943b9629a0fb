//! `refresh`: brings the tables up to date with Xledger.

use xledger_spend::event::Refresh;
use xledger_spend::model::failure::{Failure, FailureKind};

use super::{Desk, refreshed};
use crate::arguments::RefreshArguments;
use crate::given::{self, NeedsLake};
use crate::outcome::Outcome;

pub(super) async fn refresh(desk: &Desk, arguments: &RefreshArguments) -> Result<Outcome, Failure> {
    let RefreshArguments { mode, from, to, dry_run, accept_shrink } = *arguments;
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        let message = format!("--from {from} is after --to {to}; nothing was done");
        return Err(Failure::new(FailureKind::SettingsInvalid, message));
    }
    let settings = desk.given.settings(NeedsLake::Yes)?;
    let lake = desk.given.lake()?;
    let aws = given::aws(Some(&lake), Some(&settings.token)).await;
    let following = desk.screen.follow(&desk.run, desk.watched);
    let refresh = Refresh { mode: mode.into(), from, to, dry_run, accept_shrink, continues: None };
    let report = desk.run.refresh(refresh, &settings, &aws).await;
    drop(following);
    refreshed(desk, report, &lake, &aws, false).await
}
