//! Retries: what is done about an error of Xledger's. One pure function, counted over all questions of a client: retries that are decided where
//! they happen multiply.
//!
//! | what happened | what is done | until |
//! |---|---|---|
//! | burst limit | wait 5 s and send less often | 12 refusals in a row |
//! | too many at once | wait 1, 2, 4, 8, 16 s and send fewer at once | 5 minutes without an answer |
//! | credits used up | wait until Xledger gives new ones, or 20 minutes if it does not say when | 3 refusals in a row |
//! | 429 with `Retry-After` | wait for so long | 12 refusals in a row |
//! | any 5xx with `Retry-After` | wait for so long, and no less than without it | 5 minutes without an answer |
//! | server down, connection broken, answer damaged or of no known form where there were answers before | wait 1, 2, 4, 8, 16 s, one request at a time | 5 minutes without an answer |
//! | the same, while others are answered, or every second time from the fifth on; no answer in time, for the second time; too much asked at once; a list of ids that a firewall refuses | ask for half as many rows | the least that is worth trying, then as if the server were down |
//! | a fault of a field, or a query too complex, at the least rows that are worth trying: the third time, or at once | ask for its fields one by one, and again without those that always fail | until that finds none, then as if the server were down; too complex: stop |
//! | the same, and each error names a row | take a listed line without its header, which is refused then, and other rows for null | 50 rows |
//! | a refusal of this question, whatever its words | ask for its fields one by one, and again without those that are refused | until that finds none |
//! | the same, and none of its fields is refused by itself | wait 5, 15, 40 s | 3 times |
//! | anything else | stop: to ask again would only cost | |
//!
//! `pages.rs` asks once more for rows that a page lacked or had null, and halves pages. Only an answer ends a row of refusals, and the five minutes;
//! credits, rate and server count apart. A wait that would end beyond the run's deadline is not begun: the run ends with
//! the error, and the next one goes on.

use std::time::Duration;

use super::error::Error;
use crate::model::value::Instant;

/// The paths of a malformed answer that is no GraphQL: all of it, or all of its data.
const NO_ANSWER: [&str; 4] = [".", "data", "its encoding", "its end"];
/// Fewer rows than this are not tried: a server that cannot answer them has another problem.
pub(crate) const MIN_ROWS: usize = 50;
/// So many refusals in a row, without an answer between them, end the run.
const MAX_REFUSALS: u32 = 12;
/// Credits used up so often in a row end the run. Before that, a wait that ends before the deadline is cheaper than to begin again.
const MAX_RESETS: u32 = 3;
/// So often a question for few rows is not resolved before it is searched for the field: a fault of a moment passes meanwhile.
const TRIES_BEFORE_SEARCH: u32 = 3;
/// The waits before a question is asked again that was refused for a reason that nobody knows, in seconds.
const UNKNOWN_WAITS_S: [u64; 3] = [5, 15, 40];
/// How long a server is waited for that gives no answer at all.
const PATIENCE: Duration = Duration::from_secs(300);
/// The longest wait for such a server: it may be up, and what is asked too much for something on the way.
const MAX_BACKOFF_S: u64 = 16;
/// How long credits take to come back where Xledger does not say so.
pub(crate) const CREDITS_RESET: Duration = Duration::from_secs(20 * 60);

/// A request that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// How many rows, at most.
    pub(crate) rows: usize,
    /// Whether exactly these rows were asked for, by a list of ids.
    pub(crate) by_ids: bool,
    /// Whether its fields were asked for one by one already.
    pub(crate) searched: bool,
    /// Whether the endpoint has answered before.
    pub(crate) has_answered: bool,
    /// How often this question was refused or failed by now.
    pub(crate) tries: u32,
    /// When it failed.
    pub(crate) now: Instant,
}

/// How it has gone since the last answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streak {
    /// Refusals or failures of this limit in a row, this one included. Requests that were on the way together count once.
    pub(crate) in_a_row: u32,
    /// Those of all limits.
    pub(crate) of_all_limits: u32,
    /// How long ago the first of this limit came.
    pub(crate) since: Duration,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nobody asks anything for so long; then this is asked again.
    PauseAll(Duration),
    /// Nobody asks anything until then.
    PauseAllUntil(Instant),
    /// It is asked again for half as many rows.
    Shrink,
    /// It is found out which of its fields are refused, and then it is asked again without them.
    Search,
    /// It is asked again after so long. Others may ask meanwhile.
    RetryLater(Duration),
    /// The run ends.
    Stop,
}

