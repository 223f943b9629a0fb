//! The function as Lambda runs it: the real program, its settings from the environment, its token from Secrets Manager, its lake on S3.

use crate::account::{Account, Objects, data_files, environment};
use crate::desk::Desk;
use crate::payroll_never_leaves::{contains, texts};
use crate::runtime_api::{Deadline, Function, MINUTES, TRACE_ID};
use crate::servers::scripted::Scripted;
use crate::servers::secrets::{Secret, Secrets};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;
use xledger_sim::{Options, PAYROLL_MARKER};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::metrics::METRICS;
use xledger_spend::table::runs::Status;

/// The page that explains what the function writes.
const PAGE: &str = include_str!("../../docs/metrics.md");

/// What the scheduler sends.
fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2026-11-21T01:30:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/xledger-spend"],
        "detail": "{}"
    })
}

/// What the function wrote: lines of the log, and records of metrics. Every line is an object.
pub(crate) fn written(output: &str) -> (Vec<Value>, Vec<Value>) {
    let lines = output.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    lines.partition(|line: &Value| line.get("_aws").is_none())
}

/// Every line of the log tells when, how grave and what, in this form and no other, under names that `docs/metrics.md` explains.
pub(crate) fn log_lines(output: &str) -> Vec<Value> {
    let (lines, _) = written(output);
    for line in &lines {
        for key in ["timestamp", "level", "message"] {
            assert!(line[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {line}");
        }
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{line}");
        for key in keys(line) {
            assert!(PAGE.contains(&format!("`{key}`")), "docs/metrics.md does not say what `{key}` is: {line}");
        }
    }
    lines
}

/// Every record holds names and numbers alone, under names that `docs/metrics.md` explains.
fn records(output: &str) -> Vec<Value> {
    let (_, records) = written(output);
    for record in &records {
        for (key, value) in record.as_object().unwrap() {
            let word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            assert!(
                key == "_aws" || value.is_u64() || value.is_null() || value.as_str().is_some_and(word),
                "{key}: {record}"
            );
            assert!(key == "_aws" || PAGE.contains(&format!("`{key}`")), "docs/metrics.md lacks `{key}`");
        }
    }
    records
}

/// A failed invocation is one error in the log, with its kind and words, and one record if it was a run.
pub(crate) fn assert_told_once(output: &str, event: &Value, kind: FailureKind) {
    let lines = log_lines(output);
    let errors: Vec<&Value> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(errors.len() == 1 && errors[0]["error_kind"] == kind.as_str(), "{lines:?}");
    assert!(errors[0]["error_message"].as_str().is_some_and(|words| words.len() > 20), "{lines:?}");
    let records = records(output);
    if event["action"] == "check" {
        assert_eq!(records, Vec::<Value>::new());
    } else {
        let told = |record: &Value| (record["error_kind"].clone(), record["RunsFailed"].clone());
        assert_eq!(records.iter().map(told).collect::<Vec<_>>(), [(json!(kind), json!(1))]);
    }
}

/// The first line with this message.
fn line<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    lines.iter().find(|line| line["message"] == message).unwrap_or_else(|| panic!("no line {message}: {lines:?}"))
}

fn keys(line: &Value) -> BTreeSet<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Neither the token nor a byte of payroll is in anything that the function wrote.
pub(crate) fn assert_nothing_leaked(token: &str, said: &str, objects: &Objects) {
    for word in [token, PAYROLL_MARKER] {
        assert!(!said.contains(word), "{word} in {said}");
        for (name, bytes) in objects {
            assert!(!contains(bytes, word), "{word} in {name}");
        }
    }
}

#[tokio::test]
async fn a_schedule_and_an_empty_event_publish_what_a_desk_publishes() {
    let Some(account) = Account::open().await else { return };
    let desk = Desk::new(Options::fast(1_500, 21)).await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let expected = desk.data_files();
    assert!(expected.len() > 10);

    let secret = account.secret(desk.sim.token()).await;
    let mut function = Function::start(&account.environment(&desk.sim.endpoint(), &secret)).await;
    let mut said = String::new();
    let mut snapshots = Vec::new();
    for event in [schedule(), json!({})] {
        let report = function.invoke(&event, MINUTES).await.unwrap();
        assert_eq!((&report["status"], &report["error"]), (&json!("succeeded"), &Value::Null), "{report}");
        snapshots.push(report["snapshot"].as_str().unwrap().to_owned());
        said.push_str(&report.to_string());
    }
    let log = function.kill();
    assert_eq!(log_lines(&log).iter().filter(|line| line["message"] == "refresh ended").count(), 2, "{log}");
    let records = records(&log);
    assert_eq!(records.iter().map(|record| record["snapshot"].as_str().unwrap()).collect::<Vec<_>>(), snapshots);
    said.push_str(&log);

    let objects = account.objects().await;
    let current: Value = serde_json::from_slice(&objects["CURRENT.json"]).unwrap();
    assert_eq!((&current["snapshot"], &current["previous"]), (&json!(snapshots[1]), &json!(snapshots[0])));
    for snapshot in &snapshots {
        assert!(data_files(&objects, snapshot) == expected, "{snapshot}");
    }
    let runs: Vec<&str> = objects.keys().filter_map(|name| name.strip_prefix("runs/")).collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(!objects.contains_key("state/trial"));
    assert_nothing_leaked(desk.sim.token(), &said, &objects);
    assert!(texts(&expected).iter().all(|text| !text.contains(PAYROLL_MARKER)));
    assert_eq!(desk.sim.journal().payroll_violations().len(), 0);
}

#[tokio::test]
async fn a_check_and_a_dry_run_publish_nothing() {
    let Some(account) = Account::open().await else { return };
    let sim = xledger_sim::start(Options::fast(800, 22)).await.unwrap();
    let secret = account.secret(&json!({"token": sim.token(), "comment": "read only"}).to_string()).await;
    let mut function = Function::start(&account.environment(&sim.endpoint(), &secret)).await;
    let answer = function.invoke_text(&json!({"action": "check"}), MINUTES).await.unwrap();
    let checked: Value = serde_json::from_str(&answer).unwrap();
    // What a person sees of it: indented, and at its end the table as the command line prints it.
    let table = checked["table"].as_array().unwrap();
    assert!(table.len() > 30 && table.contains(&json!("Document types")), "{answer}");
    for line in table {
        assert!(answer.contains(&format!("\n    {line}")), "{line}: {answer}");
    }
    let last = "\n    \"Ready: the token has every right that a refresh was seen to need.\"\n  ]\n}";
    assert!(answer.starts_with("{\n  \"action\": \"check\",\n") && answer.ends_with(last), "{answer}");
    assert!(checked["rights"].as_array().is_some_and(|rights| rights.len() > 5), "{checked}");
    assert!(checked["document_types"].as_array().is_some_and(|types| types.len() > 3), "{checked}");
    assert_eq!(account.names().await.len(), 0);

    let report =
        function.invoke(&json!({"action": "refresh", "mode": "full", "dry_run": true}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["snapshot"]), (&json!("dry_run"), &Value::Null), "{report}");
    assert!(report["tables"]["spend"]["rows"].as_u64().unwrap() > 50, "{report}");
    let mut objects = account.objects().await;
    objects.remove("state/lease.json").unwrap();
    assert!(objects.keys().all(|name| name.starts_with("runs/")) && objects.len() == 1, "{:?}", objects.keys());
    let log = function.kill();
    let records = records(&log);
    assert_eq!(records.len(), 1, "of the check there is none: {records:?}");
    // Where nothing has succeeded yet, a 0 would ring the alarm on tables that are old.
    assert_eq!((&records[0]["status"], &records[0]["RunsSucceeded"]), (&json!("dry_run"), &Value::Null));
    assert_nothing_leaked(sim.token(), &format!("{checked}{report}{log}"), &objects);
}

/// The log is made for a query: the same keys in every run, and one line that says how it ended.
#[tokio::test]
async fn the_log_is_one_object_a_line_with_stable_keys() {
    let sim = xledger_sim::start(Options::fast(800, 23)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
    let report = function.invoke(&json!({}), MINUTES).await.unwrap();
    function.invoke(&json!({"action": "forget"}), MINUTES).await.unwrap_err();
    drop(sim);
    let fault = function.invoke(&json!({}), Deadline::In(Duration::from_millis(6_500))).await.unwrap_err();
    assert_eq!(fault.kind, "xledger_unavailable");
    let lines = log_lines(&function.kill());
    let basic = ["level", "message", "timestamp", "request_id", "run_id", "trace_id"];
    for (message, own) in [
        ("refresh begins", vec!["dry_run", "endpoint"]),
        ("stage done", vec!["duration_ms", "rows", "stage"]),
        ("refresh ended", vec!["api_requests", "duration_s", "status"]),
        ("run failed", vec!["error_kind", "error_message"]),
    ] {
        let expected: BTreeSet<&str> = basic.into_iter().chain(own).collect();
        for line in lines.iter().filter(|line| line["message"] == message) {
            assert_eq!((keys(line), &line["trace_id"]), (expected.clone(), &json!(TRACE_ID)), "{line}");
        }
    }
    let invocations: BTreeSet<(&str, &str)> =
        lines.iter().map(|line| (line["run_id"].as_str().unwrap(), line["request_id"].as_str().unwrap())).collect();
    assert_eq!(invocations.len(), 3, "{lines:?}");
    assert_eq!(line(&lines, "refresh ended")["run_id"], report["run_id"]);
    assert_eq!(lines.iter().filter(|line| line["message"] == "stage done").count(), 6, "{lines:?}");
    let failed = lines.iter().filter(|line| line["message"] == "run failed").map(|line| &line["error_kind"]);
    assert_eq!(failed.collect::<Vec<_>>(), ["event_invalid", "xledger_unavailable"]);
}

/// One line of metrics for each run, whatever its end, in CloudWatch's embedded metric format.
#[tokio::test]
async fn each_run_leaves_one_record_of_metrics() {
    let mut leaking = Options::fast(3_000, 5);
    leaking.dialect.leak = true;
    let (sim, leaking) =
        (xledger_sim::start(Options::fast(800, 28)).await.unwrap(), xledger_sim::start(leaking).await.unwrap());
    let secrets = Secrets::start([
        Secret::text("the-old-token-4711"),
        Secret::text("the-old-token-4711"),
        Secret::text(sim.token()),
        Secret::text("the-new-token-4712"),
    ])
    .await;
    let lake = Scripted::start().await;
    let environment = apart(&sim.endpoint(), &lake, &secrets);
    let mut function = Function::start(&environment).await;
    // Before anything was published, then a success, then a failure after it.
    assert_eq!(function.invoke(&json!({}), MINUTES).await.unwrap_err().kind, "token_refused");
    let answer = function.invoke_text(&json!({}), MINUTES).await.unwrap();
    assert!(answer.starts_with("{\n  \"run_id\": \"") && answer.contains("\n    \"listed\": "), "{answer}");
    let report: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(function.invoke(&json!({}), MINUTES).await.unwrap_err().kind, "token_refused");
    function.invoke(&json!({"action": "check"}), MINUTES).await.unwrap_err();
    let output = function.kill();
    let [first, success, last] = &records(&output)[..] else { panic!("{output}") };

    let directive = &success["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (&directive["Namespace"], &directive["Dimensions"]),
        (&json!("XledgerSpend"), &json!([["FunctionName"]]))
    );
    let expected: Vec<Value> = METRICS.iter().map(|m| json!({"Name": m.name, "Unit": m.unit})).collect();
    assert_eq!(directive["Metrics"], json!(expected), "a success knows them all");
    assert!(success["_aws"]["Timestamp"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000), "{success}");
    for (key, value) in [
        ("FunctionName", &json!("xledger-spend")),
        ("run_id", &report["run_id"]),
        ("status", &json!("succeeded")),
        ("snapshot", &report["snapshot"]),
        ("RunsSucceeded", &json!(1)),
        ("TokenRefused", &json!(0)),
        ("LinesListed", &report["lines"]["listed"]),
        ("LinesPayroll", &report["lines"]["excluded_payroll"]),
        ("SpendRows", &report["tables"]["spend"]["rows"]),
        ("ApiBytesDown", &report["api"]["bytes_down"]),
        ("SecondsSinceLastSuccess", &json!(0)),
    ] {
        assert_eq!(&success[key], value, "{key}: {success}");
    }
    for key in ["Duration", "TimeUsed", "MemoryPeak", "MemoryUsed"] {
        assert!(success[key].as_u64().is_some_and(|value| value > 0), "{key}: {success}");
    }
    assert!(success["TimeUsed"].as_u64() <= Some(100) && success["MemoryUsed"].as_u64() <= Some(100), "{success}");

    for failed in [first, last] {
        let told = ["RunsFailed", "RunsSucceeded", "TokenRefused", "PayrollReceived"].map(|name| &failed[name]);
        assert_eq!(told, [&json!(1), &json!(0), &json!(1), &json!(0)], "{failed}");
        assert_eq!((&failed["error_kind"], failed.get("SpendRows")), (&json!("token_refused"), None), "{failed}");
    }
    assert_eq!(first.get("SecondsSinceLastSuccess"), None, "{first}");
    assert!(last["SecondsSinceLastSuccess"].as_u64().is_some_and(|seconds| seconds < 60), "{last}");

    let secrets = Secrets::start([Secret::text(leaking.token())]).await;
    let mut function = Function::start(&apart(&leaking.endpoint(), &lake, &secrets)).await;
    assert_eq!(function.invoke(&json!({}), MINUTES).await.unwrap_err().kind, "unasked_line");
    let output = format!("{output}{}", function.kill());
    let told = ["RunsFailed", "PayrollReceived", "TokenRefused"].map(|name| records(&output)[3][name].clone());
    assert_eq!(told, [json!(1), json!(1), json!(0)]);
    for token in [sim.token(), leaking.token(), "the-old-token-4711", "the-new-token-4712"] {
        assert_nothing_leaked(token, &output, &lake.objects());
    }
}

/// The runtime panics without the variables that Lambda sets: as good a fault of a program as any.
#[test]
fn a_panic_is_a_line_of_the_log_without_its_words() {
    let mut function = Command::new(env!("CARGO_BIN_EXE_lambda"));
    let output = function.env_clear().env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9").output().unwrap();
    assert!(!output.status.success() && output.stderr.is_empty(), "{output:?}");
    let lines = log_lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(keys(&lines[0]), BTreeSet::from(["timestamp", "level", "message", "error_kind", "place"]));
    assert_eq!((&lines[0]["error_kind"], &lines[0]["level"]), (&json!("panic"), &json!("ERROR")));
    assert!(lines[0]["place"].as_str().is_some_and(|place| place.contains("lib.rs:")), "{lines:?}");
    assert!(!lines[0].to_string().contains("env var"), "{lines:?}");
}

/// Services at endpoints of their own, as `AWS_ENDPOINT_URL_…` names them.
pub(crate) fn apart(xledger: &str, lake: &Scripted, secrets: &Secrets) -> crate::runtime_api::Environment {
    let mut environment = environment(xledger, "s3://bucket/lake", "xledger/token");
    environment.insert("AWS_ENDPOINT_URL_S3", lake.endpoint().to_owned());
    environment.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.endpoint.clone());
    environment
}

/// A token is replaced in two places, in Xledger and in Secrets Manager: a run between the two reads it once more.
#[tokio::test]
async fn a_token_that_is_replaced_in_the_meantime_is_read_once_more() {
    let sim = xledger_sim::start(Options::fast(800, 24)).await.unwrap();
    let secrets = Secrets::start([Secret::text("the-old-token-4711"), Secret::text(sim.token())]).await;
    let lake = Scripted::start().await;
    let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
    let report = function.invoke(&json!({}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], secrets.reads()), (&json!("succeeded"), 2), "{report}");
    assert!(lake.object("lake/CURRENT.json").is_some());
    // The next invocation asks anew, and once.
    let report = function.invoke(&json!({"dry_run": true}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], secrets.reads()), (&json!("dry_run"), 3), "{report}");
    let said = format!("{report}{}", function.kill());
    assert!(said.contains("it is read once more"), "{said}");
    assert_nothing_leaked(sim.token(), &said, &lake.objects());
    assert_nothing_leaked("the-old-token-4711", &said, &lake.objects());
}

