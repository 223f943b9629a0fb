//! When a request may be sent: below the burst limit, and no more at once than the server bears.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Xledger takes 20 requests in 5 s. One less, in a little more, leaves room for requests that overtake each other on the way.
const BURST_REQUESTS: usize = 19;
/// See [`BURST_REQUESTS`].
const BURST_WINDOW: Duration = Duration::from_millis(5_050);
/// After so many answers in a row without a refusal, one more request at once is tried.
const CALM_ANSWERS: u32 = 40;

/// The pace of one client.
pub(crate) struct Pace {
    state: Mutex<State>,
    freed: Notify,
}

struct State {
    /// When the last requests were sent, oldest first.
    sent: VecDeque<Instant>,
    /// No request before this.
    not_before: Option<Instant>,
    in_flight: usize,
    /// Requests at once that are tried now, and at most.
    allowed: usize,
    most: usize,
    calm: u32,
}

/// A place among the requests in flight; given back when dropped.
pub(crate) struct Slot<'a>(&'a Pace);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
        self.0.freed.notify_one();
    }
}

impl Pace {
    pub(crate) fn new(most_in_flight: usize) -> Self {
        let state = State {
            sent: VecDeque::new(),
            not_before: None,
            in_flight: 0,
            allowed: most_in_flight,
            most: most_in_flight,
            calm: 0,
        };
        Self { state: Mutex::new(state), freed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may be sent. `None` if that would be after `deadline`. Waiting for one's own requests to end is bounded by
    /// their timeouts. While it waits for the limit, `waiting_ms` says how long.
    pub(crate) async fn slot(&self, deadline: Instant, waiting_ms: &AtomicU64) -> Option<Slot<'_>> {
        loop {
            let freed = self.freed.notified();
            let now = Instant::now();
            let asked = self.lock().ask(now);
            match asked {
                Asked::Granted => return Some(Slot(self)),
                Asked::At(at) if at > deadline => return None,
                Asked::At(at) => {
                    waiting_ms.store((at - now).as_millis() as u64, Relaxed);
                    tokio::time::sleep_until(at).await;
                    waiting_ms.store(0, Relaxed);
                }
                Asked::Full => tokio::time::timeout_at(deadline, freed).await.ok()?,
            }
        }
    }

    /// Takes note of an answer that was no refusal.
    pub(crate) fn calm(&self) {
        if self.lock().calm() {
            self.freed.notify_one();
        }
    }

    /// Takes note of a refusal: nobody sends before `wait` is over, and if there were too many at once, fewer are sent from now on.
    pub(crate) fn refused(&self, wait: Duration, too_many_at_once: bool) {
        self.lock().refused(Instant::now(), wait, too_many_at_once);
    }
}

/// What becomes of a wish to send a request.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// It may be sent, and counts as sent.
    Granted,
    /// It may be sent at this instant, if nobody is quicker.
    At(Instant),
    /// It may be sent when another one has been answered.
    Full,
}

/// The rules themselves: no clock and no waiting.
impl State {
    fn ask(&mut self, now: Instant) -> Asked {
        if self.in_flight >= self.allowed {
            return Asked::Full;
        }
        let at = earliest(&self.sent, self.not_before, now);
        if at > now {
            return Asked::At(at);
        }
        self.in_flight += 1;
        self.sent.push_back(now);
        if self.sent.len() > BURST_REQUESTS {
            self.sent.pop_front();
        }
        Asked::Granted
    }

    /// Whether one more may be sent at once from now on.
    fn calm(&mut self) -> bool {
        self.calm += 1;
        let more = self.calm >= CALM_ANSWERS && self.allowed < self.most;
        if more {
            self.calm = 0;
            self.allowed += 1;
        }
        more
    }

    fn refused(&mut self, now: Instant, wait: Duration, too_many_at_once: bool) {
        let until = now + wait;
        self.not_before = Some(self.not_before.map_or(until, |at| at.max(until)));
        self.calm = 0;
        if too_many_at_once {
            self.allowed = (self.allowed / 2).max(1);
        }
    }
}

/// The earliest instant at which the next request stays within the burst limit and after every refusal's wait.
fn earliest(sent: &VecDeque<Instant>, not_before: Option<Instant>, now: Instant) -> Instant {
    let burst = if sent.len() < BURST_REQUESTS { now } else { sent[0] + BURST_WINDOW };
    burst.max(not_before.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(most: usize) -> State {
        Pace::new(most).state.into_inner().unwrap()
    }

    #[test]
    fn never_twenty_in_five_seconds() {
        let (mut state, start) = (state(100), Instant::now());
        let (mut now, mut sent) = (start, Vec::new());
        while sent.len() < 100 {
            match state.ask(now) {
                Asked::Granted => sent.push(now - start),
                Asked::At(at) => now = at,
                Asked::Full => panic!("only {} were sent", sent.len()),
            }
        }
        for window in sent.windows(20) {
            assert!(window[19] - window[0] > Duration::from_secs(5), "{window:?}");
        }
        assert!(sent[99] < Duration::from_secs(27), "{:?}", sent[99]);
        assert_eq!(state.ask(now), Asked::Full);
    }

    #[test]
    fn nobody_sends_before_a_refusals_wait_is_over() {
        let (mut state, now) = (state(4), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        state.refused(now, Duration::from_secs(5), false);
        state.refused(now, Duration::from_secs(1), false);
        assert_eq!(state.ask(after(3)), Asked::At(after(5)));
        assert_eq!(state.ask(after(5)), Asked::Granted);
    }

    #[tokio::test]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let pace = Pace::new(1);
        pace.refused(Duration::from_secs(3_600), true);
        let begun = Instant::now();
        assert!(pace.slot(begun + Duration::from_secs(3_599), &AtomicU64::new(0)).await.is_none());
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn fewer_at_once_after_a_refusal_and_more_again_when_calm() {
        let mut state = state(4);
        state.refused(Instant::now(), Duration::ZERO, true);
        assert_eq!(state.allowed, 2);
        assert_eq!((0..CALM_ANSWERS).filter(|_| state.calm()).count(), 1);
        assert_eq!(state.allowed, 3);
    }
}
