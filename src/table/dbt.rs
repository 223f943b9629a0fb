//! The tables as sources of the dbt package in `dbt/`: descriptions, and tests of what the columns promise, generated.

use std::fmt::Write;

use super::column::{Column, ColumnType, Format, Table};

/// What texts of the table `runs` can be, which have no type of their own there.
const TEXTS: [(&str, &[&str]); 2] = [("action", &["refresh", "check", "rollback"]), ("mode", &["full", "incremental"])];

/// The file of sources, in YAML.
pub(super) fn sources() -> String {
    let mut file = String::from(
        "# Generated from the columns in src/table.\n\
         version: 2\n\
         sources:\n\
         \x20 - name: xledger_spend\n\
         \x20   description: A company's purchasing data from Xledger, one snapshot of it.\n\
         \x20   schema: \"{{ var('xledger_spend_schema') }}\"\n\
         \x20   tables:\n",
    );
    for table in super::tables() {
        source(&mut file, table);
    }
    file
}

fn source(file: &mut String, table: &Table) {
    let files = duckdb_files(
        table,
        "{{ var('xledger_spend_lake') }}/{{ var('xledger_spend_snapshot') }}",
        "{{ var('xledger_spend_lake') }}",
    );
    let _ = write!(
        file,
        "      - name: {}\n        description: {}\n        config:\n          meta:\n            # For dbt-duckdb, which otherwise \
         takes braces for placeholders.\n            formatter: template\n            external_location: {}\n        columns:\n",
        table.name,
        quoted(table.doc),
        quoted(&files)
    );
    for column in table.columns.iter().chain(&table.partitions) {
        let _ = write!(file, "          - name: {}\n            description: {}\n", column.name, quoted(&column.doc));
        let tests = tests(table, column);
        if !tests.is_empty() {
            let _ = write!(file, "            data_tests:\n{tests}");
        }
    }
}

fn tests(table: &Table, column: &Column) -> String {
    let mut tests = String::new();
    if !column.nullable {
        tests.push_str("              - not_null\n");
    }
    if table.sort.last().is_some_and(|key| key.0 == column.name) {
        tests.push_str("              - unique\n");
    }
    let texts = TEXTS.iter().find(|(name, _)| table.name == "runs" && column.name == *name);
    let words = texts.map_or(column.words, |(_, words)| words);
    if !words.is_empty() {
        let values = words.join(", ");
        let _ =
            write!(tests, "              - accepted_values:\n                  arguments: {{values: [{values}]}}\n");
    }
    if (table.name, column.name.as_ref()) == ("spend", "supplier_id") {
        tests.push_str(
            "              - relationships:\n                  arguments: {to: \"source('xledger_spend', 'supplier')\", field: supplier_id}\n",
        );
    }
    tests
}

/// The files of a table as DuckDB reads them, below a snapshot of a lake, with the columns' types stated: without them DuckDB takes the month of
/// a path such as `month=05` for a text.
fn duckdb_files(table: &Table, snapshot: &str, lake: &str) -> String {
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

/// A text in JSON, which YAML takes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
