//! What a call to an AWS service met, in the words of the service and no more of its answer: what the lake on S3 and the catalogue in
//! Glue have in common.

pub mod scheduler;
pub mod secrets;

use std::error::Error;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;

/// The AWS configuration of the environment and its profile, without what AWS's library panics over: retries are this program's own, and
/// neither the region nor credentials hold what a header cannot.
pub async fn load() -> SdkConfig {
    let found = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::standard()).load().await;
    let region = found.region().filter(|region| is_label(region.as_ref())).cloned();
    let credentials = found.credentials_provider().map(|found| SharedCredentialsProvider::new(Sound(found)));
    let mut sound = found.into_builder();
    sound.set_region(region).set_credentials_provider(credentials);
    sound.build()
}

/// Whether a region's name can be a part of a host's.
fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Credentials that a request's header can hold.
#[derive(Debug)]
struct Sound(SharedCredentialsProvider);

impl ProvideCredentials for Sound {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let found = self.0.provide_credentials().await?;
            let is_sound = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            if is_sound(found.access_key_id()) && found.session_token().is_none_or(is_sound) {
                return Ok(found);
            }
            let what =
                "the access key's id or the session token holds a space, a line break or a letter that it cannot have";
            Err(CredentialsError::invalid_configuration(what))
        })
    }
}

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
