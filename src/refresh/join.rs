//! Joins what was fetched: ledger line <- voucher -> AP line -> supplier, and ids -> names. Pure; the rows borrow from what they join.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::line::{Line, Payable};
use crate::model::names::Names;
use crate::model::vat::VatRates;
use crate::refresh::chart::Chart;
use crate::refresh::reference_data::{ReferenceData, Supplier};
use crate::table::spend::{self, Dimension, SupplierMatch, VatRate};

/// Joins a line with what it names: everything that a row may need, with the lookup tables between.
pub(super) struct Joiner<'a> {
    chart: &'a Chart,
    reference_data: &'a ReferenceData,
    names: &'a Names,
    vat_rates: &'a VatRates,
    /// By voucher, owner and id.
    payables: Vec<&'a Payable>,
    /// Where those of a voucher and owner stand among them.
    of_voucher: FxHashMap<(i64, i64), Range<usize>>,
    suppliers: FxHashMap<i64, &'a Supplier>,
    /// Suppliers of a company, by id.
    of_company: FxHashMap<i64, Vec<&'a Supplier>>,
}

/// How the supplier of a line was found, and the AP lines that its invoice is read from.
struct Choice<'a> {
    how: SupplierMatch,
    supplier: Option<&'a Supplier>,
    invoice: Invoice<'a>,
}

/// What the chosen AP lines agree on.
#[derive(Default)]
struct Invoice<'a> {
    number: Option<&'a str>,
    date: Option<crate::model::value::Day>,
    due: Option<crate::model::value::Day>,
}

impl<'a> Joiner<'a> {
    /// Builds the lookup tables.
    pub(super) fn new(
        chart: &'a Chart,
        reference_data: &'a ReferenceData,
        names: &'a Names,
        vat_rates: &'a VatRates,
        payables: &'a [Payable],
    ) -> Self {
        // AP lines without a subledger name nobody.
        let mut named: Vec<&Payable> =
            payables.iter().filter(|payable| payable.subledger.is_some() && payable.voucher != 0).collect();
        named.sort_by_key(|payable| (payable.voucher, payable.owner, payable.id));
        let (mut of_voucher, mut at) = (FxHashMap::default(), 0);
        for same in named.chunk_by(|a, b| (a.voucher, a.owner) == (b.voucher, b.owner)) {
            of_voucher.extend(same.first().map(|first| ((first.voucher, first.owner), at..at + same.len())));
            at += same.len();
        }
        let mut of_company: FxHashMap<i64, Vec<&Supplier>> = FxHashMap::default();
        for supplier in &reference_data.suppliers {
            if let Some(company) = supplier.company {
                of_company.entry(company).or_default().push(supplier);
            }
        }
        let suppliers = reference_data.suppliers.iter().map(|supplier| (supplier.id, supplier)).collect();
        Self { chart, reference_data, names, vat_rates, payables: named, of_voucher, suppliers, of_company }
    }

    /// The row of a line in `spend`.
    pub(super) fn row(&self, line: &'a Line) -> spend::Row<'a> {
        let account = self.chart.account(line.account);
        let owner = self.reference_data.owners.get(&line.owner);
        let vat_code = self.names.text(line.vat_code);
        let Choice { how, supplier, invoice } = self.supplier_of(line);
        spend::Row {
            line_id: line.id,
            owner_id: referenced(line.owner),
            owner_code: owner.and_then(|owner| owner.code.as_deref()),
            owner_name: owner.and_then(|owner| owner.name.as_deref()),
            voucher_id: referenced(line.voucher),
            voucher_number: line.voucher_number,
            document_type: self.names.text(line.document_type).unwrap_or_default(),
            document_type_name: self.names.text(line.document_type_name),
            posted_date: line.posted_date,
            fiscal_year: line.fiscal_year.map(i32::from),
            fiscal_period: line.fiscal_period.map(i32::from),
            account_code: account.and_then(|account| account.code.as_deref()),
            account_name: account.and_then(|account| account.name.as_deref()),
            account_group: account.and_then(|account| account.group.as_deref()),
            account_kind: account.and_then(|account| account.kind),
            supplier_id: supplier.map(|supplier| supplier.id),
            supplier_code: supplier.and_then(|supplier| supplier.code.as_deref()),
            supplier_name: supplier.and_then(|supplier| supplier.name.as_deref()),
            supplier_company_number: supplier.and_then(|supplier| supplier.company_number.as_deref()),
            supplier_country_code: supplier.and_then(|supplier| supplier.country_code.as_deref()),
            supplier_match: how,
            invoice_number: invoice.number,
            invoice_date: invoice.date,
            due_date: invoice.due,
            amount: line.amount.get(),
            amount_currency_code: owner.and_then(|owner| owner.currency.as_deref()),
            invoice_amount: line.invoice_amount.get(),
            invoice_currency_code: self.names.text(line.currency),
            vat_code,
            vat_rate: vat_code.and_then(|code| self.vat_rates.rate(code)).map(VatRate),
            vat_amount: line.vat_amount.get(),
            text: line.text.as_deref(),
            dimension: line.dimensions.map(|id| self.dimension(id)),
            match_id: referenced(line.match_id),
            voucher_modified_at: line.voucher_modified_at,
        }
    }

    fn dimension(&self, id: i64) -> Dimension<'a> {
        let Some(value) = self.reference_data.dimensions.get(&id) else { return Dimension::default() };
        Dimension { kind: value.kind.as_deref(), code: value.code.as_deref(), name: value.name.as_deref() }
    }