/// What to do about an error. `jitter` is anything from 0 to 1,000: waits differ by it, so that clients that were refused together do not
/// come back together.
pub(crate) fn decide(error: &Error, attempt: Attempt, streak: Streak, jitter: u32) -> Decision {
    let can_shrink = attempt.rows > MIN_ROWS;
    let up_to = |most: u32, decision| if streak.in_a_row < most { decision } else { Decision::Stop };
    match error {
        Error::BurstLimit => up_to(MAX_REFUSALS, Decision::PauseAll(longer(Duration::from_secs(5), jitter, 200))),
        Error::ConcurrencyLimit => wait_for_server(error, attempt, streak, jitter),
        Error::CreditsUsedUp { reset_at: Some(at) } => {
            let later = longer(Duration::from_secs(1), jitter, 4_000);
            let at = at.as_millisecond().saturating_add(i64::try_from(later.as_millis()).unwrap_or(0));
            up_to(MAX_RESETS, Decision::PauseAllUntil(Instant(at)))
        }
        Error::Busy { status: 429, until, .. } => up_to(MAX_REFUSALS, Decision::PauseAllUntil(*until)),
        Error::Busy { until, .. } => match wait_for_server(error, attempt, streak, jitter) {
            Decision::PauseAll(wait) if until.0 > attempt.now.0 + wait.as_millis() as i64 => {
                Decision::PauseAllUntil(*until)
            }
            other => other,
        },
        Error::CreditsUsedUp { reset_at: None } => {
            up_to(MAX_RESETS, Decision::PauseAll(longer(CREDITS_RESET, jitter, 20)))
        }
        Error::Late { .. } if can_shrink && attempt.tries.max(streak.in_a_row) >= 2 => Decision::Shrink,
        Error::NotResolved { .. } | Error::TooComplex { .. } | Error::TooLarge { .. } | Error::TooLong { .. }
            if can_shrink =>
        {
            Decision::Shrink
        }
        // It may be a single field of these rows.
        Error::NotResolved { .. } if !attempt.searched && attempt.tries >= TRIES_BEFORE_SEARCH => Decision::Search,
        Error::TooComplex { .. } if !attempt.searched => Decision::Search,
        Error::Unavailable { .. } | Error::Unreachable { .. } if can_shrink && is_of_its_size(attempt, streak) => {
            Decision::Shrink
        }
        Error::Unavailable { .. } | Error::Unreachable { .. } | Error::Late { .. } | Error::NotResolved { .. } => {
            wait_for_server(error, attempt, streak, jitter)
        }
        // A field of a wrong type would be of that type again. What is no answer of GraphQL at all comes from a proxy or the like, where there were answers
        // before.
        Error::Malformed { path, .. } if attempt.has_answered && NO_ANSWER.contains(&path.as_str()) => {
            wait_for_server(error, attempt, streak, jitter)
        }
        Error::RightMissing { .. } | Error::SchemaMismatch { .. } | Error::Api { .. } if !attempt.searched => {
            Decision::Search
        }
        // Nobody has seen what Xledger says to a list of ids that is too long for it.
        Error::Api { .. } | Error::NotGraphql { .. } | Error::Blocked { .. } if attempt.by_ids && can_shrink => {
            Decision::Shrink
        }
        Error::Api { .. } | Error::RightMissing { .. } => {
            let wait = UNKNOWN_WAITS_S.get(attempt.tries.saturating_sub(1) as usize);
            wait.map_or(Decision::Stop, |seconds| Decision::RetryLater(Duration::from_secs(*seconds)))
        }
        _ => Decision::Stop,
    }
}

/// Whether a failure may be one of this question alone, and of how much it asks: others are answered, or it has gone on for a while.
fn is_of_its_size(attempt: Attempt, streak: Streak) -> bool {
    attempt.tries >= 2 && attempt.tries > streak.of_all_limits || streak.in_a_row >= 5 && streak.in_a_row % 2 == 1
}

/// What is done while a server gives no answer.
fn wait_for_server(error: &Error, attempt: Attempt, streak: Streak, jitter: u32) -> Decision {
    // A question of half the size counts its own tries.
    let failures = if matches!(error, Error::NotResolved { .. }) { attempt.tries } else { streak.in_a_row };
    let seconds = (1_u64 << failures.clamp(1, 7).saturating_sub(1)).min(MAX_BACKOFF_S);
    let wait = longer(Duration::from_secs(seconds), jitter, 250);
    if streak.since + wait <= PATIENCE { Decision::PauseAll(wait) } else { Decision::Stop }
}

/// A time, and up to so many thousandths of it more.
fn longer(time: Duration, jitter: u32, thousandths: u32) -> Duration {
    time + time * jitter.min(1_000) / 1_000 * thousandths / 1_000
}

#[cfg(test)]
mod tests;
