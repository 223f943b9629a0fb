//! Decides, from the lists alone, which lines may be asked for. Only this module makes an [`AdmittedLine`] or an [`AdmittedPayable`], and
//! the fetch takes nothing else: a payroll line cannot be asked for by mistake.
//!
//! Each line gets one verdict, the first that holds in the order of [`Verdict`]. A rule that cannot be evaluated refuses the line.

mod coverage;
mod document_types;
mod payroll;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::listed::{DocumentType, ListedLine, ListedPayable};
use crate::model::treatment::Treatment;
use crate::model::value::{Instant, Month, PackedOption};
use crate::refresh::chart::{Account, Chart};
use crate::refresh::index::{Ledger, Listed, Payables, References};
use crate::refresh::rules::Rules;
use crate::report::counts::{Counts, PayableCounts, TypeCount};
pub(crate) use coverage::Coverage;
#[cfg(test)]
pub(crate) use coverage::LostInvoices;
use document_types::DocumentTypes;
use payroll::Matches;

/// A line that may be asked for, as it was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted<E>(E);

/// A ledger line that may be asked for.
pub(crate) type AdmittedLine = Admitted<ListedLine>;
/// An AP line that may be asked for.
pub(crate) type AdmittedPayable = Admitted<ListedPayable>;

impl<E: Listed> Admitted<E> {
    /// What was listed of it.
    pub(crate) fn entry(&self) -> &E {
        &self.0
    }

    /// Its id.
    pub(crate) fn id(&self) -> i64 {
        self.0.ids().id
    }
}

/// What becomes of a line. The order is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// By its document type, its account, or a match.
    Payroll,
    /// It cannot be judged.
    Refused(Lack),
    /// Its document type is not one that is kept.
    DocumentType {
        /// Whether its account is not in an excluded range.
        on_kept_account: bool,
    },
    /// Its account is in an excluded range.
    Account,
    /// Its period is before the history.
    History,
    /// It may be asked for.
    Kept {
        /// Whether its account's code has digits.
        numbered: bool,
    },
}

impl Verdict {
    /// Counts a line with this verdict in.
    fn count_in(self, counts: &mut Counts) {
        counts.listed += 1;
        match self {
            Verdict::Payroll => counts.excluded_payroll += 1,
            Verdict::Refused(lack) => {
                counts.refused += 1;
                let because = &mut counts.refused_because;
                *match lack {
                    Lack::Account => &mut because.no_account,
                    Lack::KnownAccount => &mut because.unknown_account,
                    Lack::Period => &mut because.no_period,
                    Lack::Owner => &mut because.no_owner,
                    Lack::DocumentType => &mut because.no_document_type,
                    Lack::JudgedMatch => &mut because.unjudged_match,
                } += 1;
            }
            Verdict::DocumentType { on_kept_account } => {
                counts.excluded_document_type += 1;
                counts.excluded_on_kept_accounts += u64::from(on_kept_account);
            }
            Verdict::Account => counts.excluded_account += 1,
            Verdict::History => counts.excluded_history += 1,
            Verdict::Kept { numbered } => {
                counts.kept += 1;
                counts.without_account_number += u64::from(!numbered);
            }
        }
    }
}

/// What a line that cannot be judged lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lack {
    /// It names no account, or one without a code.
    Account,
    /// No chart shows its account.
    KnownAccount,
    /// It has no period, or one that no calendar has.
    Period,
    /// It has a match and no owner, so that the match cannot be looked up.
    Owner,
    /// It has no document type, or one without a code.
    DocumentType,
    /// It would be kept, but a line with its match cannot be judged, and may be payroll.
    JudgedMatch,
}

/// What a ledger line is judged by. 0 stands for no reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineFacts {
    pub(crate) owner: i64,
    pub(crate) account: i64,
    pub(crate) match_id: i64,
    pub(crate) month: Option<Month>,
    pub(crate) treatment: Treatment,
}

/// The rules with all that they need to judge one line.
pub(crate) struct Screen {
    rules: Rules,
    chart: Chart,
    /// The matches of payroll lines.
    matches: Matches,
    /// Those of lines that cannot be judged.
    unjudged: Matches,
    document_types: DocumentTypes,
    /// Vouchers of a payroll document type.
    payroll_vouchers: FxHashSet<i64>,
    /// When each was modified.
    kept_vouchers: FxHashMap<i64, PackedOption<Instant>>,
    coverage: Coverage,
}

