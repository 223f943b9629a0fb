//! What a table of the catalogue should be, worked out from its columns and the current snapshot, and what it is.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_glue::error::BuildError;
use aws_sdk_glue::types::{Column as GlueColumn, SerDeInfo, StorageDescriptor, Table as GlueTable, TableInput};

use super::Error;
use crate::lake::manifest::TableFiles;
use crate::lake::{DataFile, Manifest, layout};
use crate::table::glue::{Partitions, parameters};
use crate::table::{Column, Format, Table};

/// The address of the lake that a table belongs to.
const LAKE: &str = "xledger_spend.lake";
/// The snapshot that a table points to.
const SNAPSHOT: &str = "xledger_spend.snapshot";
/// The version of a table's columns.
const SCHEMA_VERSION: &str = "xledger_spend.schema_version";
/// What Hive, Spark and Trino, and then what Glue's own crawlers call the size of a table.
const STATISTICS: [&str; 7] =
    ["numRows", "numFiles", "totalSize", "recordCount", "objectCount", "sizeKey", "averageRecordSize"];
const ROWS: [&str; 2] = ["numRows", "recordCount"];
const FILES: [&str; 2] = ["numFiles", "objectCount"];
const BYTES: [&str; 2] = ["totalSize", "sizeKey"];

/// The partitions that a table has in a snapshot; none of a table without partitions.
///
/// # Errors
/// [`Error::Manifest`] if a file of the snapshot lies in none.
pub fn partitions(table: &Table, manifest: &Manifest) -> Result<Partitions, Error> {
    let mut found = vec![BTreeSet::new(); table.partitions.len()];
    for DataFile { path, .. } in files(table, manifest).map_or(&[][..], |files| &files.files) {
        for (column, values) in table.partitions.iter().zip(&mut found) {
            let value = path.split('/').find_map(|part| value(part, column));
            values.insert(value.ok_or_else(|| Error::Manifest { snapshot: manifest.snapshot.to_string() })?);
        }
    }
    Ok(Partitions::Found(found))
}

/// The value in `year=2026`, if it is this column's.
fn value(part: &str, column: &Column) -> Option<i64> {
    part.strip_prefix(column.name.as_ref())?.strip_prefix('=')?.parse().ok()
}

fn files<'a>(table: &Table, manifest: &'a Manifest) -> Option<&'a TableFiles> {
    match table.name {
        "spend" => Some(&manifest.tables.spend),
        "supplier" => Some(&manifest.tables.supplier),
        _ => None,
    }
}

/// What the table should be for the snapshot of this manifest; `None` for a table of snapshots while there is none.
pub(super) fn of(table: &Table, root: &str, manifest: Option<&Manifest>) -> Result<Option<TableInput>, Error> {
    let mut own = vec![(LAKE, root.to_owned())];
    let (location, partitions) = match (table.format, manifest) {
        (Format::JsonLines, _) => (format!("{root}/{}/", layout::runs()), Partitions::Found(Vec::new())),
        (Format::Parquet, None) => return Ok(None),
        (Format::Parquet, Some(manifest)) => {
            own.push((SNAPSHOT, manifest.snapshot.to_string()));
            own.push((SCHEMA_VERSION, manifest.schema_version.to_string()));
            own.extend(files(table, manifest).map(statistics).unwrap_or_default());
            (format!("{root}/{}/{}/", manifest.snapshot.directory(), table.name), partitions(table, manifest)?)
        }
    };
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
    let parameters = parameters(table, &location, &partitions).into_iter().chain(own).collect();
    let reader = table.format.reader();
    let storage = StorageDescriptor::builder()
        .set_columns(Some(columns(&table.columns).map_err(unmade)?))
        .location(&location)
        .input_format(reader.input_format)
        .output_format(reader.output_format)
        // As Athena's own DDL writes "none"; readers stumble over a table that says nothing.
        .number_of_buckets(-1)
        .serde_info(
            SerDeInfo::builder().serialization_library(reader.serde).parameters("serialization.format", "1").build(),
        )
        .build();
    let input = TableInput::builder()
        .name(table.name)
        .description(table.doc)
        .table_type("EXTERNAL_TABLE")
        .set_partition_keys(Some(columns(&table.partitions).map_err(unmade)?))
        .storage_descriptor(storage)
        .set_parameters(Some(parameters));
    input.build().map(Some).map_err(unmade)
}

