//! Reads the root fields of a request: everything is known and checked before the first row is written.

use crate::answer::Answer;
use crate::company::Company;
use crate::company::ledger::NONE;
use crate::dialect::Dialect;
use crate::journal::Violation;
use crate::options::Options;
use crate::page::Query;
use crate::plan::{Plan, Planner, written_key};
use crate::problem::{Problem, Refusal};
use crate::table::Table;
use crate::{arguments, table};
use apollo_compiler::executable::{Field, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use serde_json::json;

/// A root field, read and checked.
pub(crate) enum Root {
    Connection(Box<Connection>),
    /// `viewer` and `subledger`: one object or null.
    Object(Option<OneObject>, Plan),
    /// A root without rows: deltas.
    Empty(Parts),
    TypeName,
    /// Denied or not resolved: null, and an error.
    Null,
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
    pub(crate) parts: Parts,
    /// All fields that are asked for.
    pub(crate) fields: Vec<String>,
    /// The fields beyond the index fields: with none, a payroll row may be answered.
    pub(crate) beyond: Vec<String>,
    pub(crate) root: String,
}

/// What is asked of a connection, of `pageInfo` or of an edge: keys with the punctuation before them, and what follows.
pub(crate) type Parts = Vec<(Vec<u8>, Part)>;

/// A field of a connection, of `pageInfo` or of an edge.
pub(crate) enum Part {
    Edges(Parts),
    PageInfo(Parts),
    HasNextPage,
    HasPreviousPage,
    Cursor,
    Node(Plan),
    TypeName(Name),
}

/// Reads the root fields of an operation.
pub(crate) struct Reader<'a> {
    pub(crate) schema: &'a Valid<Schema>,
    pub(crate) books: &'a Company,
    pub(crate) options: &'a Options,
    /// No root can be resolved, for a reason of this code.
    pub(crate) unresolved: Option<&'a str>,
    pub(crate) planner: Planner<'a>,
    /// Roots that the token may not read, or that cannot be resolved.
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// The root fields by their keys in the answer.
    pub(crate) fn roots(
        &mut self,
        set: &'a SelectionSet,
        number: u64,
        answer: &mut Answer,
    ) -> Result<Vec<(String, Root)>, Refusal> {
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
    ) -> Result<Root, Refusal> {
        let field = merged[0];
        if let Some(code) = self.unresolved {
            self.problems.push(Problem::unresolved(&field.name, key, code));
            return Ok(Root::Null);
        }
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
                    self.planner.deny_type(Some("Subledger"), "subledger", "Query");
                    return Ok(self.deny("Subledger", path));
                }
                let id = given.get("dbId").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
                let place = table::subledger(self.books, id.unwrap_or_default());
                let object = (place != NONE).then_some(OneObject::Subledger(place));
                return Ok(Root::Object(object, self.planner.object(type_name, sets(), &path)));
            }
            _ => {}
        }
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
                self.planner.deny_type(None, &field.name, "Query");
                return Ok(self.deny(right, path));
            }
            return Ok(Root::Empty(self.parts(sets(), &path, &mut Vec::new())));
        };
        let mut given = given;
        if field.definition.argument_by_name("objectStatus").is_none() {
            // Where nobody can ask for closed rows, they come: a guess.
            given.insert("objectStatus", "ALL".into());
        }
        let query = Query::read(table, &given, self.options.page_cap, self.dialect())?;
        if !self.dialect().grants(right) {
            let node = type_name.trim_end_matches("Connection");
            self.planner.deny_type(Some(node), "node", &format!("{node}Edge"));
            return Ok(self.deny(right, path));
        }
        let mut node_sets = Vec::new();
        let parts = self.parts(sets(), &path, &mut node_sets);
        let node_type = type_name.trim_end_matches("Connection");
        let fields = self.planner.paths(node_sets);
        let beyond = self.planner.beyond_index(node_type, &fields);
        Ok(Root::Connection(Box::new(Connection { query, parts, fields, beyond, root: field.name.to_string() })))
    }

    fn dialect(&self) -> &'a Dialect {
        &self.options.dialect
    }

    fn deny(&mut self, right: &str, path: Vec<serde_json::Value>) -> Root {
        self.problems.push(Problem::right(right, path));
        Root::Null
    }

    /// Plans a connection or a part of it, and adds what is selected of its nodes.
    fn parts(
        &mut self,
        sets: Vec<&'a SelectionSet>,
        path: &[serde_json::Value],
        nodes: &mut Vec<&'a SelectionSet>,
    ) -> Parts {
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
                ("hasNextPage", _) => Part::HasNextPage,
                ("hasPreviousPage", _) => Part::HasPreviousPage,
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
