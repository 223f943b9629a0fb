//! A company's own categories: `categories.csv`, rules of which the most specific one that holds for a line wins. A rule with a supplier beats those
//! without, then one with dimension 1, and so on to dimension 5, then the narrower range of accounts, then one with an owner.
//!
//! A line is looked up by the codes that it has, once for each set of columns that rules go by, never rule by rule.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::csv_file::{Columns, Faults, Row, rows, supplier_key, yes_or_no};
use super::folded;

/// How many dimensions a line has.
const DIMENSIONS: usize = 5;
/// The columns whose codes are compared: the supplier and the dimensions, the more specific first.
const CODES: usize = 1 + DIMENSIONS;
/// The place of a code that no rule goes by.
const ANY: u32 = 0;
/// All accounts, and lines without one, which are looked up at the last number: no account has so high a one.
const ALL_ACCOUNTS: (u16, u16) = (0, u16::MAX);

/// What a line is looked up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions<'a> {
    /// The number of its account, of at most four digits.
    pub(crate) account: Option<u16>,
    /// The key of its supplier.
    pub(crate) supplier_key: Option<&'a str>,
    /// The codes of its dimensions.
    pub(crate) dimension_codes: [Option<&'a str>; DIMENSIONS],
    /// The id of its owner.
    pub(crate) owner_id: Option<i64>,
}

/// What a rule says of the lines that it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CategoryRule {
    /// The wider category.
    pub(crate) category_1: Box<str>,
    /// The narrower one.
    pub(crate) category_2: Option<Box<str>>,
    /// Whether procurement can influence the spend.
    pub(crate) addressable: Option<bool>,
    /// Who answers for the category.
    pub(crate) category_owner: Option<Box<str>>,
}

/// A company's own categories.
#[derive(Clone, Debug, Default)]
pub(crate) struct Categories {
    /// For each column with codes, the number of each code that a rule goes by, from 1.
    codes: [FxHashMap<String, u32>; CODES],
    /// Which columns rules go by together, the most specific set first.
    columns: Vec<[bool; CODES]>,
    /// By the codes of a rule, [`ANY`] where it goes by none, then by its owner.
    rules: FxHashMap<[u32; CODES], FxHashMap<Option<i64>, RulesByAccount>>,
}

/// The rules with the same codes and the same owner.
#[derive(Clone, Debug, Default)]
struct RulesByAccount {
    rules: Vec<Rule>,
    /// From each number on: the place of the narrowest rule, if any.
    narrowest: BTreeMap<u16, Option<usize>>,
}

#[derive(Clone, Debug)]
struct Rule {
    line: u64,
    accounts: (u16, u16),
    result: CategoryRule,
}

impl Rule {
    fn width(&self) -> u16 {
        self.accounts.1 - self.accounts.0
    }
}

const COLUMNS: Columns<'static, 12> = Columns {
    names: [
        "accounts",
        "supplier_key",
        "dimension_1_code",
        "dimension_2_code",
        "dimension_3_code",
        "dimension_4_code",
        "dimension_5_code",
        "owner_id",
        "category_1",
        "category_2",
        "addressable",
        "category_owner",
    ],
    needed: &["category_1"],
};

