//! Figures, aligned lines, quoted texts and JSON for a person to read, sanitized for a terminal.

pub mod figures;
pub mod lines;
pub mod quoted;

use serde::Serialize;

use crate::model::failure::{Failure, FailureKind};

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
