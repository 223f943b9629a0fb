//! The ledgers as CSV.

use super::sheet::Sheet;
use crate::Company;
use crate::column::Column;
use crate::company::ledger::{AP_TYPES, DOCUMENT_TYPES, NEW_TYPE, TAX_RULES, USUAL_RULES, at};
use crate::company::odd::Of;
use crate::company::supplier::CURRENCIES;

pub(super) const GL_LINES: &str = "line_id,voucher_id,owner_id,position,account_id,period_id,company_id,match_id,\
    amount,currency_code,invoice_amount,tax_amount,vat_code,dimension_1_id,dimension_2_id,dimension_3_id,\
    dimension_4_id,dimension_5_id,text,header_is_null,within_reach,is_payroll_by_nature,vat_name";

fn matched(match_id: i32) -> Option<i32> {
    (match_id != 0).then_some(match_id)
}

pub(super) fn gl_lines(books: &Company, sheet: &mut Sheet) {
    for line in &books.lines {
        let voucher = books.voucher(line);
        let text = line.text.render(line.id, &books.own_texts);
        let odd = |column| books.odd.of(Of::Line, line.id, column);
        let party = at(&books.parties, line.party).map(|party| party.id);
        let invoiced = (!line.bare).then_some(line.invoice_amount);
        sheet
            .number(Some(line.id))
            .number(Some(voucher.id))
            .number(Some(books.owners[usize::from(voucher.owner)].id))
            .number(Some(line.position))
            .number(line.account.map(|place| books.accounts[usize::from(place)].id))
            .number(line.period.map(|place| books.periods[usize::from(place)].id))
            .said(odd(Column::CompanyDbId), |sheet| _ = sheet.number(party))
            .number(matched(line.match_id))
            .money(Some(line.amount))
            .text((!line.bare).then_some(CURRENCIES[usize::from(line.currency)].1))
            .said(odd(Column::InvoiceAmount), |sheet| _ = sheet.money(invoiced))
            .said(odd(Column::TaxAmount), |sheet| _ = sheet.money(line.tax_amount))
            .text(line.tax_rule.map(|place| TAX_RULES[usize::from(place)].1));
        for dimension in line.dimensions {
            sheet.number(at(&books.dimension_values, dimension).map(|value| value.id));
        }
        sheet
            .text(text.as_deref())
            .flag(line.headless)
            .flag(books.reaches(voucher.owner))
            .flag(line.is_payroll_by_nature())
            .text(line.tax_rule.map(|place| TAX_RULES[usize::from(place)].2))
            .end_row();
    }
}

pub(super) const AP_LINES: &str = "ap_line_id,voucher_id,owner_id,subledger_id,company_id,account_id,match_id,amount,\
    currency_code,invoice_amount,invoice_remaining,invoice_number,invoice_date,due_date,payment_date,text,\
    header_is_null,within_reach,is_payroll_by_nature,type_name,invoice_file_id";

pub(super) fn ap_lines(books: &Company, sheet: &mut Sheet) {
    for line in &books.ap_lines {
        let voucher = &books.vouchers[line.voucher as usize];
        let text = line.text.render(line.id.into(), &books.own_texts);
        let odd = |column| books.odd.of(Of::ApLine, line.id.into(), column);
        let (_, english, norwegian) = AP_TYPES[usize::from(line.kind)];
        sheet
            .number(Some(line.id))
            .number(Some(voucher.id))
            .number(Some(books.owners[usize::from(voucher.owner)].id))
            .number(at(&books.subledgers, line.subledger).map(|subledger| subledger.id))
            .number(at(&books.parties, line.party).map(|party| party.id))
            .number(line.account.map(|place| books.accounts[usize::from(place)].id))
            .number(matched(line.match_id))
            .money(Some(line.amount))
            .text(Some(CURRENCIES[usize::from(line.currency)].1))
            .money(Some(line.invoice_amount))
            .money(Some(line.remaining))
            .text(line.invoice_number().as_deref())
            .said(odd(Column::InvoiceDate), |sheet| _ = sheet.day(line.invoice_date))
            .said(odd(Column::DueDate), |sheet| _ = sheet.day(line.due_date))
            .day(line.paid)
            .text(text.as_deref())
            .flag(line.headless)
            .flag(books.reaches(voucher.owner))
            .flag(line.is_payroll_by_nature())
            .text(Some(books.listed(english, norwegian)))
            .number(if line.is_invoice() { voucher.invoice_file() } else { None })
            .end_row();
    }
}

pub(super) const VOUCHERS: &str = "voucher_id,voucher_number,owner_id,document_type_id,document_type_code,period_id,\
    posted_date,created_at,modified_at,text,within_reach,is_payroll_by_nature,invoice_file_id";

pub(super) fn vouchers(books: &Company, sheet: &mut Sheet) {
    for voucher in &books.vouchers {
        let kind = voucher.document_type.map(|place| DOCUMENT_TYPES[usize::from(place)]);
        let odd = |column| books.odd.of(Of::Voucher, voucher.id.into(), column);
        sheet
            .number(Some(voucher.id))
            .number(Some(voucher.number))
            .number(Some(books.owners[usize::from(voucher.owner)].id))
            .number(kind.map(|kind| kind.id))
            .text(kind.map(|kind| kind.code))
            .number(voucher.period.map(|place| books.periods[usize::from(place)].id))
            .said(odd(Column::PostedDate), |sheet| _ = sheet.day(voucher.posted))
            .time(Some(voucher.created_at))
            .said(odd(Column::ModifiedAt), |sheet| _ = sheet.time(voucher.modified_at))
            .text(voucher.text.render(voucher.id.into(), &books.own_texts).as_deref())
            .flag(books.reaches(voucher.owner))
            .flag(voucher.payroll)
            .number(voucher.invoice_file())
            .end_row();
    }
}

pub(super) const PERIODS: &str = "period_id,year,month,fiscal_year,fiscal_period,from_date,to_date";

pub(super) fn periods(books: &Company, sheet: &mut Sheet) {
    for period in &books.periods {
        let odd = books.odd.of(Of::Period, period.id.into(), Column::FiscalYear);
        sheet
            .number(Some(period.id))
            .number(Some(period.year))
            .number(Some(period.month))
            .said(odd, |sheet| _ = sheet.number(Some(period.fiscal_year)))
            .number(Some(period.fiscal_period))
            .day(Some(period.from))
            .day(Some(period.to))
            .end_row();
    }
}

pub(super) const DOCUMENT_TYPE_COLUMNS: &str = "document_type_id,code,name";

/// The usual ones, and of the others those that some voucher is of.
pub(super) fn document_types(books: &Company, sheet: &mut Sheet) {
    let used = |place: u8| books.vouchers.iter().any(|voucher| voucher.document_type == Some(place));
    for (kind, place) in DOCUMENT_TYPES.iter().zip(0..) {
        if place >= NEW_TYPE && !used(place) {
            continue;
        }
        sheet.number(Some(kind.id)).text(Some(kind.code)).text(Some(books.document_type_name(place))).end_row();
    }
}

pub(super) const TAX_RULE_COLUMNS: &str = "tax_rule_id,code,name";

/// The usual ones, and of the others those that some line has.
pub(super) fn tax_rules(books: &Company, sheet: &mut Sheet) {
    let used = |place: usize| books.lines.iter().any(|line| line.tax_rule.map(usize::from) == Some(place));
    for (place, (id, code, name, _)) in TAX_RULES.into_iter().enumerate() {
        if place >= USUAL_RULES && !used(place) {
            continue;
        }
        sheet.number(Some(id)).text(Some(code)).text(Some(name)).end_row();
    }
}
