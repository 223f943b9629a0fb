//! How many rows are asked for at once: fewer where the server does not bear it, more again where that was chance.

use std::sync::Mutex;

use rustc_hash::FxHashMap;

use super::query::Query;
use super::retry::MIN_ROWS;
use crate::model::lock::lock;

/// After so many answers of a size, twice as many rows are tried again.
const SUCCESSES_PER_STEP: u32 = 4;

/// What a client has learned of sizes, for each query.
#[derive(Default)]
pub(crate) struct PageSizes(Mutex<FxHashMap<&'static str, Size>>);

impl PageSizes {
    /// How many rows to ask for, `most` at most.
    pub(crate) fn rows(&self, query: Query, most: usize) -> usize {
        lock(&self.0).get(query.name).map_or(most, |size| size.now.min(most))
    }

    /// Takes note of rows that were too many. Returns how many to ask for now.
    pub(crate) fn on_failure(&self, query: Query, rows: usize) -> usize {
        lock(&self.0).entry(query.name).or_insert_with(|| Size::new(rows)).on_failure(rows)
    }

    /// Takes note of rows that came.
    pub(crate) fn on_success(&self, query: Query, rows: usize) {
        if let Some(size) = lock(&self.0).get_mut(query.name) {
            size.on_success(rows);
        }
    }
}

/// What is known of one query.
struct Size {
    now: usize,
    most: usize,
    /// Sizes that were too large once. Twice may not be chance.
    failed: Vec<usize>,
    successes: u32,
}

impl Size {
    /// Of the rows that were asked for first when it failed: others may ask for more.
    fn new(rows: usize) -> Self {
        Self { now: rows, most: usize::MAX, failed: Vec::new(), successes: 0 }
    }

    fn on_failure(&mut self, rows: usize) -> usize {
        // Of several that were on the way together, the first has said it.
        if rows > MIN_ROWS && rows <= self.now {
            let half = (rows / 2).max(MIN_ROWS);
            if self.failed.contains(&rows) {
                self.most = half;
            }
            self.failed.push(rows);
            self.now = half;
            self.successes = 0;
        }
        self.now
    }

    fn on_success(&mut self, rows: usize) {
        if rows < self.now || self.now >= self.most {
            return;
        }
        self.successes += 1;
        if self.successes >= SUCCESSES_PER_STEP {
            self.successes = 0;
            self.now = self.now.saturating_mul(2).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks 200 times of a server that bears what `bears` says; returns the sizes that were asked for.
    fn asked(mut bears: impl FnMut(usize) -> bool) -> Vec<usize> {
        let (sizes, mut asked) = (PageSizes::default(), Vec::new());
        let query = super::super::query::LEDGER_INDEX;
        for _ in 0..200 {
            let rows = sizes.rows(query, 10_000);
            asked.push(rows);
            if bears(rows) {
                sizes.on_success(query, rows);
            } else {
                sizes.on_failure(query, rows);
            }
        }
        asked
    }

    #[test]
    fn a_size_that_fails_twice_is_not_tried_again() {
        let asked = asked(|rows| rows <= 2_000);
        assert_eq!(asked[..9], [10_000, 5_000, 2_500, 1_250, 1_250, 1_250, 1_250, 2_500, 1_250]);
        assert!(asked[9..].iter().all(|rows| *rows == 1_250), "{asked:?}");
    }

    #[test]
    fn a_failure_by_chance_is_got_over() {
        let mut questions = 0;
        let asked = asked(|_| {
            questions += 1;
            questions != 3
        });
        assert_eq!(asked[..8], [10_000, 10_000, 10_000, 5_000, 5_000, 5_000, 5_000, 10_000]);
        assert!(asked[8..].iter().all(|rows| *rows == 10_000), "{asked:?}");
    }

    #[test]
    fn a_few_rows_that_fail_limit_no_others() {
        let (sizes, query) = (PageSizes::default(), super::super::query::LEDGER_LINES);
        sizes.on_failure(query, 74);
        let most = (0..40).map(|_| {
            let rows = sizes.rows(query, 5_000);
            sizes.on_success(query, rows);
            rows
        });
        assert_eq!(most.max(), Some(5_000));
    }

    #[test]
    fn no_less_than_the_least_is_tried() {
        let asked = asked(|_| false);
        assert_eq!(asked.iter().min(), Some(&MIN_ROWS));
    }
}