fn unmade(error: BuildError) -> Error {
    Error::Refused { operation: "glue:UpdateTable", place: "a table".to_owned(), source: error.into() }
}

fn columns(columns: &[Column]) -> Result<Vec<GlueColumn>, BuildError> {
    let column = |column: &Column| {
        GlueColumn::builder()
            .name(column.name.as_ref())
            .r#type(column.column_type.to_string())
            .comment(column.doc.as_ref())
            .build()
    };
    columns.iter().map(column).collect()
}

fn statistics(files: &TableFiles) -> Vec<(&'static str, String)> {
    let average = ("averageRecordSize", files.bytes.checked_div(files.rows).unwrap_or(0));
    let sizes = [(ROWS, files.rows), (FILES, files.files.len() as u64), (BYTES, files.bytes)];
    let sizes = sizes.into_iter().flat_map(|(names, value)| names.map(|name| (name, value)));
    sizes.chain([average]).map(|(name, value)| (name, value.to_string())).collect()
}

/// Whether a parameter is this program's to set and to remove. Others, such as a label of the company's own, stay as they are.
fn is_own(key: &str) -> bool {
    ["projection.", "storage.location.template", "xledger_spend."].iter().any(|own| key.starts_with(own))
        || STATISTICS.contains(&key)
}

/// What should be, with the owner and the parameters that somebody else has set on the table that is there.
pub(super) fn with_what_others_set(mut wanted: TableInput, found: &GlueTable) -> TableInput {
    let mut parameters: HashMap<String, String> = found.parameters.clone().unwrap_or_default();
    parameters.retain(|key, _| !is_own(key));
    parameters.extend(wanted.parameters.unwrap_or_default());
    wanted.parameters = Some(parameters);
    // Glue takes no empty one.
    wanted.owner = found.owner.clone().filter(|owner| !owner.is_empty());
    wanted
}

/// Whether the table that is there is what it should be. What Glue adds by itself is not looked at.
pub(super) fn is(wanted: &TableInput, found: &GlueTable) -> bool {
    let (Some(should), Some(is)) = (&wanted.storage_descriptor, &found.storage_descriptor) else { return false };
    let library = |storage: &StorageDescriptor| storage.serde_info.clone()?.serialization_library;
    let wanted_parameters = wanted.parameters.clone().unwrap_or_default();
    let found_parameters = found.parameters.clone().unwrap_or_default();
    (&wanted.description, &wanted.table_type) == (&found.description, &found.table_type)
        && wanted.partition_keys() == found.partition_keys()
        && should.columns() == is.columns()
        && (&should.location, &should.input_format, &should.output_format)
            == (&is.location, &is.input_format, &is.output_format)
        && library(should) == library(is)
        && wanted_parameters.iter().all(|(key, value)| found_parameters.get(key) == Some(value))
        && found_parameters.keys().all(|key| !is_own(key) || wanted_parameters.contains_key(key))
}

