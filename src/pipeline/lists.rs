//! Lists everything, by index fields alone.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use super::{Before, Refreshing};
use crate::chart::Chart;
use crate::checks;
use crate::failure::Failure;
use crate::fetch::by_id;
use crate::gathered::Gathered;
use crate::index::{Asking, Ledger, Payables};
use crate::progress::{Progress, Stage};
use crate::rules::Rules;
use crate::screen::{self, Screened};
use crate::way;
use crate::xledger::node::{Identified, LedgerIndexNode};
use crate::xledger::{Client, Error, Position, query};

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
            gathered.said.way = way::choose(&said.asked, kept, &said.basis, self.full_every);
        }
        while !gathered.is_listed() {
            let listed = &mut gathered.said.listed;
            let (ledger_at, payables_at) = (&mut listed.ledger.at, &mut listed.payables.at);
            // What the other one is asking for then still comes, and is not asked for again; nothing new is begun.
            let stop = |error: &Error| {
                // A schema that is not the known one is read again.
                if !matches!(error, Error::SchemaMismatch { .. }) {
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
        Ok(())
    }

    /// Brings the lists to where they can be judged: what was read while somebody changed it is read again, and accounts that the chart does not
    /// show are looked up. A run that goes on does it too, for the one before may have ended in the middle.
    pub(super) async fn complete_lists(
        &self,
        asking: Asking<'_>,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
    ) -> Result<(), Failure> {
        self.mend(asking, gathered).await?;
        gathered.registers.chart.look_up(asking, &gathered.ledger).await?;
        if !self.refresh.dry_run {
            gathered.said.lost = self.xledger.plan().missed();
            gathered.save(&mut before.store, &mut before.state, &self.documents()).await?;
        }
        Ok(())
    }

    /// Lists vouchers once more of which the lines do not agree: somebody changed them while they were listed.
    pub(super) async fn mend(&self, asking: Asking<'_>, gathered: &mut Gathered) -> Result<(), Failure> {
        let torn = checks::torn(&gathered.ledger);
        if torn.is_empty() {
            return Ok(());
        }
        relist(asking, &mut gathered.ledger, &torn).await?;
        gathered.rewrite_lists();
        let left = checks::torn(&gathered.ledger).len();
        if left > 0 {
            tracing::warn!(lines = left, "lines of one voucher differ in owner, document type or time of modification");
        }
        Ok(())
    }
}

/// Lists these lines of the ledger once more, as they are now. One that does not come, though asked for twice, is gone.
async fn relist(asking: Asking<'_>, ledger: &mut Ledger, ids: &FxHashSet<i64>) -> Result<(), Failure> {
    let Asking { client, base, page_rows } = asking;
    ledger.entries.retain(|entry| !ids.contains(&entry.id));
    let mut left: Vec<i64> = ids.iter().copied().collect();
    left.sort_unstable();
    for _ in 0..2 {
        let mut came = FxHashSet::default();
        for batch in left.chunks(page_rows.max(1)) {
            let listed: Vec<LedgerIndexNode> = by_id(client, query::LEDGER_INDEX, base, batch).await?;
            came.extend(listed.iter().filter_map(Identified::id));
            listed.into_iter().for_each(|node| ledger.add(node));
        }
        left.retain(|id| !came.contains(id));
    }
    Ok(())
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
