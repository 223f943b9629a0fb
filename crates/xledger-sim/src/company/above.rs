//! Registers that are kept at the owner above the token's, as the vendor's charts and a group's suppliers are.

use crate::company::Company;
use crate::company::ledger::{Line, Type};
use crate::company::owner::{Owner, Reach};
use crate::company::supplier::Role;
use std::collections::BTreeSet;

impl Company {
    /// Keeps every so many-th account above.
    pub(crate) fn keep_accounts_above(&mut self, every: usize) {
        let reached: Vec<bool> = self.owners.iter().map(|owner| owner.reach != Reach::Above).collect();
        let accounts = self.accounts.iter_mut().filter(|account| reached[usize::from(account.owner)]);
        accounts.step_by(every).for_each(|account| account.above = true);
    }

    /// Keeps every so many-th supplier above, counting only those that a voucher with costs names: nobody looks up the others.
    pub(crate) fn keep_suppliers_above(&mut self, every: usize) {
        let costs: BTreeSet<u32> =
            self.lines.iter().filter(|line| self.is_cost(line)).map(|line| line.voucher).collect();
        let counts = |voucher: u32| {
            let of = &self.vouchers[voucher as usize];
            costs.contains(&voucher) && of.is_of(&[Type::Purchase]) && self.reaches(of.owner)
        };
        let named = self.ap_lines.iter().filter(|line| counts(line.voucher) && !line.headless);
        let named: BTreeSet<u32> =
            named.filter(|line| !line.is_payroll_by_nature()).map(|line| line.subledger).collect();
        let among = self.subledgers.iter_mut().zip(0..).filter(|(subledger, place)| {
            subledger.role == Role::Supplier && !subledger.payroll && named.contains(place)
        });
        among.skip(every - 1).step_by(every).for_each(|(supplier, _)| supplier.above = true);
    }

    /// Whether a line is one of those that purchases are about.
    fn is_cost(&self, line: &Line) -> bool {
        let code = line.account.map(|place| self.accounts[usize::from(place)].code);
        let bought = code.is_some_and(|code| matches!(code.as_bytes(), [b'4' | b'6' | b'7', ..]));
        bought && !line.is_payroll_by_nature() && !line.headless && line.period.is_some()
    }

    /// Who keeps an entry of a register.
    pub(crate) fn keeper(&self, owner: u8, above: bool) -> &Owner {
        let other = if above { self.owners.iter().find(|owner| owner.reach == Reach::Above) } else { None };
        other.unwrap_or(&self.owners[usize::from(owner)])
    }
}
