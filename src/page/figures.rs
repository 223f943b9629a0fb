//! What the page needs of `spend`, added up row by row while the table is written. Texts are borrowed, and only sums are kept, so that it takes a few
//! megabytes for a company of any size.

mod dimensions;

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::terms::Terms;
use super::window::{COLUMNS, Place, Window};
use crate::classify::company_number::CompanyNumberStatus;
use crate::classify::spend_class::SpendClass;
use crate::model::listed::BANK;
use crate::model::value::{Instant, Month};
use crate::table::spend::{InvoiceKind, Row};
pub(super) use dimensions::Dimensions;

/// All sums, one section for each currency.
#[derive(Debug, Default)]
pub struct Figures<'a> {
    pub(super) window: Window,
    pub(super) sections: Vec<Section<'a>>,
    section_of: FxHashMap<Option<i64>, usize>,
    /// Invoices that have been counted: their vouchers, and a hash of their suppliers and of what they were counted in.
    invoices: FxHashSet<(i64, u64)>,
}

/// What an amount is of the two years that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Ten-thousandths of the last twelve months that have ended.
    pub(super) now: i128,
    /// The same a year earlier.
    pub(super) before: i128,
    /// Lines of the last twelve months.
    pub(super) lines: u64,
    pub(super) lines_before: u64,
    pub(super) invoices: u64,
    pub(super) invoices_before: u64,
}

/// The sums of the owners that keep one currency, or of one owner whose currency is not known.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub(super) currency: Option<&'a str>,
    pub(super) total: Sum,
    /// Lines and ten-thousandths of all months.
    pub(super) ever: (u64, i128),
    /// What owners buy from each other, which is in no other sum.
    pub(super) intercompany: Sum,
    pub(super) without_supplier: Sum,
    /// Each wider category by month.
    pub(super) months: FxHashMap<Option<&'a str>, [i128; COLUMNS]>,
    pub(super) wider_categories: FxHashMap<Option<&'a str>, Sum>,
    pub(super) categories: FxHashMap<(Option<&'a str>, Option<&'a str>), Sum>,
    pub(super) suppliers: FxHashMap<&'a str, Supplier<'a>>,
    pub(super) owners: FxHashMap<Option<i64>, (Option<&'a str>, Sum)>,
    pub(super) dimensions: Dimensions<'a>,
    pub(super) terms: Terms,
}

/// One company that is bought from.
#[derive(Debug, Default)]
pub(super) struct Supplier<'a> {
    /// The smallest of its ids, whose name and code stand for it.
    id: i64,
    pub(super) name: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    /// Whether its number says that it is a person.
    pub(super) is_person: bool,
    pub(super) sum: Sum,
}

impl Sum {
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            now: self.now + other.now,
            before: self.before + other.before,
            lines: self.lines + other.lines,
            lines_before: self.lines_before + other.lines_before,
            invoices: self.invoices + other.invoices,
            invoices_before: self.invoices_before + other.invoices_before,
        }
    }

    /// What is left without a part.
    pub(super) fn minus(&self, part: &Self) -> Self {
        Self {
            now: self.now - part.now,
            before: self.before - part.before,
            lines: self.lines.saturating_sub(part.lines),
            lines_before: self.lines_before.saturating_sub(part.lines_before),
            invoices: self.invoices.saturating_sub(part.invoices),
            invoices_before: self.invoices_before.saturating_sub(part.invoices_before),
        }
    }

    fn add(&mut self, place: Place, amount: i128, is_new_invoice: bool) {
        match place {
            Place::Now => {
                self.now += amount;
                self.lines += 1;
                self.invoices += u64::from(is_new_invoice);
            }
            Place::Before => {
                self.before += amount;
                self.lines_before += 1;
                self.invoices_before += u64::from(is_new_invoice);
            }
            Place::Open | Place::Elsewhere => {}
        }
    }
}

/// Whether a line is one of an invoice or a credit note, as the view `invoice` has it. Of a bank voucher, what is not said to be one is a payment.
fn is_invoice(row: &Row<'_>) -> bool {
    let kind = row.invoice_kind;
    let is_known = kind.is_some() || row.invoice_number.is_some() || row.invoice_date.is_some();
    let is_payment = kind == Some(InvoiceKind::Payment)
        || (row.document_type == BANK && matches!(kind, None | Some(InvoiceKind::Unknown)));
    row.supplier_id.is_some() && is_known && !is_payment
}

