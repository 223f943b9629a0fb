//! Record batches -> the bytes of one Parquet file, a piece at a time: a caller sends what is ready and never holds the whole file.

use std::mem;

use arrow::array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::{Column, ColumnType, EncodeError, SCHEMA_VERSION, SortKey, Table};

/// The rows of a row group, at most. A row group is what the encoder holds in memory, and what a reader reads in one go.
pub(crate) const ROW_GROUP_ROWS: usize = 128 * 1024;

/// The bytes of a row group as encoded and compressed, at most and about: long texts make row groups of fewer rows.
pub(crate) const ROW_GROUP_BYTES: usize = 32 * 1024 * 1024;

/// The bytes after which a file is full, and the rest of its partition goes into the next file: readers like few large files, but one upload must
/// not grow without end.
pub(crate) const FULL_BYTES: u64 = 256 * 1024 * 1024;

/// The bytes of a least or greatest text in a file's statistics, at most. A month of few rows is mostly footer.
const STATISTICS_BYTES: usize = 16;

/// One Parquet file in the making.
///
/// The same batches give the same bytes: no clock, no random id, no version of this program in the file. Compressed with zstd, with
/// dictionaries of what comes often, statistics of row groups and pages, and the sort order written down; without bloom filters.
pub(crate) struct ParquetFile {
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
}

/// The end of a file.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// The bytes that [`ParquetFile::take_ready`] had not given yet.
    pub tail: Bytes,
    /// The rows in the file.
    pub rows: u64,
    /// The bytes of the whole file.
    pub bytes: u64,
}

impl ParquetFile {
    /// A file without rows.
    ///
    /// # Errors
    /// The table's columns cannot be kept in Parquet; never, for the tables of this crate.
    pub(crate) fn new(table: &Table) -> Result<Self, EncodeError> {
        // The properties have the Arrow schema.
        let options = ArrowWriterOptions::new().with_properties(properties(table)?).with_skip_arrow_metadata(true);
        Ok(Self { writer: ArrowWriter::try_new_with_options(Vec::new(), table.schema(), options)?, rows: 0 })
    }

    /// Adds rows, which must come in the table's sort order.
    ///
    /// # Errors
    /// The batch is not of the table's schema, or the writer fails. The file can then only be dropped.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        self.writer.write(batch)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// The bytes that are final and were not given before: they follow the ones given before. Often empty, for bytes become final a
    /// row group at a time.
    pub(crate) fn take_ready(&mut self) -> Bytes {
        mem::take(self.writer.inner_mut()).into()
    }

    /// The bytes of the file so far, those given already and an estimate of those not yet final included.
    pub(crate) fn len_so_far(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    /// Whether the file has passed [`FULL_BYTES`]: what follows of the partition belongs into a next file.
    pub(crate) fn is_full(&self) -> bool {
        self.len_so_far() > FULL_BYTES
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn finish(mut self) -> Result<Finished, EncodeError> {
        self.writer.finish()?;
        let bytes = self.writer.bytes_written() as u64;
        Ok(Finished { tail: self.take_ready(), rows: self.rows, bytes })
    }
}

fn properties(table: &Table) -> Result<WriterProperties, EncodeError> {
    let sorting_column = |key: &SortKey| {
        let index = table.columns.iter().position(|column| column.name == key.0)?;
        Some(SortingColumn { column_idx: i32::try_from(index).ok()?, descending: false, nulls_first: false })
    };
    // Its fields say what each column means.
    let schema = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), table.encoded_schema().to_owned());
    let mut builder = WriterProperties::builder().set_key_value_metadata(Some(vec![schema]));
    for column in &table.columns {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(&*column.name), has_dictionary(column));
    }
    Ok(builder
        .set_created_by(format!("xledger-spend version {SCHEMA_VERSION}"))
        // zstd's own default, 3, takes more time and makes files no smaller; 6 makes them 2 % smaller, in half as much time again.
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        // With the sort order written down, a reader can skip within a month. Names are told apart by their beginnings.
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(STATISTICS_BYTES))
        .set_column_index_truncate_length(Some(STATISTICS_BYTES))
        .set_sorting_columns(Some(table.sort.iter().filter_map(sorting_column).collect()))
        .build())
}

/// Whether values of a column come often enough for a dictionary to pay. One of amounts, times and ids is as large as the column: it took 9 of 57 bytes a
/// line.
fn has_dictionary(column: &Column) -> bool {
    match column.column_type {
        ColumnType::Bigint | ColumnType::TimestampMsUtc => false,
        // Rates come often.
        ColumnType::Decimal { precision, .. } => precision < 10,
        ColumnType::String => column.name != "invoice_number",
        ColumnType::Int | ColumnType::Boolean | ColumnType::Date => true,
    }
}

#[cfg(test)]
pub(crate) mod tests;
