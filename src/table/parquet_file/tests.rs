use arrow::array::AsArray;
use arrow::compute::concat_batches;
use arrow::datatypes::{Int64Type, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{LogicalType, TimeUnit, Type};

use super::*;
use crate::model::value::{Day, Money};
use crate::table::spend;

/// The columns of a schema, one a line.
pub(crate) fn describe(schema: &Schema) -> Vec<String> {
    let field = |field: &arrow::datatypes::FieldRef| {
        format!("{} {}{}", field.name(), field.data_type(), if field.is_nullable() { "" } else { " not null" })
    };
    schema.fields().iter().map(field).collect()
}

/// All rows of a file, as one batch.
pub(crate) fn read(file: Bytes) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = std::sync::Arc::clone(builder.schema());
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// A file of many rows, and how many bytes were ready after each batch.
fn written(rows: i64, text: &str) -> (Vec<u8>, Vec<usize>) {
    let mut builder = spend::Builder::new();
    let mut file = ParquetFile::new(spend::table()).unwrap();
    let (mut bytes, mut ready) = (Vec::new(), Vec::new());
    for id in 0..rows {
        let note = format!("{text} {}", id * 7919 % 1_000_003);
        let mut row = spend::tests::bare(id);
        row.posted_date = Some(Day(20_000 + i32::try_from(id * 30 / rows).unwrap()));
        row.amount = Money::from_ten_thousandths(id * 7919 - 1_000_000);
        row.text = Some(&note);
        builder.append(&row).unwrap();
        if builder.is_full() || id + 1 == rows {
            file.push(&builder.finish().unwrap()).unwrap();
            let piece = file.take_ready();
            ready.push(piece.len());
            bytes.extend_from_slice(&piece);
            assert!(file.len_so_far() >= bytes.len() as u64);
        }
    }
    let finished = file.finish().unwrap();
    bytes.extend_from_slice(&finished.tail);
    assert_eq!((finished.rows, finished.bytes), (rows as u64, bytes.len() as u64));
    (bytes, ready)
}

#[test]
fn the_same_rows_give_the_same_bytes_with_nothing_of_the_day_or_the_build_in_them() {
    let (bytes, _) = written(20_000, "Kjøp");
    assert_eq!(bytes, written(20_000, "Kjøp").0);
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let file = reader.metadata().file_metadata();
    assert_eq!(file.created_by(), Some("xledger-spend version 2"));
    let keys: Vec<&str> = file.key_value_metadata().into_iter().flatten().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["ARROW:schema"]);
    for (field, column) in reader.schema().fields().iter().zip(&spend::table().columns) {
        assert_eq!(field.metadata().get("description").map(String::as_str), Some(column.summary()));
    }
}

#[test]
fn row_groups_are_bounded_and_sent_as_they_fill() {
    let rows = 2 * ROW_GROUP_ROWS + 10;
    let (bytes, ready) = written(rows as i64, "");
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.clone())).unwrap();
    let groups: Vec<_> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [ROW_GROUP_ROWS as i64, ROW_GROUP_ROWS as i64, 10]);
    assert_eq!(ready.iter().filter(|&&length| length > 1000).count(), 2, "the two full groups: {ready:?}");
    let back = read(bytes.into());
    assert!(back.column(0).as_primitive::<Int64Type>().values().iter().copied().eq(0..rows as i64));
}

#[test]
fn long_texts_make_row_groups_of_fewer_rows() {
    let mut file = ParquetFile::new(spend::table()).unwrap();
    let mut bytes = Vec::new();
    let mut noise = 1_u64;
    for _batch in 0..8 {
        let mut builder = spend::Builder::new();
        for id in 0..1_000 {
            // Text that does not compress: hexadecimal digits of a linear congruential generator.
            let text: String = (0..800)
                .map(|_| {
                    noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    format!("{noise:016x}")
                })
                .collect();
            let mut row = spend::tests::bare(id);
            row.text = Some(&text);
            builder.append(&row).unwrap();
        }
        file.push(&builder.finish().unwrap()).unwrap();
        bytes.extend_from_slice(&file.take_ready());
    }
    bytes.extend_from_slice(&file.finish().unwrap().tail);
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let sizes: Vec<_> = reader.metadata().row_groups().iter().map(|group| group.compressed_size()).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size < ROW_GROUP_BYTES as i64 * 5 / 4), "{sizes:?}");
}

#[test]
fn the_file_says_how_it_is_sorted_and_what_is_in_it() {
    let (bytes, _) = written(100, "");
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let group = reader.metadata().row_group(0);
    let sorted: Vec<_> =
        group.sorting_columns().unwrap().iter().map(|key| (key.column_idx, key.descending, key.nulls_first)).collect();
    assert_eq!(sorted, [(8, false, false), (0, false, false)]);
    for column in group.columns() {
        assert!(column.statistics().is_some(), "{}", column.column_path());
        let name = column.column_path().string();
        assert!(column.bloom_filter_offset().is_none() && column.column_index_offset().is_some());
        let has_none = is_near_unique(&name) || column.column_type() == Type::BOOLEAN;
        assert_eq!(column.dictionary_page_offset().is_none(), has_none, "{name}");
        assert!(matches!(column.compression(), Compression::ZSTD(_)));
    }
}

fn is_near_unique(name: &str) -> bool {
    let ids = name.ends_with("_id") || ["voucher_number", "invoice_number"].contains(&name);
    ids || name.ends_with("amount") || name.ends_with("_at")
}

/// The types by which readers in Java know the columns.
#[test]
fn parquet_types_are_the_plain_ones() {
    let (bytes, _) = written(1, "");
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let types = |name: &str| {
        let column = schema.columns().iter().find(|column| column.name() == name).unwrap();
        (column.physical_type(), column.logical_type_ref().cloned())
    };
    let decimal = |precision| Some(LogicalType::decimal(if precision == 5 { 2 } else { 4 }, precision));
    assert_eq!(types("line_id"), (Type::INT64, None));
    assert_eq!(types("fiscal_year"), (Type::INT32, None));
    assert_eq!(types("text"), (Type::BYTE_ARRAY, Some(LogicalType::String)));
    assert_eq!(types("posted_date"), (Type::INT32, Some(LogicalType::Date)));
    assert_eq!(types("amount"), (Type::INT64, decimal(18)));
    assert_eq!(types("vat_rate"), (Type::INT32, decimal(5)));
    assert_eq!(types("voucher_modified_at"), (Type::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))));
}
