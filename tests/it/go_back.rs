//! An older snapshot is made current again: by whoever, however often, and whatever the next refresh does.

use crate::account::{Account, Objects, data_files};
use crate::desk::Desk;
use crate::die_before_commit::{of_lake, until, whole};
use crate::function::{apart, log_lines};
use crate::runtime_api::{Function, MINUTES};
use crate::servers::scripted::{Hold, Scripted};
use crate::servers::secrets::{Secret, Secrets};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use xledger_sim::Options;
use xledger_spend::lake::SnapshotName;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::settings::{Caller, Settings};
use xledger_spend::table::runs::Status;

impl Desk {
    /// With no other setting than where the lake is.
    async fn go_back(&self, snapshot: &str) -> Report {
        let lake = self.lake().display().to_string();
        let settings =
            Settings::read_without_token(Caller::CommandLine, |name| (name == "LAKE_URL").then(|| lake.clone()));
        let (snapshot, aws) = (SnapshotName::read(snapshot).unwrap(), aws_config::SdkConfig::builder().build());
        self.run(Duration::from_secs(120)).rollback(&snapshot, &settings.unwrap(), &aws).await
    }

    /// The names of the current snapshot and of the one before it, by `CURRENT.json`; the link must agree.
    fn current(&self) -> (String, Option<String>) {
        let current: Value = serde_json::from_slice(&fs::read(self.lake().join("CURRENT.json")).unwrap()).unwrap();
        let snapshot = current["snapshot"].as_str().unwrap().to_owned();
        let link = fs::read_link(self.lake().join("current")).unwrap();
        assert_eq!(link.file_name().unwrap().to_str(), Some(&*snapshot));
        (snapshot, current["previous"].as_str().map(str::to_owned))
    }

    /// The row of a run.
    fn row(&self, report: &Report) -> Value {
        let line = fs::read(self.lake().join(format!("runs/{}.json", report.run_id))).unwrap();
        serde_json::from_slice(&line).unwrap()
    }

    /// Two snapshots with different rows, the older one first.
    async fn two_snapshots(&self) -> [String; 2] {
        let first = self.refresh(&[]).await;
        let second = self.refresh(&[("SPEND_DOCUMENT_TYPES", "AP")]).await;
        assert_eq!((first.status, second.status), (Status::Succeeded, Status::Succeeded));
        assert_eq!((first.snapshot_before, &second.snapshot_before), (None, &first.snapshot));
        assert_ne!(first.lines_fetched, second.lines_fetched);
        [first.snapshot.unwrap(), second.snapshot.unwrap()]
    }
}

#[tokio::test]
async fn there_and_back_and_on() {
    let desk = Desk::new(Options::fast(600, 71)).await;
    let first = desk.refresh(&[]).await;
    let files = desk.data_files();
    let second = desk.refresh(&[("SPEND_DOCUMENT_TYPES", "AP")]).await.snapshot.unwrap();
    let (tables, first) = (first.tables, first.snapshot.unwrap());
    assert!(desk.data_files() != files);
    desk.sim.journal().clear();

    let report = desk.go_back(&first).await;
    assert_eq!((report.status, &report.error, report.action.as_str()), (Status::Succeeded, &None, "rollback"));
    assert_eq!((report.snapshot.as_ref(), report.snapshot_before.as_ref()), (Some(&first), Some(&second)));
    assert_eq!((report.tables, report.mode, report.snapshots_removed), (tables, None, None));
    let note = report.note.as_deref().unwrap();
    assert!(note.contains("is current again") && note.contains("stop the schedule"), "{note}");
    assert_eq!(desk.current(), (first.clone(), Some(second.clone())));
    assert!(desk.data_files() == files);
    let row = desk.row(&report);
    assert_eq!(
        (&row["action"], &row["status"], &row["snapshot"]),
        (&json!("rollback"), &json!("succeeded"), &json!(first))
    );
    assert_eq!((&row["mode"], &row["lines_listed"], &row["api_requests"]), (&Value::Null, &Value::Null, &json!(0)));

    // Once more: it is current already, and CURRENT.json is not touched.
    let current = fs::read(desk.lake().join("CURRENT.json")).unwrap();
    let again = desk.go_back(&first).await;
    assert_eq!((again.status, &again.error), (Status::Succeeded, &None));
    assert_eq!((again.snapshot.as_ref(), again.snapshot_before.as_ref()), (Some(&first), Some(&first)));
    assert!(again.note.unwrap().contains("was current already; nothing was changed"));
    assert_eq!(fs::read(desk.lake().join("CURRENT.json")).unwrap(), current);

    // Forward is back as well.
    assert_eq!(desk.go_back(&second).await.status, Status::Succeeded);
    assert_eq!(desk.current(), (second, Some(first.clone())));
    assert_eq!(desk.go_back(&first).await.status, Status::Succeeded);
    assert_eq!(desk.sim.journal().exchanges().len(), 0, "Xledger was asked nothing");

    let third = desk.refresh(&[]).await;
    assert_eq!((third.status, third.snapshot_before.as_ref()), (Status::Succeeded, Some(&first)));
    assert_eq!(desk.current(), (third.snapshot.unwrap(), Some(first)));
    assert!(desk.data_files() == files);
}

