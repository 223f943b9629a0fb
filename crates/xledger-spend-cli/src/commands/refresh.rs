//! `refresh`: brings the tables up to date with Xledger.

use xledger_spend::event::Refresh;
use xledger_spend::model::failure::{Failure, FailureKind};

use super::refreshed;
use crate::args::RefreshArgs;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::sources::{self, NeedsLake};

pub(super) async fn refresh(context: &Context, args: RefreshArgs) -> Result<Outcome, Failure> {
    let RefreshArgs { mode, from, to, dry_run, accept_shrink } = args;
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        let message = format!("--from {from} is after --to {to}; nothing was done");
        return Err(Failure::new(FailureKind::SettingsInvalid, message));
    }
    let settings = context.sources.settings(NeedsLake::Yes)?;
    let lake = context.sources.lake()?;
    let aws = sources::aws(&settings).await;
    let refresh = Refresh { mode, from, to, dry_run, accept_shrink, continues: None, waiting_since: None };
    let report = context.follow(context.run.refresh(refresh, &settings, &aws)).await;
    refreshed(context, report, &lake, &aws, false).await
}
