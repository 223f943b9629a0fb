//! Lists everything, or what can have changed.

use serde_json::{Map, Value};

use super::{Before, Refreshing};
use crate::chart::Chart;
use crate::checks;
use crate::failure::Failure;
use crate::gathered::{Gathered, lists};
use crate::index::{Asking, Ledger, Payables, light};
use crate::progress::{Progress, Stage};
use crate::rules::Rules;
use crate::screen::{self, Screened};
use crate::state::{Depth, Listed, Unread};
use crate::value::Instant;
use crate::way;
use crate::xledger::{Client, Error, Position};

/// Rows that are listed before they are saved.
const SAVED_ROWS: usize = 500_000;

impl Refreshing<'_> {
    /// Lists the chart, the ledger and accounts payable side by side.
    pub(super) async fn list(
        &self,
        asking: Asking<'_>,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
    ) -> Result<(), Failure> {
        let said = &gathered.said;
        let begins = said.listed == Default::default();
        self.progress.begin(Stage::Index, 0);
        let rows = |rows| self.progress.rows(rows);
        gathered.registers.chart.list(asking, &mut gathered.registers.chart_at).await?;
        if begins {
            let kept = before.state.kept.as_ref();
            gathered.said.way =
                way::choose(&said.asked, kept, &said.basis, self.every, light::not_offered(self.xledger));
        }
        if begins && gathered.said.way.depth == Depth::Light {
            match self.list_light(asking, before).await? {
                Ok((known, ledger, payables, changes)) => {
                    let store = Some(&before.store).filter(|_| !self.refresh.dry_run);
                    gathered.take_lists(store, known, ledger, payables, changes).await?;
                }
                Err(reason) => {
                    tracing::info!(reason, "what changed cannot be listed by itself; everything is listed");
                    (gathered.said.way.depth, gathered.said.way.reason) = (Depth::Deep, reason);
                }
            }
        }
        while !gathered.is_listed() {
            let listed = &mut gathered.said.listed;
            let (ledger_at, payables_at) = (&mut listed.ledger.at, &mut listed.payables.at);
            // What the other one is asking for then still comes, and is not asked for again; nothing new is begun.
            let stop = |error: &Error| {
                if !error.is_refusal() || matches!(error, Error::Api { .. }) {
                    self.xledger.give_up(error);
                }
            };
            let (ledger, payables) = futures::join!(
                async { gathered.ledger.list(asking, ledger_at, SAVED_ROWS, rows).await.inspect_err(stop) },
                async { gathered.payables.list(asking, payables_at, SAVED_ROWS).await.inspect_err(stop) },
            );
            ledger.and(payables)?;
            if !self.refresh.dry_run && !gathered.is_listed() {
                gathered.save_lists(&before.store).await?;
            }
        }
        self.mend(asking, gathered).await?;
        gathered.registers.chart.look_up(asking, &gathered.ledger).await?;
        if !self.refresh.dry_run {
            gathered.said.lost = self.xledger.plan().missed();
            gathered.save(&mut before.store, &mut before.state, &self.documents()).await?;
        }
        Ok(())
    }

    /// The lists of the last refresh, brought up to date; or why that cannot be done.
    pub(super) async fn list_light<'a>(
        &self,
        asking: Asking<'_>,
        before: &'a Before<'_>,
    ) -> Result<Result<(&'a Listed, Ledger, Payables, light::Changes), String>, Failure> {
        let kept = before.state.kept.as_ref().filter(|kept| kept.listed.is_whole());
        let (Some(kept), Some(recent)) = (kept, light::recent((self.clock)())) else {
            return Ok(Err("nothing is kept that a light listing could build on".to_owned()));
        };
        let (mut ledger, mut payables) = match lists(&before.store, &kept.listed).await {
            Ok(lists) => lists,
            Err(Unread::Lake(error)) => return Err(error.into()),
            Err(Unread::Damaged(what)) => return Ok(Err(format!("the last list cannot be read: {what}"))),
        };
        let (listed_at, rows) = (Instant(kept.listed_at_ms), |rows| self.progress.rows(rows));
        let brought = light::bring_up_to_date(asking, &mut ledger, &mut payables, listed_at, recent, rows).await?;
        Ok(brought.map(|changes| (&kept.listed, ledger, payables, changes)).map_err(|light::NotEnough(reason)| reason))
    }

    /// Lists vouchers once more of which the lines do not agree: somebody changed them while they were listed.
    pub(super) async fn mend(&self, asking: Asking<'_>, gathered: &mut Gathered) -> Result<(), Failure> {
        let torn = checks::torn(&gathered.ledger);
        if torn.is_empty() {
            return Ok(());
        }
        light::relist_lines(asking, &mut gathered.ledger, &torn).await?;
        gathered.rewrite_lists();
        let left = checks::torn(&gathered.ledger).len();
        if left > 0 {
            tracing::warn!(lines = left, "lines of one voucher differ in owner, document type or time of modification");
        }
        Ok(())
    }
}

/// Lists the chart, the ledger and accounts payable side by side, and decides what may be asked for.
pub(crate) async fn list_and_screen(
    client: &Client,
    base: &Map<String, Value>,
    page_rows: usize,
    rules: &Rules,
    progress: &Progress,
) -> Result<Screened, Error> {
    progress.begin(Stage::Index, 0);
    let asking = Asking { client, base, page_rows };
    let (mut chart, mut ledger, mut payables) = (Chart::default(), Ledger::default(), Payables::default());
    let [mut chart_at, mut ledger_at, mut payables_at]: [Position; 3] = Default::default();
    futures::try_join!(
        chart.list(asking, &mut chart_at),
        ledger.list(asking, &mut ledger_at, usize::MAX, |rows| progress.rows(rows)),
        payables.list(asking, &mut payables_at, usize::MAX),
    )?;
    chart.look_up(asking, &ledger).await?;
    progress.begin(Stage::Screen, 0);
    ledger.sort();
    payables.sort();
    Ok(screen::screen(rules.clone(), chart, &ledger, &payables))
}