/// Fails in this way, with the lake as it was, and a row that says so.
async fn refused(desk: &Desk, snapshot: &str, kind: FailureKind, words: &[&str]) {
    let before = fs::read(desk.lake().join("CURRENT.json")).ok();
    let report = desk.go_back(snapshot).await;
    let failure = report.error.clone().unwrap();
    assert_eq!((report.status, failure.kind, &report.snapshot), (Status::Failed, kind, &None), "{failure}");
    for word in words {
        assert!(failure.message.contains(word), "{word}: {failure}");
    }
    assert_eq!(fs::read(desk.lake().join("CURRENT.json")).ok(), before);
    assert_eq!(desk.row(&report)["error_kind"], kind.as_str());
}

const NEVER: &str = "20200101T000000Z-00000000";

#[tokio::test]
async fn to_where_nothing_is() {
    let desk = Desk::new(Options::fast(300, 72)).await;
    refused(&desk, NEVER, FailureKind::SnapshotUnknown, &["there is no snapshot", NEVER, "none to go back to"]).await;
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(desk.refresh(&[]).await.snapshot.unwrap());
    }
    made.reverse();
    let newest = format!("the newest are {}", made[..5].join(", "));
    refused(&desk, NEVER, FailureKind::SnapshotUnknown, &["there is no snapshot", NEVER, &newest]).await;
    fs::create_dir(desk.lake().join("snapshots").join(NEVER)).unwrap();
    refused(&desk, NEVER, FailureKind::SnapshotUnknown, &["was never finished", NEVER, &newest]).await;
}

