//! Runs a query over the books: first everything is read and checked, then the answer is written straight as bytes.

mod invalid;

use crate::answer::Answer;
use crate::company::Company;
use crate::dialect::MissingRight;
use crate::fault::FaultKind;
use crate::options::Options;
use crate::plan::Planner;
use crate::problem::{Problem, Refusal, TIMED_OUT};
use crate::read::{Reader, Root};
use crate::write::{Nulled, Writer};
use apollo_compiler::collections::HashMap;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema, introspection, request};
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

impl Engine {
    pub(crate) fn new(schema: Valid<Schema>) -> Self {
        let implementers = schema.implementers_map();
        Self { schema, implementers, seen: Mutex::default(), nulled: Nulled::default() }
    }

    /// Answers the body of a request.
    pub(crate) fn answer(&self, books: &Company, options: &Options, asked: IncomingRequest<'_>) -> Answer {
        let mut answer = Answer::default();
        if let Err(Refusal(problems)) = self.run(books, options, asked, &mut answer) {
            answer.refuse(problems);
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
        let planner = Planner {
            document: &document,
            variables: &variables,
            dialect: &options.dialect,
            denied: Vec::new(),
            denied_types: Vec::new(),
        };
        let unresolved = match fault {
            Some(FaultKind::Resolve(code)) => Some(code.as_str()),
            _ => None,
        };
        let mut reader = Reader { schema: &self.schema, books, options, unresolved, planner, problems: Vec::new() };
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
            unresolved_field: None,
            problems: Vec::new(),
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
            answer.refuse(problems);
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
