//! What became of the lines, in numbers: what the screen counts and a report shows.

use serde::{Deserialize, Serialize};

use crate::model::treatment::Treatment;

/// Refused lines by what they lack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refused {
    /// No account, or one without a code.
    pub no_account: u64,
    /// An account that no chart shows.
    pub unknown_account: u64,
    /// No period.
    pub no_period: u64,
    /// A match and no owner.
    pub no_owner: u64,
    /// No document type, or one without a code.
    pub no_document_type: u64,
    /// Nothing, but it shares its match with a line that cannot be judged.
    pub unjudged_match: u64,
}

/// Lines by what became of them. Every listed line is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All of them.
    pub listed: u64,
    /// Payroll.
    pub excluded_payroll: u64,
    /// Could not be judged.
    pub refused: u64,
    /// The same by what they lack.
    pub refused_because: Refused,
    /// Of a document type that is not kept.
    pub excluded_document_type: u64,
    /// Of these, those on an account that is not excluded: with the kept ones, all that is spend by its account.
    pub excluded_on_kept_accounts: u64,
    /// On an excluded account.
    pub excluded_account: u64,
    /// Before the history.
    pub excluded_history: u64,
    /// Admitted.
    pub kept: u64,
    /// Of the kept ones, those on an account whose code has no digits.
    pub without_account_number: u64,
}

/// AP lines by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PayableCounts {
    /// All of them.
    pub listed: u64,
    /// Payroll.
    pub excluded_payroll: u64,
    /// Of a voucher, or of a document type, that is not kept or not known.
    pub not_needed: u64,
    /// Admitted.
    pub kept: u64,
}

/// A document type, how it is treated, and how many ledger lines it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypeCount {
    /// Its code.
    pub code: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// How it is treated.
    pub treatment: Treatment,
    /// Ledger lines of it.
    pub lines: u64,
    /// Of them, those that are kept.
    pub kept: u64,
}