/// The lake that a table belongs to, if it is not this one. A table without this program's mark, as one made by hand from the DDL, is
/// this lake's if it lies in it.
pub(super) fn other_lake(found: &GlueTable, root: &str) -> Option<String> {
    let mark = found.parameters.as_ref().and_then(|parameters| parameters.get(LAKE));
    match mark {
        Some(lake) => (lake != root).then(|| lake.clone()),
        None => {
            let location = found.storage_descriptor.as_ref().and_then(StorageDescriptor::location).unwrap_or("");
            let inside = location.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
            (!inside).then(|| if location.is_empty() { "something else".to_owned() } else { location.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::{ManifestParts, SnapshotName};
    use crate::table::{runs, spend, supplier, tables};
    use crate::value::Instant;
    use serde_json::Value;

    const ROOT: &str = "s3://bucket/lake";

    fn manifest(paths: &[&str]) -> Manifest {
        let file = |path: &&str| DataFile { path: (*path).to_owned(), rows: 3, bytes: 100, sha256: String::new() };
        let parts = ManifestParts {
            created_at: Instant(0),
            schema_version: 7,
            settings: Value::Null,
            control_totals: Value::Null,
            report: Value::Null,
        };
        let name = SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap();
        Manifest::new(name, paths.iter().map(file).collect(), parts)
    }

    fn two_months() -> Manifest {
        manifest(&[
            "spend/year=2025/month=12/part-00000.parquet",
            "spend/year=2026/month=01/part-00000.parquet",
            "supplier/owner_id=4242/part-00000.parquet",
        ])
    }

    /// As Glue gives a table back: with what it adds.
    fn found(input: &TableInput) -> GlueTable {
        let storage = input.storage_descriptor.clone().map(|mut storage| {
            (storage.compressed, storage.number_of_buckets) = (false, 0);
            storage
        });
        GlueTable::builder()
            .name(&input.name)
            .set_description(input.description.clone())
            .set_table_type(input.table_type.clone())
            .set_partition_keys(input.partition_keys.clone())
            .set_storage_descriptor(storage)
            .set_parameters(input.parameters.clone())
            .retention(0)
            .version_id("4")
            .build()
            .unwrap()
    }

    #[test]
    fn a_table_is_its_columns_and_where_the_snapshot_lies() {
        let input = of(spend::table(), ROOT, Some(&two_months())).unwrap().unwrap();
        let storage = input.storage_descriptor().unwrap();
        assert_eq!(storage.location(), Some("s3://bucket/lake/snapshots/20261121T013000Z-0a1b2c3d/spend/"));
        assert_eq!(storage.columns().len(), spend::table().columns.len());
        assert_eq!((storage.columns()[0].name(), storage.columns()[0].r#type()), ("line_id", Some("bigint")));
        assert!(storage.columns().iter().all(|column| column.comment().is_some_and(|text| text.len() <= 255)));
        let keys: Vec<&str> = input.partition_keys().iter().map(GlueColumn::name).collect();
        assert_eq!(keys, ["year", "month"]);
        let parameters = input.parameters().unwrap();
        for (key, value) in [
            ("projection.enabled", "true"),
            ("projection.year.range", "2025,2026"),
            ("projection.month.digits", "2"),
            (
                "storage.location.template",
                "s3://bucket/lake/snapshots/20261121T013000Z-0a1b2c3d/spend/year=${year}/month=${month}/",
            ),
            ("xledger_spend.lake", ROOT),
            ("xledger_spend.snapshot", "20261121T013000Z-0a1b2c3d"),
            ("xledger_spend.schema_version", "7"),
            ("numRows", "6"),
            ("numFiles", "2"),
            ("totalSize", "200"),
            ("averageRecordSize", "33"),
        ] {
            assert_eq!(parameters.get(key).map(String::as_str), Some(value), "{key}");
        }
        let input = of(supplier::table(), ROOT, Some(&two_months())).unwrap().unwrap();
        assert_eq!(input.parameters().unwrap()["projection.owner_id.range"], "4242,4242");
    }

    #[test]
    fn only_the_table_of_runs_is_there_before_a_snapshot() {
        for table in [spend::table(), supplier::table()] {
            assert_eq!(of(table, ROOT, None).unwrap(), None);
        }
        let input = of(runs::table(), ROOT, None).unwrap().unwrap();
        assert_eq!(input.storage_descriptor().unwrap().location(), Some("s3://bucket/lake/runs/"));
        assert!(input.parameters().unwrap().keys().all(|key| !key.starts_with("projection.")));
        assert_eq!(of(runs::table(), ROOT, Some(&two_months())).unwrap(), Some(input));
    }

    #[test]
    fn a_table_that_differs_is_noticed_and_one_that_does_not_is_left() {
        for table in tables() {
            let wanted = of(table, ROOT, Some(&two_months())).unwrap().unwrap();
            assert!(is(&wanted, &found(&wanted)), "{}", table.name);
            type Change = fn(&mut GlueTable);
            let changes: [Change; 8] = [
                |table| table.description = None,
                |table| table.storage_descriptor.as_mut().unwrap().location = Some("s3://bucket/lake/x/".to_owned()),
                |table| drop(table.storage_descriptor.as_mut().unwrap().columns.as_mut().unwrap().pop()),
                |table| table.storage_descriptor.as_mut().unwrap().columns.as_mut().unwrap()[0].comment = None,
                |table| table.storage_descriptor.as_mut().unwrap().serde_info = None,
                |table| drop(table.parameters.as_mut().unwrap().remove(LAKE)),
                |table| {
                    drop(
                        table
                            .parameters
                            .as_mut()
                            .unwrap()
                            .insert("projection.region.type".to_owned(), "enum".to_owned()),
                    )
                },
                |table| table.storage_descriptor = None,
            ];
            for (n, change) in changes.iter().enumerate() {
                let mut changed = found(&wanted);
                change(&mut changed);
                assert!(!is(&wanted, &changed), "change {n} of {}", table.name);
            }
        }
    }

    #[test]
    fn what_others_set_stays() {
        let wanted = of(spend::table(), ROOT, Some(&two_months())).unwrap().unwrap();
        let mut there = found(&wanted);
        there.owner = Some("finance".to_owned());
        let parameters = there.parameters.as_mut().unwrap();
        parameters.insert("cost_centre".to_owned(), "4711".to_owned());
        parameters.insert("projection.region.type".to_owned(), "enum".to_owned());
        parameters.insert("numRows".to_owned(), "0".to_owned());
        assert!(!is(&wanted, &there));
        let merged = with_what_others_set(wanted.clone(), &there);
        assert!(is(&wanted, &found(&merged)));
        let parameters = merged.parameters.unwrap();
        assert_eq!((merged.owner.as_deref(), parameters["cost_centre"].as_str()), (Some("finance"), "4711"));
        assert_eq!(parameters["numRows"], "6");
        assert!(!parameters.contains_key("projection.region.type"));
    }

    #[test]
    fn a_table_of_another_lake_is_known() {
        let table = |location: &str, mark: Option<&str>| {
            let storage = StorageDescriptor::builder().location(location).build();
            let table = GlueTable::builder().name("spend").storage_descriptor(storage);
            match mark {
                Some(mark) => table.parameters(LAKE, mark),
                None => table,
            }
            .build()
            .unwrap()
        };
        for (location, mark, other) in [
            ("s3://elsewhere/x", Some(ROOT), None),
            ("s3://bucket/lake/snapshots/x", Some("s3://bucket/lake2"), Some("s3://bucket/lake2")),
            ("s3://bucket/lake/snapshots/x", None, None),
            ("s3://bucket/lake2/snapshots/x", None, Some("s3://bucket/lake2/snapshots/x")),
            ("", None, Some("something else")),
        ] {
            assert_eq!(other_lake(&table(location, mark), ROOT).as_deref(), other, "{location} {mark:?}");
        }
    }

    #[test]
    fn a_file_outside_of_the_partitions_is_a_fault() {
        let manifest = manifest(&["spend/year=2025/part-00000.parquet"]);
        assert!(matches!(partitions(spend::table(), &manifest), Err(Error::Manifest { .. })));
    }
}
