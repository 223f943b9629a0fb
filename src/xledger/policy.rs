//! What is done about an error of Xledger's: one pure function, which everything that asks goes by.
//!
//! | what happened | what is done | until |
//! |---|---|---|
//! | burst limit | wait 5 s and send less often | 12 refusals in a row |
//! | too many at once | wait 1 s and send fewer at once | 12 refusals in a row |
//! | credits used up | wait until Xledger gives new ones, or 20 minutes if it does not say when | 3 refusals in a row |
//! | server down, connection broken, answer damaged | wait 1, 2, 4, … 60 s, one request at a time | 5 minutes without an answer |
//! | too much asked at once | ask for half as many rows | the least that is worth trying |
//! | a field that may be missing | ask without it | it is not tried again |
//! | anything else | stop: to ask again would only cost | |
//!
//! A wait that would end beyond the run's deadline is not begun: the run ends with the error, and the next one goes on.

use std::time::Duration;

use super::error::Error;
use crate::value::Instant;

/// Fewer rows than this are not tried: a server that cannot answer them has another problem.
pub(crate) const LEAST_ROWS: usize = 50;
/// Refusals in a row, without an answer between them, that are waited out.
const MOST_REFUSALS: u32 = 12;
/// Used-up credits in a row that are waited for.
const MOST_RESETS: u32 = 3;
/// Time-outs in a row, of a question that cannot be made smaller.
const MOST_TIMEOUTS: u32 = 3;
/// How long a server is waited for that gives no answer at all.
const PATIENCE: Duration = Duration::from_secs(300);
/// The longest wait for such a server.
const LONGEST_BACKOFF_S: u64 = 60;
/// How long credits take to come back where Xledger does not say so.
const CREDITS_RESET: Duration = Duration::from_secs(20 * 60);

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// How many rows, at most.
    pub(crate) rows: usize,
    /// Whether exactly these rows were asked for, by a list of ids.
    pub(crate) by_ids: bool,
}

/// How it has gone since the last answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Refusals and failures in a row, this one included. Requests that were on the way together count once.
    pub(crate) in_a_row: u32,
    /// How long ago the first of them came.
    pub(crate) since: Duration,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody asks anything for so long; then this is asked again.
    Wait(Duration),
    /// Nobody asks anything until then.
    WaitUntil(Instant),
    /// It is asked again for half as many rows.
    Shrink,
    /// It is asked again without what cannot be had, if that can be told and can be missed.
    Adapt,
    /// The run ends.
    Stop,
}

/// What to do about an error. `chance` is anything from 0 to 1,000: waits differ by it, so that clients that were refused together do not
/// come back together.
pub(crate) fn verdict(error: &Error, asked: Asked, standing: Standing, chance: u32) -> Verdict {
    let can_shrink = asked.rows > LEAST_ROWS;
    let some = |most: u32, verdict| if standing.in_a_row < most { verdict } else { Verdict::Stop };
    match error {
        Error::BurstLimit => some(MOST_REFUSALS, Verdict::Wait(longer(Duration::from_secs(5), chance, 200))),
        Error::ConcurrencyLimit => some(MOST_REFUSALS, Verdict::Wait(longer(Duration::from_secs(1), chance, 500))),
        Error::CreditsUsedUp { reset_at: Some(at) } => {
            let later = longer(Duration::from_secs(1), chance, 4_000);
            let at = at.as_millisecond().saturating_add(i64::try_from(later.as_millis()).unwrap_or(0));
            some(MOST_RESETS, Verdict::WaitUntil(Instant(at)))
        }
        Error::CreditsUsedUp { reset_at: None } => some(MOST_RESETS, Verdict::Wait(longer(CREDITS_RESET, chance, 20))),
        Error::Unavailable { .. } | Error::Unreachable { .. } => {
            let seconds = (1_u64 << standing.in_a_row.clamp(1, 7).saturating_sub(1)).min(LONGEST_BACKOFF_S);
            let wait = longer(Duration::from_secs(seconds), chance, 250);
            if standing.since + wait <= PATIENCE { Verdict::Wait(wait) } else { Verdict::Stop }
        }
        Error::QueryTimedOut { .. } if !can_shrink => {
            some(MOST_TIMEOUTS, Verdict::Wait(longer(Duration::from_secs(5), chance, 200)))
        }
        Error::QueryTimedOut { .. } | Error::TooLarge { .. } | Error::TooLong { .. } if can_shrink => Verdict::Shrink,
        // Nobody has seen what Xledger says to a list of ids that is too long for it.
        Error::Api { .. } | Error::NotGraphql { .. } if asked.by_ids && can_shrink => Verdict::Shrink,
        Error::RightMissing { .. } | Error::SchemaMismatch { .. } => Verdict::Adapt,
        _ => Verdict::Stop,
    }
}

