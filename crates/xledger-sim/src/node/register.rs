//! Fields of the registers.

use crate::column::Column;
use crate::company::Company;
use crate::company::account::{Account, Class};
use crate::company::ledger::{DOCUMENT_TYPES, TAX_RULES, at};
use crate::company::owner::{DimensionValue, Owner};
use crate::company::supplier::{Address, COUNTRIES, CURRENCIES, Contact, GROUPS, PAY_TERMS, Party, Role, Subledger};
use crate::node::{Node, reference};
use crate::value::Value;

pub(super) fn account_value<'a>(books: &'a Company, account: &'a Account, column: Column) -> Value<'a> {
    let class = account.class();
    let cost = matches!(class, Class::GoodsSold | Class::Wages | Class::OtherOperating);
    match column {
        Column::DbId => Value::Int(account.id.into()),
        Column::Code => Value::text(Some(account.code)),
        Column::Description => Value::text(Some(&account.name)),
        Column::ModifiedAt => Value::Time(account.modified_at),
        Column::ChartOfAccountDbId => Value::Int(account.chart.id().into()),
        Column::OwnerDbId => Value::Int(books.keeper(account.owner, account.above).id.into()),
        Column::Asset => Value::Flag(class == Class::Asset),
        Column::BalanceSheet => Value::Flag(matches!(class, Class::Asset | Class::Equity | Class::Liability)),
        Column::Cost => Value::Flag(cost),
        Column::CostWagesSalaries => Value::Flag(class == Class::Wages),
        Column::CostOfGoodsSold => Value::Flag(class == Class::GoodsSold),
        // Null where it does not apply: the facts allow a null flag.
        Column::CostOtherOperating if !cost => Value::Null,
        Column::CostOtherOperating => Value::Flag(class == Class::OtherOperating),
        Column::Equity => Value::Flag(class == Class::Equity),
        Column::Finance => Value::Flag(class == Class::Finance),
        Column::Liabilities => Value::Flag(class == Class::Liability),
        Column::Revenue => Value::Flag(class == Class::Revenue),
        Column::Posting => Value::Flag(!account.closed),
        Column::Vat => Value::Flag(account.code.starts_with("27")),
        _ => Value::Null,
    }
}

pub(super) fn account_group_value(account: &Account, column: Column) -> Value<'_> {
    match (account.group(), column) {
        (Some((code, _)), Column::Code) => Value::text(Some(code)),
        (Some((_, name)), Column::Description) => Value::text(Some(name)),
        _ => Value::Null,
    }
}

pub(super) fn party_value(party: &Party, column: Column) -> Value<'_> {
    match column {
        Column::DbId => Value::Int(party.id.into()),
        Column::CompanyNumber => Value::text(party.number.as_deref()),
        Column::TaxNumber if party.payroll => Value::text(party.number.as_deref()),
        Column::TaxNumber => Value::own(party.number.as_ref().map(|number| match number.len() {
            9 => format!("NO{number}MVA"),
            _ => number.clone(),
        })),
        Column::Description => Value::text(party.name.as_deref()),
        Column::Email => Value::text(party.email.as_deref()),
        Column::Phone => Value::text(party.phone.as_deref()),
        Column::Country => {
            let country = party.address.as_ref().and_then(|address| address.country);
            country.map_or(Value::Null, |place| Value::text(Some(COUNTRIES[usize::from(place)].1)))
        }
        Column::ModifiedAt => Value::Time(party.modified_at),
        _ => Value::Null,
    }
}

pub(super) fn address_value(address: &Address, column: Column) -> Value<'_> {
    match column {
        Column::DbId => Value::Int(address.id.into()),
        Column::StreetAddress => Value::text(address.street.as_deref()),
        Column::StreetNumber => Value::text(address.number.as_deref()),
        Column::ZipCode => Value::text(address.zip_code.as_deref()),
        Column::Place => Value::text(address.place.as_deref()),
        Column::FullAddress => {
            let parts = [&address.street, &address.number, &address.zip_code, &address.place];
            let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            Value::own(Some(parts.join(" ")))
        }
        _ => Value::Null,
    }
}

pub(super) fn contact_value(contact: &Contact, column: Column) -> Value<'_> {
    match column {
        Column::DbId => Value::Int(contact.id.into()),
        Column::Name => Value::text(Some(&contact.name)),
        Column::Email => Value::text(contact.email.as_deref()),
        Column::ModifiedAt => Value::Time(contact.modified_at),
        _ => Value::Null,
    }
}

