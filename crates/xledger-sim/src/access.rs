//! The `Authorization` header.

use crate::problem::{Kind, Problem};

/// Checks the header `Authorization: token <T>`.
pub(crate) fn check(header: Option<&str>, token: &str) -> Result<(), Problem> {
    let given = header.and_then(|header| header.strip_prefix("token ")).map(str::trim);
    match given {
        Some(given) if given == token => Ok(()),
        Some(given) if is_well_formed(given) => Err(refused()),
        _ => Err(malformed()),
    }
}

/// The token is not of the right form.
pub(crate) fn malformed() -> Problem {
    Problem {
        message: "Bad format for API Token. Expected header: \"Authorization: token <your-token>\"".to_owned(),
        kind: Kind::Token,
        ..Problem::default()
    }
}

/// The token is unknown, revoked or expired: code and text are guesses.
pub(crate) fn refused() -> Problem {
    let problem = Problem::own("UNAUTHENTICATED", "The API token is not valid.");
    Problem { kind: Kind::Token, ..problem }
}

fn is_well_formed(token: &str) -> bool {
    token.len() >= 8 && token.bytes().all(|byte| byte.is_ascii_graphic())
}
