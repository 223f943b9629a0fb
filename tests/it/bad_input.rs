//! What a person or a machine hands in wrongly: an error of its own kind that names the thing and the next step, and the lake as it was.

use crate::account::{Account, environment};
use crate::desk::Desk;
use crate::function::{apart, assert_nothing_leaked, assert_told_once};
use crate::runtime_api::{Deadline, Environment, Function, MINUTES};
use crate::servers::scripted::{Scripted, Step};
use crate::servers::secrets::{Secret, Secrets};
use axum::Router;
use axum::http::header;
use futures::future::join_all;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use xledger_sim::{Fault, FaultKind, Options, Running};
use xledger_spend::lake::Access;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::run;
use xledger_spend::table::runs::Status;

/// A token that nothing may ever repeat.
const CANARY: &str = "canary-4711-token";

/// Invokes the function once and sees it fail in this way.
async fn fails(
    environment: &Environment,
    event: &Value,
    deadline: Deadline,
    kind: FailureKind,
    words: &[&str],
) -> String {
    let mut function = Function::start(environment).await;
    let fault = function.invoke(event, deadline).await.unwrap_err();
    assert_eq!(fault.kind, kind.as_str(), "{}", fault.message);
    for word in words {
        assert!(fault.message.contains(word), "{word}: {}", fault.message);
    }
    let output = function.kill();
    assert_told_once(&output, event, kind);
    let said = format!("{} {output}", fault.message);
    assert!(!said.contains(CANARY), "{said}");
    said
}

/// The function with services that must not be asked for anything.
async fn untouched(environment: &Environment, event: &Value, kind: FailureKind, words: &[&str]) {
    let nobody = "http://127.0.0.1:9".to_owned();
    let environment = [environment.clone(), Environment::from([("AWS_ENDPOINT_URL", nobody)])].into_iter().flatten();
    fails(&environment.collect(), event, MINUTES, kind, words).await;
}

fn elsewhere() -> Environment {
    environment("http://127.0.0.1:9/graphql", "s3://bucket/lake", "xledger/token")
}

#[tokio::test]
async fn an_event_that_the_function_does_not_know() {
    let environment = &elsewhere();
    let cases: [(Value, &[&str]); 5] = [
        (json!({"colour": "red"}), &["`colour` is no key", "mode, from, to, dry_run"]),
        (json!({"mode": 3, "dry_run": "no", "from": "May"}), &["`mode`", "`dry_run`", "`from`", "2025-01"]),
        (json!({"action": "destroy"}), &["`action` is none of refresh, check"]),
        (json!("refresh"), &["not a JSON object", "send {}"]),
        (json!(null), &["not a JSON object"]),
    ];
    join_all(cases.iter().map(async |(event, words)| {
        untouched(environment, event, FailureKind::EventInvalid, words).await;
    }))
    .await;
}

#[tokio::test]
async fn settings_that_are_missing_or_wrong_are_named_at_once() {
    let kind = FailureKind::SettingsInvalid;
    let mut missing = elsewhere();
    missing.remove("LAKE_URL");
    missing.remove("XLEDGER_TOKEN_SECRET_ID");
    missing.insert("XLEDGER_PAGE_ROWS", "many".to_owned());
    missing.insert("SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES", "L?".to_owned());
    let with = |name, value: &str| [elsewhere(), Environment::from([(name, value.to_owned())])].into_iter().flatten();
    let token = with("XLEDGER_TOKEN", CANARY).collect();
    let directory = with("LAKE_URL", "/tmp/lake").collect();
    let plain = with("XLEDGER_ENDPOINT", "http://example.com/graphql").collect();
    let event = &json!({});
    tokio::join!(
        untouched(
            &missing,
            event,
            kind,
            &[
                "4 settings",
                "LAKE_URL: is missing",
                "XLEDGER_TOKEN_SECRET_ID: is missing",
                "XLEDGER_PAGE_ROWS: `many`",
                "SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES: `L?` is not what was written: a letter was lost on the way",
            ]
        ),
        untouched(&token, event, kind, &["XLEDGER_TOKEN: is for the command line only", "XLEDGER_TOKEN_SECRET_ID"]),
        untouched(&directory, event, kind, &["LAKE_URL: must be on S3"]),
        untouched(&plain, event, kind, &["XLEDGER_ENDPOINT: must begin with https://"]),
    );
}

