//! What a server is started with.

use crate::dialect::Dialect;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The token that a server accepts unless told otherwise.
pub const DEFAULT_TOKEN: &str = "simulated-token-0001";

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many general-ledger lines are within the token's reach.
    pub lines: u64,
    /// The company's seed.
    pub seed: u64,
    /// The token that is accepted.
    pub token: String,
    /// Added to every request.
    pub delay: Duration,
    /// The most that is added to a request on top, more to some than to others, so that answers overtake each other. Another
    /// length gives another order.
    pub jitter: Duration,
    /// The burst limit, or none.
    pub burst: Option<Burst>,
    /// How many requests may be under way at once, or any number.
    pub concurrency: Option<u32>,
    /// How many requests the token's credits pay for, or any number.
    pub credits: Option<u64>,
    /// With used-up credits, answer `extensions.resetAt` with this text.
    pub credits_reset_at: Option<String>,
    /// The most rows of one answer.
    pub page_cap: u32,
    /// Answers with more rows than this time out.
    pub timeout_rows: Option<u32>,
    /// The gzip level, 0 for no compression at all.
    pub gzip_level: u32,
    /// How the wire differs from what was verified.
    pub dialect: Dialect,
    /// What goes wrong at which request.
    pub faults: Vec<Fault>,
}

/// So many requests in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// How many requests.
    pub requests: u32,
    /// In how long a time.
    pub window: Duration,
}

/// Something that goes wrong at some requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number of the first request that meets it; the first request of all is 1.
    pub from_request: u64,
    /// How many requests meet it.
    pub requests: u64,
    /// What happens.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// An HTML page with this status, as during maintenance.
    Html(u16),
    /// "Your query timed out."
    Timeout,
    /// The token is refused as unknown.
    TokenRefused,
    /// The answer ends in the middle.
    Truncated,
    /// An error of this code and message, at `errors[].code`, with HTTP 200.
    Error(String, String),
    /// The answer comes this much later.
    Late(Duration),
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
            concurrency: Some(5),
            credits: None,
            credits_reset_at: None,
            page_cap: 10_000,
            timeout_rows: None,
            gzip_level: 4,
            dialect: Dialect::default(),
            faults: Vec::new(),
        }
    }
}

impl Options {
    /// No limits and no delay: for tests that are about something else.
    #[must_use]
    pub fn fast(lines: u64, seed: u64) -> Self {
        Self { lines, seed, burst: None, concurrency: None, ..Self::default() }
    }
}
