//! What is matched with payroll.

use crate::company::history::Clerk;

kinds! {
    /// Which kind of line is matched with payroll, or is no more.
    pub enum Match {
        /// A ledger line on a cost account gets a match of payroll.
        Line,
        /// A payables line does.
        Payable,
        /// A ledger line on a cost account gets a match that nothing had before, together with a ledger line of payroll.
        LineAnew,
        /// A payables line does.
        PayableAnew,
        /// A ledger line that shares a match with payroll loses it.
        LineLoses,
        /// A payables line does.
        PayableLoses,
    }
}

impl Clerk {
    pub(super) fn rematch(&mut self, what: Match, moves: bool) {
        let is_ledger = matches!(what, Match::Line | Match::LineAnew | Match::LineLoses);
        let joins = !matches!(what, Match::LineLoses | Match::PayableLoses);
        let anew = matches!(what, Match::LineAnew | Match::PayableAnew);
        let (payroll, _) = self.matches();
        let among = if is_ledger { self.costs() } else { self.payables() };
        let among = among.into_iter().filter(|&place| joins != payroll.contains(&self.match_of(is_ledger, place)));
        let chosen = self.choose(among.collect());
        for place in chosen {
            let (owner, _) = self.match_of(is_ledger, place);
            let of_owner: Vec<i32> = payroll.iter().filter(|of| of.0 == owner).map(|of| of.1).collect();
            let match_id = match (joins, of_owner.is_empty()) {
                (false, _) => 0,
                (true, _) if anew => self.match_payroll_anew(owner, moves),
                (true, false) => *self.dice.pick(&of_owner),
                (true, true) => self.match_payroll(owner, moves),
            };
            let voucher = if is_ledger {
                self.books.lines[place].match_id = match_id;
                self.books.lines[place].voucher
            } else {
                self.books.ap_lines[place].match_id = match_id;
                self.books.ap_lines[place].voucher
            };
            if moves {
                self.touch([voucher]);
            }
        }
    }

    /// The owner and the match of a line.
    fn match_of(&self, is_ledger: bool, place: usize) -> (u8, i32) {
        let (voucher, match_id) = if is_ledger {
            (self.books.lines[place].voucher, self.books.lines[place].match_id)
        } else {
            (self.books.ap_lines[place].voucher, self.books.ap_lines[place].match_id)
        };
        (self.books.vouchers[voucher as usize].owner, match_id)
    }

    /// The match of an owner's payroll, given to it if it has none; 0 if the owner has no payroll.
    fn match_payroll(&mut self, owner: u8, moves: bool) -> i32 {
        let is = |place: &usize| {
            let line = &self.books.lines[*place];
            line.is_payroll_by_nature() && self.books.voucher(line).owner == owner
        };
        let Some(place) = (0..self.books.lines.len()).find(is) else { return 0 };
        let line = &mut self.books.lines[place];
        if line.match_id == 0 {
            line.match_id = 90_000;
            let voucher = line.voucher;
            if moves {
                self.touch([voucher]);
            }
        }
        self.books.lines[place].match_id
    }

    /// Gives a new match to an unmatched payroll line of an owner, and returns it; 0 if the owner has no such line.
    fn match_payroll_anew(&mut self, owner: u8, moves: bool) -> i32 {
        let is = |place: &usize| {
            let line = &self.books.lines[*place];
            line.is_payroll_by_nature() && line.match_id == 0 && self.books.voucher(line).owner == owner
        };
        let unmatched: Vec<usize> = (0..self.books.lines.len()).filter(is).collect();
        if unmatched.is_empty() {
            return 0;
        }
        let (place, match_id) = (*self.dice.pick(&unmatched), self.new_match(owner));
        let line = &mut self.books.lines[place];
        line.match_id = match_id;
        let voucher = line.voucher;
        if moves {
            self.touch([voucher]);
        }
        match_id
    }

    /// A match that nothing of an owner has.
    pub(super) fn new_match(&self, owner: u8) -> i32 {
        let books = &self.books;
        let ledger = books.lines.iter().map(|line| (line.voucher, line.match_id));
        let payables = books.ap_lines.iter().map(|line| (line.voucher, line.match_id));
        let of_owner = ledger.chain(payables).filter(|of| books.vouchers[of.0 as usize].owner == owner);
        of_owner.map(|of| of.1).max().unwrap_or(0) + 1
    }
}
