use super::*;

fn entry(id: i64, voucher: i64) -> PayableEntry {
    PayableEntry { id, owner: 1, voucher, match_id: 0, document_type: 7 }
}

#[test]
fn a_list_is_brought_up_to_date() {
    let known = vec![entry(1, 10), entry(2, 10), entry(3, 11), entry(5, 12), entry(6, 12)];
    let mut entries = known.clone();
    let came = [entry(2, 10), entry(3, 13), entry(7, 14), entry(4, 14)];
    let asked_for = |entry: &PayableEntry| entry.id < 4 || entry.id > 5;
    let mut changes = bring_up_to_date(&mut entries, came, asked_for);
    assert_eq!(entries, [entry(2, 10), entry(3, 13), entry(4, 14), entry(5, 12), entry(7, 14)]);
    changes.sort_unstable_by_key(|entry| entry.id);
    assert_eq!(changes, [Entry::gone(1), entry(3, 13), entry(4, 14), Entry::gone(6), entry(7, 14)]);

    // What changed says the same of the list of before.
    let mut again = known;
    assert_eq!(bring_up_to_date(&mut again, changes, |_| false).len(), 5);
    assert_eq!(again, entries);
}

#[test]
fn every_reading_of_a_line_that_came_twice_is_listed() {
    let mut entries = vec![entry(1, 10), entry(1, 11), entry(2, 12), entry(3, 12), entry(3, 13)];
    let changes = bring_up_to_date(&mut entries, [entry(2, 14), entry(2, 15)], |entry| entry.id < 3);
    entries.sort_unstable_by_key(|entry| (entry.id, entry.voucher));
    assert_eq!(entries, [entry(2, 14), entry(2, 15), entry(3, 12), entry(3, 13)]);
    assert_eq!(changes, [Entry::gone(1), Entry::gone(1), entry(2, 15)]);
}
