//! A refresh that takes more than one invocation: the next one is arranged, once, and not too early.

use crate::account::data_files;
use crate::die_before_commit::{of_lake, whole};
use crate::function::apart;
use crate::runtime_api::{Deadline as TimeLimit, Function, MINUTES};
use crate::servers::scheduler::Scheduler;
use crate::servers::scripted::Scripted;
use crate::servers::secrets::{Secret, Secrets};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant as Deadline;
use xledger_spend::aws::scheduler::{Continuation, NextInvocation};
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::model::value::Instant;

const NOW: Instant = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:xledger-spend";
const ROLE: &str = "arn:aws:iam::123456789012:role/xledger-spend-schedule";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:xledger-spend-undelivered";

fn in_time() -> Deadline {
    Deadline::now() + Duration::from_secs(60)
}

/// What the template sets.
pub(crate) fn template(name: &str) -> Option<String> {
    let value = match name {
        "CONTINUATION_ROLE_ARN" => ROLE,
        "CONTINUATION_GROUP" => "xledger-spend",
        "CONTINUATION_DEAD_LETTER_ARN" => QUEUE,
        _ => return None,
    };
    Some(value.to_owned())
}

fn due(minutes: i64) -> NextInvocation {
    NextInvocation::rest_of_refresh("20261121T013000Z-0a1b2c3d", Instant(NOW.0 + minutes * 60_000), false)
}

fn continuation(scheduler: &Scheduler, environment: impl Fn(&str) -> Option<String>) -> Continuation {
    Continuation::read(environment, &scheduler.configuration(), FUNCTION, || NOW).unwrap()
}

