//! One run at a time writes to a lake. In a bucket a lease sees to it, which a run takes, renews and gives back; that of a run that died runs
//! out.

use crate::desk::Desk;
use crate::die_before_commit::{of_lake, until, whole};
use crate::function::{apart, log_lines};
use crate::runtime_api::{Function, MINUTES};
use crate::servers::scripted::{Hold, Scripted, Step};
use crate::servers::secrets::{Secret, Secrets};
use crate::store_conformance::{Home, against_every_store};
use bytes::Bytes;
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant as Deadline;
use xledger_sim::Options;
use xledger_spend::event::Refresh;
use xledger_spend::lake::lease::LeaseTerm;
use xledger_spend::lake::{
    Access, Current, Error, Key, Lake, Manifest, ManifestTables, Partition, Publisher, S3, SnapshotName, Store,
};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

const NOW: Instant = Instant(1_795_224_600_000); // 2026-11-21T01:30:00Z
const LEASE: &str = "lake/state/lease.json";
/// A lease that is renewed as often as a test can wait for.
const SHORT: LeaseTerm = LeaseTerm { duration: Duration::from_millis(1_800), renewed_after: Duration::from_millis(60) };
const OWNER: Partition = Partition::Owner(4242);

fn now() -> Instant {
    NOW
}

/// The lease of a run that died, as it is once it has run out.
pub(crate) fn run_out(lease: &[u8]) -> Vec<u8> {
    let mut lease: Value = serde_json::from_slice(lease).unwrap();
    lease["expires_at"] = json!("2020-01-01T00:00:00.000Z");
    lease.to_string().into_bytes()
}

impl Scripted {
    /// As [`run_out`], if there is a lease.
    pub(crate) fn let_the_lease_run_out(&self) {
        if let Some(lease) = self.object(LEASE) {
            self.put(LEASE, &run_out(&lease));
        }
    }

    pub(crate) fn lease(&self) -> Value {
        serde_json::from_slice(&self.object(LEASE).unwrap()).unwrap()
    }
}

fn lease(holder: &str, expires_at: &str) -> Vec<u8> {
    let lease = json!({
        "format_version": 1, "holder": holder, "since": "2026-11-21T01:00:00.000Z", "expires_at": expires_at, "renewals": 3,
        "released": false,
    });
    lease.to_string().into_bytes()
}

async fn scripted() -> (Scripted, Lake) {
    let server = Scripted::start().await;
    let store = Store::S3(S3::new(&server.configuration(), "bucket", Some(Key::parse("lake").unwrap())).unwrap());
    let lake = Lake::open(store, Access::Write).await.unwrap();
    (server, lake)
}

async fn publish(publisher: &Publisher) -> Result<Current, Error> {
    let mut snapshot = publisher.begin(SnapshotName::new(NOW, "run")).await.unwrap();
    let mut writer = snapshot.writer(OWNER, 0).await.unwrap();
    writer.write(Bytes::from_static(b"x")).await.unwrap();
    let files = vec![writer.finish(1).await.unwrap()];
    let manifest = Manifest::new(snapshot.name().clone(), ManifestTables::new(files));
    let current = publisher.lake().current().await.unwrap();
    let committed = snapshot.commit(manifest, current.as_ref(), NOW).await;
    snapshot.discard().await;
    committed
}

async fn one_of_many_takes_it(home: &Home) {
    let lake = Lake::open(home.lake("lake"), Access::Write).await.unwrap();
    for round in 0..4 {
        let takers = (0..12).map(|n| {
            let lake = lake.clone();
            tokio::spawn(async move { lake.claim(&format!("run {round}-{n}"), now).await })
        });
        let mut outcomes: Vec<_> = join_all(takers).await.into_iter().map(Result::unwrap).collect();
        let winner = outcomes.iter().position(Result::is_ok).unwrap();
        let publisher = outcomes.swap_remove(winner).unwrap();
        for outcome in outcomes {
            let named = format!("run {round}-{winner}");
            assert!(matches!(&outcome, Err(Error::InUse { by, since: Some(NOW), .. }) if *by == named), "{outcome:?}");
        }
        publisher.still_held().unwrap();
        publisher.release().await;
    }
    // Dropped, it is given back as well.
    drop(lake.claim("run", now).await.unwrap());
    until("the next", async || lake.claim("run", now).await.is_ok()).await;
}