#[tokio::test]
async fn settings_that_are_not_utf_8_are_not_taken_for_unset() {
    let odd = OsStr::from_bytes(b"PR,XX,L\xd8");
    let names = ["SPEND_PAYROLL_DOCUMENT_TYPES", "XLEDGER_TOKEN_SECRET_ID", "LAKE_URL", "CONTINUATION_GROUP"];
    let mut function = Function::start_with(&elsewhere(), &names.map(|name| (name, odd))).await;
    let event = json!({});
    let fault = function.invoke(&event, MINUTES).await.unwrap_err();
    assert_eq!(fault.kind, "settings_invalid", "{}", fault.message);
    for name in names {
        assert!(fault.message.contains(&format!("{name}: is not UTF-8")), "{name}: {}", fault.message);
    }
    assert_told_once(&function.kill(), &event, FailureKind::SettingsInvalid);
}

/// A refresh of an empty lake that fails leaves at most its line in `runs`, a lease that it gave back, and its cache.
fn assert_only_runs(lake: &Scripted, runs: usize) {
    let mut objects = lake.objects();
    let lease = objects.remove("lake/state/lease.json").map(|lease| serde_json::from_slice::<Value>(&lease).unwrap());
    assert!(lease.is_none_or(|lease| lease["released"] == true));
    objects.retain(|name, _| !name.starts_with("lake/state/"));
    let names: Vec<&String> = objects.keys().collect();
    assert!(names.iter().all(|name| name.starts_with("lake/runs/")) && names.len() == runs, "{names:?}");
    for (name, bytes) in &objects {
        let run: Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(run["status"], "failed", "{name}");
    }
}

#[tokio::test]
async fn a_secret_that_holds_no_token() {
    let sim = xledger_sim::start(Options::fast(800, 31)).await.unwrap();
    let json_without = json!({"password": CANARY}).to_string();
    let json_with_number = json!({"token": 4711}).to_string();
    let cases: [(Secret, FailureKind, &[&str]); 7] = [
        (Secret::text(&json_without), FailureKind::TokenMalformed, &["without a key `token`", "{\"token\": \"…\"}"]),
        (Secret::text(&json_with_number), FailureKind::TokenMalformed, &["without a key `token`"]),
        (Secret::text("{\"token\": \"canary-4711-token"), FailureKind::TokenMalformed, &["JSON without a key `token`"]),
        (Secret::text("canary-4711-token is mine"), FailureKind::TokenMalformed, &["spaces", "give the token alone"]),
        (Secret::text("token canary-4711-token"), FailureKind::TokenMalformed, &["leave out `token `"]),
        (Secret::Refuse("ResourceNotFoundException"), FailureKind::SecretUnreadable, &["does not exist"]),
        (
            Secret::Refuse("AccessDeniedException"),
            FailureKind::SecretUnreadable,
            &["allow secretsmanager:GetSecretValue"],
        ),
    ];
    join_all(cases.map(async |(secret, kind, words)| {
        let (lake, secrets) = (Scripted::start().await, Secrets::start([secret]).await);
        let environment = apart(&sim.endpoint(), &lake, &secrets);
        let said = fails(&environment, &json!({}), MINUTES, kind, words).await;
        assert!(said.contains("the secret xledger/token"), "{said}");
        assert_eq!(secrets.reads(), 1, "only a token that Xledger refuses is read once more");
        assert_only_runs(&lake, 1);
    }))
    .await;
    assert_eq!(sim.journal().totals().requests, 0);
}

#[tokio::test]
async fn a_secret_that_does_not_exist_and_a_bucket_that_does_not_exist() {
    let Some(account) = Account::open().await else { return };
    let sim = xledger_sim::start(Options::fast(800, 32)).await.unwrap();
    let (event, kind) = (json!({}), FailureKind::SecretUnreadable);
    let environment = account.environment(&sim.endpoint(), "xledger/forgotten");
    fails(&environment, &event, MINUTES, kind, &["xledger/forgotten", "put-secret-value"]).await;
    assert!(account.names().await.iter().all(|name| name.starts_with("runs/") || name == "state/lease.json"));

    let secret = account.secret(sim.token()).await;
    let mut environment = account.environment(&sim.endpoint(), &secret);
    environment.insert("LAKE_URL", "s3://nobodys-bucket/lake".to_owned());
    fails(&environment, &event, MINUTES, FailureKind::LakeMissing, &["\"nobodys-bucket\"", "create it"]).await;
    assert_eq!(sim.journal().totals().requests, 0);
}

