//! A desk to test at: the simulator on loopback, a lake in a directory of its own, and refreshes through the product's own code.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use xledger_sim::{Options, Running};
use xledger_spend::event::Refresh;
use xledger_spend::model::failure::Failure;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::run::Run;
use xledger_spend::run::check::Checked;
use xledger_spend::settings::{Caller, Settings};

pub(crate) struct Desk {
    pub(crate) sim: Running,
    lake: TempDir,
    runs: std::cell::Cell<i64>,
    /// How many times faster than in life the client waits.
    pub(crate) tempo: f64,
}

impl Desk {
    pub(crate) async fn new(options: Options) -> Self {
        Self {
            sim: xledger_sim::start(options).await.unwrap(),
            lake: TempDir::new().unwrap(),
            runs: Default::default(),
            tempo: 1.0,
        }
    }

    /// The same with its lake in memory where there is such a place, for refreshes that are many: a disk takes longer than all else.
    pub(crate) async fn in_memory(options: Options) -> Self {
        Self { lake: memory(), ..Self::new(options).await }
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.lake.path().join("lake")
    }

    /// The settings of this desk, with some of them set otherwise.
    pub(crate) fn settings(&self, set: &[(&str, &str)]) -> Settings {
        let mut values = HashMap::from([
            ("XLEDGER_ENDPOINT", self.sim.endpoint()),
            ("XLEDGER_TOKEN", self.sim.token().to_owned()),
            ("LAKE_URL", self.lake().display().to_string()),
        ]);
        values.extend(set.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let settings = Settings::read(Caller::CommandLine, |name| values.get(name).cloned()).unwrap();
        Settings { tempo: self.tempo, ..settings }
    }

    /// A run, each a minute after the one before.
    pub(crate) fn run(&self, deadline: Duration) -> Run {
        let number = self.runs.get();
        self.runs.set(number + 1);
        let started_at = Instant(1_795_224_600_000 + number * 60_000);
        Run {
            id: format!("run-{number:04}"),
            started_at,
            deadline: tokio::time::Instant::now() + deadline,
            clock: || Instant(1_795_224_600_000 + 3_600_000),
            progress: Default::default(),
            meter: Default::default(),
        }
    }

    pub(crate) async fn refresh_with(&self, refresh: Refresh, set: &[(&str, &str)]) -> Report {
        let aws = aws_config::SdkConfig::builder().build();
        self.run(Duration::from_secs(120)).refresh(refresh, &self.settings(set), &aws).await
    }

    pub(crate) async fn refresh(&self, set: &[(&str, &str)]) -> Report {
        self.refresh_with(Refresh::default(), set).await
    }

    pub(crate) async fn check(&self, set: &[(&str, &str)]) -> Result<Checked, Failure> {
        let aws = aws_config::SdkConfig::builder().build();
        self.run(Duration::from_secs(120)).check(&self.settings(set), &aws).await
    }

    /// Every file of the current snapshot's tables, by its path.
    pub(crate) fn data_files(&self) -> Vec<(String, Vec<u8>)> {
        Self::tables(&self.lake())
    }

    /// Every file of the tables of a lake, by its path.
    pub(crate) fn tables(lake: &Path) -> Vec<(String, Vec<u8>)> {
        let current = lake.join("current");
        let mut files: Vec<(String, Vec<u8>)> =
            ["spend", "supplier"].iter().flat_map(|table| files_below(&current, &current.join(table))).collect();
        files.sort();
        files
    }

    /// Every byte of the lake.
    /// Rows of the cache as they are before they are compressed, so that what is looked for in them can be found.
    pub(crate) fn all_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = files_below(&self.lake(), &self.lake());
        for (_, bytes) in files.iter_mut().filter(|(name, _)| name.ends_with(".rows")) {
            *bytes = zstd::decode_all(&**bytes).unwrap();
        }
        files
    }
}

/// A directory in memory, or else on the disk.
pub(crate) fn memory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

pub(crate) fn files_below(root: &Path, directory: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(root, &path));
        } else if entry.file_type().unwrap().is_file() {
            files.push((path.strip_prefix(root).unwrap().display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    files
}
