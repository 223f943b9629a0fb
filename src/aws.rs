//! What a call to an AWS service met, in the words of the service and no more of its answer: what the lake on S3 and the catalogue in
//! Glue have in common.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;

/// The cause below an error, for the chain that a log shows.
pub(crate) type Source = Box<dyn Error + Send + Sync>;

/// What a service said.
#[derive(Debug, thiserror::Error)]
#[error("{code} (HTTP {status}): {message} [request {request}]")]
pub(crate) struct Said {
    /// The service's word for what is wrong.
    pub(crate) code: String,
    /// The status of the HTTP answer.
    pub(crate) status: u16,
    message: String,
    request: String,
}

/// How a call ended that did not succeed.
#[derive(Debug)]
pub(crate) enum Unsuccessful {
    /// The service answered, and said so.
    Said(Said),
    /// There were no credentials to sign the request with.
    NoCredentials(Source),
    /// The request could not be made.
    Unmade(Source),
    /// No answer, or one that says nothing: it may have happened.
    Lost(Source),
}

impl Unsuccessful {
    /// How this call ended.
    pub(crate) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(answer) => Self::Said(Said {
                code: answer.err().code().unwrap_or("no code").to_owned(),
                status: answer.raw().status().as_u16(),
                message: answer.err().message().unwrap_or("no message").to_owned(),
                request: answer.err().meta().request_id().unwrap_or("unknown").to_owned(),
            }),
            _ if credentials_failed(&error) => Self::NoCredentials(source(error)),
            SdkError::ConstructionFailure(_) => Self::Unmade(source(error)),
            _ => Self::Lost(source(error)),
        }
    }
}

impl Said {
    /// Whether the credentials are the fault: expired, or not known to AWS.
    pub(crate) fn blames_credentials(&self) -> bool {
        matches!(
            self.code.as_str(),
            "InvalidAccessKeyId"
                | "UnrecognizedClientException"
                | "SignatureDoesNotMatch"
                | "InvalidSignatureException"
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "InvalidToken"
                | "InvalidClientTokenId"
                | "TokenRefreshRequired"
                | "RequestTimeTooSkewed"
        )
    }

    /// Whether its words hold these small letters, or the same as capitals.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.message.to_ascii_lowercase().contains(words)
    }

    /// Whether the service asks to come back later, and nothing happened.
    pub(crate) fn asks_for_patience(&self) -> bool {
        matches!(
            self.code.as_str(),
            "SlowDown" | "ServiceUnavailable" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded"
        ) || matches!(self.status, 429 | 503)
    }
}

/// The cause below the SDK's own wrapping.
fn source<E>(error: SdkError<E, HttpResponse>) -> Source
where
    E: Error + Send + Sync + 'static,
{
    error.into_source().unwrap_or_else(|error| error.to_string().into())
}

/// Whether the SDK had no credentials to sign with.
fn credentials_failed(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source())
        .any(|error| error.is::<CredentialsError>())
}
