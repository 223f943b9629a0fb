//! The served schema: the one file, but for what the dialect or a scenario changes in it.

use crate::dialect::Dialect;
use apollo_compiler::ast::{
    Definition, DirectiveList, Document, EnumTypeDefinition, EnumValueDefinition, FieldDefinition,
    InputValueDefinition, Type,
};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The schema file.
pub const SCHEMA: &str = include_str!("../schema.graphql");

/// Types whose ids become `Int64String` with `wide_ids`.
const WIDENED: [&str; 4] = ["APTransaction", "Supplier", "Subledger", "TransactionHeader"];

/// How the served schema differs from the file, beside the switches of the dialect. What is named here must be in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Served {
    /// Fields, filter keys, roots and arguments that it lacks, as in `Transaction.taxAmount`, `Transaction_Filter.dbId_in`, `Query.accounts`,
    /// `Query.suppliers.objectStatus`.
    pub lacks: BTreeSet<String>,
    /// Types that have another name, by which all other keys here go.
    pub renames: BTreeMap<String, String>,
    /// Required arguments that it has in addition: by root, as in `Query.accounts`, the name and the type.
    pub requires: BTreeMap<String, BTreeMap<String, String>>,
    /// Values that its enums have in addition.
    pub adds: BTreeMap<String, Vec<String>>,
}

/// Makes the served schema, or says why it is not valid.
pub(crate) fn serve(dialect: &Dialect, served: &Served) -> Result<Valid<Schema>, String> {
    let mut document =
        Document::parse(renamed(served), "schema.graphql").map_err(|invalid| invalid.errors.to_string())?;
    let owner = served.renames.get("Owner").map_or("Owner", String::as_str);
    let is_guess = |of: &str, name: &str| of == owner && name == "currency";
    let mut used = BTreeSet::new();
    let mut here = |of: &str, name: &str| {
        let path = format!("{of}.{name}");
        let lacks = served.lacks.contains(&path);
        if lacks || served.requires.contains_key(&path) {
            used.insert(path);
        }
        !lacks && (dialect.owner_currency || !is_guess(of, name))
    };
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) => {
                let object = object.make_mut();
                object.fields.retain(|field| here(&object.name, &field.name));
                for field in &mut object.fields {
                    let path = format!("{}.{}", object.name, field.name);
                    field.make_mut().arguments.retain(|argument| here(&path, &argument.name));
                    require(served, &object.name, field.make_mut())?;
                    if dialect.wide_ids {
                        widen_field(&object.name, field);
                    }
                }
            }
            Definition::InputObjectTypeDefinition(input) => {
                let input = input.make_mut();
                input.fields.retain(|field| here(&input.name, &field.name));
                if dialect.wide_ids {
                    input.fields.iter_mut().for_each(|field| widen_filter(&input.name, field));
                }
            }
            Definition::EnumTypeDefinition(of) => add(served, of.make_mut())?,
            _ => {}
        }
    }
    match served.lacks.iter().chain(served.requires.keys()).find(|path| !used.contains(*path)) {
        Some(absent) => Err(format!("there is no {absent}")),
        None => document.to_schema_validate().map_err(|invalid| invalid.errors.to_string()),
    }
}

/// The file with whole words replaced.
fn renamed(served: &Served) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut text = String::with_capacity(SCHEMA.len());
    let mut rest = SCHEMA;
    while !rest.is_empty() {
        let name = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let other = rest[name..].find(is_of_name).map_or(rest.len(), |after| name + after);
        text.push_str(served.renames.get(&rest[..name]).map_or(&rest[..name], String::as_str));
        text.push_str(&rest[name..other]);
        rest = &rest[other..];
    }
    text
}

/// Puts further required arguments on a field.
fn require(served: &Served, of: &Name, field: &mut FieldDefinition) -> Result<(), String> {
    for (name, ty) in served.requires.get(&format!("{of}.{}", field.name)).into_iter().flatten() {
        let ty = Type::parse(ty, "type").map_err(|invalid| invalid.to_string())?;
        let (description, default_value, directives) = (None, None, DirectiveList::new());
        let argument =
            InputValueDefinition { description, name: named(name)?, ty: ty.into(), default_value, directives };
        field.arguments.push(argument.into());
    }
    Ok(())
}

/// Puts further values into an enum.
fn add(served: &Served, of: &mut EnumTypeDefinition) -> Result<(), String> {
    for value in served.adds.get(of.name.as_str()).into_iter().flatten() {
        let directives = DirectiveList::new();
        of.values.push(EnumValueDefinition { description: None, value: named(value)?, directives }.into());
    }
    Ok(())
}

