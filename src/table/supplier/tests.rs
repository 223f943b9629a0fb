use arrow::array::{Array, AsArray};
use arrow::datatypes::Decimal128Type;

use super::*;
use crate::table::parquet_file::ParquetFile;
use crate::table::parquet_file::tests::{describe, read};

/// The columns as the contract states them, written out once more by hand.
#[test]
fn the_columns_are_the_contract() {
    let expected = "\
        supplier_id Int64 not null
        supplier_code Utf8
        supplier_name Utf8
        company_id Int64
        company_number Utf8
        group_name Utf8
        email Utf8
        phone Utf8
        street_address Utf8
        postal_code Utf8
        city Utf8
        country_code Utf8
        country_name Utf8
        contact_name Utf8
        valid_from Date32
        valid_to Date32
        modified_at Timestamp(ms, \"UTC\")
        first_posted_date Date32
        last_posted_date Date32
        line_count Int64 not null
        spend_amount Decimal128(38, 4)
        supplier_key Utf8 not null
        company_number_status Utf8
        payment_terms Utf8
        contract Utf8
        parent Utf8
        preferred Boolean
        is_intercompany Boolean";
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(describe(&table().schema()), expected);
    let partitions: Vec<_> =
        table().partitions.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
    assert_eq!(partitions, ["owner_id bigint"]);
}

fn row(spend_amount: Option<Total>, line_count: u64) -> Row<'static> {
    Row {
        supplier_id: 1,
        supplier_code: None,
        supplier_name: Some("Bjørn & Sønn"),
        company_id: None,
        company_number: None,
        group_name: None,
        email: None,
        phone: None,
        street_address: None,
        postal_code: Some("0150"),
        city: None,
        country_code: None,
        country_name: None,
        contact_name: None,
        valid_from: None,
        valid_to: None,
        modified_at: None,
        first_posted_date: None,
        last_posted_date: None,
        line_count,
        spend_amount,
        supplier_key: "supplier:1",
        company_number_status: None,
        payment_terms: None,
        contract: None,
        parent: None,
        preferred: None,
        is_intercompany: None,
    }
}

#[test]
fn sums_of_38_digits_are_exact() {
    let largest = TOTAL_LIMIT - 1;
    let mut builder = Builder::new();
    for total in [Some(largest), Some(-largest), Some(0), None] {
        builder.append(&row(total.map(Total), 0)).unwrap();
    }
    let mut file = ParquetFile::new(table()).unwrap();
    file.push(&builder.finish().unwrap()).unwrap();
    let back = read(file.finish().unwrap().tail);
    let sums = back.column_by_name("spend_amount").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!(sums.value_as_string(0), "9999999999999999999999999999999999.9999");
    assert_eq!((sums.value(1), sums.value(2), sums.is_null(3)), (-largest, 0, true));
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_column() {
    for (row, message) in [
        (row(Some(Total(TOTAL_LIMIT)), 0), "a value does not fit column spend_amount, a decimal(38,4)"),
        (row(Some(Total(i128::MIN)), 0), "a value does not fit column spend_amount, a decimal(38,4)"),
        (row(None, u64::MAX), "a value does not fit column line_count, a bigint"),
    ] {
        assert_eq!(Builder::new().append(&row).unwrap_err().to_string(), message);
    }
}
