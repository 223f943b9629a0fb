//! What becomes of the lines of a document type.

use serde::Serialize;

/// How lines of a document type are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Payroll: never asked for.
    Payroll,
    /// Without a code: cannot be judged.
    Refused,
    /// Not among the document types that are kept.
    LeftOut,
    /// Kept, if account and period are.
    Kept,
}
