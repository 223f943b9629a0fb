//! The lists of a refresh, by index fields alone, and the registers beside them. They are saved in the cache as they grow: checkpoints, from which
//! another run can resume for an hour. Older ones are made anew, for what they say of payroll may be out of date.

mod changed;
mod check;
mod references;
mod saved_list;

use std::cell::Cell;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::lake;
use crate::model::failure::Failure;
use crate::model::listed::ListedLine;
use crate::model::value::Instant;
use crate::refresh::cache::{Bounds, Cache, SavedLists};
use crate::refresh::chart::Chart;
use crate::refresh::fetch::SetAside;
use crate::refresh::index::{Ledger, ListContext, Payables, References, RegisterWalk};
use crate::refresh::reference_data::ReferenceData;
use crate::refresh::rules::Rules;
use crate::refresh::screen::{self, Screened};
use crate::report::progress::{Progress, Stage};
use crate::xledger::Error;
use changed::changed_lines;
pub(crate) use check::list_and_screen;

/// Rows that are listed before they are saved.
const SAVED_ROWS: usize = 500_000;
/// How old lists may be, in milliseconds. If a run resumes with them, their age counts from their beginning; if it fetches by them, from when
/// they were whole, because lists that take an hour to make would otherwise never be used.
const MAX_AGE_MS: i64 = 3_600_000;

/// What is listed.
pub(super) struct Lists {
    pub(super) registers: Registers,
    pub(super) ledger: Ledger,
    pub(super) payables: Payables,
    /// What of them stands in the cache, and how far they came.
    pub(super) saved: SavedLists,
    /// When they, once whole, become too old to fetch by.
    pub(super) expires_at: Instant,
}

/// What is read whole.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Registers {
    pub(super) chart: Chart,
    chart_walk: RegisterWalk,
    pub(super) reference_data: ReferenceData,
}

impl Lists {
    /// Nothing yet.
    pub(super) fn begin(source: &str, now: Instant) -> Self {
        let saved = SavedLists { began_at_ms: now.0, source: source.to_owned(), ..SavedLists::default() };
        let (registers, ledger, payables, expires_at) = Default::default();
        Self { registers, ledger, payables, saved, expires_at }
    }

