use super::*;
use crate::model::listed::{DocumentType, ListedLine, ListedPayable};
use crate::refresh::chart::Account;
use crate::refresh::index::References;
use crate::report::counts::Refused;

const OWNER: i64 = 1;

fn chart() -> Chart {
    let codes = [
        (1, "1920"),
        (2, "2400"),
        (3, "4300"),
        (4, "5000"),
        (5, "2930"),
        (6, "5499"),
        (7, "5500"),
        (8, "1900"),
        (9, "3000"),
        (10, "3001"),
        (20, "without digits"),
    ];
    let accounts = codes.map(|(id, code)| (id, Account::coded(Some(code))));
    accounts.into_iter().chain([(21, Account::coded(None))]).collect()
}

fn types() -> Vec<DocumentType> {
    let kind = |id, code: Option<&str>, description: &str| DocumentType {
        id,
        code: code.map(Into::into),
        description: Some(description.into()),
    };
    vec![
        kind(Some(800), Some("AP"), "Inngående faktura"),
        kind(Some(801), Some("BA"), "Bank"),
        kind(Some(802), Some("LØ"), "Lønn"),
        kind(Some(803), Some("GL"), "Hovedbok"),
        kind(None, None, "uten kode"),
    ]
}

fn references(types: Vec<DocumentType>) -> References {
    References::of(OWNER, types, &[Month::new(2026, 5), Month::new(2026, 4), Month::new(2025, 12), None])
}

/// A line on an account, of a document type, kept unless something says otherwise.
fn line(id: i64, account: i64, document_type: u32) -> ListedLine {
    ListedLine {
        id,
        owner: OWNER,
        voucher: 100 + id,
        account,
        match_id: 0,
        modified_at: None.into(),
        period: 0,
        document_type,
    }
}

fn ap(id: i64, voucher: i64, document_type: i64, match_id: i64) -> ListedPayable {
    ListedPayable { id, owner: OWNER, voucher, match_id, document_type }
}

fn run(rules: Rules, entries: Vec<ListedLine>, payables: Vec<ListedPayable>) -> Screened {
    let ledger = Ledger { entries, references: references(types()) };
    screen(rules, chart(), &ledger, &Payables { entries: payables, references: () })
}

fn kept(screened: &Screened) -> Vec<i64> {
    screened.lines.iter().map(Admitted::id).collect()
}

#[test]
fn each_line_is_counted_once_by_its_first_verdict() {
    let history = Rules { history_from: Month::new(2026, 1), ..Rules::default() };
    let old = |line: ListedLine| ListedLine { period: 2, ..line };
    let entries = vec![
        line(1, 3, 0),                                          // kept
        line(2, 20, 0),                                         // kept, without an account number
        line(3, 3, 2),                                          // payroll by type
        line(4, 4, 0),                                          // payroll by account
        line(5, 6, 3),                                          // payroll by account, though its type is left out
        old(line(6, 4, 0)),                                     // payroll before history
        line(7, 21, 0),                                         // refused: account without a code
        line(8, 99, 0),                                         // refused: account that the chart does not know
        line(9, 0, 0),                                          // refused: no account
        line(10, 3, 4),                                         // refused: no document type
        ListedLine { period: 3, ..line(11, 3, 0) },             // refused: no period
        ListedLine { owner: 0, match_id: 8, ..line(12, 3, 0) }, // refused: a match, and no owner to look it up in
        ListedLine { period: 3, ..line(13, 3, 3) },             // refused before document type
        line(14, 1, 3),                                         // document type before account
        line(15, 1, 0),                                         // account
        line(16, 8, 1),                                         // account: first of the range
        line(17, 9, 1),                                         // account: last of the range
        old(line(18, 1, 0)),                                    // account before history
        old(line(19, 3, 0)),                                    // history
        line(20, 10, 1),                                        // kept: behind the range
        line(21, 7, 1),                                         // kept: behind the payroll range
        line(22, 7, 3),                                         // document type, on an account that is kept
        line(23, 20, 3),                                        // the same, on one without a number
    ];
    let screened = run(history, entries, vec![]);
    assert_eq!(kept(&screened), [1, 2, 20, 21]);
    let expected = Counts {
        listed: 23,
        excluded_payroll: 4,
        refused: 7,
        refused_because: Refused {
            no_account: 2,
            unknown_account: 1,
            no_period: 2,
            no_owner: 1,
            no_document_type: 1,
            unjudged_match: 0,
        },
        excluded_document_type: 3,
        excluded_on_kept_accounts: 2,
        excluded_account: 4,
        excluded_history: 1,
        kept: 4,
        without_account_number: 1,
    };
    assert_eq!(screened.counts, expected);
    assert_eq!(screened.unknown_accounts, [99]);
}

