//! The light listing: from the list of the last refresh to that of now, by asking for what can have changed alone.
//!
//! That is: lines behind the last one that was seen; every known line of a voucher that Xledger names as modified since then, with an
//! overlap for clocks and the hour that comes twice; and every known line of the recent months, whatever its voucher says. What
//! it can miss is in DESIGN.md: above all a line that was deleted from an older month.

use futures::try_join;
use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};

use super::{Asking, Entry, Ledger, LedgerEntry, PayableEntry, Payables, payable_entry};
use crate::diff::OVERLAP_MS;
use crate::failure::Failure;
use crate::fetch::by_id;
use crate::value::{Instant, Month};
use crate::xledger::node::{Identified, LedgerIndexNode, PayableIndexNode, ReferenceNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{reference, wall_time};
use crate::xledger::{Client, Error, walk};

/// Lines before the last one that are listed again with those behind it: a line can become visible after one with a higher id.
const LINES_BACK: usize = 1_000;

/// Why a light listing cannot be relied on: everything must be listed.
pub(crate) struct NotEnough(pub(crate) String);

/// What is not as it was in the lists.
pub(crate) struct Changes {
    pub(crate) ledger: Vec<LedgerEntry>,
    pub(crate) payables: Vec<PayableEntry>,
}

/// Brings lists of an earlier time, which are sorted by id, up to date. They were begun at `listed_at`; months from `recent` on are listed again
/// whole.
///
/// # Errors
/// What the client cannot get over. The lists are then of no use.
pub(crate) async fn bring_up_to_date(
    asking: Asking<'_>,
    ledger: &mut Ledger,
    payables: &mut Payables,
    listed_at: Instant,
    recent: Month,
    rows: impl Fn(usize),
) -> Result<Result<Changes, NotEnough>, Failure> {
    let since = Instant(listed_at.0.saturating_sub(OVERLAP_MS));
    let (vouchers, new_lines, new_payables) = try_join!(
        changed_vouchers(asking, since),
        behind::<LedgerIndexNode>(asking, query::LEDGER_INDEX, back(&ledger.entries)),
        behind::<PayableIndexNode>(asking, query::PAYABLE_INDEX, back(&payables.entries)),
    )?;
    rows(new_lines.len());

    let new_ids: FxHashSet<i64> = new_lines.iter().filter_map(Identified::id).collect();
    let mut recent_vouchers = FxHashSet::default();
    let (mut again, mut strangers) = (FxHashSet::default(), vouchers.clone());
    for entry in &ledger.entries {
        let is_recent = entry.month.is_none_or(|month| month >= recent);
        let is_modified = vouchers.contains(&entry.voucher);
        if is_recent {
            recent_vouchers.insert(entry.voucher);
        }
        if is_modified {
            strangers.remove(&entry.voucher);
        }
        if (is_recent || is_modified) && !new_ids.contains(&entry.id) {
            again.insert(entry.id);
        }
    }
    let named = new_lines.iter().filter_map(|node| reference(node.header.as_ref()?.db_id));
    named.for_each(|voucher| _ = strangers.remove(&voucher));
    if !strangers.is_empty() {
        return Ok(Err(NotEnough(format!("{} modified vouchers have no line that is known", strangers.len()))));
    }

    let listed = relist::<LedgerIndexNode>(asking, query::LEDGER_INDEX, &sorted(&again), &rows).await?;
    let came: Vec<LedgerEntry> = listed.into_iter().chain(new_lines).filter_map(|node| ledger.entry(node)).collect();
    let first_new = back(&ledger.entries);
    let of_ledger =
        super::bring_up_to_date(&mut ledger.entries, came, |entry| entry.id > first_new || again.contains(&entry.id));

    let new_ids: FxHashSet<i64> = new_payables.iter().filter_map(Identified::id).collect();
    let is_again = |voucher: &i64| vouchers.contains(voucher) || recent_vouchers.contains(voucher);
    let again: FxHashSet<i64> = payables
        .entries
        .iter()
        .filter(|entry| is_again(&entry.voucher) && !new_ids.contains(&entry.id))
        .map(|entry| entry.id)
        .collect();
    let listed = relist::<PayableIndexNode>(asking, query::PAYABLE_INDEX, &sorted(&again), &|_| ()).await?;
    let came = listed.into_iter().chain(new_payables).filter_map(payable_entry);
    let first_new = back(&payables.entries);
    let of_payables =
        super::bring_up_to_date(&mut payables.entries, came, |entry| entry.id > first_new || again.contains(&entry.id));
    Ok(Ok(Changes { ledger: of_ledger, payables: of_payables }))
}

/// The id behind which lines count as new: somewhat before the last one.
fn back(entries: &[impl Entry]) -> i64 {
    entries.iter().rev().nth(LINES_BACK).map_or(0, Entry::id)
}

fn sorted(ids: &FxHashSet<i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.iter().copied().collect();
    ids.sort_unstable();
    ids
}

fn with_filter(base: &Map<String, Value>, filter: Value) -> Map<String, Value> {
    let mut variables = base.clone();
    variables.insert("filter".to_owned(), filter);
    variables
}

/// The vouchers that were modified at this time or later.
async fn changed_vouchers(asking: Asking<'_>, since: Instant) -> Result<FxHashSet<i64>, Error> {
    let Asking { client, base, page_rows } = asking;
    let variables = with_filter(base, json!({"modifiedAt_gte": wall_time(since)}));
    let mut vouchers = FxHashSet::default();
    walk(client, query::CHANGED_VOUCHERS, &variables, page_rows, |nodes: Vec<ReferenceNode>| {
        vouchers.extend(nodes.into_iter().filter_map(|node| reference(node.db_id)));
        Ok(())
    })
    .await?;
    Ok(vouchers)
}

/// Every line behind an id.
async fn behind<N: serde::de::DeserializeOwned>(asking: Asking<'_>, query: Query, id: i64) -> Result<Vec<N>, Error> {
    let Asking { client, base, page_rows } = asking;
    let variables = with_filter(base, client.plan().filter(query).map_or(Value::Null, |filter| filter.behind(id)));
    let mut lines = Vec::new();
    walk(client, query, &variables, page_rows, |nodes: Vec<N>| {
        lines.extend(nodes);
        Ok(())
    })
    .await?;
    Ok(lines)
}

/// The lines of these ids as they are now; one that does not come, though asked for twice, is gone.
async fn relist<N: serde::de::DeserializeOwned + Identified>(
    asking: Asking<'_>,
    query: Query,
    ids: &[i64],
    rows: &impl Fn(usize),
) -> Result<Vec<N>, Failure> {
    let Asking { client, base, page_rows } = asking;
    let mut lines: Vec<N> = Vec::with_capacity(ids.len());
    let mut ids = ids.to_vec();
    for _ in 0..2 {
        for batch in ids.chunks(page_rows.max(1)) {
            let listed = by_id(client, query, base, batch).await?;
            rows(listed.len());
            lines.extend(listed);
        }
        let came: FxHashSet<i64> = lines.iter().filter_map(Identified::id).collect();
        ids.retain(|id| !came.contains(id));
    }
    Ok(lines)
}

/// Lists these lines of the ledger once more.
///
/// # Errors
/// What the client cannot get over.
pub(crate) async fn relist_lines(asking: Asking<'_>, ledger: &mut Ledger, ids: &FxHashSet<i64>) -> Result<(), Failure> {
    let listed = relist::<LedgerIndexNode>(asking, query::LEDGER_INDEX, &sorted(ids), &|_| ()).await?;
    ledger.entries.retain(|entry| !ids.contains(&entry.id));
    listed.into_iter().for_each(|node| ledger.add(node));
    Ok(())
}

/// The month before the one of an instant: from there on a month counts as recent.
pub(crate) fn recent(now: Instant) -> Option<Month> {
    let day = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = day.first_of_month().yesterday().ok()?;
    Month::new(before.year().into(), before.month().into())
}

/// Whether the client can ask for it all.
pub(crate) fn not_offered(client: &Client) -> Option<String> {
    let dated = client.plan().asks(query::LEDGER_INDEX, "header.modifiedAt");
    let dialect = client.plan().dialect();
    dialect.no_light.or_else(|| (!dated).then(|| "the time of a voucher's modification cannot be read".to_owned()))
}
