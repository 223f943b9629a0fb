//! Duplicate events: two runs of one event. AWS may deliver an event twice at once, and delivers an event again whose run died. Which of the two it
//! was shows when the lease of the other run is renewed, or runs out.

use std::time::Duration;

use super::Run;
use crate::lake::{Error, Lake, Publisher};
use crate::model::failure::{Failure, FailureKind};

/// The longest that is waited for it: somewhat more than a lease holds.
const MAX_WAIT: Duration = Duration::from_secs(100);

/// Takes the lake for a run.
///
/// # Errors
/// [`FailureKind::DuplicateEvent`] if another run of the same event is at work, or any other one and this one `yields` to it;
/// [`FailureKind::LakeInUse`] if it does not.
pub(super) async fn claim(run: &Run, lake: &Lake, yields: bool) -> Result<Publisher, Failure> {
    let name = format!("run {}", run.id);
    let (duplicate, until) = match lake.claim(&name, run.clock).await {
        Err(Error::InUse { by, until: Some(until), .. }) if are_of_one_event(&by, &name) => (by, until),
        Err(Error::InUse { by, .. }) if yields => {
            let message = format!("{by} is at work, and does what this event asks for");
            return Err(Failure::new(FailureKind::DuplicateEvent, message));
        }
        outcome => return Ok(outcome?),
    };
    let left_ms = u64::try_from(until.0 - (run.clock)().0).unwrap_or(0) + 1_000;
    let wait = Duration::from_millis(left_ms).min(MAX_WAIT);
    tokio::time::sleep_until((tokio::time::Instant::now() + wait).min(run.last_answer())).await;
    match lake.claim(&name, run.clock).await {
        Err(Error::InUse { by, .. }) if by == duplicate => {
            let message =
                format!("this event arrived twice; {by} does what it asks for, and nothing is left to be done here");
            Err(Failure::new(FailureKind::DuplicateEvent, message))
        }
        outcome => Ok(outcome?),
    }
}

/// Whether two runs are of one event: the last part of their ids is the event's.
fn are_of_one_event(one: &str, other: &str) -> bool {
    let event = |name: &str| name.rsplit_once('-').map(|(_, event)| event.to_owned()).filter(|event| event.len() == 8);
    event(one).is_some_and(|one| Some(one) == event(other))
}
