//! A document as its fields, so that one can be asked without some of them.

use std::sync::{LazyLock, Mutex};

use graphql_parser::query::{self as ast, Definition, OperationDefinition, Selection, Type, Value};
use rustc_hash::FxHashMap;

use crate::model::lock::lock;

type Field = ast::Field<'static, String>;
type SelectionSet = ast::SelectionSet<'static, String>;

/// One of the documents in `queries/`, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Document(ast::Document<'static, String>);

impl Document {
    /// Reads a document, once in the life of the process: to read one takes as long as to read its answer, if that is small. A test holds each of them
    /// against the schema file, so that there is none that cannot be read.
    pub(crate) fn read(text: &'static str) -> Self {
        static READ: LazyLock<Mutex<FxHashMap<&'static str, Document>>> = LazyLock::new(Mutex::default);
        let nothing = ast::Document { definitions: Vec::new() };
        let parsed = || Self(ast::parse_query(text).map_or(nothing, ast::Document::into_static));
        lock(&READ).entry(text).or_insert_with(parsed).clone()
    }

    fn operation(&mut self) -> Option<&mut ast::Query<'static, String>> {
        self.0.definitions.iter_mut().find_map(|definition| match definition {
            Definition::Operation(OperationDefinition::Query(query)) => Some(query),
            _ => None,
        })
    }

    /// The root that is asked.
    #[cfg(test)]
    pub(crate) fn root(mut self) -> Option<String> {
        Some(fields(&mut self.operation()?.selection_set).next()?.name.clone())
    }

    /// The paths of all fields of the root's rows, `header.transactionSource.code`; none where there are no rows.
    pub(crate) fn row_fields(mut self) -> Vec<String> {
        let mut paths = Vec::new();
        if let Some(query) = self.operation() {
            retain(&mut query.selection_set, None, &mut |path| {
                paths.push(path.to_owned());
                true
            });
        }
        paths
    }

    /// The document without the fields of its rows for which `lost` says so, and without what would be left empty.
    pub(crate) fn without(mut self, lost: impl Fn(&str) -> bool) -> Self {
        if let Some(query) = self.operation() {
            retain(&mut query.selection_set, None, &mut |path| !lost(path));
        }
        self
    }

    /// The document without variables that are not given, and without the arguments that they are for: for Xledger, null is a condition.
    pub(crate) fn with_variables(mut self, is_given: impl Fn(&str) -> bool) -> Self {
        if let Some(query) = self.operation() {
            query.variable_definitions.retain(|variable| is_given(&variable.name));
            for root in fields(&mut query.selection_set) {
                root.arguments.retain(|(_, value)| !matches!(value, Value::Variable(name) if !is_given(name)));
            }
        }
        self
    }

    /// The document without an argument of its roots.
    pub(crate) fn without_argument(mut self, name: &str) -> Self {
        if let Some(query) = self.operation() {
            fields(&mut query.selection_set).for_each(|root| root.arguments.retain(|(argument, _)| argument != name));
        }
        self
    }

    /// The document without the cursors of its rows.
    pub(crate) fn without_cursors(mut self) -> Self {
        if let Some(query) = self.operation() {
            for root in fields(&mut query.selection_set) {
                for edges in fields(&mut root.selection_set) {
                    edges
                        .selection_set
                        .items
                        .retain(|item| !matches!(item, Selection::Field(field) if field.name == "cursor"));
                }
            }
        }
        self
    }

    /// The document with another name for a type of its variables.
    pub(crate) fn with_type(mut self, known: &str, name: &str) -> Self {
        for variable in self.operation().into_iter().flat_map(|query| &mut query.variable_definitions) {
            match &mut variable.var_type {
                Type::NamedType(of_variable) if of_variable == known => name.clone_into(of_variable),
                _ => {}
            }
        }
        self
    }

    /// Its text, on one line.
    pub(crate) fn text(&self) -> String {
        self.0.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn fields(set: &mut SelectionSet) -> impl Iterator<Item = &mut Field> {
    set.items.iter_mut().filter_map(|item| match item {
        Selection::Field(field) => Some(field),
        _ => None,
    })
}

/// Keeps of a selection what `keep` says of the paths below `node`: `path` is `None` above the rows, empty for the row itself.
fn retain(set: &mut SelectionSet, path: Option<&str>, keep: &mut impl FnMut(&str) -> bool) {
    set.items.retain_mut(|item| {
        let Selection::Field(field) = item else { return true };
        let path = match path {
            None => (field.name == "node").then(String::new),
            Some("") => Some(field.name.clone()),
            Some(path) => Some(format!("{path}.{}", field.name)),
        };
        if path.as_deref().is_some_and(|path| !path.is_empty() && !keep(path)) {
            return false;
        }
        let had_fields = !field.selection_set.items.is_empty();
        retain(&mut field.selection_set, path.as_deref(), keep);
        !had_fields || !field.selection_set.items.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Words with { and }.\nquery Q($first: Int!) {\n  roots(first: $first, status: ALL) {\n    edges {\n      cursor\n      node {\n        dbId\n        a { b { c } d }\n      }\n    }\n    pageInfo { hasNextPage }\n  }\n}\n";

    #[test]
    fn a_variable_that_is_not_given_is_left_out() {
        let text = "query Q($first: Int!, $filter: F, $ownerSet: O) { r(first: $first, filter: $filter, ownerSet: $ownerSet) { x } }";
        let with = |given: &[&str]| Document::read(text).with_variables(|name| given.contains(&name)).text();
        assert_eq!(with(&["first", "filter", "ownerSet", "other"]), text);
        assert_eq!(
            with(&["first", "ownerSet"]),
            "query Q($first: Int!, $ownerSet: O) { r(first: $first, ownerSet: $ownerSet) { x } }"
        );
        assert_eq!(with(&["first"]), "query Q($first: Int!) { r(first: $first) { x } }");
    }

    #[test]
    fn a_document_is_asked_without_cursors() {
        let begin =
            "query Q($first: Int!) { roots(first: $first, status: ALL) { edges { node { dbId a { b { c } d } } }";
        assert_eq!(Document::read(TEXT).without_cursors().text(), format!("{begin} pageInfo {{ hasNextPage }} }} }}"));
    }

    #[test]
    fn a_document_is_asked_without_some_fields() {
        assert_eq!(Document::read(TEXT).row_fields(), ["dbId", "a", "a.b", "a.b.c", "a.d"]);
        let begin = "query Q($first: Int!) { roots(first: $first, status: ALL) { edges { cursor node { dbId";
        for (lost, rest) in [
            (&[][..], " a { b { c } d } } } pageInfo { hasNextPage } } }"),
            (&["a.b"], " a { d } } } pageInfo { hasNextPage } } }"),
            (&["a.b.c"], " a { d } } } pageInfo { hasNextPage } } }"),
            (&["a.b", "a.d"], " } } pageInfo { hasNextPage } } }"),
            (&["a"], " } } pageInfo { hasNextPage } } }"),
        ] {
            assert_eq!(
                Document::read(TEXT).without(|path| lost.contains(&path)).text(),
                format!("{begin}{rest}"),
                "{lost:?}"
            );
        }
    }
}
