//! `snapshots`: which snapshots there are to go back to, newest first.

use serde_json::{Value, json};
use xledger_spend::lake::{Current, LakeUrl, Manifest, SnapshotName};
use xledger_spend::model::failure::Failure;

use crate::context::Context;
use crate::figures::{count, size};
use crate::lines::{Align, aligned, sanitize};
use crate::outcome::{self, Outcome};
use crate::summary::flag;

/// A snapshot, as far as it can be read.
struct Listed {
    name: SnapshotName,
    state: SnapshotState,
    /// What it holds; a reason, if its manifest is damaged; `None` if it has none.
    manifest: Option<Result<Manifest, Failure>>,
}

/// What a snapshot is to readers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SnapshotState {
    Current,
    /// Current before the one that is.
    Previous,
    Older,
    /// Newer than the current one: its run has not ended or has died, or somebody went back from it.
    Newer,
}

pub(super) async fn snapshots(context: &Context) -> Result<Outcome, Failure> {
    let (url, lake) = context.lake().await?;
    let current = lake.current().await?.map(|(current, _)| current);
    let mut found = lake.list_snapshots().await?;
    found.reverse();
    let finished: Vec<SnapshotName> =
        found.iter().filter(|found| found.finished).map(|found| found.name.clone()).collect();
    let mut manifests = lake.manifests(&finished).await.into_iter();
    let listed: Vec<Listed> = found
        .into_iter()
        .map(|found| {
            let manifest = if found.finished { manifests.next() } else { None };
            let state = SnapshotState::find(&found.name, current.as_ref());
            Listed { name: found.name, state, manifest: manifest.map(|manifest| manifest.map_err(Failure::from)) }
        })
        .collect();
    if context.json {
        let snapshots: Vec<Value> = listed.iter().map(for_programs).collect();
        let answer = json!({"lake": lake.store().describe(), "current": current, "snapshots": snapshots});
        return Ok(Outcome::done(outcome::json(&answer)?));
    }
    Ok(Outcome::done(for_people(&listed, &url, &context.program)))
}

impl SnapshotState {
    fn find(name: &SnapshotName, current: Option<&Current>) -> Self {
        let Some(current) = current else { return Self::Newer };
        match name.cmp(&current.snapshot) {
            std::cmp::Ordering::Equal => Self::Current,
            _ if current.previous.as_ref() == Some(name) => Self::Previous,
            std::cmp::Ordering::Less => Self::Older,
            std::cmp::Ordering::Greater => Self::Newer,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "current before",
            Self::Older => "",
            Self::Newer => "newer than the current one",
        }
    }
}

fn for_people(listed: &[Listed], lake: &LakeUrl, program: &str) -> String {
    let (lake, flag) = (sanitize(&lake.to_string()), flag(lake));
    if listed.is_empty() {
        return format!("No snapshots in {lake} yet; `{program} refresh {flag}` makes one.\n");
    }
    let mut rows = vec![["snapshot", "made (UTC)", "spend rows", "suppliers", "size", "schema", ""].map(str::to_owned)];
    rows.extend(listed.iter().map(row));
    let mut sides = [Align::Right; 7];
    (sides[0], sides[1], sides[6]) = (Align::Left, Align::Left, Align::Left);
    let mut text = format!("\nSnapshots in {lake}, newest first\n{}", aligned(&sides, &rows));
    // Newest first. What is newer than the current one was left by a rollback, or never became current.
    let mut older = listed.iter().skip_while(|listed| listed.state != SnapshotState::Current).skip(1);
    if let Some(older) = older.find(|listed| matches!(listed.manifest, Some(Ok(_)))) {
        text.push_str(&format!("\nTo go back\n  {program} rollback {} {flag}\n", older.name));
    }
    text
}

fn row(listed: &Listed) -> [String; 7] {
    let name = listed.name.to_string();
    let blank = String::new;
    match &listed.manifest {
        Some(Ok(manifest)) => {
            let made = timestamp(manifest).map(|made| made.strftime("%Y-%m-%d %H:%M:%S").to_string());
            let (spend, supplier) = (&manifest.tables.spend, &manifest.tables.supplier);
            let bytes = size(spend.bytes + supplier.bytes);
            let (rows, suppliers) = (count(spend.rows), count(supplier.rows));
            let schema = manifest.schema_version.to_string();
            [name, made.unwrap_or_default(), rows, suppliers, bytes, schema, listed.state.as_str().to_owned()]
        }
        damaged => {
            let what = if damaged.is_some() { "damaged" } else { "unfinished" };
            let state =
                if listed.state == SnapshotState::Current { format!("{what}, current") } else { what.to_owned() };
            [name, blank(), blank(), blank(), blank(), blank(), state]
        }
    }
}

fn for_programs(listed: &Listed) -> Value {
    let manifest = listed.manifest.as_ref().and_then(|manifest| manifest.as_ref().ok());
    let status = match &listed.manifest {
        Some(Ok(_)) => "finished",
        Some(Err(_)) => "damaged",
        None => "unfinished",
    };
    json!({
        "snapshot": listed.name,
        "status": status,
        "current": listed.state == SnapshotState::Current,
        "created_at": manifest.and_then(timestamp).map(|made| format!("{made:.3}")),
        "spend_rows": manifest.map(|manifest| manifest.tables.spend.rows),
        "supplier_rows": manifest.map(|manifest| manifest.tables.supplier.rows),
        "bytes": manifest.map(|manifest| manifest.tables.spend.bytes + manifest.tables.supplier.bytes),
        "schema_version": manifest.map(|manifest| manifest.schema_version),
        "error": listed.manifest.as_ref().and_then(|manifest| manifest.as_ref().err()),
    })
}

fn timestamp(manifest: &Manifest) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(manifest.created_at.0).ok()
}
