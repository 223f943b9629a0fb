//! A run is killed, at whatever moment: what is current stays whole, and the next run does not stumble. In a bucket it comes when the lease
//! of the dead run has run out, in a directory at once.

use crate::account::{Account, Objects};
use crate::desk::{Desk, files_below};
use crate::function::apart;
use crate::runtime_api::{Function, MINUTES};
use crate::servers::scripted::{Hold, Scripted};
use crate::servers::secrets::{Secret, Secrets};
use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xledger_sim::{Journal, Options};
use xledger_spend::table::runs::Status;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The snapshot that `CURRENT.json` names, every file of which must be there as its manifest says.
pub(crate) fn whole(objects: &Objects) -> String {
    let current: Value = serde_json::from_slice(&objects["CURRENT.json"]).unwrap();
    let snapshot = current["snapshot"].as_str().unwrap();
    let manifest = &objects[&format!("snapshots/{snapshot}/_manifest.json")];
    assert_eq!(current["manifest_sha256"], sha256(manifest));
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    for table in ["spend", "supplier"] {
        let files = manifest["tables"][table]["files"].as_array().unwrap();
        assert!(!files.is_empty());
        for file in files {
            let path = file["path"].as_str().unwrap();
            let bytes = &objects[&format!("snapshots/{snapshot}/{path}")];
            assert_eq!(file["sha256"], sha256(bytes), "{path}");
            assert_eq!(file["bytes"], bytes.len(), "{path}");
        }
    }
    snapshot.to_owned()
}

/// Waits until something has happened.
pub(crate) async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(), "{what} never happened");
}

pub(crate) fn of_lake(lake: &Scripted) -> Objects {
    below_lake(lake.objects())
}

/// Objects of a bucket by their names in the lake.
pub(crate) fn below_lake(objects: Objects) -> Objects {
    objects.into_iter().map(|(name, bytes)| (name.strip_prefix("lake/").unwrap().to_owned(), bytes)).collect()
}

/// A write at which a run is killed.
struct Moment {
    write: fn(&str) -> bool,
    /// Whether it reaches the bucket.
    done: bool,
    /// Whether the new snapshot is current by then.
    committed: bool,
}

impl Moment {
    fn before(write: fn(&str) -> bool) -> Self {
        Self { write, done: false, committed: false }
    }

    fn after(write: fn(&str) -> bool) -> Self {
        Self { write, done: true, committed: false }
    }

    fn committed(self) -> Self {
        Self { committed: true, ..self }
    }
}

/// Each write of a run, before it reaches the bucket and after it did: there the run is killed.
#[tokio::test]
async fn at_each_write_into_a_bucket() {
    let sim = xledger_sim::start(Options::fast(800, 51)).await.unwrap();
    let secrets = Secrets::start([Secret::text(sim.token())]).await;
    let first = Scripted::start().await;
    let report = Function::start(&apart(&sim.endpoint(), &first, &secrets)).await.invoke(&json!({}), MINUTES).await;
    let before = report.unwrap()["snapshot"].as_str().unwrap().to_owned();
    assert_eq!(whole(&of_lake(&first)), before);

    let trial = |request: &str| request == "PUT /bucket/lake/state/trial";
    let data = |request: &str| request.starts_with("PUT ") && request.ends_with(".parquet");
    let manifest = |request: &str| request.starts_with("PUT ") && request.ends_with("/_manifest.json");
    let current = |request: &str| request == "PUT /bucket/lake/CURRENT.json";
    let line = |request: &str| request.starts_with("PUT /bucket/lake/runs/");
    let moments = [
        Moment::after(trial),
        Moment::before(data),
        Moment::after(data),
        Moment::before(manifest),
        Moment::after(manifest),
        Moment::before(current),
        Moment::after(current).committed(),
        Moment::before(line).committed(),
    ];
    join_all(moments.into_iter().enumerate().map(async |(moment, Moment { write, done, committed })| {
        let lake = Scripted::start().await;
        for (name, bytes) in first.objects() {
            lake.put(&name, &bytes);
        }
        lake.hold(Hold { request: write, served: done });
        let environment = apart(&sim.endpoint(), &lake, &secrets);
        let function = Function::start(&environment).await;
        function.begin(&json!({}), MINUTES);
        until("the write", async || lake.held() > 0).await;
        function.kill();
        let after = whole(&of_lake(&lake));
        assert_eq!(after != before, committed, "moment {moment}");

        lake.release();
        lake.let_the_lease_run_out();
        let report = Function::start(&environment).await.invoke(&json!({}), MINUTES).await.unwrap();
        assert_eq!(report["status"], "succeeded", "moment {moment}: {report}");
        let objects = of_lake(&lake);
        assert_eq!(whole(&objects), report["snapshot"].as_str().unwrap(), "moment {moment}");
        let current: Value = serde_json::from_slice(&objects["CURRENT.json"]).unwrap();
        assert_eq!(current["previous"], after.as_str(), "moment {moment}");
        assert!(!objects.contains_key("state/trial"), "moment {moment}");
    }))
    .await;
}

