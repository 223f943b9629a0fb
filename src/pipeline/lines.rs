//! Fetches the lines that cannot be used again, and puts them together with those that can.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use super::{Before, Refreshing, Rows};
use crate::checks;
use crate::diff::{self, Reused, Terms};
use crate::event::Mode;
use crate::failure::Failure;
use crate::fetch::{Fetch, Line, Payable};
use crate::gathered::{Gathered, places};
use crate::index::NONE;
use crate::progress::Stage;
use crate::report::Report;
use crate::screen::{AdmittedLine, AdmittedPayable, LineId, PayableId, Screen, Screened};
use crate::state::{Asked, Live, Unread};

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
        let (fetched_before, payables_before) = (gathered.lines.rows.len(), gathered.payable_lines.rows.len());

        // Some lines first that are asked for in any case: what may not be read shows in their answer, and decides what of the kept ones is of
        // use.
        if let Some(kept) = &before.state.kept {
            let since = kept.listed_at_ms.saturating_sub(diff::OVERLAP_MS);
            let is_suspect = |modified_at: i64| modified_at >= since || modified_at == NONE;
            if gathered.lines.rows.is_empty() {
                let suspects =
                    admitted.iter().filter(|line| is_suspect(line.entry().modified_at)).take(fetch.batch_rows);
                let mut first: Vec<LineId> = suspects.map(AdmittedLine::id).collect();
                if first.is_empty() {
                    first.extend(admitted.last().map(AdmittedLine::id));
                }
                fetch.lines(first, &mut gathered.names, &mut gathered.lines.rows, came).await?;
            }
            if gathered.payable_lines.rows.is_empty() {
                let suspects =
                    admitted_payables.iter().filter(|line| is_suspect(line.entry().1)).take(fetch.batch_rows);
                let mut first: Vec<PayableId> = suspects.map(AdmittedPayable::id).collect();
                if first.is_empty() {
                    first.extend(admitted_payables.last().map(AdmittedPayable::id));
                }
                fetch.payables(first, &mut gathered.payable_lines.rows, |_| ()).await?;
            }
        }
        let (mut reused, mut reused_payables) = self.reuse(&admitted, &admitted_payables, gathered, before).await?;

        let mut there: FxHashSet<i64> = gathered.lines.rows.iter().map(|line| line.id).collect();
        remove(&mut reused, &there, |line: &Line| line.id);
        there.extend(reused.rows.iter().map(|line| line.id));
        let missing: Vec<LineId> =
            admitted.iter().map(AdmittedLine::id).filter(|id| !there.contains(&id.get())).collect();
        let admitted: Vec<i64> = admitted.iter().map(|line| line.id().get()).collect();
        self.progress.begin(Stage::Lines, missing.len() as u64);
        let mut gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            gone += fetch.lines(ids.to_vec(), &mut gathered.names, &mut gathered.lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        drop(missing);
        (report.lines_fetched, report.lines_gone) =
            (Some((gathered.lines.rows.len() - fetched_before) as u64), Some(gone));

        let mut there: FxHashSet<i64> = gathered.payable_lines.rows.iter().map(|line| line.id).collect();
        remove(&mut reused_payables, &there, |line: &Payable| line.id);
        there.extend(reused_payables.rows.iter().map(|line| line.id));
        let missing: Vec<PayableId> =
            admitted_payables.iter().map(AdmittedPayable::id).filter(|id| !there.contains(&id.get())).collect();
        let admitted_payables: Vec<i64> = admitted_payables.iter().map(|line| line.id().get()).collect();
        self.progress.begin(Stage::Payables, missing.len() as u64);
        let mut payables_gone = 0;
        for ids in missing.chunks(SAVED_LINES) {
            payables_gone += fetch.payables(ids.to_vec(), &mut gathered.payable_lines.rows, came).await?;
            self.save_lines(gathered, before).await?;
        }
        let fetched = (gathered.payable_lines.rows.len() - payables_before) as u64;
        (report.payables_fetched, report.payables_gone) = (Some(fetched), Some(payables_gone));

        let documents = self.documents();
        if !self.refresh.dry_run {
            gathered.save_lines(&before.store, &documents).await?;
        }
        let of_kept = before.state.kept.as_ref();
        let (first, first_payable) = of_kept.map_or((0, 0), |kept| (kept.lines.parts.len(), kept.payables.parts.len()));
        let mut places_of_lines = places(&gathered.lines.rows, &gathered.said.lines, first, |line| line.id);
        places_of_lines.append(&mut reused.live);
        let mut places_of_payables =
            places(&gathered.payable_lines.rows, &gathered.said.payables, first_payable, |line| line.id);
        places_of_payables.append(&mut reused_payables.live);

        let is_payroll =
            |old: &[diff::Old], payroll: &[i64]| old.iter().any(|row| payroll.binary_search(&row.id()).is_ok());
        let purge = (is_payroll(&reused.old, &payroll_lines), is_payroll(&reused_payables.old, &payroll_payables));
        let is_kept = |admitted: &[i64], id: i64| admitted.binary_search(&id).is_ok();
        // What stands in files is moved, not copied: there may be millions.
        let mut lines = reused.rows;
        lines.append(&mut gathered.lines.rows);
        lines.retain(|line| is_kept(&admitted, line.id));
        lines.sort_unstable_by_key(|line| line.id);
        let mut payables = reused_payables.rows;
        payables.append(&mut gathered.payable_lines.rows);
        payables.retain(|line| is_kept(&admitted_payables, line.id));
        payables.sort_unstable_by_key(|line| line.id);
        checks::complete("ledger", admitted.len(), lines.len(), gone)?;
        checks::complete("AP", admitted_payables.len(), payables.len(), payables_gone)?;
        let (periods, healed) = diff::periods(&reused.old, &lines);
        if gathered.said.way.mode == Mode::Full && before.state.kept.is_some() {
            report.lines_healed = Some(healed);
        }
        let live = (live(places_of_lines, &admitted), live(places_of_payables, &admitted_payables));
        let rows = Rows { lines, payables, live, purge, periods };
        Ok((rows, screen))
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
        let at = |id| admitted.binary_search_by_key(&id, |line| line.id().get()).ok();
        let entry = |id| at(id).map(|at| *admitted[at].entry());
        let lines = diff::reuse(store, &kept.lines, &terms(&documents.lines), names, entry).await;
        let at = |id| admitted_payables.binary_search_by_key(&id, |line| line.id().get()).ok();
        let entry = |id| at(id).map(|at| admitted_payables[at].entry());
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

/// Of these places of rows, those that count, by id.
fn live(mut places: Vec<Live>, admitted: &[i64]) -> Vec<Live> {
    places.retain(|live| admitted.binary_search(&live.id).is_ok());
    places.sort_unstable_by_key(|live| live.id);
    places.dedup_by_key(|live| live.id);
    places
}

/// Leaves out what was fetched anew all the same.
fn remove<T>(reused: &mut Reused<T>, fetched: &FxHashSet<i64>, id: impl Fn(&T) -> i64) {
    if !fetched.is_empty() {
        reused.rows.retain(|row| !fetched.contains(&id(row)));
        reused.live.retain(|live| !fetched.contains(&live.id));
    }
}
