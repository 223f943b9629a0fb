//! What the `errors[]` of an answer mean: by code where Xledger has one, else by words that a message of that meaning must hold, for nobody has seen
//! it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::error::Error;
use super::query::{LEDGER_INDEX, LEDGER_REFERENCES, PAYABLE_INDEX, Query};
use super::rights;
use super::scalar;
use crate::display::lines::is_control_char as is_obeyed;

/// The one of several errors to act on, if there is any. `rows` are those that the query asked for; the token is taken out of every text. A token
/// that `is_accepted` by now is refused by a code alone: words about it may be of a right.
pub(crate) fn classify_all(
    query: Query,
    rows: usize,
    errors: &[Value],
    token: &str,
    is_accepted: bool,
) -> Option<Error> {
    errors.iter().map(|error| classify(query, rows, error, token, is_accepted)).min_by_key(rank)
}

fn classify(query: Query, rows: usize, error: &Value, token: &str, is_accepted: bool) -> Error {
    let text = error["message"].as_str().unwrap_or_default();
    let message = sanitize(text, token);
    let extensions = &error["extensions"];
    // Xledger's own codes stand at the top, the GraphQL library's below `extensions`, where it may list several.
    let of_list = extensions["codes"].as_array().into_iter().flatten();
    let codes: Vec<String> = [&error["code"], &extensions["code"]]
        .into_iter()
        .chain(of_list)
        .filter(|code| !code.is_null())
        .map(|code| sanitize(&plain(code), token))
        .collect();
    let code_of = |known: &str| codes.iter().find(|code| known.split(' ').any(|known| known == *code)).cloned();
    let has = |known| code_of(known).is_some();
    let words = text.to_lowercase();
    let denied = looks_denied(&words, &codes);
    let invalid = code_of(INVALID);
    if has("BAD_REQUEST.BURST_RATE_LIMIT_REACHED") {
        Error::BurstLimit
    } else if has("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED") {
        Error::ConcurrencyLimit
    } else if has("BAD_REQUEST.INSUFFICIENT_CREDITS") || words.contains("not enough credits") {
        Error::CreditsUsedUp { reset_at: time(&extensions["resetAt"]) }
    } else if words.contains("too many requests") {
        Error::BurstLimit
    } else if (words.contains("ownerset") || words.contains("owner set")) && (invalid.is_some() || denied) {
        Error::OwnerSetRefused { message }
    } else if let Some(code) = invalid {
        Error::SchemaMismatch { query: query.name, code, message }
    } else if has("COMPLEXITY") {
        Error::TooComplex { query: query.name, message }
    } else if !denied && (has(NOT_RESOLVED) || NOT_RESOLVED_WORDS.iter().any(|known| words.contains(known))) {
        Error::NotResolved { query: query.name, rows, message }
    } else if words.contains("bad format for api token") {
        Error::TokenMalformed
    } else if words.contains("access denied for schema")
        || error["path"].is_null() && denied && says_token(&words) && !is_accepted
        || codes.iter().any(|code| code.to_uppercase().contains("UNAUTHENTICATED"))
    {
        Error::TokenRefused { message }
    } else if denied {
        Error::RightMissing { query, fields: Vec::new(), message }
    } else {
        let path = error["path"].as_array().map(|path| path.iter().map(plain).collect::<Vec<_>>().join("/"));
        let path = path.map_or_else(|| "none".to_owned(), |path| sanitize(&path, token));
        let code = codes.into_iter().next().unwrap_or_else(|| "none".to_owned());
        Error::Api { query: query.name, code, path, message }
    }
}

/// A row of a page and its field that is not resolved.
type UnresolvedField<'a> = (usize, &'a str);

