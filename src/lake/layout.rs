//! What lies where in a lake.
//!
//! ```text
//! CURRENT.json                                               the commit
//! snapshots/20261121T013000Z-0a1b2c3d/_manifest.json
//!                                    /report.html            for people; a snapshot of an older version has none
//!                                    /spend/year=2026/month=05/part-00000.parquet
//!                                    /supplier/owner_id=4242/part-00000.parquet
//! runs/<run>.json                                            one line for each run
//! state/cache.json                                           names what is cached below state/rows/
//! state/schema.json                                          what was learned of Xledger's schema
//! state/lock                                                 held by the writer of a lake in a directory
//! state/lease.json                                           held by the writer of a lake in a bucket
//! current -> snapshots/<the current one>                     in a directory alone
//! ```

use crate::lake::key::is_segment;
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use crate::model::value::{Instant, Month};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The symbolic link of a lake in a directory that points to the current snapshot.
pub const CURRENT_LINK: &str = "current";

/// `20261121T013000Z`.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The name of a snapshot: `20261121T013000Z-07b1c2d3`, the second in which its run began, and eight hexadecimal digits that tell
/// runs of one second apart: three of the millisecond, five of the run's id. Names sort by time, to the millisecond.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotName(String);

impl SnapshotName {
    /// The name of the snapshot that a run makes. The same run, begun at the same instant, has the same name.
    pub fn new(started_at: Instant, run_id: &str) -> Self {
        // Names have room for the years 0 to 9999, which no clock leaves.
        let time = Timestamp::from_millisecond(started_at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let millisecond = time.subsec_millisecond().unsigned_abs();
        let digits = &Digest::of(run_id.as_bytes())[..5];
        Self(format!("{}-{millisecond:03x}{digits}", time.strftime(TIME)))
    }

    /// Reads a name.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is none; `place` says where it was found.
    pub fn parse(text: &str, place: &str) -> Result<Self, Error> {
        let what = || format!("{:?} is no snapshot's name", text.chars().take(100).collect::<String>());
        Self::read(text).ok_or_else(|| Error::Corrupt { place: place.to_owned(), what: what() })
    }

    /// The name that a text is, if it is one.
    pub fn read(text: &str) -> Option<Self> {
        let (time, digits) = text.split_once('-')?;
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let well_formed = time.len() == 16 && digits.len() == 8 && digits.bytes().all(hexadecimal);
        // The parser takes spaces and a second 60 too.
        let same = |read: DateTime| read.strftime(TIME).to_string() == time;
        (well_formed && DateTime::strptime(TIME, time).is_ok_and(same)).then(|| Self(text.to_owned()))
    }

    /// The second in which its run began.
    pub fn started_at(&self) -> Option<Instant> {
        let time = DateTime::strptime(TIME, self.0.split_once('-')?.0).ok()?;
        Some(Instant(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directory that holds the snapshot.
    pub fn directory(&self) -> Key {
        Key::known(format!("snapshots/{self}"))
    }

    /// The snapshot's manifest.
    pub fn manifest(&self) -> Key {
        Key::known(format!("snapshots/{self}/_manifest.json"))
    }

    /// The snapshot's page for people.
    pub fn page(&self) -> Key {
        Key::known(format!("snapshots/{self}/report.html"))
    }

    /// The directory of a table in this snapshot: what the catalog's table points to.
    pub fn table(&self, table: TableName) -> Key {
        Key::known(format!("snapshots/{self}/{table}"))
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for SnapshotName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("no snapshot's name")
    }
}

impl From<SnapshotName> for String {
    fn from(name: SnapshotName) -> Self {
        name.0
    }
}

/// A table of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    /// One row per general-ledger line, partitioned by month.
    Spend,
    /// One row per supplier, partitioned by owner.
    Supplier,
}

impl fmt::Display for TableName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Spend => "spend",
            Self::Supplier => "supplier",
        })
    }
}

/// A part of a table that has files of its own; the values are in the path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// A month of `spend`.
    Month(Month),
    /// An owner's part of `supplier`: the owner's id.
    Owner(i64),
}

impl Partition {
    /// The table it is a part of.
    pub fn table(self) -> TableName {
        match self {
            Self::Month(_) => TableName::Spend,
            Self::Owner(_) => TableName::Supplier,
        }
    }

