//! Reads the API token from Secrets Manager.

use secrecy::SecretString;

use crate::aws::{CallError, no_answer, no_credentials, no_region};
use crate::model::failure::{Failure, FailureKind, with_causes};
use crate::model::token;

/// What AWS says of a secret that has no value, and not of one that does not exist; it has one code for both.
const NO_VALUE: &str = "secret value";

/// Reads the token in a secret, which is a plain string, or JSON with the key `token`.
///
/// # Errors
/// [`FailureKind::SettingsInvalid`] if no AWS region is known, [`FailureKind::SecretUnreadable`] if Secrets Manager does not give the secret
/// out, [`FailureKind::TokenMissing`] if nothing is in it, [`FailureKind::TokenMalformed`] if it can be no token.
pub(crate) async fn read_token(id: &str, aws: &aws_config::SdkConfig) -> Result<SecretString, Failure> {
    if aws.region().is_none() {
        return Err(Failure::new(FailureKind::SettingsInvalid, no_region(&format!("the secret {id}"))));
    }
    let Some(text) = read(id, aws).await? else {
        let message =
            format!("the secret {id} is empty; store the API token in it with `aws secretsmanager put-secret-value`");
        return Err(Failure::new(FailureKind::TokenMissing, message));
    };
    let token = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
        Ok(keys) => keys.get("token").and_then(|token| token.as_str()).unwrap_or_default().to_owned(),
        Err(_) if text.starts_with('{') => String::new(),
        Err(_) => text,
    };
    if token.is_empty() {
        let message = format!(
            "the secret {id} is JSON without a key `token` that holds a text; store {{\"token\": \"…\"}} or the token alone"
        );
        return Err(Failure::new(FailureKind::TokenMalformed, message));
    }
    token::parse(&token)
        .map_err(|what| Failure::new(FailureKind::TokenMalformed, format!("the token in the secret {id} {what}")))
}

/// The text in a secret; `None` if it has no value yet, or an empty one.
async fn read(id: &str, aws: &aws_config::SdkConfig) -> Result<Option<String>, Failure> {
    let answer = aws_sdk_secretsmanager::Client::new(aws).get_secret_value().secret_id(id).send().await;
    match answer.map_err(CallError::from_sdk) {
        Ok(answer) => {
            let text = answer.secret_string().unwrap_or_default().trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        Err(CallError::Service(said)) if said.code == "ResourceNotFoundException" && said.mentions(NO_VALUE) => {
            Ok(None)
        }
        Err(error) => Err(unreadable(id, error)),
    }
}

fn unreadable(id: &str, error: CallError) -> Failure {
    let (place, operation) = (format!("the secret {id}"), "secretsmanager:GetSecretValue");
    let message = match error {
        CallError::NoCredentials(source) => with_cause(no_credentials(&place), &*source),
        CallError::NoAnswer(source) => with_cause(no_answer(operation, &place), &*source),
        CallError::NotSent(source) => format!("{place} cannot be read: {}", with_causes(&*source)),
        CallError::Service(said) => match said.code.as_str() {
            "ResourceNotFoundException" => format!(
                "{place} cannot be read: it does not exist; make it, and store the token with `aws secretsmanager put-secret-value`: {said}"
            ),
            "AccessDeniedException" => format!(
                "{place} cannot be read: allow {operation} on it, and kms:Decrypt if it has a key of its own, to the role or user that this \
                 program runs as: {said}"
            ),
            _ if said.blames_credentials() => with_cause(no_credentials(&place), &said),
            _ if said.is_throttled() || said.status >= 500 => with_cause(no_answer(operation, &place), &said),
            _ => format!("{place} cannot be read: {said}"),
        },
    };
    Failure::new(FailureKind::SecretUnreadable, message)
}

fn with_cause(message: String, cause: &dyn std::error::Error) -> String {
    format!("{message}: {}", with_causes(cause))
}
