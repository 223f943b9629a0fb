//! Lakes under names that a shell or a query would read otherwise, in a home directory, and where there is no link to the current snapshot.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::called::{Called, call, command};

/// Runs a command as it was printed.
fn paste(here: &Path, line: &str) -> Called {
    Command::new("bash").args(["-c", line]).current_dir(here).env_clear().output().unwrap().into()
}

/// The line below a heading.
fn below<'a>(called: &'a Called, heading: &str) -> &'a str {
    let mut lines = called.out.lines().skip_while(|line| *line != heading).skip(1);
    lines.next().unwrap_or_else(|| panic!("{heading}: {called:?}")).trim()
}

#[test]
fn what_is_printed_can_be_pasted() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let older = call(here, &["demo", "--lines", "500", "--json"], &[]).json()["snapshot"].clone();
    let mut lake = here.join("lake");
    for (name, pattern) in [
        ("it's", "it''s"),
        ("lake [2026]", "lake [[]2026]"),
        ("a b", "a b"),
        ("$x", "$x"),
        ("*", "[*]"),
        ("-x", "-x"),
        ("a\\b\n\u{1b}", "a?b??"),
    ] {
        fs::rename(&lake, here.join(name)).unwrap();
        lake = here.join(name);
        let place = format!("--lake={name}");
        let demo = call(here, &["demo", "--lines", "500", "--seed", "2", &place], &[]);
        assert_eq!(demo.status, Some(0), "{demo:?}");
        for called in [&demo, &call(here, &["show", &place], &[])] {
            let query = below(called, "To ask in DuckDB");
            assert!(query.contains(&format!("read_parquet('{pattern}/current/spend/**/*.parquet'")), "{query}");
        }
        for what in ["this again", "what can be gone back to"] {
            let next = demo.out.lines().find_map(|line| line.trim().strip_prefix(what)).unwrap();
            let pasted = paste(here, next);
            assert!(pasted.status == Some(0) && pasted.err.is_empty(), "{next}: {pasted:?}");
        }
        let listed = call(here, &["snapshots", &place], &[]);
        let back = below(&listed, "To go back").to_owned();
        let pasted = paste(here, &back);
        assert!(pasted.status == Some(0) && pasted.out.contains("is current again"), "{back}: {pasted:?}");

        let nothing = format!("--lake={name} too");
        fs::create_dir(here.join(format!("{name} too"))).unwrap();
        for called in [call(here, &["show", &nothing], &[]), call(here, &["snapshots", &nothing], &[])] {
            let refresh = called.both().split('`').nth(1).unwrap().to_owned();
            let pasted = paste(here, &refresh);
            assert!(pasted.status == Some(2) && !pasted.err.contains("LAKE_URL"), "{refresh}: {pasted:?}");
        }
    }
    assert!(lake.join("snapshots").join(older.as_str().unwrap()).is_dir());
}

#[test]
fn a_tilde_is_the_home_directory() {
    let (here, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let set = [("HOME", home.path().to_str().unwrap())];
    let demo = call(here.path(), &["demo", "--lines", "500", "--lake=~/lake"], &set);
    assert_eq!(demo.status, Some(0), "{demo:?}");
    assert!(home.path().join("lake/CURRENT.json").is_file());
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    let set = [set[0], ("LAKE_URL", "~/lake")];
    assert_eq!(call(here.path(), &["show"], &set).status, Some(0));
}

#[test]
fn without_a_link_the_snapshot_itself_is_named() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let demo = |seed: &str| call(here, &["demo", "--lines", "500", "--seed", seed, "--lake", "lake"], &[]);
    assert!(demo("1").out.contains("lake/current/spend"));
    let link = here.join("lake/current");
    let names_itself = |called: &Called| {
        let place = fs::read_to_string(here.join("lake/CURRENT.json")).unwrap();
        let current: serde_json::Value = serde_json::from_str(&place).unwrap();
        let place = format!("lake/snapshots/{}", current["snapshot"].as_str().unwrap());
        assert_eq!(called.status, Some(0), "{called:?}");
        assert_eq!(below(called, "Where"), place, "{called:?}");
        assert!(below(called, "To ask in DuckDB").contains(&format!("read_parquet('{place}/spend/")), "{called:?}");
        assert!(!called.out.contains("lake/current"), "{called:?}");
    };
    // As on a file system that has no links.
    fs::remove_file(&link).unwrap();
    names_itself(&call(here, &["show", "--lake", "lake"], &[]));
    // As a program leaves it that synchronises directories.
    fs::create_dir_all(link.join("spend")).unwrap();
    for seed in ["2", "3"] {
        let called = demo(seed);
        names_itself(&called);
        assert_eq!(called.err.lines().filter(|line| line.contains("WARN")).count(), 1, "{called:?}");
        assert!(called.err.contains("lake/current is not a symbolic link") && called.err.contains("move it away"));
    }
    fs::remove_dir(link.join("spend")).unwrap();
    let called = demo("4");
    assert!(called.out.contains("lake/current/spend") && !called.err.contains("WARN"), "{called:?}");
    assert!(link.join("spend").is_dir());
}

#[test]
fn a_program_is_called_as_it_can_be_called_again() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    fs::create_dir_all(here.join("lake")).unwrap();
    fs::create_dir(here.join("bin")).unwrap();
    for (program, quoted) in [("it's here", r"'./it'\''s here'"), ("spend", "./spend"), ("bin/spend", "bin/spend")] {
        let place = here.join(program);
        std::os::unix::fs::symlink(command(here, &[]).get_program(), &place).unwrap();
        for program in [place, Path::new(".").join(program)] {
            let mut called = Command::new(&program);
            called.args(["snapshots", "--lake", "lake"]).current_dir(here).env_clear();
            let called = Called::from(called.output().unwrap());
            let printed = called.out.split('`').nth(1).unwrap();
            let quoted = if program.starts_with("./bin") { "./bin/spend" } else { quoted };
            assert_eq!(printed, format!("{quoted} refresh --lake lake"), "{called:?}");
            let pasted = paste(here, printed);
            assert!(pasted.status == Some(2) && pasted.err.contains("XLEDGER_TOKEN"), "{pasted:?}");
        }
    }
}
