//! Whether suppliers are who their numbers say, and whether one of them takes a month for itself.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::classify::company_number::CompanyNumberStatus;
use crate::classify::spend_class::SpendClass;
use crate::model::value::Month;
use crate::report::checks::{DataCheck, count, share};
use crate::table::spend;

/// How many letters and digits at the start make names alike: one company's name is written in many ways.
const ALIKE: usize = 4;
/// Purchases of suppliers without a number that names a company, in percent of an owner's: more than occasional ones.
const MAX_UNNUMBERED_PERCENT: u128 = 10;
/// Suppliers that an owner has twice, in percent of those with a number: a register of any size has some.
const MAX_TWICE_PERCENT: u64 = 5;
/// A month of fewer lines belongs to one supplier easily.
const FEWEST_LINES: u64 = 20;
/// A supplier that has most of so many months is one that the owner buys most from.
const USUAL_MONTHS: usize = 3;

/// Whether a line is a purchase, of which amounts may be added up.
fn is_purchase(row: &spend::Row<'_>) -> bool {
    use SpendClass::{Capital, Operating, Prepaid, Stock};
    matches!(row.spend_class, Operating | Capital | Stock | Prepaid)
}

/// A supplier that lines name.
pub(super) struct Used<'a> {
    /// Its key.
    pub(super) key: &'a str,
    /// Whose register holds it.
    pub(super) owner: i64,
    /// What it is called.
    pub(super) name: Option<&'a str>,
}

/// Sizes of the purchases of an owner, in ten-thousandths.
#[derive(Debug, Default)]
struct Sizes {
    /// Of suppliers whose number names a company, or a person.
    numbered: u128,
    /// Of suppliers without a number, or with a wrong one.
    without: u128,
    /// Of suppliers with a number of which nobody knows the country.
    of_no_country: u128,
}

/// Who the suppliers of each owner are, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    owners: BTreeMap<i64, Sizes>,
}

/// How a key begins that no number gave.
const OWN_KEY: &str = "supplier:";

impl Numbers {
    pub(super) fn add(&mut self, row: &spend::Row<'_>) {
        let (Some(key), Some(status), Some(amount)) = (row.supplier_key, row.company_number_status, row.amount) else {
            return;
        };
        if !is_purchase(row) {
            return;
        }
        let size = u128::from(amount.ten_thousandths().unsigned_abs());
        let sizes = self.owners.entry(row.owner_id.unwrap_or(0)).or_default();
        *match status {
            // A sole trader has the number of a person, and is no fault.
            CompanyNumberStatus::Personal => &mut sizes.numbered,
            _ if !key.starts_with(OWN_KEY) => &mut sizes.numbered,
            CompanyNumberStatus::Unchecked => &mut sizes.of_no_country,
            _ => &mut sizes.without,
        } += size;
    }

    pub(super) fn finish<'a>(self, used: impl Iterator<Item = Used<'a>>) -> DataCheck {
        let mut places = Vec::new();
        let mut highest = 0;
        for (owner, Sizes { numbered, without, of_no_country }) in &self.owners {
            let (other, all) = (without + of_no_country, (numbered + without + of_no_country).max(1));
            highest = highest.max(other * 1_000 / all);
            if other * 100 > all * MAX_UNNUMBERED_PERCENT {
                let mut place = format!(
                    "owner {owner}: {} of purchases are of suppliers without one",
                    percent(without * 1_000 / all)
                );
                if *of_no_country > 0 {
                    place +=
                        &format!(", {} of suppliers with one and no country", percent(of_no_country * 1_000 / all));
                }
                places.push(place);
            }
        }
        let mut owners: BTreeMap<i64, BTreeMap<&str, u64>> = BTreeMap::new();
        let mut names: FxHashMap<&str, BTreeSet<String>> = FxHashMap::default();
        for Used { key, owner, name } in used.filter(|supplier| !supplier.key.starts_with(OWN_KEY)) {
            *owners.entry(owner).or_default().entry(key).or_default() += 1;
            names.entry(key).or_default().extend(name.map(beginning));
        }
        let several = names.values().filter(|names| names.len() > 1).count() as u64;
        if several > 0 {
            places.push(format!("{} numbers belong to suppliers of different names", count(several)));
        }
        let mut twice = 0;
        for (owner, keys) in &owners {
            let suppliers: u64 = keys.values().sum();
            let too_many = suppliers - keys.len() as u64;
            twice += too_many;
            if too_many * 100 > suppliers * MAX_TWICE_PERCENT {
                places.push(format!(
                    "owner {owner}: {} of {} suppliers are there already",
                    count(too_many),
                    count(suppliers)
                ));
            }
        }
        let figure = format!(
            "{} of purchases without a number at most, {} numbers of several names, {} suppliers again",
            percent(highest),
            count(several),
            count(twice)
        );
        DataCheck::judged(
            "supplier_numbers",
            figure,
            "suppliers and organisation numbers do not belong together",
            &places,
        )
    }
}