/// While Xledger is asked, and as soon as files appear in the bucket.
#[tokio::test]
async fn while_it_works_on_a_bucket() {
    let Some(account) = Account::open().await else { return };
    let sim = xledger_sim::start(slow(52)).await.unwrap();
    let environment = account.environment(&sim.endpoint(), &account.secret(sim.token()).await);
    let refresh = async || {
        account.let_the_lease_run_out().await;
        Function::start(&environment).await.invoke(&json!({}), MINUTES).await.unwrap()
    };
    assert_eq!(refresh().await["status"], "succeeded");
    let before = whole(&account.objects().await);
    for requests in moments(sim.journal()) {
        sim.journal().clear();
        account.let_the_lease_run_out().await;
        account.forget_what_is_kept().await;
        let function = Function::start(&environment).await;
        function.begin(&json!({}), MINUTES);
        until("the request", async || sim.journal().exchanges().len() >= requests).await;
        function.kill();
        assert_eq!(whole(&account.objects().await), before, "after {requests} requests");
    }
    account.let_the_lease_run_out().await;
    let objects = account.names().await.len();
    let function = Function::start(&environment).await;
    function.begin(&json!({}), MINUTES);
    until("a file", async || account.names().await.len() > objects + 2).await;
    function.kill();
    whole(&account.objects().await);
    let report = refresh().await;
    assert_eq!(report["status"], "succeeded", "{report}");
    assert_eq!(whole(&account.objects().await), report["snapshot"].as_str().unwrap());
}

/// Slow enough to be killed in between.
fn slow(seed: u64) -> Options {
    Options { delay: Duration::from_millis(60), ..Options::fast(800, seed) }
}

/// After how many of the requests that a whole run makes it is killed.
fn moments(journal: &Journal) -> [usize; 4] {
    let all = journal.exchanges().len();
    [1, all / 3, all * 2 / 3, all - 1]
}

/// A child that is killed when this is dropped.
struct Doomed(Child);

impl Drop for Doomed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This test program once more, as [`a_refresh_of_its_own`].
fn another_process(desk: &Desk, run: u32) -> Doomed {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "die_before_commit::a_refresh_of_its_own", "--ignored"])
        .env("DOOMED_ENDPOINT", desk.sim.endpoint())
        .env("DOOMED_LAKE", desk.lake())
        .env("DOOMED_RUN", run.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Doomed(child.unwrap())
}

#[tokio::test]
#[ignore = "the process that is killed; the tests start it"]
#[expect(clippy::disallowed_methods, reason = "a process of its own is a composition root")]
async fn a_refresh_of_its_own() {
    let [Ok(endpoint), Ok(lake), Ok(run)] = ["DOOMED_ENDPOINT", "DOOMED_LAKE", "DOOMED_RUN"].map(std::env::var) else {
        return;
    };
    let desk = Desk::new(Options::fast(100, 1)).await;
    for _ in 0..run.parse().unwrap() {
        desk.run(Duration::ZERO);
    }
    let report = desk.refresh(&[("XLEDGER_ENDPOINT", &endpoint), ("LAKE_URL", &lake)]).await;
    assert_eq!((report.status, report.error), (Status::Succeeded, None));
}

fn of_directory(path: &Path) -> Objects {
    files_below(path, path).into_iter().collect()
}

/// The same in a directory, which also has a lock, a link and files that are not in place yet.
#[tokio::test]
async fn while_it_works_on_a_directory() {
    let desk = Desk::new(slow(53)).await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let before = whole(&of_directory(&desk.lake()));
    let moments = moments(desk.sim.journal());
    let files = || fs::read_dir(desk.lake().join("snapshots")).unwrap().count();
    let mut run = 100;
    let mut killed_when = async |what: &str, happened: &mut dyn FnMut() -> bool| {
        desk.sim.journal().clear();
        drop(fs::remove_file(desk.lake().join("state/cache.json")));
        run += 1;
        let child = another_process(&desk, run);
        until(what, async || happened()).await;
        drop(child);
        whole(&of_directory(&desk.lake()))
    };
    for requests in moments {
        let after = killed_when("the request", &mut || desk.sim.journal().exchanges().len() >= requests).await;
        assert_eq!(after, before, "after {requests} requests");
    }
    let snapshots = files();
    killed_when("a snapshot", &mut || files() > snapshots).await;

    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    let objects = of_directory(&desk.lake());
    assert_eq!(Some(whole(&objects)), report.snapshot);
    let link = fs::read_link(desk.lake().join("current")).unwrap();
    assert_eq!(link.file_name().unwrap().to_str(), report.snapshot.as_deref());
}
