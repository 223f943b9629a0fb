//! Runs a query over the books: first everything is read and checked, then the answer is written straight as bytes.

use crate::company::Company;
use crate::company::ledger::NONE;
use crate::dialect::{Dialect, MissingRight};
use crate::journal::Violation;
use crate::options::Options;
use crate::page::Query;
use crate::plan::{Plan, Planner, written_key};
use crate::problem::Problem;
use crate::table::Table;
use crate::write::Writer;
use crate::{arguments, table};
use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::{Field, SelectionSet};
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
}

/// An answer, before it is compressed.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) operation: Option<String>,
    pub(crate) roots: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) violations: Vec<Violation>,
}

/// A root field, read and checked.
pub(crate) enum Root {
    Connection(Box<Connection>),
    /// `viewer` and `subledger`: one object or null.
    Object(Option<OneObject>, Plan),
    /// A root without rows: deltas.
    Empty(ConnectionPlan),
    TypeName,
    Denied,
}

/// An object that a root names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OneObject {
    Viewer,
    Subledger(u32),
}

/// A connection that is asked for.
pub(crate) struct Connection {
    pub(crate) query: Query,
    pub(crate) plan: ConnectionPlan,
    /// The fields beyond the index fields; empty if a payroll row may be answered.
    pub(crate) beyond: Vec<String>,
    pub(crate) root: String,
}

/// What is asked of a connection.
#[derive(Default)]
pub(crate) struct ConnectionPlan {
    pub(crate) parts: Vec<(Vec<u8>, Part)>,
}

/// A field of a connection, of `pageInfo` or of an edge.
pub(crate) enum Part {
    Edges(Vec<(Vec<u8>, Part)>),
    PageInfo(Vec<(Vec<u8>, Part)>),
    TotalCount,
    HasNextPage,
    HasPreviousPage,
    EndCursor,
    Cursor,
    Node(Plan),
    TypeName(Name),
}

impl Engine {
    pub(crate) fn new(schema: Valid<Schema>) -> Self {
        let implementers = schema.implementers_map();
        Self { schema, implementers, seen: Mutex::default() }
    }

    /// Answers the body of a request.
    pub(crate) fn answer(&self, books: &Company, options: &Options, body: &[u8], number: u64) -> Answer {
        let mut answer = Answer::default();
        match self.run(books, options, body, number, &mut answer) {
            Ok(()) => {}
            Err(problem) => refuse(&mut answer, vec![*problem]),
        }
        answer
    }

    fn document(&self, query: &str) -> Result<Arc<Valid<ExecutableDocument>>, Box<Problem>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = seen.get(query) {
            return Ok(document.clone());
        }
        let document = ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql")
            .map_err(|invalid| invalid_document(&invalid.errors))?;
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
        body: &[u8],
        number: u64,
        answer: &mut Answer,
    ) -> Result<(), Box<Problem>> {
        let request: JsonValue = serde_json::from_slice(body)
            .map_err(|_| Problem::invalid("INVALID_REQUEST", "The request's body is not JSON."))?;
        let query = request.get("query").and_then(|query| query.as_str());
        let query = query.ok_or_else(|| Problem::invalid("INVALID_REQUEST", "The request has no query."))?;
        let document = self.document(query)?;
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
                return Err(Box::new(Problem::own("FORBIDDEN", "Introspection is not allowed.")));
            }
            let response =
                introspection::partial_execute(&self.schema, &self.implementers, &document, operation, &variables)
                    .map_err(|refused| Problem::invalid("INVALID_OPERATION", refused.message().to_string()))?;
            data = response.data.unwrap_or_default();
        }
        let planner =
            Planner { document: &document, variables: &variables, dialect: &options.dialect, denied: Vec::new() };
        let mut reader = Reader { schema: &self.schema, books, options, planner, problems: Vec::new() };
        let roots = reader.roots(&operation.selection_set, number, answer)?;
        let (mut problems, denied) = (reader.problems, reader.planner.denied);
        let mut writer = Writer::new(books, &options.dialect);
        writer.roots(&data, &roots, number, answer);
        if answer.rows > u64::from(options.timeout_rows.unwrap_or(u32::MAX)) {
            let timeout = Problem { message: "Your query timed out.".to_owned(), ..Problem::default() };
            return Err(Box::new(timeout));
        }
        if answer.rows > 0 || roots.iter().any(|(_, root)| matches!(root, Root::Object(Some(_), _))) {
            problems.extend(denied);
        }
        if options.dialect.missing_right_shape == MissingRight::NullData && !problems.is_empty() {
            refuse(answer, problems);
            return Ok(());
        }
        answer.body = writer.finish(&problems);
        answer.problems = problems;
        Ok(())
    }
}