/// The rows of a page that have a field which is not resolved, if nothing else is wrong with the answer: GraphQL then has null for the field, and the
/// error names the row.
fn unresolved_fields<'a>(
    query: Query,
    rows: usize,
    errors: &'a [Value],
    token: &str,
) -> Option<Vec<UnresolvedField<'a>>> {
    let field = |error: &'a Value| match error["path"].as_array()?.as_slice() {
        [_, edges, place, node, field, ..] if edges == "edges" && node == "node" => {
            Some((usize::try_from(place.as_u64()?).ok()?, field.as_str()?))
        }
        _ => None,
    };
    let is_not_resolved =
        |error: &&Value| matches!(classify(query, rows, error, token, true), Error::NotResolved { .. });
    errors.iter().map(|error| field(Some(error).filter(is_not_resolved)?)).collect()
}

/// The places of the rows to do without, if an answer with such rows is of use; none, where they are used without the field.
///
/// Payroll is known by the lists alone. A listed line without a header is refused, and so is what shares its match. Without another field, or without the
/// row, something could be taken for no payroll: then there is no answer.
pub(crate) fn rows_to_drop(query: Query, rows: usize, errors: &[Value], token: &str) -> Option<BTreeSet<usize>> {
    let fields = unresolved_fields(query, rows, errors, token)?;
    let is_list = [LEDGER_INDEX, PAYABLE_INDEX, LEDGER_REFERENCES].contains(&query);
    match is_list {
        false => Some(fields.into_iter().map(|(place, _)| place).collect()),
        true if fields.iter().all(|(_, field)| ["header", "transactionHeader"].contains(field)) => {
            Some(BTreeSet::new())
        }
        true => None,
    }
}

/// What the GraphQL library calls a fault while a field is resolved.
const NOT_RESOLVED: &str = "TIMEOUT SQL TASK_CANCELED OPERATION_CANCELED NULL_REFERENCE OBJECT_DISPOSED";
/// The same in words: Xledger's own, the library's, and those of what the server is most probably made with.
const NOT_RESOLVED_WORDS: &[&str] = &[
    "query timed out",
    "operation has timed out",
    "timeout expired",
    "timeout period elapsed",
    "disposed object",
    "error trying to resolve field",
];

/// When credits are back. The form is not known: with an offset, without one (Central European then, as all times of Xledger), or a number of
/// seconds or milliseconds.
fn time(reset_at: &Value) -> Option<Timestamp> {
    let text = plain(reset_at);
    let since_1970 = || {
        let number: f64 = text.parse().ok()?;
        let ms = if number < 1e11 { number * 1_000.0 } else { number };
        // None that would be a time before 2001.
        Timestamp::from_millisecond(ms as i64).ok().filter(|_| (1e12..1e14).contains(&ms))
    };
    text.parse().ok().or_else(|| scalar::instant(&text)).or_else(since_1970)
}

/// What GraphQL libraries call a document or a variable that the schema does not take.
const INVALID: &str = "ARGUMENTS_OF_CORRECT_TYPE DEFAULT_VALUES_OF_CORRECT_TYPE FIELDS_ON_CORRECT_TYPE FRAGMENTS_ON_COMPOSITE_TYPES \
    GRAPHQL_VALIDATION_FAILED INVALID_LITERAL INVALID_OPERATION INVALID_VALUE KNOWN_ARGUMENT_NAMES KNOWN_DIRECTIVES \
    KNOWN_FRAGMENT_NAMES KNOWN_TYPE_NAMES NO_INTROSPECTION NO_OPERATION NO_UNDEFINED_VARIABLES NO_UNUSED_FRAGMENTS \
    NO_UNUSED_VARIABLES OVERLAPPING_FIELDS_CAN_BE_MERGED PROVIDED_NON_NULL_ARGUMENTS SCALAR_LEAFS SYNTAX_ERROR \
    VALIDATION_ERROR VARIABLES_ARE_INPUT_TYPES VARIABLES_IN_ALLOWED_POSITION";

