//! What the schema or the token's rights may lack costs a column, never the run.

use crate::desk::Desk;
use arrow::array::{Array, RecordBatch};
use xledger_sim::Options;
use xledger_spend::table::runs::Status;

/// All rows of `spend`.
fn spend(desk: &Desk) -> Vec<RecordBatch> {
    let files = desk.data_files().into_iter().filter(|(name, _)| name.starts_with("spend/"));
    let read = files.map(|(_, bytes)| {
        let file = bytes::Bytes::from(bytes);
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap()
    });
    read.flatten().map(Result::unwrap).collect()
}

fn known_currencies(desk: &Desk) -> (usize, usize) {
    let batches = spend(desk);
    let columns = batches.iter().map(|batch| batch.column_by_name("amount_currency_code").unwrap());
    columns.fold((0, 0), |(rows, nulls), column| (rows + column.len(), nulls + column.null_count()))
}

#[tokio::test]
async fn the_owners_currency_is_read_where_the_schema_has_it() {
    let with = |change: fn(&mut xledger_sim::Dialect)| {
        let mut options = Options::fast(2_000, 6);
        change(&mut options.dialect);
        options
    };
    let offered = Desk::new(with(|dialect| dialect.owner_currency = true)).await;
    assert_eq!(offered.refresh(&[]).await.status, Status::Succeeded);
    let (rows, nulls) = known_currencies(&offered);
    assert!(rows > 400 && nulls == 0, "{nulls} of {rows}");

    let absent = Desk::new(with(|_| ())).await;
    assert_eq!(absent.refresh(&[]).await.status, Status::Succeeded);
    assert_eq!(known_currencies(&absent), (rows, rows));
}
