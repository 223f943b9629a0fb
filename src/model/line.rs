//! The rows that are fetched: ledger lines and AP lines.

use serde::{Deserialize, Serialize};

use super::text_pool::{OwnText, PooledText};
use super::value::{Day, Instant, Money, Month, PackedOption};

/// A ledger line with all that its row in `spend` needs, references unresolved. Kept small, for a run holds millions: 0 stands for no
/// reference, as it does in Xledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) account: i64,
    pub(crate) company: i64,
    pub(crate) voucher: i64,
    pub(crate) voucher_number: PackedOption<i64>,
    pub(crate) voucher_modified_at: PackedOption<Instant>,
    pub(crate) voucher_created_at: PackedOption<Instant>,
    pub(crate) match_id: i64,
    pub(crate) dimensions: [i64; 5],
    pub(crate) amount: PackedOption<Money>,
    pub(crate) invoice_amount: PackedOption<Money>,
    pub(crate) vat_amount: PackedOption<Money>,
    #[serde(skip)]
    pub(crate) text: OwnText,
    pub(crate) document_type: PooledText,
    pub(crate) document_type_name: PooledText,
    pub(crate) currency: PooledText,
    pub(crate) vat_code: PooledText,
    pub(crate) posted_date: Option<Day>,
    pub(crate) month: Month,
    pub(crate) fiscal_year: Option<i16>,
    pub(crate) fiscal_period: Option<i16>,
}

/// An AP line: whose voucher it is, and of which invoice. 0 stands for no reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Payable {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) voucher: i64,
    /// When the voucher was modified, by its ledger lines.
    pub(crate) modified_at: PackedOption<Instant>,
    pub(crate) match_id: i64,
    /// The id of the voucher's document type.
    pub(crate) document_type: i64,
    pub(crate) subledger: i64,
    pub(crate) company: i64,
    #[serde(skip)]
    pub(crate) invoice_number: OwnText,
    pub(crate) invoice_date: Option<Day>,
    pub(crate) due_date: Option<Day>,
    pub(crate) last_payment_date: Option<Day>,
    /// What Xledger calls this kind of AP line, such as an invoice, a credit note or a payment.
    pub(crate) kind: PooledText,
    /// The id of the invoice's file, 0 if it has none.
    pub(crate) invoice_file: i64,
}