#[test]
fn a_match_with_payroll_is_payroll_in_one_owner_and_one_step() {
    let matched = |line: ListedLine, match_id| ListedLine { match_id, ..line };
    let entries = || {
        vec![
            matched(line(1, 5, 2), 70),                                // payroll by type
            matched(line(2, 3, 1), 70),                                // payroll by that match
            ListedLine { owner: 2, ..matched(line(3, 3, 1), 70) },     // another owner's match of the same number
            matched(line(4, 3, 1), 71),                                // not matched with payroll
            ListedLine { voucher: 300, ..matched(line(5, 3, 1), 72) }, // payroll by a payroll AP line
            line(6, 3, 1),                                             // match 0 is no match
            ListedLine { match_id: 0, ..line(7, 5, 2) },
        ]
    };
    let payables = || vec![ap(1, 900, 802, 72), ap(2, 105, 801, 70)];
    let screened = run(Rules::default(), entries(), payables());
    assert_eq!(kept(&screened), [3, 4, 6]);
    assert_eq!(screened.one_sided_matches, [(2, 70), (OWNER, 71)].into_iter().collect());
    assert_eq!(screened.payable_counts, PayableCounts { listed: 2, excluded_payroll: 2, not_needed: 0, kept: 0 });

    let off = Rules { payroll_matches: false, ..Rules::default() };
    assert_eq!(kept(&run(off, entries(), payables())), [2, 3, 4, 5, 6]);
}

/// Who shares a match with a line that nobody can judge may be matched with payroll.
#[test]
fn a_match_with_a_line_that_cannot_be_judged_is_refused() {
    let matched = |line: ListedLine, match_id| ListedLine { match_id, ..line };
    let unjudged = [
        line(1, 3, 4),  // no document type
        line(1, 99, 0), // an account that no chart shows
        line(1, 21, 0), // an account without a code
        line(1, 0, 0),  // no account
    ];
    for entry in unjudged {
        let entries = vec![matched(entry, 70), matched(line(2, 3, 1), 70), line(3, 3, 0), matched(line(4, 1, 0), 70)];
        let payables = vec![ap(1, 102, 801, 70), ap(2, 103, 800, 70), ap(3, 103, 800, 0)];
        let screened = run(Rules::default(), entries.clone(), payables.clone());
        assert_eq!(kept(&screened), [3]);
        let because = screened.counts.refused_because;
        assert_eq!((screened.counts.refused, because.unjudged_match, screened.counts.excluded_account), (2, 1, 1));
        let admitted: Vec<i64> = screened.payables.iter().map(|line| line.entry().id).collect();
        assert_eq!(admitted, [3]);
        let off = Rules { payroll_matches: false, ..Rules::default() };
        assert_eq!(kept(&run(off, entries, payables)), [2, 3]);
    }
    // An AP line that cannot be judged, by itself or by its voucher's ledger lines.
    for (payable, is_judged) in [(ap(1, 900, 999, 70), false), (ap(1, 0, 999, 70), false), (ap(1, 103, 999, 70), true)]
    {
        let screened = run(Rules::default(), vec![matched(line(2, 3, 1), 70), line(3, 3, 0)], vec![payable]);
        assert_eq!(kept(&screened), if is_judged { vec![2, 3] } else { vec![3] }, "{payable:?}");
    }
}

