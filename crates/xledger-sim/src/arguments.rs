//! The arguments of a field: variables put in, and every value checked against its type.

use crate::company::date::{read_day, read_time};
use crate::problem::Problem;
use apollo_compiler::ast::{Type, Value};
use apollo_compiler::executable::Field;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};

/// The arguments of a field as JSON. An argument or key whose variable was not given is left out.
pub(crate) fn resolve(schema: &Schema, field: &Field, variables: &JsonMap) -> Result<JsonMap, Problem> {
    let mut resolved = JsonMap::new();
    for definition in &field.definition.arguments {
        let given = field.arguments.iter().find(|argument| argument.name == definition.name);
        let value = given.and_then(|argument| json(&argument.value, variables));
        let value = value.or_else(|| definition.default_value.as_ref().and_then(|value| json(value, variables)));
        if let Some(value) = value {
            check(schema, &definition.ty, &value, &definition.name)?;
            resolved.insert(definition.name.as_str(), value);
        }
    }
    Ok(resolved)
}

fn json(value: &Node<Value>, variables: &JsonMap) -> Option<JsonValue> {
    Some(match value.as_ref() {
        Value::Null => JsonValue::Null,
        Value::Variable(name) => return variables.get(name.as_str()).cloned(),
        Value::Enum(name) => name.as_str().into(),
        Value::String(text) => text.as_str().into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Int(number) => JsonValue::Number(number.as_str().parse().ok()?),
        Value::Float(number) => JsonValue::Number(number.as_str().parse().ok()?),
        Value::List(items) => JsonValue::Array(items.iter().filter_map(|item| json(item, variables)).collect()),
        Value::Object(entries) => {
            let mut object = JsonMap::new();
            for (key, value) in entries {
                if let Some(value) = json(value, variables) {
                    object.insert(key.as_str(), value);
                }
            }
            JsonValue::Object(object)
        }
    })
}

/// Checks the scalars that the GraphQL library takes for anything.
fn check(schema: &Schema, ty: &Type, value: &JsonValue, name: &str) -> Result<(), Problem> {
    if value.is_null() {
        return if ty.is_non_null() { Err(wrong(ty, name)) } else { Ok(()) };
    }
    if ty.is_list() {
        return match value {
            JsonValue::Array(items) => items.iter().try_for_each(|item| check(schema, ty.item_type(), item, name)),
            single => check(schema, ty.item_type(), single, name),
        };
    }
    let type_name = ty.inner_named_type();
    if let Some(ExtendedType::InputObject(input)) = schema.types.get(type_name) {
        let entries = value.as_object().ok_or_else(|| wrong(ty, name))?;
        return entries.iter().try_for_each(|(key, value)| match input.fields.get(key.as_str()) {
            Some(field) => check(schema, &field.ty, value, key.as_str()),
            None => Err(Problem::invalid("ARGUMENTS_OF_CORRECT_TYPE", format!("Unknown field '{}'.", key.as_str()))),
        });
    }
    let text = value.as_str();
    let right = match type_name.as_str() {
        "Int64String" => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        "DateString" => text.is_some_and(|text| read_day(text).is_some()),
        "DateTimeString" => text.is_some_and(|text| read_time(text).is_some()),
        "Decimal" => text.is_some_and(|text| text.parse::<f64>().is_ok()),
        _ => true,
    };
    if right { Ok(()) } else { Err(wrong(ty, name)) }
}

fn wrong(ty: &Type, name: &str) -> Problem {
    Problem::invalid("INVALID_VALUE", format!("Argument '{name}' has an invalid value: expected type '{ty}'."))
}