/// `93.1 %` from tenths of a percent.
fn percent(tenths: u128) -> String {
    share(u64::try_from(tenths).unwrap_or(u64::MAX), 1_000)
}

/// What a name begins with, however it is written.
fn beginning(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(ALIKE).collect()
}

/// An owner's purchases of a month.
#[derive(Debug, Default)]
struct OwnersMonth {
    lines: u64,
    amount: i128,
}

/// Suppliers that have more than half of a month.
#[derive(Debug, Default)]
pub(super) struct Dominant {
    /// Of the month that is being written.
    owners: FxHashMap<i64, OwnersMonth>,
    suppliers: FxHashMap<(i64, i64), i128>,
    months: BTreeMap<(i64, i64), Vec<Month>>,
    judged: u64,
}

impl Dominant {
    /// A row of a closed month.
    pub(super) fn add(&mut self, row: &spend::Row<'_>) {
        let Some(amount) = row.amount.filter(|_| is_purchase(row)) else { return };
        let (owner, amount) = (row.owner_id.unwrap_or(0), i128::from(amount.ten_thousandths()));
        let of_owner = self.owners.entry(owner).or_default();
        of_owner.lines += 1;
        of_owner.amount += amount;
        if let Some(supplier) = row.supplier_id {
            *self.suppliers.entry((owner, supplier)).or_default() += amount;
        }
    }

    /// Judges the month that was written.
    pub(super) fn month_ends(&mut self, month: Month) {
        self.judged += self.owners.values().filter(|of| of.lines >= FEWEST_LINES).count() as u64;
        for ((owner, supplier), amount) in self.suppliers.drain() {
            let Some(of) = self.owners.get(&owner) else { continue };
            if of.lines >= FEWEST_LINES && of.amount > 0 && amount * 2 > of.amount {
                self.months.entry((owner, supplier)).or_default().push(month);
            }
        }
        self.owners.clear();
    }