    /// Those of an earlier run if they are of use, else nothing yet.
    pub(super) async fn resume(cache: &Cache<'_>, source: &str, now: Instant) -> Result<Self, Failure> {
        let is_of_use =
            |saved: &&SavedLists| saved.source == source && (0..MAX_AGE_MS).contains(&(now.0 - saved.began_at_ms));
        let Some(saved) = cache.contents.lists.as_ref().filter(is_of_use) else { return Ok(Self::begin(source, now)) };
        let mut lists = Self { saved: saved.clone(), ..Self::begin(source, now) };
        let read = async {
            if let Some(registers) = &lists.saved.registers {
                (lists.registers, lists.ledger.references) = cache.read_value(registers).await?;
            }
            lists.load(cache).await
        };
        match read.await {
            Ok(()) => Ok(lists),
            Err(error @ lake::Error::Corrupt { .. }) => {
                tracing::warn!(%error, "a saved list cannot be read; it is listed again");
                Ok(Self::begin(source, now))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the lines that stand in files. A dry run has written none, and forgets no lines.
    pub(super) async fn load(&mut self, cache: &Cache<'_>) -> Result<(), lake::Error> {
        if cache.is_dry {
            return Ok(());
        }
        self.saved.ledger.load(&mut self.ledger, cache).await?;
        self.saved.payables.load(&mut self.payables, cache).await?;
        let References { document_types, periods } = &self.ledger.references;
        let is_known = |entry: &ListedLine| {
            document_types.get(entry.document_type).is_some() && periods.get(entry.period).is_some()
        };
        if !self.ledger.entries.iter().all(is_known) {
            let what = "it names a document type or a period that is not there".to_owned();
            return Err(lake::Error::Corrupt { place: "the list of ledger lines".to_owned(), what });
        }
        Ok(())
    }

    /// Says when these lists, now whole, become too old to fetch by: lines may have become payroll since. At most an hour from now: the clock of the
    /// run before may have been ahead.
    pub(super) fn set_expiry(&mut self, now: Instant) {
        let whole_at_ms = *self.saved.whole_at_ms.get_or_insert(now.0);
        self.expires_at = Instant(whole_at_ms.min(now.0).saturating_add(MAX_AGE_MS));
    }

    /// How many rows there are, of lists and registers: more, once a run has got something.
    pub(super) fn rows_listed(&self) -> u64 {
        let Registers { chart, reference_data, .. } = &self.registers;
        let listed = self.saved.ledger.rows().max(self.ledger.entries.len())
            + self.saved.payables.rows().max(self.payables.entries.len());
        let of_references =
            reference_data.suppliers.len() + reference_data.owners.len() + reference_data.dimensions.len();
        (listed + chart.len() + of_references) as u64
    }

    fn are_whole(&self) -> bool {
        self.saved.ledger.ranges.are_at_end() && self.saved.payables.ranges.are_at_end()
    }

    /// Lists what is left: the chart, the suppliers, the ledger and accounts payable side by side. Then lists lines again that changed while they
    /// were read, and looks up accounts that the chart does not show. A run that resumes does this, too, because the run before may have ended
    /// in the middle.
    pub(super) async fn complete(
        &mut self,
        context: ListContext<'_>,
        cache: &mut Cache<'_>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        progress.begin(Stage::Index, 0);
        let known = cache.contents.bounds.clone();
        let mut registers = std::mem::take(&mut self.registers);
        let Registers { chart, chart_walk, reference_data, .. } = &mut registers;
        // What the others are asking for when one fails still comes, and is not asked for again.
        let give_up = |error: &Error| context.give_up(error);
        let (chart, suppliers, lines) = futures::join!(
            async { chart.list(context, chart_walk).await.inspect_err(give_up) },
            async { reference_data.list_suppliers(context).await.inspect_err(give_up) },
            self.list(context, &known, SAVED_ROWS, progress),
        );
        self.registers = registers;
        chart.and(suppliers).and(lines)?;
        while !self.are_whole() {
            self.save(cache).await?;
            self.list(context, &known, SAVED_ROWS, progress).await?;
        }
        for is_last in [false, true] {
            while !self.are_complete(context, &known, progress).await? {
                self.save(cache).await?;
                self.list(context, &known, SAVED_ROWS, progress).await?;
            }
            let changed = changed_lines(&self.ledger, context.page_rows);
            if changed.is_empty() {
                break;
            }
            if is_last {
                tracing::warn!(
                    lines = changed.len(),
                    "lines of one voucher differ in owner, document type or time of modification, or none tells what theirs is"
                );
            } else {
                self.relist(context, &changed, &FxHashSet::default()).await?;
            }
        }
        self.registers.chart.look_up(context, &self.ledger).await?;
        // Before they are sorted: those that stand in files already are the first.
        self.save(cache).await?;
        self.ledger.sort();
        self.payables.sort();
        let ranges = context.client.max_in_flight();
        cache.contents.bounds = Bounds {
            ledger: self.saved.ledger.ranges.for_next(&self.ledger, context.page_rows, ranges),
            payables: self.saved.payables.ranges.for_next(&self.payables, context.page_rows, ranges),
        };
        Ok(())
    }

    /// Whether there is nothing left to list: neither the end of a list, nor the ledger anew, because its lines lack the ids of what they refer to. Then
    /// its end is left to list, too.
    async fn are_complete(
        &mut self,
        context: ListContext<'_>,
        known: &Bounds,
        progress: &Progress,
    ) -> Result<bool, Failure> {
        if self.are_whole() {
            self.open_ends(context, known, progress).await?;
        }
        Ok(self.are_whole() && self.look_up_references(context).await?)
    }

    /// Lists the end of the ledger, and lets the next walk list the end of accounts payable. AP lines come last, so that a voucher whose ledger lines
    /// were posted meanwhile is listed with its AP lines.
    async fn open_ends(&mut self, context: ListContext<'_>, known: &Bounds, progress: &Progress) -> Result<(), Error> {
        if !self.saved.has_new_lines {
            self.saved.ledger.ranges.open_end(&self.ledger);
            while !self.are_whole() {
                self.list(context, known, SAVED_ROWS, progress).await?;
            }
            self.saved.payables.ranges.open_end(&self.payables);
            self.saved.has_new_lines = true;
        }
        Ok(())
    }

    async fn list(
        &mut self,
        context: ListContext<'_>,
        known: &Bounds,
        max_rows: usize,
        progress: &Progress,
    ) -> Result<(), Error> {
        let Self { ledger, payables, saved, .. } = self;
        // Of both together: else the one that ends first waits for the other.
        let listed = Cell::new(0);
        let is_enough = || listed.get() >= max_rows;
        let payable_rows = |rows| listed.set(listed.get() + rows);
        let ledger_rows = |rows| {
            payable_rows(rows);
            progress.rows(rows);
        };
        saved.lists_reference_ids |= context.client.plan().asks_ids();
        let (ledger, payables) = futures::join!(
            saved.ledger.list(ledger, context, known.ledger.as_deref(), &is_enough, &ledger_rows),
            saved.payables.list(payables, context, known.payables.as_deref(), &is_enough, &payable_rows),
        );
        ledger.and(payables)
    }

    /// Lists these lines once more, as they are now. One that does not come, though asked for twice, is gone.
    async fn relist(
        &mut self,
        context: ListContext<'_>,
        lines: &FxHashSet<i64>,
        payables: &FxHashSet<i64>,
    ) -> Result<(), Failure> {
        self.saved.has_new_lines = false;
        self.saved.ledger.relist(&mut self.ledger, context, lines).await?;
        self.saved.payables.relist(&mut self.payables, context, payables).await
    }

    /// Forgets all.
    pub(super) fn begin_anew(&mut self, now: Instant) {
        *self = Self::begin(&self.saved.source, now);
    }

    /// Brings the lists up to date, after lines came otherwise than they were listed.
    pub(super) async fn renew(
        &mut self,
        set_aside: SetAside,
        context: ListContext<'_>,
        cache: &Cache<'_>,
        now: Instant,
    ) -> Result<(), Failure> {
        // Vouchers may have new lines: without ranges these are not looked for by themselves.
        if set_aside.relist_all || self.saved.ledger.ranges.by_cursor || self.saved.payables.ranges.by_cursor {
            self.begin_anew(now);
            self.saved.renewed = true;
            return Ok(());
        }
        self.load(cache).await?;
        let are_in = |voucher: i64| set_aside.vouchers.contains(&voucher);
        let lines = self.ledger.entries.iter().filter(|entry| are_in(entry.voucher)).map(|entry| entry.id).collect();
        let of_vouchers = self.payables.entries.iter().filter(|entry| are_in(entry.voucher));
        let payables = of_vouchers.map(|entry| entry.id).collect();
        self.relist(context, &lines, &payables).await
    }

    /// Judges the lists.
    pub(super) fn screen(&self, rules: &Rules) -> Screened {
        screen::screen(rules.clone(), self.registers.chart.clone(), &self.ledger, &self.payables)
    }

    /// Saves them: another run can go on from here.
    pub(super) async fn save(&mut self, cache: &mut Cache<'_>) -> Result<(), Failure> {
        self.saved.ledger.save(&self.ledger, cache).await?;
        self.saved.payables.save(&self.payables, cache).await?;
        self.saved.registers = cache.write_value("registers", 0, &(&self.registers, &self.ledger.references)).await?;
        cache.contents.lists = Some(self.saved.clone());
        cache.save().await
    }
}
