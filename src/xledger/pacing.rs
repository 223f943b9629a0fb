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
            let until = {
                let mut state = self.lock();
                if state.in_flight >= state.allowed {
                    None
                } else {
                    let now = Instant::now();
                    match earliest(&state.sent, state.not_before, now) {
                        at if at <= now => {
                            state.in_flight += 1;
                            state.sent.push_back(now);
                            if state.sent.len() > BURST_REQUESTS {
                                state.sent.pop_front();
                            }
                            return Some(Slot(self));
                        }
                        at => Some(at),
                    }
                }
            };
            match until {
                Some(at) if at > deadline => return None,
                Some(at) => {
                    waiting_ms.store((at - Instant::now()).as_millis() as u64, Relaxed);
                    tokio::time::sleep_until(at).await;
                    waiting_ms.store(0, Relaxed);
                }
                None => tokio::time::timeout_at(deadline, freed).await.ok()?,
            }
        }
    }

    /// Takes note of an answer that was no refusal.
    pub(crate) fn calm(&self) {
        let mut state = self.lock();
        state.calm += 1;
        if state.calm >= CALM_ANSWERS && state.allowed < state.most {
            state.calm = 0;
            state.allowed += 1;
            self.freed.notify_one();
        }
    }

    /// Takes note of a refusal: nobody sends before `wait` is over, and if there were too many at once, fewer are sent from now on.
    pub(crate) fn refused(&self, wait: Duration, too_many_at_once: bool) {
        let mut state = self.lock();
        let until = Instant::now() + wait;
        state.not_before = Some(state.not_before.map_or(until, |at| at.max(until)));
        state.calm = 0;
        if too_many_at_once {
            state.allowed = (state.allowed / 2).max(1);
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

    #[tokio::test(start_paused = true)]
    async fn never_twenty_in_five_seconds() {
        let pace = Pace::new(100);
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..100 {
            drop(pace.slot(start + Duration::from_secs(60), &AtomicU64::new(0)).await);
            sent.push(start.elapsed());
        }
        for window in sent.windows(20) {
            assert!(window[19] - window[0] > Duration::from_secs(5), "{window:?}");
        }
        assert!(sent[99] < Duration::from_secs(27), "{:?}", sent[99]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let pace = Pace::new(1);
        pace.refused(Duration::from_secs(5), true);
        let start = Instant::now();
        assert!(pace.slot(start + Duration::from_secs(4), &AtomicU64::new(0)).await.is_none());
        assert!(pace.slot(start + Duration::from_secs(6), &AtomicU64::new(0)).await.is_some());
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn fewer_at_once_after_a_refusal_and_more_again_when_calm() {
        let pace = Pace::new(4);
        pace.refused(Duration::ZERO, true);
        assert_eq!(pace.lock().allowed, 2);
        for _ in 0..CALM_ANSWERS {
            pace.calm();
        }
        assert_eq!(pace.lock().allowed, 3);
    }
}
