//! What goes wrong: at which requests, and how.

use crate::company::dice::mix;
use crate::seconds::{seconds, some_seconds};
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Something that goes wrong at some requests. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// The number of the first request that meets it; the first request of all is 1. With `operation`, only its requests are counted.
    #[serde(default = "first")]
    pub from_request: u64,
    /// How many requests meet it.
    #[serde(default = "any_number")]
    pub requests: u64,
    /// It ends so long after the first request came; without it, never.
    #[serde(default, rename = "seconds", deserialize_with = "some_seconds")]
    pub lasts: Option<Duration>,
    /// Only requests of this operation meet it.
    #[serde(default)]
    pub operation: Option<String>,
    /// So many of a hundred requests meet it, drawn by `seed`.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Another seed hits other requests.
    #[serde(default)]
    pub seed: u64,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// An HTML page with this status, as during maintenance.
    Html(u16),
    /// "Your query timed out."
    Timeout,
    /// The token is refused as unknown.
    TokenRefused,
    /// The token is refused as not of the right form.
    TokenMalformed,
    /// The answer ends in the middle, as if that were its end: of compressed answers the gzip stream is cut.
    Truncated,
    /// The answer says that it is gzip and holds bytes that are not.
    CorruptGzip,
    /// An error of this code and message, at `errors[].code`, with HTTP 200, and `data: null`. An empty code is left out.
    Error(String, String),
    /// The same error beside the data.
    ErrorBesideData(String, String),
    /// The answer comes this much later.
    Late(#[serde(deserialize_with = "seconds")] Duration),
    /// The connection is reset before any answer.
    Reset,
    /// The connection is reset within the answer's headers.
    ResetInHeaders,
    /// The connection is reset in the middle of the answer's body.
    ResetInBody,
    /// The first request that meets it is cut off with all connections, and nobody listens for this long. Happens once.
    Refused(#[serde(deserialize_with = "seconds")] Duration),
    /// `Content-Length` is more than what comes before the connection ends.
    LengthTooLarge,
    /// `Content-Length` is less than the answer has.
    LengthTooSmall,
    /// Half of the answer, and then nothing, while the connection stays.
    Stalled,
    /// Spaces without end.
    Endless,
    /// An answer that unpacks to so many MiB of spaces, a thousand times what is sent.
    Bomb(u32),
    /// A redirect to another host.
    RedirectHost,
    /// A redirect to the same host without TLS.
    RedirectHttp,
    /// Every so many-th row that was asked for by its id does not come.
    MissingRows(u32),
    /// No root can be resolved, for a reason of this code (`SQL`, `TIMEOUT`, `TASK_CANCELED`, …): each is null beside an error with its path.
    Resolve(String),
    /// An answer of this status, content type and body.
    Raw(u16, String, String),
}

fn first() -> u64 {
    1
}

fn any_number() -> u64 {
    u64::MAX
}

impl Default for Fault {
    /// Maintenance, for ever.
    fn default() -> Self {
        Self {
            kind: FaultKind::Html(503),
            from_request: first(),
            requests: any_number(),
            lasts: None,
            operation: None,
            percent: None,
            seed: 0,
        }
    }
}

impl Fault {
    /// Every duration in it.
    pub(crate) fn durations(&mut self) -> impl Iterator<Item = &mut Duration> {
        let of_kind = match &mut self.kind {
            FaultKind::Late(duration) | FaultKind::Refused(duration) => Some(duration),
            _ => None,
        };
        self.lasts.iter_mut().chain(of_kind)
    }

    fn is_on(&self, number: u64, since: Duration) -> bool {
        let in_requests = number >= self.from_request && number - self.from_request < self.requests;
        let in_time = self.lasts.is_none_or(|lasts| since < lasts);
        let drawn = self.percent.is_none_or(|percent| mix(mix(self.seed) ^ number) % 100 < u64::from(percent));
        in_requests && in_time && drawn
    }
}

/// The faults of a server, each with what it has met so far.
#[derive(Debug)]
pub(crate) struct Faults {
    faults: Vec<(Fault, Mutex<Met>)>,
}

#[derive(Debug, Default)]
struct Met {
    /// Requests of the fault's operation.
    counted: u64,
    spent: bool,
}

impl Faults {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Self { faults: faults.iter().map(|fault| (fault.clone(), Mutex::default())).collect() }
    }

    /// What a request meets: the first fault of the list that is on. Every fault counts the request, whichever it meets.
    pub(crate) fn meet(&self, number: u64, operation: Option<&str>, since: Duration) -> Option<FaultKind> {
        let mut hit = None;
        for (fault, met) in &self.faults {
            let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
            if fault.operation.is_some() && fault.operation.as_deref() != operation {
                continue;
            }
            met.counted += 1;
            let number = if fault.operation.is_some() { met.counted } else { number };
            if hit.is_none() && !met.spent && fault.is_on(number, since) {
                met.spent = matches!(fault.kind, FaultKind::Refused(_));
                hit = Some(fault.kind.clone());
            }
        }
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_counts() {
        let fault = Fault { from_request: 2, requests: 3, lasts: Some(Duration::from_secs(15)), ..Fault::default() };
        let on = |number, since| fault.is_on(number, Duration::from_secs(since));
        assert!(on(2, 10) && on(4, 14));
        assert!(!on(1, 10) && !on(5, 10) && !on(2, 15));
    }

    #[test]
    fn an_operations_requests_are_counted_by_themselves() {
        let fault = Fault { from_request: 2, requests: 1, operation: Some("B".to_owned()), ..Fault::default() };
        let faults = Faults::new(&[fault]);
        let asked = ["A", "B", "A", "B", "B"];
        let met = asked.iter().zip(1..).map(|(operation, n)| faults.meet(n, Some(operation), Duration::ZERO).is_some());
        assert_eq!(met.collect::<Vec<_>>(), [false, false, false, true, false]);
    }

    #[test]
    fn a_share_is_about_as_large_as_it_says_and_another_seed_hits_others() {
        let drawn = |seed| {
            let fault = Fault { percent: Some(10), seed, ..Fault::default() };
            (1..=2_000).filter(|&number| fault.is_on(number, Duration::ZERO)).collect::<Vec<_>>()
        };
        assert!((140..260).contains(&drawn(1).len()));
        assert_ne!(drawn(1), drawn(2));
    }
}
