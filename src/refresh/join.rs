//! Joins what was fetched: ledger line <- voucher -> AP line -> supplier, and ids -> names. Pure; the rows borrow from what they join.

mod companies;
mod purchases;
mod vat;

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::line::{Line, Payable};
use crate::model::text_pool::TextPool;
use crate::model::value::Day;
use crate::refresh::chart::Chart;
use crate::refresh::own_files::OwnFiles;
use crate::refresh::reference_data::{ReferenceData, Supplier};
use crate::refresh::rules::Rules;
use crate::table::spend::{self, Dimension, InvoiceKind, SupplierMatch, VatRate};
pub(super) use companies::KnownSupplier;
use purchases::Purchases;
use vat::Rates;
pub(crate) use vat::{ContradictedRate, is_vat_of, off};

/// What a [`Joiner`] joins.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) chart: &'a Chart,
    pub(super) reference_data: &'a ReferenceData,
    pub(super) pool: &'a TextPool,
    pub(super) rules: &'a Rules,
    pub(super) own_files: &'a OwnFiles,
    pub(super) lines: &'a [Line],
    pub(super) payables: &'a [Payable],
    /// Whether the token may read organisation numbers.
    pub(super) has_company_numbers: bool,
}

/// Joins a line with what it names: everything that a row may need, with the lookup tables between.
pub(super) struct Joiner<'a> {
    from: Sources<'a>,
    rates: Rates<'a>,
    purchases: Purchases<'a>,
    /// By voucher, owner and id.
    payables: Vec<&'a Payable>,
    /// Where those of a voucher and owner stand among them.
    of_voucher: FxHashMap<(i64, i64), Range<usize>>,
    suppliers: FxHashMap<i64, KnownSupplier<'a>>,
    /// Suppliers of a company, by id.
    of_company: FxHashMap<i64, Vec<&'a Supplier>>,
    /// What the names of kinds of AP lines mean, by the place of the name.
    kinds: Vec<InvoiceKind>,
}

/// How the supplier of a line was found, and the AP lines that its invoice is read from.
struct Choice<'a> {
    how: SupplierMatch,
    supplier: Option<i64>,
    invoice: Invoice<'a>,
}

/// What the chosen AP lines agree on.
#[derive(Default)]
struct Invoice<'a> {
    number: Option<&'a str>,
    date: Option<Day>,
    due: Option<Day>,
    last_payment: Option<Day>,
    kind: Option<InvoiceKind>,
    file: Option<i64>,
}

impl<'a> Joiner<'a> {
    /// Builds the lookup tables.
    pub(super) fn new(from: Sources<'a>) -> Self {
        let Sources { chart, reference_data, pool, rules, own_files, lines, payables, has_company_numbers } = from;
        // AP lines without a subledger name nobody.
        let mut named: Vec<&Payable> =
            payables.iter().filter(|payable| payable.subledger != 0 && payable.voucher != 0).collect();
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
        Self {
            from,
            rates: Rates::new(&rules.vat_rates, pool, lines),
            purchases: Purchases::new(chart, rules.language, &own_files.categories, lines),
            payables: named,
            of_voucher,
            suppliers: companies::enrich(
                reference_data,
                &own_files.suppliers,
                has_company_numbers,
                rules.personal.numbers,
            ),
            of_company,
            kinds: pool.texts().into_iter().map(invoice_kind).collect(),
        }
    }

