//! What an API token looks like. Its text is never shown.

use secrecy::SecretString;

/// Takes a token as it was given.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub(crate) fn parse(text: &str) -> Result<SecretString, &'static str> {
    let token = text.trim();
    if token.is_empty() {
        return Err("is empty; it is the API token that Xledger showed when it was made");
    }
    if token.to_ascii_lowercase().starts_with("token ") || token.to_ascii_lowercase().starts_with("bearer ") {
        return Err(
            "begins with a word that belongs to the request's header; leave out `token ` and give the token alone",
        );
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(
            "holds spaces, line breaks or characters that no token has; give the token alone, as Xledger showed it",
        );
    }
    Ok(SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_token_stands_alone() {
        assert!(parse(" abc-123/+= \n").is_ok());
        for text in ["", "  ", "token abc", "Bearer abc", "a b", "a\nb", "æ"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