#[test]
fn a_match_of_one_voucher_alone_is_one_sided() {
    let of_voucher = |line: ListedLine, voucher, match_id| ListedLine { voucher, match_id, ..line };
    let entries = vec![
        of_voucher(line(1, 3, 0), 100, 70),
        of_voucher(line(2, 3, 1), 200, 71),
        of_voucher(line(3, 3, 1), 300, 71),
        line(4, 3, 1),
    ];
    let payables = vec![ap(1, 100, 800, 70), ap(2, 200, 801, 71)];
    let screened = run(Rules::default(), entries, payables);
    assert_eq!((kept(&screened), screened.payables.len()), (vec![1, 2, 3, 4], 2));
    assert_eq!(screened.one_sided_matches, [(OWNER, 70)].into_iter().collect());
}

/// What an id of a document type means, its owner's lines say; payroll in one owner is payroll in all.
#[test]
fn an_id_of_a_document_type_may_mean_something_else_in_another_owner() {
    let kind = |id, code: &str| DocumentType { id: Some(id), code: Some(code.into()), description: None };
    let mut references =
        References::of(1, vec![kind(800, "AP"), kind(801, "GL"), kind(802, "AP")], &[Month::new(2026, 5)]);
    references.add_types(2, vec![kind(800, "GL"), kind(801, "AP"), kind(802, "LØ")]);
    let entries = vec![line(1, 3, 0), ListedLine { owner: 2, ..line(2, 3, 4) }, line(3, 3, 2)];
    let of_owner = |owner, payable: ListedPayable| ListedPayable { owner, ..payable };
    let payables = vec![
        ap(1, 101, 800, 0),
        of_owner(2, ap(2, 102, 801, 0)),
        of_owner(2, ap(3, 102, 800, 0)),
        ap(4, 101, 801, 0),
        ap(5, 103, 802, 0),
        // Of an owner without ledger lines of the type the strictest meaning counts.
        of_owner(3, ap(6, 101, 800, 0)),
    ];
    let screened = screen(
        Rules::default(),
        chart(),
        &Ledger { entries, references },
        &Payables { entries: payables, references: () },
    );
    let admitted: Vec<i64> = screened.payables.iter().map(|line| line.entry().id).collect();
    assert_eq!((admitted, screened.payable_counts.excluded_payroll), (vec![1, 2], 1));
}

#[test]
fn payroll_without_an_owner_holds_for_every_owner() {
    let entries =
        vec![ListedLine { owner: 0, match_id: 9, ..line(1, 5, 2) }, ListedLine { match_id: 9, ..line(2, 3, 1) }];
    assert_eq!(kept(&run(Rules::default(), entries, vec![])), [] as [i64; 0]);
}

#[test]
fn a_line_without_an_owner_and_without_a_match_can_be_judged() {
    let entries = vec![ListedLine { owner: 0, ..line(1, 3, 0) }, ListedLine { owner: 0, ..line(2, 4, 0) }];
    let payables = vec![ListedPayable { owner: 0, ..ap(1, 101, 800, 0) }];
    let screened = run(Rules::default(), entries, payables);
    assert_eq!((kept(&screened), screened.payables.len()), (vec![1], 1));
}

#[test]
fn a_line_listed_twice_is_judged_by_its_strictest_reading() {
    let entries = vec![line(1, 3, 0), line(1, 3, 2), line(2, 3, 0), line(2, 3, 0)];
    let screened = run(Rules::default(), entries, vec![]);
    assert_eq!((kept(&screened), screened.counts.listed, screened.counts.excluded_payroll), (vec![2], 2, 1));
}

#[test]
fn ap_lines_are_admitted_with_a_kept_line_of_their_voucher() {
    let entries = vec![line(1, 3, 0), line(2, 1, 0)];
    let payables = vec![
        ap(1, 101, 800, 0),
        ap(2, 102, 800, 0),                               // no kept line in its voucher
        ap(3, 101, 803, 0),                               // document type left out
        ap(4, 101, 0, 0),                                 // no document type
        ap(5, 101, 999, 0),                               // one that no ledger line has
        ListedPayable { owner: 0, ..ap(6, 101, 800, 8) }, // a match, and no owner to look it up in
        ap(7, 0, 800, 0),
    ];
    let screened = run(Rules::default(), entries, payables);
    assert_eq!(screened.payables.iter().map(Admitted::id).collect::<Vec<_>>(), [1]);
    assert_eq!(screened.payable_counts, PayableCounts { listed: 7, excluded_payroll: 0, not_needed: 6, kept: 1 });
}

