//! The largest of many, and the rest in one line.

use std::cmp::Ordering;

use crate::page::figures::Sum;

/// One of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::page) struct Entry {
    /// Its name; `None` if it has none.
    pub(in crate::page) label: Option<String>,
    /// Whether it goes by a code, which is then the label.
    pub(in crate::page) is_code: bool,
    pub(in crate::page) sum: Sum,
}

/// The largest, in order, and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::page) struct Ranking {
    pub(in crate::page) top: Vec<Entry>,
    /// How many more there are, and their sum.
    pub(in crate::page) others: Option<(u64, Entry)>,
    /// The sum of all.
    pub(in crate::page) total: Sum,
}

impl Entry {
    pub(super) fn new(name: Option<&str>, sum: Sum) -> Self {
        Self { label: name.map(str::to_owned), is_code: false, sum }
    }

    pub(super) fn total(entries: &[Self]) -> Sum {
        entries.iter().fold(Sum::default(), |total, entry| total.plus(&entry.sum))
    }

    /// Whether there is nothing in these twelve months.
    pub(super) fn is_nothing(&self) -> bool {
        self.sum.lines == 0 && self.sum.now == 0
    }

    /// The larger one first, then by name.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        other
            .sum
            .now
            .cmp(&self.sum.now)
            .then_with(|| self.label.cmp(&other.label))
            .then(other.sum.lines.cmp(&self.sum.lines))
    }
}

impl Ranking {
    /// Those with anything in the last twelve months, the `most` largest by themselves.
    pub(super) fn of(entries: impl Iterator<Item = Entry>, most: usize) -> Self {
        let mut top: Vec<Entry> = entries.collect();
        let total = Entry::total(&top);
        top.retain(|entry| !entry.is_nothing());
        top.sort_by(Entry::order);
        let mut sum = total;
        top.iter().take(most).for_each(|entry| sum = sum.minus(&entry.sum));
        let others = (top.len() > most).then(|| ((top.len() - most) as u64, Entry::new(None, sum)));
        top.truncate(most);
        Self { top, others, total }
    }

    /// Counts in what was never told apart.
    pub(super) fn add_to_others(&mut self, amount: i128) {
        if amount != 0 {
            let (_, others) = self.others.get_or_insert_with(Default::default);
            others.sum.now += amount;
            self.total.now += amount;
        }
    }
}
