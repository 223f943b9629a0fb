//! The two files that describe a lake: `_manifest.json` in each snapshot, and `CURRENT.json`.
//!
//! They are read strictly: a field that is missing, unknown or of another type is a fault, and so is a sum that is wrong. They are
//! written in one way only: fields in the order given here, objects handed in by others sorted by key, two spaces of indentation, and
//! a line break at the end.

use crate::lake::layout::{SnapshotName, TableName};
use crate::lake::{Error, Key};
use crate::model::json::utc;
use crate::model::value::Instant;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of both formats. Another one is refused, and a change of either format raises it.
pub(crate) const LAKE_FORMAT_VERSION: u32 = 1;

/// What a snapshot consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`LAKE_FORMAT_VERSION`].
    pub format_version: u32,
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// When it was made.
    #[serde(with = "utc")]
    pub created_at: Instant,
    /// The version of the tables' schema.
    pub schema_version: u32,
    /// The tables and their files.
    pub tables: ManifestTables,
    /// The settings that the rows depend on.
    pub settings: Value,
    /// Sums and counts to check the tables by.
    pub control_totals: Value,
    /// The report of the run that made it.
    pub report: Value,
}

/// The tables of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestTables {
    /// The table `spend`.
    pub spend: TableFiles,
    /// The table `supplier`.
    pub supplier: TableFiles,
}

/// The files of a table, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFiles {
    /// Rows in all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// The files.
    pub files: Vec<DataFile>,
}

/// A Parquet file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Its path relative to the snapshot's directory: `spend/year=2026/month=05/part-00000.parquet`.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its checksum, as `sha256sum` prints it.
    pub sha256: String,
}

/// Which snapshot is current: the content of `CURRENT.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Current {
    /// [`LAKE_FORMAT_VERSION`].
    pub format_version: u32,
    /// The current snapshot.
    pub snapshot: SnapshotName,
    /// When it became current.
    #[serde(with = "utc")]
    pub committed_at: Instant,
    /// The snapshot that was current before it.
    pub previous: Option<SnapshotName>,
    /// The checksum of its manifest, as `sha256sum` prints it.
    pub manifest_sha256: String,
}

impl ManifestTables {
    /// The tables made of these files, in whatever order they come.
    pub fn new(files: Vec<DataFile>) -> Self {
        let mut tables = Self::default();
        for file in files {
            let table = if file.is_of(TableName::Supplier) { &mut tables.supplier } else { &mut tables.spend };
            table.rows += file.rows;
            table.bytes += file.bytes;
            table.files.push(file);
        }
        tables.spend.files.sort_by(|a, b| a.path.cmp(&b.path));
        tables.supplier.files.sort_by(|a, b| a.path.cmp(&b.path));
        tables
    }
}

