//! What is payroll: by document type, by account, and by sharing a match with a line that is.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{AdmittedLine, AdmittedPayable, Screen};
use crate::model::listed::{ListedLine, ListedPayable};
use crate::model::treatment::Treatment;
use crate::refresh::chart::Account;
use crate::refresh::index::{Ids, Ledger, Listed, Payables};

/// Matches, by owner.
#[derive(Debug, Default)]
pub(super) struct Matches {
    of_owner: FxHashSet<(i64, i64)>,
    /// Of lines without an owner: these hold for every owner.
    of_any_owner: FxHashSet<i64>,
}

impl Matches {
    fn add(&mut self, owner: i64, match_id: i64) {
        match (owner, match_id) {
            (_, 0) => {}
            (0, id) => _ = self.of_any_owner.insert(id),
            (owner, id) => _ = self.of_owner.insert((owner, id)),
        }
    }

    /// Whether this match is among them. 0 is no match.
    pub(super) fn contains(&self, owner: i64, match_id: i64) -> bool {
        match_id != 0 && (self.of_owner.contains(&(owner, match_id)) || self.of_any_owner.contains(&match_id))
    }
}

/// The matches of admitted lines, by owner.
pub(super) fn matches_of(lines: &[AdmittedLine], payables: &[AdmittedPayable]) -> impl Iterator<Item = (i64, i64)> {
    let ids = lines.iter().map(|line| line.entry().ids()).chain(payables.iter().map(|line| line.entry().ids()));
    ids.map(|ids| (ids.owner, ids.match_id))
}

/// Those of these matches that lines of one voucher alone have: the line that they are matched with was listed before it was matched, so nobody
/// knows whether it is payroll.
pub(super) fn one_sided(
    matches: impl Iterator<Item = (i64, i64)>,
    ledger: &Ledger,
    payables: &Payables,
) -> FxHashSet<(i64, i64)> {
    let mut one_sided: FxHashMap<(i64, i64), Option<i64>> =
        matches.filter(|(_, id)| *id != 0).map(|matched| (matched, None)).collect();
    let all = ledger.entries.iter().map(Listed::ids).chain(payables.entries.iter().map(Listed::ids));
    for Ids { id, owner, voucher, match_id } in all.filter(|ids| ids.match_id != 0) {
        // A line without a voucher stands for itself. Ids of vouchers are positive.
        let holder = if voucher == 0 { id.wrapping_neg() } else { voucher };
        let matched = (owner, match_id);
        if one_sided.get_mut(&matched).is_some_and(|first| *first.get_or_insert(holder) != holder) {
            one_sided.remove(&matched);
        }
    }
    one_sided.into_keys().collect()
}

impl Screen {
    /// Whether a line is payroll whatever it is matched with.
    pub(super) fn is_payroll_by_itself(&self, treatment: Treatment, account: Option<&Account>) -> bool {
        treatment == Treatment::Payroll
            || account.is_some_and(|account| self.rules.payroll_accounts.contains(&account.facts))
    }

    /// Whether it can be said if a line's match is payroll: without an owner it cannot be looked up.
    pub(super) fn match_is_known(&self, owner: i64, match_id: i64) -> bool {
        owner != 0 || match_id == 0 || !self.rules.payroll_matches
    }

    /// Works out the payroll vouchers and matches over both whole lists, and the matches of lines that cannot be judged. Only one step: a line that is
    /// payroll by a match alone passes nothing on. In a company that settles everything against one bank account further steps would reach everything.
    /// A match holds within its owner: its id is not known to be unique across owners.
    pub(super) fn find_payroll(&mut self, ledger: &Ledger, payables: &Payables) {
        for entry in &ledger.entries {
            let treatment = self.treatment_at(entry.document_type).unwrap_or(Treatment::Refused);
            if treatment == Treatment::Payroll && entry.voucher != 0 {
                self.payroll_vouchers.insert(entry.voucher);
            }
            let account = self.chart.account(entry.account);
            if !self.rules.payroll_matches {
                continue;
            }
            if self.is_payroll_by_itself(treatment, account) {
                self.matches.add(entry.owner, entry.match_id);
            } else if treatment == Treatment::Refused || account.is_none_or(|account| account.code.is_none()) {
                self.unjudged.add(entry.owner, entry.match_id);
            }
        }
        if self.rules.payroll_matches {
            self.find_matches_of_payables(ledger, payables);
        }
    }

    fn find_matches_of_payables(&mut self, ledger: &Ledger, payables: &Payables) {
        let mut unjudged: Vec<&ListedPayable> = Vec::new();
        for entry in payables.entries.iter().filter(|entry| entry.match_id != 0) {
            if self.is_payroll_payable_by_itself(entry) {
                self.matches.add(entry.owner, entry.match_id);
            } else if self
                .document_types
                .treatment_of_payable(entry)
                .is_none_or(|treatment| treatment == Treatment::Refused)
            {
                unjudged.push(entry);
            }
        }
        if !unjudged.is_empty() {
            // Ledger lines of its voucher may say that it is no payroll.
            let is_judged = |entry: &&ListedLine| {
                self.treatment_at(entry.document_type).is_some_and(|treatment| treatment != Treatment::Refused)
            };
            let judged: FxHashSet<i64> = ledger.entries.iter().filter(is_judged).map(|entry| entry.voucher).collect();
            for entry in unjudged.into_iter().filter(|entry| entry.voucher == 0 || !judged.contains(&entry.voucher)) {
                self.unjudged.add(entry.owner, entry.match_id);
            }
        }
    }

    /// An AP line has its voucher's document type: known by its id, or by the voucher's ledger lines.
    fn is_payroll_payable_by_itself(&self, line: &ListedPayable) -> bool {
        self.document_types.treatment_of_payable(line) == Some(Treatment::Payroll)
            || self.payroll_vouchers.contains(&line.voucher)
    }

    /// Whether an AP line is payroll.
    pub(crate) fn is_payroll_payable(&self, line: &ListedPayable) -> bool {
        self.is_payroll_payable_by_itself(line) || self.matches.contains(line.owner, line.match_id)
    }
}