/// Makes an answer of `data: null` and errors.
pub(crate) fn refuse(answer: &mut Answer, problems: Vec<Problem>) {
    let errors: Vec<_> = problems.iter().map(Problem::json).collect();
    let invalid = problems.iter().any(|problem| problem.kind == crate::problem::Kind::Invalid);
    // What could not even be begun has no `data` at all.
    let body = if invalid { json!({ "errors": errors }) } else { json!({ "data": null, "errors": errors }) };
    answer.body = body.to_string().into_bytes();
    answer.problems = problems;
    answer.rows = 0;
    answer.violations.retain(|violation| violation.row.is_none());
}

fn invalid_document(errors: &apollo_compiler::validation::DiagnosticList) -> Box<Problem> {
    let mut found = ("SYNTAX_ERROR", "The query is not valid.".to_owned());
    if let Some(first) = errors.iter().next() {
        let code = match first.error.unstable_error_name() {
            None => "SYNTAX_ERROR",
            Some("UndefinedField") => "FIELDS_ON_CORRECT_TYPE",
            Some("MissingSubselection" | "SubselectionOnScalarType" | "SubselectionOnEnumType") => "SCALAR_LEAFS",
            Some("DisallowedVariableUsage") => "VARIABLES_IN_ALLOWED_POSITION",
            Some("UndefinedArgument") => "KNOWN_ARGUMENT_NAMES",
            Some("UndefinedVariable") => "NO_UNDEFINED_VARIABLES",
            Some("UnusedVariable") => "NO_UNUSED_VARIABLES",
            Some("UndefinedDefinition") => "KNOWN_TYPE_NAMES",
            Some("RequiredArgument") => "PROVIDED_NON_NULL_ARGUMENTS",
            Some(_) => "ARGUMENTS_OF_CORRECT_TYPE",
        };
        found = (code, first.unstable_to_json_compat().message);
    }
    Box::new(Problem::invalid(found.0, found.1))
}

