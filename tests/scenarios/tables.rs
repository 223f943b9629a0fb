//! Whether two lakes hold the same tables: byte for byte, or but for columns that one of them has lost.

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The files of the current tables, by their paths.
fn files(lake: &Path) -> BTreeMap<String, Vec<u8>> {
    fn below(root: &Path, directory: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                below(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let (current, mut files) = (lake.join("current"), BTreeMap::new());
    for table in ["spend", "supplier"] {
        below(&current, &current.join(table), &mut files);
    }
    files
}

fn read(bytes: &[u8]) -> RecordBatch {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Columns that may be other than expected.
pub(crate) struct May {
    /// Null where they were not: all of them, or those that nothing else tells.
    pub(crate) lost: BTreeSet<String>,
    /// The same, but only in some rows and in one at least.
    pub(crate) unfit: BTreeSet<String>,
    /// Anything.
    pub(crate) differ: BTreeSet<String>,
}

/// What differs.
pub(crate) fn differences(lake: &Path, expected: &Path, may: &May) -> Vec<String> {
    let (files, expected) = (files(lake), files(expected));
    let mut differences = Vec::new();
    if files.keys().ne(expected.keys()) {
        return vec![format!("other files: {:?} and {:?}", files.keys(), expected.keys())];
    }
    // By column: values, nulls, and nulls that were expected.
    let mut nulled: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for (name, bytes) in &files {
        if may.lost.is_empty() && may.unfit.is_empty() && may.differ.is_empty() {
            if bytes != &expected[name] {
                differences.push(format!("{name} differs"));
            }
            continue;
        }
        let table = name.split('/').next().unwrap();
        let (mut rows, mut wanted) = (read(bytes), read(&expected[name]));
        if rows.num_rows() != wanted.num_rows() {
            differences.push(format!("{name} has {} rows, not {}", rows.num_rows(), wanted.num_rows()));
            continue;
        }
        // Where the columns that rows are sorted by are lost, rows are told apart by their ids.
        (rows, wanted) = (by_id(&rows), by_id(&wanted));
        for (at, field) in rows.schema().fields().iter().enumerate() {
            let column = format!("{table}.{}", field.name());
            let (left, right) = (rows.column(at), wanted.column(at));
            if may.differ.contains(&column) {
                continue;
            }
            if !may.lost.contains(&column) && !may.unfit.contains(&column) {
                if left != right {
                    differences.push(format!("{name}: {column} differs"));
                }
                continue;
            }
            let (values, null, expected) = nulled.entry(column.clone()).or_default();
            *values += left.len();
            *null += left.null_count();
            *expected += right.null_count();
            if !null_or_same(left, right) {
                differences.push(format!("{name}: {column} is neither null nor as it was"));
            }
        }
    }
    for column in &may.lost {
        let (values, null, expected) = nulled.get(column).copied().unwrap_or_default();
        if null < values && null <= expected {
            differences.push(format!("{column}: {null} of {values} values are null, {expected} where it is not lost"));
        }
    }
    for column in &may.unfit {
        let (values, null, expected) = nulled.get(column).copied().unwrap_or_default();
        if null <= expected || null == values {
            differences.push(format!("{column}: {null} of {values} values are null, {expected} were expected"));
        }
    }
    differences
}

fn by_id(batch: &RecordBatch) -> RecordBatch {
    let order = arrow::compute::sort_to_indices(batch.column(0), None, None).unwrap();
    arrow::compute::take_record_batch(batch, &order).unwrap()
}

fn null_or_same(left: &ArrayRef, right: &ArrayRef) -> bool {
    (0..left.len()).all(|row| left.is_null(row) || left.slice(row, 1) == right.slice(row, 1))
}