    /// The path of the partition's file number `n`, relative to the snapshot's directory.
    pub fn file(self, n: u32) -> String {
        format!("{}/{self}/part-{n:05}.parquet", self.table())
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(Month { year, month }) => write!(out, "year={year:04}/month={month:02}"),
            Self::Owner(owner_id) => write!(out, "owner_id={owner_id}"),
        }
    }
}

/// The object that says which snapshot is current.
pub fn current() -> Key {
    Key::known("CURRENT.json".to_owned())
}

/// The directory of all snapshots.
pub fn snapshots() -> Key {
    Key::known("snapshots".to_owned())
}

/// The directory of the runs' lines.
pub fn runs() -> Key {
    Key::known("runs".to_owned())
}

/// The line of one run.
///
/// # Errors
/// [`Error::Key`] if a run's id is not made of letters, digits and `_ = . -`.
pub fn run(run_id: &str) -> Result<Key, Error> {
    if is_segment(run_id) {
        Key::parse(&format!("runs/{run_id}.json"))
    } else {
        Err(Error::Key { key: run_id.to_owned() })
    }
}

/// Who writes to a lake in a bucket.
pub fn lease() -> Key {
    Key::known("state/lease.json".to_owned())
}

/// The directory of what is not for readers.
pub fn directory_of_state() -> Key {
    Key::known("state".to_owned())
}

/// A place for what is not for readers.
///
/// # Errors
/// [`Error::Key`] if `name` cannot be part of a key.
pub fn state(name: &str) -> Result<Key, Error> {
    Key::parse(&format!("state/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Instant = Instant(1_795_224_600_123); // 2026-11-21T01:30:00.123Z

    #[test]
    fn names_say_when_and_who() {
        let name = SnapshotName::new(AT, "run-1");
        assert!(name.as_str().starts_with("20261121T013000Z-"), "{name}");
        assert_eq!(SnapshotName::read(name.as_str()), Some(name.clone()));
        assert_eq!(name.started_at(), Some(Instant(1_795_224_600_000)));
        assert_eq!(name, SnapshotName::new(AT, "run-1"));
        assert_ne!(name, SnapshotName::new(AT, "run-2"));
        for run_id in ["run-1", "run-2", "run-3", "run-4"] {
            assert!(name < SnapshotName::new(Instant(AT.0 + 1), run_id));
            assert!(name < SnapshotName::new(Instant(AT.0 + 1_000), run_id));
        }
        // As Lambda, the command line and tests name runs.
        for run_id in ["", "a/b", "0d0a7d1e-5f4e-4a53-9c0d-4b1c3a4f8a55", "ø"] {
            assert!(SnapshotName::read(SnapshotName::new(AT, run_id).as_str()).is_some());
        }
    }

    #[test]
    fn other_texts_are_no_names() {
        for text in [
            "",
            "20261121T013000Z",
            "20261121T013000Z-",
            "20261121T013000Z-0a1b2c3",
            "20261121T013000Z-0a1b2c3d4",
            "20261121T013000Z-0A1B2C3D",
            "20261121T013000-0a1b2c3d",
            "20261321T013000Z-0a1b2c3d",
            "20260230T013000Z-0a1b2c3d",
            "20261121T253000Z-0a1b2c3d",
            "20261121T013060Z-0a1b2c3d",
            " 2026112T013000Z-0a1b2c3d",
            "../20261121T013000Z-0a1b2c3d",
            "20261121T013000Z-0a1b2c3d/",
        ] {
            assert_eq!(SnapshotName::read(text), None, "{text:?}");
        }
        let error = SnapshotName::parse("latest", "s3://b/CURRENT.json").unwrap_err().to_string();
        assert!(error.contains("latest") && error.contains("s3://b/CURRENT.json"), "{error}");
    }

    #[test]
    fn paths_are_hive_paths() {
        let may = Partition::Month(Month { year: 2026, month: 5 });
        assert_eq!(may.file(0), "spend/year=2026/month=05/part-00000.parquet");
        assert_eq!(Partition::Owner(4242).file(12), "supplier/owner_id=4242/part-00012.parquet");
        let name = SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap();
        assert_eq!(name.manifest().as_str(), "snapshots/20261121T013000Z-0a1b2c3d/_manifest.json");
        assert_eq!(name.table(TableName::Spend).as_str(), "snapshots/20261121T013000Z-0a1b2c3d/spend");
        assert_eq!(run("r-1").unwrap().as_str(), "runs/r-1.json");
        assert!(run("a/b").is_err() && run("../x").is_err() && run("").is_err());
    }
}
