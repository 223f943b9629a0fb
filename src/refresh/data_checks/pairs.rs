//! Lines of one voucher that take each other back on different operating accounts: sums survive, but categories, counts and the largest lines do not.

use std::collections::BTreeMap;

use crate::classify::spend_class::SpendClass;
use crate::report::checks::{DataCheck, count, share};
use crate::table::spend;

/// How many of a hundred lines may be in pairs: now and then a line moves to another account. More are bookkeeping that nobody classed.
const MAX_PERCENT: u64 = 1;

/// A line: owner, voucher, size, amount and account.
type Entry<'a> = (i64, i64, u64, i64, &'a str);

/// The operating lines of owners.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    /// Of the month that is being written.
    month: Vec<Entry<'a>>,
    /// Lines and pairs of each owner.
    owners: BTreeMap<i64, (u64, u64)>,
}

impl<'a> Pairs<'a> {
    pub(super) fn add(&mut self, row: &spend::Row<'a>) {
        if row.spend_class != SpendClass::Operating {
            return;
        }
        let (Some(voucher), Some(amount), Some(account)) = (row.voucher_id, row.amount, row.account_code) else {
            return;
        };
        let amount = amount.ten_thousandths();
        if amount != 0 {
            self.month.push((row.owner_id.unwrap_or(0), voucher, amount.unsigned_abs(), amount, account));
        }
    }

    /// Pairs the lines of the month that was written.
    pub(super) fn month_ends(&mut self) {
        self.month.sort_unstable();
        for same in self.month.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let owner = same.first().map_or(0, |first| first.0);
            let totals = self.owners.entry(owner).or_default();
            totals.0 += same.len() as u64;
            // Small amounts stand first.
            let (less, more) = same.split_at(same.partition_point(|entry| entry.3 < 0));
            let mut free: Vec<&str> = more.iter().map(|entry| entry.4).collect();
            for entry in less {
                if let Some(other) = free.iter().position(|account| *account != entry.4) {
                    free.swap_remove(other);
                    totals.1 += 1;
                }
            }
        }
        self.month.clear();
    }

    pub(super) fn finish(self) -> DataCheck {
        let pairs: u64 = self.owners.values().map(|(_, pairs)| pairs).sum();
        let lines: u64 = self.owners.values().map(|(lines, _)| lines).sum();
        let much = self.owners.iter().filter(|(_, (lines, pairs))| pairs * 2 * 100 > lines * MAX_PERCENT);
        let places: Vec<String> = much
            .map(|(owner, (lines, pairs))| {
                format!("owner {owner}: {} pairs, {} of the lines", count(*pairs), share(pairs * 2, *lines))
            })
            .collect();
        let figure = format!("{} pairs in {} operating lines", count(pairs), count(lines));
        let meaning = "lines of a voucher take each other back on different operating accounts";
        DataCheck::judged("offsetting_pairs", figure, meaning, &places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;
    use crate::table::spend::tests::bare;

    fn row(voucher: i64, account: &'static str, amount: &str) -> spend::Row<'static> {
        spend::Row {
            owner_id: Some(4),
            voucher_id: Some(voucher),
            account_code: Some(account),
            amount: Money::parse(amount),
            spend_class: SpendClass::Operating,
            ..bare(1)
        }
    }

    /// With so many other lines.
    fn check(rows: &[spend::Row<'static>], others: i64) -> (String, String) {
        let mut pairs = Pairs::default();
        rows.iter().for_each(|row| pairs.add(row));
        (0..others).for_each(|voucher| pairs.add(&row(100 + voucher, "6300", "10")));
        pairs.month_ends();
        let check = pairs.finish();
        (check.figure, check.detail)
    }

    #[test]
    fn a_pair_is_two_accounts_of_one_voucher() {
        let basis = row(1, "4380", "80.5");
        for (rows, pairs) in [
            (vec![basis, row(1, "4381", "-80.5")], 1),
            (vec![basis, row(1, "4380", "-80.5")], 0),
            (vec![basis, row(2, "4381", "-80.5")], 0),
            (vec![basis, row(1, "4381", "-80.49")], 0),
            (vec![basis, spend::Row { owner_id: Some(5), ..row(1, "4381", "-80.5") }], 0),
            (vec![basis, basis, row(1, "4381", "-80.5"), row(1, "4380", "-80.5")], 1),
            (vec![basis, spend::Row { spend_class: SpendClass::VatBookkeeping, ..row(1, "4381", "-80.5") }], 0),
        ] {
            let (figure, detail) = check(&rows, 0);
            assert!(figure.starts_with(&format!("{pairs} pairs")), "{figure}");
            assert_eq!(detail.is_empty(), pairs == 0);
        }
    }

    #[test]
    fn one_line_in_a_hundred_may_be_of_a_pair() {
        let pair = [row(1, "6300", "1"), row(1, "6340", "-1")];
        assert_eq!(check(&pair, 198), ("1 pairs in 200 operating lines".to_owned(), String::new()));
        assert!(check(&pair, 197).1.ends_with(": owner 4: 1 pairs, 1.0 % of the lines"));
    }
}
