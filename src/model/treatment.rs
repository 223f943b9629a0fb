//! What becomes of the lines of a document type.

use serde::{Deserialize, Serialize};

/// How lines of a document type are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// A word of another version, in a report that is read.
    #[default]
    #[serde(other)]
    Unknown,
}
