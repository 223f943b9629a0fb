//! Waits: for the token, which a function that is deployed before there is one looks for by itself, checks, and makes the tables; and for the lake,
//! while another run has it. Nobody has to start it, and nothing fails meanwhile.

use crate::event::Refresh;
use crate::lake::Publisher;
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::report::Report;
use crate::run::check::{Checked, RightAccess};
use crate::settings::Settings;
use crate::table::runs::Status;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Ends a failed refresh as one that waits for its token, if a missing token is the failure and this caller waits for one.
///
/// # Errors
/// Any other failure, as it was. A dry run does not wait, because the refresh that would follow is no dry run.
pub(super) fn unless_waiting(
    failure: Failure,
    refresh: &Refresh,
    settings: &Settings,
    now: Instant,
    report: &mut Report,
) -> Result<Status, Failure> {
    if failure.kind != FailureKind::TokenMissing || !settings.waits_for_token || refresh.dry_run {
        return Err(failure);
    }
    let since = refresh.waiting_since.unwrap_or(report.started_at);
    (report.waiting_since, report.continues_at) = (Some(since), Some(next_look(since, now)));
    report.note =
        Some(format!("{}. It is looked for by itself, checked, and then the tables are made", failure.message));
    Ok(Status::WaitingForToken)
}

/// Ends a run that found the lake in use, if it came by itself: it comes again, for the run that has the lake may be a dry one, or fail. `None` if
/// somebody has started it, who is to know.
pub(super) fn come_again(in_use: &Failure, refresh: &Refresh, now: Instant, report: &mut Report) -> Option<Status> {
    if refresh.waiting_since.is_none() {
        report.refresh_id = Some(refresh.continues.clone()?);
    }
    (report.continues_at, report.note) = (Some(next_look(now, now)), Some(in_use.message.clone()));
    report.waiting_since = refresh.waiting_since;
    Some(if report.waiting_since.is_some() { Status::WaitingForToken } else { Status::Incomplete })
}

/// When to look again: in the first hour at every fifth minute of the clock, then at every quarter, after a day at every half hour. All runs that
/// wait use these same instants, so that runs that were started apart come to look together, as one.
fn next_look(since: Instant, now: Instant) -> Instant {
    let step_ms = match now.0.saturating_sub(since.0) {
        waited if waited < HOUR_MS => 5 * MINUTE_MS,
        waited if waited < 24 * HOUR_MS => 15 * MINUTE_MS,
        _ => 30 * MINUTE_MS,
    };
    let earliest = now.0.saturating_add(MINUTE_MS);
    Instant(earliest.saturating_add(step_ms - 1).div_euclid(step_ms).saturating_mul(step_ms))
}

/// Whether somebody else has made tables since the token is waited for, so that nothing is left to be done.
///
/// # Errors
/// What storage can meet.
pub(super) async fn is_over(since: Instant, lake: &Publisher, report: &mut Report) -> Result<bool, Failure> {
    let current =
        lake.lake().current().await?.map(|(current, _)| current).filter(|current| current.committed_at > since);
    if let Some(current) = &current {
        report.last_success_at = Some(current.committed_at);
        report.note =
            Some("another run has made tables since the token was waited for; nothing is left to be done".to_owned());
    }
    Ok(current.is_some())
}

/// The check of a token that has just come. Nobody may be there to read it, so that it names at once every right that is missing. Anything else that
/// is in the way the refresh finds itself, before it fetches a line.
///
/// # Errors
/// [`FailureKind::RightMissing`], naming each.
pub(super) fn has_every_right(checked: &Checked) -> Result<(), Failure> {
    let missing = checked.rights.iter().filter(|right| !right.optional && right.access == RightAccess::Missing);
    let names: Vec<String> = missing.map(|right| format!("{} ({})", right.name, right.area)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the token lacks rights that every refresh needs: {}. Tick read for them in Xledger, and run again",
        names.join(", ")
    );
    Err(Failure::new(FailureKind::RightMissing, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Instant = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z

    fn minutes(count: i64) -> Instant {
        Instant(SINCE.0 + count * MINUTE_MS)
    }

    #[test]
    fn it_is_looked_for_less_often_with_time() {
        for (waited, next) in
            [(0, 5), (3, 5), (4, 5), (5, 10), (59, 60), (60, 75), (61, 75), (1_439, 1_440), (1_440, 1_470)]
        {
            assert_eq!(next_look(SINCE, minutes(waited)), minutes(next), "{waited}");
        }
        assert_eq!(next_look(SINCE, Instant(minutes(4).0 + 1)), minutes(10), "a minute is left to arrange it");
        assert_eq!(next_look(minutes(10), SINCE), minutes(5), "a clock that is behind");
        assert!(next_look(SINCE, Instant(i64::MAX)).0 > SINCE.0);
    }

    /// However many runs begin to wait, and whenever: a look is named by its minute, so those at one minute are one.
    #[test]
    fn runs_that_wait_apart_come_to_look_together() {
        let mut looks: Vec<(Instant, Instant)> = [0, 7, 33, 61, 200].map(|at| (minutes(at), minutes(at))).into();
        for _ in 0..400 {
            looks.sort_by_key(|(_, at)| *at);
            looks.dedup_by_key(|(_, at)| *at);
            let (since, at) = looks.remove(0);
            looks.push((since, next_look(since, at)));
        }
        looks.dedup_by_key(|(_, at)| *at);
        assert_eq!(looks.len(), 1);
    }
}
