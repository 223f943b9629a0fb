//! One CSV file.

use crate::company::date::{Day, WallTime, write_day, write_time};
use crate::value::write_number;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A CSV file that is being written. A failure is kept until the file is closed.
pub(super) struct Sheet {
    file: BufWriter<File>,
    row: Vec<u8>,
    failed: Option<std::io::Error>,
}

impl Sheet {
    pub(super) fn create(path: &Path, columns: &str) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(columns.as_bytes())?;
        file.write_all(b"\r\n")?;
        Ok(Self { file, row: Vec::new(), failed: None })
    }

    pub(super) fn null(&mut self) -> &mut Self {
        self.row.push(b',');
        self
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            let plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r']) && text.trim() == text;
            if plain {
                self.row.extend_from_slice(text.as_bytes());
            } else {
                self.row.push(b'"');
                self.row.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                self.row.push(b'"');
            }
        }
        self.null()
    }

    pub(super) fn number(&mut self, number: Option<impl Into<i64>>) -> &mut Self {
        if let Some(number) = number {
            write_number(&mut self.row, number.into());
        }
        self.null()
    }

    pub(super) fn money(&mut self, hundredths: Option<i64>) -> &mut Self {
        if let Some(amount) = hundredths {
            let sign = if amount < 0 { "-" } else { "" };
            let amount = amount.unsigned_abs();
            // Writing into a vector cannot fail.
            let _ = write!(self.row, "{sign}{}.{:02}", amount / 100, amount % 100);
        }
        self.null()
    }

    pub(super) fn day(&mut self, day: Option<Day>) -> &mut Self {
        if let Some(day) = day {
            write_day(&mut self.row, day);
        }
        self.null()
    }

    pub(super) fn time(&mut self, time: Option<WallTime>) -> &mut Self {
        if let Some(time) = time {
            write_time(&mut self.row, time);
        }
        self.null()
    }

    /// What the wire says instead, if it says something else.
    pub(super) fn said(&mut self, odd: Option<&str>, usual: impl FnOnce(&mut Self)) -> &mut Self {
        if odd.is_some() {
            return self.text(odd);
        }
        usual(self);
        self
    }

    pub(super) fn flag(&mut self, flag: bool) -> &mut Self {
        self.text(Some(if flag { "true" } else { "false" }))
    }

    pub(super) fn end_row(&mut self) {
        self.row.pop();
        self.row.extend_from_slice(b"\r\n");
        if let Err(failure) = self.file.write_all(&self.row) {
            self.failed.get_or_insert(failure);
        }
        self.row.clear();
    }

    pub(super) fn close(mut self) -> std::io::Result<()> {
        match self.failed {
            Some(failure) => Err(failure),
            None => self.file.flush(),
        }
    }
}
