//! What the `errors[]` of an answer mean. By code where Xledger has one; by what the words must be about where nobody has seen them.

use jiff::Timestamp;
use serde_json::Value;

use super::error::Error;
use super::query::Query;
use crate::told::lines::is_obeyed;

/// The one of several errors to act on, if there is any. `rows` are those that the query asked for; the token is taken out of every text.
pub(crate) fn of(query: Query, rows: usize, errors: &[Value], token: &str) -> Option<Error> {
    let mut worst = errors.iter().map(|error| classify(query, rows, error, token)).min_by_key(rank)?;
    if let Error::RightMissing { fields, .. } = &mut worst {
        // All that is denied is told at once.
        let denied = errors.iter().map(|error| classify(query, rows, error, token));
        for error in denied {
            let Error::RightMissing { fields: more, .. } = error else { continue };
            fields.extend(more);
        }
        fields.sort();
        fields.dedup();
    }
    Some(worst)
}

fn classify(query: Query, rows: usize, error: &Value, token: &str) -> Error {
    let text = error["message"].as_str().unwrap_or_default();
    let message = printable(text, token);
    let extensions = &error["extensions"];
    let reset_at = extensions["resetAt"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let code = [&error["code"], &extensions["code"]].into_iter().find(|code| !code.is_null());
    let code = code.map_or_else(|| "none".to_owned(), |code| printable(&plain(code), token));
    let path = error["path"].as_array().map_or_else(|| "none".to_owned(), |path| path_text(path, token));
    let words = text.to_lowercase();
    match code.as_str() {
        "BAD_REQUEST.BURST_RATE_LIMIT_REACHED" => Error::BurstLimit,
        "BAD_REQUEST.CONCURRENCY_LIMIT_REACHED" => Error::ConcurrencyLimit,
        "BAD_REQUEST.INSUFFICIENT_CREDITS" => Error::CreditsUsedUp { reset_at },
        code if (words.contains("ownerset") || words.contains("owner set"))
            && (INVALID.contains(&code) || denies(&words, code)) =>
        {
            Error::OwnerSetRefused { message }
        }
        code if INVALID.contains(&code) => Error::SchemaMismatch { query: query.name, code: code.to_owned(), message },
        _ if words.contains("query timed out") => Error::QueryTimedOut { query: query.name, rows },
        _ if words.contains("bad format for api token") => Error::TokenMalformed,
        _ if path != "none" && denies(&words, &code) => {
            Error::RightMissing { query, fields: vec![field_of(&error["path"], token)], message }
        }
        _ if denies(&words, &code) && words.contains("token") => Error::TokenRefused { message },
        _ if code.to_uppercase().contains("UNAUTHENTICATED") => Error::TokenRefused { message },
        _ if denies(&words, &code) => Error::RightMissing { query, fields: Vec::new(), message },
        _ => Error::Api { query: query.name, code, path, message },
    }
}

/// What GraphQL libraries call a document or a variable that the schema does not take.
const INVALID: &[&str] = &[
    "ARGUMENTS_OF_CORRECT_TYPE",
    "FIELDS_ON_CORRECT_TYPE",
    "GRAPHQL_VALIDATION_FAILED",
    "INVALID_VALUE",
    "KNOWN_ARGUMENT_NAMES",
    "KNOWN_TYPE_NAMES",
    "NO_UNDEFINED_VARIABLES",
    "PROVIDED_NON_NULL_ARGUMENTS",
    "SCALAR_LEAFS",
    "SYNTAX_ERROR",
    "VALIDATION_ERROR",
    "VARIABLES_ARE_INPUT_TYPES",
    "VARIABLES_IN_ALLOWED_POSITION",
];

/// The path of a field below the rows of its root: `address.country` of `suppliers/edges/3/node/address/country`.
fn field_of(path: &Value, token: &str) -> String {
    let names = path.as_array().into_iter().flatten().skip(1).filter_map(Value::as_str);
    let names: Vec<&str> = names.filter(|name| !matches!(*name, "edges" | "node")).collect();
    let kept = names.join(".").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').take(200).collect::<String>();
    if kept.contains(token) { String::new() } else { kept }
}

/// A server's text, fit for a log: short, on one line, without the token and without what a terminal would obey.
pub(super) fn printable(text: &str, token: &str) -> String {
    text.replace(token, "***").chars().map(|c| if is_obeyed(c) { ' ' } else { c }).take(300).collect()
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `transactions/edges/3/node/text`.
fn path_text(path: &[Value], token: &str) -> String {
    let names: Vec<String> = path.iter().map(plain).collect();
    let shown: String = names.join("/").chars().filter(char::is_ascii_graphic).collect();
    shown.replace(token, "***").chars().take(200).collect()
}

/// Whether the words or the code of an error deny access.
fn denies(words: &str, code: &str) -> bool {
    let code = code.to_uppercase();
    ["access", "permission", "not authorized", "unauthorized", "not allowed", "forbidden", "revoked", "expired"]
        .iter()
        .any(|w| words.contains(w))
        || ["UNAUTHORIZED", "FORBIDDEN", "ACCESS", "PERMISSION"].iter().any(|w| code.contains(w))
        || (words.contains("token") && (words.contains("invalid") || words.contains("unknown")))
}

/// Of several errors the one to act on: first what a wait cures, then what a person must do, then the rest.
fn rank(error: &Error) -> u8 {
    match error {
        Error::CreditsUsedUp { .. } => 0,
        Error::BurstLimit => 1,
        Error::ConcurrencyLimit => 2,
        Error::TokenMalformed | Error::TokenRefused { .. } => 3,
        Error::RightMissing { .. } | Error::OwnerSetRefused { .. } => 4,
        Error::QueryTimedOut { .. } => 6,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;
    use serde_json::json;

    fn read(errors: Value) -> String {
        let error = of(query::SUPPLIERS, 100, errors.as_array().unwrap(), "s3cret").unwrap();
        let debug = format!("{error:?}");
        assert!(!debug.contains("s3cret") && !debug.contains('\n'), "{debug}");
        debug.split([' ', '(']).next().unwrap().to_owned()
    }

    #[test]
    fn errors_are_told_apart() {
        for (errors, kind) in [
            (json!([{"message": "x", "code": "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"}]), "BurstLimit"),
            (
                json!([{"message": "x", "extensions": {"code": "BAD_REQUEST.CONCURRENCY_LIMIT_REACHED"}}]),
                "ConcurrencyLimit",
            ),
            (json!([{"code": "BAD_REQUEST.INSUFFICIENT_CREDITS", "extensions": {"resetAt": 7}}]), "CreditsUsedUp"),
            (json!([{"message": "x", "extensions": {"code": "INVALID_VALUE"}}]), "SchemaMismatch"),
            (json!([{"message": "Your query timed out."}]), "QueryTimedOut"),
            (
                json!([{"message": "Bad format for API Token. Expected header: \"Authorization: token <your-token>\""}]),
                "TokenMalformed",
            ),
            (json!([{"message": "Unknown token s3cret"}]), "TokenRefused"),
            (json!([{"message": "No", "code": "UNAUTHENTICATED"}]), "TokenRefused"),
            (json!([{"message": "No access", "path": ["transactions", "edges", 3, "node", "text"]}]), "RightMissing"),
            (json!([{"message": "No access", "path": ["a s3cret", "s3 cret"]}]), "RightMissing"),
            (json!([{"message": "new\nand s3cret", "code": 17, "path": "odd", "extensions": "odd"}]), "Api"),
            (json!([null]), "Api"),
            (json!([{"message": "x", "extensions": {"code": "PROVIDED_NON_NULL_ARGUMENTS"}}]), "SchemaMismatch"),
            // Of several, the one that says most about what to do.
            (json!([{"message": "odd"}, {"code": "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"}]), "BurstLimit"),
        ] {
            assert_eq!(read(errors.clone()), kind, "{errors}");
        }
        assert_eq!(of(query::SUPPLIERS, 1, &[], "t"), None);
    }

    #[test]
    fn all_that_is_denied_is_told_at_once() {
        let denied = |path| json!({"message": "No access", "path": path});
        let errors = [
            denied(json!(["suppliers", "edges", 0, "node", "contact"])),
            denied(json!(["suppliers", "edges", 0, "node", "address", "country"])),
            json!({"message": "odd"}),
        ];
        let Some(Error::RightMissing { fields, .. }) = of(query::SUPPLIERS, 1, &errors, "s3cret") else { panic!() };
        assert_eq!(fields, ["address.country", "contact"]);
        let Some(Error::RightMissing { fields, .. }) =
            of(query::SUPPLIERS, 1, &[denied(json!(["suppliers"]))], "s3cret")
        else {
            panic!()
        };
        assert_eq!(fields, [""]);
    }
}
