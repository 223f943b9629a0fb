//! `demo`: a refresh from an invented company. The simulator keeps the limits of the real Xledger, so that the pace is what one would see.

use xledger_spend::event::{Mode, Refresh};
use xledger_spend::lake::LakeUrl;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::refresh::RowSource;
use xledger_spend::{run, xledger};

use super::refreshed;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::sources;

pub(super) async fn demo(context: &Context, lines: u64, seed: u64) -> Result<Outcome, Failure> {
    // Whatever is wrong with the flags is said before a company is invented.
    let settings = context.sources.demonstration("http://127.0.0.1/graphql", "none")?;
    let lake = context.sources.demonstrations_lake()?;
    let aws = sources::aws(&settings).await;
    spare_real_data(&lake, &aws).await?;
    context
        .terminal
        .line(&format!("An invented company of {} ledger lines, seed {seed}", crate::figures::count(lines)));
    let options = xledger_sim::Options { lines, seed, ..Default::default() };
    let simulator = xledger_sim::start(options).await;
    let simulator = simulator.map_err(|error| {
        Failure::new(FailureKind::XledgerUnavailable, format!("the simulator cannot start: {error}"))
    })?;
    let settings = context.sources.demonstration(&simulator.endpoint(), simulator.token())?;
    // Another company may well be a smaller one.
    let refresh = Refresh { mode: Mode::Full, accept_shrink: true, ..Default::default() };
    let report = context.follow(context.run.refresh(refresh, &settings, &aws)).await;
    simulator.stop().await;
    refreshed(context, report, &lake, &aws, true).await
}

/// Stops where an invented company would take the place of a real one.
async fn spare_real_data(lake: &LakeUrl, aws: &aws_config::SdkConfig) -> Result<(), Failure> {
    let refusal = |what: &str| {
        let message = format!("the lake {lake} holds {what} a simulator on this machine; give --lake another place");
        Failure::new(FailureKind::SettingsInvalid, message)
    };
    // If the lake does not exist yet or cannot be opened, the refresh deals with it.
    let Ok(opened) = run::open_at(lake, aws).await else { return Ok(()) };
    let source = match opened.current().await? {
        Some((current, _)) => match opened.manifest(&current).await {
            Ok(manifest) => Some(RowSource::of(&manifest)),
            Err(_) => return Err(refusal("tables of which nobody can tell whether they came from")),
        },
        // A first refresh may have fetched rows for hours.
        None => RowSource::of_cache(&opened).await?,
    };
    let is_local =
        |source: RowSource| source.endpoint.parse().is_ok_and(|endpoint| xledger::is_this_machine(&endpoint));
    if source.is_none_or(is_local) { Ok(()) } else { Err(refusal("tables or rows that did not come from")) }
}
