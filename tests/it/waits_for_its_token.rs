//! Deployed before there is a token, the function waits for it, quietly; once it is put, it checks it and makes the tables.

use crate::die_before_commit::{of_lake, whole};
use crate::function::{apart, assert_nothing_leaked, log_lines, written};
use crate::resume::template;
use crate::runtime_api::{Environment, Function, MINUTES};
use crate::servers::scheduler::Scheduler;
use crate::servers::scripted::Scripted;
use crate::servers::secrets::{Secret, Secrets};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xledger_sim::Options;

/// As it is after a deployment.
struct Deployed {
    sim: xledger_sim::Running,
    lake: Scripted,
    scheduler: Scheduler,
    environment: Environment,
}

impl Deployed {
    async fn new(options: Options, secret: impl Fn(&str) -> Vec<Secret>) -> Self {
        let sim = xledger_sim::start(options).await.unwrap();
        let secrets = Secrets::start(secret(sim.token())).await;
        let (lake, scheduler) = (Scripted::start().await, Scheduler::start().await);
        let mut environment = apart(&sim.endpoint(), &lake, &secrets);
        environment.insert("AWS_ENDPOINT_URL_SCHEDULER", scheduler.endpoint.clone());
        for name in ["CONTINUATION_ROLE_ARN", "CONTINUATION_GROUP", "CONTINUATION_DEAD_LETTER_ARN"] {
            environment.insert(name, template(name).unwrap());
        }
        Self { sim, lake, scheduler, environment }
    }

    /// Waits once, and gives the event that comes of it.
    async fn wait(&self, function: &mut Function) -> Value {
        let report = function.invoke(&json!({"action": "refresh"}), MINUTES).await.unwrap();
        assert_eq!((&report["status"], &report["error"]), (&json!("waiting_for_token"), &Value::Null), "{report}");
        self.arranged("token", &report)
    }

