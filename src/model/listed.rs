//! What the lists say of a line, by index fields alone.

use serde::{Deserialize, Serialize};

use super::value::{Instant, Month, PackedOption};

/// A document type, as a voucher names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DocumentType {
    /// Its id.
    pub id: Option<i64>,
    /// Its code.
    pub code: Option<Box<str>>,
    /// Its description.
    pub description: Option<Box<str>>,
}

/// The code of expense reports.
const EXPENSE_REPORT: &str = "ER";
/// The code of supplier invoices.
const SUPPLIER_INVOICE: &str = "AP";
/// The code of bank vouchers.
pub(crate) const BANK: &str = "BA";

impl DocumentType {
    /// Whether it is an expense report.
    pub(crate) fn is_expense_report(&self) -> bool {
        self.is_coded(EXPENSE_REPORT)
    }

    /// Whether it is a supplier's invoice.
    pub(crate) fn is_supplier_invoice(&self) -> bool {
        self.is_coded(SUPPLIER_INVOICE)
    }

    /// Whether it says what it is.
    pub(crate) fn is_named(&self) -> bool {
        self.code.is_some() || self.description.is_some()
    }

    fn is_coded(&self, code: &str) -> bool {
        self.code.as_deref().is_some_and(|own| own.trim().eq_ignore_ascii_case(code))
    }
}

/// An accounting period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Period {
    /// Its calendar month; `None` if it has none, or one that no calendar has.
    pub month: Option<Month>,
    /// Its accounting year.
    pub fiscal_year: Option<i16>,
    /// Its number in that year.
    pub fiscal_period: Option<i16>,
}

/// A listed ledger line. 0 stands for no reference, as it does in Xledger: a list may hold millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedLine {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    pub(crate) account: i64,
    pub(crate) match_id: i64,
    /// When the voucher was modified.
    pub(crate) modified_at: PackedOption<Instant>,
    /// Where the period stands in the ledger's list of them.
    pub(crate) period: u32,
    /// Where the document type stands in the ledger's list of them.
    pub(crate) document_type: u32,
}

/// A listed AP line. 0 stands for no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedPayable {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    pub(crate) match_id: i64,
    /// The id of the voucher's document type.
    pub(crate) document_type: i64,
}
