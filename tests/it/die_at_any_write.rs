//! An incremental refresh is killed at each of its writes into a bucket, before it happens and after: readers see a complete snapshot at every
//! moment, the next run ends what was begun, nothing is left behind, and every snapshot has its run in `runs`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::account::{Objects, data_files};
use crate::die_before_commit::{of_lake, until, whole};
use crate::function::apart;
use crate::runtime_api::{Environment, Function, MINUTES};
use crate::servers::scripted::Scripted;
use crate::servers::secrets::{Secret, Secrets};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use xledger_sim::{ChangeKind, Options};

/// Runs at once.
const AT_ONCE: usize = 3;

/// The files that `state/cache.json` names, and the two beside it.
fn named(objects: &Objects) -> BTreeSet<String> {
    fn paths(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(path) = fields.get("path").and_then(Value::as_str) {
                    found.insert(format!("state/{path}"));
                }
                fields.values().for_each(|value| paths(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| paths(value, found)),
            _ => (),
        }
    }
    let mut found = BTreeSet::from(["cache.json", "lease.json", "schema.json"].map(|name| format!("state/{name}")));
    paths(&serde_json::from_slice(&objects["state/cache.json"]).unwrap(), &mut found);
    found
}

/// Nothing is in the lake that does not belong to a finished snapshot, a run, or what is kept.
pub(crate) fn nothing_is_left_behind(objects: &Objects, moment: &str) {
    let of_state: BTreeSet<String> = objects.keys().filter(|name| name.starts_with("state/")).cloned().collect();
    assert_eq!(of_state, named(objects), "{moment}");
    let state: Value = serde_json::from_slice(&objects["state/cache.json"]).unwrap();
    let ended = ["refresh", "lists", "publishing"].map(|name| &state[name]);
    assert_eq!(ended, [&Value::Null, &Value::Null, &Value::Array(Vec::new())], "{moment}");
    for name in objects.keys().filter_map(|name| name.strip_prefix("snapshots/")) {
        let snapshot = name.split('/').next().unwrap();
        assert!(objects.contains_key(&format!("snapshots/{snapshot}/_manifest.json")), "{moment}: {name}");
    }
}

/// Every published snapshot has its line in `runs`.
fn every_snapshot_has_its_run(objects: &Objects, moment: &str) {
    let manifests = objects.keys().filter_map(|name| name.strip_suffix("/_manifest.json"));
    let published: BTreeSet<&str> = manifests.filter_map(|name| name.strip_prefix("snapshots/")).collect();
    let runs = objects.iter().filter(|(name, _)| name.starts_with("runs/"));
    let rows: Vec<Value> = runs.map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect();
    let told: BTreeSet<&str> = rows.iter().filter_map(|row| row["snapshot"].as_str()).collect();
    assert!(published.is_subset(&told), "{moment}: {published:?} are published, {told:?} are in runs");
}

fn environment(sim: &str, lake: &Scripted, secrets: &Secrets) -> Environment {
    let mut environment = apart(sim, lake, secrets);
    environment.insert("SPEND_HISTORY_FROM", "2026-08".to_owned());
    environment
}

#[tokio::test]
async fn and_the_next_run_ends_what_was_begun() {
    let sim = xledger_sim::start(Options::fast(800, 57)).await.unwrap();
    let secrets = Secrets::start([Secret::text(sim.token())]).await;
    let first = Scripted::start().await;
    let refreshed = async |lake: &Scripted| {
        let mut function = Function::start(&environment(&sim.endpoint(), lake, &secrets)).await;
        let report = function.invoke(&json!({}), MINUTES).await.unwrap();
        assert_eq!(report["status"], "succeeded", "{report}");
        report
    };
    refreshed(&first).await;
    let before = whole(&of_lake(&first));
    sim.replace(ChangeKind::Post.on(&sim.company(), 9));
    let copy = async || {
        let lake = Scripted::start().await;
        first.objects().into_iter().for_each(|(name, bytes)| lake.put(&name, &bytes));
        lake
    };

    let calm = copy().await;
    let report = refreshed(&calm).await;
    assert_eq!(report["mode"], "incremental");
    let expected = of_lake(&calm);
    nothing_is_left_behind(&expected, "calm");
    let tables = data_files(&expected, &whole(&expected));
    assert_ne!(tables, data_files(&expected, &before));
    let writes = calm.writes();
    assert!(writes > 20, "{writes}");

    let moments = (1..=writes).flat_map(|write| [(write, false), (write, true)]);
    let killed = stream::iter(moments).map(async |(write, served)| {
        let moment = format!("{} write {write} of {writes}", if served { "after" } else { "before" });
        let lake = copy().await;
        lake.hold_write(write, served);
        let function = Function::start(&environment(&sim.endpoint(), &lake, &secrets)).await;
        function.begin(&json!({}), MINUTES);
        until("the write", async || lake.held() > 0).await;
        function.kill();
        // A request of the dead may still be on its way.
        tokio::time::sleep(Duration::from_millis(5)).await;
        whole(&of_lake(&lake));

        lake.release();
        lake.let_the_lease_run_out();
        refreshed(&lake).await;
        let objects = of_lake(&lake);
        assert!(data_files(&objects, &whole(&objects)) == tables, "{moment}: other tables");
        nothing_is_left_behind(&objects, &moment);
        every_snapshot_has_its_run(&objects, &moment);
    });
    killed.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}
