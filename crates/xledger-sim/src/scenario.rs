//! Scenarios: what the weather is like, and what a client should make of it. Each is a file.

mod built_in;
mod file;

use crate::company::Company;
use crate::company::shape::Shape;
use crate::options::Options;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A scenario: a file, or one of the variants that a file has.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's name without its ending, and the variant's after a dash.
    pub name: String,
    /// The file's name without its ending.
    pub file: String,
    /// What happens, how sure one is of it, what a user sees.
    pub about: String,
    /// Which lines of the list of weather it stands for.
    pub covers: Vec<String>,
    /// Settings of the client for this run, by their names in the environment.
    pub settings: BTreeMap<String, String>,
    /// How many times faster than written it is played in tests.
    pub speed: f64,
    /// The client's deadline, as written.
    pub deadline: Duration,
    /// What a client should make of it.
    pub expect: Expect,
    /// What is special about the company.
    pub shape: Shape,
    options: Options,
}

/// What a client should make of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// How the run ends.
    pub outcome: Outcome,
    /// The kind of the failure.
    pub kind: Option<String>,
    /// Words that the failure's message or the note contains.
    pub says: Vec<String>,
    /// What the tables are the same as.
    pub tables: Tables,
    /// Columns that are reported as lost, such as `supplier.phone`: null throughout, or where nothing else tells the value; all others are as in a calm
    /// run.
    pub lost: Vec<String>,
    /// Columns that are null in some rows where a calm run has a value; in all others they are as there.
    pub unfit: Vec<String>,
    /// Columns that may hold something else than in a calm run.
    pub differ: Vec<String>,
    /// How many requests the weather forces beyond one and a quarter times those of a calm run.
    pub extra_requests: u64,
    /// Rows of the table `spend`, where that is the point.
    pub spend_rows: Option<u64>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With new tables.
    #[default]
    Succeeded,
    /// With a failure, and the tables as they were.
    Failed,
    /// With a part of the work done and kept, and the tables as they were.
    Incomplete,
}

/// What the tables of a run that succeeded are the same as, byte for byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tables {
    /// Those of a calm run over the same books.
    #[default]
    Calm,
    /// Those of a calm run over the books as they are in the end.
    CalmOfFinalBooks,
}

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// There is no such file, or it cannot be read.
    #[error("{}: cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{file}: {what}")]
    NotToml {
        /// The file.
        file: String,
        /// What is wrong, and where.
        what: String,
    },
    /// The file has an unknown key or a wrong value.
    #[error("{file}: at `{key}`: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// Where, as a path of keys.
        key: String,
        /// What is wrong and what is allowed.
        what: String,
    },
}

impl Scenario {
    /// All that are built in, by name. A file with variants stands for as many.
    #[must_use]
    pub fn all() -> Vec<Self> {
        built_in::ALL.clone()
    }

    /// The built-in one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        built_in::ALL.iter().find(|scenario| scenario.name == name).cloned()
    }

    /// Reads a file: one scenario, or as many as it has variants.
    ///
    /// # Errors
    /// If the file cannot be read or says something that there is not.
    pub fn read(path: &Path) -> Result<Vec<Self>, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Unreadable { file: path.to_owned(), source })?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let file = path.display().to_string();
        let scenarios = file::read(&file, &name, &text)?;
        scenarios.iter().try_for_each(|scenario| file::check_schema(&file, scenario))?;
        Ok(scenarios)
    }

    /// The options to serve it with, so many times faster than written.
    #[must_use]
    pub fn options(&self, speed: f64) -> Options {
        self.options.clone().at_speed(speed)
    }

    /// The company whose books are served.
    #[must_use]
    pub fn company(&self) -> Company {
        Company::shaped(self.options.lines, self.options.seed, self.shape)
    }

    /// The options of a server for the same company without any weather.
    #[must_use]
    pub fn calm(&self) -> Options {
        Options::fast(self.options.lines, self.options.seed)
    }

    /// The first sentence of what it is about.
    #[must_use]
    pub fn headline(&self) -> String {
        let words = self.about.split_whitespace().collect::<Vec<_>>().join(" ");
        words.find(". ").map_or(words.as_str(), |end| &words[..=end]).to_owned()
    }
}
