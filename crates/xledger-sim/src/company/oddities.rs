//! What every company has at least once, however small: the rare cases, the important ones first.

use crate::company::booking::{Booker, Rare};
use crate::company::date::{DAY_SECONDS, day};
use crate::company::ledger::Type;

/// The rare cases in the order in which they are booked.
pub(crate) const RARE: [Rare; 32] = [
    Booker::purchase,
    Booker::ordinary_run,
    Booker::expense,
    Booker::salary_by_hand,
    Booker::variable_pay,
    Booker::shared_purchase,
    Booker::payment,
    Booker::settled_expense,
    Booker::pension_invoice,
    Booker::credit_note,
    Booker::sale,
    Booker::lost_account,
    Booker::lost_type,
    Booker::lost_period,
    Booker::lost_header,
    Booker::foreign_account,
    Booker::matched_in_payables_only,
    Booker::card_purchase,
    Booker::split_invoice,
    Booker::bare_line,
    Booker::lost_payables_header,
    Booker::never_posted,
    Booker::english_run,
    Booker::receipt,
    Booker::all_tax_rules,
    Booker::opening_balance,
    Booker::journal,
    Booker::hour_twice,
    Booker::hour_skipped,
    Booker::never_modified,
    Booker::all_tax_rules,
    Booker::closing,
];

impl Booker {
    fn lost_account(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 99, 1);
        self.company.lines[line].account = None;
    }

    fn lost_type(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 99, 1);
        let voucher = self.company.lines[line].voucher as usize;
        self.company.vouchers[voucher].document_type = None;
    }

    fn lost_period(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 99, 1);
        self.company.lines[line].period = None;
    }

    fn lost_header(&mut self, owner: u8) {
        let line = self.invoice(owner, 2, 99, 1);
        self.company.lines[line].headless = true;
    }

    fn bare_line(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 99, 1);
        self.company.lines[line].bare = true;
    }

    fn lost_payables_header(&mut self, owner: u8) {
        self.invoice(owner, 1, 99, 1);
        if let Some(ap_line) = self.company.ap_lines.last_mut() {
            ap_line.headless = true;
        }
    }

    /// A voucher without a posted date.
    fn never_posted(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 0, 1);
        let voucher = self.company.lines[line].voucher as usize;
        self.company.vouchers[voucher].posted = None;
    }

    /// An account of an owner that the token does not reach: the chart does not know it.
    fn foreign_account(&mut self, owner: u8) {
        let line = self.invoice(owner, 1, 99, 1);
        let place = self.company.accounts.iter().position(|account| account.owner == 4 && account.code > "4");
        self.company.lines[line].account = place.map(|place| place as u16);
    }

    fn all_tax_rules(&mut self, owner: u8) {
        let first = self.invoice(owner, 4, 4, 1);
        let voucher = self.company.lines[first].voucher;
        let mut rule = 0;
        for line in &mut self.company.lines[first..] {
            if line.voucher == voucher && line.tax_rule.is_some() {
                line.tax_rule = Some([1, 2, 3, 6][rule % 4]);
                line.tax_amount = Some(0);
                rule += 1;
            }
        }
        self.invoice(owner, 1, 5, 1);
    }

    fn modified(&mut self, owner: u8, at: Option<i64>) {
        let line = self.invoice(owner, 1, 0, 1);
        let voucher = self.company.lines[line].voucher as usize;
        let voucher = &mut self.company.vouchers[voucher];
        voucher.modified_at = at;
        voucher.created_at = at.map_or(voucher.created_at, |at| at.min(voucher.created_at));
    }

    /// Half past two on the night when the clock goes back: it comes twice.
    fn hour_twice(&mut self, owner: u8) {
        self.modified(owner, Some(i64::from(day(2025, 10, 26)) * DAY_SECONDS + 9_000));
    }

    /// Half past two on the night when the clock goes forward: there is no such time.
    fn hour_skipped(&mut self, owner: u8) {
        self.modified(owner, Some(i64::from(day(2024, 3, 31)) * DAY_SECONDS + 9_000));
    }

    fn never_modified(&mut self, owner: u8) {
        self.modified(owner, None);
    }

    /// A journal in the 13th period of the year that has ended.
    fn closing(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Journal);
        let calendar = self.company.owners[usize::from(owner)].calendar;
        let ended = if calendar == 0 { day(2025, 12, 31) } else { day(2025, 6, 30) };
        let period = crate::company::period::find(&self.company.periods, calendar, ended, true);
        self.company.vouchers[voucher].period = period;
        self.company.vouchers[voucher].posted = Some(ended);
        let amount = self.amount();
        self.line(voucher, "6700", amount);
        self.line(voucher, "2990", -amount);
    }
}
