//! Ctrl-C ends a run with a message, and the lake is as it was.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use xledger_sim::Options;

use crate::called::{Called, call, command};

#[test]
fn nothing_is_published() {
    let here = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options { delay: Duration::from_secs(2), ..Options::fast(500, 1) };
    let running = runtime.block_on(xledger_sim::start(options)).unwrap();
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token())];
    for signal in ["-INT", "-TERM"] {
        let mut child = command(here.path(), &["refresh", "--lake", "lake"]);
        let child = child.envs(set).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let called = Called::from(child.wait_with_output().unwrap());
        assert_eq!(called.status, Some(1), "{called:?}");
        assert!(called.err.contains("error: stopped; nothing was published"), "{called:?}");
    }
    assert!(!here.path().join("lake/CURRENT.json").exists());
    // Nobody holds the lake any more.
    assert_eq!(call(here.path(), &["demo", "--lines", "500"], &[]).status, Some(0));
}

/// Nothing has begun by then, so the signal ends the program by itself.
#[test]
fn an_event_that_does_not_come_is_waited_for_no_longer() {
    let here = tempfile::tempdir().unwrap();
    // Not Ctrl-C's: what is started in the background, as tests can be, is started with that one ignored.
    for _ in 0..4 {
        let mut child = command(here.path(), &["invoke", "-"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none(), "it waits");
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        let ended = (0..100).find_map(|_| {
            std::thread::sleep(Duration::from_millis(50));
            child.try_wait().unwrap()
        });
        if ended.is_none() {
            child.kill().unwrap();
        }
        let by_signal = ended.and_then(|status| status.signal());
        assert_eq!(by_signal, Some(15), "{ended:?}");
    }
}