#[tokio::test]
async fn to_where_something_is_missing() {
    let desk = Desk::new(Options::fast(600, 73)).await;
    let [first, second] = desk.two_snapshots().await;
    let directory = desk.lake().join("snapshots").join(&first);
    let manifest = fs::read(directory.join("_manifest.json")).unwrap();
    let files: Value = serde_json::from_slice(&manifest).unwrap();
    let paths =
        ["spend", "supplier"].map(|table| files["tables"][table]["files"][0]["path"].as_str().unwrap().to_owned());
    let contents = paths.clone().map(|path| fs::read(directory.join(path)).unwrap());
    let corrupt = FailureKind::LakeCorrupt;

    fs::write(directory.join(&paths[0]), &contents[0][1..]).unwrap();
    refused(&desk, &first, corrupt, &[&first, &paths[0], "not of the size"]).await;
    fs::remove_file(directory.join(&paths[1])).unwrap();
    refused(&desk, &first, corrupt, &[&paths[0], "1 more files"]).await;
    fs::write(directory.join(&paths[0]), &contents[0]).unwrap();
    refused(&desk, &first, corrupt, &[&paths[1], "is missing"]).await;
    fs::write(directory.join(&paths[1]), &contents[1]).unwrap();
    fs::write(directory.join("_manifest.json"), b"{}").unwrap();
    refused(&desk, &first, corrupt, &["_manifest.json"]).await;
    // The manifest of another.
    fs::copy(desk.lake().join("snapshots").join(&second).join("_manifest.json"), directory.join("_manifest.json"))
        .unwrap();
    refused(&desk, &first, corrupt, &["_manifest.json", "another snapshot"]).await;
    fs::write(directory.join("_manifest.json"), manifest).unwrap();
    assert_eq!(desk.go_back(&first).await.error, None);

    // What is current is damaged: to say that all is well would not be true.
    fs::remove_file(directory.join(&paths[1])).unwrap();
    refused(&desk, &first, corrupt, &[&paths[1]]).await;
    assert_eq!(desk.go_back(&second).await.error, None);
}

/// Where `CURRENT.json` was lost, going back to a snapshot that is whole makes a new one.
#[tokio::test]
async fn from_a_lake_that_lost_its_pointer() {
    let desk = Desk::new(Options::fast(300, 74)).await;
    let [first, _] = desk.two_snapshots().await;
    fs::remove_file(desk.lake().join("CURRENT.json")).unwrap();
    let report = desk.go_back(&first).await;
    assert_eq!((report.status, report.snapshot_before), (Status::Succeeded, None));
    assert_eq!(desk.current(), (first, None));
}

#[tokio::test]
async fn by_an_event() {
    let Some(account) = Account::open().await else { return };
    let sim = xledger_sim::start(Options::fast(600, 75)).await.unwrap();
    let environment = account.environment(&sim.endpoint(), &account.secret(sim.token()).await);
    let mut function = Function::start(&environment).await;
    let mut snapshots = Vec::new();
    for _ in 0..2 {
        let report = function.invoke(&json!({}), MINUTES).await.unwrap();
        snapshots.push(report["snapshot"].as_str().unwrap().to_owned());
    }
    let requests = sim.journal().exchanges().len();
    let event = json!({"action": "rollback", "snapshot": snapshots[0]});
    let report = function.invoke(&event, MINUTES).await.unwrap();
    assert_eq!((&report["status"], &report["action"]), (&json!("succeeded"), &json!("rollback")), "{report}");
    assert_eq!((&report["snapshot"], &report["snapshot_before"]), (&json!(snapshots[0]), &json!(snapshots[1])));
    assert_eq!(report["api"]["requests"], 0);
    assert_eq!(sim.journal().exchanges().len(), requests, "Xledger was asked nothing");
    let objects = account.objects().await;
    assert_eq!(whole(&objects), snapshots[0]);
    assert!(!data_files(&objects, &snapshots[1]).is_empty(), "nothing is removed");
    assert_eq!(objects.keys().filter(|name| name.starts_with("runs/")).count(), 3);

    let unknown = json!({"action": "rollback", "snapshot": NEVER});
    let fault = function.invoke(&unknown, MINUTES).await.unwrap_err();
    assert_eq!(fault.kind, "snapshot_unknown");
    assert!(fault.message.contains(&snapshots[0]) && fault.message.contains(&snapshots[1]), "{}", fault.message);
    let fault = function.invoke(&json!({"action": "rollback"}), MINUTES).await.unwrap_err();
    assert_eq!(fault.kind, "event_invalid");
    assert_eq!(whole(&account.objects().await), snapshots[0]);
    let log = log_lines(&function.kill());
    for message in ["rollback begins", "rollback ended"] {
        assert_eq!(log.iter().filter(|line| line["message"] == message).count(), 2, "{log:?}");
    }
}