/// A time, and up to so many thousandths of it more.
fn longer(time: Duration, chance: u32, thousandths: u32) -> Duration {
    time + time * chance.min(1_000) / 1_000 * thousandths / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Verdict {
        Verdict::Wait(Duration::from_secs(seconds))
    }

    #[test]
    fn what_is_done_about_each_error() {
        let down = || Error::Unavailable { endpoint: String::new(), status: 503 };
        let lost = || Error::Unreachable { endpoint: String::new(), what: String::new() };
        let slow = || Error::QueryTimedOut { query: "q", rows: 9 };
        let unknown = || Error::Api { query: "q", code: String::new(), path: String::new(), message: String::new() };
        let page = || Error::NotGraphql { endpoint: String::new(), what: String::new(), status: 404 };
        let right =
            || Error::RightMissing { query: super::super::query::SUPPLIERS, fields: vec![], message: String::new() };
        let reset_at = Some(jiff::Timestamp::from_millisecond(1_795_224_600_000).unwrap());
        let list = |rows| Asked { rows, by_ids: false };
        let ids = |rows| Asked { rows, by_ids: true };
        for (error, asked, in_a_row, since_s, verdict_wanted) in [
            (Error::BurstLimit, list(9), 1, 0, s(5)),
            (Error::BurstLimit, list(9), 11, 99, s(5)),
            (Error::BurstLimit, list(9), 12, 99, Verdict::Stop),
            (Error::ConcurrencyLimit, list(9), 2, 0, s(1)),
            (Error::ConcurrencyLimit, list(9), 12, 0, Verdict::Stop),
            (Error::CreditsUsedUp { reset_at }, list(9), 1, 0, Verdict::WaitUntil(Instant(1_795_224_601_000))),
            (Error::CreditsUsedUp { reset_at }, list(9), 3, 0, Verdict::Stop),
            (Error::CreditsUsedUp { reset_at: None }, list(9), 2, 0, s(1_200)),
            (Error::CreditsUsedUp { reset_at: None }, list(9), 3, 0, Verdict::Stop),
            (down(), list(9), 1, 0, s(1)),
            (down(), list(9), 2, 1, s(2)),
            (lost(), list(9), 6, 31, s(32)),
            (lost(), list(9), 7, 63, s(60)),
            (down(), list(9), 30, 239, s(60)),
            (down(), list(9), 30, 241, Verdict::Stop),
            (slow(), list(51), 9, 0, Verdict::Shrink),
            (slow(), ids(50), 1, 0, s(5)),
            (slow(), ids(50), 3, 0, Verdict::Stop),
            (Error::TooLarge { query: "q", limit_mib: 1 }, list(51), 1, 0, Verdict::Shrink),
            (Error::TooLarge { query: "q", limit_mib: 1 }, list(50), 1, 0, Verdict::Stop),
            (Error::TooLong { query: "q" }, ids(51), 1, 0, Verdict::Shrink),
            (unknown(), ids(51), 1, 0, Verdict::Shrink),
            (unknown(), ids(50), 1, 0, Verdict::Stop),
            (unknown(), list(10_000), 1, 0, Verdict::Stop),
            (page(), ids(51), 1, 0, Verdict::Shrink),
            (page(), list(51), 1, 0, Verdict::Stop),
            (right(), list(9), 1, 0, Verdict::Adapt),
            (Error::TokenMalformed, list(9), 1, 0, Verdict::Stop),
            (Error::Barred { endpoint: String::new(), what: String::new() }, list(9), 1, 0, Verdict::Stop),
        ] {
            let standing = Standing { in_a_row, since: Duration::from_secs(since_s) };
            assert_eq!(verdict(&error, asked, standing, 0), verdict_wanted, "{error:?} {asked:?} {standing:?}");
        }
    }

    #[test]
    fn waits_differ_by_chance() {
        let standing = Standing { in_a_row: 1, since: Duration::ZERO };
        let asked = Asked { rows: 1, by_ids: false };
        let wait = |chance| verdict(&Error::BurstLimit, asked, standing, chance);
        assert_eq!(wait(500), Verdict::Wait(Duration::from_millis(5_500)));
        assert_eq!(wait(1_000), s(6));
        assert_eq!(wait(u32::MAX), s(6));
    }
}
