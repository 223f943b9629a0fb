//! What became of the ledger lines of each month since the last snapshot, by that snapshot's own files.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMillisecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rustc_hash::FxBuildHasher;

use crate::lake::{DataFile, Lake, Manifest, SnapshotName};
use crate::model::line::Line;
use crate::model::value::Month;
use crate::report::PeriodChanges;
use crate::table::BATCH_ROWS;

/// What a line is compared by: numbers that its row has as the line has them.
const COLUMNS: [&str; 4] = ["line_id", "match_id", "voucher_modified_at", "amount"];

/// The same of a line.
fn numbers(line: &Line) -> [Option<i64>; 4] {
    let amount = line.amount.get().map(|amount| amount.ten_thousandths());
    [Some(line.id), Some(line.match_id).filter(|id| *id != 0), line.voucher_modified_at.get().map(|at| at.0), amount]
}

/// A line of the last snapshot.
#[derive(Clone, Copy)]
struct Old {
    id: i64,
    month: Month,
    hash: u64,
}

/// Compares the lines of now, by id, and their files with the last snapshot. Files that are the same are not read. Nothing depends on the answer:
/// it is empty where a file cannot be read.
pub(crate) async fn since(
    lake: &Lake,
    before: Option<&Manifest>,
    files: &[DataFile],
    lines: &[Line],
) -> Vec<PeriodChanges> {
    let files = by_month(files);
    let files_before = by_month(before.map_or(&[], |manifest| &manifest.tables.spend.files));
    let (mut periods, mut old) = (BTreeMap::new(), Vec::new());
    let is_same = |month: &Month| {
        let same = |(a, b): (&&DataFile, &&DataFile)| a.sha256 == b.sha256 && !a.sha256.is_empty();
        let (Some(now), Some(before)) = (files.get(month), files_before.get(month)) else { return false };
        now.len() == before.len() && now.iter().zip(before).all(same)
    };
    for (month, files) in &files_before {
        let period = periods.entry(*month).or_insert(PeriodChanges::empty(*month));
        period.before = files.iter().map(|file| file.rows).sum();
        let Some(snapshot) = before.map(|manifest| &manifest.snapshot).filter(|_| !is_same(month)) else { continue };
        for file in files {
            if let Err(error) = read(lake, snapshot, file, *month, &mut old).await {
                tracing::warn!(%snapshot, path = file.path, %error, "the last snapshot cannot be read; what changed since is not told");
                return Vec::new();
            }
        }
    }
    for line in lines {
        periods.entry(line.month).or_insert(PeriodChanges::empty(line.month)).lines += 1;
    }
    compare(&mut periods, old, lines.iter().filter(|line| !is_same(&line.month)));
    periods.into_values().collect()
}

/// Counts what was added, changed and removed.
fn compare<'a>(periods: &mut BTreeMap<Month, PeriodChanges>, mut old: Vec<Old>, lines: impl Iterator<Item = &'a Line>) {
    old.sort_unstable_by_key(|old| old.id);
    let mut old = old.into_iter().peekable();
    let mut count = |month: Month, count: fn(&mut PeriodChanges) -> &mut u64| {
        *count(periods.entry(month).or_insert(PeriodChanges::empty(month))) += 1;
    };
    for line in lines {
        while let Some(gone) = old.next_if(|old| old.id < line.id) {
            count(gone.month, |period| &mut period.removed);
        }
        match old.next_if(|old| old.id == line.id) {
            None => count(line.month, |period| &mut period.added),
            Some(known) if known.month != line.month => {
                count(line.month, |period| &mut period.added);
                count(known.month, |period| &mut period.removed);
            }
            Some(known) if known.hash != FxBuildHasher.hash_one(numbers(line)) => {
                count(line.month, |period| &mut period.changed);
            }
            Some(_) => {}
        }
    }
    old.for_each(|gone| count(gone.month, |period| &mut period.removed));
}

/// Files by the month in their path.
pub(super) fn by_month(files: &[DataFile]) -> BTreeMap<Month, Vec<&DataFile>> {
    let mut months: BTreeMap<Month, Vec<&DataFile>> = BTreeMap::new();
    for file in files {
        // spend/year=2026/month=05/part-00000.parquet
        let mut numbers = file.path.split('/').filter_map(|part| part.split_once('=')?.1.parse().ok());
        let month = numbers.next().zip(numbers.next()).and_then(|(year, month)| Month::new(year, month));
        month.into_iter().for_each(|month| months.entry(month).or_default().push(file));
    }
    months
}

async fn read(
    lake: &Lake,
    snapshot: &SnapshotName,
    file: &DataFile,
    month: Month,
    old: &mut Vec<Old>,
) -> Result<(), Box<dyn std::error::Error>> {
    let key = snapshot.directory().join(&file.path)?;
    let (bytes, _) = lake.store().get(&key, file.bytes).await?.ok_or("it is not there")?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let mask = ProjectionMask::columns(reader.parquet_schema(), COLUMNS);
    for batch in reader.with_projection(mask).with_batch_size(BATCH_ROWS).build()? {
        let batch = batch?;
        let columns = COLUMNS.map(|name| batch.column_by_name(name).and_then(integers));
        let [Some(ids), ..] = &columns else { return Err("it has no line_id".into()) };
        for (row, id) in ids.iter().enumerate() {
            let numbers = columns.each_ref().map(|column| column.as_ref().and_then(|column| column[row]));
            old.push(Old { id: id.unwrap_or(0), month, hash: FxBuildHasher.hash_one(numbers) });
        }
    }
    Ok(())
}

/// The values of a column of ids, times or amounts, as the numbers that they are kept as.
fn integers(column: &ArrayRef) -> Option<Vec<Option<i64>>> {
    Some(match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().iter().collect(),
        DataType::Timestamp(..) => column.as_primitive_opt::<TimestampMillisecondType>()?.iter().collect(),
        DataType::Decimal128(..) => {
            let amounts = column.as_primitive::<Decimal128Type>().iter();
            amounts.map(|value| value.and_then(|value| i64::try_from(value).ok())).collect()
        }
        _ => return None,
    })
}
