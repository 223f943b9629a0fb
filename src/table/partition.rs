//! How a table's rows are split into partitions, in which order they stand there.

use crate::model::value::Day;

/// The digits of a month in a path, zeros in front.
pub(crate) const MONTH_DIGITS: usize = 2;

/// The sort key of a row of `spend` within its partition: by posted date, nulls last, then by line id.
pub(crate) fn spend_order(posted_date: Option<Day>, line_id: i64) -> impl Ord + Copy {
    (posted_date.is_none(), posted_date, line_id)
}

/// The items of each partition, partitions ascending, sorted by `order` within it. If no two items of a partition have the same `order`, the
/// result does not depend on the order in which they came. The items stay where they are, for they are large, and mostly sorted already.
pub(crate) fn split<T, P: Ord, O: Ord>(
    items: &[T],
    partition: impl Fn(&T) -> P,
    order: impl Fn(&T) -> O,
) -> impl Iterator<Item = (P, Vec<&T>)> {
    let mut sorted: Vec<&T> = items.iter().collect();
    sorted.sort_by_key(|item| (partition(item), order(item)));
    let chunks: Vec<Vec<&T>> = sorted.chunk_by(|a, b| partition(a) == partition(b)).map(<[_]>::to_vec).collect();
    chunks.into_iter().filter_map(move |chunk| Some((partition(chunk.first()?), chunk)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Month;

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
            let groups: Vec<_> = split(&rows, |row| row.0, |row| spend_order(row.1, row.2))
                .map(|(month, rows)| (month, rows.into_iter().copied().collect::<Vec<_>>()))
                .collect();
            assert_eq!(groups, [(december, sorted[..1].to_vec()), (may, sorted[1..].to_vec())]);
        }
        assert_eq!(split(&Vec::<i64>::new(), |id| *id, |id| *id).count(), 0);
    }
}
