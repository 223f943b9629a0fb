//! The categories that follow from an account's group, for a company that has not made its own. Charts are sold by those who keep them, so the words
//! here are ours; the ranges are facts.

mod groups;

use std::fmt;
use std::str::FromStr;

use super::spend_class::{BAS, NS_4102, SpendClass};
use groups::{BAS_GROUPS, Group, INVESTMENTS, NOT_A_PURCHASE, NS_4102_GROUPS, PREPAID, STOCK};

/// The language of the categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Norwegian, bokmål.
    Norwegian,
}

impl FromStr for Language {
    type Err = String;

    /// Reads `en` or `no`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "en" => Ok(Self::English),
            "no" => Ok(Self::Norwegian),
            _ => Err("must be `en` or `no`".to_owned()),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::English => "en",
            Self::Norwegian => "no",
        })
    }
}

/// The categories of a line, the wider one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DefaultCategory {
    /// What sort of thing was bought. `None` if the account does not say.
    pub(crate) category_1: Option<&'static str>,
    /// What was bought, by the group of the account. `None` if the group has no words.
    pub(crate) category_2: Option<&'static str>,
}

/// The categories of an account with what it holds, which can differ from line to line of one account. Never by the number without a chart.
pub(crate) fn default_category(
    chart: Option<i64>,
    number: Option<u16>,
    class: SpendClass,
    language: Language,
) -> DefaultCategory {
    let groups: &[Group] = match chart {
        Some(NS_4102) => &NS_4102_GROUPS,
        Some(BAS) => &BAS_GROUPS,
        _ => return DefaultCategory::default(),
    };
    let Some(number) = number else { return DefaultCategory::default() };
    // In NS 4102 changes of stock have numbers among the goods, but are no goods.
    let is_stock_change = class == SpendClass::NotAPurchase && (4000..=4899).contains(&number);
    let number = if is_stock_change { 4900 } else { number };
    let group = groups.iter().find(|(first, last, ..)| (*first..=*last).contains(&(number / 100)));
    let words = group.map(|(_, _, _, words)| *words);
    let (category_1, category_2) = match class {
        SpendClass::Operating => (group.map(|(_, _, category_1, _)| *category_1), words),
        SpendClass::NotAPurchase => (group.map(|_| NOT_A_PURCHASE), words),
        SpendClass::Finance => (Some(NOT_A_PURCHASE), words),
        // What was bought stands on another line of the voucher.
        SpendClass::VatBookkeeping => (Some(NOT_A_PURCHASE), None),
        SpendClass::Capital => (Some(INVESTMENTS), None),
        SpendClass::Stock => (Some(STOCK), None),
        SpendClass::Prepaid => (Some(PREPAID), None),
        SpendClass::Other => (None, None),
    };
    let in_language = |(english, norwegian)| match language {
        Language::English => english,
        Language::Norwegian => norwegian,
    };
    DefaultCategory { category_1: category_1.map(in_language), category_2: category_2.map(in_language) }
}

#[cfg(test)]
mod tests;
