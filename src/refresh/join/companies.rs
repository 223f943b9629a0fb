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
    keeps_personal_numbers: bool,
}

impl<'a> KnownSupplier<'a> {
    /// The organisation number, unless it is a person's.
    pub(crate) fn company_number(&self) -> Option<&'a str> {
        let is_shown = self.keeps_personal_numbers || self.status != Some(CompanyNumberStatus::Personal);
        self.supplier.company_number.as_deref().filter(|_| is_shown)
    }

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
        let status = has_company_numbers.then_some(judged.status);
        KnownSupplier { supplier, key, status, is_intercompany, entry, keeps_personal_numbers }
    };
    reference_data.suppliers.iter().map(|supplier| (supplier.id, known(supplier))).collect()
}
