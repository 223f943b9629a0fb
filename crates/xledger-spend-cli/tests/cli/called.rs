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

    /// All that came of it, after what was typed.
    pub(crate) fn transcript(&self, arguments: &[&str]) -> String {
        let status = self.status.unwrap_or(-1);
        let err = if self.err.is_empty() { String::new() } else { format!("--- stderr\n{}", self.err) };
        format!("$ xledger-spend {}\n{}{err}--- exit status {status}\n", arguments.join(" "), self.out)
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

/// Compares what was printed with `snapshots/{name}.snap`, but for what differs from run to run. `INSTA_UPDATE=always` writes it anew.
pub(crate) fn assert_printed(name: &str, transcript: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, instead) in [
        (r"\d{8}T\d{6}Z-[0-9a-f]{8}", "[snapshot]"),
        (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z?", "[time]"),
        (r"http://127\.0\.0\.1:\d+", "[simulator]"),
        // With the room before it, which is as wide as it is not.
        (r" +\d[\d.]* (ms|s|min)\b", " [duration]"),
        (r"/\S+/xledger-spend\b", "xledger-spend"),
    ] {
        settings.add_filter(pattern, instead);
    }
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}
