//! Runs a query over the books: first everything is read and checked, then the answer is written straight as bytes.

mod invalid;

use crate::company::Company;
use crate::dialect::MissingRight;
use crate::fault::FaultKind;
use crate::journal::Violation;
use crate::options::Options;
use crate::plan::Planner;
use crate::problem::{Kind, Problem, Refusal, TIMED_OUT};
use crate::read::{Reader, Root};
use crate::write::{Nulled, Writer};
use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::Field;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema, introspection, request};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

/// A served schema with the documents that were seen before.
pub(crate) struct Engine {
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
    seen: Mutex<HashMap<String, Arc<Valid<ExecutableDocument>>>>,
    nulled: Nulled,
}

/// A request as it came, and what it meets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IncomingRequest<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) number: u64,
    pub(crate) fault: Option<&'a FaultKind>,
}

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

impl Engine {
    pub(crate) fn new(schema: Valid<Schema>) -> Self {
        let implementers = schema.implementers_map();
        Self { schema, implementers, seen: Mutex::default(), nulled: Nulled::default() }
    }

    /// Answers the body of a request.
    pub(crate) fn answer(&self, books: &Company, options: &Options, asked: IncomingRequest<'_>) -> Answer {
        let mut answer = Answer::default();
        match self.run(books, options, asked, &mut answer) {
            Ok(()) => {}
            Err(Refusal(problems)) => refuse(&mut answer, problems),
        }
        answer
    }

    fn document(&self, query: &str, suggests: bool) -> Result<Arc<Valid<ExecutableDocument>>, Refusal> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = seen.get(query) {
            return Ok(document.clone());
        }
        let document = ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql")
            .map_err(|invalid| invalid::problems(&invalid.errors, suggests.then_some(&self.schema)))?;
        let document = Arc::new(document);
        if seen.len() < 1_000 {
            seen.insert(query.to_owned(), document.clone());
        }
        Ok(document)
    }

    fn run(
        &self,
        books: &Company,
        options: &Options,
        IncomingRequest { body, number, fault }: IncomingRequest<'_>,
        answer: &mut Answer,
    ) -> Result<(), Refusal> {
        let request: JsonValue = serde_json::from_slice(body)
            .map_err(|_| Problem::invalid("INVALID_REQUEST", "The request's body is not JSON."))?;
        let query = request.get("query").and_then(|query| query.as_str());
        let query = query.ok_or_else(|| Problem::invalid("INVALID_REQUEST", "The request has no query."))?;
        let document = self.document(query, options.dialect.suggestions)?;
        let name = request.get("operationName").and_then(|name| name.as_str());
        let no_operation =
            |refused: request::RequestError| Problem::invalid("INVALID_OPERATION", refused.message().to_string());
        let operation = document.operations.get(name).map_err(no_operation)?;
        answer.operation = operation.name.as_ref().map(Name::to_string);
        answer.roots = operation.root_fields(&document).map(|field| field.name.to_string()).collect();
        let none = JsonMap::new();
        let given = request.get("variables").and_then(|variables| variables.as_object()).unwrap_or(&none);
        let variables = request::coerce_variable_values(&self.schema, operation, given)
            .map_err(|refused| Problem::invalid("INVALID_VALUE", refused.message().to_string()))?;

        let mut data = JsonMap::new();
        if answer.roots.iter().any(|root| root == "__schema" || root == "__type") {
            if options.dialect.closed_introspection {
                return Err(Problem::own("FORBIDDEN", "Introspection is not allowed.").into());
            }
            let response =
                introspection::partial_execute(&self.schema, &self.implementers, &document, operation, &variables)
                    .map_err(|refused| Problem::invalid("INVALID_OPERATION", refused.message().to_string()))?;
            data = response.data.unwrap_or_default();
        }
        if let Some(FaultKind::Resolve(code)) = fault {
            *answer = unresolved(std::mem::take(answer), operation.root_fields(&document), code);
            return Ok(());
        }
        let planner = Planner {
            document: &document,
            variables: &variables,
            dialect: &options.dialect,
            denied: Vec::new(),
            denied_types: Vec::new(),
        };
        let mut reader = Reader { schema: &self.schema, books, options, planner, problems: Vec::new() };
        let roots = reader.roots(&operation.selection_set, number, answer)?;
        let (mut problems, denied, denied_types) =
            (reader.problems, reader.planner.denied, reader.planner.denied_types);
        let shape = options.dialect.missing_right_shape;
        if shape == MissingRight::AccessDenied && !denied_types.is_empty() {
            return Err(Refusal(denied_types));
        }
        let missing_rows = match fault {
            Some(FaultKind::MissingRows(every)) => Some(*every),
            _ => None,
        };
        let mut writer = Writer {
            books,
            dialect: &options.dialect,
            missing_rows,
            unresolved: options.resolve_rows.as_ref().map(|limit| (limit.most, limit.code.as_str())),
            nulled: &self.nulled,
            out: Vec::with_capacity(64 * 1024),
        };
        writer.roots(&data, &roots, number, answer);
        problems.append(&mut answer.problems);
        if answer.rows > u64::from(options.timeout_rows.unwrap_or(u32::MAX)) {
            return Err(Problem::own("", TIMED_OUT).into());
        }
        if answer.rows > 0 || roots.iter().any(|(_, root)| matches!(root, Root::Object(Some(_), _))) {
            problems.extend(denied);
        }
        if matches!(shape, MissingRight::NoPath | MissingRight::NullDataNoPath) {
            problems.iter_mut().for_each(|problem| problem.path.clear());
        }
        if matches!(shape, MissingRight::NullData | MissingRight::NullDataNoPath) && !problems.is_empty() {
            refuse(answer, problems);
            return Ok(());
        }
        if let Some(FaultKind::ErrorBesideData(code, message)) = fault {
            problems.push(Problem::own(code, message.as_str()));
        }
        answer.body = writer.finish(&problems);
        answer.problems = problems;
        Ok(())
    }
}

/// Makes an answer in which every root is null, for each of them failed.
fn unresolved<'d>(answer: Answer, roots: impl Iterator<Item = &'d Node<Field>>, code: &str) -> Answer {
    let (mut data, mut errors, mut problems) = (serde_json::Map::new(), Vec::new(), Vec::new());
    for root in roots {
        let key = root.response_key().as_str();
        let problem = Problem::unresolved(&root.name, key, code);
        data.insert(key.to_owned(), serde_json::Value::Null);
        errors.push(problem.json());
        problems.push(problem);
    }
    let body = json!({ "data": data, "errors": errors }).to_string().into_bytes();
    Answer { body, problems, ..answer }
}

/// Makes an answer of `data: null` and errors.
pub(crate) fn refuse(answer: &mut Answer, problems: Vec<Problem>) {
    let errors: Vec<_> = problems.iter().map(Problem::json).collect();
    let invalid = problems.iter().any(|problem| matches!(problem.kind, Kind::Invalid | Kind::Denied));
    // What could not even be begun has no `data` at all.
    let body = if invalid { json!({ "errors": errors }) } else { json!({ "data": null, "errors": errors }) };
    answer.body = body.to_string().into_bytes();
    answer.problems = problems;
    answer.rows = 0;
    answer.violations.retain(|violation| violation.row.is_none());
}
