//! The API token: what one looks like, and how it is read from Secrets Manager. Its text is never shown.

use secrecy::SecretString;

use crate::aws::Unsuccessful;
use crate::lake;
use crate::model::failure::{Failure, FailureKind, with_causes};
use crate::settings::TokenSource;

/// Takes a token as it was given.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub fn check(text: &str) -> Result<SecretString, &'static str> {
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

/// Reads the token of a run. A secret is a plain string, or JSON with the key `token`.
///
/// # Errors
/// [`FailureKind::SettingsInvalid`] if no AWS region is known for a secret, [`FailureKind::SecretUnreadable`] if Secrets Manager does not
/// give it out, [`FailureKind::TokenMissing`] if it is empty,
/// [`FailureKind::TokenMalformed`] if it can be no token.
pub async fn read(source: &TokenSource, aws: &aws_config::SdkConfig) -> Result<SecretString, Failure> {
    let id = match source {
        TokenSource::Given(token) => return Ok(token.clone()),
        TokenSource::Secret(id) => id,
        TokenSource::NotNeeded => {
            return Err(Failure::new(FailureKind::TokenMissing, "no token was read, for none was to be needed"));
        }
    };
    if aws.region().is_none() {
        return Err(lake::Error::NoRegion { place: format!("the secret {id}") }.into());
    }
    let answer = aws_sdk_secretsmanager::Client::new(aws).get_secret_value().secret_id(id).send().await;
    let answer = answer.map_err(|error| unreadable(id, Unsuccessful::of(error)))?;
    let text = answer.secret_string().unwrap_or_default().trim();
    if text.is_empty() {
        let message =
            format!("the secret {id} is empty; store the API token in it with `aws secretsmanager put-secret-value`");
        return Err(Failure::new(FailureKind::TokenMissing, message));
    }
    let token = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(keys) => keys.get("token").and_then(|token| token.as_str()).unwrap_or_default().to_owned(),
        Err(_) if text.starts_with('{') => String::new(),
        Err(_) => text.to_owned(),
    };
    if token.is_empty() {
        let message = format!(
            "the secret {id} is JSON without a key `token` that holds a text; store {{\"token\": \"…\"}} or the token alone"
        );
        return Err(Failure::new(FailureKind::TokenMissing, message));
    }
    check(&token)
        .map_err(|what| Failure::new(FailureKind::TokenMalformed, format!("the token in the secret {id} {what}")))
}

fn unreadable(id: &str, met: Unsuccessful) -> Failure {
    let (place, operation) = (format!("the secret {id}"), "secretsmanager:GetSecretValue");
    let message = match met {
        Unsuccessful::NoCredentials(source) => with_causes(&lake::Error::Credentials { place, source }),
        Unsuccessful::Lost(source) => with_causes(&lake::Error::Unavailable { operation, place, source }),
        Unsuccessful::Unmade(source) => format!("{place} cannot be read: {}", with_causes(&*source)),
        Unsuccessful::Said(said) => match said.code.as_str() {
            "ResourceNotFoundException" => format!(
                "{place} cannot be read: it does not exist, or has no value yet: store the token with `aws secretsmanager put-secret-value`"
            ),
            "AccessDeniedException" => format!(
                "{place} cannot be read: allow {operation} on it, and kms:Decrypt if it has a key of its own, to the role or user that this \
                 program runs as: {said}"
            ),
            _ if said.blames_credentials() => with_causes(&lake::Error::Credentials { place, source: said.into() }),
            _ if said.asks_for_patience() || said.status >= 500 => {
                with_causes(&lake::Error::Unavailable { operation, place, source: said.into() })
            }
            _ => format!("{place} cannot be read: {said}"),
        },
    };
    Failure::new(FailureKind::SecretUnreadable, message)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_token_stands_alone() {
        assert!(check(" abc-123/+= \n").is_ok());
        for text in ["", "  ", "token abc", "Bearer abc", "a b", "a\nb", "æ"] {
            assert!(check(text).is_err(), "{text:?}");
        }
    }
}
