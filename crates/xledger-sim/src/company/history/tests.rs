use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// 2026-11-21T00:00:00 in UTC, and an hour later on the wall.
const AT: i64 = 1_795_219_200;
const CHOSEN: Chosen = Chosen { count: 3, by: 5 };

/// The rows of one list, each as its fields in words, by id.
type Rows = BTreeMap<i64, BTreeMap<String, String>>;

fn rows<T: Debug>(list: impl IntoIterator<Item = (i64, T)>) -> Rows {
    let fields = |row: T| {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut name = String::new();
        for line in format!("{row:#?}").lines() {
            if let Some(field) = line.strip_prefix("    ").filter(|rest| !rest.starts_with([' ', ']', ')', '}'])) {
                name = field.split(':').next().unwrap_or(field).to_owned();
            }
            fields.entry(name.clone()).or_default().push_str(line);
        }
        fields
    };
    list.into_iter().map(|(id, row)| (id, fields(row))).collect()
}

fn lists(books: &Company) -> BTreeMap<&'static str, Rows> {
    // Places of vouchers move where one is gone; their ids do not.
    let vouchers = books.vouchers.clone();
    let voucher = |place: u32| vouchers[place as usize].id as u32;
    let mut books = books.clone();
    books.lines.iter_mut().for_each(|line| line.voucher = voucher(line.voucher));
    books.ap_lines.iter_mut().for_each(|line| line.voucher = voucher(line.voucher));
    BTreeMap::from([
        ("lines", rows(books.lines.iter().map(|row| (row.id, row)))),
        ("ap_lines", rows(books.ap_lines.iter().map(|row| (row.id.into(), row)))),
        ("vouchers", rows(books.vouchers.iter().map(|row| (row.id.into(), row)))),
        ("subledgers", rows(books.subledgers.iter().map(|row| (row.id.into(), row)))),
        ("parties", rows(books.parties.iter().map(|row| (row.id.into(), row)))),
        ("contacts", rows(books.contacts.iter().map(|row| (row.id.into(), row)))),
        ("accounts", rows(books.accounts.iter().map(|row| (row.id.into(), row)))),
        ("owners", rows(books.owners.iter().map(|row| (row.id.into(), row)))),
        ("values", rows(books.dimension_values.iter().map(|row| (row.id.into(), row)))),
        ("types", rows(books.renamed_types.iter().map(|(place, name)| (i64::from(*place), name)))),
        ("periods", rows(books.periods.iter().map(|row| (row.id.into(), row)))),
    ])
}

/// What differs, in words such as `lines.amount`, `lines +` and `lines -`, and in how many rows.
fn differences(before: &Company, after: &Company) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String| *found.entry(what).or_default() += 1;
    let (before, after) = (lists(before), lists(after));
    for (list, before) in &before {
        let after = &after[list];
        before.keys().filter(|id| !after.contains_key(id)).for_each(|_| count(format!("{list} -")));
        after.keys().filter(|id| !before.contains_key(id)).for_each(|_| count(format!("{list} +")));
        for (id, row) in before {
            let Some(now) = after.get(id) else { continue };
            let names: BTreeSet<_> = row.keys().chain(now.keys()).collect();
            names
                .into_iter()
                .filter(|name| row.get(*name) != now.get(*name))
                .for_each(|name| count(format!("{list}.{name}")));
        }
    }
    found
}

