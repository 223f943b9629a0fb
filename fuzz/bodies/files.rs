//! The files that a lake is known by: what is read is what stands there, and is written as it was read.

use serde_json::Value;

use crate::lake::lease::Lease;
use crate::lake::manifest::write;
use crate::lake::{Current, Error, Key, Manifest, SnapshotName, TableName};
use crate::refresh::cache::Contents;
use crate::refresh::known_schema::SavedSchema;

/// Reads `CURRENT.json`, a lease, what is saved of a schema, and what the cache's file says.
pub fn state(data: &[u8]) {
    if let Some(contents) = Contents::read(data) {
        let written = serde_json::to_vec(&contents).unwrap();
        assert_eq!(Contents::read(&written), Some(contents), "read, and read again");
    }
    if let Some(known) = SavedSchema::read(data) {
        let written = serde_json::to_vec(&known).unwrap();
        assert_eq!(SavedSchema::read(&written), Some(known), "read, and read again");
    }
    read(data, Lease::read);
    if let Some(current) = read(data, Current::read) {
        name(&current.snapshot);
        current.previous.as_ref().map(name);
    }
}

/// Reads `_manifest.json`.
pub fn manifest(data: &[u8]) {
    let Some(manifest) = read(data, Manifest::read) else { return };
    name(&manifest.snapshot);
    let directory = manifest.snapshot.directory();
    for file in manifest.tables.spend.files.iter().chain(&manifest.tables.supplier.files) {
        // Too long beside the snapshot's name is the only thing that can be wrong with it.
        match directory.join(&file.path) {
            Ok(key) => assert_eq!(key.below(&directory), Some(file.path.as_str())),
            Err(_) => assert!(directory.as_str().len() + 1 + file.path.len() > Key::LIMIT_BYTES, "{}", file.path),
        }
    }
}

/// Reads a file, writes it, and reads it again.
fn read<T: PartialEq + std::fmt::Debug + serde::Serialize>(
    data: &[u8],
    read: impl Fn(&[u8], &str) -> Result<T, Error>,
) -> Option<T> {
    let file = match read(data, "place") {
        Ok(file) => file,
        Err(error) => {
            let said = error.to_string();
            assert!(said.len() < 500 && !said.contains("Kari"), "{said}");
            return None;
        }
    };
    let written = write(&file, "place").unwrap();
    assert!(read(&written, "place").unwrap() == file, "read, and read again");
    let value = |json| serde_json::from_slice::<Value>(json).unwrap();
    assert!(value(data) == value(&written), "what stood there, and what was read of it");
    Some(file)
}

/// A snapshot's name is a time and part of every key.
fn name(name: &SnapshotName) {
    let second = name.started_at().unwrap();
    let time = jiff::Timestamp::from_millisecond(second.0).unwrap().strftime("%Y%m%dT%H%M%SZ").to_string();
    assert_eq!(name.as_str().split_once('-').unwrap().0, time);
    for key in [name.directory(), name.manifest(), name.table(TableName::Spend), name.table(TableName::Supplier)] {
        assert!(Key::parse(key.as_str()).is_ok(), "{key}");
    }
}
