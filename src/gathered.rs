//! What a refresh has gathered so far: listed, fetched, and read of registers. It is saved under `state/` wherever the refresh can stop, and
//! read again by the run that goes on.

use serde::{Deserialize, Serialize};

use crate::chart::Chart;
use crate::failure::Failure;
use crate::fetch::{Line, Names, Payable};
use crate::index::{Ledger, Payables};
use crate::refer::References;
use crate::state::{KeptRows, Listed, Live, PART_ROWS, Part, State, Store, Stored, Unfinished, Unread};
use crate::value::Instant;
use crate::xledger::Position;

/// Files of one sort of rows, at most: beyond, they are written anew as few.
const MOST_PARTS: usize = 16;

/// What a refresh has gathered.
pub(crate) struct Gathered {
    /// What is said of it under `state/`.
    pub(crate) said: Unfinished,
    pub(crate) registers: Registers,
    pub(crate) ledger: Ledger,
    pub(crate) payables: Payables,
    pub(crate) names: Names,
    pub(crate) lines: Fetched<Line>,
    pub(crate) payable_lines: Fetched<Payable>,
    /// Of the lists, those that stand in files already.
    listed: (usize, usize),
}

/// How far a refresh came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    positions: [Position; 4],
    rows: [usize; 4],
}

/// What is read whole, whatever the way.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Registers {
    pub(crate) chart: Chart,
    pub(crate) chart_at: Position,
    pub(crate) references: References,
}

/// Rows that were fetched, in the order of their files, and how many of them stand in one.
pub(crate) struct Fetched<T> {
    pub(crate) rows: Vec<T>,
    saved: usize,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), saved: 0 }
    }
}

impl<T: Stored> Fetched<T> {
    /// Writes what stands in no file yet.
    async fn save(
        &mut self,
        store: &Store<'_>,
        sort: &str,
        names: &Names,
        document: &str,
        asked_at: Instant,
        parts: &mut Vec<Part>,
    ) -> Result<(), Failure> {
        let new = self.rows.get(self.saved..).unwrap_or_default();
        parts.extend(store.write(sort, new, names, document, asked_at).await?);
        self.saved = self.rows.len();
        Ok(())
    }

    async fn load(store: &Store<'_>, parts: &[Part], names: &mut Names) -> Result<Self, Unread> {
        let mut rows = Vec::new();
        for part in parts {
            store.read(part, names, |row| rows.push(row)).await?;
        }
        Ok(Self { saved: rows.len(), rows })
    }
}

impl Gathered {
    /// Nothing yet.
    pub(crate) fn begin(said: Unfinished) -> Self {
        Self {
            said,
            registers: Registers::default(),
            ledger: Ledger::default(),
            payables: Payables::default(),
            names: Names::default(),
            lines: Fetched::default(),
            payable_lines: Fetched::default(),
            listed: (0, 0),
        }
    }

    /// What an earlier run of the same refresh has gathered.
    pub(crate) async fn resume(said: Unfinished, store: &Store<'_>) -> Result<Self, Unread> {
        let mut gathered = Self::begin(said);
        let said = &gathered.said;
        (gathered.ledger, gathered.payables) = lists(store, &said.listed).await?;
        gathered.listed = (gathered.ledger.entries.len(), gathered.payables.entries.len());
        if let Some(registers) = &said.registers {
            gathered.registers = store.read_json(registers).await?;
        }
        gathered.lines = Fetched::load(store, &said.lines, &mut gathered.names).await?;
        gathered.payable_lines = Fetched::load(store, &said.payables, &mut gathered.names).await?;
        Ok(gathered)
    }

    /// When it began to ask.
    pub(crate) fn asked_at(&self) -> Instant {
        Instant(self.said.started_at_ms)
    }

    /// How far it came, to be compared with how far it had come.
    pub(crate) fn extent(&self) -> Extent {
        let (said, registers) = (&self.said.listed, &self.registers);
        let fetched = |saved: usize, rows: usize| saved.max(rows);
        Extent {
            positions: [&said.ledger_at, &said.payables_at, &registers.chart_at, &registers.references.suppliers_at]
                .map(Clone::clone),
            rows: [
                fetched(self.lines.saved, self.lines.rows.len()),
                fetched(self.payable_lines.saved, self.payable_lines.rows.len()),
                registers.references.owners.len(),
                registers.references.dimensions.len(),
            ],
        }
    }

    /// Whether both lists are whole.
    pub(crate) fn is_listed(&self) -> bool {
        self.said.listed.ledger_at.is_at_end() && self.said.listed.payables_at.is_at_end()
    }

    /// Takes lists in the place of those that are here: no file has them.
    pub(crate) fn relist(&mut self, ledger: Ledger, payables: Payables) {
        (self.ledger, self.payables, self.listed) = (ledger, payables, (0, 0));
        self.said.listed = Listed::default();
    }

    /// Forgets that the lists stand in files: they have been changed.
    pub(crate) fn rewrite_lists(&mut self) {
        self.listed = (0, 0);
        (self.said.listed.ledger, self.said.listed.payables) = (Vec::new(), Vec::new());
    }