/// What an event changes, and nothing else.
fn changes(event: &Event) -> &'static [&'static str] {
    match event {
        Event::Nothing => &[],
        Event::Posted { what, .. } => match what {
            VoucherKind::Invoice | VoucherKind::Expense | VoucherKind::Payroll => {
                &["ap_lines +", "lines +", "vouchers +"]
            }
            VoucherKind::Bank | VoucherKind::SalaryByHand | VoucherKind::Sale => &["lines +", "vouchers +"],
        },
        Event::Changed { what, .. } => match what {
            LineChange::Amount => &["lines.amount", "lines.invoice_amount", "vouchers.modified_at"],
            LineChange::Text => &["lines.text", "vouchers.modified_at"],
            LineChange::Dimension => &["lines.dimensions", "vouchers.modified_at"],
            LineChange::Company => &["lines.party", "vouchers.modified_at"],
            LineChange::TaxRule => &["lines.tax_amount", "lines.tax_rule", "vouchers.modified_at"],
            LineChange::Currency => &["lines.currency", "lines.invoice_amount", "vouchers.modified_at"],
            LineChange::PostedDate => &["vouchers.modified_at", "vouchers.posted"],
            LineChange::Earlier | LineChange::Later => &["lines.period", "vouchers.modified_at"],
            LineChange::ToOtherCost | LineChange::ToBank | LineChange::ToPayroll | LineChange::ToCost => {
                &["lines.account", "vouchers.modified_at"]
            }
        },
        Event::PayableChanged { what, .. } => match what {
            PayableChange::Number => &["ap_lines.invoice", "vouchers.modified_at"],
            PayableChange::Dates => &["ap_lines.due_date", "ap_lines.invoice_date", "vouchers.modified_at"],
            PayableChange::Subledger => &["ap_lines.subledger", "vouchers.modified_at"],
            PayableChange::Company => &["ap_lines.party", "vouchers.modified_at"],
            PayableChange::Match => &["ap_lines.match_id", "vouchers.modified_at"],
        },
        Event::Retyped { .. } => &["vouchers.document_type", "vouchers.modified_at"],
        Event::Deleted { what: Deletion::Voucher, .. } => &["ap_lines -", "lines -", "vouchers -"],
        Event::Deleted { what, moves, .. } => match (what, moves) {
            (Deletion::Line, true) => &["lines -", "vouchers.modified_at"],
            (Deletion::Line, false) => &["lines -"],
            (Deletion::LineReplaced, true) => &["lines +", "lines -", "vouchers.modified_at"],
            (Deletion::LineReplaced, false) => &["lines +", "lines -"],
            (Deletion::Payable, true) => &["ap_lines -", "vouchers.modified_at"],
            (Deletion::Payable, false) => &["ap_lines -"],
            (Deletion::PayableReplaced, true) => &["ap_lines +", "ap_lines -", "vouchers.modified_at"],
            (Deletion::PayableReplaced, false) => &["ap_lines +", "ap_lines -"],
            (_, true) => &["ap_lines -", "lines -", "vouchers.modified_at"],
            (_, false) => &["ap_lines -", "lines -"],
        },
        Event::Matched { what, moves, .. } => match (what, moves) {
            (Match::Line | Match::LineAnew | Match::LineLoses, true) => &["lines.match_id", "vouchers.modified_at"],
            (Match::Line | Match::LineAnew | Match::LineLoses, false) => &["lines.match_id"],
            (Match::PayableAnew, true) => &["ap_lines.match_id", "lines.match_id", "vouchers.modified_at"],
            (Match::PayableAnew, false) => &["ap_lines.match_id", "lines.match_id"],
            (_, true) => &["ap_lines.match_id", "vouchers.modified_at"],
            (_, false) => &["ap_lines.match_id"],
        },
        Event::Registered { what, .. } => match what {
            Entry::SupplierName => &["subledgers.modified_at", "subledgers.name"],
            Entry::SupplierAddress => &["subledgers.address", "subledgers.modified_at"],
            Entry::CompanyNumber => &["parties.modified_at", "parties.number"],
            Entry::SupplierCompany => &["subledgers.modified_at", "subledgers.party"],
            Entry::NewSupplier => &["subledgers +"],
            Entry::SupplierGone => &["subledgers.modified_at", "subledgers.role"],
            Entry::AccountName => &["accounts.modified_at", "accounts.name"],
            Entry::AccountToBank | Entry::AccountToPayroll | Entry::AccountBack => {
                &["accounts.code", "accounts.modified_at"]
            }
            Entry::AccountClosed => &["accounts.closed", "accounts.modified_at"],
            Entry::OwnerName => &["owners.name"],
            Entry::DimensionName => &["values.modified_at", "values.name"],
            Entry::TypeToPayroll => &["types +"],
            Entry::TypeBack => &["types -"],
        },
    }
}

/// The books in which an event finds what it is about.
fn books_for(event: &Event) -> Company {
    let books = Company::generate(600, 1);
    match Event::before(event) {
        Some(earlier) => books.after(&earlier, AT - 86_400),
        None => books,
    }
}

#[test]
fn an_event_changes_what_it_says_and_nothing_else() {
    for event in Event::all(CHOSEN) {
        let before = books_for(&event);
        let after = before.after(&event, AT);
        let found = differences(&before, &after);
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), changes(&event), "{event:?}");
        // A shared row of a register counts once; a new match also changes a payroll line beside each matched line.
        let most = if matches!(event, Event::Matched { what: Match::LineAnew, .. }) { 6 } else { 3 };
        for (what, &rows) in found.iter().filter(|(what, _)| !what.ends_with(['+', '-'])) {
            assert!((1..=most).contains(&rows) || what.contains("modified_at"), "{event:?}: {what} of {rows}");
        }
        for voucher in &after.vouchers {
            let was = before.vouchers.iter().find(|was| was.id == voucher.id);
            let moved = was.is_none_or(|was| was.modified_at != voucher.modified_at);
            assert!(!moved || voucher.modified_at == Some(AT + 3_600), "{event:?}");
        }
        assert_eq!(format!("{after:?}"), format!("{:?}", before.after(&event, AT)), "{event:?}");
    }
}