#[test]
fn a_type_id_with_two_descriptions_is_treated_by_the_stricter() {
    let mut types = types();
    types.push(DocumentType { id: Some(800), code: Some("AP".into()), description: Some("Payroll".into()) });
    let ledger = Ledger { entries: vec![line(1, 3, 0), line(2, 3, 5)], references: references(types) };
    let payables = Payables { entries: vec![ap(1, 101, 800, 0)], references: () };
    let screened = screen(Rules::default(), chart(), &ledger, &payables);
    assert_eq!((kept(&screened), screened.payables.len()), (vec![1], 0));
}

#[test]
fn what_is_kept_is_counted_by_month_and_voucher() {
    let of = |voucher, line: ListedLine| ListedLine { voucher, ..line };
    let april = |line: ListedLine| ListedLine { period: 1, ..line };
    let entries = vec![
        of(1, line(1, 3, 0)),         // kept
        of(1, line(2, 2, 0)),         // excluded account
        of(2, april(line(3, 2, 1))),  // a payment
        of(3, april(line(4, 20, 0))), // kept
        of(2, april(line(5, 1, 1))),
        of(4, line(6, 3, 3)), // of a document type that is not kept
        of(5, line(7, 4, 0)), // payroll in an invoice
        of(5, line(8, 2, 0)),
        of(6, line(9, 5, 0)), // an invoice on excluded accounts alone
        of(6, line(10, 2, 0)),
        of(6, line(10, 2, 0)), // listed twice
    ];
    let screened = run(Rules::default(), entries, vec![]);
    let coverage = screened.screen.coverage();
    let (april, may) = (Month { year: 2026, month: 4 }, Month { year: 2026, month: 5 });
    assert_eq!(coverage.months, [(april, (3, 1)), (may, (6, 1))].into());
    assert_eq!((coverage.vouchers, coverage.kept_vouchers), (5, 2));
    assert_eq!(coverage.invoices, 4);
    assert_eq!(
        coverage.lost,
        [((OWNER, 2026), LostInvoices { vouchers: 1, groups: [(29, 1)].into(), unjudged: 0 })].into()
    );
}

#[test]
fn an_invoice_is_lost_only_if_nothing_explains_it() {
    let of = |voucher, line: ListedLine| ListedLine { voucher, ..line };
    let lost = |rules: Rules, entries: Vec<ListedLine>| {
        let lost = run(rules, entries, vec![]).screen.coverage().lost.clone();
        lost.into_iter().map(|((_, year), lost)| (year, lost.vouchers, lost.groups)).collect::<Vec<_>>()
    };
    let accrued = |voucher| vec![of(voucher, line(voucher * 10, 5, 0)), of(voucher, line(voucher * 10 + 1, 2, 0))];
    assert_eq!(lost(Rules::default(), accrued(1)), [(2026, 1, [(29, 1)].into())]);
    // The debt alone: what every invoice has is named where there is nothing else.
    assert_eq!(lost(Rules::default(), vec![line(1, 2, 0)]), [(2026, 1, [(24, 1)].into())]);
    // No invoice, a line that is kept, one that is payroll, one before the history.
    assert_eq!(lost(Rules::default(), vec![line(1, 2, 1)]), []);
    assert_eq!(lost(Rules::default(), [accrued(1), vec![of(1, line(12, 3, 0))]].concat()), []);
    assert_eq!(lost(Rules::default(), [accrued(1), vec![of(1, line(12, 4, 0))]].concat()), []);
    let history = Rules { history_from: Month::new(2026, 6), ..Rules::default() };
    assert_eq!(lost(history, accrued(1)), []);
    let all = [accrued(1), accrued(2), vec![of(3, line(30, 1, 0)), of(3, line(31, 2, 0))]].concat();
    assert_eq!(lost(Rules::default(), all), [(2026, 3, [(29, 2), (19, 1)].into())]);
}
