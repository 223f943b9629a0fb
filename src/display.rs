//! What a run found, for a person to read: the figures of a report as aligned lines, and JSON, sanitized for a terminal. The command line
//! prints these lines, and the function's answer to a check carries them.

pub mod figures;
pub mod lines;
pub mod quoted;

use serde::Serialize;
use serde_json::Value;

use crate::model::failure::{Failure, FailureKind};
use figures::{count, share};
use lines::{Side, aligned};

/// A count of a report, by its path in the JSON.
pub fn number(report: &Value, path: &str) -> Option<u64> {
    report.pointer(path)?.as_u64()
}

/// What became of the lines.
pub fn counts(report: &Value) -> String {
    let (Some(listed), Some(kept)) = (number(report, "/lines/listed"), number(report, "/lines/kept")) else {
        return String::new();
    };
    let mut rows = vec![["listed".to_owned(), count(listed), String::new()]];
    for (key, what, why) in [
        ("excluded_payroll", "payroll", "their amounts, texts and names were never asked for"),
        ("refused", "could not be judged", "no document type or period, or an account that no chart shows"),
        ("excluded_document_type", "other document types", "not among those that are kept"),
        ("excluded_account", "excluded accounts", "bank, VAT, payables, equity …"),
        ("excluded_history", "before the history", "in periods before SPEND_HISTORY_FROM"),
    ] {
        let left_out = number(report, &format!("/lines/{key}")).unwrap_or(0);
        if left_out > 0 {
            rows.push([format!("- {what}"), count(left_out), why.to_owned()]);
        }
    }
    rows.push(["kept".to_owned(), count(kept), format!("{} of all", share(kept, listed))]);
    for (path, what, why) in [
        ("/lines/without_account_number", "of them without account number", "an account whose code has no digits"),
        ("/lines_gone", "gone", "deleted between being listed and being fetched"),
    ] {
        rows.extend(number(report, path).filter(|n| *n > 0).map(|n| [what.to_owned(), count(n), why.to_owned()]));
    }
    let mut text = format!("\nLedger lines\n{}", aligned([Side::Left, Side::Right, Side::Left], &rows));
    let payables = [
        ("/payables/listed", "listed"),
        ("/payables/excluded_payroll", "- payroll"),
        ("/payables/not_needed", "- of vouchers that are not kept"),
        ("/payables/kept", "kept"),
        ("/payables_gone", "gone"),
    ];
    let payables = payables.map(|(path, what)| (what, number(report, path).unwrap_or(0)));
    let rows: Vec<_> =
        payables.iter().filter(|(_, n)| *n > 0).map(|(what, n)| [(*what).to_owned(), count(*n)]).collect();
    if !rows.is_empty() {
        text.push_str("\nAccounts-payable lines (they name the suppliers)\n");
        text.push_str(&aligned([Side::Left, Side::Right], &rows));
    }
    text
}

/// The document types, and how each is treated.
pub fn document_types(report: &Value) -> String {
    let types = report.get("document_types").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if types.is_empty() {
        return String::new();
    }
    let row = |kind: &Value| {
        let text = |key| kind.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let treatment = match kind.get("treatment").and_then(Value::as_str).unwrap_or_default() {
            "payroll" => "payroll, left out",
            "refused" => "without a code, left out",
            "left_out" => "left out",
            "kept" => "kept",
            other => other,
        };
        let lines = count(number(kind, "/lines").unwrap_or(0));
        [text("code"), text("description"), treatment.to_owned(), lines]
    };
    let rows: Vec<_> = types.iter().map(row).collect();
    format!("\nDocument types\n{}", aligned([Side::Left, Side::Left, Side::Left, Side::Right], &rows))
}

/// JSON to read on a terminal: indented, and without a character that a terminal would obey.
///
/// # Errors
/// [`FailureKind::ValueUnfit`] if a value has no form in JSON, such as an instant beyond the calendar.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Failure::new(FailureKind::ValueUnfit, error.to_string()))?;
    Ok(sanitize_json(&text) + "\n")
}

/// JSON with everything that a terminal would obey written out. JSON's own line breaks stay; other such characters stand inside strings
/// only, where an escape means the same.
pub(crate) fn sanitize_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if c != '\n' && lines::is_control_char(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys() {
        let value = serde_json::json!({"name": "a\u{1b}[2J\u{9b}1m\u{7f}\u{202e}b\næ"});
        let text = json(&value).unwrap();
        assert!(text.chars().all(|c| c == '\n' || !lines::is_control_char(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