/// The one write that counts, before it reaches the bucket and after it did: there the function is killed.
#[tokio::test]
async fn and_is_killed_on_the_way() {
    let sim = xledger_sim::start(Options::fast(300, 76)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let environment = apart(&sim.endpoint(), &lake, &secrets);
    let mut function = Function::start(&environment).await;
    let mut snapshots = Vec::new();
    for _ in 0..2 {
        let report = function.invoke(&json!({}), MINUTES).await.unwrap();
        snapshots.push(report["snapshot"].as_str().unwrap().to_owned());
    }
    drop(function);
    let event = json!({"action": "rollback", "snapshot": snapshots[0]});
    let current = |request: &str| request == "PUT /bucket/lake/CURRENT.json";
    for (served, current_then, before_again) in [(false, 1, 1), (true, 0, 0)] {
        lake.hold(Hold { request: current, served });
        let function = Function::start(&environment).await;
        let held = lake.held();
        function.begin(&event, MINUTES);
        until("the write", async || lake.held() > held).await;
        function.kill();
        assert_eq!(whole(&of_lake(&lake)), snapshots[current_then]);
        lake.release();
        lake.let_the_lease_run_out();
        let report = Function::start(&environment).await.invoke(&event, MINUTES).await.unwrap();
        assert_eq!((&report["status"], &report["snapshot"]), (&json!("succeeded"), &json!(snapshots[0])), "{report}");
        assert_eq!(report["snapshot_before"], snapshots[before_again]);
        assert_eq!(whole(&of_lake(&lake)), snapshots[0]);
        let forward = json!({"action": "rollback", "snapshot": snapshots[1]});
        Function::start(&environment).await.invoke(&forward, MINUTES).await.unwrap();
    }
}

/// A run dies just after its commit, and somebody goes back, further still: the run has its line all the same, and its snapshot, which queries
/// may be on, stays.
#[tokio::test]
async fn from_a_snapshot_whose_run_died() {
    let sim = xledger_sim::start(Options::fast(300, 77)).await.unwrap();
    let (lake, secrets) = (Scripted::start().await, Secrets::start([Secret::text(sim.token())]).await);
    let environment = apart(&sim.endpoint(), &lake, &secrets);
    let invoke = async |event: Value| Function::start(&environment).await.invoke(&event, MINUTES).await.unwrap();
    let mut snapshots = Vec::new();
    for _ in 0..2 {
        snapshots.push(invoke(json!({})).await["snapshot"].as_str().unwrap().to_owned());
    }
    let current = |request: &str| request == "PUT /bucket/lake/CURRENT.json";
    lake.hold(Hold { request: current, served: true });
    let function = Function::start(&environment).await;
    function.begin(&json!({}), MINUTES);
    until("the commit", async || lake.held() > 0).await;
    function.kill();
    lake.release();
    lake.let_the_lease_run_out();
    let lost = whole(&of_lake(&lake));
    assert!(!snapshots.contains(&lost));
    let runs = |objects: &Objects| objects.keys().filter(|name| name.starts_with("runs/")).count();
    assert_eq!(runs(&of_lake(&lake)), 2);

    for snapshot in snapshots.iter().rev() {
        let report = invoke(json!({"action": "rollback", "snapshot": snapshot})).await;
        assert_eq!(report["status"], "succeeded", "{report}");
    }
    let objects = of_lake(&lake);
    let lines = objects.iter().filter(|(name, _)| name.starts_with("runs/"));
    let of_lost = lines.filter(|(_, line)| serde_json::from_slice::<Value>(line).unwrap()["snapshot"] == *lost);
    assert_eq!((runs(&objects), of_lost.count()), (5, 1));

    let next = invoke(json!({})).await;
    assert_eq!((&next["status"], &next["invocation"]), (&json!("succeeded"), &json!(1)), "{next}");
    assert_eq!(invoke(json!({"action": "rollback", "snapshot": lost})).await["status"], "succeeded");
    assert_eq!(whole(&of_lake(&lake)), lost);
}
