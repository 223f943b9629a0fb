//! Asks once more what document types are called, once lines have come that have their ids alone.

use rustc_hash::{FxHashMap, FxHashSet};

use super::rows::payroll_received;
use super::{Fetch, FetchedRow, by_id};
use crate::model::failure::Failure;
use crate::model::line::Line;
use crate::model::listed::DocumentType;
use crate::model::treatment::Treatment;
use crate::refresh::index::type_by_id;
use crate::xledger::node::{Identified, LedgerReferencesNode};
use crate::xledger::query;

/// How many of a document type's lines are asked what it is called: one may be gone.
const EXAMPLES: usize = 3;

impl Fetch<'_> {
    /// Whether the document types of these lines are called as they were when they were listed.
    ///
    /// # Errors
    /// [`PayrollReceived`](crate::model::failure::FailureKind::PayrollReceived) if one is payroll now.
    pub(crate) async fn types_are_as_listed(&self, lines: &[Line]) -> Result<bool, Failure> {
        let Fetch { context, listing, .. } = *self;
        let document_type = |line: &Line| (line.owner, line.document_type, line.document_type_name);
        let mut examples: FxHashMap<_, Vec<i64>> = FxHashMap::default();
        // Lines of one document type mostly stand together.
        for lines in lines.chunk_by(|a, b| document_type(a) == document_type(b)) {
            let of_type = examples.entry(document_type(&lines[0])).or_default();
            of_type.extend(lines.iter().map(|line| line.id).take(EXAMPLES - of_type.len()));
        }
        let mut asked: Vec<i64> = examples.values().flatten().copied().collect();
        asked.sort_unstable();
        let said: Vec<LedgerReferencesNode> = by_id(context, query::LEDGER_REFERENCES, &asked, None).await?;
        let came: FxHashSet<i64> = said.iter().filter_map(Identified::id).collect();
        // A line that names none says nothing of the others.
        let now = said.into_iter().filter_map(type_by_id).filter(|(_, kind)| kind.is_named());
        let now: Vec<((i64, i64), DocumentType)> = now.collect();
        if now.iter().any(|(_, kind)| listing.screen.treatment(kind) == Treatment::Payroll) {
            return Err(payroll_received(Line::LEDGER));
        }
        let is_as_listed = |((owner, id), kind): &_| listing.references.document_types.of_id(*owner, *id) == Some(kind);
        Ok(now.iter().all(is_as_listed) && examples.values().all(|lines| lines.iter().any(|line| came.contains(line))))
    }
}
