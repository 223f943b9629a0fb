//! What a request selects, worked out once before any row is written.

use crate::column::Column;
use crate::dialect::Dialect;
use crate::problem::Problem;
use crate::value::{Shape, write_text};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::{ExecutableDocument, Name, Node};
use serde_json::Value as Json;

/// The fields of one object, in the order of the answer: keys with the punctuation before them, and what follows.
pub(crate) type Plan = Vec<(Vec<u8>, Action)>;

#[derive(Debug)]
pub(crate) enum Action {
    Value(Column, Shape),
    Object(Column, Plan),
    TypeName(Name),
    /// The token may not read it: null, and one error.
    Denied,
}

/// The index fields: the only ones that may be answered of a payroll line.
const INDEX_FIELDS: [(&str, &[&str]); 3] = [
    (
        "Transaction",
        &[
            "dbId",
            "ownerDbId",
            "accountDbId",
            "matchId",
            "periodId",
            "period.dbId",
            "period.year",
            "period.monthNumber",
            "period.fiscalYear",
            "period.fiscalPeriod",
            "header.dbId",
            "header.modifiedAt",
            "header.transactionSource.dbId",
            "header.transactionSource.code",
            "header.transactionSource.description",
        ],
    ),
    (
        "APTransaction",
        &[
            "dbId",
            "ownerDbId",
            "matchId",
            "headerTransactionSourceDbId",
            "transactionHeader.dbId",
            "transactionHeader.modifiedAt",
        ],
    ),
    (
        "TransactionHeader",
        &["dbId", "modifiedAt", "transactionSource.dbId", "transactionSource.code", "transactionSource.description"],
    ),
];

/// The right that reading an object of a type needs.
fn right_of(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "Transaction" => "Transaction",
        "TransactionHeader" => "TransactionHeader",
        "APTransaction" => "APTransaction",
        "Supplier" => "Supplier",
        "Subledger" => "Subledger",
        "Account" | "AccountGroup" | "ChartOfAccount" => "Account",
        "Company" => "Company",
        "Contact" => "Contact",
        "Country" => "Country",
        "Currency" => "Currency",
        "ObjectKind" => "Object",
        "ObjectValue" | "TaxRule" => "ObjectValue",
        "GLDimension" => "GLDimension",
        "Address" => "Address",
        "SystemValue" | "TransactionSource" => "SystemValue",
        "Owner" => "Owner",
        "File" => "File",
        _ => return None,
    })
}

/// Makes plans for one request.
pub(crate) struct Planner<'a> {
    pub(crate) document: &'a ExecutableDocument,
    pub(crate) variables: &'a JsonMap,
    pub(crate) dialect: &'a Dialect,
    /// Where the token has no access, each with its path.
    pub(crate) denied: Vec<Problem>,
    /// The types to which it has no access, each once, in the order of the document.
    pub(crate) denied_types: Vec<Problem>,
}

/// The fields of a selection by their keys in the answer; fields of the same key are merged.
pub(crate) type Fields<'a> = IndexMap<&'a Name, Vec<&'a Node<Field>>>;

