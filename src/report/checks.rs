//! What the checks of the data found, as a report says it.

use serde::{Deserialize, Serialize};

/// How a check came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    #[default]
    Ok,
    /// Somebody should look at it.
    Warn,
    /// The tables are not whole, and are not published.
    Fail,
}

/// A check of the data. It names no row value and no free text: counts, codes of accounts and tax rules, months, ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataCheck {
    /// Its name, stable, in snake case.
    pub name: String,
    /// How it came out.
    pub status: CheckStatus,
    /// What was measured: a count, or a share in percent with one decimal.
    pub figure: String,
    /// What that means, where it is, and what to do; empty if all is well.
    pub detail: String,
}