/// Whether a line is spend.
fn is_spend(class: SpendClass) -> bool {
    matches!(class, SpendClass::Operating | SpendClass::Capital | SpendClass::Stock | SpendClass::Prepaid)
}

impl<'a> Figures<'a> {
    /// The figures of data of this instant, whose lines are of these months.
    pub fn new(at: Instant, months: impl Iterator<Item = Month>) -> Self {
        Self { window: Window::new(at, months), ..Self::default() }
    }

    /// Adds a row of `spend` in its month. Rows come month by month.
    pub fn add(&mut self, month: Month, row: &Row<'a>) {
        let Some(amount) = row.amount.filter(|_| is_spend(row.spend_class)) else { return };
        let (place, amount) = (self.window.place(month), i128::from(amount.ten_thousandths()));
        let at = self.section_at(row);
        let Some(section) = self.sections.get_mut(at) else { return };
        if row.is_intercompany == Some(true) {
            section.intercompany.add(place, amount, false);
            return;
        }
        section.ever.0 += 1;
        section.ever.1 += amount;
        if let Some(column) = self.window.column(month)
            && let Some(sum) = section.months.entry(row.category_1).or_insert([0; COLUMNS]).get_mut(column)
        {
            *sum += amount;
        }
        if !matches!(place, Place::Now | Place::Before) {
            return;
        }
        // A voucher can hold the invoices of several suppliers.
        let voucher = row.voucher_id.filter(|_| is_invoice(row));
        let mut is_new_in = |categories: [Option<Option<&str>>; 2]| {
            let hash = FxBuildHasher.hash_one((row.supplier_id, categories));
            voucher.is_some_and(|voucher| self.invoices.insert((voucher, hash)))
        };
        let (wider, narrower) = (Some(row.category_1), Some(row.category_2));
        let is_new = IsNew {
            invoice: is_new_in([None, None]),
            in_wider_category: is_new_in([wider, None]),
            in_category: is_new_in([wider, narrower]),
        };
        section.add(place, amount, is_new, row);
    }

    /// The section of a row's owner, made if it is the first.
    fn section_at(&mut self, row: &Row<'a>) -> usize {
        if let Some(at) = self.section_of.get(&row.owner_id) {
            return *at;
        }
        let currency = row.amount_currency_code;
        let known = |section: &Section<'_>| currency.is_some() && section.currency == currency;
        let at = self.sections.iter().position(known).unwrap_or(self.sections.len());
        if at == self.sections.len() {
            self.sections.push(Section { currency, ..Section::default() });
        }
        self.section_of.insert(row.owner_id, at);
        at
    }
}

/// Whether a row is the first of its invoice, at all and in its categories.
struct IsNew {
    invoice: bool,
    in_wider_category: bool,
    in_category: bool,
}

impl<'a> Section<'a> {
    fn add(&mut self, place: Place, amount: i128, is_new: IsNew, row: &Row<'a>) {
        let is_new_invoice = is_new.invoice;
        self.total.add(place, amount, is_new_invoice);
        let owner =
            self.owners.entry(row.owner_id).or_insert_with(|| (row.owner_name.or(row.owner_code), Sum::default()));
        owner.1.add(place, amount, is_new_invoice);
        self.wider_categories.entry(row.category_1).or_default().add(place, amount, is_new.in_wider_category);
        let category = self.categories.entry((row.category_1, row.category_2)).or_default();
        category.add(place, amount, is_new.in_category);
        match (row.supplier_key, row.supplier_id) {
            (Some(key), Some(id)) => {
                let supplier =
                    self.suppliers.entry(key).or_insert_with(|| Supplier { id: i64::MAX, ..Supplier::default() });
                if id < supplier.id {
                    (supplier.id, supplier.name, supplier.code) = (id, row.supplier_name, row.supplier_code);
                }
                supplier.is_person |= row.company_number_status == Some(CompanyNumberStatus::Personal);
                supplier.sum.add(place, amount, is_new_invoice);
            }
            _ => self.without_supplier.add(place, amount, false),
        }
        if place == Place::Now {
            self.dimensions.add(&row.dimension, amount);
            if is_invoice(row) && matches!(row.invoice_kind, None | Some(InvoiceKind::Invoice | InvoiceKind::Unknown)) {
                let days = row.invoice_date.zip(row.due_date).map(|(from, to)| i64::from(to.0) - i64::from(from.0));
                self.terms.add(days, amount, is_new_invoice);
            }
        }
    }
}
