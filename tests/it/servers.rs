//! Servers on loopback that speak S3: two real ones, of different makes, and one that plays a script.

pub(crate) mod glue;
pub(crate) mod hostile;
pub(crate) mod scheduler;
pub(crate) mod scripted;
pub(crate) mod secrets;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A make of S3 server. One server of each make serves all tests of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Make {
    Moto,
    MiniStack,
}

/// A server that lives as long as the test process: it ends when its standard input does.
struct Server {
    _child: Child,
    endpoint: String,
}

impl Make {
    /// The configuration of a client of this server; `None` if `SKIP_S3=1` leaves out the tests that need one.
    ///
    /// # Panics
    /// If the server cannot be started.
    pub(crate) fn configuration(self) -> Option<SdkConfig> {
        static MOTO: OnceLock<Server> = OnceLock::new();
        static MINISTACK: OnceLock<Server> = OnceLock::new();
        if skipped() {
            // Not by a macro, whose output the test runner keeps to itself.
            let _ = writeln!(
                std::io::stderr(),
                "*** SKIPPED: a test that needs the S3 server {self:?}, because of SKIP_S3=1 ***"
            );
            return None;
        }
        let server = match self {
            Self::Moto => MOTO.get_or_init(|| start("moto")),
            Self::MiniStack => MINISTACK.get_or_init(|| start("ministack")),
        };
        Some(configuration(&server.endpoint))
    }
}

/// The configuration of a client of a server at this endpoint.
pub(crate) fn configuration(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .build()
}

#[expect(clippy::disallowed_methods, reason = "a test run is a composition root")]
fn skipped() -> bool {
    std::env::var_os("SKIP_S3").is_some_and(|value| value == "1")
}

fn start(make: &str) -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".tools/venv/bin/python");
    assert!(
        python.exists(),
        "the S3 server {make} is not installed: run make test, which installs it (or set SKIP_S3=1 to leave out the tests that need one)"
    );
    let mut child = Command::new(&python)
        .arg(root.join("tests/tools/serve.py"))
        .arg(make)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port: u16 = line.trim().parse().unwrap_or_else(|_| {
        panic!("the S3 server {make} did not start: run make test, or .tools/venv/bin/python tests/tools/serve.py {make} to see why")
    });
    Server { _child: child, endpoint: format!("http://127.0.0.1:{port}") }
}
