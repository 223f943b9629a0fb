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
/// What the description of a partitioned table in Glue tells: most engines but Athena and Trino see no rows in it, and report no error. The
/// partitions are not registered as well, for they would move one after the other, and not with the table.
const PROJECTED: &str = "Its partitions are projected, which Athena and Trino read. Spark, EMR, Glue jobs and Redshift Spectrum find no rows \
    in it, without an error: read the Parquet files below its location by path there (docs/reading.md).";
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
pub(super) fn table_input(table: &Table, root: &str, manifest: Option<&Manifest>) -> Result<Option<TableInput>, Error> {
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
        .description(if table.partitions.is_empty() {
            table.doc.to_owned()
        } else {
            format!("{} {PROJECTED}", table.doc)
        })
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

/// The wanted table, with the owner and the parameters that somebody else has set on the existing one.
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
pub(super) fn is_as_wanted(wanted: &TableInput, found: &GlueTable) -> bool {
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
mod tests;
