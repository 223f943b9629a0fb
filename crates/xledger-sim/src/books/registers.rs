//! The registers as CSV.

use super::sheet::Sheet;
use crate::Company;
use crate::column::Column;
use crate::company::account::Class;
use crate::company::odd::Of;
use crate::company::owner::KINDS;
use crate::company::supplier::{Address, COUNTRIES, CURRENCIES, GROUPS, PAY_TERMS, Role};

pub(super) const SUPPLIERS: &str = "supplier_id,owner_id,code,name,company_id,company_number,group_name,email,phone,\
    street_address,street_number,postal_code,city,country_code,country_name,contact_name,valid_from,valid_to,\
    modified_at,within_reach,contract,payment_terms";

fn address(sheet: &mut Sheet, address: Option<&Address>) {
    let country = address.and_then(|address| address.country).map(|place| COUNTRIES[usize::from(place)]);
    sheet
        .text(address.and_then(|address| address.street.as_deref()))
        .text(address.and_then(|address| address.number.as_deref()))
        .text(address.and_then(|address| address.zip_code.as_deref()))
        .text(address.and_then(|address| address.place.as_deref()))
        .text(country.map(|country| country.1))
        .text(country.map(|country| country.2));
}

pub(super) fn suppliers(books: &Company, sheet: &mut Sheet) {
    for supplier in books.subledgers.iter().filter(|subledger| subledger.role == Role::Supplier) {
        let party = supplier.party.map(|place| &books.parties[place as usize]);
        let odd = |column| books.odd.of(Of::Subledger, supplier.id.into(), column);
        sheet
            .number(Some(supplier.id))
            .number(Some(books.keeper(supplier.owner, supplier.above).id))
            .text(supplier.code.as_deref())
            .text(supplier.name.as_deref())
            .number(party.map(|party| party.id))
            .text(party.and_then(|party| party.number.as_deref()))
            .text(supplier.group.map(|place| GROUPS[usize::from(place)].1))
            .text(supplier.email.as_deref())
            .text(supplier.phone.as_deref());
        address(sheet, supplier.address.as_ref());
        sheet
            .text(supplier.contact.map(|place| books.contacts[place as usize].name.as_str()))
            .said(odd(Column::FromDate), |sheet| _ = sheet.day(supplier.from))
            .said(odd(Column::ToDate), |sheet| _ = sheet.day(supplier.to))
            .said(odd(Column::ModifiedAt), |sheet| _ = sheet.time(Some(supplier.modified_at)))
            .flag(books.reaches(supplier.owner) && !supplier.above)
            .text(supplier.contract.as_deref())
            .text(supplier.pay_terms.map(|place| PAY_TERMS[usize::from(place)].1))
            .end_row();
    }
}

pub(super) const SUBLEDGERS: &str = "subledger_id,owner_id,role,code,name,is_payroll_by_nature";

pub(super) fn subledgers(books: &Company, sheet: &mut Sheet) {
    for subledger in &books.subledgers {
        sheet
            .number(Some(subledger.id))
            .number(Some(books.owners[usize::from(subledger.owner)].id))
            .text(Some(if subledger.role == Role::Supplier { "supplier" } else { "employee" }))
            .text(subledger.code.as_deref())
            .text(subledger.name.as_deref())
            .flag(subledger.payroll)
            .end_row();
    }
}

pub(super) const COMPANIES: &str = "company_id,company_number,name,email,phone,street_address,street_number,\
    postal_code,city,country_code,country_name,is_payroll_by_nature";

pub(super) fn companies(books: &Company, sheet: &mut Sheet) {
    for party in &books.parties {
        sheet
            .number(Some(party.id))
            .text(party.number.as_deref())
            .text(party.name.as_deref())
            .text(party.email.as_deref())
            .text(party.phone.as_deref());
        address(sheet, party.address.as_ref());
        sheet.flag(party.payroll).end_row();
    }
}

pub(super) const ACCOUNTS: &str = "account_id,owner_id,chart_id,code,name,group_code,group_name,class,cost_wages_salaries,\
    closed,within_reach";

pub(super) fn accounts(books: &Company, sheet: &mut Sheet) {
    for account in &books.accounts {
        let class = match account.class() {
            Class::Asset => "asset",
            Class::Equity => "equity",
            Class::Liability => "liability",
            Class::Revenue => "revenue",
            Class::Finance => "finance",
            Class::GoodsSold | Class::Wages | Class::OtherOperating => "cost",
        };
        sheet
            .number(Some(account.id))
            .number(Some(books.keeper(account.owner, account.above).id))
            .number(Some(account.chart.id()))
            .text(Some(account.code))
            .text(Some(&account.name))
            .text(account.group().map(|group| group.0))
            .text(account.group().map(|group| group.1))
            .text(Some(class))
            .flag(account.class() == Class::Wages)
            .flag(account.closed)
            .flag(books.reaches(account.owner) && !account.above)
            .end_row();
    }
}

pub(super) const OWNERS: &str = "owner_id,code,owner_code,name,currency_code,company_id,dimension_1_kind_id,\
    dimension_2_kind_id,dimension_3_kind_id,dimension_4_kind_id,dimension_5_kind_id,within_reach";

pub(super) fn owners(books: &Company, sheet: &mut Sheet) {
    for (place, owner) in books.owners.iter().enumerate() {
        sheet
            .number(Some(owner.id))
            .text(Some(owner.code))
            .text(Some(owner.owner_code))
            .text(Some(&owner.name))
            .text(Some(CURRENCIES[usize::from(owner.currency)].1))
            .number(Some(books.parties[owner.party as usize].id));
        for kind in owner.dimension_kinds {
            sheet.number((kind != 0).then_some(kind));
        }
        sheet.flag(books.reaches(place as u8)).end_row();
    }
}

pub(super) const DIMENSION_VALUES: &str =
    "dimension_value_id,owner_id,kind_id,kind_name,code,name,is_payroll_by_nature";

pub(super) fn dimension_values(books: &Company, sheet: &mut Sheet) {
    for value in &books.dimension_values {
        let kind = KINDS.iter().find(|kind| kind.id == value.kind);
        sheet
            .number(Some(value.id))
            .number(Some(books.owners[usize::from(value.owner)].id))
            .number(Some(value.kind))
            .text(kind.map(|kind| kind.name))
            .text(value.code.as_deref())
            .text(value.name.as_deref())
            .flag(value.payroll)
            .end_row();
    }
}
