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
