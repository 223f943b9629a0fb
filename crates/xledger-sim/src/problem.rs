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
    /// `errors[].extensions.code` and `extensions.codes`, as the GraphQL library has them of its own accord.
    pub(crate) extension_code: Option<Box<str>>,
    /// `errors[].extensions.resetAt`: a text or a number.
    pub(crate) reset_at: Option<Box<Json>>,
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
    /// The request is not begun, for lack of a right.
    Denied,
    /// A field could not be resolved: the client has to ask for it again.
    Unresolved,
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

    /// The GraphQL library's own authorisation denies a type, or a field where no type is meant.
    pub(crate) fn access_denied(type_name: Option<&str>, field: &str, of: &str) -> Self {
        let what = type_name.map_or_else(String::new, |name| format!("type '{name}' for "));
        let message = format!("Access denied for {what}field '{field}' on type '{of}'.");
        Self { message, extension_code: Some("ACCESS_DENIED".into()), kind: Kind::Denied, ..Self::default() }
    }

    /// A root could not be resolved, for a reason of this code.
    pub(crate) fn unresolved(root: &str, key: &str, code: &str) -> Self {
        let message = format!("Error trying to resolve field '{root}'.");
        let (extension_code, path) = (Some(code.into()), vec![json!(key)]);
        Self { message, extension_code, path, kind: Kind::Unresolved, ..Self::default() }
    }

    /// The code for the journal.
    pub(crate) fn any_code(&self) -> String {
        let code = self.code.as_deref().or(self.library_code).or(self.extension_code.as_deref());
        code.unwrap_or(&self.message).to_owned()
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
        if let Some(code) = &self.extension_code {
            entry["extensions"]["code"] = json!(code);
            entry["extensions"]["codes"] = json!([code]);
        }
        if let Some(reset_at) = &self.reset_at {
            entry["extensions"]["resetAt"] = reset_at.as_ref().clone();
        }
        if !self.path.is_empty() {
            entry["path"] = json!(self.path);
        }
        entry
    }
}
