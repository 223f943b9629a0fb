//! What is deleted.

use crate::company::Company;
use crate::company::history::Clerk;
use crate::company::ledger::{ApLine, Line};
use std::collections::BTreeSet;

kinds! {
    /// What is deleted.
    pub enum Deletion {
        /// Ledger lines on cost accounts.
        Line,
        /// The same, but each is replaced in its voucher by a line with a new id.
        LineReplaced,
        /// Payables lines.
        Payable,
        /// The same, and their vouchers get others in their place.
        PayableReplaced,
        /// Vouchers with all their lines; nothing names them any more.
        Voucher,
        /// All payroll under one match, in both ledgers: the other lines of the match then share it with no payroll.
        PayrollMatch,
    }
}

/// Matches, each with its owner's place: owners use the same numbers.
type Matches = BTreeSet<(u8, i32)>;

impl Clerk {
    pub(super) fn delete(&mut self, what: Deletion, moves: bool) {
        self.books.gone_ids = self.books.given_ids();
        let mut touched = BTreeSet::new();
        match what {
            Deletion::Line | Deletion::LineReplaced => {
                let among = self.costs();
                let ids: BTreeSet<i64> = self.choose(among).iter().map(|&place| self.books.lines[place].id).collect();
                let Company { lines, gone_ids, .. } = &mut self.books;
                let mut gone: Vec<Line> = lines.extract_if(.., |line| ids.contains(&line.id)).collect();
                touched.extend(gone.iter().map(|line| line.voucher));
                if what == Deletion::LineReplaced {
                    gone.iter_mut().zip(gone_ids.line + 1..).for_each(|(line, id)| line.id = id);
                    lines.extend(gone);
                }
            }
            Deletion::Payable | Deletion::PayableReplaced => {
                let among = self.payables();
                let ids: BTreeSet<i32> =
                    self.choose(among).iter().map(|&place| self.books.ap_lines[place].id).collect();
                let Company { ap_lines, gone_ids, .. } = &mut self.books;
                let mut gone: Vec<ApLine> = ap_lines.extract_if(.., |line| ids.contains(&line.id)).collect();
                touched.extend(gone.iter().map(|line| line.voucher));
                if what == Deletion::PayableReplaced {
                    gone.iter_mut().zip(gone_ids.ap_line + 1..).for_each(|(line, id)| line.id = id);
                    ap_lines.extend(gone);
                }
            }
            Deletion::Voucher => {
                let books = &self.books;
                let is = |place: &u32| {
                    let voucher = &books.vouchers[*place as usize];
                    voucher.is_bought() && !voucher.payroll && books.reaches(voucher.owner)
                };
                let chosen = (0..books.vouchers.len() as u32).filter(is).collect();
                let chosen: BTreeSet<u32> = self.choose(chosen).into_iter().collect();
                remove_vouchers(&mut self.books, &chosen);
            }
            Deletion::PayrollMatch => {
                let among = self.payroll_matches();
                let chosen: BTreeSet<(u8, i32)> = self.choose(among).into_iter().collect();
                let Company { lines, ap_lines, vouchers, .. } = &mut self.books;
                let is = |payroll: bool, voucher: u32, match_id: i32| {
                    payroll && chosen.contains(&(vouchers[voucher as usize].owner, match_id))
                };
                let gone = lines.extract_if(.., |line| is(line.is_payroll_by_nature(), line.voucher, line.match_id));
                touched.extend(gone.map(|line| line.voucher));
                let gone = ap_lines.extract_if(.., |line| is(line.is_payroll_by_nature(), line.voucher, line.match_id));
                touched.extend(gone.map(|line| line.voucher));
            }
        }
        if moves {
            self.touch(touched);
        }
    }

    /// The matches of what was booked as payroll, by owner: only those that something else shares, if there are such.
    fn payroll_matches(&self) -> Vec<(u8, i32)> {
        let (payroll, others) = self.matches();
        let shared: Vec<_> = payroll.intersection(&others).copied().collect();
        if shared.is_empty() { payroll.into_iter().collect() } else { shared }
    }

    /// The matches of what was booked as payroll, and those of all else, by owner.
    pub(super) fn matches(&self) -> (Matches, Matches) {
        let books = &self.books;
        let ledger = books.lines.iter().map(|line| (line.voucher, line.match_id, line.is_payroll_by_nature()));
        let payables = books.ap_lines.iter().map(|line| (line.voucher, line.match_id, line.is_payroll_by_nature()));
        let (mut payroll, mut others) = (BTreeSet::new(), BTreeSet::new());
        for (voucher, match_id, is_payroll) in ledger.chain(payables) {
            let owner = books.vouchers[voucher as usize].owner;
            if match_id != 0 && books.reaches(owner) {
                if is_payroll { &mut payroll } else { &mut others }.insert((owner, match_id));
            }
        }
        (payroll, others)
    }
}

fn remove_vouchers(books: &mut Company, gone: &BTreeSet<u32>) {
    books.lines.retain(|line| !gone.contains(&line.voucher));
    books.ap_lines.retain(|line| !gone.contains(&line.voucher));
    let moved = |place: u32| place - gone.range(..place).count() as u32;
    books.lines.iter_mut().for_each(|line| line.voucher = moved(line.voucher));
    books.ap_lines.iter_mut().for_each(|line| line.voucher = moved(line.voucher));
    let mut place = 0;
    books.vouchers.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
}
