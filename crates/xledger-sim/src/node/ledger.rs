//! Fields of ledger lines, accounts-payable lines, vouchers and periods.

use crate::column::Column;
use crate::company::Company;
use crate::company::ledger::{AP_TYPES, ApLine, DOCUMENT_TYPES, Line, Voucher, at};
use crate::company::period::Period;
use crate::company::supplier::CURRENCIES;
use crate::node::register::role;
use crate::node::{Node, reference};
use crate::value::Value;

fn slot(column: Column) -> usize {
    match column {
        Column::GlObject1 | Column::GlObject1DbId => 0,
        Column::GlObject2 | Column::GlObject2DbId => 1,
        Column::GlObject3 | Column::GlObject3DbId => 2,
        Column::GlObject4 | Column::GlObject4DbId => 3,
        _ => 4,
    }
}

pub(super) fn line_value<'a>(books: &'a Company, line: &'a Line, column: Column) -> Value<'a> {
    let period = || line.period.map(|place| &books.periods[usize::from(place)]);
    let of_period =
        |number: fn(&Period) -> i32| period().map_or(Value::Null, |period| Value::Int(number(period).into()));
    match column {
        Column::DbId => Value::Int(line.id),
        Column::Text => line.text.render(line.id, &books.own_texts).map_or(Value::Null, Value::Text),
        Column::Amount => Value::money(line.amount),
        Column::InvoiceAmount if line.bare => Value::Null,
        Column::InvoiceAmount => Value::money(line.invoice_amount),
        Column::TaxAmount => line.tax_amount.map_or(Value::Null, Value::money),
        Column::OwnerDbId => Value::Int(books.owners[usize::from(books.voucher(line).owner)].id.into()),
        Column::AccountDbId => {
            line.account.map_or(Value::Null, |place| Value::Int(books.accounts[usize::from(place)].id.into()))
        }
        Column::CompanyDbId => reference(at(&books.parties, line.party).map(|party| party.id), line.id),
        Column::GlObject1DbId
        | Column::GlObject2DbId
        | Column::GlObject3DbId
        | Column::GlObject4DbId
        | Column::GlObject5DbId => {
            let value = at(&books.dimension_values, line.dimensions[slot(column)]);
            reference(value.map(|value| value.id), line.id)
        }
        Column::MonthNumber => of_period(|period| period.month),
        Column::PeriodNumber => of_period(|period| period.fiscal_period),
        Column::PeriodId => of_period(|period| period.id),
        Column::PositionNumber => Value::Int(line.position.into()),
        Column::MatchId if line.match_id == 0 && line.id % 5 == 0 => Value::Null,
        Column::MatchId => Value::Int(line.match_id.into()),
        Column::Amount3 => Value::money(line.amount),
        Column::Quantity => Value::Decimal(0, 2),
        Column::Reconciled => Value::Flag(line.match_id != 0),
        _ => Value::Null,
    }
}

pub(super) fn line_link<'a>(books: &'a Company, line: &'a Line, column: Column) -> Option<Node<'a>> {
    match column {
        Column::Owner | Column::Currency if line.bare => None,
        Column::Owner => Some(Node::Owner(&books.owners[usize::from(books.voucher(line).owner)])),
        Column::Account => line.account.map(|place| Node::Account(&books.accounts[usize::from(place)])),
        Column::Company => at(&books.parties, line.party).map(Node::Party),
        Column::Currency => Some(Node::Currency(line.currency)),
        Column::GlDimension => (line.id % 9 != 0 || has_dimensions(line)).then_some(Node::Dimensions(line)),
        Column::Header => (!line.headless).then(|| Node::Voucher(books.voucher(line))),
        Column::Period => line.period.map(|place| Node::Period(&books.periods[usize::from(place)])),
        Column::TaxRule => line.tax_rule.map(Node::TaxRule),
        _ => None,
    }
}

fn has_dimensions(line: &Line) -> bool {
    line.dimensions.iter().any(|&place| place != crate::company::ledger::NONE)
}

pub(super) fn dimension_link<'a>(books: &'a Company, line: &'a Line, column: Column) -> Option<Node<'a>> {
    at(&books.dimension_values, line.dimensions[slot(column)]).map(Node::DimensionValue)
}

pub(super) fn voucher_value<'a>(books: &'a Company, voucher: &'a Voucher, column: Column) -> Value<'a> {
    match column {
        Column::DbId => Value::Int(voucher.id.into()),
        Column::TransactionNumber => Value::Int(voucher.number.into()),
        Column::Text => voucher.text.render(voucher.id.into(), &books.own_texts).map_or(Value::Null, Value::Text),
        Column::PostedDate => Value::day(voucher.posted),
        Column::CreatedAt | Column::RegisteredAt => Value::Time(voucher.created_at),
        Column::ModifiedAt => voucher.modified_at.map_or(Value::Null, Value::Time),
        Column::OwnerDbId => Value::Int(books.owners[usize::from(voucher.owner)].id.into()),
        Column::Archive => Value::Flag(false),
        Column::FiscalYear => {
            voucher.period.map_or(Value::Null, |place| Value::Int(books.periods[usize::from(place)].fiscal_year.into()))
        }
        _ => Value::Null,
    }
}