impl Categories {
    /// Reads the file.
    ///
    /// # Errors
    /// All faults of the file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Faults> {
        let mut faults = Faults(Vec::new());
        let mut categories = Self::default();
        for row in rows(bytes, &COLUMNS, &mut faults) {
            categories.add(row, &mut faults);
        }
        let sets: BTreeSet<[bool; CODES]> =
            categories.rules.keys().map(|codes| codes.map(|code| code != ANY)).collect();
        categories.columns = sets.into_iter().rev().collect();
        for ranges in categories.rules.values_mut().flat_map(FxHashMap::values_mut) {
            ranges.settle(&mut faults);
        }
        faults.or(categories)
    }

    fn add(&mut self, row: Row<12>, faults: &mut Faults) {
        let line = row.line;
        let [accounts, supplier, d1, d2, d3, d4, d5, owner, category_1, category_2, addressable, category_owner] =
            row.cells;
        supplier_key(supplier.as_deref(), line, faults);
        let codes = [supplier, d1, d2, d3, d4, d5];
        if accounts.is_none() && owner.is_none() && codes.iter().all(Option::is_none) {
            faults.add(line, "it has no condition: say which lines it is for");
        }
        let accounts = accounts.map_or(Ok(ALL_ACCOUNTS), |text| account_range(&text));
        let accounts = accounts.map_err(|what| faults.add(line, what));
        let owner = owner.map(|id| id.parse::<i64>()).transpose();
        let owner = owner.map_err(|_| {
            faults.add(line, "`owner_id` is not a whole number: write the id of the table's column `owner_id`")
        });
        let addressable = yes_or_no(addressable.as_deref(), "addressable", line, faults);
        let (Ok(accounts), Ok(owner), Some(category_1)) = (accounts, owner, category_1) else { return };
        let mut key = [ANY; CODES];
        for ((place, code), known) in key.iter_mut().zip(codes).zip(&mut self.codes) {
            let next = known.len() as u32 + 1;
            *place = code.map_or(ANY, |code| *known.entry(folded(&code)).or_insert(next));
        }
        let result = CategoryRule { category_1, category_2, addressable, category_owner };
        self.rules.entry(key).or_default().entry(owner).or_default().rules.push(Rule { line, accounts, result });
    }

    /// The rule for a line, if any.
    pub(crate) fn rule_for(&self, line: &Conditions<'_>) -> Option<&CategoryRule> {
        let [d1, d2, d3, d4, d5] = line.dimension_codes;
        let mut codes = [None; CODES];
        for ((place, code), known) in codes.iter_mut().zip([line.supplier_key, d1, d2, d3, d4, d5]).zip(&self.codes) {
            *place = code.filter(|_| !known.is_empty()).and_then(|code| known.get(&folded(code)).copied());
        }
        let rule = self.columns.iter().find_map(|columns| self.narrowest(columns, &codes, line));
        rule.map(|rule| &rule.result)
    }

    /// The narrowest rule that goes by these columns; of two as narrow, the owner's.
    fn narrowest(&self, columns: &[bool; CODES], codes: &[Option<u32>; CODES], line: &Conditions<'_>) -> Option<&Rule> {
        let mut key = [ANY; CODES];
        for ((place, code), _) in key.iter_mut().zip(codes).zip(columns).filter(|(_, goes_by)| **goes_by) {
            *place = (*code)?;
        }
        let by_owner = self.rules.get(&key)?;
        let owned = line.owner_id.and_then(|owner| by_owner.get(&Some(owner)));
        let found = [owned, by_owner.get(&None)].into_iter().flatten().filter_map(|ranges| ranges.of(line.account));
        found.min_by_key(|rule| rule.width())
    }
}

impl RulesByAccount {
    /// Reports rules that are equally wide and hold for the same account, and finds the narrowest rule of each account.
    fn settle(&mut self, faults: &mut Faults) {
        self.rules.sort_by_key(|rule| (std::cmp::Reverse(rule.width()), rule.accounts, rule.line));
        for (rule, next) in self.rules.iter().zip(self.rules.iter().skip(1)) {
            if rule.width() == next.width() && next.accounts.0 <= rule.accounts.1 {
                let (first, last) = (rule.line.min(next.line), rule.line.max(next.line));
                faults.add(last, format!("it holds for lines that the rule on line {first} holds for, and is as specific: remove one of the two, or narrow it"));
            }
        }
        for (at, rule) in self.rules.iter().enumerate() {
            let (first, last) = rule.accounts;
            if let Some(next) = last.checked_add(1) {
                let behind = self.at(next);
                self.narrowest.entry(next).or_insert(behind);
            }
            self.narrowest.retain(|from, _| !(first..=last).contains(from));
            self.narrowest.insert(first, Some(at));
        }
    }

    fn at(&self, number: u16) -> Option<usize> {
        self.narrowest.range(..=number).next_back().and_then(|(_, at)| *at)
    }

    fn of(&self, account: Option<u16>) -> Option<&Rule> {
        self.rules.get(self.at(account.unwrap_or(ALL_ACCOUNTS.1))?)
    }
}

/// Reads `6300-6399` or `6340`: numbers as the settings have them, of the digits of the code, at most the first four.
fn account_range(text: &str) -> Result<(u16, u16), String> {
    let number = |text: &str| {
        let digits = text.trim();
        let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        (Some(first), Some(last)) => {
            Err(format!("the range `{first:04}-{last:04}` ends before it begins: turn it round"))
        }
        _ => Err("`accounts` is no number of one to four digits, and no range of two: write `6300-6399` or `6340`"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests;
