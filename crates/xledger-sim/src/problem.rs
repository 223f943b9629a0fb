//! What an answer's `errors` say, and as which shape.

use serde_json::{Value as Json, json};

/// What Xledger says of a query that took too long; it has no code.
pub(crate) const TIMED_OUT: &str = "Your query timed out.";

/// One entry of `errors`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problem {
    pub(crate) message: String,
    /// Xledger's own codes: `errors[].code`.
    pub(crate) code: Option<String>,
    /// Codes of the GraphQL library: `errors[].extensions.code`.
    pub(crate) library_code: Option<&'static str>,
    /// `errors[].extensions.resetAt`.
    pub(crate) reset_at: Option<String>,
    pub(crate) path: Vec<Json>,
    pub(crate) kind: Kind,
}

/// What decides the HTTP status and the shape around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    #[default]
    Limit,
    Token,
    Invalid,
    Right,
}

/// Why a request is not answered at all.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Vec<Problem>);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Problem {
    /// Xledger's own error; an empty code is left out.
    pub(crate) fn own(code: &str, message: impl Into<String>) -> Self {
        let code = (!code.is_empty()).then(|| code.to_owned());
        Self { message: message.into(), code, ..Self::default() }
    }

    /// The GraphQL library's error about an invalid query.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        let library_code = Some(code);
        Self { message: message.into(), library_code, kind: Kind::Invalid, ..Self::default() }
    }

    /// The token may not read this.
    pub(crate) fn right(right: &str, path: Vec<Json>) -> Self {
        let message = format!("You do not have access to read {right}.");
        Self { message, code: Some("FORBIDDEN".to_owned()), path, kind: Kind::Right, ..Self::default() }
    }

    /// The code for the journal.
    pub(crate) fn any_code(&self) -> String {
        self.code.clone().or_else(|| self.library_code.map(str::to_owned)).unwrap_or_else(|| self.message.clone())
    }

    /// As it stands in the answer.
    pub(crate) fn json(&self) -> Json {
        let mut entry = json!({ "message": self.message });
        if let Some(code) = &self.code {
            entry["code"] = json!(code);
        }
        if let Some(code) = self.library_code {
            entry["extensions"]["code"] = json!(code);
        }
        if let Some(reset_at) = &self.reset_at {
            entry["extensions"]["resetAt"] = json!(reset_at);
        }
        if !self.path.is_empty() {
            entry["path"] = json!(self.path);
        }
        entry
    }
}
