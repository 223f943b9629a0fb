//! Limits: bursts, requests under way, credits.

use crate::company::date::{wall_time, write_time};
use crate::options::{Burst, Credits, Options, Others, ResetForm};
use crate::problem::Problem;
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// What has been used of the limits.
#[derive(Debug)]
pub(crate) struct Limits {
    /// When the server started, by two clocks.
    started: (Instant, SystemTime),
    recent: Mutex<VecDeque<Instant>>,
    under_way: AtomicU32,
    account: Mutex<Account>,
}

/// What has been used of the credits.
#[derive(Debug, Default)]
struct Account {
    paid: u64,
    /// When they were used up.
    ended: Option<Instant>,
}

/// A request that is under way, until it is dropped.
pub(crate) struct UnderWay<'a>(&'a AtomicU32);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Limits {
    pub(crate) fn new(started: (Instant, SystemTime)) -> Self {
        Self { started, recent: Mutex::default(), under_way: AtomicU32::new(0), account: Mutex::default() }
    }

    /// Lets a request in, or says why not.
    pub(crate) fn enter(&self, options: &Options, now: Instant) -> Result<UnderWay<'_>, Problem> {
        let before = self.under_way.fetch_add(1, Ordering::AcqRel);
        let under_way = UnderWay(&self.under_way);
        if options.concurrency.is_some_and(|most| before >= most) {
            let message = "Too many concurrent requests. Wait for the others to end.";
            return Err(Problem::own("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED", message));
        }
        if let Some(burst) = options.burst {
            self.burst(options, burst, now)?;
        }
        if let Some(credits) = &options.credits {
            self.pay(credits, options.speed, now)?;
        }
        Ok(under_way)
    }

    /// A refused request counts for nothing, unless the options say otherwise.
    fn burst(&self, options: &Options, burst: Burst, now: Instant) -> Result<(), Problem> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|&earlier| now.duration_since(earlier) >= burst.window) {
            recent.pop_front();
        }
        let others = options.others.map_or(0, |others| self.others(others, burst.window, now));
        let full = recent.len() + others as usize >= burst.requests as usize;
        if !full || options.refused_count {
            recent.push_back(now);
        }
        if !full {
            return Ok(());
        }
        let seconds = burst.window.as_secs_f64() * options.speed;
        let message = format!("Burst rate limit of {} requests per {seconds} s reached.", burst.requests);
        Err(Problem::own("BAD_REQUEST.BURST_RATE_LIMIT_REACHED", message))
    }

    /// How many requests of others are in the window that ends now.
    fn others(&self, others: Others, window: Duration, now: Instant) -> u32 {
        let Some(every) = others.every else { return others.requests };
        let since = now.duration_since(self.started.0).as_micros() % every.as_micros().max(1);
        if since < window.as_micros() { others.requests } else { 0 }
    }

    fn pay(&self, credits: &Credits, speed: f64, now: Instant) -> Result<(), Problem> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let reset = credits.reset.and_then(|after| Some((account.ended?, after)));
        if reset.is_some_and(|(ended, after)| now.duration_since(ended) >= after) {
            *account = Account::default();
        }
        if account.paid < credits.requests {
            account.paid += 1;
            return Ok(());
        }
        let ended = *account.ended.get_or_insert(now);
        let left = credits.reset.map(|after| after.saturating_sub(now.duration_since(ended)));
        let announced = left.map(|left| self.announced(credits.reset_form, now, left.mul_f64(speed)));
        let problem = Problem::own("BAD_REQUEST.INSUFFICIENT_CREDITS", "Insufficient credits.");
        let said = announced.or_else(|| credits.reset_at.clone().map(Json::from));
        Err(Problem { reset_at: said.map(Box::new), ..problem })
    }

    /// When credits are back, in whole seconds rounded up.
    fn announced(&self, form: ResetForm, now: Instant, ahead: Duration) -> Json {
        let at = self.started.1 + now.duration_since(self.started.0) + ahead;
        let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64().ceil() as i64;
        let text = |wall_time: i64, offset: &str| {
            let mut text = Vec::new();
            write_time(&mut text, wall_time);
            Json::from(String::from_utf8_lossy(&text).into_owned() + offset)
        };
        match form {
            ResetForm::Offset => text(seconds, "Z"),
            ResetForm::Local => text(wall_time(seconds), ""),
            ResetForm::Seconds => Json::from(seconds),
            ResetForm::Milliseconds => Json::from(seconds * 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::new((Instant::now(), SystemTime::UNIX_EPOCH))
    }

    fn code(entered: Result<UnderWay<'_>, Problem>) -> String {
        entered.err().map_or_else(|| "ok".to_owned(), |problem| problem.any_code())
    }

    #[test]
    fn others_leave_less_of_the_burst_window() {
        let limits = limits();
        let start = limits.started.0;
        let enter = |options: &Options, ms| code(limits.enter(options, start + Duration::from_millis(ms)));
        let constant = Options { others: Some(Others { requests: 18, every: None }), ..Options::default() };
        assert_eq!([0, 1, 2].map(|ms| enter(&constant, ms) == "ok"), [true, true, false]);
        let every = Some(Duration::from_secs(30));
        let now_and_then = Options { others: Some(Others { requests: 20, every }), ..Options::default() };
        let came = [31_000, 34_999, 35_001, 59_000, 60_001].map(|ms| enter(&now_and_then, ms) == "ok");
        assert_eq!(came, [false, false, true, true, false]);
    }

    #[test]
    fn refused_requests_may_count() {
        let limits = limits();
        let burst = Some(Burst { requests: 1, window: Duration::from_secs(5) });
        let options = Options { burst, refused_count: true, ..Options::default() };
        let came = [0, 4, 8, 12, 18].map(|s| limits.enter(&options, limits.started.0 + Duration::from_secs(s)).is_ok());
        assert_eq!(came, [true, false, false, false, true]);
    }

    #[test]
    fn credits_come_back_when_it_was_announced() {
        let limits = limits();
        let credits = Credits { requests: 1, reset: Some(Duration::from_secs(3)), ..Credits::default() };
        let options = Options { credits: Some(credits), speed: 20.0, burst: None, ..Options::default() };
        let at = |s| limits.enter(&options, limits.started.0 + Duration::from_secs(s)).err();
        assert!(at(0).is_none());
        assert_eq!(at(1).and_then(|problem| problem.reset_at), Some(Box::new("1970-01-01T00:01:01Z".into())));
        assert_eq!(at(2).and_then(|problem| problem.reset_at), Some(Box::new("1970-01-01T00:00:42Z".into())));
        assert!(at(4).is_none() && at(5).is_some());
    }

    #[test]
    fn when_credits_are_back_is_said_in_several_forms() {
        let limits = limits();
        let said = |form| limits.announced(form, limits.started.0, Duration::from_secs(60));
        assert_eq!(said(ResetForm::Local), Json::from("1970-01-01T01:01:00"));
        assert_eq!([ResetForm::Seconds, ResetForm::Milliseconds].map(said), [60, 60_000].map(Json::from));
    }
}