    /// The event that comes at the time that a report says.
    fn arranged(&self, purpose: &str, report: &Value) -> Value {
        let at: String = report["continues_at"].as_str().unwrap()[..16].replace(['-', ':'], "");
        let schedule = &self.scheduler.schedules()[&format!("{purpose}-{at}Z")];
        serde_json::from_str(schedule["Target"]["Input"].as_str().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn and_makes_the_tables_once_it_is_put() {
    let deployed = Deployed::new(Options::fast(1_500, 21), |token| {
        vec![Secret::NoValue, Secret::text(""), Secret::text(" \n"), Secret::text(token)]
    })
    .await;
    let mut function = Function::start(&deployed.environment).await;
    // An empty event, then twice the look that the one before arranged.
    let mut events = BTreeSet::new();
    let mut event = json!({});
    for _ in 0..3 {
        let report = function.invoke(&event, MINUTES).await.unwrap();
        assert_eq!((&report["status"], &report["error"]), (&json!("waiting_for_token"), &Value::Null), "{report}");
        assert!(report["note"].as_str().is_some_and(|note| note.contains("put-secret-value")), "{report}");
        events.insert(report["continues_at"].to_string());
        event = deployed.arranged("token", &report);
    }
    assert_eq!(deployed.scheduler.schedules().len(), events.len(), "looks at one time are one");
    assert_eq!(deployed.sim.journal().totals().requests, 0);
    let objects = deployed.lake.objects();
    assert_eq!(objects.keys().collect::<Vec<_>>(), ["lake/state/lease.json"], "no tables, and no row in runs");

    let report = function.invoke(&event, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["error"]), (&json!("succeeded"), &Value::Null), "{report}");
    assert!(report["tables"]["spend"]["rows"].as_u64().unwrap() > 50, "{report}");
    let objects = of_lake(&deployed.lake);
    assert_eq!(whole(&objects), report["snapshot"].as_str().unwrap());
    assert_eq!(deployed.sim.journal().payroll_violations().len(), 0);

    // A look that comes late, or twice, has nothing to do.
    let before = deployed.sim.journal().exchanges().len();
    let report = function.invoke(&event, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["snapshot"]), (&json!("succeeded"), &Value::Null), "{report}");
    assert_eq!(deployed.sim.journal().exchanges().len(), before);

    let output = function.kill();
    assert!(log_lines(&output).iter().all(|line| line["level"] == "INFO"), "{output}");
    let told =
        |record: &Value| ["WaitingForToken", "RunsFailed", "TokenRefused"].map(|name| record[name].as_u64().unwrap());
    let (_, records) = written(&output);
    let (waits, rest) = records.split_at(3);
    for record in waits {
        assert_eq!((told(record), record.get("RunsSucceeded")), ([1, 0, 0], None), "{record}");
    }
    assert_eq!(rest.iter().map(told).collect::<Vec<_>>(), [[0, 0, 0]; 2]);
    assert_eq!(rest.iter().map(|record| record["RunsSucceeded"].clone()).collect::<Vec<_>>(), [json!(1), json!(0)]);
    assert_nothing_leaked(deployed.sim.token(), &output, &deployed.lake.objects());
}

#[tokio::test]
async fn and_says_what_is_wrong_with_it() {
    let mut lacking = Options::fast(800, 22);
    lacking.dialect.missing_rights = ["Supplier", "APTransaction", "Contact"].map(str::to_owned).into();
    type Put = fn(&str) -> Secret;
    let cases: [(Options, Put, &str, &[&str]); 4] = [
        (Options::fast(800, 22), |_| Secret::text("another-token-4711"), "token_refused", &["token"]),
        (Options::fast(800, 22), |_| Secret::text("two words"), "token_malformed", &["spaces"]),
        (Options::fast(800, 22), |_| Secret::text(r#"{"key": "none"}"#), "token_malformed", &["without a key `token`"]),
        (
            lacking,
            Secret::text,
            "right_missing",
            &["Supplier (Common)", "APTransaction (Accounts Payable)", "Tick read"],
        ),
    ];
    for (options, put, kind, words) in cases {
        let deployed = Deployed::new(options, |token| vec![Secret::NoValue, put(token)]).await;
        let mut function = Function::start(&deployed.environment).await;
        let event = deployed.wait(&mut function).await;
        let fault = function.invoke(&event, MINUTES).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{}", fault.message);
        for word in words {
            assert!(fault.message.contains(word), "{word}: {}", fault.message);
        }
        assert!(!fault.message.contains("Contact"), "a right that costs columns is in nobody's way: {}", fault.message);
        assert_eq!(deployed.scheduler.schedules().len(), 1, "nothing is waited for any more");
        let runs = deployed.lake.objects().into_keys().filter(|name| name.starts_with("lake/runs/")).count();
        assert_eq!((runs, deployed.lake.object("lake/CURRENT.json")), (1, None));
    }
}

#[tokio::test]
async fn only_what_can_come_again_waits() {
    let deployed = Deployed::new(Options::fast(800, 23), |_| vec![Secret::NoValue]).await;
    let mut function = Function::start(&deployed.environment).await;
    for event in [json!({"action": "check"}), json!({"dry_run": true})] {
        let fault = function.invoke(&event, MINUTES).await.unwrap_err();
        assert_eq!(fault.kind, "token_missing", "{event}: {}", fault.message);
        assert!(fault.message.contains("put-secret-value"), "{}", fault.message);
    }
    assert_eq!(deployed.scheduler.schedules().len(), 0);
    // Where it cannot be arranged, somebody is told, and why.
    deployed.scheduler.refuse([(400, "ValidationException", "no")]);
    let fault = function.invoke(&json!({}), MINUTES).await.unwrap_err();
    assert_eq!(fault.kind, "continuation_failed");
    assert!(
        fault.message.contains("put-secret-value") && fault.message.contains("did not succeed"),
        "{}",
        fault.message
    );
}

/// Somebody starts a run by hand as soon as the token is put: the look that comes meanwhile leaves the lake to it. That run may be a dry one, so it
/// is looked for again. So does the rest of a refresh, which somebody goes on with by hand.
#[tokio::test]
async fn what_comes_by_itself_yields_to_a_run_that_is_on() {
    let deployed = Deployed::new(Options::fast(800, 24), |token| vec![Secret::NoValue, Secret::text(token)]).await;
    let mut function = Function::start(&deployed.environment).await;
    let event = deployed.wait(&mut function).await;
    let there = json!({
        "format_version": 1, "holder": "run 20261121T013000Z-0a1b2c3d", "since": "2026-11-21T01:00:00.000Z",
        "expires_at": "2999-01-01T00:00:00.000Z", "renewals": 3, "released": false,
    });
    deployed.lake.put("lake/state/lease.json", there.to_string().as_bytes());
    let report = function.invoke(&event, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["error"]), (&json!("waiting_for_token"), &Value::Null), "{report}");
    let next = deployed.arranged("token", &report);
    assert_eq!(next, event, "it waits since then");
    let rest = json!({"action": "refresh", "continues": "20261120T013000Z-1b2c3d4e"});
    let report = function.invoke(&rest, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["error"]), (&json!("incomplete"), &Value::Null), "{report}");
    assert_eq!(deployed.arranged("20261120T013000Z-1b2c3d4e", &report), rest);
    assert!(!deployed.lake.objects().keys().any(|key| key.starts_with("lake/runs/")), "they did nothing");
    assert_eq!(function.invoke(&json!({}), MINUTES).await.unwrap_err().kind, "lake_in_use");
    assert_eq!(deployed.sim.journal().totals().requests, 0);
    // The other run has ended, and published nothing.
    let released = there.to_string().replace("\"released\":false", "\"released\":true");
    deployed.lake.put("lake/state/lease.json", released.as_bytes());
    let report = function.invoke(&next, MINUTES).await.unwrap();
    assert_eq!(report["status"], "succeeded", "{report}");
}
