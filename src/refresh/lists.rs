//! The lists of a refresh, by index fields alone, and the registers beside them. They are saved in the cache as they grow: checkpoints, from which
//! another run can resume for an hour. Older ones are made anew, for what they say of payroll may be out of date.

mod references;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::failure::Failure;
use crate::model::listed::LedgerEntry;
use crate::model::names::Names;
use crate::model::value::Instant;
use crate::refresh::cache::{Bounds, Cache, Listed, Part, Unread};
use crate::refresh::chart::Chart;
use crate::refresh::checks;
use crate::refresh::fetch::{SetAside, by_id};
use crate::refresh::index::{Asking, Ledger, List, Payables, References};
use crate::refresh::reference_data::ReferenceData;
use crate::refresh::rules::Rules;
use crate::refresh::screen::{self, Screened};
use crate::report::progress::{Progress, Stage};
use crate::xledger::node::Identified;
use crate::xledger::{Client, Error, Position};

/// Rows that are listed before they are saved.
const SAVED_ROWS: usize = 500_000;
/// How old a list may be that is gone on with, in milliseconds.
const LONGEST_MS: i64 = 3_600_000;

/// What is listed.
pub(super) struct Lists {
    pub(super) registers: Registers,
    pub(super) ledger: Ledger,
    pub(super) payables: Payables,
    /// What is said of them in the cache.
    said: Listed,
    /// How many lines of each stand in files.
    saved: (usize, usize),
    /// How much was there when this run began.
    pub(super) extent_before: u64,
}

/// What is read whole.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Registers {
    pub(super) chart: Chart,
    chart_at: Position,
    pub(super) reference_data: ReferenceData,
    /// What the listed ledger lines refer to.
    references: References,
}

impl Lists {
    /// Nothing yet.
    pub(super) fn begin(source: &str, now: Instant) -> Self {
        let said = Listed { began_at_ms: now.0, source: source.to_owned(), ..Listed::default() };
        let (ledger, payables) = Default::default();
        Self { registers: Registers::default(), ledger, payables, said, saved: (0, 0), extent_before: 0 }
    }

    /// Those of an earlier run if they are of use, else nothing yet.
    pub(super) async fn resume(cache: &Cache<'_>, source: &str, now: Instant) -> Result<Self, Failure> {
        let is_of_use = |said: &&Listed| said.source == source && (0..LONGEST_MS).contains(&(now.0 - said.began_at_ms));
        let Some(said) = cache.index.lists.as_ref().filter(is_of_use) else { return Ok(Self::begin(source, now)) };
        let mut lists = Self { said: said.clone(), ..Self::begin(source, now) };
        let read = async {
            if let Some(registers) = &lists.said.registers {
                lists.registers = cache.read_json(registers).await?;
                lists.ledger.references = std::mem::take(&mut lists.registers.references).restored();
            }
            lists.load(cache).await
        };
        match read.await {
            Ok(()) => {
                lists.extent_before = lists.extent();
                Ok(lists)
            }
            Err(Unread::Lake(error)) => Err(error.into()),
            Err(Unread::Damaged(what)) => {
                tracing::warn!(what, "a saved list cannot be read; it is listed again");
                Ok(Self::begin(source, now))
            }
        }
    }

    /// Reads the lines that stand in files.
    async fn load(&mut self, cache: &Cache<'_>) -> Result<(), Unread> {
        self.ledger.entries = Vec::new();
        self.payables = Payables::default();
        let mut names = Names::default();
        for part in &self.said.ledger.parts {
            cache.read(part, &mut names, kept(&mut self.ledger.entries)).await?;
        }
        for part in &self.said.payables.parts {
            cache.read(part, &mut names, kept(&mut self.payables.entries)).await?;
        }
        let References { document_types, periods } = &self.ledger.references;
        let is_known = |entry: &LedgerEntry| {
            document_types.get(entry.document_type).is_some() && periods.get(entry.period).is_some()
        };
        if !self.ledger.entries.iter().all(is_known) {
            let what = "the list of ledger lines names a document type or a period that is not there";
            return Err(Unread::Damaged(what.to_owned()));
        }
        self.saved = (self.ledger.entries.len(), self.payables.entries.len());
        Ok(())
    }

    /// When the listing began.
    pub(super) fn began_at(&self) -> Instant {
        Instant(self.said.began_at_ms)
    }

