//! What is posted.

use crate::company::booking::Booker;
use crate::company::date::{DAY_SECONDS, Day, calendar, day};
use crate::company::history::Clerk;
use crate::company::period::find;

kinds! {
    /// What a voucher that is posted books.
    pub enum VoucherKind {
        /// Invoices of suppliers.
        Invoice,
        /// What was bought with a card.
        Bank,
        /// Expense reports.
        Expense,
        /// Payroll runs, with the payment of a salary.
        Payroll,
        /// Salaries in bank documents, beside a fee.
        SalaryByHand,
        /// Sales.
        Sale,
    }
}

impl Clerk {
    /// Posts so many vouchers of owners within reach. They are created now, whatever their period.
    pub(super) fn post(&mut self, what: VoucherKind, months_back: u8) {
        let owners: Vec<u8> = (0..4).filter(|&owner| self.books.reaches(owner)).collect();
        let (vouchers, lines) = (self.books.vouchers.len(), self.books.lines.len());
        let mut booker = Booker::resume(std::mem::take(&mut self.books));
        booker.dice = self.dice.clone();
        for _ in 0..self.count {
            let owner = *booker.dice.pick(&owners);
            match what {
                VoucherKind::Invoice => booker.purchase(owner),
                VoucherKind::Bank => booker.card_purchase(owner),
                VoucherKind::Expense => booker.expense(owner),
                VoucherKind::Payroll => booker.payroll_run(owner),
                VoucherKind::SalaryByHand => booker.salary_by_hand(owner),
                VoucherKind::Sale => booker.sale(owner),
            }
        }
        self.books = booker.company;
        let posted = before(self.now.div_euclid(DAY_SECONDS) as Day, months_back);
        let books = &mut self.books;
        for voucher in &mut books.vouchers[vouchers..] {
            let calendar = books.owners[usize::from(voucher.owner)].calendar;
            voucher.period = find(&books.periods, calendar, posted, false);
            voucher.posted = Some(posted);
            (voucher.created_at, voucher.modified_at) = (self.now, Some(self.now));
        }
        for line in &mut books.lines[lines..] {
            line.period = books.vouchers[line.voucher as usize].period;
        }
    }
}

/// A day so many months earlier.
fn before(of: Day, months: u8) -> Day {
    let (year, month, of_month) = calendar(of);
    if months == 0 {
        return of;
    }
    let month = year * 12 + month - 1 - i32::from(months);
    day(month.div_euclid(12), month.rem_euclid(12) + 1, of_month.min(28))
}
