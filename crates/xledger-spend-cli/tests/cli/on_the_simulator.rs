//! `check`, `refresh` and `invoke` on a simulator beside the program.

use std::io::Write;
use std::process::Stdio;

use xledger_sim::{Options, Running};

use crate::called::{Called, assert_printed, call, command};

fn simulator(options: Options) -> (tokio::runtime::Runtime, Running) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(xledger_sim::start(options)).unwrap();
    (runtime, running)
}

#[test]
fn a_missing_right_is_named_with_its_place() {
    let here = tempfile::tempdir().unwrap();
    let mut options = Options::fast(500, 1);
    options.dialect.missing_rights.insert("Supplier".to_owned());
    let (_runtime, running) = simulator(options);
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token())];
    let called = call(here.path(), &["check"], &set);
    assert_printed("check_with_a_missing_right", &called.transcript(&["check"]));
    let called = call(here.path(), &["check", "--json"], &set);
    assert_eq!((called.status, &called.json()["ready"]), (Some(1), &false.into()), "{called:?}");
}

#[test]
fn all_rights_are_there() {
    let here = tempfile::tempdir().unwrap();
    let (_runtime, running) = simulator(Options::fast(500, 1));
    let called = call(
        here.path(),
        &["check", "--xledger-endpoint", &running.endpoint(), "--xledger-token", running.token()],
        &[],
    );
    assert_printed("check", &called.transcript(&["check"]));
    // The function's answer carries the same lines.
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token())];
    let mut invoke = command(here.path(), &["invoke", "-"]);
    let mut invoke =
        invoke.envs(set).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    invoke.stdin.take().unwrap().write_all(br#"{"action": "check"}"#).unwrap();
    let answer = Called::from(invoke.wait_with_output().unwrap()).json();
    let lines: Vec<&str> = answer["table"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(called.out.trim_start_matches('\n').lines().collect::<Vec<_>>(), lines);
    // What is stored looks like a token and is none.
    let called = call(
        here.path(),
        &["refresh", "--lake", "lake", "--xledger-endpoint", &running.endpoint()],
        &[("XLEDGER_TOKEN", "canary4711")],
    );
    assert_eq!(called.status, Some(1), "{called:?}");
    assert!(called.err.contains("kind: token_") && !called.both().contains("canary4711"), "{called:?}");
}

#[test]
fn a_probe_is_told_and_saved() {
    let here = tempfile::tempdir().unwrap();
    let (_runtime, running) = simulator(Options::fast(500, 1));
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token())];
    let called = call(here.path(), &["probe", "--save", "probe.json"], &set);
    assert_printed("probe", &called.transcript(&["probe", "--save", "probe.json"]));
    let saved: serde_json::Value =
        serde_json::from_slice(&std::fs::read(here.path().join("probe.json")).unwrap()).unwrap();
    assert_eq!((&saved["action"], saved["facts"].as_array().unwrap().len() > 60), (&"probe".into(), true));
    // Where it cannot be saved, nothing is asked.
    let asked = running.journal().totals().requests;
    let called = call(here.path(), &["probe", "--save", "no/such/place.json"], &set);
    assert!(called.status == Some(2) && called.err.contains("no/such/place.json"), "{called:?}");
    assert_eq!(running.journal().totals().requests, asked);
    // One that fails leaves what was there, and nothing new.
    for file in ["probe.json", "new.json"] {
        let called = call(here.path(), &["probe", "--save", file], &[set[0], ("XLEDGER_TOKEN", "canary4711")]);
        assert!(called.status == Some(1) && called.err.contains("kind: token_"), "{called:?}");
    }
    let still: serde_json::Value =
        serde_json::from_slice(&std::fs::read(here.path().join("probe.json")).unwrap()).unwrap();
    assert!(still == saved && !here.path().join("new.json").exists());
}

#[test]
fn an_event_is_answered_as_the_function_does() {
    let here = tempfile::tempdir().unwrap();
    let (_runtime, running) = simulator(Options::fast(500, 1));
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token()), ("LAKE_URL", "lake")];
    let file = here.path().join("event.json");
    std::fs::create_dir(here.path().join("lake")).unwrap();
    for (event, status, key) in [
        (r#"{"action": "refresh", "dry_run": true}"#, Some(0), Some(("status", "dry_run"))),
        (r#"{"action": "check"}"#, Some(0), Some(("action", "check"))),
        (r#"{"action": "chekc"}"#, Some(2), None),
        ("{", Some(2), None),
    ] {
        std::fs::write(&file, event).unwrap();
        let mut child = command(here.path(), &["invoke", "-"]);
        let mut child =
            child.envs(set).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
        for called in
            [Called::from(child.wait_with_output().unwrap()), call(here.path(), &["invoke", "event.json"], &set)]
        {
            assert_eq!(called.status, status, "{event}: {called:?}");
            match key {
                Some((key, value)) => assert_eq!(called.json()[key], value),
                None => assert!(called.out.is_empty() && called.err.contains("kind: event_invalid"), "{called:?}"),
            }
        }
    }
    assert!(!here.path().join("lake/CURRENT.json").exists());
}

/// What an auditor reads: every document that was sent, and no id, token or answer.
#[test]
fn every_question_is_saved_for_an_auditor() {
    let here = tempfile::tempdir().unwrap();
    let (_runtime, running) = simulator(Options::fast(1_000, 1));
    let set = [("XLEDGER_ENDPOINT", &*running.endpoint()), ("XLEDGER_TOKEN", running.token())];
    let called = call(here.path(), &["refresh", "--dry-run", "--lake", "lake", "--request-log", "asked.jsonl"], &set);
    assert_eq!(called.status, Some(0), "{called:?}");
    let text = std::fs::read_to_string(here.path().join("asked.jsonl")).unwrap();
    assert!(!text.contains(running.token()));
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, running.journal().totals().requests);
    let fetched: Vec<_> = lines.iter().filter(|line| line["operation"] == "LedgerLines").collect();
    let ids: u64 = fetched.iter().map(|line| line["ids"].as_u64().unwrap()).sum();
    assert!(ids > 100, "{fetched:?}");
    for line in &lines {
        let document = line["document"].as_str().unwrap();
        assert!(document.starts_with("query ") && !document.contains("payroll"), "{line}");
        assert!(!document.chars().any(|c| c.is_ascii_digit()) || document.contains("glObject"), "no id: {line}");
    }
    let called = call(here.path(), &["refresh", "--lake", "lake", "--request-log", "no/such/place"], &set);
    assert!(called.status == Some(1) && called.err.contains("--request-log"), "{called:?}");
    // What one run asked stays until another begins.
    let wrong = ["check", "--request-log", "asked.jsonl", "--xledger-page-rows", "7"];
    assert_eq!(call(here.path(), &wrong, &set).status, Some(2));
    assert!(std::fs::read_to_string(here.path().join("asked.jsonl")).unwrap() == text);
    assert_eq!(call(here.path(), &wrong[..3], &set).status, Some(0));
    let after = std::fs::read_to_string(here.path().join("asked.jsonl")).unwrap();
    assert_eq!((lines.len() + after.lines().count()) as u64, running.journal().totals().requests);
}