    /// How much is there: of a run that got something, more.
    pub(super) fn extent(&self) -> u64 {
        let Registers { chart, reference_data, .. } = &self.registers;
        let rows = |parts: &[Part], lines: usize| parts.iter().map(|part| part.rows).sum::<u64>().max(lines as u64);
        let listed = rows(&self.said.ledger.parts, self.ledger.entries.len())
            + rows(&self.said.payables.parts, self.payables.entries.len());
        let of_references =
            reference_data.suppliers.len() + reference_data.owners.len() + reference_data.dimensions.len();
        listed + (chart.len() + of_references) as u64
    }

    fn are_whole(&self) -> bool {
        self.said.ledger.ranges.are_at_end() && self.said.payables.ranges.are_at_end()
    }

    /// Lists what is left: the chart, the suppliers, the ledger and accounts payable side by side. Then what was read while somebody changed it
    /// is read again, and accounts that the chart does not show are looked up: a run that goes on does it too, for the one before may have
    /// ended in the middle.
    pub(super) async fn complete(
        &mut self,
        asking: Asking<'_>,
        cache: &mut Cache<'_>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        progress.begin(Stage::Index, 0);
        let known = cache.index.bounds.clone();
        let mut registers = std::mem::take(&mut self.registers);
        let Registers { chart, chart_at, reference_data, .. } = &mut registers;
        // What the others are asking for when one fails still comes, and is not asked for again.
        let give_up = |error: &Error| asking.give_up(error);
        let (chart, suppliers, lines) = futures::join!(
            async { chart.list(asking, chart_at).await.inspect_err(give_up) },
            async { reference_data.list_suppliers(asking).await.inspect_err(give_up) },
            self.list(asking, &known, SAVED_ROWS, progress),
        );
        self.registers = registers;
        chart.and(suppliers).and(lines)?;
        for is_last in [false, true] {
            while !self.are_whole() || !self.look_up_references(asking).await? {
                self.save(cache).await?;
                self.list(asking, &known, SAVED_ROWS, progress).await?;
            }
            let inconsistent = checks::lines_of_inconsistent_vouchers(&self.ledger);
            if inconsistent.is_empty() {
                break;
            }
            if is_last {
                tracing::warn!(
                    lines = inconsistent.len(),
                    "lines of one voucher differ in owner, document type or time of modification"
                );
            } else {
                self.relist(asking, &inconsistent, &FxHashSet::default()).await?;
            }
        }
        self.registers.chart.look_up(asking, &self.ledger).await?;
        // Before they are sorted: those that stand in files already are the first.
        self.save(cache).await?;
        self.ledger.sort();
        self.payables.sort();
        let ranges = asking.client.max_in_flight();
        cache.index.bounds = Bounds {
            ledger: self.said.ledger.ranges.for_next(&self.ledger, asking.page_rows, ranges),
            payables: self.said.payables.ranges.for_next(&self.payables, asking.page_rows, ranges),
        };
        Ok(())
    }

    async fn list(
        &mut self,
        asking: Asking<'_>,
        known: &Bounds,
        most_rows: usize,
        progress: &Progress,
    ) -> Result<(), Error> {
        let rows = |rows| progress.rows(rows);
        let Self { ledger, payables, said, .. } = self;
        let Listed { ledger: of_ledger, payables: of_payables, by_ids, .. } = said;
        if !of_ledger.ranges.are_begun() {
            *by_ids = asking.client.plan().asks_ids();
        }
        let (ledger, payables) = futures::join!(
            of_ledger.ranges.list(ledger, asking, known.ledger.as_deref(), most_rows, &rows),
            of_payables.ranges.list(payables, asking, known.payables.as_deref(), most_rows, &|_| ()),
        );
        // A list that was begun anew does not stand in files any more.
        if self.ledger.entries.len() < self.saved.0 {
            (self.said.ledger.parts, self.saved.0) = Default::default();
        }
        if self.payables.entries.len() < self.saved.1 {
            (self.said.payables.parts, self.saved.1) = Default::default();
        }
        ledger.and(payables)
    }

    /// Lists these lines once more, as they are now. One that does not come, though asked for twice, is gone.
    async fn relist(
        &mut self,
        asking: Asking<'_>,
        lines: &FxHashSet<i64>,
        payables: &FxHashSet<i64>,
    ) -> Result<(), Failure> {
        relist(asking, &mut self.ledger, lines).await?;
        relist(asking, &mut self.payables, payables).await?;
        // They do not stand in files any more as they are.
        (self.said.ledger.parts, self.said.payables.parts, self.saved) = Default::default();
        Ok(())
    }

