//! An answer, and what the journal is told of it.

use crate::journal::Violation;
use crate::problem::{Kind, Problem};
use serde_json::json;

/// An answer, before it is compressed.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) operation: Option<String>,
    pub(crate) roots: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) expense_rows: u64,
    pub(crate) fields: Vec<String>,
    pub(crate) violations: Vec<Violation>,
}

impl Answer {
    /// Makes it one of `data: null` and errors.
    pub(crate) fn refuse(&mut self, problems: Vec<Problem>) {
        let errors: Vec<_> = problems.iter().map(Problem::json).collect();
        let invalid = problems.iter().any(|problem| matches!(problem.kind, Kind::Invalid | Kind::Denied));
        // What could not even be begun has no `data` at all.
        let body = if invalid { json!({ "errors": errors }) } else { json!({ "data": null, "errors": errors }) };
        self.body = body.to_string().into_bytes();
        self.problems = problems;
        self.rows = 0;
        self.violations.retain(|violation| violation.row.is_none());
    }
}
