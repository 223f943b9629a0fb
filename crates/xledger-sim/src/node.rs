//! The objects of the graph: which values and which further objects each one has.

mod ledger;
mod register;

use crate::column::Column;
use crate::company::Company;
use crate::company::account::Account;
use crate::company::ledger::{ApLine, Line, Voucher};
use crate::company::owner::{DimensionValue, KINDS, ObjectKind, Owner};
use crate::company::period::Period;
use crate::company::supplier::{Address, Contact, Party, Subledger};
use crate::value::Value;

/// An object of the graph.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node<'a> {
    Line(&'a Line),
    ApLine(&'a ApLine),
    Voucher(&'a Voucher),
    Account(&'a Account),
    AccountGroup(&'a Account),
    Party(&'a Party),
    Address(&'a Address),
    Contact(&'a Contact),
    Subledger(&'a Subledger),
    SubledgerGroup(u8),
    Country(u8),
    Currency(u8),
    Kind(&'a ObjectKind),
    DimensionValue(&'a DimensionValue),
    Dimensions(&'a Line),
    Owner(&'a Owner),
    Period(&'a Period),
    PeriodItem(&'a Period),
    Source(u8),
    TaxRule(u8),
    /// One of the small objects with an id, a name and no links.
    Small(i64, &'static str),
}

impl<'a> Node<'a> {
    /// The value of a scalar field.
    pub(crate) fn value(self, books: &'a Company, column: Column) -> Value<'a> {
        match self {
            Self::Line(line) => ledger::line_value(books, line, column),
            Self::ApLine(line) => ledger::ap_value(books, line, column),
            Self::Voucher(voucher) => ledger::voucher_value(books, voucher, column),
            Self::Period(period) => ledger::period_value(period, column),
            Self::PeriodItem(period) => match column {
                Column::DbId => Value::Int(i64::from(period.id) + 500_000),
                _ => Value::Null,
            },
            Self::Account(account) => register::account_value(books, account, column),
            Self::AccountGroup(account) => register::account_group_value(account, column),
            Self::Party(party) => register::party_value(party, column),
            Self::Address(address) => register::address_value(address, column),
            Self::Contact(contact) => register::contact_value(contact, column),
            Self::Subledger(subledger) => register::subledger_value(books, subledger, column),
            Self::Owner(owner) => register::owner_value(owner, column),
            Self::DimensionValue(value) => register::dimension_value(books, value, column),
            Self::Kind(kind) => match column {
                Column::DbId => Value::Int(i64::from(kind.id)),
                _ => Value::text(Some(kind.name)),
            },
            Self::Source(place) if matches!(column, Column::Description | Column::Name) => {
                Value::text(Some(books.document_type_name(place)))
            }
            Self::SubledgerGroup(_) | Self::Country(_) | Self::Currency(_) | Self::Source(_) | Self::TaxRule(_) => {
                register::listed_value(self, column)
            }
            Self::Small(id, name) => match column {
                Column::DbId => Value::Int(id),
                Column::Name | Column::Url => Value::text(Some(name)),
                _ => Value::Null,
            },
            Self::Dimensions(_) => Value::Null,
        }
    }

    /// What a field with a selection leads to.
    pub(crate) fn link(self, books: &'a Company, column: Column) -> Option<Node<'a>> {
        match self {
            Self::Line(line) => ledger::line_link(books, line, column),
            Self::ApLine(line) => ledger::ap_link(books, line, column),
            Self::Voucher(voucher) => ledger::voucher_link(books, voucher, column),
            Self::Dimensions(line) => ledger::dimension_link(books, line, column),
            Self::PeriodItem(period) => Some(Node::Period(period)),
            Self::Account(account) => match column {
                Column::AccountGroup => account.group().map(|_| Node::AccountGroup(account)),
                _ => Some(Node::Small(account.chart.id().into(), account.chart.name())),
            },
            Self::Party(party) => party.address.as_ref().map(Node::Address),
            Self::Address(address) => address.country.map(Node::Country),
            Self::Subledger(subledger) => register::subledger_link(books, subledger, column),
            Self::DimensionValue(value) => KINDS.iter().find(|kind| kind.id == value.kind).map(Node::Kind),
            Self::Owner(owner) => register::owner_link(books, owner, column),
            _ => None,
        }
    }

    /// `dbId`.
    pub(crate) fn id(self) -> i64 {
        match self {
            Self::Line(line) => line.id,
            Self::ApLine(line) => line.id.into(),
            Self::Voucher(voucher) => voucher.id.into(),
            Self::Account(account) | Self::AccountGroup(account) => account.id.into(),
            Self::Party(party) => party.id.into(),
            Self::Contact(contact) => contact.id.into(),
            Self::Subledger(subledger) => subledger.id.into(),
            Self::Owner(owner) => owner.id.into(),
            Self::DimensionValue(value) => value.id.into(),
            Self::Kind(kind) => kind.id.into(),
            Self::Period(period) => period.id.into(),
            Self::PeriodItem(period) => i64::from(period.id) + 500_000,
            Self::Country(_) | Self::Currency(_) => match register::listed_value(self, Column::DbId) {
                Value::Int(id) => id,
                _ => 0,
            },
            _ => 0,
        }
    }
}

/// A reference: where there is none, some rows say 0 and others null.
fn reference(id: Option<i32>, row: i64) -> Value<'static> {
    match id {
        Some(id) => Value::Int(id.into()),
        None if row % 3 == 0 => Value::Null,
        None => Value::Int(0),
    }
}