against_every_store!(one_of_many_takes_it);

impl Desk {
    pub(crate) async fn refresh_bucket(&self, lake: &Scripted, set: &[(&str, &str)]) -> Report {
        let settings = self.settings(&[&[("LAKE_URL", "s3://bucket/lake")], set].concat());
        self.run(Duration::from_secs(120)).refresh(Refresh::default(), &settings, &lake.configuration()).await
    }
}

#[tokio::test]
async fn a_run_that_fails_gives_it_back_and_a_rollback_takes_it_too() {
    let desk = Desk::new(Options::fast(300, 82)).await;
    let (lake, opened) = scripted().await;
    let failed = desk.refresh_bucket(&lake, &[("XLEDGER_TOKEN", "wrong")]).await;
    assert_eq!(failed.error.unwrap().kind, FailureKind::TokenMalformed);
    assert_eq!(lake.lease()["released"], true);
    let done = desk.refresh_bucket(&lake, &[]).await;
    assert_eq!((done.status, &done.error), (Status::Succeeded, &None));

    let held = opened.claim("run of another", || Instant(NOW.0 + 3_600_000)).await.unwrap();
    let settings = desk.settings(&[("LAKE_URL", "s3://bucket/lake")]);
    let snapshot = SnapshotName::read(&done.snapshot.unwrap()).unwrap();
    let go_back =
        async || desk.run(Duration::from_secs(60)).rollback(&snapshot, &settings, &lake.configuration()).await;
    let refused = go_back().await.error;
    assert!(refused.is_some_and(|failure| failure.kind == FailureKind::LakeInUse));
    // To read, nobody needs it.
    opened.verify(&snapshot).await.unwrap();
    held.release().await;
    assert_eq!(go_back().await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_holder_is_killed() {
    let sim = xledger_sim::start(Options::fast(300, 83)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let environment = apart(&sim.endpoint(), &lake, &secrets);
    lake.hold(Hold { request: |request| request.ends_with(".parquet"), served: false });
    let function = Function::start(&environment).await;
    function.begin(&json!({}), MINUTES);
    until("a file", async || lake.held() > 0).await;
    function.kill();
    lake.release();

    let mut next = Function::start(&environment).await;
    let fault = next.invoke(&json!({}), MINUTES).await.unwrap_err();
    let left = lake.lease();
    let name = left["holder"].as_str().unwrap();
    assert_eq!(fault.kind, "lake_in_use");
    for words in [name, "if it has died, the lake is free at 20"] {
        assert!(fault.message.contains(words), "{words}: {}", fault.message);
    }
    assert_eq!(lake.lease(), left, "who is refused changes nothing");
    lake.let_the_lease_run_out();
    let report = next.invoke(&json!({}), MINUTES).await.unwrap();
    assert_eq!(report["status"], "succeeded", "{report}");
    assert_eq!(whole(&of_lake(&lake)), report["snapshot"].as_str().unwrap());
    let log = log_lines(&next.kill());
    assert!(log.iter().any(|line| line["level"] == "WARN" && line["holder"] == name), "{log:?}");
}

#[tokio::test]
async fn it_is_renewed_for_as_long_as_its_holder_is_at_work() {
    let (server, lake) = scripted().await;
    let publisher = lake.claim_for("run 1", now, SHORT).await.unwrap();
    let renewed = async |times| {
        until("a renewal", async || server.lease()["renewals"].as_u64().unwrap() >= times).await;
        publisher.still_held().unwrap();
    };
    renewed(5).await;
    // An answer that got lost, and a request.
    server.play([Step::LoseAnswer]);
    renewed(10).await;
    server.play([Step::LoseRequest, Step::LoseRequest]);
    renewed(15).await;
    // One that nobody waited for any more arrives late.
    let mut late = server.lease();
    late["renewals"] = json!(1_000);
    server.put(LEASE, late.to_string().as_bytes());
    renewed(1_003).await;
    publish(&publisher).await.unwrap();
    publisher.release().await;
    assert_eq!((&server.lease()["released"], &server.lease()["holder"]), (&json!(true), &json!("run 1")));
    let requests = server.requests().len();
    tokio::time::sleep(SHORT.renewed_after * 4).await;
    assert_eq!(server.requests().len(), requests, "nothing goes on");
}

/// The write by which it is taken happens, and its answer gets lost.
#[tokio::test]
async fn it_is_taken_without_an_answer() {
    for steps in [vec![Step::LoseAnswer], vec![Step::LoseRequest, Step::LoseAnswer]] {
        let (server, lake) = scripted().await;
        server.play([Step::Serve]);
        server.play(steps);
        let publisher = lake.claim("run 1", now).await.unwrap();
        publish(&publisher).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_taken_over_is_lost() {
    let (server, lake) = scripted().await;
    for theirs in [Some(lease("run 2", "2026-11-21T03:00:00.000Z")), None] {
        let publisher = lake.claim_for("run 1", now, SHORT).await.unwrap();
        let before = lake.current().await.unwrap();
        match &theirs {
            Some(theirs) => server.put(LEASE, theirs),
            None => lake.store().delete(&Key::parse("state/lease.json").unwrap()).await.unwrap(),
        }
        until("the loss", async || publisher.still_held().is_err()).await;
        let lost = publish(&publisher).await;
        let by = if theirs.is_some() { "run 2" } else { "removed it" };
        assert!(matches!(&lost, Err(Error::TakenOver { by: who, .. }) if who.contains(by)), "{lost:?}");
        assert!(lost.unwrap_err().to_string().contains("nothing was published"));
        assert_eq!(lake.current().await.unwrap(), before);
        assert_eq!(lake.snapshot_names().await.unwrap(), [], "what was begun is removed");
        let swept = publisher.sweep(1, NOW, Deadline::now() + Duration::from_secs(9)).await;
        assert!(matches!(swept.error, Some(Error::TakenOver { .. })), "{swept:?}");
        publisher.release().await;
        assert_eq!(server.object(LEASE), theirs, "another's is left alone");
        server.let_the_lease_run_out();
    }
}

#[tokio::test]
async fn what_cannot_be_renewed_runs_out() {
    let (server, lake) = scripted().await;
    let publisher = lake.claim_for("run 1", now, SHORT).await.unwrap();
    server.refuse(|request| request == "PUT /bucket/lake/state/lease.json");
    until("the end", async || publisher.still_held().is_err()).await;
    let lost = publish(&publisher).await;
    assert!(matches!(&lost, Err(Error::Expired { .. })), "{lost:?}");
    assert!(lost.unwrap_err().to_string().contains("s3:PutObject"));
    assert_eq!((lake.current().await.unwrap(), lake.snapshot_names().await.unwrap()), (None, vec![]));
    // Nobody has taken it: it can be renewed all the same.
    server.refuse(|_| false);
    until("a renewal", async || publisher.still_held().is_ok()).await;
    publish(&publisher).await.unwrap();
}

#[tokio::test]
async fn clocks_differ() {
    let (server, lake) = scripted().await;
    let term = LeaseTerm { renewed_after: SHORT.renewed_after, ..LeaseTerm::default() };
    let holder = lake.claim_for("run 1", now, term).await.unwrap();
    for behind_or_not_enough_ahead in [(|| Instant(NOW.0 - 3_600_000)) as fn() -> Instant, || Instant(NOW.0 + 89_000)] {
        let refused = lake.claim("run 2", behind_or_not_enough_ahead).await;
        assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    }
    let early = lake.claim("run 2", || Instant(NOW.0 + 90_000)).await.unwrap();
    until("the loss", async || holder.still_held().is_err()).await;
    let lost = publish(&holder).await;
    assert!(matches!(lost, Err(Error::TakenOver { .. })), "{lost:?}");
    publish(&early).await.unwrap();
    early.release().await;
    // Given back is given back, whatever the clock.
    let next = lake.claim("run 3", || Instant(NOW.0 - 3_600_000)).await.unwrap();
    assert_eq!(server.lease()["holder"], "run 3");
    next.release().await;

    // A machine that was asleep, or whose clock was put forward, does not go on before it has asked.
    static CLOCK: AtomicI64 = AtomicI64::new(NOW.0);
    let holder = lake.claim("run 4", || Instant(CLOCK.load(Ordering::Relaxed))).await.unwrap();
    holder.still_held().unwrap();
    CLOCK.fetch_add(90_000, Ordering::Relaxed);
    let asleep = holder.still_held();
    assert!(matches!(asleep, Err(Error::Expired { .. })), "{asleep:?}");
}

#[tokio::test]
async fn one_that_is_damaged_is_named() {
    let mut other_format: Value = serde_json::from_slice(&lease("run 2", "2020-01-01T00:00:00.000Z")).unwrap();
    other_format["color"] = json!("red");
    let other_format = other_format.to_string();
    for text in ["", "<html>", "{}", &other_format] {
        let (server, lake) = scripted().await;
        server.put(LEASE, text.as_bytes());
        let error = lake.claim("run 1", now).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
        for words in ["s3://bucket/lake/state/lease.json", "if no run is under way, remove it"] {
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(server.object(LEASE).unwrap(), text.as_bytes());
    }
}

/// So many milliseconds from now.
#[expect(clippy::disallowed_methods, reason = "a test run is a composition root")]
fn in_ms(ms: i64) -> String {
    let then = jiff::Timestamp::now().as_millisecond() + ms;
    format!("{:.3}", jiff::Timestamp::from_millisecond(then).unwrap())
}

/// AWS may deliver an event twice at once; and one whose run died it delivers again.
#[tokio::test]
async fn an_event_arrives_twice() {
    let sim = xledger_sim::start(Options::fast(300, 84)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    for duplicate_lives in [true, false] {
        // Each invocation has an id that is known once it has begun: it is stopped before it looks for the lease.
        lake.hold(Hold { request: |request| request.ends_with("/state/trial"), served: false });
        let mut function = Function::start(&apart(&sim.endpoint(), &lake, &secrets)).await;
        let held = lake.held();
        let id = function.begin(&json!({}), MINUTES);
        until("the beginning", async || lake.held() > held).await;
        let duplicate = format!("run 20261121T010000Z-{}", &id[..8]);
        lake.put(LEASE, &lease(&duplicate, &in_ms(1_500)));
        let asked = lake.requests().len();
        lake.release();
        let looked = |request: &String| request == "GET /bucket/lake/state/lease.json";
        until("a look", async || lake.requests()[asked..].iter().any(looked)).await;
        if duplicate_lives {
            lake.put(LEASE, &lease(&duplicate, &in_ms(90_000)));
        }
        let report: Value = serde_json::from_str(&function.answer(&id).await.unwrap()).unwrap();
        let output = function.kill();
        let told = output.contains("\"message\":\"nothing done\"");
        assert_eq!(told, duplicate_lives, "{output}");
        match duplicate_lives {
            true => {
                assert_eq!(report["error"]["kind"], "duplicate_event", "{report}");
                assert!(report["error"]["message"].as_str().unwrap().contains(&duplicate), "{report}");
                assert!(!output.contains("_aws") && !output.contains("\"ERROR\""), "neither a metric nor an error");
                assert!(lake.objects().keys().all(|name| !name.starts_with("lake/runs/")));
            }
            false => assert_eq!(report["status"], "succeeded", "{report}"),
        }
    }
}
