//! Limits: bursts, requests under way, credits.

use crate::options::Options;
use crate::problem::Problem;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What has been used of the limits.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    recent: Mutex<VecDeque<Instant>>,
    under_way: AtomicU32,
    paid: AtomicU64,
}

/// A request that is under way, until it is dropped.
pub(crate) struct UnderWay<'a>(&'a AtomicU32);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Limits {
    /// Lets a request in, or says why not. A refused request counts for nothing.
    pub(crate) fn enter(&self, options: &Options, now: Instant) -> Result<UnderWay<'_>, Problem> {
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        let under_way = UnderWay(&self.under_way);
        if options.concurrency.is_some_and(|most| before >= most) {
            let message = "Too many concurrent requests. Wait for the others to end.";
            return Err(Problem::own("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED", message));
        }
        if let Some(burst) = options.burst {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            while recent.front().is_some_and(|&earlier| now.duration_since(earlier) >= burst.window) {
                recent.pop_front();
            }
            if recent.len() >= burst.requests as usize {
                let seconds = burst.window.as_secs_f32();
                let message = format!("Burst rate limit of {} requests per {seconds} s reached.", burst.requests);
                return Err(Problem::own("BAD_REQUEST.BURST_RATE_LIMIT_REACHED", message));
            }
            recent.push_back(now);
        }
        if options.credits.is_some_and(|credits| self.paid.fetch_add(1, Ordering::AcqRel) >= credits) {
            let problem = Problem::own("BAD_REQUEST.INSUFFICIENT_CREDITS", "Insufficient credits.");
            return Err(Problem { reset_at: options.credits_reset_at.clone(), ..problem });
        }
        Ok(under_way)
    }
}
