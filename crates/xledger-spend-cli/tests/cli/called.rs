//! Calls the program as a person would, with nothing set but what a test sets.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A call, in a directory of its own.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xledger-spend"));
    command.current_dir(directory).args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Called {
    pub(crate) fn both(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    /// How often it was said that something failed.
    pub(crate) fn errors(&self) -> usize {
        self.err.lines().filter(|line| line.starts_with("error: ")).count()
    }

    /// Standard output, which must be JSON alone.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Called {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let called = Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(called.both().chars().all(|c| c == '\n' || !c.is_control()), "control characters: {called:?}");
        called
    }
}

/// Calls the program and waits for its end.
pub(crate) fn call(directory: &Path, arguments: &[&str], set: &[(&str, &str)]) -> Called {
    command(directory, arguments).envs(set.iter().copied()).output().expect("the program starts").into()
}