#[tokio::test]
async fn a_bucket_that_may_not_be_read_or_written() {
    let sim = xledger_sim::start(Options::fast(800, 33)).await.unwrap();
    let denied = Step::Refuse(403, "AccessDenied");
    let cases: [(&[Step], FailureKind, &[&str]); 4] = [
        (
            &[Step::Serve, Step::Refuse(501, "NotImplemented")],
            FailureKind::LakeUnavailable,
            &["conditions of a write", "as Amazon S3", "NotImplemented (HTTP 501)"],
        ),
        (&[denied], FailureKind::LakeDenied, &["s3:ListBucket", "s3://bucket/lake", "allow it to the role"]),
        (
            &[Step::Serve, denied],
            FailureKind::LakeDenied,
            &["s3:PutObject", "s3://bucket/lake", "allow it to the role"],
        ),
        (&[Step::Refuse(301, "PermanentRedirect")], FailureKind::LakeMissing, &["eu-north-1", "set AWS_REGION"]),
    ];
    join_all(cases.map(async |(script, kind, words)| {
        let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(CANARY)]).await);
        lake.play(script.iter().copied());
        fails(&apart(&sim.endpoint(), &lake, &secrets), &json!({}), MINUTES, kind, words).await;
        assert_only_runs(&lake, 0);
        assert_eq!(secrets.reads(), 0, "no token is read for a lake that cannot take anything");
    }))
    .await;
    assert_eq!(sim.journal().totals().requests, 0);
}

/// A bucket whose policy wants each write to name a key: all of a run's do, from the trial to the line in `runs`.
#[tokio::test]
async fn a_bucket_that_demands_a_key() {
    const KEY: &str = "arn:aws:kms:eu-north-1:111122223333:key/1234abcd";
    let (desk, lake) = (Desk::new(Options::fast(300, 38)).await, Scripted::start().await);
    lake.demand(KEY);
    let error = desk.refresh_bucket(&lake, &[]).await.error.unwrap();
    assert_eq!((error.kind, lake.objects().len()), (FailureKind::LakeDenied, 0), "{error}");
    let report = desk.refresh_bucket(&lake, &[("LAKE_KMS_KEY_ARN", KEY)]).await;
    assert_eq!((report.status, report.error), (Status::Succeeded, None));
    assert!(lake.objects().keys().any(|name| name.starts_with("lake/runs/")));
}

/// The right to write is lost in the middle: the snapshot is given up, the one before stays.
#[tokio::test]
async fn a_bucket_that_takes_no_more_in_the_middle_of_a_run() {
    let sim = xledger_sim::start(Options::fast(800, 34)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    lake.refuse(|request| request.contains(".parquet"));
    let environment = apart(&sim.endpoint(), &lake, &secrets);
    let said = fails(&environment, &json!({}), MINUTES, FailureKind::LakeDenied, &["s3:PutObject", ".parquet"]).await;
    assert_only_runs(&lake, 1);
    assert_nothing_leaked(sim.token(), &said, &lake.objects());
}

#[tokio::test]
async fn an_xledger_that_is_not_there_or_refuses() {
    let refused = Options { token: "another-token".to_owned(), ..Options::fast(800, 35) };
    let html = Fault { from_request: 1, requests: 1_000, kind: FaultKind::Html(200), ..Fault::default() };
    let maintenance = Options { faults: vec![html], ..Options::fast(800, 35) };
    let mut poor = Options { token: CANARY.to_owned(), ..Options::fast(800, 35) };
    poor.dialect.missing_rights.insert("APTransaction".to_owned());
    let sims = join_all([refused, maintenance, poor].map(xledger_sim::start)).await;
    let sims: Vec<Running> = sims.into_iter().map(Result::unwrap).collect();
    let nobody = "http://127.0.0.1:9/graphql".to_owned();
    // A retry that would end beyond the deadline is not waited for.
    let soon = Deadline::In(Duration::from_millis(6_500));
    let cases: [(String, Deadline, FailureKind, &[&str]); 4] = [
        (nobody, soon, FailureKind::XledgerUnavailable, &["127.0.0.1:9", "cannot be reached"]),
        (sims[0].endpoint(), MINUTES, FailureKind::TokenRefused, &["make a new one under Administration"]),
        (sims[1].endpoint(), MINUTES, FailureKind::EndpointNotGraphql, &["text/html", "is XLEDGER_ENDPOINT right"]),
        (sims[2].endpoint(), MINUTES, FailureKind::RightMissing, &["tick *read*"]),
    ];
    join_all(cases.map(async |(endpoint, deadline, kind, words)| {
        let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(CANARY)]).await);
        fails(&apart(&endpoint, &lake, &secrets), &json!({}), deadline, kind, words).await;
        assert_only_runs(&lake, 1);
        assert_eq!(secrets.reads(), if kind == FailureKind::TokenRefused { 2 } else { 1 });
    }))
    .await;
}

fn assert_failed(report: &Report, kind: FailureKind, words: &[&str]) {
    let error = report.error.as_ref().unwrap();
    assert_eq!((report.status, error.kind), (Status::Failed, kind), "{}", error.message);
    assert_eq!(report.snapshot, None);
    for word in words {
        assert!(error.message.contains(word), "{word}: {}", error.message);
    }
}

