//! `report`: the page of the current snapshot, for people. Nothing is made here: each refresh makes the page of its snapshot.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use xledger_spend::lake::Store;
use xledger_spend::model::digest::Digest;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::report::Report;

use crate::context::Context;
use crate::lines::sanitize;
use crate::outcome::{self, Exit, Outcome};
use crate::summary::flag;

/// Where the page of a lake on S3 is saved.
const FILE: &str = "spend-report.html";
/// What opens a page: a program and what comes before the page's place.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(target_os = "windows") {
    ("cmd", &["/C", "start", ""])
} else {
    ("xdg-open", &[])
};
/// An opener that fails does so within this time.
const OPENS_WITHIN: Duration = Duration::from_secs(3);

pub(super) async fn report(context: &Context, open: bool, output: Option<PathBuf>) -> Result<Outcome, Failure> {
    let to_standard_output = output.as_ref().is_some_and(|output| output.as_os_str() == "-");
    if to_standard_output && (open || context.json) {
        let message = "--output - is the page alone, without --open and --json";
        return Err(Failure::new(FailureKind::SettingsInvalid, message));
    }
    let output = output.map(|output| context.sources.place("--output", &output)).transpose()?;
    let (url, lake) = context.lake().await?;
    let refresh = format!("`{} refresh {}`", context.program, flag(&url));
    let Some((current, _)) = lake.current().await? else {
        let message = format!("nothing was published into {url} yet; {refresh} does");
        return Err(Failure::new(FailureKind::LakeMissing, message));
    };
    let snapshot = &current.snapshot;
    let Some(page) = Report::of(&lake.manifest(&current).await?).page else {
        let message = format!(
            "the snapshot {snapshot} has no report page, for an older version made it; the next {refresh} makes one"
        );
        return Err(Failure::new(FailureKind::SnapshotUnknown, message));
    };
    let bytes = lake.read_page(snapshot).await?.filter(|bytes| Digest::of(bytes) == page.sha256);
    let Some(bytes) = bytes else {
        let place = lake.store().address(&snapshot.page());
        let message = format!("{place}: it is missing, or not as it was written; the next {refresh} makes a new one");
        return Err(Failure::new(FailureKind::LakeCorrupt, message));
    };
    if to_standard_output {
        // The page is text in UTF-8, as its checksum says.
        return Ok(Outcome::done(String::from_utf8_lossy(&bytes).into_owned()));
    }
    let place = match (output, lake.store()) {
        (None, Store::Directory(store)) => store.root().join(snapshot.page().as_str()),
        (output, _) => save(output.unwrap_or_else(|| PathBuf::from(FILE)), &bytes)?,
    };
    let shown = place.display().to_string();
    let text = match context.json {
        true => outcome::json(&json!({"snapshot": snapshot, "page": page, "file": shown}))?,
        false => format!("{}\n", sanitize(&shown)),
    };
    let opened = if open { opened(&place).await } else { Ok(()) };
    let exit = match opened {
        Ok(()) => Exit::Done,
        Err(what) => {
            context.terminal.failed(&format!("the page was not opened: {what}; open {shown} in a browser yourself"));
            Exit::Failed
        }
    };
    Ok(Outcome { text, exit, failure: None })
}

fn save(place: PathBuf, bytes: &[u8]) -> Result<PathBuf, Failure> {
    std::fs::write(&place, bytes).map_err(|error| {
        let message = format!("the file {} cannot be written: {error}; choose another by --output", place.display());
        Failure::new(FailureKind::SettingsInvalid, message)
    })?;
    Ok(place)
}

/// Opens a file in the browser.
async fn opened(place: &Path) -> Result<(), String> {
    let (program, before) = OPENER;
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let started = Command::new(program)
        .args(before)
        .arg(place)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut opener = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no {program} here"),
        _ => format!("{program} cannot start: {error}"),
    })?;
    let ended = async {
        loop {
            match opener.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(_) => return true,
            }
        }
    };
    // If it is the browser itself, it keeps running.
    match tokio::time::timeout(OPENS_WITHIN, ended).await {
        Ok(false) => Err(format!("{program} found nothing to open it with")),
        Ok(true) | Err(_) => Ok(()),
    }
}
