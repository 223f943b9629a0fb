//! Fetches the lines that cannot be used again, and puts them together with those that can.

use std::iter::repeat_n;

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use super::{Assembled, Before, Refreshing, Rows};
use crate::checks;
use crate::diff::{self, Lookup, Reused, Row, Terms};
use crate::event::Mode;
use crate::failure::Failure;
use crate::fetch::{Fetch, Line, Payable};
use crate::gathered::Gathered;
use crate::index::NONE;
use crate::progress::Stage;
use crate::report::Report;
use crate::screen::{AdmittedLine, AdmittedPayable, LineId, PayableId, Screen, Screened};
use crate::state::{Asked, KeptRows, Live, Part, Unread};

/// Lines that are fetched before they are saved.
const SAVED_LINES: usize = 100_000;

impl Refreshing<'_> {
    /// Uses again what can be, fetches the rest, and puts both together.
    pub(super) async fn fetch(
        &self,
        base: &Map<String, Value>,
        screened: Screened,
        gathered: &mut Gathered,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<(Rows, Screen), Failure> {
        let Screened { lines: admitted, payables: admitted_payables, payroll_lines, payroll_payables, screen, .. } =
            screened;
        let fetch = Fetch { client: self.xledger, base, batch_rows: self.page_rows.div_ceil(2), screen: &screen };
        let came = |rows| self.progress.rows(rows);
        gathered.load_lines(&before.store).await?;
        let (fetched_before, payables_before) = (gathered.lines.rows.len(), gathered.payable_lines.rows.len());

        // Some lines first that are asked for in any case: what may not be read shows in their answer, and decides what of the kept ones is of
        // use.
        if let Some(kept) = &before.state.kept {
            let since = kept.listed_at_ms.saturating_sub(diff::OVERLAP_MS);
            if gathered.lines.rows.is_empty() {
                let first = suspects(&admitted, since, fetch.batch_rows);
                fetch.lines(first, &mut gathered.names, &mut gathered.lines.rows, came).await?;
            }
            if gathered.payable_lines.rows.is_empty() {
                let first = suspects(&admitted_payables, since, fetch.batch_rows);
                fetch.payables(first, &mut gathered.payable_lines.rows, |_| ()).await?;
            }
        }
        let (mut reused, mut reused_payables) = self.reuse(&admitted, &admitted_payables, gathered, before).await?;

        let missing = missing(&admitted, &gathered.lines.rows, &mut reused);
        let admitted: Vec<i64> = admitted.into_iter().map(|line| line.number()).collect();
        self.progress.begin(Stage::Lines, missing.len() as u64);
        let mut gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            gone += fetch.lines(ids.to_vec(), &mut gathered.names, &mut gathered.lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        drop(missing);
        (report.lines_fetched, report.lines_gone) =
            (Some((gathered.lines.rows.len() - fetched_before) as u64), Some(gone));

        let missing = self::missing(&admitted_payables, &gathered.payable_lines.rows, &mut reused_payables);
        let admitted_payables: Vec<i64> = admitted_payables.into_iter().map(|line| line.number()).collect();
        self.progress.begin(Stage::Payables, missing.len() as u64);
        let mut payables_gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            payables_gone += fetch.payables(ids.to_vec(), &mut gathered.payable_lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        let fetched = (gathered.payable_lines.rows.len() - payables_before) as u64;
        (report.payables_fetched, report.payables_gone) = (Some(fetched), Some(payables_gone));

        if !self.refresh.dry_run {
            gathered.save_lines(&before.store, &self.documents()).await?;
        }
        let none = KeptRows::default();
        let (old, old_payables) =
            before.state.kept.as_ref().map_or((&none, &none), |kept| (&kept.lines, &kept.payables));
        let was_kept = (old.parts.len(), old_payables.parts.len());
        let (fetched, said) = (std::mem::take(&mut gathered.lines.rows), &gathered.said);
        let lines = together(&mut reused, fetched, was_kept.0, &said.lines, &admitted, &payroll_lines);
        let fetched = std::mem::take(&mut gathered.payable_lines.rows);
        let payables =
            together(&mut reused_payables, fetched, was_kept.1, &said.payables, &admitted_payables, &payroll_payables);
        checks::complete("ledger", admitted.len(), lines.rows.len(), gone)?;
        checks::complete("AP", admitted_payables.len(), payables.rows.len(), payables_gone)?;
        let (periods, healed) = diff::periods(&reused.old, &lines.rows);
        if said.way.mode == Mode::Full && before.state.kept.is_some() {
            report.lines_healed = Some(healed);
        }
        Ok((Rows { lines, payables, periods }, screen))
    }

    pub(super) async fn save_lines(&self, gathered: &mut Gathered, before: &mut Before<'_>) -> Result<(), Failure> {
        if self.refresh.dry_run {
            return Ok(());
        }
        gathered.save_lines(&before.store, &self.documents()).await?;
        before.state.unfinished = Some(gathered.said.clone());
        before.store.save(&before.state).await
    }

    /// What can be used again of what is kept. What cannot be read of it is fetched.
    pub(super) async fn reuse(
        &self,
        admitted: &[AdmittedLine],
        admitted_payables: &[AdmittedPayable],
        gathered: &mut Gathered,
        before: &Before<'_>,
    ) -> Result<(Reused<Line>, Reused<Payable>), Failure> {
        let Some(kept) = &before.state.kept else { return Ok(Default::default()) };
        if kept.basis.endpoint != gathered.said.basis.endpoint {
            return Ok(Default::default());
        }
        let documents = self.documents();
        let Asked { from, to, .. } = gathered.said.asked;
        let terms = |document| Terms {
            full: gathered.said.way.mode == Mode::Full,
            anew: (from.is_some() || to.is_some()).then_some((from, to)),
            document,
            types: &gathered.ledger.document_types,
        };
        let (store, names) = (&before.store, &mut gathered.names);
        let mut lookup = Lookup::new(admitted, Admitted::number);
        let entry = |id| lookup.find(id).map(|line| *line.entry());
        let lines = diff::reuse(store, &kept.lines, &terms(&documents.lines), names, entry).await;
        let mut lookup = Lookup::new(admitted_payables, Admitted::number);
        let entry = |id| lookup.find(id).map(AdmittedPayable::entry);
        let payables = diff::reuse(store, &kept.payables, &terms(&documents.payables), names, entry).await;
        match (lines, payables) {
            (Ok(lines), Ok(payables)) => Ok((lines, payables)),
            (Err(Unread::Lake(error)), _) | (_, Err(Unread::Lake(error))) => Err(error.into()),
            (Err(Unread::Damaged(what)), _) | (_, Err(Unread::Damaged(what))) => {
                tracing::warn!(what, "what was kept of the last refresh cannot be read; everything is fetched");
                Ok(Default::default())
            }
        }
    }
}

/// What lines of both ledgers have once they are admitted.
trait Admitted {
    /// An id that may be asked for.
    type Id;
    fn id(&self) -> Self::Id;
    fn number(&self) -> i64;
    fn modified_at(&self) -> i64;
}

impl Admitted for AdmittedLine {
    type Id = LineId;

    fn id(&self) -> LineId {
        AdmittedLine::id(self)
    }

    fn number(&self) -> i64 {
        self.entry().id
    }

    fn modified_at(&self) -> i64 {
        self.entry().modified_at
    }
}

impl Admitted for AdmittedPayable {
    type Id = PayableId;

    fn id(&self) -> PayableId {
        AdmittedPayable::id(self)
    }

    fn number(&self) -> i64 {
        self.entry().0.id
    }

    fn modified_at(&self) -> i64 {
        self.entry().1
    }
}

/// Lines that cannot be used again whatever was kept, so many at most; the last line if there are none.
fn suspects<A: Admitted>(admitted: &[A], since: i64, most: usize) -> Vec<A::Id> {
    let is_suspect = |line: &&A| line.modified_at() >= since || line.modified_at() == NONE;
    let suspects: Vec<A::Id> = admitted.iter().filter(is_suspect).take(most).map(A::id).collect();
    if suspects.is_empty() { admitted.last().map(A::id).into_iter().collect() } else { suspects }
}

/// The lines that are neither fetched nor used again. What was fetched anew all the same is not used again.
fn missing<A: Admitted, T: Row>(admitted: &[A], fetched: &[T], reused: &mut Reused<T>) -> Vec<A::Id> {
    let there: FxHashSet<i64> = fetched.iter().map(Row::id).collect();
    if !there.is_empty() {
        reused.give_up(|id| there.contains(&id));
    }
    let mut is_used_again = in_order(reused.live.iter().map(|live| live.id));
    admitted.iter().filter(|line| !is_used_again(line.number()) && !there.contains(&line.number())).map(A::id).collect()
}

/// Tells of ids, in ascending order, whether they are among these, which are sorted.
fn in_order(ids: impl Iterator<Item = i64>) -> impl FnMut(i64) -> bool {
    let mut ids = ids.peekable();
    move |id| {
        while ids.next_if(|next| *next < id).is_some() {}
        ids.peek() == Some(&id)
    }
}

/// Puts rows that are used again and rows that were fetched together, those that are admitted. The latter stand in files behind the `kept`
/// ones. The fewer are moved to the others: there may be millions.
fn together<T: Row>(
    reused: &mut Reused<T>,
    mut fetched: Vec<T>,
    kept: usize,
    parts: &[Part],
    admitted: &[i64],
    payroll: &[i64],
) -> Assembled<T> {
    let files = (kept as u32..).zip(parts).flat_map(|(file, part)| repeat_n(file, part.rows as usize));
    let mut live: Vec<Live> = fetched.iter().zip(files).map(|(row, part)| Live { id: row.id(), part }).collect();
    live.append(&mut reused.live);
    // Most are sorted, here and below: that is what this sort is quick with, and needs little room for.
    live.sort_by_key(|live| live.id);
    live.dedup_by_key(|live| live.id);
    let mut is_admitted = in_order(admitted.iter().copied());
    live.retain(|live| is_admitted(live.id));
    // Those that were fetched come in the order of the answers, millions of them at times: they are sorted in their place.
    fetched.sort_by_cached_key(Row::id);
    let mut rows = std::mem::take(&mut reused.rows);
    if rows.len() < fetched.len() {
        std::mem::swap(&mut rows, &mut fetched);
    }
    rows.append(&mut fetched);
    drop(fetched);
    rows.sort_by_key(Row::id);
    let mut is_admitted = in_order(admitted.iter().copied());
    rows.retain(|row| is_admitted(row.id()));
    let mut is_payroll = in_order(payroll.iter().copied());
    let purge = reused.old.iter().any(|row| is_payroll(row.id()));
    Assembled { rows, live, purge }
}
