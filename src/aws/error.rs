//! What a call to an AWS service met, in the words of the service and no more of its answer.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;

/// The cause below an error, for the chain that a log shows.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The error that a service answered with.
#[derive(Debug, thiserror::Error)]
#[error("{code} (HTTP {status}): {message} [request {request}]")]
pub(crate) struct ServiceError {
    /// The service's word for what is wrong.
    pub(crate) code: String,
    /// The status of the HTTP answer.
    pub(crate) status: u16,
    message: String,
    request: String,
}

/// Why a call did not succeed.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The service answered with an error.
    Service(ServiceError),
    /// There were no credentials to sign the request with.
    NoCredentials(BoxError),
    /// The request could not be made.
    NotSent(BoxError),
    /// No answer, or one that says nothing: it may have happened.
    NoAnswer(BoxError),
}

impl CallError {
    /// The mapping of an error of the SDK.
    pub(crate) fn from_sdk<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(answer) => Self::Service(ServiceError {
                code: answer.err().code().unwrap_or("no code").to_owned(),
                status: answer.raw().status().as_u16(),
                message: answer.err().message().unwrap_or("no message").to_owned(),
                request: answer.err().meta().request_id().unwrap_or("unknown").to_owned(),
            }),
            _ if credentials_failed(&error) => Self::NoCredentials(source(error)),
            SdkError::ConstructionFailure(_) => Self::NotSent(source(error)),
            _ => Self::NoAnswer(source(error)),
        }
    }
}

impl ServiceError {
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

    /// Whether the service throttles: it asks to come back later, and nothing happened.
    pub(crate) fn is_throttled(&self) -> bool {
        matches!(
            self.code.as_str(),
            "SlowDown" | "ServiceUnavailable" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded"
        ) || matches!(self.status, 429 | 503)
    }
}

/// The cause below the SDK's own wrapping.
fn source<E>(error: SdkError<E, HttpResponse>) -> BoxError
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

/// The words for a place for which there are no credentials.
pub(crate) fn no_credentials(place: &str) -> String {
    format!(
        "no valid AWS credentials for {place}; sign in, choose a profile with AWS_PROFILE, or give the function a role"
    )
}

/// The words for a place of which nobody knows the region.
pub(crate) fn no_region(place: &str) -> String {
    format!(
        "no AWS region is known for {place}; set AWS_REGION, or a region in the profile that AWS_PROFILE names. If one is set there, that \
         profile does not exist, or ~/.aws/config cannot be read, of which --verbose tells"
    )
}

/// The words for a call (the IAM action) that no retry got an answer to.
pub(crate) fn no_answer(operation: &str, place: &str) -> String {
    format!(
        "{operation} on {place} found no answer in time, after retries; check the network and the service, then run again"
    )
}