/// A server's text, fit for a log: short, on one line, without the token and without what a terminal would obey.
pub(super) fn sanitize(text: &str, token: &str) -> String {
    text.replace(token, "***").chars().map(|c| if is_obeyed(c) { ' ' } else { c }).take(300).collect()
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether an error seems to deny access. It decides what a person is told; what a refresh does without is found by asking.
fn looks_denied(words: &str, codes: &[String]) -> bool {
    const OF_CODES: [&str; 4] = ["unauthorized", "forbidden", "access", "permission"];
    const OF_WORDS: [&str; 9] = [
        "unauthorized",
        "forbidden",
        "permission",
        "not authorized",
        "not allowed",
        "access denied",
        "access is denied",
        "no access",
        "not have access",
    ];
    const OF_TOKENS: [&str; 5] = ["expired", "revoked", "invalid", "not valid", "unknown"];
    let codes = codes.join(" ").to_lowercase();
    OF_CODES.iter().any(|known| codes.contains(known))
        || OF_WORDS.iter().any(|known| words.contains(known))
        || (says_token(words) && OF_TOKENS.iter().any(|known| words.contains(known)))
}

/// Whether words are of the token, and name no right that it lacks.
pub(super) fn is_of_token(message: &str) -> bool {
    says_token(&message.to_lowercase()) && !rights::all().any(|(_, right)| message.contains(right))
}

/// Whether the word itself is there: a `CancellationTokenSource` is no token.
fn says_token(words: &str) -> bool {
    words.split(|c: char| !c.is_alphanumeric()).any(|word| word == "token")
}

/// Of several errors the one to act on: first what a wait cures, then what a person must do, then the rest.
fn rank(error: &Error) -> u8 {
    match error {
        Error::CreditsUsedUp { .. } => 0,
        Error::BurstLimit => 1,
        Error::ConcurrencyLimit => 2,
        Error::TokenMalformed | Error::TokenRefused { .. } => 3,
        Error::RightMissing { .. } | Error::OwnerSetRefused { .. } => 4,
        Error::NotResolved { .. } | Error::TooComplex { .. } => 6,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;
    use serde_json::json;

    fn read(errors: Value) -> String {
        let error = classify_all(query::SUPPLIERS, 100, errors.as_array().unwrap(), "s3cret", false).unwrap();
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
            (json!([{"message": "Your query timed out."}]), "NotResolved"),
            (
                json!([{"message": "Bad format for API Token. Expected header: \"Authorization: token <your-token>\""}]),
                "TokenMalformed",
            ),
            (json!([{"message": "Unknown token s3cret"}]), "TokenRefused"),
            (json!([{"message": "No", "code": "UNAUTHENTICATED"}]), "TokenRefused"),
            (json!([{"message": "No access", "path": ["transactions", "edges", 3, "node", "text"]}]), "RightMissing"),
            (
                json!([{"message": "Access denied for schema.", "extensions": {"code": "ACCESS_DENIED"}}]),
                "TokenRefused",
            ),
            (
                json!([{"message": "Access denied for type 'Currency' for field 'currency' on type 'Transaction'.",
                    "extensions": {"code": "ACCESS_DENIED", "codes": ["ACCESS_DENIED"]}}]),
                "RightMissing",
            ),
            (
                json!([{"message": "Error trying to resolve field 'accounts'.", "path": ["accounts"],
                    "extensions": {"code": "SQL"}}]),
                "NotResolved",
            ),
            (json!([{"message": "x", "extensions": {"codes": ["A", "TASK_CANCELED"]}}]), "NotResolved"),
            (json!([{"message": "The operation has timed out."}]), "NotResolved"),
            (json!([{"message": "Too many requests"}]), "BurstLimit"),
            (json!([{"message": "Not enough credits"}]), "CreditsUsedUp"),
            (
                json!([{"message": "x", "extensions": {"codes": ["A", "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"]}}]),
                "BurstLimit",
            ),
            (json!([{"message": "x", "code": "X", "extensions": {"code": "NO_INTROSPECTION"}}]), "SchemaMismatch"),
            (json!([{"message": "new\nand s3cret", "code": 17, "path": "odd", "extensions": "odd"}]), "Api"),
            (json!([null]), "Api"),
            (json!([{"message": "x", "extensions": {"code": "PROVIDED_NON_NULL_ARGUMENTS"}}]), "SchemaMismatch"),
            // Of several, the one that says most about what to do.
            (json!([{"message": "odd"}, {"code": "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"}]), "BurstLimit"),
        ] {
            assert_eq!(read(errors.clone()), kind, "{errors}");
        }
        assert_eq!(classify_all(query::SUPPLIERS, 1, &[], "t", false), None);
    }

    #[test]
    fn words_that_only_look_like_a_refusal() {
        let field = json!(["suppliers", "edges", 0, "node", "subledgerGroup"]);
        for (error, before, after) in [
            (
                json!({"message": "Error trying to resolve field 'subledgerGroup'.", "path": field,
                    "extensions": {"code": "UNAUTHORIZED_ACCESS", "codes": ["UNAUTHORIZED_ACCESS"]}}),
                "RightMissing",
                "RightMissing",
            ),
            (
                json!({"message": "Execution Timeout Expired.  The timeout period elapsed prior to completion.", "path": ["t"]}),
                "NotResolved",
                "NotResolved",
            ),
            (json!({"message": "Cannot access a disposed object."}), "NotResolved", "NotResolved"),
            (
                json!({"message": "Cannot access a disposed object. Object name: 'CancellationTokenSource'."}),
                "NotResolved",
                "NotResolved",
            ),
            (json!({"message": "The token was cancelled; it has no handle."}), "Api", "Api"),
            (json!({"message": "Your trial has expired."}), "Api", "Api"),
            (json!({"message": "The API token does not have access to Subledger."}), "TokenRefused", "RightMissing"),
            (json!({"message": "The token has expired."}), "TokenRefused", "RightMissing"),
            (json!({"message": "The token has expired.", "code": "UNAUTHENTICATED"}), "TokenRefused", "TokenRefused"),
            (
                json!({"message": "Query is too complex to execute.", "extensions": {"code": "COMPLEXITY"}}),
                "TooComplex",
                "TooComplex",
            ),
        ] {
            let message = error["message"].as_str().unwrap();
            assert_eq!(is_of_token(message), message.contains("token ") && !message.contains("Subledger"), "{message}");
            for (is_accepted, expected) in [(false, before), (true, after)] {
                let kind = classify_all(query::SUPPLIERS, 9, std::slice::from_ref(&error), "t", is_accepted);
                let kind = format!("{:?}", kind.unwrap());
                assert!(kind.starts_with(expected), "{error} {is_accepted}: {kind}");
            }
        }
    }

    #[test]
    fn the_time_of_new_credits_is_read_in_every_form() {
        let credits = |reset_at: Value| {
            let error = json!({"code": "BAD_REQUEST.INSUFFICIENT_CREDITS", "extensions": {"resetAt": reset_at}});
            match classify_all(query::SUPPLIERS, 1, &[error], "t", false) {
                Some(Error::CreditsUsedUp { reset_at }) => reset_at.map(|at| at.to_string()),
                other => panic!("{other:?}"),
            }
        };
        for form in [
            json!("2026-11-26T09:30:00Z"),
            json!("2026-11-26T10:30:00+01:00"),
            json!("2026-11-26T10:30:00"),
            json!("2026-11-26 10:30:00"),
            json!(1_795_685_400),
            json!("1795685400"),
            json!(1_795_685_400_000_i64),
        ] {
            assert_eq!(credits(form.clone()).as_deref(), Some("2026-11-26T09:30:00Z"), "{form}");
        }
        for form in [json!("soon"), json!(7), json!(null), json!({}), json!(1e300)] {
            assert_eq!(credits(form.clone()), None, "{form}");
        }
    }
}