/// What came out.
pub(crate) struct Screened {
    /// Ledger lines that may be asked for, by id.
    pub lines: Vec<AdmittedLine>,
    /// AP lines that may be asked for, by id.
    pub payables: Vec<AdmittedPayable>,
    /// Ids of payroll lines, sorted: nothing that was fetched of them before may be kept any longer.
    pub(crate) payroll_lines: Vec<i64>,
    /// The same of AP lines.
    pub(crate) payroll_payables: Vec<i64>,
    /// What became of the ledger lines.
    pub counts: Counts,
    /// What became of the AP lines.
    pub payable_counts: PayableCounts,
    /// The document types that were found, by code.
    pub document_types: Vec<TypeCount>,
    /// Accounts that refused lines name and no chart shows, by their ids.
    pub unknown_accounts: Vec<i64>,
    /// Codes of accounts that look like wages and lie outside of the payroll accounts.
    pub accounts_to_confirm: Vec<String>,
    /// Matches of lines that may be asked for, by owner, that no line of another voucher has.
    pub(crate) one_sided_matches: FxHashSet<(i64, i64)>,
    /// Judges fetched lines once more.
    pub screen: Screen,
}

/// Judges both lists.
pub(crate) fn screen(rules: Rules, chart: Chart, ledger: &Ledger, payables: &Payables) -> Screened {
    let document_types = ledger.references.document_types.all();
    let mut screen = Screen::new(rules, chart, &ledger.references);
    screen.find_payroll(ledger, payables);

    let mut counts = Counts::default();
    let (mut lines, mut payroll_lines) = (Vec::new(), Vec::new());
    let mut lines_of_type = vec![(0_u64, 0_u64); document_types.len()];
    let mut unknown_accounts: FxHashSet<i64> = FxHashSet::default();
    // A line that was listed twice is judged by its strictest reading, and counted once: rows shift between pages while somebody posts, and which
    // reading is right is not known.
    for readings in ledger.entries.chunk_by(|a, b| a.id == b.id) {
        let Some(last) = readings.last() else { continue };
        let verdicts = readings.iter().map(|entry| screen.judge(&screen.facts(entry, ledger)));
        let Some(verdict) = verdicts.min() else { continue };
        verdict.count_in(&mut counts);
        if screen.treatment_at(last.document_type) == Some(Treatment::Kept) {
            screen.coverage.add(ledger.references.month(last), verdict);
        }
        let of_type = &mut lines_of_type[last.document_type as usize];
        of_type.0 += 1;
        of_type.1 += u64::from(matches!(verdict, Verdict::Kept { .. }));
        if verdict == Verdict::Refused(Lack::KnownAccount) {
            unknown_accounts.insert(last.account);
        }
        if verdict == Verdict::Payroll {
            payroll_lines.push(last.id);
        }
        if let Verdict::Kept { .. } = verdict {
            lines.push(Admitted(*last));
            for entry in readings.iter().filter(|entry| entry.voucher != 0) {
                let modified_at = screen.kept_vouchers.entry(entry.voucher).or_insert(entry.modified_at);
                *modified_at = entry.modified_at.max(*modified_at);
            }
        }
    }

    screen.count_vouchers(ledger);

    let mut payable_counts = PayableCounts::default();
    let (mut admitted, mut payroll_payables) = (Vec::new(), Vec::new());
    for readings in payables.entries.chunk_by(|a, b| a.id == b.id) {
        payable_counts.listed += 1;
        if readings.iter().any(|entry| screen.is_payroll_payable(entry)) {
            payable_counts.excluded_payroll += 1;
            payroll_payables.extend(readings.last().map(|entry| entry.id));
        } else if readings.iter().all(|entry| screen.admits_payable(entry)) {
            payable_counts.kept += 1;
            admitted.extend(readings.last().copied().map(Admitted));
        } else {
            payable_counts.not_needed += 1;
        }
    }
    let document_types = type_counts(document_types, &screen.document_types.treatments, &lines_of_type);
    let mut unknown_accounts: Vec<i64> = unknown_accounts.into_iter().collect();
    unknown_accounts.sort_unstable();
    let accounts_to_confirm = screen.accounts_to_confirm();
    let one_sided_matches = match screen.rules.payroll_matches {
        true => payroll::one_sided(payroll::matches_of(&lines, &admitted), ledger, payables),
        false => FxHashSet::default(),
    };
    Screened {
        lines,
        payables: admitted,
        payroll_lines,
        payroll_payables,
        counts,
        payable_counts,
        document_types,
        unknown_accounts,
        accounts_to_confirm,
        one_sided_matches,
        screen,
    }
}

