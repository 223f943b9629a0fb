//! What is found in a lake, temporary files and empty directories too, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::digest::Digest;

/// Files by their paths; a link is its target, an empty directory has a path that ends so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LakeFiles {
    files: BTreeMap<String, Vec<u8>>,
    current: Option<PathBuf>,
}

impl LakeFiles {
    pub(super) fn in_lake(lake: &Path) -> Self {
        let mut found = Self { files: BTreeMap::new(), current: fs::read_link(lake.join("current")).ok() };
        found.look(lake, lake);
        found.files.remove("current");
        found
    }

    fn look(&mut self, lake: &Path, directory: &Path) {
        let mut is_empty = true;
        let path = |path: &Path| path.strip_prefix(lake).unwrap().display().to_string();
        for entry in fs::read_dir(directory).into_iter().flatten().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            is_empty = false;
            if kind.is_dir() {
                self.look(lake, &entry.path());
            } else if kind.is_symlink() {
                self.files.insert(path(&entry.path()), Vec::new());
            } else {
                self.files.insert(path(&entry.path()), fs::read(entry.path()).unwrap());
            }
        }
        if is_empty {
            self.files.insert(format!("{}/", path(directory)), Vec::new());
        }
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.files[path]).unwrap()
    }

    fn below(&self, directory: &str) -> Vec<(&str, &Vec<u8>)> {
        self.files.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(directory)?, bytes))).collect()
    }

    /// The data files of a snapshot.
    pub(super) fn tables(&self, snapshot: &str) -> BTreeMap<String, Vec<u8>> {
        let files = self.below(&format!("snapshots/{snapshot}/")).into_iter().filter(|(path, _)| path.contains('/'));
        files.map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect()
    }

    pub(super) fn snapshots(&self) -> BTreeSet<String> {
        self.below("snapshots/").into_iter().filter_map(|(path, _)| Some(path.split_once('/')?.0.to_owned())).collect()
    }

    /// What is there beside what readers see, to tell kill points apart.
    pub(super) fn hidden(&self) -> String {
        let paths: Vec<&str> = self.files.keys().map(String::as_str).filter(|path| is_hidden(path)).collect();
        format!("{} files, of them {paths:?}", self.files.len())
    }

    /// A finished snapshot must be as its manifest says, and nothing else may lie there.
    fn is_whole(&self, snapshot: &str) {
        let manifest = self.json(&format!("snapshots/{snapshot}/_manifest.json"));
        let mut named = BTreeMap::new();
        for table in ["spend", "supplier"] {
            for file in manifest["tables"][table]["files"].as_array().unwrap() {
                named.insert(file["path"].as_str().unwrap(), file["sha256"].as_str().unwrap());
            }
        }
        named.insert("report.html", manifest["report"]["page"]["sha256"].as_str().unwrap());
        assert!(named.len() > 3, "{named:?}");
        let directory = format!("snapshots/{snapshot}/");
        let there = self.below(&directory).into_iter().filter(|(path, _)| *path != "_manifest.json");
        let there: BTreeMap<&str, String> = there.map(|(path, bytes)| (path, Digest::of(bytes))).collect();
        assert_eq!(there, named.into_iter().map(|(path, sha256)| (path, sha256.to_owned())).collect());
    }
}

/// Whether readers pass a path by.
fn is_hidden(path: &str) -> bool {
    path.ends_with('/') || path.split('/').any(|name| name.starts_with('.'))
}

/// The snapshot that readers see, by `CURRENT.json`, if there is one. It must be whole, and so must be what the link points to. Each file
/// that has a name must be.
pub(super) fn readers_see(found: &LakeFiles) -> Option<String> {
    for (path, bytes) in found.files.iter().filter(|(path, _)| !is_hidden(path)) {
        let is_whole = match path.rsplit_once('.') {
            Some((_, "json")) => serde_json::from_slice::<Value>(bytes).is_ok(),
            Some((_, "parquet")) => bytes.len() > 8 && bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
            Some((_, "html")) => bytes.trim_ascii_end().ends_with(b"</html>"),
            // The chart and other registers; whatever is cut short has another checksum.
            Some((_, "value")) => !bytes.is_empty(),
            Some((_, "rows")) => zstd::decode_all(bytes.as_slice()).is_ok(),
            _ => path == "state/lock",
        };
        assert!(is_whole, "{path}");
    }
    if !found.files.contains_key("CURRENT.json") {
        assert_eq!(found.current, None);
        return None;
    }
    let current = found.json("CURRENT.json");
    let snapshot = current["snapshot"].as_str().unwrap();
    assert_eq!(current["manifest_sha256"], Digest::of(&found.files[&format!("snapshots/{snapshot}/_manifest.json")]));
    found.is_whole(snapshot);
    let linked = found.current.as_ref().map(|target| target.strip_prefix("snapshots").unwrap().to_str().unwrap());
    // It is moved right after the commit.
    assert!(linked == Some(snapshot) || current["previous"].as_str() == linked, "{linked:?}");
    linked.inspect(|linked| found.is_whole(linked));
    Some(snapshot.to_owned())
}

/// What is there and does not belong to a finished snapshot, a run, or what is kept; and what should be there. Empty if all is well.
pub(super) fn nothing_is_left_behind(found: &LakeFiles) -> String {
    fn paths(value: &Value, named: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                named.extend(fields.get("path").and_then(Value::as_str).map(|path| format!("state/{path}")));
                fields.values().for_each(|value| paths(value, named));
            }
            Value::Array(items) => items.iter().for_each(|value| paths(value, named)),
            _ => (),
        }
    }
    let state = found.json("state/cache.json");
    let ended = ["refresh", "lists", "publishing"].map(|name| &state[name]);
    assert_eq!(ended, [&Value::Null, &Value::Null, &Value::Array(Vec::new())]);
    let known = ["CURRENT.json", "state/.swap", "state/lock", "state/cache.json", "state/schema.json"];
    let mut named = BTreeSet::from(known.map(str::to_owned));
    paths(&state, &mut named);
    let is_of_snapshot = |path: &str| {
        let snapshot = path.strip_prefix("snapshots/").and_then(|path| path.split_once('/'));
        snapshot.is_some_and(|(name, _)| found.files.contains_key(&format!("snapshots/{name}/_manifest.json")))
    };
    let is_run = |path: &str| path.starts_with("runs/") && path.ends_with(".json");
    let belongs = |path: &str| named.contains(path) || (!is_hidden(path) && (is_of_snapshot(path) || is_run(path)));
    let left: Vec<&String> = found.files.keys().filter(|path| !belongs(path)).collect();
    let missed: Vec<&String> = named.iter().filter(|path| !found.files.contains_key(*path)).collect();
    if left.is_empty() && missed.is_empty() { String::new() } else { format!("left {left:?}, missed {missed:?}") }
}
