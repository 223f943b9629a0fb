//! What `spend` says of each supplier: the last columns of `supplier`.

use rustc_hash::FxHashMap;

use crate::model::value::Day;
use crate::refresh::join::KnownSupplier;
use crate::refresh::reference_data::Owner;
use crate::table::spend;
use crate::table::supplier::{Row, Total};

/// The lines of one supplier.
#[derive(Clone, Debug, Default)]
struct Totals {
    first: Option<Day>,
    last: Option<Day>,
    lines: u64,
    ten_thousandths: i128,
    /// Whose ledgers the lines are of.
    owners: Vec<i64>,
}

/// The lines of all suppliers, by the supplier's id.
#[derive(Debug, Default)]
pub(super) struct SupplierTotals(FxHashMap<i64, Totals>);

impl SupplierTotals {
    /// Adds a row of `spend`.
    pub(super) fn add(&mut self, row: &spend::Row<'_>) {
        let Some(supplier) = row.supplier_id else { return };
        let totals = self.0.entry(supplier).or_default();
        totals.lines += 1;
        totals.ten_thousandths += row.amount.map_or(0, |amount| i128::from(amount.ten_thousandths()));
        if let Some(day) = row.posted_date {
            totals.first = Some(totals.first.map_or(day, |first| first.min(day)));
            totals.last = Some(totals.last.map_or(day, |last| last.max(day)));
        }
        let owner = row.owner_id.unwrap_or(0);
        if !totals.owners.contains(&owner) {
            totals.owners.push(owner);
        }
    }

    /// The row of a supplier in `supplier`.
    pub(super) fn row<'a>(&self, known: &'a KnownSupplier<'_>, owners: &FxHashMap<i64, Owner>) -> Row<'a> {
        let supplier = known.supplier;
        let none = Totals::default();
        let totals = self.0.get(&supplier.id).unwrap_or(&none);
        let spend_amount = one_currency(&totals.owners, owners).then_some(Total(totals.ten_thousandths));
        Row {
            supplier_id: supplier.id,
            supplier_code: supplier.code.as_deref(),
            supplier_name: supplier.name.as_deref(),
            company_id: supplier.company,
            company_number: known.company_number,
            group_name: supplier.group.as_deref(),
            email: supplier.email.as_deref(),
            phone: supplier.phone.as_deref(),
            street_address: supplier.street_address.as_deref(),
            postal_code: supplier.postal_code.as_deref(),
            city: supplier.city.as_deref(),
            country_code: supplier.country_code.as_deref(),
            country_name: supplier.country_name.as_deref(),
            contact_name: supplier.contact.as_deref(),
            valid_from: supplier.valid_from,
            valid_to: supplier.valid_to,
            modified_at: supplier.modified_at,
            first_posted_date: totals.first,
            last_posted_date: totals.last,
            line_count: totals.lines,
            spend_amount,
            supplier_key: &known.key,
            company_number_status: known.status,
            payment_terms: supplier.payment_terms.as_deref(),
            contract: known.contract(),
            parent: known.parent(),
            preferred: known.preferred(),
            is_intercompany: known.is_intercompany,
        }
    }
}

/// Whether amounts of these owners may be added: there is one owner at most, or all are known to keep the same currency.
fn one_currency(of: &[i64], owners: &FxHashMap<i64, Owner>) -> bool {
    let mut currencies = of.iter().map(|id| owners.get(id).and_then(|owner| owner.currency.as_deref()));
    let first = currencies.next().flatten();
    of.len() <= 1 || (first.is_some() && currencies.all(|currency| currency == first))
}