pub(super) fn subledger_value<'a>(books: &'a Company, subledger: &'a Subledger, column: Column) -> Value<'a> {
    let party = subledger.party.and_then(|place| at(&books.parties, place));
    match column {
        Column::DbId => Value::Int(subledger.id.into()),
        Column::Code | Column::Number => Value::text(subledger.code.as_deref()),
        Column::Description => Value::text(subledger.name.as_deref()),
        Column::Email => Value::text(subledger.email.as_deref()),
        Column::Phone => Value::text(subledger.phone.as_deref()),
        Column::BankAccount => Value::text(subledger.bank_account.as_deref()),
        Column::Notes => Value::text(subledger.notes.as_deref()),
        Column::Contract => Value::text(subledger.contract.as_deref()),
        Column::FromDate => Value::day(subledger.from),
        Column::ToDate => Value::day(subledger.to),
        Column::ModifiedAt => Value::Time(subledger.modified_at),
        Column::CreatedAt => Value::Time(subledger.modified_at.min(1_500_000_000)),
        Column::OwnerDbId => Value::Int(books.keeper(subledger.owner, subledger.above).id.into()),
        Column::CompanyDbId => reference(party.map(|party| party.id), subledger.id.into()),
        Column::TaxNo => Value::text(party.and_then(|party| party.number.as_deref())),
        _ => Value::Null,
    }
}

pub(super) fn subledger_link<'a>(books: &'a Company, subledger: &'a Subledger, column: Column) -> Option<Node<'a>> {
    match column {
        Column::Company => subledger.party.and_then(|place| at(&books.parties, place)).map(Node::Party),
        Column::SubledgerGroup => subledger.group.map(Node::SubledgerGroup),
        Column::Address | Column::BillAddress => subledger.address.as_ref().map(Node::Address),
        Column::Contact => subledger.contact.and_then(|place| at(&books.contacts, place)).map(Node::Contact),
        Column::Currency => Some(Node::Currency(books.owners[usize::from(subledger.owner)].currency)),
        Column::LedgerType => Some(role(books, subledger)),
        Column::PayTerms => subledger.pay_terms.map(|place| {
            let (id, name) = PAY_TERMS[usize::from(place)];
            Node::Small(id.into(), name)
        }),
        _ => None,
    }
}

/// What a subledger is for, as the system calls it.
pub(super) fn role(books: &Company, subledger: &Subledger) -> Node<'static> {
    match subledger.role {
        Role::Supplier => Node::Small(1, books.listed("Supplier", "Leverandør")),
        Role::Employee => Node::Small(2, books.listed("Employee", "Ansatt")),
    }
}

pub(super) fn owner_value(owner: &Owner, column: Column) -> Value<'_> {
    match column {
        Column::DbId | Column::OwnerDbId => Value::Int(owner.id.into()),
        Column::Code => Value::text(Some(owner.code)),
        Column::OwnerCode => Value::text(Some(owner.owner_code)),
        Column::Description => Value::text(Some(&owner.name)),
        _ => Value::Null,
    }
}

pub(super) fn owner_link<'a>(books: &'a Company, owner: &'a Owner, column: Column) -> Option<Node<'a>> {
    match column {
        Column::Company => at(&books.parties, owner.party).map(Node::Party),
        Column::Currency => Some(Node::Currency(owner.currency)),
        _ => None,
    }
}

pub(super) fn dimension_value<'a>(books: &'a Company, value: &'a DimensionValue, column: Column) -> Value<'a> {
    match column {
        Column::DbId => Value::Int(value.id.into()),
        Column::Code => Value::text(value.code.as_deref()),
        Column::Description => Value::text(value.name.as_deref()),
        Column::ObjectKindDbId => Value::Int(value.kind.into()),
        Column::OwnerDbId => Value::Int(books.owners[usize::from(value.owner)].id.into()),
        Column::ModifiedAt => Value::Time(value.modified_at),
        _ => Value::Null,
    }
}

/// Values of the lists that are the same in every company.
pub(super) fn listed_value(node: Node<'_>, column: Column) -> Value<'static> {
    let (id, code, name) = match node {
        Node::Country(place) => COUNTRIES[usize::from(place)],
        Node::Currency(place) => {
            let (id, code, name, _) = CURRENCIES[usize::from(place)];
            (id, code, name)
        }
        Node::TaxRule(place) => {
            let (id, code, name, _) = TAX_RULES[usize::from(place)];
            (id, code, name)
        }
        Node::Source(place) => {
            let kind = DOCUMENT_TYPES[usize::from(place)];
            (kind.id, kind.code, kind.name)
        }
        Node::SubledgerGroup(place) => {
            let (id, name) = GROUPS[usize::from(place)];
            (id, "", name)
        }
        _ => return Value::Null,
    };
    match column {
        Column::DbId => Value::Int(id.into()),
        Column::Code => Value::text(Some(code)),
        Column::Description | Column::Name => Value::text(Some(name)),
        _ => Value::Null,
    }
}
