//! What a server is started with.

use crate::company::change::Change;
use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::schema::Served;
use crate::seconds::{seconds, some_seconds};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The token that a server accepts unless told otherwise.
pub const DEFAULT_TOKEN: &str = "simulated-token-0001";

/// What a server is started with. What a scenario's file can say of it are the limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    #[serde(skip)]
    pub listen: SocketAddr,
    /// How many general-ledger lines are within the token's reach.
    #[serde(skip)]
    pub lines: u64,
    /// The company's seed.
    #[serde(skip)]
    pub seed: u64,
    /// The token that is accepted.
    #[serde(skip)]
    pub token: String,
    /// Added to every request.
    #[serde(rename = "delay_seconds", deserialize_with = "seconds")]
    pub delay: Duration,
    /// The most that is added to a request on top, more to some than to others, so that answers overtake each other. Another
    /// length gives another order.
    #[serde(rename = "jitter_seconds", deserialize_with = "seconds")]
    pub jitter: Duration,
    /// The burst limit, or none.
    pub burst: Option<Burst>,
    /// What others ask with the same token: it counts into the burst limit.
    pub others: Option<Others>,
    /// Requests that the burst limit refused count into it too.
    pub refused_count: bool,
    /// How many requests may be under way at once, or any number.
    pub concurrency: Option<u32>,
    /// The token's credits, or any number.
    pub credits: Option<Credits>,
    /// The most rows of one answer.
    pub page_cap: u32,
    /// Answers with more rows than this time out.
    pub timeout_rows: Option<u32>,
    /// Roots with more rows than this cannot be resolved: they are null beside an error, the rest of the answer is there.
    pub resolve_rows: Option<RowLimit>,
    /// In place of answers with more rows than this comes a page of HTML, with HTTP 504.
    pub gateway_rows: Option<u32>,
    /// Lists of more ids than this are refused.
    pub ids: Option<IdLimit>,
    /// Request bodies of more bytes than this are refused with HTTP 413.
    pub body_bytes: Option<u64>,
    /// What is met beyond `gateway_rows` and `body_bytes` in place of their own pages.
    pub beyond: Option<crate::FaultKind>,
    /// The gzip level, 0 for no compression at all.
    pub gzip_level: u32,
    /// How the wire differs from what was verified.
    #[serde(skip)]
    pub dialect: Dialect,
    /// How the served schema differs from the file.
    #[serde(skip)]
    pub schema: Served,
    /// What goes wrong at which request.
    #[serde(skip)]
    pub faults: Vec<Fault>,
    /// What is posted while requests go on.
    #[serde(skip)]
    pub changes: Vec<Change>,
    /// How many times faster than written this is played. All durations here are already divided by it; only an announced time of day
    /// (`resetAt`) lies as far ahead as written, for a client that divides its own waits.
    #[serde(skip)]
    pub speed: f64,
}

/// So many requests in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// How many requests.
    pub requests: u32,
    /// In how long a time.
    #[serde(rename = "seconds", deserialize_with = "seconds")]
    pub window: Duration,
}

/// What others ask with the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Others {
    /// How many requests.
    pub requests: u32,
    /// How often they come, all at once; without it, they are in every window.
    #[serde(default, rename = "every_seconds", deserialize_with = "some_seconds")]
    pub every: Option<Duration>,
}

/// The credits of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
    /// How many requests they pay for.
    pub requests: u64,
    /// So long after they were used up they are back, and `extensions.resetAt` says when that is; without it, they never are.
    #[serde(default, rename = "reset_seconds", deserialize_with = "some_seconds")]
    pub reset: Option<Duration>,
    /// How it says so.
    #[serde(default)]
    pub reset_form: ResetForm,
    /// What it says where they are never back.
    #[serde(default)]
    pub reset_at: Option<String>,
}

/// The most rows of a root, and what is said of more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowLimit {
    /// The most rows.
    pub most: u32,
    /// The error's code.
    pub code: String,
}

/// How `extensions.resetAt` says a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetForm {
    /// In UTC, as `2026-11-01T00:00:00Z`.
    #[default]
    Offset,
    /// In Central European wall time, without an offset.
    Local,
    /// As a number, of seconds since 1970.
    Seconds,
    /// As a number, of milliseconds since 1970.
    Milliseconds,
}

/// The most ids of one list, and what becomes of a longer one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdLimit {
    /// The most ids.
    pub most: u32,
    /// What is answered to more: HTTP 413, or an error of this code and message, the code left out where it is empty.
    #[serde(default)]
    pub refusal: IdRefusal,
}

/// How a list that is too long is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdRefusal {
    /// HTTP 413 with a page of HTML.
    #[default]
    TooLarge,
    /// An entry of `errors[]` with a code, which may be empty, and a message.
    Error(String, String),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            lines: 2_000,
            seed: 1,
            token: DEFAULT_TOKEN.to_owned(),
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            burst: Some(Burst { requests: 20, window: Duration::from_secs(5) }),
            others: None,
            refused_count: false,
            concurrency: Some(5),
            credits: None,
            page_cap: 10_000,
            timeout_rows: None,
            resolve_rows: None,
            gateway_rows: None,
            ids: None,
            body_bytes: None,
            beyond: None,
            gzip_level: 4,
            dialect: Dialect::default(),
            schema: Served::default(),
            faults: Vec::new(),
            changes: Vec::new(),
            speed: 1.0,
        }
    }
}

impl Options {
    /// No limits and no delay: for tests that are about something else.
    #[must_use]
    pub fn fast(lines: u64, seed: u64) -> Self {
        Self { lines, seed, burst: None, concurrency: None, ..Self::default() }
    }

    /// The same played so many times faster: every duration divided.
    #[must_use]
    pub fn at_speed(mut self, speed: f64) -> Self {
        let divide = |duration: &mut Duration| *duration = duration.div_f64(speed);
        divide(&mut self.delay);
        divide(&mut self.jitter);
        self.burst.iter_mut().for_each(|burst| divide(&mut burst.window));
        self.others.iter_mut().filter_map(|others| others.every.as_mut()).for_each(divide);
        self.credits.iter_mut().filter_map(|credits| credits.reset.as_mut()).for_each(divide);
        self.faults.iter_mut().flat_map(Fault::durations).for_each(divide);
        self.speed *= speed;
        self
    }
}
