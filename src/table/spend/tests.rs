use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type, TimestampMillisecondType};

use super::*;
use crate::table::parquet_file::ParquetFile;
use crate::table::parquet_file::tests::read;

/// The columns as the contract states them, written out once more by hand.
#[test]
fn the_columns_are_the_contract() {
    let expected = "\
        line_id Int64 not null
        owner_id Int64
        owner_code Utf8
        owner_name Utf8
        voucher_id Int64
        voucher_number Int64
        document_type Utf8 not null
        document_type_name Utf8
        posted_date Date32
        fiscal_year Int32
        fiscal_period Int32
        account_code Utf8
        account_name Utf8
        account_group Utf8
        account_kind Utf8
        supplier_id Int64
        supplier_code Utf8
        supplier_name Utf8
        supplier_company_number Utf8
        supplier_country_code Utf8
        supplier_match Utf8 not null
        invoice_number Utf8
        invoice_date Date32
        due_date Date32
        amount Decimal128(18, 4)
        amount_currency_code Utf8
        invoice_amount Decimal128(18, 4)
        invoice_currency_code Utf8
        vat_code Utf8
        vat_rate Decimal128(5, 2)
        vat_amount Decimal128(18, 4)
        text Utf8
        dimension_1_kind Utf8
        dimension_1_code Utf8
        dimension_1_name Utf8
        dimension_2_kind Utf8
        dimension_2_code Utf8
        dimension_2_name Utf8
        dimension_3_kind Utf8
        dimension_3_code Utf8
        dimension_3_name Utf8
        dimension_4_kind Utf8
        dimension_4_code Utf8
        dimension_4_name Utf8
        dimension_5_kind Utf8
        dimension_5_code Utf8
        dimension_5_name Utf8
        match_id Int64
        voucher_modified_at Timestamp(ms, \"UTC\")
        voucher_created_at Timestamp(ms, \"UTC\")
        supplier_key Utf8
        company_number_status Utf8
        is_intercompany Boolean
        supplier_parent Utf8
        supplier_preferred Boolean
        supplier_contract Utf8
        spend_class Utf8 not null
        category_1 Utf8
        category_2 Utf8
        category_source Utf8
        addressable Boolean
        category_owner Utf8
        invoice_kind Utf8
        invoice_file_id Int64
        last_payment_date Date32
        vat_name Utf8
        owner_company_number Utf8";
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let described: Vec<String> = crate::table::parquet_file::tests::describe(&table().schema());
    assert_eq!(described, expected);
    let partitions: Vec<_> =
        table().partitions.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
    assert_eq!(partitions, ["year int", "month int"]);
}

/// A row of nulls but for what cannot be null.
pub(crate) fn bare(line_id: i64) -> Row<'static> {
    Row {
        line_id,
        owner_id: None,
        owner_code: None,
        owner_name: None,
        voucher_id: None,
        voucher_number: None,
        document_type: "AP",
        document_type_name: None,
        posted_date: None,
        fiscal_year: None,
        fiscal_period: None,
        account_code: None,
        account_name: None,
        account_group: None,
        account_kind: None,
        supplier_id: None,
        supplier_code: None,
        supplier_name: None,
        supplier_company_number: None,
        supplier_country_code: None,
        supplier_match: SupplierMatch::None,
        invoice_number: None,
        invoice_date: None,
        due_date: None,
        amount: None,
        amount_currency_code: None,
        invoice_amount: None,
        invoice_currency_code: None,
        vat_code: None,
        vat_rate: None,
        vat_amount: None,
        text: None,
        dimension: [Dimension::default(); DIMENSIONS],
        match_id: None,
        voucher_modified_at: None,
        voucher_created_at: None,
        supplier_key: None,
        company_number_status: None,
        is_intercompany: None,
        supplier_parent: None,
        supplier_preferred: None,
        supplier_contract: None,
        spend_class: SpendClass::Other,
        category_1: None,
        category_2: None,
        category_source: None,
        addressable: None,
        category_owner: None,
        invoice_kind: None,
        invoice_file_id: None,
        last_payment_date: None,
        vat_name: None,
        owner_company_number: None,
    }
}

fn round_trip(rows: &[Row<'_>]) -> RecordBatch {
    let mut builder = Builder::new();
    for row in rows {
        builder.append(row).unwrap();
    }
    let batch = builder.finish().unwrap();
    let mut file = ParquetFile::new(table()).unwrap();
    file.push(&batch).unwrap();
    let back = read(file.finish().unwrap().tail);
    assert_eq!(back.columns(), batch.columns());
    back
}

#[test]
fn values_come_back_as_they_went_in() {
    let text = "Kjøp «æøå» 🚀\n'\"\\\tlinje 2";
    let mut full = bare(i64::MAX);
    full.posted_date = Some(Day(20_454));
    full.account_kind = Some(AccountKind::Finance);
    full.supplier_match = SupplierMatch::NotASupplier;
    full.amount = Money::parse("-99999999999999.9999");
    full.invoice_amount = Money::parse("99999999999999.9999");
    full.vat_rate = Some(VatRate(-99_999));
    full.vat_amount = Money::parse("-0.0001");
    full.text = Some(text);
    full.dimension[1] = Dimension { kind: Some("Prosjekt"), code: Some("P2"), name: Some(text) };
    full.dimension[4].code = Some("P5");
    full.voucher_modified_at = Some(Instant(-1));
    let back = round_trip(&[full, bare(i64::MIN)]);

    let column = |name| back.column_by_name(name).unwrap();
    let texts = |name| column(name).as_string::<i32>().iter().next().unwrap().map(str::to_owned);
    let decimals = |name| column(name).as_primitive::<Decimal128Type>().value_as_string(0);
    assert_eq!(column("line_id").as_primitive::<Int64Type>().values(), &[i64::MAX, i64::MIN]);
    assert_eq!(column("posted_date").as_primitive::<Date32Type>().value(0), 20_454);
    assert_eq!(column("voucher_modified_at").as_primitive::<TimestampMillisecondType>().value(0), -1);
    assert_eq!(texts("account_kind").as_deref(), Some("finance"));
    assert_eq!(texts("supplier_match").as_deref(), Some("not_a_supplier"));
    assert_eq!(texts("text").as_deref(), Some(text));
    assert_eq!(texts("dimension_2_kind").as_deref(), Some("Prosjekt"));
    assert_eq!(texts("dimension_2_name").as_deref(), Some(text));
    assert_eq!(texts("dimension_5_code").as_deref(), Some("P5"));
    assert_eq!(texts("dimension_1_code"), None);
    assert_eq!(decimals("amount"), "-99999999999999.9999");
    assert_eq!(decimals("invoice_amount"), "99999999999999.9999");
    assert_eq!(decimals("vat_amount"), "-0.0001");
    assert_eq!(decimals("vat_rate"), "-999.99");
    for (field, column) in table().schema().fields().iter().zip(back.columns()) {
        assert_eq!(column.is_null(1), field.is_nullable(), "{}", field.name());
    }
}

#[test]
fn a_value_that_does_not_fit_is_an_error_that_names_the_column() {
    let mut row = bare(1);
    row.vat_rate = Some(VatRate(100_000));
    let error = Builder::new().append(&row).unwrap_err();
    assert_eq!(error.to_string(), "a value does not fit column vat_rate, a decimal(5,2)");
}

#[test]
fn a_builder_can_be_used_again() {
    let mut builder = Builder::new();
    for line_id in [1, 2] {
        builder.append(&bare(line_id)).unwrap();
        assert_eq!((builder.rows(), builder.finish().unwrap().num_rows()), (1, 1));
    }
    assert_eq!(builder.finish().unwrap().num_rows(), 0);
}
