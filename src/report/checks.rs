//! What the checks of the data found, as a report says it.

use serde::{Deserialize, Serialize};

pub(crate) use crate::display::figures::{count, share};
use crate::model::value::Month;

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

/// Places that a detail names; the others are counted.
const MAX_NAMED: usize = 12;

impl DataCheck {
    /// A check that warns if there is anything to look at: what that means, and where it is.
    pub(crate) fn judged(name: &str, figure: String, meaning: &str, places: &[String]) -> Self {
        if places.is_empty() {
            return Self { name: name.to_owned(), status: CheckStatus::Ok, figure, detail: String::new() };
        }
        let named = places.get(..MAX_NAMED).unwrap_or(places);
        let more = match places.len() - named.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let detail = format!("{meaning}: {}{more}", named.join("; "));
        Self { name: name.to_owned(), status: CheckStatus::Warn, figure, detail }
    }

    /// The same, of what must hold before anything is published.
    pub(crate) fn demanded(name: &str, figure: String, meaning: &str, places: &[String]) -> Self {
        let mut check = Self::judged(name, figure, meaning, places);
        if check.status == CheckStatus::Warn {
            check.status = CheckStatus::Fail;
        }
        check
    }
}

/// What a closed month had, for the next run to compare with. Counts of ledger lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The month.
    pub month: Month,
    /// Those of kept document types.
    pub lines: u64,
    /// Those that are kept and published.
    pub kept: u64,
    /// Of these, those with a supplier.
    pub with_supplier: u64,
    /// Those with the number of an invoice.
    pub with_invoice: u64,
    /// Those with a category.
    pub with_category: u64,
}

impl Measured {
    /// A month without lines.
    pub(crate) fn empty(month: Month) -> Self {
        Self { month, lines: 0, kept: 0, with_supplier: 0, with_invoice: 0, with_category: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_names_so_many_places_and_counts_the_others() {
        let places: Vec<String> = (1..=14).map(|owner| format!("owner {owner}")).collect();
        let check = DataCheck::judged("dates", "14 lines".to_owned(), "look", &places);
        assert!(check.detail.starts_with("look: owner 1; owner 2;") && check.detail.ends_with("owner 12; and 2 more"));
        assert_eq!((check.status, check.name.as_str()), (CheckStatus::Warn, "dates"));
        let check = DataCheck::demanded("integrity", "14".to_owned(), "look", &places[..12]);
        assert!(check.status == CheckStatus::Fail && check.detail.ends_with("; owner 12"));
        let well = DataCheck::demanded("integrity", "14".to_owned(), "look", &[]);
        assert_eq!((well.status, well.detail.as_str()), (CheckStatus::Ok, ""));
    }
}
