//! What must hold before anything is published: the tables are whole, each line stands once and where it belongs, and the sums add up.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::lake::DataFile;
use crate::model::line::Line;
use crate::model::value::Month;
use crate::refresh::changes::by_month;
use crate::report::checks::{DataCheck, count};
use crate::table::spend;

/// Lines that are counted and added up without keeping any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    lines: u64,
    ten_thousandths: i128,
    /// The sum of their ids' hashes: the same ids, each as often, give the same, in any order.
    ids: u64,
}

impl Sums {
    fn add(&mut self, id: i64, ten_thousandths: Option<i64>) {
        self.lines += 1;
        self.ten_thousandths += ten_thousandths.map_or(0, i128::from);
        self.ids = self.ids.wrapping_add(FxBuildHasher.hash_one(id));
    }
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Integrity {
    written: Sums,
    months: FxHashMap<Month, u64>,
    misplaced: u64,
    used: FxHashSet<i64>,
    suppliers: FxHashSet<i64>,
    twice: u64,
}

/// What it is compared with.
pub(in crate::refresh) struct Expected<'a> {
    /// Every line that was to be written, by id.
    pub(in crate::refresh) lines: &'a [Line],
    /// Lines that were kept, without those that are gone.
    pub(in crate::refresh) kept: Option<u64>,
    /// The files of `spend`.
    pub(in crate::refresh) files: &'a [DataFile],
    /// Lines and sum of the control totals.
    pub(in crate::refresh) totals: (u64, i128),
}

impl Integrity {
    /// A row that goes into the partition of a month, and the month of its line.
    pub(super) fn add(&mut self, partition: Month, period: Month, row: &spend::Row<'_>) {
        self.written.add(row.line_id, row.amount.map(|amount| amount.ten_thousandths()));
        self.misplaced += u64::from(partition != period);
        if let Some(id) = row.supplier_id {
            self.used.insert(id);
        }
    }

    /// A month of so many rows has been written.
    pub(super) fn month_ends(&mut self, month: Month, rows: u64) {
        *self.months.entry(month).or_default() += rows;
    }

    /// A row of `supplier`.
    pub(super) fn supplier(&mut self, id: i64) {
        self.twice += u64::from(!self.suppliers.insert(id));
    }

    /// Suppliers that lines name.
    pub(super) fn used(&self) -> &FxHashSet<i64> {
        &self.used
    }

    pub(super) fn finish(&self, expected: &Expected<'_>) -> DataCheck {
        let mut read = Sums::default();
        for line in expected.lines {
            read.add(line.id, line.amount.get().map(|amount| amount.ten_thousandths()));
        }
        let repeated = expected.lines.iter().zip(expected.lines.iter().skip(1)).filter(|(a, b)| a.id >= b.id).count();
        let missing = self.used.difference(&self.suppliers).count() as u64;
        let files = by_month(expected.files);
        let in_files = |month: &Month| files.get(month).map_or(0, |files| files.iter().map(|file| file.rows).sum());
        let off = self.months.iter().filter(|(month, rows)| in_files(month) != **rows).count() as u64
            + files.keys().filter(|month| !self.months.contains_key(month)).count() as u64;
        let says = |wrong: bool, what: String| wrong.then_some(what);
        let written = self.written;
        let places = [
            says(
                repeated > 0 || written.ids != read.ids,
                "ids of lines repeat or are others than those fetched".to_owned(),
            ),
            says(self.misplaced > 0, format!("{} rows are not in the month of their period", count(self.misplaced))),
            says(missing > 0, format!("{} suppliers of spend are not in supplier", count(missing))),
            says(self.twice > 0, format!("{} suppliers are in supplier twice", count(self.twice))),
            says(off > 0, format!("the files of {} months have not the rows that were written", count(off))),
            says(
                written.lines != read.lines || expected.kept.is_some_and(|kept| kept != written.lines),
                format!(
                    "{} lines were kept, {} fetched, {} written",
                    expected.kept.map_or_else(|| "-".to_owned(), count),
                    count(read.lines),
                    count(written.lines)
                ),
            ),
            says(
                (written.lines, written.ten_thousandths) != expected.totals
                    || written.ten_thousandths != read.ten_thousandths,
                "the control totals are not the sums of the lines".to_owned(),
            ),
        ];
        let places: Vec<String> = places.into_iter().flatten().collect();
        let figure = format!("{} lines, {} suppliers", count(written.lines), count(self.suppliers.len() as u64));
        DataCheck::demanded("integrity", figure, "the tables do not add up, and are not published", &places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;
    use crate::refresh::join::tests::line;
    use crate::report::checks::CheckStatus;
    use crate::table::spend::tests::bare;

    const MAY: Month = Month { year: 2026, month: 5 };
    const JUNE: Month = Month { year: 2026, month: 6 };

    struct Case {
        ids: Vec<i64>,
        written: Vec<i64>,
        period: Month,
        suppliers: Vec<i64>,
        kept: u64,
        file: (&'static str, u64),
        amount: i128,
    }

    fn right() -> Case {
        Case {
            ids: vec![3, 5],
            written: vec![5, 3],
            period: MAY,
            suppliers: vec![7, 8],
            kept: 2,
            file: ("spend/year=2026/month=05/part-00000.parquet", 2),
            amount: 20_000,
        }
    }

    fn detail(case: Case) -> String {
        let lines: Vec<Line> = case.ids.iter().map(|id| Line { id: *id, month: MAY, ..line(1, None) }).collect();
        let mut integrity = Integrity::default();
        for id in &case.written {
            let row = spend::Row { supplier_id: Some(7), amount: Money::parse("1"), ..bare(*id) };
            integrity.add(MAY, case.period, &row);
        }
        integrity.month_ends(MAY, case.written.len() as u64);
        case.suppliers.iter().for_each(|id| integrity.supplier(*id));
        let file = DataFile { path: case.file.0.to_owned(), rows: case.file.1, bytes: 1, sha256: String::new() };
        let totals = (case.written.len() as u64, case.amount);
        let expected = Expected { lines: &lines, kept: Some(case.kept), files: &[file], totals };
        let check = integrity.finish(&expected);
        assert_eq!(check.status == CheckStatus::Fail, !check.detail.is_empty());
        check.detail
    }

    #[test]
    fn what_is_whole_is_published() {
        assert_eq!(detail(right()), "");
        assert_eq!(
            Integrity::default().finish(&Expected { lines: &[], kept: Some(0), files: &[], totals: (0, 0) }).status,
            CheckStatus::Ok
        );
    }

    #[test]
    fn what_is_not_whole_is_not() {
        for (case, words) in [
            (Case { written: vec![3, 3], ..right() }, "ids of lines repeat"),
            (Case { ids: vec![3, 3], written: vec![3, 3], ..right() }, "ids of lines repeat"),
            (Case { period: JUNE, ..right() }, "2 rows are not in the month of their period"),
            (Case { suppliers: vec![8], ..right() }, "1 suppliers of spend are not in supplier"),
            (Case { suppliers: vec![7, 7], ..right() }, "1 suppliers are in supplier twice"),
            (Case { file: ("spend/year=2026/month=05/part-00000.parquet", 1), ..right() }, "the files of 1 months"),
            (Case { file: ("spend/year=2026/month=06/part-00000.parquet", 2), ..right() }, "the files of 2 months"),
            (Case { kept: 3, ..right() }, "3 lines were kept, 2 fetched, 2 written"),
            (Case { amount: 20_001, ..right() }, "the control totals"),
        ] {
            let found = detail(case);
            assert!(found.contains(words) && found.starts_with("the tables do not add up"), "{words}: {found}");
        }
    }
}
