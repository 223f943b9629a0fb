//! Reads some columns of a data file, wherever the lake is.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use xledger_spend::lake::{DataFile, Key, Lake, Manifest};
use xledger_spend::model::failure::{Failure, FailureKind};

/// The rows of a data file of a snapshot, with these columns alone.
pub(super) async fn read(
    lake: &Lake,
    manifest: &Manifest,
    file: &DataFile,
    columns: &[&str],
) -> Result<Vec<RecordBatch>, Failure> {
    let key = Key::parse(&format!("{}/{}", manifest.snapshot.directory(), file.path))?;
    let place = lake.store().address(&key);
    let found = lake.store().get(&key, file.bytes).await?;
    let (bytes, _) = found.ok_or_else(|| corrupt(&place, "it is missing"))?;
    let fault = |error: parquet::errors::ParquetError| corrupt(&place, &error.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(fault)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).build().map_err(fault)?;
    let batches: Result<Vec<RecordBatch>, _> = reader.collect();
    let batches = batches.map_err(|error| corrupt(&place, &error.to_string()))?;
    match columns.iter().find(|name| batches.iter().any(|batch| batch.column_by_name(name).is_none())) {
        Some(name) => Err(corrupt(&place, &format!("it has no column {name}"))),
        None => Ok(batches),
    }
}

fn corrupt(place: &str, what: &str) -> Failure {
    Failure::new(FailureKind::LakeCorrupt, format!("{place} is damaged or not of this program's making: {what}"))
}

/// A text of a row.
pub(super) fn text(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let texts = batch.column_by_name(column)?.as_string_opt::<i32>()?;
    (!texts.is_null(row)).then(|| texts.value(row).to_owned())
}

/// A number of a row.
pub(super) fn number<T: ArrowPrimitiveType>(batch: &RecordBatch, column: &str, row: usize) -> Option<T::Native> {
    let column = batch.column_by_name(column)?;
    // Decimals of any precision and scale are of one native type; the scale is the column's contract.
    let numbers = column.as_primitive_opt::<T>().filter(|_| !matches!(column.data_type(), DataType::Null))?;
    (!numbers.is_null(row)).then(|| numbers.value(row))
}