pub(super) fn voucher_link<'a>(books: &'a Company, voucher: &'a Voucher, column: Column) -> Option<Node<'a>> {
    match column {
        Column::Period => voucher.period.map(|place| Node::Period(&books.periods[usize::from(place)])),
        Column::TransactionSource => voucher.document_type.map(Node::Source),
        Column::User => Some(Node::Small(77, "")),
        Column::ProcessType => Some(Node::Small(1, "Standard")),
        Column::InvoiceFile => voucher.invoice_file().map(|id| Node::Small(id.into(), "")),
        _ => None,
    }
}

pub(super) fn period_value(period: &Period, column: Column) -> Value<'_> {
    match column {
        Column::DbId => Value::Int(period.id.into()),
        Column::Description => Value::own(Some(period.description())),
        Column::FromDate => Value::Day(period.from),
        Column::ToDate => Value::Day(period.to),
        Column::MonthNumber => Value::Int(period.month.into()),
        Column::FiscalPeriod => Value::Int(period.fiscal_period.into()),
        Column::FiscalYear => Value::Int(period.fiscal_year.into()),
        Column::Year => Value::Int(period.year.into()),
        _ => Value::Null,
    }
}

pub(super) fn ap_value<'a>(books: &'a Company, line: &'a ApLine, column: Column) -> Value<'a> {
    let voucher = &books.vouchers[line.voucher as usize];
    let row = i64::from(line.id);
    let free = |prefix: &str| {
        if line.is_payroll_by_nature() {
            Value::own(Some(format!("{}{row}", crate::PAYROLL_MARKER)))
        } else if row % 3 == 0 {
            Value::Null
        } else {
            Value::own(Some(format!("{prefix}{}", line.invoice)))
        }
    };
    match column {
        Column::DbId => Value::Int(row),
        Column::InvoiceNumber => Value::own(line.invoice_number()),
        Column::Text => line.text.render(row, &books.own_texts).map_or(Value::Null, Value::Text),
        Column::Amount => Value::money(line.amount),
        Column::InvoiceAmount => Value::money(line.invoice_amount),
        Column::InvoiceRemaining => Value::money(line.remaining),
        Column::DueDate => Value::day(line.due_date),
        Column::PaymentDate | Column::LastPaymentDate => Value::day(line.paid),
        Column::InvoiceDate => Value::day(line.invoice_date),
        Column::OwnerDbId => Value::Int(books.owners[usize::from(voucher.owner)].id.into()),
        Column::HeaderCreatedAt => Value::Time(voucher.created_at),
        Column::HeaderModifiedAt => voucher.modified_at.map_or(Value::Null, Value::Time),
        Column::HeaderTransactionSourceDbId => {
            voucher.document_type.map_or(Value::Null, |place| Value::Int(DOCUMENT_TYPES[usize::from(place)].id.into()))
        }
        Column::MatchId => Value::Int(line.match_id.into()),
        Column::SubledgerDbId => reference(at(&books.subledgers, line.subledger).map(|entry| entry.id), row),
        Column::BankAccount => {
            if line.is_payroll_by_nature() {
                free("")
            } else {
                Value::text(at(&books.subledgers, line.subledger).and_then(|entry| entry.bank_account.as_deref()))
            }
        }
        Column::ExtIdentifier => free("EXT"),
        Column::PaymentReference => free("KID"),
        Column::ExchangeRate => {
            let base = CURRENCIES[usize::from(books.owners[usize::from(voucher.owner)].currency)].3;
            Value::Decimal(CURRENCIES[usize::from(line.currency)].3 * 10_000 / base, 4)
        }
        Column::Reconciled => Value::Flag(line.match_id != 0),
        _ => Value::Null,
    }
}

pub(super) fn ap_link<'a>(books: &'a Company, line: &'a ApLine, column: Column) -> Option<Node<'a>> {
    let voucher = &books.vouchers[line.voucher as usize];
    match column {
        Column::Account => line.account.map(|place| Node::Account(&books.accounts[usize::from(place)])),
        Column::Company => at(&books.parties, line.party).map(Node::Party),
        Column::Currency => Some(Node::Currency(line.currency)),
        Column::Period => voucher.period.map(|place| Node::Period(&books.periods[usize::from(place)])),
        Column::SlTransactionType => {
            let (id, english, norwegian) = AP_TYPES[usize::from(line.kind)];
            Some(Node::Small(id.into(), books.listed(english, norwegian)))
        }
        Column::SubledgerType => at(&books.subledgers, line.subledger).map(|entry| role(books, entry)),
        Column::PaymentStatus => line.paid.map(|_| Node::Small(2, books.listed("Paid", "Betalt"))),
        Column::InvoiceFile if line.is_invoice() => voucher.invoice_file().map(|id| Node::Small(id.into(), "")),
        Column::Subledger => at(&books.subledgers, line.subledger).map(Node::Subledger),
        Column::TransactionHeader => (!line.headless).then_some(Node::Voucher(voucher)),
        Column::Owner => Some(Node::Owner(&books.owners[usize::from(voucher.owner)])),
        _ => None,
    }
}
