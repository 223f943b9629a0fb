//! What is in the tables: suppliers, months, and how to ask for more.

use std::collections::{BTreeMap, BTreeSet};

use crate::figures::{amount, count, counted};
use crate::lines::{Align, aligned, cut, sanitize};
use crate::quoted::for_duckdb;
use crate::snapshot::{MonthTotal, Owners, Snapshot, Supplier};

/// How many months are shown.
const MONTHS: usize = 12;
/// How many owners have a column of their own where amounts may not be added up.
const OWNERS: usize = 4;

/// What is in the tables of a snapshot, and where they are.
pub(crate) fn tables(snapshot: &Snapshot) -> String {
    let (name, place) = (&snapshot.current.snapshot, &snapshot.place);
    let (totals, owners) = (snapshot.months(), &snapshot.owners);
    let mut text = suppliers(&snapshot.top_suppliers, owners, &totals.iter().map(|total| total.owner).collect());
    text.push_str(&months(&totals, owners));
    text.push_str(&format!("\nWhere\n  {}\n  snapshot {name}\n", sanitize(place)));
    text.push_str(&format!("\nTo ask in DuckDB\n  {}\n", query(place)));
    text
}

/// An owner's supplier can be other owners', too (`buyers`), so that its sum has a currency where all of them keep one.
fn suppliers(suppliers: &[Supplier], owners: &Owners, buyers: &BTreeSet<i64>) -> String {
    if suppliers.is_empty() {
        return String::new();
    }
    let currency = owners.one_currency(buyers);
    let row = |supplier: &Supplier| {
        let name = supplier.name.clone().unwrap_or_else(|| format!("supplier {}", supplier.id));
        let lines = counted(u64::try_from(supplier.lines).unwrap_or(0), "line");
        [name, owners.name(supplier.owner), lines, amount(supplier.ten_thousandths)]
    };
    let rows: Vec<_> = suppliers.iter().map(row).collect();
    let sides = [Align::Left, Align::Left, Align::Right, Align::Right];
    let currency = currency.unwrap_or("the currency of whoever bought");
    format!("\nTop suppliers, each in an owner's register, in {currency}\n{}", aligned(&sides, &rows))
}

/// The last months: one sum where all owners keep one known currency, else a sum for each owner.
fn months(totals: &[MonthTotal], owners: &Owners) -> String {
    let months: BTreeSet<(i64, i64)> = totals.iter().map(|total| (total.year, total.month)).collect();
    let months: Vec<(i64, i64)> = months.into_iter().rev().take(MONTHS).collect();
    let totals: Vec<&MonthTotal> = totals.iter().filter(|total| months.contains(&(total.year, total.month))).collect();
    let ids: BTreeSet<i64> = totals.iter().map(|total| total.owner).collect();
    if totals.is_empty() {
        return String::new();
    }
    let mut columns: Vec<(String, BTreeSet<i64>)> = match owners.one_currency(&ids) {
        Some(currency) => vec![(currency.to_owned(), ids.clone())],
        None => largest(&totals).into_iter().map(|id| (heading(owners, id), BTreeSet::from([id]))).collect(),
    };
    let shown: BTreeSet<i64> = columns.iter().flat_map(|(_, ids)| ids).copied().collect();
    let hidden = ids.len() - shown.len();
    let mut rows = vec![vec![String::new(), "lines".to_owned()]];
    if let Some(heading) = rows.first_mut() {
        heading.extend(columns.iter_mut().map(|(heading, _)| std::mem::take(heading)));
    }
    for &(year, month) in months.iter().rev() {
        let totals = || totals.iter().filter(|total| (total.year, total.month) == (year, month));
        let mut row = vec![format!("{year:04}-{month:02}"), count(totals().map(|total| total.lines).sum())];
        row.extend(columns.iter().map(|(_, ids)| {
            amount(totals().filter(|total| ids.contains(&total.owner)).map(|total| total.ten_thousandths).sum())
        }));
        rows.push(row);
    }
    let sides: Vec<Align> =
        std::iter::once(Align::Left).chain(std::iter::repeat_n(Align::Right, columns.len() + 1)).collect();
    let mut text = format!("\nMonths\n{}", aligned(&sides, &rows));
    if hidden > 0 {
        text.push_str(&format!("  (and {} owners whose amounts are not shown)\n", count(hidden as u64)));
    }
    text
}

/// The owners with most lines, by id.
fn largest(totals: &[&MonthTotal]) -> BTreeSet<i64> {
    let mut lines: BTreeMap<i64, u64> = BTreeMap::new();
    for total in totals {
        *lines.entry(total.owner).or_default() += total.lines;
    }
    let mut lines: Vec<(u64, i64)> = lines.into_iter().map(|(owner, lines)| (lines, owner)).collect();
    lines.sort_by_key(|(lines, owner)| (std::cmp::Reverse(*lines), *owner));
    lines.into_iter().take(OWNERS).map(|(_, owner)| owner).collect()
}

fn heading(owners: &Owners, id: i64) -> String {
    let name = cut(&owners.name(id), 20);
    match owners.currency(id) {
        Some(currency) => format!("{name} {currency}"),
        None => name,
    }
}

/// The query for the same suppliers: by owner, because only the amounts of one owner are sure to be in one currency. It takes no column
/// from the path, because a directory above the lake may be called `owner_name=Z`.
fn query(place: &str) -> String {
    let place = for_duckdb(place);
    format!(
        "SELECT owner_name, supplier_name, count(*) AS lines, sum(amount) AS spend \
         FROM read_parquet('{place}/spend/**/*.parquet', hive_partitioning = false) \
         GROUP BY ALL ORDER BY spend DESC NULLS LAST LIMIT 10;"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_owners_with_unknown_currencies_are_not_added_up() {
        let total = |month, owner, lines, whole: i128| MonthTotal {
            year: 2026,
            month,
            owner,
            lines,
            ten_thousandths: whole * 10_000,
        };
        let totals = [total(4, 1, 10, 1_000), total(5, 1, 20, 2_000), total(5, 2, 30, -3)];
        let expected = "
Months
           lines   owner 1  owner 2
  2026-04     10  1,000.00     0.00
  2026-05     50  2,000.00    -3.00
";
        assert_eq!(months(&totals, &Owners::default()), expected);
        assert_eq!(months(&[], &Owners::default()), "");
    }

    #[test]
    fn a_supplier_has_a_currency_where_all_buyers_keep_it() {
        let supplier =
            Supplier { id: 7, owner: 1, name: Some("Fjord AS".to_owned()), lines: 2, ten_thousandths: 35_000_000 };
        let text = suppliers(&[supplier], &Owners::default(), &[1, 2].into());
        assert!(text.starts_with("\nTop suppliers, each in an owner's register, in the currency of whoever bought\n"));
        assert!(text.contains("Fjord AS  owner 1  2 lines  3,500.00"), "{text}");
    }

    #[test]
    fn a_place_with_quotes_and_brackets_stays_a_text() {
        let query = query("it's/lake [2026]/current");
        assert!(query.contains("read_parquet('it''s/lake [[]2026]/current/spend/**/*.parquet'"), "{query}");
    }
}
