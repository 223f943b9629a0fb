//! The limits of a scenario's file.

use crate::fault::{FaultKind, seconds, some_seconds};
use crate::options::{Burst, IdLimit, Options, Others, ResetForm, RowLimit};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limited {
    /// No burst limit and no concurrency limit, but for those that are named.
    none: bool,
    burst: Option<InSeconds>,
    others: Option<Now>,
    refused_count: bool,
    concurrency: Option<u32>,
    credits: Option<Credits>,
    page_cap: Option<u32>,
    timeout_rows: Option<u32>,
    resolve_rows: Option<RowLimit>,
    gateway_rows: Option<u32>,
    ids: Option<IdLimit>,
    body_bytes: Option<u64>,
    beyond: Option<FaultKind>,
    gzip_level: Option<u32>,
    #[serde(rename = "delay_seconds", deserialize_with = "seconds")]
    delay: Duration,
    #[serde(rename = "jitter_seconds", deserialize_with = "seconds")]
    jitter: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InSeconds {
    requests: u32,
    #[serde(rename = "seconds", deserialize_with = "seconds")]
    window: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Now {
    requests: u32,
    #[serde(default, rename = "every_seconds", deserialize_with = "some_seconds")]
    every: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credits {
    requests: u64,
    #[serde(default, rename = "reset_seconds", deserialize_with = "some_seconds")]
    reset: Option<Duration>,
    /// How `resetAt` says when.
    #[serde(default)]
    reset_form: ResetForm,
    /// What `resetAt` says where they never come back.
    #[serde(default)]
    reset_at: Option<String>,
}

impl Limited {
    /// The options with these limits on.
    pub(super) fn on(self, mut options: Options) -> Options {
        if self.none {
            (options.burst, options.concurrency) = (None, None);
        }
        if let Some(InSeconds { requests, window }) = self.burst {
            options.burst = Some(Burst { requests, window });
        }
        options.others = self.others.map(|Now { requests, every }| Others { requests, every });
        options.refused_count = self.refused_count;
        options.concurrency = self.concurrency.or(options.concurrency);
        if let Some(credits) = self.credits {
            options.credits = Some(credits.requests);
            (options.credits_reset, options.credits_reset_at) = (credits.reset, credits.reset_at);
            options.reset_form = credits.reset_form;
        }
        options.page_cap = self.page_cap.unwrap_or(options.page_cap);
        (options.timeout_rows, options.ids, options.body_bytes) = (self.timeout_rows, self.ids, self.body_bytes);
        (options.resolve_rows, options.gateway_rows, options.beyond) =
            (self.resolve_rows, self.gateway_rows, self.beyond);
        options.gzip_level = self.gzip_level.unwrap_or(options.gzip_level);
        (options.delay, options.jitter) = (self.delay, self.jitter);
        options
    }
}
