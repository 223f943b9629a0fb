//! Reads the CSV files that a company keeps beside its lake, as spreadsheets of several languages write them. All faults of a file are told at once,
//! each with its line and what to do. A fault quotes names of columns and ranges of accounts, never another cell: those hold a company's business.

use std::fmt;

use csv::{ReaderBuilder, StringRecord};

use super::folded;

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line, from 1.
    pub(crate) line: u64,
    /// What is wrong, and what to do.
    pub(crate) what: String,
}

/// All faults of a file, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

/// How many faults are told. Who mends these finds what the rest has in common.
const TOLD: usize = 20;

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.iter().take(TOLD).map(|Fault { line, what }| format!("line {line}: {what}"));
        f.write_str(&told.collect::<Vec<_>>().join("; "))?;
        match self.0.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Faults {}

impl Faults {
    /// Takes one in.
    pub(crate) fn add(&mut self, line: u64, what: impl Into<String>) {
        self.0.push(Fault { line, what: what.into() });
    }

    /// What was read, if there are no faults.
    pub(crate) fn or<T>(mut self, read: T) -> Result<T, Self> {
        self.0.sort_by_key(|fault| fault.line);
        if self.0.is_empty() { Ok(read) } else { Err(self) }
    }
}

/// A supplier's key in one writing, if it is one.
pub(super) fn supplier_key(cell: Option<&str>, line: u64, faults: &mut Faults) -> Option<String> {
    let key = folded(cell?);
    if !key.contains(':') {
        faults.add(line, "`supplier_key` is none: write it as the column has it, `NO:914286018` or `supplier:4711`");
    }
    Some(key)
}

/// A row that is not blank.
pub(crate) struct Row<const N: usize> {
    /// The line on which it begins.
    pub(crate) line: u64,
    /// Its cells in the order of the columns that were asked for, trimmed. `None` if a cell is empty or the file lacks the column.
    pub(crate) cells: [Option<Box<str>>; N],
}

/// The columns that a file can have, and those that it must have and fill.
pub(crate) struct Columns<'a, const N: usize> {
    pub(crate) names: [&'a str; N],
    pub(crate) needed: &'a [&'a str],
}

/// Reads the rows of a file.
pub(crate) fn rows<const N: usize>(bytes: &[u8], columns: &Columns<'_, N>, faults: &mut Faults) -> Vec<Row<N>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = bytes.iter().take(error.valid_up_to());
            let line = 1 + before.filter(|byte| **byte == b'\n').count() as u64;
            faults.add(line, "it is not UTF-8: save the file as `CSV UTF-8`");
            return Vec::new();
        }
    };
    let mut records = records(text, faults).into_iter();
    let Some((line, header)) = records.next() else {
        faults.add(1, format!("the file is empty: its first line names its columns, {}", columns.listed()));
        return Vec::new();
    };
    let Some(places) = columns.places(line, &header, faults) else { return Vec::new() };
    records.map(|(line, record)| columns.row(line, &record, &header, places, faults)).collect()
}

/// The records of a text that are not blank, each with its line.
fn records(text: &str, faults: &mut Faults) -> Vec<(u64, StringRecord)> {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separator = if header.contains(';') { b';' } else { b',' };
    let mut builder = ReaderBuilder::new();
    let mut reader = builder.has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else {
            faults.add(1, "the file cannot be read: save it as `CSV UTF-8`");
            break;
        };
        let (line, start) = record.position().map_or((1, 0), |position| (position.line(), position.byte()));
        // The reader's position is where the last record ended, before any blank lines.
        let between = text.bytes().skip(start as usize).take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let line = line + between.filter(|byte| *byte == b'\n').count() as u64;
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            records.push((line, record));
        }
    }
    records
}

impl<const N: usize> Columns<'_, N> {
    fn listed(&self) -> String {
        self.names.map(|name| format!("`{name}`")).join(", ")
    }

    /// Where each column stands. `None` if the line names none of them, and is no header.
    fn places(&self, line: u64, header: &StringRecord, faults: &mut Faults) -> Option<[Option<usize>; N]> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        if !names.iter().any(|name| self.names.contains(&name.as_str())) {
            // What stands there may be a row, which no fault may quote.
            faults.add(
                line,
                format!("it names no column: write on the first line which of these stand below, {}", self.listed()),
            );
            return None;
        }
        for name in names.iter().filter(|name| !name.is_empty() && !self.names.contains(&name.as_str())) {
            let name: String = name.chars().take(40).flat_map(char::escape_debug).collect();
            faults.add(line, format!("the column `{name}` is not known: remove it, or name one of {}", self.listed()));
        }
        Some(self.names.map(|column| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
            let place = found.next();
            if place.is_none() && self.needed.contains(&column) {
                faults.add(line, format!("the column `{column}` is missing: add it"));
            }
            if found.next().is_some() {
                faults.add(line, format!("the column `{column}` stands there more than once: remove all but one"));
            }
            place
        }))
    }

    fn row(
        &self,
        line: u64,
        record: &StringRecord,
        header: &StringRecord,
        places: [Option<usize>; N],
        faults: &mut Faults,
    ) -> Row<N> {
        if record.iter().any(|cell| cell.contains(['\r', '\n'])) {
            faults
                .add(line, "a cell holds a line break: remove it, or close the quotation mark that a cell begins with");
        }
        let is_nameless = |at| header.get(at).is_none_or(|name| name.trim().is_empty());
        if record.iter().enumerate().any(|(at, cell)| !cell.trim().is_empty() && is_nameless(at)) {
            faults.add(
                line,
                "a cell stands below no column: remove it, or put a cell that holds the separator into quotation marks",
            );
        }
        let cells = places.map(|place| {
            let cell = place.and_then(|at| record.get(at)).map(str::trim);
            cell.filter(|cell| !cell.is_empty()).map(Box::from)
        });
        for ((column, place), cell) in self.names.iter().zip(places).zip(&cells) {
            if self.needed.contains(column) && place.is_some() && cell.is_none() {
                faults.add(line, format!("`{column}` is empty: fill it, or remove the row"));
            }
        }
        Row { line, cells }
    }
}

/// Whether a cell says yes or no, in English, Norwegian or figures. `None` if it is empty.
pub(crate) fn yes_or_no(cell: Option<&str>, column: &str, line: u64, faults: &mut Faults) -> Option<bool> {
    match cell?.to_lowercase().as_str() {
        "yes" | "true" | "1" | "ja" => Some(true),
        "no" | "false" | "0" | "nei" => Some(false),
        _ => {
            faults.add(line, format!("`{column}` is neither yes nor no: write `yes`, `no`, or nothing"));
            None
        }
    }
}

#[cfg(test)]
mod tests;