fn type_counts(types: &[DocumentType], treatments: &[Treatment], lines: &[(u64, u64)]) -> Vec<TypeCount> {
    let mut counts: std::collections::BTreeMap<_, TypeCount> = std::collections::BTreeMap::new();
    for ((kind, treatment), (lines, kept)) in types.iter().zip(treatments).zip(lines) {
        let (code, description) =
            (kind.code.as_deref().map(str::to_owned), kind.description.as_deref().map(str::to_owned));
        let count = counts.entry((code.clone(), description.clone()));
        let count = count.or_insert(TypeCount { code, description, treatment: *treatment, lines: 0, kept: 0 });
        count.lines += lines;
        count.kept += kept;
    }
    counts.into_values().collect()
}

impl Screen {
    fn new(rules: Rules, chart: Chart, references: &References) -> Self {
        let document_types = DocumentTypes::new(&rules, references);
        let (matches, unjudged, payroll_vouchers, kept_vouchers, coverage) = Default::default();
        Self { rules, chart, matches, unjudged, document_types, payroll_vouchers, kept_vouchers, coverage }
    }

    /// Whether a line is of an expense report.
    pub(crate) fn is_of_expense_report(&self, line: &AdmittedLine) -> bool {
        self.document_types.is_expense_report(line.entry().document_type)
    }

    /// The chart of accounts.
    pub(crate) fn chart(&self) -> &Chart {
        &self.chart
    }

    /// What is kept of the ledger.
    pub(crate) fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Codes of accounts that look like wages and lie outside of the payroll accounts, each once.
    fn accounts_to_confirm(&self) -> Vec<String> {
        let odd = |account: &&Account| self.rules.must_be_confirmed(&account.facts, account.name.as_deref());
        let codes =
            self.chart.accounts().filter(odd).map(|account| account.code.as_deref().unwrap_or("without a code"));
        let codes: std::collections::BTreeSet<&str> = codes.collect();
        codes.into_iter().map(str::to_owned).collect()
    }

    /// How lines of a document type are treated.
    pub(crate) fn treatment(&self, kind: &DocumentType) -> Treatment {
        self.rules.treatment(kind.code.as_deref(), kind.description.as_deref())
    }

    /// How lines of the ledger's document type at this place are treated; `None` if there is none.
    pub(crate) fn treatment_at(&self, place: u32) -> Option<Treatment> {
        self.document_types.treatment_at(place)
    }

    /// What a listed line is judged by.
    fn facts(&self, entry: &ListedLine, ledger: &Ledger) -> LineFacts {
        let ListedLine { owner, account, match_id, document_type, .. } = *entry;
        let treatment = self.treatment_at(document_type).unwrap_or(Treatment::Refused);
        LineFacts { owner, account, match_id, month: ledger.references.month(entry), treatment }
    }

    /// What becomes of a ledger line.
    pub(crate) fn judge(&self, line: &LineFacts) -> Verdict {
        let account = self.chart.account(line.account);
        if self.is_payroll_by_itself(line.treatment, account) || self.matches.contains(line.owner, line.match_id) {
            return Verdict::Payroll;
        }
        let number = match account {
            None if line.account != 0 => return Verdict::Refused(Lack::KnownAccount),
            None | Some(Account { code: None, .. }) => return Verdict::Refused(Lack::Account),
            Some(account) => account.facts.number,
        };
        let Some(month) = line.month else { return Verdict::Refused(Lack::Period) };
        if !self.match_is_known(line.owner, line.match_id) {
            return Verdict::Refused(Lack::Owner);
        }
        if line.treatment == Treatment::Refused {
            return Verdict::Refused(Lack::DocumentType);
        }
        let is_excluded = number.is_some_and(|number| self.rules.excluded_accounts.contains(number));
        if line.treatment != Treatment::Kept {
            return Verdict::DocumentType { on_kept_account: !is_excluded };
        }
        if is_excluded {
            return Verdict::Account;
        }
        if self.rules.history_from.is_some_and(|first| month < first) {
            return Verdict::History;
        }
        // Last: nobody asks for the lines above in any case.
        if self.unjudged.contains(line.owner, line.match_id) {
            return Verdict::Refused(Lack::JudgedMatch);
        }
        Verdict::Kept { numbered: number.is_some() }
    }

    /// When a kept voucher was modified, by its ledger lines.
    pub(crate) fn modified_at(&self, voucher: i64) -> PackedOption<Instant> {
        self.kept_vouchers.get(&voucher).copied().unwrap_or(None.into())
    }

    /// Whether an AP line may be asked for.
    pub(crate) fn admits_payable(&self, line: &ListedPayable) -> bool {
        self.document_types.treatment_of_payable(line) == Some(Treatment::Kept)
            && self.match_is_known(line.owner, line.match_id)
            && !self.unjudged.contains(line.owner, line.match_id)
            && self.kept_vouchers.contains_key(&line.voucher)
            && !self.is_payroll_payable(line)
    }
}

#[cfg(test)]
mod tests;
