//! How lines are treated by their document types: ledger lines by the place of the type in the list, AP lines by its id.

use rustc_hash::FxHashMap;

use crate::model::listed::{DocumentType, ListedPayable};
use crate::model::treatment::Treatment;
use crate::refresh::index::References;
use crate::refresh::rules::Rules;

/// The document types of the ledger.
pub(super) struct DocumentTypes {
    /// How each is treated, by its place.
    pub(super) treatments: Vec<Treatment>,
    /// Which are expense reports, by their places.
    expense_reports: Vec<bool>,
    /// By the id; of several readings the strictest.
    of_id: FxHashMap<i64, Treatment>,
    /// The same by owner and id: in another owner the id may mean something else.
    in_owner: FxHashMap<(i64, i64), Treatment>,
}

impl DocumentTypes {
    pub(super) fn new(rules: &Rules, references: &References) -> Self {
        let types = &references.document_types;
        let treatment = |kind: &DocumentType| rules.treatment(kind.code.as_deref(), kind.description.as_deref());
        let treatments: Vec<Treatment> = types.all().iter().map(treatment).collect();
        let expense_reports = types.all().iter().map(DocumentType::is_expense_report).collect();
        let (mut of_id, mut in_owner) = (FxHashMap::default(), FxHashMap::default());
        for ((owner, kind), treatment) in types.of_owners().zip(&treatments) {
            let Some(id) = kind.id else { continue };
            let known: &mut Treatment = of_id.entry(id).or_insert(*treatment);
            *known = (*known).min(*treatment);
            let known: &mut Treatment = in_owner.entry((owner, id)).or_insert(*treatment);
            *known = (*known).min(*treatment);
        }
        Self { treatments, expense_reports, of_id, in_owner }
    }

    /// How lines of the type at this place are treated; `None` if there is none.
    pub(super) fn treatment_at(&self, place: u32) -> Option<Treatment> {
        self.treatments.get(place as usize).copied()
    }

    /// Whether the type at this place is an expense report.
    pub(super) fn is_expense_report(&self, place: u32) -> bool {
        self.expense_reports.get(place as usize) == Some(&true)
    }

    /// How lines of an AP line's type are treated; `None` if no ledger line has that type. What is payroll in one owner is payroll in all.
    pub(super) fn treatment_of_payable(&self, line: &ListedPayable) -> Option<Treatment> {
        let strictest = *self.of_id.get(&line.document_type)?;
        if strictest == Treatment::Payroll {
            return Some(strictest);
        }
        self.in_owner.get(&(line.owner, line.document_type)).copied().or(Some(strictest))
    }
}