    pub(super) fn finish(self, left_out: &str) -> DataCheck {
        let unusual = self.months.iter().filter(|(_, months)| months.len() < USUAL_MONTHS);
        let mut owners: BTreeMap<i64, BTreeSet<Month>> = BTreeMap::new();
        for ((owner, _), months) in unusual {
            owners.entry(*owner).or_default().extend(months);
        }
        let places: Vec<String> = owners
            .iter()
            .map(|(owner, months)| {
                let months: Vec<String> = months.iter().map(Month::to_string).collect();
                format!("owner {owner} in {}", months.join(", "))
            })
            .collect();
        let months: usize = owners.values().map(BTreeSet::len).sum();
        let figure = format!("{} of {} months of owners; {left_out}", count(months as u64), count(self.judged));
        let meaning = "a supplier has more than half of a month, and of hardly any other";
        DataCheck::judged("dominant_suppliers", figure, meaning, &places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;
    use crate::table::spend::tests::bare;

    fn row(supplier: i64, amount: &str) -> spend::Row<'static> {
        spend::Row {
            owner_id: Some(4),
            supplier_id: Some(supplier),
            supplier_key: Some("NO:914286018"),
            company_number_status: Some(CompanyNumberStatus::Valid),
            spend_class: SpendClass::Operating,
            amount: Money::parse(amount),
            ..bare(1)
        }
    }

    fn numbers(rows: &[spend::Row<'_>], used: &[(&'static str, i64, &'static str)]) -> (String, String) {
        let mut numbers = Numbers::default();
        rows.iter().for_each(|row| numbers.add(row));
        let check = numbers.finish(used.iter().map(|(key, owner, name)| Used { key, owner: *owner, name: Some(name) }));
        (check.figure, check.detail)
    }

    #[test]
    fn a_tenth_of_purchases_may_be_without_a_number() {
        let without = |amount| spend::Row {
            supplier_key: Some("supplier:3"),
            company_number_status: Some(CompanyNumberStatus::Invalid),
            ..row(3, amount)
        };
        let (figure, detail) = numbers(&[row(1, "90"), without("-10")], &[]);
        assert_eq!(
            figure,
            "10.0 % of purchases without a number at most, 0 numbers of several names, 0 suppliers again"
        );
        assert_eq!(detail, "");
        let told = numbers(&[row(1, "90"), without("10.1")], &[]).1;
        assert!(told.ends_with(": owner 4: 10.0 % of purchases are of suppliers without one"), "{told}");
        let of_no_country = spend::Row { company_number_status: Some(CompanyNumberStatus::Unchecked), ..without("20") };
        let told = numbers(&[row(1, "80"), of_no_country, without("10")], &[]).1;
        assert!(
            told.ends_with(
                "9.0 % of purchases are of suppliers without one, 18.1 % of suppliers with one and no country"
            ),
            "{told}"
        );
        let germany = spend::Row { supplier_key: Some("DE:1"), ..of_no_country };
        assert_eq!(numbers(&[row(1, "80"), germany], &[]).1, "", "a country without a check");
        let sole_trader = spend::Row { company_number_status: Some(CompanyNumberStatus::Personal), ..without("50") };
        let unread = spend::Row { company_number_status: None, ..without("50") };
        let class = spend::Row { spend_class: SpendClass::Finance, ..without("50") };
        assert_eq!(numbers(&[row(1, "90"), sole_trader, unread, class], &[]).1, "");
    }

    #[test]
    fn a_number_has_one_name_and_one_supplier() {
        let one = [
            ("NO:1", 4, "Fjordglimt Data AS"),
            ("NO:1", 5, "FJORD-GLIMT"),
            ("supplier:3", 4, "A"),
            ("supplier:3", 4, "B"),
        ];
        assert_eq!(
            numbers(&[], &one),
            (
                "0.0 % of purchases without a number at most, 0 numbers of several names, 0 suppliers again".to_owned(),
                String::new()
            )
        );
        let told = numbers(&[], &[("NO:1", 4, "Fjordglimt"), ("NO:1", 5, "Tindholm")]).1;
        assert!(told.ends_with(": 1 numbers belong to suppliers of different names"), "{told}");
        // One of twenty may be there twice.
        let keys: Vec<String> = (0..20).map(|number| format!("NO:{number}")).collect();
        let with = |twice: usize| {
            let used = keys.iter().take(20 - twice).chain(keys.iter().take(twice));
            Numbers::default().finish(used.map(|key| Used { key, owner: 4, name: None })).detail
        };
        assert_eq!(with(1), "");
        assert!(with(2).ends_with(": owner 4: 2 of 20 suppliers are there already"));
    }

    /// A supplier with this amount beside nineteen others with 1 each, in so many months.
    fn dominant(amount: &str, others: usize, months: i64) -> (String, String) {
        let mut dominant = Dominant::default();
        for month in 1..=months {
            dominant.add(&row(7, amount));
            (0..others).for_each(|other| dominant.add(&row(100 + other as i64, "1")));
            dominant.month_ends(Month::new(2026, month).unwrap());
        }
        let check = dominant.finish("2026-11 and later left out");
        (check.figure, check.detail)
    }

    #[test]
    fn no_supplier_has_a_month_for_itself() {
        assert_eq!(
            dominant("19", 19, 1),
            ("0 of 1 months of owners; 2026-11 and later left out".to_owned(), String::new())
        );
        let (figure, told) = dominant("19.0001", 19, 2);
        assert_eq!(figure, "2 of 2 months of owners; 2026-11 and later left out");
        assert!(told.ends_with(": owner 4 in 2026-01, 2026-02"), "{told}");
        assert_eq!(dominant("900", 18, 1).1, "", "nineteen lines");
        assert_eq!(dominant("900", 19, 3).1, "", "it is so every month");
        assert_eq!(dominant("-900", 19, 1).1, "", "a credit note");
    }
}
