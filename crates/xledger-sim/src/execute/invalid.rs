//! What is said of a document that the schema does not allow.

use crate::problem::{Problem, Refusal};
use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::DiagnosticList;

/// One error for each fault. With a schema, the error about an unknown field suggests fields that the type has.
pub(super) fn problems(errors: &DiagnosticList, schema: Option<&Schema>) -> Refusal {
    let problems = errors.iter().map(|error| {
        let code = match error.error.unstable_error_name() {
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
        let message = error.unstable_to_json_compat().message;
        let suggested = schema.filter(|_| code == "FIELDS_ON_CORRECT_TYPE").and_then(|of| suggestion(&message, of));
        Problem::invalid(code, suggested.unwrap_or(message))
    });
    let mut problems: Vec<_> = problems.collect();
    // An unknown field leaves its parents without a selection: the cause comes first.
    problems.sort_by_key(|problem| problem.library_code == Some("SCALAR_LEAFS"));
    Refusal(problems)
}

/// The message with the two fields of the type whose names are nearest.
fn suggestion(message: &str, schema: &Schema) -> Option<String> {
    let names: Vec<&str> = message.split(['`', '"']).skip(1).step_by(2).collect();
    let type_name = names.iter().find(|name| schema.types.contains_key(**name))?;
    let field = names.iter().find(|name| *name != type_name)?;
    let ExtendedType::Object(object) = schema.types.get(*type_name)? else { return None };
    let mut near: Vec<&str> = object.fields.keys().map(|name| name.as_str()).collect();
    near.sort_by_key(|name| distance(name, field));
    let said: Vec<String> = near.iter().take(2).map(|name| format!("'{name}'")).collect();
    let instead = said.join(" or ");
    Some(format!("Cannot query field '{field}' on type '{type_name}'. Did you mean {instead}?"))
}

/// How many letters differ between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.bytes().enumerate() {
        let mut before = at;
        row[0] = at + 1;
        for (place, right) in other.bytes().enumerate() {
            let changed = before + usize::from(left != right);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        assert_eq!(["taxAmount", "tax", "amuont"].map(|word| distance(word, "amount")), [3, 6, 2]);
        assert_eq!((distance("", "abc"), distance("abc", "abc")), (3, 0));
    }
}
