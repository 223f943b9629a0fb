//! When a request may be sent: below the burst limit, which others may be using up too, no more at once than the server bears, and one at
//! a time while it gives no answers.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::error::Error;
use super::meter::Meter;
use super::retry::Streak;
use crate::model::lock::lock;

/// Xledger takes 20 requests in 5 s. One less, in a little more, leaves room for requests that overtake each other on the way: a refusal costs 5 s,
/// the margin 6 % of the pace.
const BURST_REQUESTS: usize = 19;
/// See [`BURST_REQUESTS`].
const BURST_WINDOW: Duration = Duration::from_millis(5_050);
/// After so many answers in a row without a refusal, one more request at once is tried.
const SUCCESSES_PER_STEP: u32 = 40;
/// After so many, one more request within the burst window is tried.
const SUCCESSES_PER_BURST_STEP: u32 = 10;

/// The pace of one client.
pub(crate) struct RateLimiter {
    state: Mutex<State>,
    /// Held by the request that is sent next, in the order of arrival: otherwise the list that was just answered is quickest again and again, and
    /// another list waits for minutes.
    turn: tokio::sync::Mutex<()>,
    freed: Notify,
    /// How many times faster than in life time runs: 1, but for tests.
    tempo: f64,
}

#[derive(Default)]
struct State {
    /// When the last requests were sent, oldest first.
    sent: VecDeque<Instant>,
    /// No request before this.
    not_before: Option<Instant>,
    in_flight: usize,
    /// Requests at once that are tried now, and at most.
    allowed: usize,
    most: usize,
    /// Requests within the burst window that are tried now, and its length.
    burst: usize,
    window: Duration,
    /// Answers since the last refusal.
    successes: u32,
    answered: bool,
    /// Refusals and failures since the last answer, by [`limit_of`].
    refusals: [Option<Refusals>; 3],
    /// Whether one request at a time tries if the server is there again.
    half_open: bool,
}

/// How many of one kind, when the first came, and the last.
#[derive(Clone, Copy)]
struct Refusals {
    in_a_row: u32,
    first: Instant,
    last: Instant,
}

/// The limit that an error comes of. Each has its own patience, so that a wait for credits is no time in which the server was down.
fn limit_of(error: &Error) -> usize {
    match error {
        Error::CreditsUsedUp { .. } => 0,
        Error::BurstLimit | Error::Busy { status: 429, .. } => 1,
        _ => 2,
    }
}

/// A place among the requests in flight; given back when dropped.
pub(crate) struct Permit<'a> {
    limiter: &'a RateLimiter,
    /// When it was granted.
    pub(crate) at: Instant,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        lock(&self.limiter.state).in_flight -= 1;
        self.limiter.freed.notify_one();
    }
}

impl RateLimiter {
    pub(crate) fn new(max_in_flight: usize, tempo: f64) -> Self {
        let window = BURST_WINDOW.div_f64(tempo);
        let (state, turn, freed) = (Mutex::new(State::new(max_in_flight, window)), Default::default(), Notify::new());
        Self { state, turn, freed, tempo }
    }

    /// Waits until a request may be sent. If that would be after `deadline`, the error is when, as far as that is known. Waiting for one's own
    /// requests to end is bounded by their timeouts.
    pub(crate) async fn acquire(&self, deadline: Instant, meter: &Meter) -> Result<Permit<'_>, Option<Instant>> {
        let _turn = tokio::time::timeout_at(deadline, self.turn.lock()).await.map_err(|_| None)?;
        loop {
            let freed = self.freed.notified();
            let now = Instant::now();
            if now >= deadline {
                return Err(None);
            }
            let admission = lock(&self.state).try_acquire(now);
            match admission {
                Admission::Granted => return Ok(Permit { limiter: self, at: now }),
                Admission::At(at) if at > deadline => return Err(Some(at)),
                Admission::At(at) => {
                    meter.note_wait(at, || "to stay below Xledger's burst limit".to_owned());
                    tokio::time::sleep_until(at).await;
                }
                Admission::Full => tokio::time::timeout_at(deadline, freed).await.map_err(|_| None)?,
            }
        }
    }

    /// Takes note that the endpoint is known to answer with GraphQL: what else comes is bad weather.
    pub(crate) fn mark_answered(&self) {
        lock(&self.state).answered = true;
    }

    /// Takes note of an answer that was no refusal.
    pub(crate) fn on_success(&self) {
        if lock(&self.state).on_success() {
            self.freed.notify_one();
        }
    }

    /// Whether there ever was an answer.
    pub(crate) fn has_answered(&self) -> bool {
        lock(&self.state).answered
    }

    /// Takes note of a refusal or failure of a request that was sent at `sent`: others of the same moment add nothing to it.
    pub(crate) fn on_failure(&self, error: &Error, sent: Instant) -> Streak {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let Refusals { in_a_row, first, .. } = state.on_failure(error, sent, now);
        let of_all_limits = state.failures_in_a_row().max(in_a_row);
        Streak { in_a_row, of_all_limits, since: now.duration_since(first).mul_f64(self.tempo) }
    }

    /// Nobody sends before `until`. Returns by how much that is later than it was.
    pub(crate) fn pause_until(&self, until: Instant) -> Duration {
        let mut state = lock(&self.state);
        let from = state.not_before.map_or_else(Instant::now, |at| at.max(Instant::now()));
        state.not_before = Some(from.max(until));
        until.saturating_duration_since(from)
    }
}