    /// The AP lines of a line's voucher, in the line's owner, that name a subledger.
    fn payables_of(&self, line: &Line) -> &[&'a Payable] {
        let place = self.of_voucher.get(&(line.voucher, line.owner));
        place.and_then(|place| self.payables.get(place.clone())).unwrap_or_default()
    }

    fn supplier_of(&self, line: &Line) -> Choice<'a> {
        let payables = self.payables_of(line);
        if payables.is_empty() {
            let supplier = self.only_supplier_of(line.company, line.owner);
            let how = if supplier.is_some() { SupplierMatch::Company } else { SupplierMatch::None };
            return Choice { how, supplier, invoice: Invoice::default() };
        }
        let chosen = match only(payables.iter().map(|payable| payable.subledger)) {
            Agreement::One(subledger) => Some((subledger, SupplierMatch::Voucher)),
            _ => {
                let company =
                    payables.iter().filter(|payable| payable.company.is_some_and(|company| company == line.company));
                match only(company.map(|payable| payable.subledger)) {
                    Agreement::One(subledger) => Some((subledger, SupplierMatch::Company)),
                    _ => None,
                }
            }
        };
        let Some((subledger, how)) = chosen else {
            return Choice { how: SupplierMatch::Ambiguous, supplier: None, invoice: Invoice::default() };
        };
        match self.suppliers.get(&subledger) {
            None => Choice { how: SupplierMatch::NotASupplier, supplier: None, invoice: Invoice::default() },
            Some(supplier) => {
                let own = || payables.iter().filter(|payable| payable.subledger == Some(subledger));
                let invoice = Invoice {
                    number: only(own().map(|payable| payable.invoice_number.as_deref())).value(),
                    date: only(own().map(|payable| payable.invoice_date)).value(),
                    due: only(own().map(|payable| payable.due_date)).value(),
                };
                Choice { how, supplier: Some(supplier), invoice }
            }
        }
    }

    /// The supplier of a company: the one in the same owner, else the one in the whole reach, if there is exactly one.
    fn only_supplier_of(&self, company: i64, owner: i64) -> Option<&'a Supplier> {
        let all = self.of_company.get(&company)?;
        let mut here = all.iter().filter(|supplier| supplier.owner == owner);
        match (here.next(), here.next(), all.as_slice()) {
            (Some(one), None, _) | (None, _, [one]) => Some(one),
            _ => None,
        }
    }
}

/// A reference that is one.
fn referenced(id: i64) -> Option<i64> {
    Some(id).filter(|id| *id != 0)
}

/// What the values that are not null agree on.
enum Agreement<T> {
    Nothing,
    One(T),
    Several,
}

impl<T> Agreement<T> {
    fn value(self) -> Option<T> {
        match self {
            Agreement::One(value) => Some(value),
            Agreement::Nothing | Agreement::Several => None,
        }
    }
}

fn only<T: PartialEq>(values: impl Iterator<Item = Option<T>>) -> Agreement<T> {
    let mut agreed = Agreement::Nothing;
    for value in values.flatten() {
        match &agreed {
            Agreement::One(first) if *first != value => return Agreement::Several,
            Agreement::One(_) => {}
            _ => agreed = Agreement::One(value),
        }
    }
    agreed
}

#[cfg(test)]
mod tests;
