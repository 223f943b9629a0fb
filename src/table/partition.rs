//! How a table's rows are split into partitions, in which order they stand there.

use crate::value::Day;

/// The digits of a month in a path, zeros in front.
pub const MONTH_DIGITS: usize = 2;

/// The sort key of a row of `spend` within its partition: by posted date, nulls last, then by line id.
pub fn spend_order(posted_date: Option<Day>, line_id: i64) -> impl Ord + Copy {
    (posted_date.is_none(), posted_date, line_id)
}

/// Sorts items by partition and, within it, by `order`, and gives each partition's items, partitions ascending. If no two items of a
/// partition have the same `order`, the result does not depend on the order in which they came.
pub fn split<T, P: Ord, O: Ord>(
    items: &mut [T],
    partition: impl Fn(&T) -> P,
    order: impl Fn(&T) -> O,
) -> impl Iterator<Item = (P, &[T])> {
    items.sort_unstable_by_key(|item| (partition(item), order(item)));
    let chunks: Vec<&[T]> = items.chunk_by(|a, b| partition(a) == partition(b)).collect();
    chunks.into_iter().filter_map(move |chunk| Some((partition(chunk.first()?), chunk)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Month;

    #[test]
    fn rows_are_split_and_sorted_whatever_order_they_came_in() {
        let may = Month { year: 2026, month: 5 };
        let december = Month { year: 2025, month: 12 };
        let sorted = [
            (december, Some(Day(9)), 7),
            (may, Some(Day(3)), 4),
            (may, Some(Day(3)), 5),
            (may, Some(Day(8)), 1),
            (may, None, 2),
        ];
        for turn in 0..sorted.len() {
            let mut rows = sorted;
            rows.rotate_left(turn);
            rows.swap(0, 3);
            let groups: Vec<_> = split(&mut rows, |row| row.0, |row| spend_order(row.1, row.2))
                .map(|(month, rows)| (month, rows.to_vec()))
                .collect();
            assert_eq!(groups, [(december, sorted[..1].to_vec()), (may, sorted[1..].to_vec())]);
        }
        assert_eq!(split(&mut Vec::<i64>::new(), |id| *id, |id| *id).count(), 0);
    }
}
