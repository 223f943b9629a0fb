//! `report`: the page of the current snapshot, fetched and opened.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use xledger_spend::model::digest::Digest;

use crate::called::call;

/// A lake with a snapshot: its name.
fn demo(here: &Path) -> String {
    let report = call(here, &["demo", "--lines", "500", "--json"], &[]).json();
    report["snapshot"].as_str().unwrap().to_owned()
}

#[test]
fn it_is_where_it_lies_or_where_it_is_wanted() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let snapshot = demo(here);
    let lies = format!("lake/snapshots/{snapshot}/report.html");
    let page = fs::read_to_string(here.join(&lies)).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains(&snapshot));

    let called = call(here, &["report", "--lake", "lake"], &[]);
    assert_eq!((called.status, called.out.trim_end(), called.err.as_str()), (Some(0), &*lies, ""));
    let saved = call(here, &["report", "--lake", "lake", "--output", "a.html"], &[]);
    assert_eq!((saved.status, saved.out.as_str()), (Some(0), "a.html\n"), "{saved:?}");
    assert_eq!(fs::read_to_string(here.join("a.html")).unwrap(), page);
    let facts = call(here, &["report", "--json"], &[("LAKE_URL", "lake")]).json();
    assert_eq!((&facts["snapshot"], &facts["file"]), (&(*snapshot).into(), &(*lies).into()));
    assert_eq!((&facts["page"]["path"], &facts["page"]["bytes"]), (&lies["lake/".len()..].into(), &page.len().into()));
    assert!(call(here, &["report", "--lake", "lake", "--output", "-"], &[]).out == page);

    for (arguments, word) in [
        (&["report", "--lake", "lake", "--output", "no/such/place.html"][..], "no/such/place.html"),
        (&["report", "--lake", "lake", "--output", "-", "--open"], "--output -"),
    ] {
        let wrong = call(here, arguments, &[]);
        assert!(wrong.status == Some(2) && wrong.err.contains(word), "{wrong:?}");
    }
    fs::write(here.join(&lies), "else").unwrap();
    let damaged = call(here, &["report", "--lake", "lake"], &[]);
    assert!(damaged.status == Some(1) && damaged.err.contains("kind: lake_corrupt"), "{damaged:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn it_is_opened_or_somebody_says_why_not() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    demo(here);
    let programs = here.join("bin");
    fs::create_dir(&programs).unwrap();
    let path = programs.display().to_string();
    let opened = || call(here, &["report", "--open", "--lake", "lake", "--output", "a.html"], &[("PATH", &path)]);
    let called = opened();
    assert_eq!((called.status, called.out.as_str()), (Some(1), "a.html\n"), "{called:?}");
    assert!(
        called.err.contains("there is no xdg-open here") && called.err.contains("open a.html in a browser"),
        "{called:?}"
    );

    let opener = programs.join("xdg-open");
    for (ends, status) in [("exit 3", 1), ("echo \"$1\" > opened", 0)] {
        fs::write(&opener, format!("#!/bin/sh\n{ends}\n")).unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(opened().status, Some(status), "{ends}");
    }
    let place = fs::read_to_string(here.join("opened")).unwrap();
    assert_eq!(Path::new(place.trim_end()), here.canonicalize().unwrap().join("a.html"));
}

#[test]
fn a_snapshot_without_one_is_followed_by_one_that_has_it() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let nothing = call(here, &["report", "--lake", "elsewhere"], &[]);
    assert!(nothing.status == Some(1) && nothing.err.contains("kind: lake_missing"), "{nothing:?}");

    // As a version wrote it that made no pages.
    let snapshot = demo(here);
    let (manifest, current) =
        (here.join(format!("lake/snapshots/{snapshot}/_manifest.json")), here.join("lake/CURRENT.json"));
    let read = |file: &Path| -> serde_json::Value { serde_json::from_slice(&fs::read(file).unwrap()).unwrap() };
    let mut older = read(&manifest);
    older["report"].as_object_mut().unwrap().remove("page").unwrap();
    let older = older.to_string();
    let mut named = read(&current);
    named["manifest_sha256"] = Digest::of(older.as_bytes()).into();
    fs::write(&manifest, older).unwrap();
    fs::write(&current, named.to_string()).unwrap();
    let called = call(here, &["report", "--lake", "lake"], &[]);
    assert_eq!((called.status, called.out.as_str()), (Some(1), ""), "{called:?}");
    for word in
        [&*snapshot, "has no report page", "the next `", "refresh --lake lake` makes one", "kind: snapshot_unknown"]
    {
        assert!(called.err.contains(word), "{word}: {called:?}");
    }
    demo(here);
    assert_eq!(call(here, &["report", "--lake", "lake"], &[]).status, Some(0));
}
