use super::*;
use crate::model::text_pool::{OwnText, PooledText};
use crate::model::value::{Day, Money, Month};

fn supplier(id: i64, owner: i64, company: i64) -> Supplier {
    Supplier { id, owner, company: Some(company), name: Some(format!("Supplier {id}").into()), ..Supplier::default() }
}

fn payable(id: i64, voucher: i64, subledger: i64, company: i64, invoice_number: OwnText) -> Payable {
    Payable {
        modified_at: None.into(),
        match_id: 0,
        document_type: 0,
        id,
        owner: 1,
        voucher,
        subledger,
        company,
        invoice_number,
        invoice_date: Some(Day(5)),
        due_date: None,
        last_payment_date: None,
        kind: PooledText::default(),
        invoice_file: 0,
    }
}

pub(in crate::refresh) fn line(voucher: i64, company: Option<i64>) -> Line {
    let none = PooledText::default();
    Line {
        id: 1,
        owner: 1,
        account: 1,
        company: company.unwrap_or(0),
        voucher,
        voucher_number: None.into(),
        voucher_modified_at: None.into(),
        voucher_created_at: None.into(),
        match_id: 0,
        dimensions: [0; 5],
        amount: Money::parse("1").into(),
        invoice_amount: None.into(),
        vat_amount: None.into(),
        text: OwnText::default(),
        document_type: none,
        document_type_name: none,
        currency: none,
        vat_code: none,
        posted_date: None,
        month: Month { year: 2026, month: 5 },
        fiscal_year: None,
        fiscal_period: None,
    }
}

/// What `spend` says of a line: how the supplier was found, who it is, the invoice's number and date.
fn found(mut line: Line) -> (SupplierMatch, Option<i64>, Option<String>, Option<Day>) {
    let suppliers = vec![
        supplier(10, 1, 100),
        supplier(11, 1, 101),
        supplier(12, 2, 102),
        supplier(13, 1, 103),
        supplier(14, 2, 103),
        supplier(15, 3, 104),
        supplier(16, 2, 104),
    ];
    let reference_data = ReferenceData { suppliers, ..ReferenceData::default() };
    let mut pool = TextPool::default();
    let mut invoice = |number| pool.add(Some(number));
    let payables = vec![
        payable(1, 50, 10, 100, invoice("A-1")),
        payable(2, 50, 10, 100, invoice("A-1")),
        payable(3, 50, 0, 999, invoice("B-9")),
        payable(4, 51, 10, 100, invoice("A-2")),
        payable(5, 51, 11, 101, invoice("A-3")),
        payable(6, 52, 77, 100, invoice("A-4")),
        payable(7, 53, 10, 100, invoice("A-5")),
        payable(8, 53, 10, 100, invoice("A-6")),
        payable(9, 54, 0, 100, invoice("A-7")),
        Payable { owner: 2, ..payable(10, 55, 12, 102, invoice("A-8")) },
        payable(11, 56, 10, 100, invoice("A-9")),
        payable(12, 56, 10, 100, OwnText::default()),
    ];
    // A new rate from the day of its voucher on.
    (line.vat_code, line.posted_date) = (pool.intern(Some("21")), Day::parse("2026-05-11"));
    let rules = Rules { vat_rates: "21@2026-05-11=15,21@2026-05-12=12,21=25".parse().unwrap(), ..Rules::default() };
    let (chart, own_files) = (Chart::default(), OwnFiles::default());
    let joiner = Joiner::new(Sources {
        chart: &chart,
        reference_data: &reference_data,
        pool: &pool,
        rules: &rules,
        own_files: &own_files,
        lines: std::slice::from_ref(&line),
        payables: &payables,
        has_company_numbers: true,
    });
    let row = joiner.row(&line);
    assert_eq!(row.vat_rate.map(|rate| rate.0), Some(1500));
    (row.supplier_match, row.supplier_id, row.invoice_number.map(str::to_owned), row.invoice_date)
}

#[test]
fn the_voucher_names_the_supplier() {
    assert_eq!(found(line(50, None)), (SupplierMatch::Voucher, Some(10), Some("A-1".into()), Some(Day(5))));
}

#[test]
fn of_several_the_lines_company_decides() {
    assert_eq!(found(line(51, Some(101))), (SupplierMatch::Company, Some(11), Some("A-3".into()), Some(Day(5))));
    assert_eq!(found(line(51, Some(102))), (SupplierMatch::Ambiguous, None, None, None));
    assert_eq!(found(line(51, None)), (SupplierMatch::Ambiguous, None, None, None));
}

#[test]
fn an_employee_is_no_supplier_and_has_no_invoice() {
    assert_eq!(found(line(52, Some(100))), (SupplierMatch::NotASupplier, None, None, None));
}

#[test]
fn an_invoice_is_read_where_the_values_that_are_there_agree() {
    assert_eq!(found(line(53, None)), (SupplierMatch::Voucher, Some(10), None, Some(Day(5))));
    assert_eq!(found(line(56, None)), (SupplierMatch::Voucher, Some(10), Some("A-9".into()), Some(Day(5))));
}

#[test]
fn without_ap_lines_the_company_names_the_supplier() {
    // An AP line without a subledger, and one of another owner, do not count.
    assert_eq!(found(line(54, Some(101))), (SupplierMatch::Company, Some(11), None, None));
    assert_eq!(found(line(55, None)), (SupplierMatch::None, None, None, None));
    // Exactly one in the same owner, though another owner has one too.
    assert_eq!(found(line(99, Some(103))), (SupplierMatch::Company, Some(13), None, None));
    // None in the same owner: exactly one in the whole reach, or nobody.
    assert_eq!(found(line(99, Some(102))), (SupplierMatch::Company, Some(12), None, None));
    assert_eq!(found(line(99, Some(104))), (SupplierMatch::None, None, None, None));
    assert_eq!(found(line(99, Some(999))), (SupplierMatch::None, None, None, None));
}

#[test]
fn a_creditors_invoice_is_no_credit_note() {
    for (name, kind) in [
        ("Kreditnota", InvoiceKind::CreditNote),
        ("Kreditfaktura", InvoiceKind::CreditNote),
        ("Supplier credit note", InvoiceKind::CreditNote),
        ("Kreditornota, kredit", InvoiceKind::CreditNote),
        ("Kreditorfaktura", InvoiceKind::Invoice),
        ("Creditor invoice", InvoiceKind::Invoice),
        ("Kreditorbetaling", InvoiceKind::Payment),
        ("Inngående faktura", InvoiceKind::Invoice),
        ("Kreditor", InvoiceKind::Unknown),
    ] {
        assert_eq!(invoice_kind(name), kind, "{name}");
    }
}