impl<'a> Planner<'a> {
    /// The fields of some selections, fragments spread and `@skip` and `@include` obeyed.
    pub(crate) fn fields(&self, sets: impl IntoIterator<Item = &'a SelectionSet>) -> Fields<'a> {
        let mut fields = Fields::default();
        for set in sets {
            self.collect(&set.selections, &mut fields);
        }
        fields
    }

    fn collect(&self, selections: &'a [Selection], fields: &mut Fields<'a>) {
        for selection in selections {
            let condition = |directive: &str| {
                let argument = selection.directives().get(directive)?.specified_argument_by_name("if")?;
                argument.to_bool().or_else(|| self.variables.get(argument.as_variable()?.as_str())?.as_bool())
            };
            if condition("skip") == Some(true) || condition("include") == Some(false) {
                continue;
            }
            match selection {
                Selection::Field(field) => fields.entry(field.response_key()).or_default().push(field),
                Selection::InlineFragment(inline) => self.collect(&inline.selection_set.selections, fields),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.collect(&fragment.selection_set.selections, fields);
                    }
                }
            }
        }
    }

    /// The plan of an object of a type, selected by these sets, at a path of the answer.
    pub(crate) fn object(&mut self, type_name: &Name, sets: Vec<&'a SelectionSet>, path: &[Json]) -> Plan {
        let mut plan = Plan::new();
        for (key, merged) in self.fields(sets) {
            let field = merged[0];
            let written = written_key(plan.is_empty(), key);
            let action = match Column::named(&field.name) {
                _ if field.name == "__typename" => Action::TypeName(type_name.clone()),
                None => Action::Denied,
                Some(column) if field.selection_set.is_empty() => {
                    Action::Value(column, self.shape(column, field.definition.ty.inner_named_type()))
                }
                Some(column) => {
                    let inner = field.definition.ty.inner_named_type();
                    let mut path = path.to_vec();
                    path.push(Json::from(key.as_str()));
                    match right_of(inner) {
                        Some(right) if !self.dialect.grants(right) => {
                            self.denied.push(Problem::right(right, path));
                            self.deny_type(Some(inner), &field.name, type_name);
                            Action::Denied
                        }
                        _ => {
                            let sets = merged.iter().map(|field| &field.selection_set).collect();
                            Action::Object(column, self.object(inner, sets, &path))
                        }
                    }
                }
            };
            plan.push((written, action));
        }
        plan
    }

    /// Notes that a type is denied, at the first field that needs it.
    pub(crate) fn deny_type(&mut self, type_name: Option<&str>, field: &str, of: &str) {
        let denied = Problem::access_denied(type_name, field, of);
        let start = type_name.map(|name| format!("Access denied for type '{name}'"));
        let is_same = |other: &Problem| start.as_ref().is_some_and(|start| other.message.starts_with(start));
        if !self.denied_types.iter().any(is_same) {
            self.denied_types.push(denied);
        }
    }

    /// How numbers of a field are written: by its type in the served schema and by the switches.
    fn shape(&self, column: Column, type_name: &str) -> Shape {
        let text = match type_name {
            "Int64String" => !self.dialect.ids_as_numbers,
            "Decimal" => !self.dialect.money_as_numbers,
            "Int" => self.dialect.ids_as_strings && column.is_id(),
            _ => true,
        };
        if text { Shape::Text } else { Shape::Number }
    }

    /// The fields beyond the index fields that a selection on a ledger type asks for.
    pub(crate) fn beyond_index(&self, type_name: &str, fields: &[String]) -> Vec<String> {
        let Some((_, allowed)) = INDEX_FIELDS.iter().find(|(name, _)| *name == type_name) else { return Vec::new() };
        fields.iter().filter(|field| !allowed.contains(&field.as_str())).cloned().collect()
    }

    /// The paths of all fields that are asked for.
    pub(crate) fn paths(&self, sets: Vec<&'a SelectionSet>) -> Vec<String> {
        let mut paths = Vec::new();
        self.leaves(sets, "", &mut |leaf| paths.push(leaf.to_owned()));
        paths
    }

    fn leaves(&self, sets: Vec<&'a SelectionSet>, prefix: &str, visit: &mut impl FnMut(&str)) {
        for (_, merged) in self.fields(sets) {
            let name = &merged[0].name;
            let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            if name == "__typename" {
                continue;
            }
            let inner: Vec<_> = merged.iter().map(|field| &field.selection_set).collect();
            if merged[0].selection_set.is_empty() {
                visit(&path);
            } else {
                self.leaves(inner, &path, visit);
            }
        }
    }
}

/// `{"key":` for the first field of an object, `,"key":` for the others.
pub(crate) fn written_key(first: bool, key: &str) -> Vec<u8> {
    let mut written = vec![if first { b'{' } else { b',' }];
    write_text(&mut written, key);
    written.push(b':');
    written
}
