//! Lets the function come again, to resume a refresh that takes more than one invocation or to look for its token: a schedule of EventBridge
//! Scheduler that invokes the same function once, and then removes itself. The function does not invoke itself: Lambda stops that after some
//! sixteen times, while a schedule has no such end, comes when credits are back, and shows in the console.
//!
//! The name of a schedule says what it is for, the refresh or the token, and its minute, so that runs of one refresh that arrange its rest for one
//! minute arrange it once. A leftover schedule does no harm: its refresh has ended, or tables have been made since the time that it names, so that its
//! run does nothing.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::config::Builder;
use aws_sdk_scheduler::error::BuildError;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use serde_json::{Value, json};
use tokio::time::timeout_at;

use crate::aws::CallError;
use crate::model::digest::Digest;
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;

/// A call takes a fraction of a second, and the run has but seconds left.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 5;
/// What the invocation needs after it, to say how it ended.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);
/// Scheduler goes by the minute. A schedule whose minute is over when it is made might never come.
const MINUTE_MS: i64 = 60_000;
/// Of a function's ARN, without an alias or a version: `arn:aws:lambda:eu-north-1:123456789012:function:xledger-spend`.
const ARN_PARTS: usize = 7;
/// Scheduler's longest name.
const NAME_LIMIT: usize = 64;
/// About handing the event to Lambda, not about the run; as of the main schedule.
const EVENT_AGE_S: i32 = 3_600;
const DELIVERIES: i32 = 10;

/// What the function is to be invoked for, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct NextInvocation {
    /// What for: with the minute the schedule's name.
    purpose: String,
    event: Value,
    at: Instant,
}

impl NextInvocation {
    /// The next part of an unfinished refresh, not before `at`. `refresh_id` has letters, digits and hyphens. `accept_shrink` stays as it was asked
    /// for.
    pub fn rest_of_refresh(refresh_id: &str, at: Instant, accept_shrink: bool) -> Self {
        let mut event = json!({"action": "refresh", "continues": refresh_id});
        if accept_shrink {
            event["accept_shrink"] = true.into();
        }
        Self { purpose: refresh_id.to_owned(), event, at }
    }

    /// The next look for a token that has been waited for since `since`.
    pub fn look_for_token(since: Instant, at: Instant) -> Self {
        let event = json!({"action": "refresh", "waiting_since": format_time(since, "%Y-%m-%dT%H:%M:%SZ")});
        Self { purpose: "token".to_owned(), event, at }
    }

    /// The name of its schedule at this minute.
    fn name(&self, at: Instant) -> String {
        let name = format!("{}-{}", self.purpose, format_time(at, "%Y%m%dT%H%MZ"));
        if name.len() <= NAME_LIMIT { name } else { Digest::of(name.as_bytes()) }
    }
}

fn format_time(at: Instant, form: &str) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().strftime(form).to_string()
}

/// Arranges for this function to be invoked again.
#[derive(Clone, Debug)]
pub struct Continuation {
    scheduler: Client,
    function: String,
    role: String,
    group: String,
    dead_letters: Option<String>,
    clock: fn() -> Instant,
}

