//! What a refresh has gathered so far: listed, fetched, and read of registers. It is saved under `state/` wherever the refresh can stop, and
//! read again by the run that goes on.

mod keeping;

use serde::{Deserialize, Serialize};

use crate::chart::Chart;
use crate::failure::Failure;
use crate::fetch::{Line, Names, Payable};
use crate::index::{Ledger, Payables};
use crate::refer::References;
use crate::state::{List, Listed, Part, State, Store, Stored, Unfinished, Unread};
use crate::value::Instant;
use crate::xledger::Position;

pub(crate) use keeping::{Files, Keeping};

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

/// Rows that were fetched, in the order of their files, and how many of them stand in one. Those of earlier runs are read when they are needed
/// ([`Gathered::load_lines`]).
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
        self.saved = self.saved.max(self.rows.len());
        Ok(())
    }

    /// Reads the rows that stand in files, unless they are here.
    async fn load(&mut self, store: &Store<'_>, parts: &[Part], names: &mut Names) -> Result<(), Unread> {
        if self.rows.len() < self.saved {
            self.rows = Vec::with_capacity(self.saved);
            for part in parts {
                store.read(part, names, |row, _| self.rows.push(row)).await?;
            }
        }
        Ok(())
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

    /// What an earlier run of the same refresh has gathered, but for the lines.
    pub(crate) async fn resume(said: Unfinished, store: &Store<'_>) -> Result<Self, Unread> {
        let mut gathered = Self::begin(said);
        let said = &gathered.said;
        (gathered.ledger, gathered.payables) = lists(store, &said.listed).await?;
        gathered.listed = (gathered.ledger.entries.len(), gathered.payables.entries.len());
        if let Some(registers) = &said.registers {
            gathered.registers = store.read_json(registers).await?;
        }
        gathered.lines.saved = rows_of(&said.lines);
        gathered.payable_lines.saved = rows_of(&said.payables);
        Ok(gathered)
    }

    /// Reads the lines that earlier runs of the same refresh have fetched. They take as much memory as the lists, which are dropped before. Those
    /// that cannot be read are forgotten, and fetched anew.
    pub(crate) async fn load_lines(&mut self, store: &Store<'_>) -> Result<(), Failure> {
        let Self { said, names, lines, payable_lines, .. } = self;
        let loaded = match lines.load(store, &said.lines, names).await {
            Ok(()) => payable_lines.load(store, &said.payables, names).await,
            Err(unread) => Err(unread),
        };
        match loaded {
            Ok(()) => Ok(()),
            Err(Unread::Lake(error)) => Err(error.into()),
            Err(Unread::Damaged(what)) => {
                tracing::warn!(what, "what an earlier run had gathered cannot be read");
                (said.lines, said.payables) = (Vec::new(), Vec::new());
                (*lines, *payable_lines) = Default::default();
                Ok(())
            }
        }
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
            positions: [&said.ledger.at, &said.payables.at, &registers.chart_at, &registers.references.suppliers_at]
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
        self.said.listed.is_whole()
    }

    /// Forgets that the lists stand in files: they have been changed.
    pub(crate) fn rewrite_lists(&mut self) {
        self.listed = (0, 0);
        for list in [&mut self.said.listed.ledger, &mut self.said.listed.payables] {
            list.lines = Vec::new();
        }
    }

    /// Writes what stands in no file yet of the lists.
    pub(crate) async fn save_lists(&mut self, store: &Store<'_>) -> Result<(), Failure> {
        let (names, at) = (Names::default(), self.asked_at());
        let listed = &mut self.said.listed;
        self.ledger.document_types.clone_into(&mut listed.document_types);
        let new = self.ledger.entries.get(self.listed.0..).unwrap_or_default();
        listed.ledger.lines.extend(store.write("ledger-list", new, &names, "", at).await?);
        self.listed.0 = self.ledger.entries.len();
        let new = self.payables.entries.get(self.listed.1..).unwrap_or_default();
        listed.payables.lines.extend(store.write("ap-list", new, &names, "", at).await?);
        self.listed.1 = self.payables.entries.len();
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

/// The rows in these files.
pub(crate) fn rows_of(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.rows as usize).sum()
}

/// The lists of an earlier run.
async fn lists(store: &Store<'_>, listed: &Listed) -> Result<(Ledger, Payables), Unread> {
    let ledger = Ledger { entries: list(store, &listed.ledger).await?, document_types: listed.document_types.clone() };
    let types = ledger.document_types.len();
    if ledger.entries.iter().any(|entry| entry.document_type as usize >= types) {
        return Err(Unread::Damaged("the list of ledger lines names a document type that is not there".to_owned()));
    }
    Ok((ledger, Payables { entries: list(store, &listed.payables).await? }))
}

async fn list<E: Stored>(store: &Store<'_>, list: &List) -> Result<Vec<E>, Unread> {
    let (mut entries, mut names) = (Vec::with_capacity(rows_of(&list.lines)), Names::default());
    for part in &list.lines {
        store.read(part, &mut names, |entry, _| entries.push(entry)).await?;
    }
    Ok(entries)
}

/// The checksums of what lines are asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Documents {
    pub(crate) lines: String,
    pub(crate) payables: String,
}