#[tokio::test]
async fn it_is_arranged_once() {
    let scheduler = Scheduler::start().await;
    let continuation = continuation(&scheduler, template);
    let at = continuation.arrange(&due(20), in_time()).await.unwrap();
    assert_eq!(at, Instant(NOW.0 + 20 * 60_000));
    let schedules = scheduler.schedules();
    let (name, schedule) = schedules.first_key_value().unwrap();
    assert_eq!((schedules.len(), name.as_str()), (1, "20261121T013000Z-0a1b2c3d-20261121T0150Z"));
    let input: Value = serde_json::from_str(schedule["Target"]["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"action": "refresh", "continues": "20261121T013000Z-0a1b2c3d"}));
    let mut rest = schedule.clone();
    rest["Target"]["Input"].take();
    assert_eq!(
        rest,
        json!({
            "GroupName": "xledger-spend",
            "ScheduleExpression": "at(2026-11-21T01:50:00)",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "ClientToken": "20261121T013000Z-0a1b2c3d-20261121T0150Z",
            "Target": {
                "Arn": FUNCTION,
                "RoleArn": ROLE,
                "Input": null,
                "RetryPolicy": {"MaximumEventAgeInSeconds": 3_600, "MaximumRetryAttempts": 10},
                "DeadLetterConfig": {"Arn": QUEUE},
            },
        })
    );

    // For the same minute it is there already, whichever run of this refresh arranges it.
    continuation.arrange(&due(20), in_time()).await.unwrap();
    assert_eq!(scheduler.schedules(), schedules);
    // Another time is another one; at once is in a minute.
    continuation.arrange(&due(-5), in_time()).await.unwrap();
    let next = &scheduler.schedules()["20261121T013000Z-0a1b2c3d-20261121T0131Z"];
    assert_eq!(next["ScheduleExpression"], "at(2026-11-21T01:31:00)");
}

/// Every event that is arranged is one that the function understands.
#[tokio::test]
async fn its_event_is_understood() {
    use xledger_spend::event::{Event, Refresh};

    let scheduler = Scheduler::start().await;
    let continuation = continuation(&scheduler, template);
    for refresh_id in ["20261121T013000Z-0a1b2c3d", "a", &"b".repeat(64)] {
        continuation.arrange(&NextInvocation::rest_of_refresh(refresh_id, NOW, false), in_time()).await.unwrap();
        let scheduled = scheduler.schedules().into_values();
        let mut inputs = scheduled.map(|schedule| serde_json::from_str(schedule["Target"]["Input"].as_str().unwrap()));
        let wanted = Event::Refresh(Refresh { continues: Some(refresh_id.to_owned()), ..Refresh::default() });
        assert!(inputs.any(|input| Event::parse(&input.unwrap()).unwrap() == wanted), "{refresh_id}");
    }
    continuation.arrange(&NextInvocation::look_for_token(NOW, NOW), in_time()).await.unwrap();
    let input = scheduler.schedules()["token-20261121T0131Z"]["Target"]["Input"].clone();
    let wanted = Event::Refresh(Refresh { waiting_since: Some(NOW), ..Refresh::default() });
    assert_eq!(Event::parse(&serde_json::from_str(input.as_str().unwrap()).unwrap()), Ok(wanted));
}

#[tokio::test]
async fn throttling_is_waited_for() {
    let scheduler = Scheduler::start().await;
    scheduler.refuse([(429, "ThrottlingException", "Rate exceeded"), (500, "InternalServerException", "try again")]);
    continuation(&scheduler, template).arrange(&due(20), in_time()).await.unwrap();
    assert_eq!((scheduler.schedules().len(), scheduler.asked()), (1, 3));
}

#[tokio::test]
async fn what_keeps_it_from_being_arranged_is_named() {
    const PASS: &str =
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: iam:PassRole on resource: role";
    const CREATE: &str = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: scheduler:CreateSchedule";
    for (refusal, words) in [
        ((403, "AccessDeniedException", PASS), ["iam:PassRole was denied", ROLE]),
        ((403, "AccessDeniedException", CREATE), ["scheduler:CreateSchedule was denied", "xledger-spend"]),
        ((400, "ValidationException", "The execution role you provide"), ["did not succeed", "The execution role"]),
        ((402, "ServiceQuotaExceededException", "too many"), ["did not succeed", "ServiceQuotaExceededException"]),
    ] {
        let scheduler = Scheduler::start().await;
        scheduler.refuse([refusal]);
        let failure = continuation(&scheduler, template).arrange(&due(20), in_time()).await.unwrap_err();
        told(&failure, &words);
        assert_eq!(scheduler.asked(), 1, "{} is not repeated", refusal.1);
    }
    let scheduler = Scheduler::start().await;
    let other = |name: &str| if name == "CONTINUATION_GROUP" { Some("gone".to_owned()) } else { template(name) };
    let failure = continuation(&scheduler, other).arrange(&due(20), in_time()).await.unwrap_err();
    told(&failure, &["the schedule group gone does not exist", "deploy the stack again"]);

    let read = |environment: fn(&str) -> Option<String>| {
        Continuation::read(environment, &scheduler.configuration(), FUNCTION, || NOW).unwrap_err()
    };
    told(&read(|_| None), &["without CONTINUATION_ROLE_ARN and CONTINUATION_GROUP", "template.yaml"]);
    told(&read(|name| (name == "CONTINUATION_ROLE_ARN").then(|| "x".to_owned())), &["without CONTINUATION_GROUP"]);
}

fn told(failure: &Failure, words: &[&str]) {
    assert_eq!(failure.kind, FailureKind::ContinuationFailed);
    for words in words.iter().chain(&["What is done is kept"]) {
        assert!(failure.message.contains(words), "{words}: {failure}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = crate::servers::configuration(&format!("http://{}", listener.local_addr().unwrap()));
    let continuation = Continuation::read(template, &silent, FUNCTION, || NOW).unwrap();
    let begun = Deadline::now();
    let failure = continuation.arrange(&due(20), begun + Duration::from_millis(1_500)).await.unwrap_err();
    told(&failure, &["gave no answer before the time was over"]);
    assert!(begun.elapsed() < Duration::from_millis(1_500));
}

/// The dead-letter queue is not necessary.
#[tokio::test]
async fn without_a_queue() {
    let scheduler = Scheduler::start().await;
    let without = |name: &str| template(name).filter(|_| name != "CONTINUATION_DEAD_LETTER_ARN");
    continuation(&scheduler, without).arrange(&due(20), in_time()).await.unwrap();
    let schedules = scheduler.schedules();
    assert_eq!(schedules["20261121T013000Z-0a1b2c3d-20261121T0150Z"]["Target"].get("DeadLetterConfig"), None);
}

/// The role may start the function by its name alone.
#[tokio::test]
async fn invoked_by_an_alias() {
    let (scheduler, alias) = (Scheduler::start().await, format!("{FUNCTION}:live"));
    let continuation = Continuation::read(template, &scheduler.configuration(), &alias, || NOW).unwrap();
    continuation.arrange(&due(20), in_time()).await.unwrap();
    assert_eq!(scheduler.schedules()["20261121T013000Z-0a1b2c3d-20261121T0150Z"]["Target"]["Arn"], FUNCTION);
}

/// The function from beginning to end: each invocation ends in time, arranges the next one, and the last one has the tables of a calm one.
#[tokio::test]
async fn until_the_tables_are_there() {
    let options = xledger_sim::Options {
        page_cap: 100,
        delay: Duration::from_millis(500),
        ..xledger_sim::Options::fast(4_230, 29)
    };
    let sim = xledger_sim::start(options).await.unwrap();
    let secrets = Secrets::start([Secret::text(sim.token())]).await;
    let (lake, calm, scheduler) = (Scripted::start().await, Scripted::start().await, Scheduler::start().await);
    let mut environment = apart(&sim.endpoint(), &lake, &secrets);
    environment.insert("AWS_ENDPOINT_URL_SCHEDULER", scheduler.endpoint.clone());
    for name in ["CONTINUATION_ROLE_ARN", "CONTINUATION_GROUP", "CONTINUATION_DEAD_LETTER_ARN"] {
        environment.insert(name, template(name).unwrap());
    }
    // What it may publish holds for all of it.
    let mut event = json!({"action": "refresh", "accept_shrink": true});
    let mut function = Function::start(&environment).await;
    let mut runs = 0;
    let report = loop {
        let report = function.invoke(&event, TimeLimit::In(Duration::from_secs(10))).await.unwrap();
        if report["status"] == "succeeded" {
            break report;
        }
        assert_eq!((&report["status"], &report["error"]), (&json!("incomplete"), &Value::Null), "{report}");
        runs += 1;
        let count = report["invocation"].as_u64().unwrap();
        // By the minute, which two runs can share.
        let (name, schedule) = scheduler.schedules().pop_last().unwrap();
        assert!(name.starts_with(&format!("{}-2", report["refresh_id"].as_str().unwrap())), "{name}");
        event = serde_json::from_str(schedule["Target"]["Input"].as_str().unwrap()).unwrap();
        assert_eq!((&event["continues"], &event["accept_shrink"]), (&report["refresh_id"], &json!(true)));
        assert!(count < 40, "{report}");
    };
    assert!(runs > 2, "{runs} {report}");
    assert_eq!(report["invocation"], runs + 1);

    let mut other = Function::start(&apart(&sim.endpoint(), &calm, &secrets)).await;
    other.invoke(&json!({}), MINUTES).await.unwrap();
    let tables = |lake: &Scripted| {
        let objects = of_lake(lake);
        data_files(&objects, &whole(&objects))
    };
    let (made, expected) = (tables(&lake), tables(&calm));
    let other: Vec<_> = expected.iter().filter(|file| !made.contains(file)).map(|file| file.0.clone()).collect();
    assert!(made == expected, "{other:?} {report}");

    // A schedule that comes late, or twice, has nothing to do.
    let before = sim.journal().exchanges().len();
    let report = function.invoke(&event, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["snapshot"]), (&json!("succeeded"), &Value::Null), "{report}");
    assert_eq!(sim.journal().exchanges().len(), before);
}
