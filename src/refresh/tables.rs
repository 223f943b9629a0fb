//! Makes both tables of joined rows and writes them into a snapshot: partition by partition, a bounded number of rows at a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lake::{DataFile, ManifestTables, Partition, Snapshot};
use crate::model::failure::Failure;
use crate::model::value::Month;
use crate::page;
use crate::refresh::data_checks::{DataChecks, RowFindings};
use crate::refresh::join::{Joiner, Sources};
use crate::refresh::supplier_totals::SupplierTotals;
use crate::report::progress::Progress;
use crate::table::parquet_file::ParquetFile;
use crate::table::{BATCH_ROWS, Table, partition, spend, supplier};
use arrow::array::RecordBatch;

/// Both tables, as written.
#[derive(Debug)]
pub(super) struct WrittenTables {
    /// Their files.
    pub tables: ManifestTables,
    /// What the page shows of `spend`.
    pub page: page::PageData,
    /// Lines and amounts in ten-thousandths of `spend`, by month and owner: what the files must add up to.
    totals: BTreeMap<(Month, i64), (u64, i128)>,
    /// What the checks found in the rows.
    pub checked: RowFindings,
}

impl WrittenTables {
    /// Lines and amount of all control totals.
    pub(super) fn total(&self) -> (u64, i128) {
        self.totals.values().fold((0, 0), |total, of| (total.0 + of.0, total.1 + of.1))
    }

    /// What a reader may add up to check the tables.
    pub(super) fn control_totals(&self) -> Value {
        let totals = self.totals.iter().map(|((month, owner), (lines, sum))| {
            json!({"year": month.year, "month": month.month, "owner_id": owner, "lines": lines, "amount": decimal(*sum)})
        });
        json!({ "spend": totals.collect::<Vec<_>>() })
    }
}

/// `-101.5000` from ten-thousandths.
fn decimal(sum: i128) -> String {
    let (sign, digits) = (if sum < 0 { "-" } else { "" }, sum.unsigned_abs());
    format!("{sign}{}.{:04}", digits / 10_000, digits % 10_000)
}

/// Writes both tables, and adds up what the page shows of data of this instant. Without a snapshot everything is made and nothing written.
///
/// # Errors
/// A value that does not fit its column, or what storage can meet.
pub(super) async fn write<'a>(
    snapshot: Option<&Snapshot<'_>>,
    joiner: &'a Joiner<'_>,
    mut checks: DataChecks<'a>,
    mut figures: page::Figures<'a>,
    supplier_labels: page::SupplierLabels,
    progress: &Progress,
) -> Result<WrittenTables, Failure> {
    let Sources { lines, reference_data, .. } = *joiner.sources();
    let mut files = Vec::new();
    let mut totals: BTreeMap<(Month, i64), (u64, i128)> = BTreeMap::new();
    let mut suppliers = SupplierTotals::default();
    for (month, lines) in
        partition::split(lines, |line| line.month, |line| partition::spend_order(line.posted_date, line.id))
    {
        let mut file = Files::new(snapshot, spend::table(), Partition::Month(month));
        for lines in lines.chunks(BATCH_ROWS) {
            let mut builder = spend::Builder::new();
            for line in lines {
                let row = joiner.row(line);
                suppliers.add(&row);
                checks.add(month, line, &row);
                figures.add(month, &row);
                let total = totals.entry((month, line.owner)).or_default();
                total.0 += 1;
                total.1 += row.amount.map_or(0, |amount| i128::from(amount.ten_thousandths()));
                builder.append(&row)?;
            }
            file.push(&builder.finish()?).await?;
            progress.rows(lines.len());
        }
        files.extend(file.finish().await?);
    }
    let registered = &reference_data.suppliers;
    for (owner, registered) in partition::split(registered, |supplier| supplier.owner, |supplier| supplier.id) {
        let mut file = Files::new(snapshot, supplier::table(), Partition::Owner(owner));
        for registered in registered.chunks(BATCH_ROWS) {
            let mut builder = supplier::Builder::new();
            for supplier in registered {
                let Some(known) = joiner.suppliers().get(&supplier.id) else { continue };
                checks.supplier(supplier.id);
                builder.append(&suppliers.row(known, &reference_data.owners))?;
            }
            file.push(&builder.finish()?).await?;
        }
        files.extend(file.finish().await?);
    }
    let checked = checks.finish(joiner.suppliers(), &joiner.contradicted_rates());
    Ok(WrittenTables { tables: ManifestTables::new(files), page: figures.finish(supplier_labels), totals, checked })
}

/// The files of one partition: one, until it is full.
struct Files<'a> {
    snapshot: Option<&'a Snapshot<'a>>,
    table: &'static Table,
    partition: Partition,
    encoder: Option<ParquetFile>,
    writer: Option<crate::lake::DataWriter>,
    done: Vec<DataFile>,
}

impl<'a> Files<'a> {
    fn new(snapshot: Option<&'a Snapshot<'a>>, table: &'static Table, partition: Partition) -> Self {
        Self { snapshot, table, partition, encoder: None, writer: None, done: Vec::new() }
    }

    async fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if self.encoder.as_ref().is_some_and(ParquetFile::is_full) {
            self.end().await?;
        }
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(ParquetFile::new(self.table)?),
        };
        encoder.push(batch)?;
        let ready = encoder.take_ready();
        if let Some(snapshot) = self.snapshot.filter(|_| !ready.is_empty()) {
            if self.writer.is_none() {
                self.writer = Some(snapshot.writer(self.partition, self.done.len() as u32).await?);
            }
            if let Some(writer) = &mut self.writer {
                writer.write(ready).await?;
            }
        }
        Ok(())
    }

    /// Ends the file that rows were pushed into last.
    async fn end(&mut self) -> Result<(), Failure> {
        let Some(encoder) = self.encoder.take() else { return Ok(()) };
        let rest = encoder.finish()?;
        let file = match (self.snapshot, self.writer.take()) {
            (None, _) => DataFile {
                path: self.partition.file(self.done.len() as u32),
                rows: rest.rows,
                bytes: rest.bytes,
                sha256: String::new(),
            },
            (Some(snapshot), writer) => {
                let mut writer = match writer {
                    Some(writer) => writer,
                    None => snapshot.writer(self.partition, self.done.len() as u32).await?,
                };
                writer.write(rest.tail).await?;
                writer.finish(rest.rows).await?
            }
        };
        self.done.push(file);
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<DataFile>, Failure> {
        self.end().await?;
        Ok(self.done)
    }
}
