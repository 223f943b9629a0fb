//! What is known of each supplier's company: one key for it across owners and registers, and whether it is one of the owners.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::classify::company_number::{self, CompanyNumberStatus};
use crate::classify::suppliers::{SupplierFacts, SupplierFile};
use crate::refresh::reference_data::{ReferenceData, Supplier};

/// A supplier, with what follows from its company and from `suppliers.csv`.
pub(crate) struct KnownSupplier<'a> {
    pub(crate) supplier: &'a Supplier,
    /// One company across owners and registers: its checked organisation number, else the supplier's id.
    pub(crate) key: Box<str>,
    /// `None` if company numbers cannot be read.
    pub(crate) status: Option<CompanyNumberStatus>,
    /// `None` if the companies of owners cannot be read.
    pub(crate) is_intercompany: Option<bool>,
    /// What `suppliers.csv` says of it.
    entry: Option<&'a SupplierFacts>,
    /// The organisation number, unless it is a person's, which a setting keeps.
    pub(crate) company_number: Option<&'a str>,
}

impl<'a> KnownSupplier<'a> {
    /// The contract: what the file says counts more than the register.
    pub(crate) fn contract(&self) -> Option<&'a str> {
        let of_file = self.entry.and_then(|entry| entry.contract.as_deref());
        of_file.or(self.supplier.contract.as_deref())
    }

    /// The company that it belongs to.
    pub(crate) fn parent(&self) -> Option<&'a str> {
        self.entry.and_then(|entry| entry.parent.as_deref())
    }

    /// Whether it is a preferred one.
    pub(crate) fn preferred(&self) -> Option<bool> {
        self.entry.and_then(|entry| entry.preferred)
    }
}

/// All suppliers, by id.
pub(super) fn enrich<'a>(
    reference_data: &'a ReferenceData,
    file: &'a SupplierFile,
    has_company_numbers: bool,
    keeps_personal_numbers: bool,
) -> FxHashMap<i64, KnownSupplier<'a>> {
    let owners: FxHashSet<i64> = reference_data.owners.values().filter_map(|owner| owner.company).collect();
    let known = |supplier: &'a Supplier| {
        let judged = company_number::judge(supplier.company_number.as_deref(), supplier.country_code.as_deref());
        let key = judged.key.unwrap_or_else(|| format!("supplier:{}", supplier.id).into());
        let entry = file.get(&key);
        let is_owner = supplier.company.is_some_and(|company| owners.contains(&company));
        let is_intercompany = match entry.and_then(|entry| entry.internal) {
            Some(is_internal) => Some(is_internal),
            None => (!owners.is_empty()).then_some(is_owner),
        };
        // Whatever the right is by now: a number that was read before it went is a person's all the same.
        let is_shown = keeps_personal_numbers || judged.status != CompanyNumberStatus::Personal;
        let company_number = supplier.company_number.as_deref().filter(|_| is_shown);
        let status = has_company_numbers.then_some(judged.status);
        KnownSupplier { supplier, key, status, is_intercompany, entry, company_number }
    };
    let suppliers: FxHashMap<i64, _> =
        reference_data.suppliers.iter().map(|supplier| (supplier.id, known(supplier))).collect();
    let of_file = suppliers.values().filter(|supplier| supplier.entry.is_some()).map(|supplier| &supplier.key);
    let unknown = file.len().saturating_sub(of_file.collect::<FxHashSet<_>>().len());
    if unknown > 0 {
        tracing::warn!(unknown, "rows of suppliers.csv are of no supplier: is each supplier_key as the table has it?");
    }
    suppliers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right to company numbers can go while suppliers are looked up one by one, after the register was read.
    #[test]
    fn a_persons_number_that_was_read_before_the_right_went_is_not_shown() {
        let supplier = |id, number: &str| Supplier {
            id,
            company_number: Some(number.into()),
            country_code: Some("NO".into()),
            ..Supplier::default()
        };
        let suppliers = vec![supplier(1, "01017012345"), supplier(2, "914286018")];
        let reference_data = ReferenceData { suppliers, ..ReferenceData::default() };
        let file = SupplierFile::default();
        for has_company_numbers in [true, false] {
            for (keeps, shown) in [(true, true), (false, false)] {
                let known = enrich(&reference_data, &file, has_company_numbers, keeps);
                assert_eq!(known[&1].company_number.is_some(), shown, "{has_company_numbers} {keeps}");
                assert_eq!(known[&2].company_number, Some("914286018"));
            }
        }
    }
}
