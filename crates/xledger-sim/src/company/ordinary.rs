//! What is neither bought nor paid as salary: sales, receipts, journals, opening balances.

use crate::company::booking::Booker;
use crate::company::ledger::Type;

impl Booker {
    fn customer(&mut self) -> u32 {
        self.dice.between(i64::from(self.customers.start), i64::from(self.customers.end) - 1) as u32
    }

    /// A sale on credit.
    pub(crate) fn sale(&mut self, owner: u8) {
        let kind = *self.dice.pick(&[Type::Invoice, Type::SalesOrder, Type::SalesOrder]);
        let voucher = self.voucher(owner, kind);
        let party = self.customer();
        let mut total = 0;
        let first = self.company.lines.len();
        for _ in 0..self.dice.between(1, 3) {
            let amount = self.amount();
            let code = *self.dice.pick(&["3000", "3000", "3001", "3100", "3600", "3900"]);
            let place = self.line(voucher, code, -amount);
            self.dimensions(place);
            total += amount;
            if code == "3000" {
                self.company.lines[place].tax_rule = Some(0);
                self.company.lines[place].tax_amount = Some(-amount / 4);
                self.line(voucher, "2701", -amount / 4);
                total += amount / 4;
            }
        }
        self.line(voucher, "1500", total);
        for line in &mut self.company.lines[first..] {
            line.party = party;
        }
    }

    /// Money that came in.
    pub(crate) fn receipt(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Receipt);
        let amount = self.amount();
        let party = self.customer();
        self.line(voucher, "1920", amount);
        let place = self.line(voucher, "1500", -amount);
        let match_id = self.new_match(owner);
        self.company.lines[place].party = party;
        self.company.lines[place].match_id = match_id;
    }

    /// An accrual or a correction by hand; some fall into the 13th period.
    pub(crate) fn journal(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Journal);
        let mut total = 0;
        for _ in 0..self.dice.between(1, 5) {
            let amount = self.amount();
            let code = *self.dice.pick(&["6300", "6340", "7500", "4300", "1740", "8150", "KALK"]);
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            total += amount;
        }
        self.line(voucher, "2990", -total);
    }

    /// Balances carried over from an older system.
    pub(crate) fn opening_balance(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Opening);
        let mut total = 0;
        for code in ["1200", "1250", "1500", "1920", "2240", "2400"] {
            let amount = self.dice.between(-90_000_000, 90_000_000);
            self.line(voucher, code, amount);
            total += amount;
        }
        self.line(voucher, "2050", -total);
    }

    /// A journal with this many lines, to reach the exact number: one line alone books nothing.
    pub(crate) fn small_journal(&mut self, lines: u64) {
        let voucher = self.voucher(0, Type::Journal);
        match lines {
            1 => {
                self.line(voucher, "1740", 0);
            }
            2 => {
                let amount = self.amount();
                self.line(voucher, "6300", amount);
                self.line(voucher, "1740", -amount);
            }
            _ => {
                let (one, other) = (self.amount(), self.amount());
                self.line(voucher, "6300", one);
                self.line(voucher, "6340", other);
                self.line(voucher, "1740", -one - other);
            }
        }
    }
}