/// What becomes of a wish to send a request.
#[derive(Debug, PartialEq, Eq)]
enum Admission {
    /// It may be sent, and counts as sent.
    Granted,
    /// It may be sent at this instant, if nobody is quicker.
    At(Instant),
    /// It may be sent when another one has been answered.
    Full,
}

/// The rules themselves: no clock and no waiting.
impl State {
    fn new(most: usize, window: Duration) -> Self {
        Self { allowed: most, most, burst: BURST_REQUESTS, window, ..Self::default() }
    }

    fn try_acquire(&mut self, now: Instant) -> Admission {
        if self.in_flight >= if self.half_open { 1 } else { self.allowed } {
            return Admission::Full;
        }
        // The earliest instant that stays within the burst limit and after every refusal's wait.
        let burst = self.sent.len().checked_sub(self.burst).map_or(now, |at| self.sent[at] + self.window);
        let at = burst.max(self.not_before.unwrap_or(now));
        if at > now {
            return Admission::At(at);
        }
        self.in_flight += 1;
        self.sent.push_back(now);
        if self.sent.len() > BURST_REQUESTS {
            self.sent.pop_front();
        }
        Admission::Granted
    }

    /// Whether more may be sent at once from now on.
    fn on_success(&mut self) -> bool {
        self.answered = true;
        self.refusals = Default::default();
        self.successes += 1;
        let mut more = std::mem::take(&mut self.half_open);
        if self.successes.is_multiple_of(SUCCESSES_PER_BURST_STEP) {
            self.burst = (self.burst + 1).min(BURST_REQUESTS);
        }
        if self.successes.is_multiple_of(SUCCESSES_PER_STEP) && self.allowed < self.most {
            self.allowed += 1;
            more = true;
        }
        more
    }

    /// Of all limits, since the last answer.
    fn failures_in_a_row(&self) -> u32 {
        self.refusals.iter().flatten().map(|refusals| refusals.in_a_row).sum()
    }

    fn on_failure(&mut self, error: &Error, sent: Instant, now: Instant) -> Refusals {
        self.successes = 0;
        if error.is_refusal() {
            // Of this question alone, and GraphQL like any answer: the server is up and under no limit, so that no row of refusals goes on.
            self.answered = true;
            self.refusals = Default::default();
            return Refusals { in_a_row: 1, first: now, last: now };
        }
        let of_limit = &mut self.refusals[limit_of(error)];
        let known = of_limit.unwrap_or(Refusals { in_a_row: 0, first: now, last: now });
        let new = known.in_a_row == 0 || sent >= known.last;
        let refusals = Refusals { in_a_row: known.in_a_row + u32::from(new), last: now, ..known };
        *of_limit = Some(refusals);
        self.answered |= matches!(error, Error::NotResolved { .. } | Error::TooComplex { .. });
        match error {
            // The limit is the token's. If something else uses it too, full pace would be refused again at once: halved by each refusal, and one
            // more after some answers, two refreshes come to share it.
            Error::BurstLimit | Error::Busy { status: 429, .. } if new => self.burst = (self.burst / 2).max(1),
            // Of unknown size; a working client keeps to five.
            Error::ConcurrencyLimit if new => self.allowed = (self.allowed / 2).max(1),
            Error::Unavailable { .. } | Error::Unreachable { .. } | Error::Late { .. } => self.half_open = true,
            _ => {}
        }
        refusals
    }
}

#[cfg(test)]
mod tests;
