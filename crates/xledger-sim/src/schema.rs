//! The served schema: the one file, without the guesses that are not switched on.

use crate::dialect::Dialect;
use crate::server::Error;
use apollo_compiler::ast::{Definition, DirectiveList, Document, FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};

/// The schema file, guesses included.
pub const SCHEMA: &str = include_str!("../schema.graphql");

/// Types whose ids become `Int64String` with `wide_ids`.
const WIDENED: [&str; 4] = ["APTransaction", "Supplier", "Subledger", "TransactionHeader"];

/// Makes the served schema.
pub(crate) fn serve(dialect: &Dialect) -> Result<Valid<Schema>, Error> {
    let mut document =
        Document::parse(SCHEMA, "schema.graphql").map_err(|invalid| Error::Schema(invalid.errors.to_string()))?;
    let kept = |directives: &DirectiveList| match switch(directives) {
        Some(switch) => dialect.guesses(&switch),
        None => true,
    };
    document.definitions.retain(|definition| match definition {
        Definition::DirectiveDefinition(_) => false,
        Definition::ObjectTypeDefinition(object) => kept(&object.directives),
        _ => true,
    });
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) => {
                let object = object.make_mut();
                object.directives = DirectiveList::new();
                object.fields.retain(|field| kept(&field.directives));
                for field in &mut object.fields {
                    field.make_mut().directives = DirectiveList::new();
                    if dialect.wide_ids {
                        widen_field(&object.name, field);
                    }
                }
            }
            Definition::InputObjectTypeDefinition(input) => {
                let input = input.make_mut();
                input.fields.retain(|field| kept(&field.directives));
                for field in &mut input.fields {
                    field.make_mut().directives = DirectiveList::new();
                    if dialect.wide_ids {
                        widen_filter(&input.name, field);
                    }
                }
            }
            _ => {}
        }
    }
    document.to_schema_validate().map_err(|invalid| Error::Schema(invalid.errors.to_string()))
}

fn switch(directives: &DirectiveList) -> Option<String> {
    let guess = directives.get("guess")?;
    guess.specified_argument_by_name("switch")?.as_str().map(str::to_owned)
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
    fn guesses_are_not_served_unless_switched_on() {
        let calm = serve(&Dialect::default()).unwrap();
        assert!(calm.type_field("Owner", "currency").is_err());
        assert!(!calm.to_string().contains("@guess"));
        let mut dialect = Dialect::default();
        dialect.guesses.insert("owner_currency".to_owned());
        assert!(serve(&dialect).unwrap().type_field("Owner", "currency").is_ok());
    }
}