#[test]
fn lists_stay_sorted_and_payroll_what_it_is() {
    for event in Event::all(CHOSEN) {
        let before = books_for(&event);
        let after = before.after(&event, AT);
        assert!(after.lines.is_sorted_by_key(|line| line.id), "{event:?}");
        assert!(after.ap_lines.is_sorted_by_key(|line| line.id), "{event:?}");
        assert!(after.vouchers.is_sorted_by_key(|voucher| voucher.id), "{event:?}");
        assert!(after.subledgers.is_sorted_by_key(|subledger| subledger.id), "{event:?}");
        for line in after.lines.iter().filter(|line| line.is_payroll_by_nature()) {
            let (Some(mut was), mut line) = (before.line(line.id).cloned(), line.clone()) else { continue };
            (was.voucher, line.voucher) = (0, 0);
            (was.match_id, line.match_id) = (0, 0);
            assert_eq!(format!("{was:?}"), format!("{line:?}"), "{event:?}");
        }
    }
}

#[test]
fn what_is_taken_back_is_as_it_was() {
    let is = |event: &Event| event.before().is_some() && !matches!(event, Event::Deleted { .. });
    let take_back: Vec<_> = Event::all(CHOSEN).into_iter().filter(is).collect();
    assert_eq!(take_back.len(), 8, "{take_back:?}");
    let first = Company::generate(600, 1);
    for event in take_back {
        let found = differences(&first, &books_for(&event).after(&event, AT));
        let remains = |what: &&String| !what.ends_with("modified_at");
        let remains: Vec<_> = found.keys().filter(remains).collect();
        let differ: &[&str] = match event {
            // It was a bank document or an expense report, or on another cost account, before.
            Event::Retyped { .. } => &["vouchers.document_type"],
            Event::Changed { .. } => &["lines.account"],
            _ => &[],
        };
        assert!(remains.iter().all(|what| differ.contains(&what.as_str())), "{event:?}: {remains:?}");
    }
}

#[test]
fn a_match_anew_is_one_that_nothing_had() {
    let before = Company::generate(600, 1);
    let (payroll, others) = matches(&before);
    for what in [Match::LineAnew, Match::PayableAnew] {
        let after = before.after(&Event::Matched { what, moves: false, chosen: CHOSEN }, AT);
        let (payroll_now, others_now) = matches(&after);
        let new: BTreeSet<_> = payroll_now.difference(&payroll).copied().collect();
        assert_eq!(new.len(), 3, "{what:?}");
        assert!(new.is_disjoint(&others) && new.is_subset(&others_now), "{what:?}: {new:?}");
        assert!(payroll.is_subset(&payroll_now), "{what:?}: payroll keeps the matches that tell of it");
    }
}

/// Matches, each with its owner's place.
type Matches = BTreeSet<(u8, i32)>;

/// The matches of payroll, and those of all else.
fn matches(books: &Company) -> (Matches, Matches) {
    let of = |payroll: bool, voucher: u32, match_id: i32| (payroll, (books.vouchers[voucher as usize].owner, match_id));
    let ledger = books.lines.iter().map(|line| of(line.is_payroll_by_nature(), line.voucher, line.match_id));
    let payables = books.ap_lines.iter().map(|line| of(line.is_payroll_by_nature(), line.voucher, line.match_id));
    let (payroll, others): (Vec<_>, Vec<_>) = ledger.chain(payables).partition(|of| of.0);
    let matches = |of: Vec<(bool, (u8, i32))>| of.into_iter().map(|of| of.1).filter(|of| of.1 != 0).collect();
    (matches(payroll), matches(others))
}

#[test]
fn no_id_is_given_twice() {
    let all = Chosen { count: u8::MAX, by: 0 };
    let before = Company::generate(600, 1);
    let gone = before.after(&Event::Deleted { what: Deletion::Voucher, moves: true, chosen: all }, AT);
    let post = Event::Posted { what: VoucherKind::Invoice, months_back: 0, chosen: CHOSEN };
    let (given, after) = (before.given_ids(), gone.after(&post, AT));
    assert!(after.lines[gone.lines.len()].id > given.line);
    assert!(after.ap_lines[gone.ap_lines.len()].id > given.ap_line);
    assert!(after.vouchers[gone.vouchers.len()].id > given.voucher);
}

#[test]
fn an_hour_that_comes_twice_looks_earlier_the_second_time() {
    let post = Event::Posted { what: VoucherKind::Sale, months_back: 0, chosen: Chosen { count: 1, by: 0 } };
    let books = Company::generate(600, 1);
    // 00:59:59 and 01:00:00 UTC on 2026-10-25.
    let (first, second) = (books.after(&post, 1_792_889_999), books.after(&post, 1_792_890_000));
    let modified = |books: &Company| books.vouchers.last().unwrap().modified_at.unwrap();
    assert_eq!(modified(&first) - modified(&second), 3_599);
}
