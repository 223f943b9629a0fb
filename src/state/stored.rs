//! Rows as Parquet files for a later run: whole numbers and texts, nothing else. A file is read again by this program alone.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::fetch::Names;

/// A row that can be kept. What is missing has a number of its own; a text may be null.
pub(crate) trait Stored: Sized {
    /// Columns of whole numbers.
    const NUMBERS: &'static [&'static str];
    /// Columns of texts.
    const TEXTS: &'static [&'static str];

    /// Its numbers, in the order of the columns.
    fn numbers(&self, put: &mut impl FnMut(i64));

    /// Its texts, in the order of the columns.
    fn texts<'a>(&'a self, names: &'a Names, put: &mut impl FnMut(Option<&'a str>));

    /// The row of these values, which are as many as there are columns; `None` if it is none.
    fn read(numbers: &[i64], texts: &[Option<&str>], names: &mut Names) -> Option<Self>;
}

/// Rows of a batch.
const BATCH_ROWS: usize = 32 * 1024;

fn schema<T: Stored>() -> SchemaRef {
    let numbers = T::NUMBERS.iter().map(|name| Field::new(*name, DataType::Int64, false));
    let texts = T::TEXTS.iter().map(|name| Field::new(*name, DataType::Utf8, true));
    Arc::new(Schema::new(numbers.chain(texts).collect::<Vec<_>>()))
}

/// The bytes of a file with these rows.
///
/// # Errors
/// The texts of a batch are too long for Arrow.
pub(crate) fn encode<T: Stored>(rows: &[T], names: &Names) -> Result<Bytes, ParquetError> {
    let schema = schema::<T>();
    let mut properties = WriterProperties::builder()
        .set_created_by("xledger-spend".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::None);
    for name in T::NUMBERS {
        properties = properties
            .set_column_dictionary_enabled((*name).into(), false)
            .set_column_encoding((*name).into(), Encoding::DELTA_BINARY_PACKED);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties.build()))?;
    for rows in rows.chunks(BATCH_ROWS) {
        let mut numbers: Vec<Vec<i64>> = T::NUMBERS.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        let mut texts: Vec<StringBuilder> = T::TEXTS.iter().map(|_| StringBuilder::new()).collect();
        for row in rows {
            let mut columns = numbers.iter_mut();
            row.numbers(&mut |number| columns.next().into_iter().for_each(|column| column.push(number)));
            let mut columns = texts.iter_mut();
            row.texts(names, &mut |text| columns.next().into_iter().for_each(|column| column.append_option(text)));
        }
        let numbers = numbers.into_iter().map(|column| Arc::new(Int64Array::from(column)) as ArrayRef);
        let texts = texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        writer.write(&RecordBatch::try_new(schema.clone(), numbers.chain(texts).collect())?)?;
    }
    Ok(writer.into_inner()?.into())
}

/// Hands every row of a file to `take`, with the names that it refers to.
///
/// # Errors
/// What is wrong with the file, in words.
pub(crate) fn decode<T: Stored>(
    bytes: Bytes,
    names: &mut Names,
    mut take: impl FnMut(T, &Names),
) -> Result<(), String> {
    let fault = |error: ParquetError| format!("it is no Parquet file: {error}");
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(fault)?;
    let of = |schema: &Schema| -> Vec<(String, DataType)> {
        schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
    };
    if of(reader.schema()) != of(&schema::<T>()) {
        return Err("it has other columns".to_owned());
    }
    let mut row_numbers = vec![0; T::NUMBERS.len()];
    for batch in reader.with_batch_size(BATCH_ROWS).build().map_err(fault)? {
        let batch = batch.map_err(|error| error.to_string())?;
        let (numbers, texts) = batch.columns().split_at(T::NUMBERS.len());
        let numbers: Vec<&Int64Array> = numbers.iter().filter_map(|column| column.as_any().downcast_ref()).collect();
        let texts: Vec<&StringArray> = texts.iter().filter_map(|column| column.as_any().downcast_ref()).collect();
        let mut row_texts = Vec::with_capacity(T::TEXTS.len());
        for row in 0..batch.num_rows() {
            row_numbers.iter_mut().zip(&numbers).for_each(|(number, column)| *number = column.value(row));
            row_texts.clear();
            row_texts.extend(texts.iter().map(|column| column.is_valid(row).then(|| column.value(row))));
            let read = T::read(&row_numbers, &row_texts, names).ok_or("a row of it holds what no row can")?;
            take(read, names);
        }
    }
    Ok(())
}