#[tokio::test]
async fn a_token_corrected_between_two_invocations_is_used() {
    let Some(account) = Account::open().await else { return };
    let sim = xledger_sim::start(Options::fast(800, 25)).await.unwrap();
    let secret = account.secret("the-old-token-4711").await;
    let mut function = Function::start(&account.environment(&sim.endpoint(), &secret)).await;
    let fault = function.invoke(&json!({}), MINUTES).await.unwrap_err();
    assert_eq!(fault.kind, "token_refused", "{}", fault.message);
    account.replace_secret(&secret, sim.token()).await;
    let report = function.invoke(&json!({"dry_run": true}), MINUTES).await.unwrap();
    assert_eq!(report["status"], "dry_run", "{report}");
}

/// Local emulators send the time that is left where Lambda sends the time of day: that is no deadline in 1970.
#[tokio::test]
async fn a_deadline_that_is_no_time_of_day_is_none() {
    let sim = xledger_sim::start(Options::fast(800, 26)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
    let report = function.invoke(&json!({}), Deadline::Header(600_000)).await.unwrap();
    assert_eq!(report["status"], "succeeded", "{report}");
}

#[tokio::test]
async fn a_deadline_too_close_ends_the_run_in_time_and_what_it_has_is_kept() {
    let options = Options { delay: Duration::from_millis(900), ..Options::fast(800, 27) };
    let sim = xledger_sim::start(options).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
    let begun = tokio::time::Instant::now();
    let fault = function.invoke(&json!({}), Deadline::In(Duration::from_secs(6))).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(6));
    // Here nobody can arrange that it goes on.
    assert_eq!(fault.kind, "continuation_failed", "{}", fault.message);
    let objects = lake.objects();
    let (runs, rest): (Vec<&String>, Vec<&String>) = objects.keys().partition(|name| name.starts_with("lake/runs/"));
    assert!(rest.iter().all(|name| name.starts_with("lake/state/")), "{rest:?}");
    assert!(objects.contains_key("lake/state/cache.json"), "{rest:?}");
    let run: Value = serde_json::from_slice(&objects[runs[0]]).unwrap();
    assert_eq!((&run["status"], &run["error_kind"]), (&json!("incomplete"), &Value::Null));
    // Lambda's own retry, or the next schedule, goes on with it.
    let report = function.invoke(&json!({}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["refresh_id"]), (&json!("succeeded"), &run["run_id"]));
    assert_eq!(run["snapshot"], Value::Null);
}