    /// Reads the lines again that were forgotten.
    pub(super) async fn reload(&mut self, cache: &Cache<'_>) -> Result<(), Failure> {
        if !cache.is_dry() {
            self.load(cache).await.map_err(Unread::failure)?;
        }
        Ok(())
    }

    /// Brings the lists up to date, after lines came otherwise than they were listed.
    pub(super) async fn renew(
        &mut self,
        set_aside: SetAside,
        asking: Asking<'_>,
        cache: &Cache<'_>,
        now: Instant,
    ) -> Result<(), Failure> {
        if !set_aside.wholly {
            self.reload(cache).await?;
        } else {
            let reference_data = std::mem::take(&mut self.registers.reference_data);
            let source = std::mem::take(&mut self.said.source);
            *self = Self::begin(&source, now);
            self.registers.reference_data = reference_data;
            return Ok(());
        }
        let SetAside { mut lines, mut payables, vouchers, .. } = set_aside;
        let of_vouchers = self.ledger.entries.iter().filter(|entry| vouchers.contains(&entry.voucher));
        lines.extend(of_vouchers.map(|entry| entry.id));
        let of_vouchers = self.payables.entries.iter().filter(|entry| vouchers.contains(&entry.voucher));
        payables.extend(of_vouchers.map(|entry| entry.id));
        self.relist(asking, &lines, &payables).await
    }

    /// Judges the lists.
    pub(super) fn screen(&self, rules: &Rules) -> Screened {
        screen::screen(rules.clone(), self.registers.chart.clone(), &self.ledger, &self.payables)
    }

    /// Saves them: another run can go on from here.
    pub(super) async fn save(&mut self, cache: &mut Cache<'_>) -> Result<(), Failure> {
        let (said, names) = (&mut self.said, Names::default());
        let new = self.ledger.entries.get(self.saved.0..).unwrap_or_default();
        said.ledger.parts.extend(cache.write("ledger-list", new, &names, None).await?);
        let new = self.payables.entries.get(self.saved.1..).unwrap_or_default();
        said.payables.parts.extend(cache.write("ap-list", new, &names, None).await?);
        self.saved = (self.saved.0.max(self.ledger.entries.len()), self.saved.1.max(self.payables.entries.len()));
        self.registers.references.clone_from(&self.ledger.references);
        said.registers = cache.write_json("registers", &self.registers).await?;
        cache.index.lists = Some(said.clone());
        cache.save().await
    }

    /// Forgets the lines, which are in the cache: they take much memory, and are not needed once they are judged.
    pub(super) fn forget_lines(&mut self) {
        (self.ledger.entries, self.payables.entries) = Default::default();
    }
}

/// Keeps every row that is read.
fn kept<T>(rows: &mut Vec<T>) -> impl FnMut(T, &Names) -> bool {
    |row, _| {
        rows.push(row);
        true
    }
}

async fn relist<L: List>(asking: Asking<'_>, list: &mut L, ids: &FxHashSet<i64>) -> Result<(), Failure> {
    let Asking { client, base, page_rows } = asking;
    list.entries_mut().retain(|entry| !ids.contains(&L::id_of(entry)));
    let mut left: Vec<i64> = ids.iter().copied().collect();
    left.sort_unstable();
    for _ in 0..2 {
        let mut came = FxHashSet::default();
        for batch in left.chunks(page_rows.max(1)) {
            let listed: Vec<L::Node> = by_id(client, L::query(client), base, batch).await?;
            came.extend(listed.iter().filter_map(Identified::id));
            list.extend(listed, client);
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
) -> Result<Screened, Failure> {
    progress.begin(Stage::Index, 0);
    let (asking, mut lists) = (Asking { client, base, page_rows }, Lists::begin("", Instant(0)));
    let (mut chart, mut chart_at, known) = (Chart::default(), Position::default(), Bounds::default());
    futures::try_join!(chart.list(asking, &mut chart_at), lists.list(asking, &known, usize::MAX, progress))?;
    while !lists.look_up_references(asking).await? {
        lists.list(asking, &known, usize::MAX, progress).await?;
    }
    chart.look_up(asking, &lists.ledger).await?;
    lists.registers.chart = chart;
    progress.begin(Stage::Screen, 0);
    lists.ledger.sort();
    lists.payables.sort();
    Ok(lists.screen(rules))
}
