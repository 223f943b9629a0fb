//! The AWS CLI as a child process, which finds credentials by itself.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The AWS CLI in a region.
pub(crate) struct Aws {
    region: String,
}

impl Aws {
    pub(crate) fn new(region: &str) -> Self {
        Self { region: region.to_owned() }
    }

    /// What a command prints.
    ///
    /// # Errors
    /// What it says on standard error, on one line, if it fails.
    pub(crate) async fn call(&self, arguments: &[&str]) -> Result<String, String> {
        self.call_with(arguments, "").await
    }

    /// As [`Aws::call`], with something on standard input.
    pub(crate) async fn call_with(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new("aws");
        command.args(arguments).env("AWS_REGION", &self.region).env("AWS_DEFAULT_REGION", &self.region);
        command.env("AWS_PAGER", "").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if arguments.contains(&"invoke") {
            // A second attempt would begin a second run.
            command.env("AWS_MAX_ATTEMPTS", "1");
        }
        let said = async {
            let mut child = command.kill_on_drop(true).spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(input.as_bytes()).await?;
            }
            child.wait_with_output().await
        };
        let done = said.await.map_err(|error| format!("the AWS CLI (aws) cannot be run: {error}"))?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&done.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        Err(if said.is_empty() { format!("`aws {}` failed", arguments.join(" ")) } else { said })
    }

    /// What a command prints in JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let said = self.call(&[arguments, &["--output", "json"]].concat()).await?;
        serde_json::from_str(&said).map_err(|_| format!("`aws {}` gave no JSON", arguments.join(" ")))
    }
}
