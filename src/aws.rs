//! AWS: what its library is configured with, the secrets and the scheduler, and one mapping of the errors of calls, which the lake on S3 and
//! the catalog in Glue use too.

mod error;
pub mod scheduler;
pub(crate) mod secrets;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

pub(crate) use error::{BoxError, CallError, ServiceError, no_answer, no_credentials, no_region};

/// The AWS configuration of the environment and its profile, without the values over which AWS's library panics: their retry settings are not read,
/// and a region or credentials that a header cannot hold are not used.
pub async fn load() -> SdkConfig {
    let found = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::standard()).load().await;
    let region = found.region().filter(|region| is_label(region.as_ref())).cloned();
    let credentials = found.credentials_provider().map(|found| SharedCredentialsProvider::new(ValidCredentials(found)));
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
struct ValidCredentials(SharedCredentialsProvider);

impl ProvideCredentials for ValidCredentials {
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