#[tokio::test]
async fn a_lake_that_is_a_file() {
    let desk = Desk::new(Options::fast(800, 36)).await;
    let file = desk.lake();
    fs::write(&file, "a letter").unwrap();
    let report = desk.refresh(&[]).await;
    assert_failed(&report, FailureKind::LakeMissing, &[file.to_str().unwrap(), "is not a directory", "choose another"]);
    assert_eq!(fs::read(&file).unwrap(), b"a letter");
    assert_eq!(desk.sim.journal().totals().requests, 0);
}

#[tokio::test]
async fn a_lake_in_use() {
    let desk = Desk::new(Options::fast(800, 37)).await;
    let aws = aws_config::SdkConfig::builder().build();
    let lake = run::open(&desk.settings(&[]), &aws, Access::Write).await.unwrap();
    let held = lake.claim("run somebody-elses", || Instant(1_795_224_600_000)).await.unwrap();
    let words = ["is in use by run somebody-elses since 2026-11-21T01:30:00Z", "wait until it has ended"];
    assert_failed(&desk.refresh(&[]).await, FailureKind::LakeInUse, &words);
    assert_eq!(desk.sim.journal().totals().requests, 0, "nothing is asked of Xledger for nothing");
    drop(held);
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
}

/// Two refreshes at once: one makes the snapshot, and the other says who does.
#[tokio::test]
async fn a_lake_that_another_refresh_is_filling() {
    let desk = Desk::new(Options { delay: Duration::from_millis(50), ..Options::fast(800, 38) }).await;
    let (one, other) = tokio::join!(desk.refresh(&[]), desk.refresh(&[]));
    let (done, refused) = if one.status == Status::Succeeded { (one, other) } else { (other, one) };
    assert_eq!(done.status, Status::Succeeded, "{:?}", done.error);
    assert_failed(&refused, FailureKind::LakeInUse, &[&format!("run {}", done.run_id)]);
    assert_eq!(desk.all_files().iter().filter(|(name, _)| name.starts_with("runs/")).count(), 2);
}

#[tokio::test]
async fn a_lake_whose_current_snapshot_cannot_be_told() {
    let other_format = json!({"format_version": 99, "snapshot": "unknown"}).to_string();
    for (text, words) in [
        ("", &["CURRENT.json", "is damaged"][..]),
        ("<html>", &["CURRENT.json", "not the expected JSON, at line 1"]),
        (other_format.as_str(), &["format version 99", "use the program that wrote it"]),
    ] {
        let desk = Desk::new(Options::fast(800, 39)).await;
        fs::create_dir(desk.lake()).unwrap();
        fs::write(desk.lake().join("CURRENT.json"), text).unwrap();
        assert_failed(&desk.refresh(&[]).await, FailureKind::LakeCorrupt, words);
        assert_eq!(fs::read_to_string(desk.lake().join("CURRENT.json")).unwrap(), text);
        assert!(!desk.lake().join("snapshots").exists());
        assert_eq!(desk.sim.journal().totals().requests, 0);
    }
}

/// Something listens there, but it is no GraphQL.
#[tokio::test]
async fn an_endpoint_that_is_something_else() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = format!("http://{}", listener.local_addr().unwrap());
    let page = |kind: &'static str, body: &'static str| {
        axum::routing::post(move || async move { ([(header::CONTENT_TYPE, kind)], body) })
    };
    let login = axum::routing::post(|| async { (axum::http::StatusCode::FOUND, [(header::LOCATION, "/page")]) });
    let router = Router::new()
        .route("/page", page("text/html", "<html>Log in</html>"))
        .route("/text", page("text/plain", "OK"))
        .route("/other", page("application/json", r#"{"hello": "world"}"#))
        .route("/list", page("application/json", "[]"))
        .route("/broken", page("application/json", r#"{"data": {"#))
        .route("/login", login);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut desk = Desk::new(Options::fast(800, 40)).await;
    desk.tempo = 200.0;
    for (path, kind, words) in [
        ("page", FailureKind::EndpointNotGraphql, "text/html"),
        ("text", FailureKind::EndpointNotGraphql, "text/plain"),
        ("login", FailureKind::EndpointNotGraphql, "HTTP status 302"),
        ("nowhere", FailureKind::EndpointNotGraphql, "HTTP status 404"),
        ("other", FailureKind::AnswerMalformed, "breaks Xledger's schema"),
        ("list", FailureKind::AnswerMalformed, "breaks Xledger's schema"),
        ("broken", FailureKind::XledgerUnavailable, "the answer is cut short"),
    ] {
        let endpoint = format!("{home}/{path}");
        let report = desk.refresh(&[("XLEDGER_ENDPOINT", &endpoint)]).await;
        assert_failed(&report, kind, &[words]);
        assert_eq!(desk.data_files().len(), 0);
    }
}