impl DataFile {
    fn is_of(&self, table: TableName) -> bool {
        self.path.strip_prefix(&table.to_string()).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl Manifest {
    /// The manifest of a snapshot with these tables; the rest is the caller's to fill in.
    pub fn new(snapshot: SnapshotName, tables: ManifestTables) -> Self {
        let (settings, control_totals, report) = (Value::Null, Value::Null, Value::Null);
        let (format_version, created_at, schema_version) = (LAKE_FORMAT_VERSION, Instant(0), 0);
        Self { format_version, snapshot, created_at, schema_version, tables, settings, control_totals, report }
    }

    /// The snapshot that was current before it, as the report says.
    pub(super) fn replaced(&self) -> Option<SnapshotName> {
        #[derive(Deserialize)]
        struct Replaced {
            snapshot_before: Option<SnapshotName>,
        }
        Replaced::deserialize(&self.report).ok()?.snapshot_before
    }

    /// The bytes of the manifest, which is to be written at `place`.
    pub(super) fn write(mut self, place: &str) -> Result<Bytes, Error> {
        for value in [&mut self.settings, &mut self.control_totals, &mut self.report] {
            value.sort_all_objects();
        }
        write(&self, place)
    }

    /// Reads a manifest found at `place`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], saying what is wrong with it.
    pub fn read(bytes: &[u8], place: &str) -> Result<Self, Error> {
        let manifest: Self = read(bytes, place)?;
        let fault = |what: &str| Err(Error::Corrupt { place: place.to_owned(), what: what.to_owned() });
        for (table, name) in
            [(&manifest.tables.spend, TableName::Spend), (&manifest.tables.supplier, TableName::Supplier)]
        {
            if table.files.iter().any(|file| Key::parse(&file.path).is_err() || !file.is_of(name)) {
                return fault("it names a file outside its table");
            }
            if table.files.iter().map(|file| file.rows).try_fold(0, u64::checked_add) != Some(table.rows)
                || table.files.iter().map(|file| file.bytes).try_fold(0, u64::checked_add) != Some(table.bytes)
            {
                return fault("the rows or bytes of its files do not add up");
            }
        }
        Ok(manifest)
    }
}

impl Current {
    /// Reads a `CURRENT.json` found at `place`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], saying what is wrong with it.
    pub fn read(bytes: &[u8], place: &str) -> Result<Self, Error> {
        read(bytes, place)
    }
}

/// The bytes of a file that is to be written at `place`.
///
/// # Errors
/// [`Error::Corrupt`] if a value has no form in JSON, such as an instant beyond the calendar.
pub(crate) fn write<T: Serialize>(file: &T, place: &str) -> Result<Bytes, Error> {
    finish(serde_json::to_vec_pretty(file), place)
}

/// As [`write`], on one line.
pub(super) fn write_line<T: Serialize>(file: &T, place: &str) -> Result<Bytes, Error> {
    finish(serde_json::to_vec(file), place)
}

fn finish(bytes: serde_json::Result<Vec<u8>>, place: &str) -> Result<Bytes, Error> {
    let mut bytes = bytes.map_err(|e| Error::Corrupt { place: place.to_owned(), what: e.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes.into())
}

/// Reads such a file, found at `place`, strictly.
///
/// # Errors
/// [`Error::Corrupt`], saying what is wrong with it.
pub(super) fn read<T: DeserializeOwned + Serialize>(bytes: &[u8], place: &str) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Header {
        format_version: u32,
    }
    // The place in the file and not the parser's words, which repeat values.
    let fault = |e: serde_json::Error| Error::Corrupt {
        place: place.to_owned(),
        what: format!("it is not the expected JSON, at line {} column {}", e.line(), e.column()),
    };
    let Header { format_version } = serde_json::from_slice(bytes).map_err(fault)?;
    if format_version != LAKE_FORMAT_VERSION {
        let what = format!(
            "it has format version {format_version} and this program reads {LAKE_FORMAT_VERSION}; use the program that wrote it"
        );
        return Err(Error::Corrupt { place: place.to_owned(), what });
    }
    let file: T = serde_json::from_slice(bytes).map_err(fault)?;
    // There is more than one way to say the same, such as an instant at another offset, and one in which it is written.
    let (read, found): (_, Value) = (serde_json::to_value(&file), serde_json::from_slice(bytes).map_err(fault)?);
    match read {
        Ok(read) if read == found => Ok(file),
        _ => Err(Error::Corrupt {
            place: place.to_owned(),
            what: "it is not written as this program writes it".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let file =
            |path: &str, rows| DataFile { path: path.to_owned(), rows, bytes: 10 * rows, sha256: "00".repeat(32) };
        let files = vec![
            file("supplier/owner_id=1/part-00000.parquet", 3),
            file("spend/year=2026/month=05/part-00000.parquet", 2),
            file("spend/year=2025/month=12/part-00000.parquet", 1),
        ];
        let name = SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap();
        Manifest {
            created_at: Instant(1_795_224_600_120),
            schema_version: 1,
            settings: json!({"zebra": 1, "ant": {"y": 1, "x": 2}}),
            control_totals: json!({}),
            ..Manifest::new(name, ManifestTables::new(files))
        }
    }

    #[test]
    fn written_in_one_way() {
        let bytes = manifest().write("m").unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let start = r#"{
  "format_version": 1,
  "snapshot": "20261121T013000Z-0a1b2c3d",
  "created_at": "2026-11-21T01:30:00.120Z",
  "schema_version": 1,
  "tables": {
    "spend": {
      "rows": 3,
      "bytes": 30,
      "files": [
        {
          "path": "spend/year=2025/month=12/part-00000.parquet","#;
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("\"report\": null\n}\n"), "{text}");
        assert!(text.find("ant").unwrap() < text.find("zebra").unwrap());
        assert_eq!(Manifest::read(&bytes, "m").unwrap(), manifest());
    }

    #[test]
    fn read_strictly() {
        let good = serde_json::to_value(manifest()).unwrap();
        let fault = |change: &dyn Fn(&mut Value)| {
            let mut value = good.clone();
            change(&mut value);
            Manifest::read(value.to_string().as_bytes(), "s3://b/m").unwrap_err().to_string()
        };
        for (change, named) in [
            (&(|m: &mut Value| m["format_version"] = json!(2)) as &dyn Fn(&mut Value), "format version 2"),
            (&|m| m["extra"] = json!(1), "line 1"),
            (&|m| drop(m.as_object_mut().unwrap().remove("tables")), "line 1"),
            (&|m| m["snapshot"] = json!("latest"), "line 1"),
            (&|m| m["created_at"] = json!("2026-11-21T02:30:00.120+01:00"), "not written as"),
            (&|m| m["tables"]["supplier"] = json!([0, 0, []]), "not written as"),
            (&|m| m["tables"]["spend"]["rows"] = json!(4), "add up"),
            (&|m| m["tables"]["spend"]["rows"] = json!(-1), "line 1"),
            (&|m| m["tables"]["spend"]["files"][0]["rows"] = json!(u64::MAX), "add up"),
            (&|m| m["tables"]["spend"]["files"][0]["path"] = json!("../x"), "outside"),
            (&|m| m["tables"]["spend"]["files"][0]["path"] = json!("supplier/x"), "outside"),
        ] {
            let error = fault(change);
            assert!(error.contains(named) && error.contains("s3://b/m"), "{named}: {error}");
        }
        for bytes in [&b""[..], b"{", b"null", b"\xff", b"{}"] {
            assert!(matches!(Manifest::read(bytes, "m"), Err(Error::Corrupt { .. })), "{bytes:?}");
        }
        let secret = br#"{"format_version": "hush"}"#;
        assert!(!Current::read(secret, "c").unwrap_err().to_string().contains("hush"));
    }

    #[test]
    fn no_instant_beyond_the_calendar() {
        let mut manifest = manifest();
        manifest.created_at = Instant(i64::MAX);
        assert!(matches!(manifest.write("m"), Err(Error::Corrupt { .. })));
    }
}