fn named(name: &str) -> Result<Name, String> {
    Name::new(name).map_err(|invalid| invalid.to_string())
}

fn is_widened(of: &str, field: &str) -> bool {
    let base = field.split('_').next().unwrap_or(field);
    base == "subledgerDbId" || base == "dbId" && WIDENED.contains(&of)
}

fn widen_field(of: &Name, field: &mut Node<FieldDefinition>) {
    if is_widened(of, &field.name) {
        let field = field.make_mut();
        field.ty = widened(&field.ty);
    }
}

fn widen_filter(of: &Name, field: &mut Node<InputValueDefinition>) {
    if is_widened(of.trim_end_matches("_Filter"), &field.name) {
        let ty = widened(&field.ty);
        field.make_mut().ty = Node::new(ty);
    }
}

fn widened(ty: &Type) -> Type {
    let name = apollo_compiler::name!("Int64String");
    match ty {
        Type::Named(_) => Type::Named(name),
        Type::NonNullNamed(_) => Type::NonNullNamed(name),
        Type::List(inner) => Type::List(Box::new(widened(inner))),
        Type::NonNullList(inner) => Type::NonNullList(Box::new(widened(inner))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Column;
    use apollo_compiler::schema::ExtendedType;

    fn objects(schema: &Schema) -> Vec<&apollo_compiler::schema::ObjectType> {
        let objects = schema.types.values().filter_map(|ty| match ty {
            ExtendedType::Object(object) if !object.name.starts_with("__") => Some(object.as_ref()),
            _ => None,
        });
        objects.collect()
    }

    #[test]
    fn the_file_as_a_whole_is_valid_and_says_how_sure_it_is() {
        let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
        let has_standing = |text: &str| ["[V]", "[I]", "[G]"].iter().any(|standing| text.starts_with(standing));
        for object in objects(&schema) {
            assert!(object.description.as_ref().is_some_and(|text| has_standing(text)), "{}", object.name);
            for (name, field) in &object.fields {
                assert!(field.description.as_ref().is_some_and(|text| has_standing(text)), "{}.{name}", object.name);
            }
        }
    }

    #[test]
    fn every_field_of_a_row_is_known_to_the_simulator() {
        let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
        for object in objects(&schema) {
            let is_frame = object.name.ends_with("Connection") || object.name.ends_with("Edge");
            if is_frame || object.name == "Query" || object.name == "PageInfo" {
                continue;
            }
            for name in object.fields.keys() {
                assert!(Column::named(name).is_some(), "{}.{name}", object.name);
            }
        }
    }

    #[test]
    fn the_currency_of_an_owner_is_not_served_unless_switched_on() {
        let calm = serve(&Dialect::default(), &Served::default()).unwrap();
        assert!(calm.type_field("Owner", "currency").is_err());
        let dialect = Dialect { owner_currency: true, ..Dialect::default() };
        assert!(serve(&dialect, &Served::default()).unwrap().type_field("Owner", "currency").is_ok());
    }

    #[test]
    fn the_served_schema_can_differ() {
        let served = Served {
            lacks: ["Transaction.taxAmount".to_owned(), "Transaction_Filter.dbId_in".to_owned()].into(),
            renames: [("Transaction_Filter".to_owned(), "LedgerFilter".to_owned())].into(),
            requires: [("Query.accounts".to_owned(), [("entityId".to_owned(), "Int!".to_owned())].into())].into(),
            adds: [("OwnerSet".to_owned(), vec!["SIBLINGS".to_owned()])].into(),
        };
        let absent = serve(&Dialect::default(), &served).unwrap_err();
        assert!(absent.contains("there is no Transaction_Filter.dbId_in"), "{absent}");
        let lacks = ["Transaction.taxAmount".to_owned(), "LedgerFilter.dbId_in".to_owned()].into();
        let schema = serve(&Dialect::default(), &Served { lacks, ..served }).unwrap();
        assert!(schema.type_field("Transaction", "taxAmount").is_err());
        assert!(!schema.types.contains_key("Transaction_Filter") && schema.types.contains_key("APTransaction_Filter"));
        assert!(!schema.get_input_object("LedgerFilter").unwrap().fields.contains_key("dbId_in"));
        assert!(schema.type_field("Query", "accounts").unwrap().arguments.iter().any(|of| of.name == "entityId"));
        assert!(schema.get_enum("OwnerSet").unwrap().values.contains_key("SIBLINGS"));
    }
}
