//! Goes on with books that were kept before.

use super::Booker;
use crate::company::Company;
use crate::company::dice::Dice;

impl Booker {
    /// Goes on in books that were kept before, on their last day.
    pub(crate) fn resume(company: Company) -> Self {
        let mut booker = Self::new(company, 1, 0);
        // Nearly full: then it is the last day, with room left.
        booker.limit = 1 << 40;
        booker.listed = booker.limit - 1_000;
        let books = &booker.company;
        let given = books.given_ids();
        booker.next_line = given.line.max(booker.next_line);
        booker.next_ap_line = given.ap_line.max(booker.next_ap_line);
        booker.next_voucher = given.voucher.max(booker.next_voucher);
        booker.dice = Dice::new(booker.next_line as u64);
        for line in &books.lines {
            let next = &mut booker.next_match[usize::from(books.voucher(line).owner)];
            *next = line.match_id.max(*next);
        }
        booker
    }

    /// Posts so many supplier invoices, and returns the books.
    pub(crate) fn post(mut self, invoices: u32) -> Company {
        let owners: Vec<u8> = (0..4).filter(|&owner| self.company.reaches(owner)).collect();
        for _ in 0..invoices {
            let owner = *self.dice.pick(&owners);
            self.purchase(owner);
        }
        self.company
    }
}