/// Reads the root fields of an operation.
struct Reader<'a> {
    schema: &'a Valid<Schema>,
    books: &'a Company,
    options: &'a Options,
    planner: Planner<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn roots(
        &mut self,
        set: &'a SelectionSet,
        number: u64,
        answer: &mut Answer,
    ) -> Result<Vec<(String, Root)>, Box<Problem>> {
        let mut roots = Vec::new();
        for (key, merged) in self.planner.fields([set]) {
            if !merged[0].name.starts_with("__") {
                let root = self.root(key, &merged, number, answer)?;
                roots.push((key.to_string(), root));
            } else if merged[0].name == "__typename" {
                roots.push((key.to_string(), Root::TypeName));
            }
        }
        Ok(roots)
    }

    fn root(
        &mut self,
        key: &'a Name,
        merged: &[&'a Node<Field>],
        number: u64,
        answer: &mut Answer,
    ) -> Result<Root, Box<Problem>> {
        let field = merged[0];
        let sets = || merged.iter().map(|field| &field.selection_set).collect::<Vec<_>>();
        let given = arguments::resolve(self.schema, field, self.planner.variables)?;
        let type_name = field.definition.ty.inner_named_type();
        let path = vec![json!(key.as_str())];
        match field.name.as_str() {
            "viewer" => {
                return Ok(Root::Object(Some(OneObject::Viewer), self.planner.object(type_name, sets(), &path)));
            }
            "subledger" => {
                if !self.dialect().grants("Subledger") {
                    return Ok(self.deny("Subledger", path));
                }
                let id = given.get("dbId").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
                let place = table::subledger(self.books, id.unwrap_or_default());
                let object = (place != NONE).then_some(OneObject::Subledger(place));
                return Ok(Root::Object(object, self.planner.object(type_name, sets(), &path)));
            }
            _ => {}
        }
        let mut plan = ConnectionPlan::default();
        let Some((table, right)) = Table::of_root(&field.name) else {
            let right = match field.name.as_str() {
                "payrollTransactions" | "payrollRates" | "employees" => {
                    let (root, row, fields) = (field.name.to_string(), None, Vec::new());
                    answer.violations.push(Violation { request: number, root, row, fields });
                    Some("Payroll")
                }
                "transaction_deltas" => (!self.dialect().grants("Transaction")).then_some("Transaction"),
                "apTransaction_deltas" => (!self.dialect().grants("APTransaction")).then_some("APTransaction"),
                _ => (!self.dialect().grants("Supplier")).then_some("Supplier"),
            };
            if let Some(right) = right {
                return Ok(self.deny(right, path));
            }
            self.connection(&mut plan, sets(), &path);
            return Ok(Root::Empty(plan));
        };
        let query = Query::read(table, &given, self.options.page_cap, self.dialect())?;
        if !self.dialect().grants(right) {
            return Ok(self.deny(right, path));
        }
        let node_sets = self.connection(&mut plan, sets(), &path);
        let node_type = type_name.trim_end_matches("Connection");
        let beyond = self.planner.beyond_index(node_type, node_sets);
        Ok(Root::Connection(Box::new(Connection { query, plan, beyond, root: field.name.to_string() })))
    }

    fn dialect(&self) -> &'a Dialect {
        &self.options.dialect
    }

    fn deny(&mut self, right: &str, path: Vec<serde_json::Value>) -> Root {
        self.problems.push(Problem::right(right, path));
        Root::Denied
    }

    /// Plans a connection; returns what is selected of its nodes.
    fn connection(
        &mut self,
        plan: &mut ConnectionPlan,
        sets: Vec<&'a SelectionSet>,
        path: &[serde_json::Value],
    ) -> Vec<&'a SelectionSet> {
        let mut nodes = Vec::new();
        plan.parts = self.parts(sets, path, &mut nodes);
        nodes
    }

    fn parts(
        &mut self,
        sets: Vec<&'a SelectionSet>,
        path: &[serde_json::Value],
        nodes: &mut Vec<&'a SelectionSet>,
    ) -> Vec<(Vec<u8>, Part)> {
        let of = sets.first().map(|set| set.ty.clone());
        let mut parts = Vec::new();
        for (key, merged) in self.planner.fields(sets) {
            let inner = || merged.iter().map(|field| &field.selection_set).collect::<Vec<_>>();
            let mut path = path.to_vec();
            path.push(json!(key.as_str()));
            let part = match (merged[0].name.as_str(), &of) {
                ("edges", _) => {
                    path.push(json!(0));
                    Part::Edges(self.parts(inner(), &path, nodes))
                }
                ("pageInfo", _) => Part::PageInfo(self.parts(inner(), &path, nodes)),
                ("totalCount", _) => Part::TotalCount,
                ("hasNextPage", _) => Part::HasNextPage,
                ("hasPreviousPage", _) => Part::HasPreviousPage,
                ("endCursor", _) => Part::EndCursor,
                ("cursor", _) => Part::Cursor,
                ("node", _) => {
                    nodes.extend(inner());
                    let type_name = merged[0].definition.ty.inner_named_type();
                    Part::Node(self.planner.object(type_name, inner(), &path))
                }
                (_, Some(of)) => Part::TypeName(of.clone()),
                (_, None) => continue,
            };
            parts.push((written_key(parts.is_empty(), key), part));
        }
        parts
    }
}
