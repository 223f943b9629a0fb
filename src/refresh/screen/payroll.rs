//! What is payroll: by document type, by account, and by sharing a match with a line that is.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{AdmittedLine, AdmittedPayable, Screen};
use crate::model::listed::ListedPayable;
use crate::model::treatment::Treatment;
use crate::refresh::chart::Account;
use crate::refresh::index::{Ids, Ledger, Listed, Payables};

/// The matches of payroll lines, by owner.
#[derive(Debug, Default)]
pub(super) struct PayrollMatches {
    of_owner: FxHashSet<(i64, i64)>,
    /// Of payroll lines without an owner: these hold for every owner.
    of_any_owner: FxHashSet<i64>,
}

impl PayrollMatches {
    fn add(&mut self, owner: i64, match_id: i64) {
        match (owner, match_id) {
            (_, 0) => {}
            (0, id) => _ = self.of_any_owner.insert(id),
            (owner, id) => _ = self.of_owner.insert((owner, id)),
        }
    }

    /// Whether a line with this match is payroll. 0 is no match.
    pub(super) fn hold(&self, owner: i64, match_id: i64) -> bool {
        match_id != 0 && (self.of_owner.contains(&(owner, match_id)) || self.of_any_owner.contains(&match_id))
    }
}

/// Matches, by owner, that one of these admitted lines has and no other listed line: the other line was listed before it was matched, so nobody
/// knows whether it is payroll.
pub(super) fn one_sided_matches(
    lines: &[AdmittedLine],
    payables: &[AdmittedPayable],
    ledger: &Ledger,
    listed: &Payables,
) -> FxHashSet<(i64, i64)> {
    let admitted = lines.iter().map(|line| line.entry().ids()).chain(payables.iter().map(|line| line.entry().ids()));
    let mut one_sided: FxHashMap<(i64, i64), Option<(bool, i64)>> =
        admitted.filter(|line| line.match_id != 0).map(|line| ((line.owner, line.match_id), None)).collect();
    let all = ledger.entries.iter().map(|entry| (true, entry.ids()));
    let all = all.chain(listed.entries.iter().map(|entry| (false, entry.ids())));
    for (is_of_ledger, Ids { id, owner, match_id, .. }) in all.filter(|(_, line)| line.match_id != 0) {
        let line = (is_of_ledger, id);
        if one_sided.get_mut(&(owner, match_id)).is_some_and(|first| *first.get_or_insert(line) != line) {
            one_sided.remove(&(owner, match_id));
        }
    }
    one_sided.into_keys().collect()
}

impl Screen {
    /// Whether a line is payroll whatever it is matched with.
    pub(super) fn is_payroll_by_itself(&self, treatment: Treatment, account: Option<&Account>) -> bool {
        treatment == Treatment::Payroll
            || account.is_some_and(|account| self.rules.payroll_accounts.contain(&account.facts))
    }

    /// Whether it can be said if a line's match is payroll: without an owner it cannot be looked up.
    pub(super) fn match_is_known(&self, owner: i64, match_id: i64) -> bool {
        owner != 0 || match_id == 0 || !self.rules.payroll_matches
    }

    /// Works out the payroll vouchers and matches over both whole lists. Only one step: a line that is payroll by a match alone passes nothing on. In
    /// a company that settles everything against one bank account further steps would reach everything. A match holds within its owner: its id is
    /// not known to be unique across owners.
    pub(super) fn find_payroll(&mut self, ledger: &Ledger, payables: &Payables) {
        for entry in &ledger.entries {
            let treatment = self.treatment_at(entry.document_type).unwrap_or(Treatment::Refused);
            if treatment == Treatment::Payroll && entry.voucher != 0 {
                self.payroll_vouchers.insert(entry.voucher);
            }
            let account = self.chart.account(entry.account);
            if self.rules.payroll_matches && self.is_payroll_by_itself(treatment, account) {
                self.matches.add(entry.owner, entry.match_id);
            }
        }
        if self.rules.payroll_matches {
            for entry in &payables.entries {
                if self.is_payroll_payable_by_itself(entry) {
                    self.matches.add(entry.owner, entry.match_id);
                }
            }
        }
    }

    /// An AP line has its voucher's document type: known by its id, or by the voucher's ledger lines.
    fn is_payroll_payable_by_itself(&self, line: &ListedPayable) -> bool {
        self.treatment_of_id.get(&line.document_type) == Some(&Treatment::Payroll)
            || self.payroll_vouchers.contains(&line.voucher)
    }

    /// Whether an AP line is payroll.
    pub(crate) fn is_payroll_payable(&self, line: &ListedPayable) -> bool {
        self.is_payroll_payable_by_itself(line) || self.matches.hold(line.owner, line.match_id)
    }
}
