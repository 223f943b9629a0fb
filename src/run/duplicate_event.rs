//! Duplicate events: two runs of one event. AWS may deliver an event twice at once, or again after its run died. If the other run renews its
//! lease, it is alive; if the lease expires, it died.

use std::time::Duration;

use super::Run;
use crate::lake::{Error, Lake, Publisher};
use crate::model::failure::{Failure, FailureKind};

/// The longest that is waited for it: somewhat more than a lease holds.
const MAX_WAIT: Duration = Duration::from_secs(100);

/// Takes the lake for a run.
///
/// # Errors
/// [`FailureKind::DuplicateEvent`] if another run of the same event is at work, [`FailureKind::LakeInUse`] if another one is.
pub(super) async fn claim(run: &Run, lake: &Lake) -> Result<Publisher, Failure> {
    let name = format!("run {}", run.id);
    let (duplicate, until) = match lake.claim(&name, run.clock).await {
        Err(Error::InUse { by, until: Some(until), .. }) if are_of_one_event(&by, &name) => (by, until),
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