impl Continuation {
    /// With what the function's environment says; `function` is the ARN that it was invoked by. An alias or a version in it is left out:
    /// the role may start the function itself, as the main schedule does. Touches no network.
    ///
    /// # Errors
    /// [`FailureKind::ContinuationFailed`], naming the variables that are missing.
    pub fn read(
        environment: impl Fn(&str) -> Option<String>,
        aws: &SdkConfig,
        function: &str,
        clock: fn() -> Instant,
    ) -> Result<Self, Failure> {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let needed = ["CONTINUATION_ROLE_ARN", "CONTINUATION_GROUP"];
        let [Some(role), Some(group)] = needed.map(set) else {
            let missing: Vec<&str> = needed.into_iter().filter(|name| set(name).is_none()).collect();
            return Err(failed(&format!(
                "without {} there is no way to do so; set what template.yaml sets",
                missing.join(" and ")
            )));
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        let config = Builder::from(aws).retry_config(retries).timeout_config(timeouts).build();
        Ok(Self {
            scheduler: Client::from_conf(config),
            function: function.split(':').take(ARN_PARTS).collect::<Vec<_>>().join(":"),
            role,
            group,
            dead_letters: set("CONTINUATION_DEAD_LETTER_ARN"),
            clock,
        })
    }

    /// Arranges it before the deadline, and returns when it comes: the first full minute not before it is due, and at least a minute from
    /// now. That it is arranged already is no fault.
    ///
    /// # Errors
    /// [`FailureKind::ContinuationFailed`], saying which right or what else is missing.
    pub async fn arrange(&self, due: &NextInvocation, deadline: tokio::time::Instant) -> Result<Instant, Failure> {
        let at = next_full_minute(due.at, (self.clock)());
        let name = due.name(at);
        let unfit = |error: BuildError| failed(&error.to_string());
        let retries =
            RetryPolicy::builder().maximum_event_age_in_seconds(EVENT_AGE_S).maximum_retry_attempts(DELIVERIES);
        let target = Target::builder()
            .arn(&self.function)
            .role_arn(&self.role)
            .input(due.event.to_string())
            .retry_policy(retries.build())
            .set_dead_letter_config(self.dead_letters.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build()));
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
        let arranged = self
            .scheduler
            .create_schedule()
            .name(&name)
            .client_token(&name)
            .group_name(&self.group)
            .schedule_expression(expression(at)?)
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window.build().map_err(unfit)?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target.build().map_err(unfit)?)
            .send();
        let deadline = deadline.checked_sub(TIME_TO_ANSWER).unwrap_or(deadline);
        let Ok(arranged) = timeout_at(deadline, arranged).await else {
            return Err(failed("EventBridge Scheduler gave no answer before the time was over"));
        };
        match arranged.map_err(CallError::from_sdk) {
            Ok(_) => Ok(at),
            Err(CallError::Service(said)) if said.code == "ConflictException" => Ok(at),
            Err(error) => Err(self.failure(error)),
        }
    }

    fn failure(&self, error: CallError) -> Failure {
        let (group, role) = (&self.group, &self.role);
        let said = match error {
            CallError::Service(said) => said,
            CallError::NoCredentials(source) => {
                return failed(&format!("there are no valid AWS credentials: {source}"));
            }
            CallError::NotSent(source) => return failed(&format!("the request could not be made: {source}")),
            CallError::NoAnswer(source) => return failed(&format!("EventBridge Scheduler gave no answer: {source}")),
        };
        match said.code.as_str() {
            // Both are asked for by one call, and AWS says in words which of them it is.
            "AccessDeniedException" | "AccessDenied" => failed(&match said.to_string().contains("iam:PassRole") {
                true => format!("iam:PassRole was denied on {role}; allow it to the function's role: {said}"),
                false => format!(
                    "scheduler:CreateSchedule was denied in the schedule group {group}; allow it to the function's role: {said}"
                ),
            }),
            "ResourceNotFoundException" => {
                failed(&format!("the schedule group {group} does not exist; deploy the stack again: {said}"))
            }
            _ => failed(&format!("scheduler:CreateSchedule did not succeed in the schedule group {group}: {said}")),
        }
    }
}

fn failed(what: &str) -> Failure {
    let message = format!(
        "The function is to be invoked again, and this could not be arranged: {what}. What is done is kept, and the next refresh goes on \
         from there"
    );
    Failure::new(FailureKind::ContinuationFailed, message)
}

/// The first full minute not before it is due, and at least a minute from now: within it, Scheduler comes at any second.
fn next_full_minute(due: Instant, now: Instant) -> Instant {
    let earliest = due.0.max(now.0.saturating_add(MINUTE_MS));
    Instant(earliest.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS)
}

/// `at(2026-11-21T01:30:00)`.
fn expression(at: Instant) -> Result<String, Failure> {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => Ok(format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S"))),
        Err(error) => Err(failed(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z

    #[test]
    fn it_comes_on_a_full_minute_and_never_too_early() {
        for (due_ms, expected_ms) in
            [(-1, 60_000), (0, 60_000), (60_000, 60_000), (60_001, 120_000), (3_599_999, 3_600_000)]
        {
            assert_eq!(next_full_minute(Instant(NOW.0 + due_ms), NOW), Instant(NOW.0 + expected_ms), "{due_ms}");
        }
        assert_eq!(next_full_minute(NOW, Instant(NOW.0 + 1)), Instant(NOW.0 + 120_000));
        assert_eq!(expression(NOW).unwrap(), "at(2026-11-21T01:30:00)");
    }

    #[test]
    fn what_is_arranged_for_one_minute_has_one_name() {
        let name = |refresh_id: &str, at| NextInvocation::rest_of_refresh(refresh_id, at, false).name(at);
        let next_minute = Instant(NOW.0 + 60_000);
        assert_eq!(name("20261121T013000Z-0a1b2c3d", NOW), "20261121T013000Z-0a1b2c3d-20261121T0130Z");
        let long = "a".repeat(64);
        assert_eq!(name(&long, NOW).len(), NAME_LIMIT);
        assert_eq!(name(&long, NOW), name(&long, NOW));
        assert_ne!(name(&long, NOW), name(&long, next_minute));
        let look = NextInvocation::look_for_token(Instant(NOW.0 - 7_000), NOW);
        assert_eq!(look.event, json!({"action": "refresh", "waiting_since": "2026-11-21T01:29:53Z"}));
        assert_eq!(look.name(NOW), "token-20261121T0130Z");
        assert_ne!(look.name(next_minute), look.name(NOW));
    }
}
