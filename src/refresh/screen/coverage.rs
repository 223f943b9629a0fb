//! What is kept of the ledger, counted by index fields alone, and the invoices of which nothing is.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Screen, Verdict};
use crate::classify::spend_class::BAS;
use crate::model::listed::ListedLine;
use crate::model::treatment::Treatment;
use crate::model::value::Month;
use crate::refresh::index::Ledger;

/// What is kept of the lines and vouchers of kept document types.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// All lines and those kept, by month.
    pub(crate) months: BTreeMap<Month, (u64, u64)>,
    /// Vouchers.
    pub(crate) vouchers: u64,
    /// Those of which a line is kept.
    pub(crate) kept_vouchers: u64,
    /// Vouchers of supplier invoices.
    pub(crate) invoices: u64,
    /// Those of which no line is kept though none is payroll, by owner and year.
    pub(crate) lost: BTreeMap<(i64, i16), LostInvoices>,
    /// The month of the last line, whose count is not in `months` yet.
    pub(crate) last: Option<(Month, u64, u64)>,
}

/// Invoices of which no line is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LostInvoices {
    /// How many.
    pub(crate) vouchers: u64,
    /// How many of them each account group, two digits, has most lines of.
    pub(crate) groups: BTreeMap<u16, u64>,
    /// How many have lines that cannot be judged, and nothing else but debts to suppliers and VAT.
    pub(crate) unjudged: u64,
}

/// An invoice of which no line is kept.
#[derive(Default)]
struct Invoice {
    owner: i64,
    month: Option<Month>,
    /// A line of it is payroll, or would be kept but for the history.
    is_meant: bool,
    /// A line of it cannot be judged.
    is_unjudged: bool,
    /// Lines by account group.
    groups: BTreeMap<u16, u64>,
    /// The same of debts to suppliers and of VAT, which every invoice has.
    usual: BTreeMap<u16, u64>,
}

impl Coverage {
    /// Counts a line of a kept document type.
    pub(super) fn add(&mut self, month: Option<Month>, verdict: Verdict) {
        let Some(month) = month else { return };
        // Lines of a month mostly stand together.
        if self.last.is_none_or(|last| last.0 != month) {
            self.take_last();
        }
        let (_, lines, kept) = self.last.get_or_insert((month, 0, 0));
        *lines += 1;
        *kept += u64::from(matches!(verdict, Verdict::Kept { .. }));
    }

    fn take_last(&mut self) {
        if let Some((month, lines, kept)) = self.last.take() {
            let counts = self.months.entry(month).or_default();
            *counts = (counts.0 + lines, counts.1 + kept);
        }
    }
}

impl Screen {
    /// Counts the vouchers, once it is known of which a line is kept.
    pub(super) fn count_vouchers(&mut self, ledger: &Ledger) {
        self.coverage.take_last();
        let is_invoice: Vec<bool> =
            ledger.references.document_types.all().iter().map(|kind| kind.is_supplier_invoice()).collect();
        let mut invoices: FxHashMap<i64, Invoice> = FxHashMap::default();
        let (mut others, mut kept_invoices) = (FxHashSet::default(), FxHashSet::default());
        // Lines of a kept voucher mostly stand together: after the first, the others are skipped.
        let mut last = 0;
        for readings in ledger.entries.chunk_by(|a, b| a.id == b.id) {
            let Some(entry) = readings.last().filter(|entry| entry.voucher != 0 && entry.voucher != last) else {
                continue;
            };
            if self.treatment_at(entry.document_type) != Some(Treatment::Kept) {
                continue;
            }
            let is_invoice = is_invoice.get(entry.document_type as usize) == Some(&true);
            if self.kept_vouchers.contains_key(&entry.voucher) {
                last = entry.voucher;
                if is_invoice {
                    kept_invoices.insert(entry.voucher);
                }
            } else if is_invoice {
                let verdict = readings.iter().map(|entry| self.judge(&self.facts(entry, ledger))).min();
                let month = ledger.references.month(entry);
                self.note(invoices.entry(entry.voucher).or_default(), entry, month, verdict);
            } else {
                others.insert(entry.voucher);
            }
        }
        let kept_vouchers = self.kept_vouchers.len() as u64;
        let coverage = &mut self.coverage;
        coverage.kept_vouchers = kept_vouchers;
        coverage.vouchers = kept_vouchers + (invoices.len() + others.len()) as u64;
        coverage.invoices = (invoices.len() + kept_invoices.len()) as u64;
        for invoice in invoices.into_values().filter(|invoice| !invoice.is_meant) {
            let Some(month) = invoice.month else { continue };
            let lost = coverage.lost.entry((invoice.owner, month.year)).or_default();
            lost.vouchers += 1;
            let most = |groups: &BTreeMap<u16, u64>| {
                groups.iter().rev().max_by_key(|(_, lines)| **lines).map(|(group, _)| *group)
            };
            if invoice.is_unjudged && invoice.groups.is_empty() {
                lost.unjudged += 1;
            } else if let Some(group) = most(&invoice.groups).or_else(|| most(&invoice.usual)) {
                *lost.groups.entry(group).or_default() += 1;
            }
        }
    }

    /// Notes a line of an invoice of which none is kept.
    fn note(&self, invoice: &mut Invoice, entry: &ListedLine, month: Option<Month>, verdict: Option<Verdict>) {
        if entry.owner != 0 {
            invoice.owner = entry.owner;
        }
        invoice.month = invoice.month.or(month);
        let is_old = self.rules.history_from.zip(month).is_some_and(|(first, month)| month < first);
        invoice.is_meant |= is_old || matches!(verdict, Some(Verdict::Payroll | Verdict::History));
        invoice.is_unjudged |= matches!(verdict, Some(Verdict::Refused(_)));
        let Some(account) = self.chart.account(entry.account).filter(|_| verdict == Some(Verdict::Account)) else {
            return;
        };
        let Some(number) = account.facts.number else { return };
        let group = number / 100;
        // 24 are debts to suppliers in both charts; VAT is 26 in the Swedish one, 27 in the Norwegian.
        let vat = if account.facts.standard == Some(BAS) { 26 } else { 27 };
        let groups = if group == 24 || group == vat { &mut invoice.usual } else { &mut invoice.groups };
        *groups.entry(group).or_default() += 1;
    }
}
