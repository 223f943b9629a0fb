//! The tables in SQL, generated from their columns: `CREATE EXTERNAL TABLE` for Athena, and a query for DuckDB.

use std::fmt::Write;

use super::column::{Column, ColumnType, Format, Table};
use super::glue::{self, Partitions};
use crate::display::quoted::for_duckdb;

/// The Athena DDL of a table whose directory is `location`, with every column's comment.
pub fn athena(table: &Table, location: &str, partitions: &Partitions) -> String {
    let mut sql = format!("CREATE EXTERNAL TABLE IF NOT EXISTS `{}` (\n{}\n)\n", table.name, columns(&table.columns));
    let _ = writeln!(sql, "COMMENT '{}'", table.doc);
    if !table.partitions.is_empty() {
        let _ = writeln!(sql, "PARTITIONED BY (\n{}\n)", columns(&table.partitions));
    }
    let reader = table.format.reader();
    match table.format {
        Format::Parquet => sql.push_str("STORED AS PARQUET\n"),
        Format::JsonLines => {
            let _ = writeln!(sql, "ROW FORMAT SERDE '{}'\nSTORED AS TEXTFILE", reader.serde);
        }
    }
    let _ = writeln!(sql, "LOCATION '{}/'", location.trim_end_matches('/'));
    // That a table is external is in the statement's first words.
    let parameters = glue::parameters(table, location, partitions).into_iter().filter(|(key, _)| key != "EXTERNAL");
    let properties: Vec<String> = parameters.map(|(key, value)| format!("  '{key}' = '{value}'")).collect();
    let _ = writeln!(sql, "TBLPROPERTIES (\n{}\n);", properties.join(",\n"));
    sql
}

/// The Athena DDL as it is kept in the repository: with placeholders for what differs from lake to lake.
pub fn athena_template(table: &Table) -> String {
    let mut header = format!(
        "-- Generated from the columns in src/table/{}.rs.\n-- Replace ${{location}} by the s3:// address of the directory of the table",
        table.name
    );
    for Column { name, .. } in &table.partitions {
        let _ = write!(header, ",\n-- ${{{name}_range}} by the first and the last {name} with a comma between");
    }
    format!("{header}.\n{}", athena(table, "${location}", &Partitions::Placeholders))
}

/// A DuckDB query of the whole table in the local lake at `lake`, from its current snapshot, with the columns' types stated.
pub fn duckdb(table: &Table, lake: &str) -> String {
    let lake = for_duckdb(lake.trim_end_matches('/'));
    format!("SELECT * FROM {}", duckdb_files(table, &format!("{lake}/current"), &lake))
}

/// The files of a table as DuckDB reads them, below a snapshot of a lake, with the columns' types stated: without them DuckDB takes the month of
/// a path such as `month=05` for a text.
pub(super) fn duckdb_files(table: &Table, snapshot: &str, lake: &str) -> String {
    let types = |columns: &[Column]| {
        let types = columns.iter().map(|column| format!("'{}': '{}'", column.name, duckdb_type(column.column_type)));
        types.collect::<Vec<_>>().join(", ")
    };
    match table.format {
        Format::Parquet => {
            let depth = "*/".repeat(table.partitions.len());
            let types = types(&table.partitions);
            let name = table.name;
            format!("read_parquet('{snapshot}/{name}/{depth}*.parquet', hive_types = {{{types}}})")
        }
        Format::JsonLines => {
            let types = types(&table.columns);
            format!("read_json('{lake}/{}/*.json', format = 'newline_delimited', columns = {{{types}}})", table.name)
        }
    }
}

fn duckdb_type(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::String => "VARCHAR".to_owned(),
        other => other.to_string().to_uppercase(),
    }
}

fn columns(columns: &[Column]) -> String {
    let line = |column: &Column| format!("  `{}` {} COMMENT '{}'", column.name, column.column_type, column.doc);
    columns.iter().map(line).collect::<Vec<_>>().join(",\n")
}