    /// What it joins.
    pub(super) fn sources(&self) -> &Sources<'a> {
        &self.from
    }

    /// All suppliers, by id.
    pub(super) fn suppliers(&self) -> &FxHashMap<i64, KnownSupplier<'a>> {
        &self.suppliers
    }

    /// The VAT rates that the lines contradict.
    pub(super) fn contradicted_rates(&self) -> Vec<ContradictedRate> {
        self.rates.contradicted()
    }

    /// The row of a line in `spend`.
    pub(super) fn row<'b>(&'b self, line: &'b Line) -> spend::Row<'b> {
        let Sources { chart, reference_data, pool, .. } = self.from;
        let account = chart.account(line.account);
        let owner = reference_data.owners.get(&line.owner);
        let vat_code = pool.text(line.vat_code);
        let tax_rules = reference_data.tax_rules.get(&line.owner);
        let Choice { how, supplier, invoice } = self.supplier_of(line);
        let known = supplier.and_then(|id| self.suppliers.get(&id));
        let supplier = known.map(|known| known.supplier);
        let dimension = line.dimensions.map(|id| self.dimension(id));
        let purchase = self.purchases.of(line, known.map(|known| &*known.key), &dimension);
        spend::Row {
            line_id: line.id,
            owner_id: referenced(line.owner),
            owner_code: owner.and_then(|owner| owner.code.as_deref()),
            owner_name: owner.and_then(|owner| owner.name.as_deref()),
            voucher_id: referenced(line.voucher),
            voucher_number: line.voucher_number.get(),
            document_type: pool.text(line.document_type).unwrap_or_default(),
            document_type_name: pool.text(line.document_type_name),
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
            supplier_company_number: known.and_then(|known| known.company_number),
            supplier_country_code: supplier.and_then(|supplier| supplier.country_code.as_deref()),
            supplier_match: how,
            invoice_number: invoice.number,
            invoice_date: invoice.date,
            due_date: invoice.due,
            amount: line.amount.get(),
            amount_currency_code: owner.and_then(|owner| owner.currency.as_deref()),
            invoice_amount: line.invoice_amount.get(),
            invoice_currency_code: pool.text(line.currency),
            vat_code,
            vat_rate: self.rates.rate(line).map(VatRate),
            vat_amount: line.vat_amount.get(),
            text: pool.own(line.text),
            dimension,
            match_id: referenced(line.match_id),
            voucher_modified_at: line.voucher_modified_at.get(),
            voucher_created_at: line.voucher_created_at.get(),
            supplier_key: known.map(|known| &*known.key),
            company_number_status: known.and_then(|known| known.status),
            is_intercompany: known.and_then(|known| known.is_intercompany),
            supplier_parent: known.and_then(KnownSupplier::parent),
            supplier_preferred: known.and_then(KnownSupplier::preferred),
            supplier_contract: known.and_then(KnownSupplier::contract),
            spend_class: purchase.class,
            category_1: purchase.category_1,
            category_2: purchase.category_2,
            category_source: purchase.source,
            addressable: purchase.addressable,
            category_owner: purchase.category_owner,
            invoice_kind: invoice.kind,
            invoice_file_id: invoice.file,
            last_payment_date: invoice.last_payment,
            vat_name: vat_code.and_then(|code| Some(&**tax_rules?.get(code)?)),
            owner_company_number: owner.and_then(|owner| owner.company_number.as_deref()),
        }
    }

    fn dimension(&self, id: i64) -> Dimension<'a> {
        let Some(value) = self.from.reference_data.dimensions.get(&id) else { return Dimension::default() };
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
            let supplier = self.only_supplier_of(line.company, line.owner).map(|supplier| supplier.id);
            let how = if supplier.is_some() { SupplierMatch::Company } else { SupplierMatch::None };
            return Choice { how, supplier, invoice: Invoice::default() };
        }
        let chosen = match only(payables.iter().map(|payable| referenced(payable.subledger))) {
            Agreement::One(subledger) => Some((subledger, SupplierMatch::Voucher)),
            _ => {
                let company = payables.iter().filter(|payable| payable.company != 0 && payable.company == line.company);
                match only(company.map(|payable| referenced(payable.subledger))) {
                    Agreement::One(subledger) => Some((subledger, SupplierMatch::Company)),
                    _ => None,
                }
            }
        };
        let Some((subledger, how)) = chosen else {
            return Choice { how: SupplierMatch::Ambiguous, supplier: None, invoice: Invoice::default() };
        };
        if !self.suppliers.contains_key(&subledger) {
            return Choice { how: SupplierMatch::NotASupplier, supplier: None, invoice: Invoice::default() };
        }
        let own = || payables.iter().filter(|payable| payable.subledger == subledger);
        let kind = match only(own().map(|payable| self.kind(payable))) {
            Agreement::Nothing => None,
            Agreement::One(kind) => Some(kind),
            Agreement::Several => Some(InvoiceKind::Unknown),
        };
        let invoice = Invoice {
            number: only(own().map(|payable| self.from.pool.own(payable.invoice_number))).value(),
            date: only(own().map(|payable| payable.invoice_date)).value(),
            due: only(own().map(|payable| payable.due_date)).value(),
            // Of several payments the last one, so that lines need not agree.
            last_payment: own().filter_map(|payable| payable.last_payment_date).max(),
            kind,
            file: only(own().map(|payable| referenced(payable.invoice_file))).value(),
        };
        Choice { how, supplier: Some(subledger), invoice }
    }

    /// What an AP line is, if Xledger says.
    fn kind(&self, payable: &Payable) -> Option<InvoiceKind> {
        self.kinds.get(payable.kind.place().checked_sub(1)?).copied()
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

/// What a kind of AP line is, by its name in English, Norwegian, Swedish or Danish.
fn invoice_kind(name: &str) -> InvoiceKind {
    let name = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    // A credit note's name can hold the word for invoice, and a creditor's invoice is none.
    let credits = name.replace("kreditor", "").replace("creditor", "");
    if ["credit", "kredit"].iter().any(|word| credits.contains(word)) {
        InvoiceKind::CreditNote
    } else if says(&["payment", "betaling", "betalning", "utbetal"]) {
        InvoiceKind::Payment
    } else if says(&["invoice", "faktura"]) {
        InvoiceKind::Invoice
    } else {
        InvoiceKind::Unknown
    }
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
pub(super) mod tests;