    /// Writes what stands in no file yet of the lists.
    pub(crate) async fn save_lists(&mut self, store: &Store<'_>) -> Result<(), Failure> {
        let (names, at) = (Names::default(), self.asked_at());
        let listed = &mut self.said.listed;
        self.ledger.document_types.clone_into(&mut listed.document_types);
        let new = self.ledger.entries.get(self.listed.0..).unwrap_or_default();
        listed.ledger.extend(store.write("ledger-list", new, &names, "", at).await?);
        let new = self.payables.entries.get(self.listed.1..).unwrap_or_default();
        listed.payables.extend(store.write("ap-list", new, &names, "", at).await?);
        self.listed = (self.ledger.entries.len(), self.payables.entries.len());
        Ok(())
    }

    /// Forgets the entries of lists that stand in files: they take much memory, and are not needed once they are judged.
    pub(crate) fn drop_lists(&mut self) {
        self.ledger.entries = Vec::new();
        self.payables.entries = Vec::new();
        self.listed = (0, 0);
    }

    /// Writes what stands in no file yet of the lines. `documents` are the checksums of what they are asked with.
    pub(crate) async fn save_lines(&mut self, store: &Store<'_>, documents: &Documents) -> Result<(), Failure> {
        let (at, names) = (self.asked_at(), &self.names);
        self.lines.save(store, "lines", names, &documents.lines, at, &mut self.said.lines).await?;
        self.payable_lines.save(store, "ap-lines", names, &documents.payables, at, &mut self.said.payables).await
    }

    /// Saves all of it: another run can go on from here.
    pub(crate) async fn save(
        &mut self,
        store: &mut Store<'_>,
        state: &mut State,
        documents: &Documents,
    ) -> Result<(), Failure> {
        self.save_lists(store).await?;
        self.save_lines(store, documents).await?;
        self.said.registers = Some(store.write_json("registers", &self.registers, self.asked_at()).await?);
        state.unfinished = Some(self.said.clone());
        store.save(state).await
    }
}

/// The lists of an earlier run.
pub(crate) async fn lists(store: &Store<'_>, listed: &Listed) -> Result<(Ledger, Payables), Unread> {
    let mut names = Names::default();
    let mut ledger = Ledger { entries: Vec::new(), document_types: listed.document_types.clone() };
    for part in &listed.ledger {
        store.read(part, &mut names, |entry| ledger.entries.push(entry)).await?;
    }
    let mut payables = Payables::default();
    for part in &listed.payables {
        store.read(part, &mut names, |entry| payables.entries.push(entry)).await?;
    }
    Ok((ledger, payables))
}

/// The checksums of what lines are asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Documents {
    pub(crate) lines: String,
    pub(crate) payables: String,
}

/// What is kept of rows once they are published.
pub(crate) struct Keeping<'a, T> {
    pub(crate) store: &'a Store<'a>,
    pub(crate) sort: &'a str,
    pub(crate) names: &'a Names,
    pub(crate) document: &'a str,
    pub(crate) asked_at: Instant,
    /// All rows of the tables, by id.
    pub(crate) rows: &'a [T],
    /// The files that earlier refreshes left.
    pub(crate) old: &'a [Part],
    /// The files that this refresh wrote.
    pub(crate) new: &'a [Part],
    /// In which file each row stands: files of before are numbered first, those of this refresh after them.
    pub(crate) live: Vec<Live>,
    /// Whether something of the old files must not be kept.
    pub(crate) purge: bool,
}

impl<T: Stored> Keeping<'_, T> {
    /// Names the files that have rows which count. Few files stay as they are; many, or such that hold little that counts, are written anew.
    pub(crate) async fn keep(self) -> Result<KeptRows, Failure> {
        let Self { store, sort, names, document, asked_at, rows, old, new, mut live, purge } = self;
        let mut used: Vec<Option<u32>> = vec![None; old.len() + new.len()];
        let mut parts: Vec<Part> = Vec::new();
        let written: Vec<&Part> = old.iter().chain(new).collect();
        for row in &mut live {
            let Some(place) = used.get_mut(row.part as usize) else { continue };
            row.part = *place.get_or_insert_with(|| {
                parts.push(written[row.part as usize].clone());
                (parts.len() - 1) as u32
            });
        }
        let stored: u64 = parts.iter().map(|part| part.rows).sum();
        let most = MOST_PARTS + rows.len() / PART_ROWS;
        if purge || parts.len() > most || stored > 2 * live.len() as u64 + PART_ROWS as u64 {
            parts = store.write(sort, rows, names, document, asked_at).await?;
            let ends = parts.iter().scan(0, |end, part| {
                *end += part.rows as usize;
                Some(*end)
            });
            let ends: Vec<usize> = ends.collect();
            live.iter_mut().enumerate().for_each(|(at, row)| row.part = ends.partition_point(|end| *end <= at) as u32);
        }
        let live = store.write(&format!("{sort}-live"), &live, names, "", asked_at).await?;
        Ok(KeptRows { parts, live })
    }
}

/// In which file each of these rows stands, which are in the order of the files.
pub(crate) fn places<T>(rows: &[T], parts: &[Part], first: usize, id: impl Fn(&T) -> i64) -> Vec<Live> {
    let numbered = parts
        .iter()
        .enumerate()
        .flat_map(|(number, part)| std::iter::repeat_n((first + number) as u32, part.rows as usize));
    rows.iter().zip(numbered).map(|(row, part)| Live { id: id(row), part }).collect()
}
