//! The client of S3: its timeouts, its retries, and its endpoint.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_types::service_config::ServiceConfigKey;
use std::time::Duration;

/// S3 accepts a connection within milliseconds; the rest is for a desk on a poor line.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One attempt, the sending of a part of 8 MiB included: enough at 1 Mbit/s. A body that stops flowing is noticed much earlier, by
/// the SDK's guard against stalled streams.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(90);
/// S3 asks for patience with `503 SlowDown`: five attempts wait up to 0.2, 0.4, 0.8 and 1.6 s, the SDK adding its jitter.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A client that retries, and the same without retries.
pub(super) fn pair(aws: &SdkConfig) -> (Client, Client) {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_WAIT);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let config = Builder::from(aws)
        // Buckets below the host of a custom endpoint seldom resolve; below the path they always do.
        .force_path_style(has_own_endpoint(aws))
        .retry_config(retries)
        .timeout_config(timeouts)
        .build();
    let once = config.to_builder().retry_config(RetryConfig::disabled()).build();
    (Client::from_conf(config), Client::from_conf(once))
}

/// Whether an endpoint other than Amazon's is configured: in code, for all services, or for S3 alone.
fn has_own_endpoint(aws: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_s3 = || aws.service_config()?.load_config(key.ok()?);
    aws.endpoint_url().is_some() || of_s3().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_types::service_config::LoadServiceConfig;

    /// As the SDK reads `AWS_ENDPOINT_URL_S3`, or the profile's service section.
    #[derive(Debug)]
    struct OfS3(Option<&'static str>);

    impl LoadServiceConfig for OfS3 {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == "S3" && key.env() == "AWS_ENDPOINT_URL").then_some(self.0?.to_owned())
        }
    }

    #[test]
    fn an_own_endpoint_is_noticed_wherever_it_is_set() {
        let bare = SdkConfig::builder;
        assert!(!has_own_endpoint(&bare().build()));
        assert!(!has_own_endpoint(&bare().service_config(OfS3(None)).build()));
        assert!(has_own_endpoint(&bare().service_config(OfS3(Some("http://s3.local"))).build()));
        assert!(has_own_endpoint(&bare().endpoint_url("http://all.local").build()));
    }
}
