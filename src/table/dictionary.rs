//! The data dictionary: the columns of the tables of Parquet on a page for people, generated. Those of `runs`, which say of themselves what
//! they are, have their DDL.

use std::fmt::Write;

use super::SchemaChange;
use super::column::{Column, Format, Table};
use super::spend::DIMENSIONS;

/// Reasons for null that the page gives once, for they say no more than that there is nothing.
const NOTHING: [&str; 3] = ["if Xledger gives none", "if there is none", "if that file does not say"];

/// The data dictionary of all tables, in Markdown.
pub fn markdown() -> String {
    let mut page = format!(
        "# The tables\n\n\
         <!-- Generated from the columns in src/table. -->\n\n\
         For whoever writes queries. Schema version {}. Types are Athena's, `string` where none stands; money is exact decimal, \
         `timestamp` is UTC. Ids (`…_id`) are Xledger's `dbId`s. A column without `not null` is null where there is nothing: no value in \
         Xledger or in a file, no supplier. No text is empty, no id 0. The column comments in Athena, and `xledger-spend schema`, name the \
         field of Xledger that a value is from.\n",
        super::SCHEMA_VERSION
    );
    for table in super::tables() {
        section(&mut page, table);
    }
    page.push_str(
        "\n## Versions of the columns\n\n| version | what changed, and what a reader has to do |\n|---|---|\n",
    );
    for SchemaChange { version, what, added } in super::HISTORY {
        let _ = writeln!(page, "| {version} | {what}{} |", ranges(added));
    }
    page
}

/// Columns that came with a version. They stand one behind the other, so the first and the last of each table tell them all.
fn ranges(added: &[&str]) -> String {
    let of = |column: &str| column.split('.').next().map(str::to_owned);
    let tables: Vec<String> = added
        .chunk_by(|one, next| of(one) == of(next))
        .filter_map(|columns| Some(format!("`{}` to `{}`", columns.first()?, columns.last()?)))
        .collect();
    if tables.is_empty() { String::new() } else { format!(" Added: {}.", tables.join(", ")) }
}

fn section(page: &mut String, table: &Table) {
    let _ = writeln!(page, "\n## `{}`\n\n{}\n", table.name, table.doc);
    if table.format == Format::JsonLines {
        let _ = writeln!(
            page,
            "JSON, one line a row. The columns, each with its comment: [{0}.sql](../infra/athena/{0}.sql).",
            table.name
        );
        return;
    }
    let quoted = |column: &Column| format!("`{}`", column.name);
    let partitions: Vec<_> = table.partitions.iter().map(quoted).collect();
    let keys = table.sort.iter().filter_map(|key| table.columns.iter().find(|column| column.name == key.0));
    let keys: Vec<_> = keys.map(|key| quoted(key) + if key.nullable { " (nulls last)" } else { "" }).collect();
    let _ = write!(
        page,
        "Parquet, partitioned by {}: in the path, not in the files. Sorted by {}.",
        partitions.join(" and "),
        keys.join(", then ")
    );
    page.push_str("\n\n| column | type | meaning |\n|---|---|---|\n");
    for column in table.columns.iter().chain(&table.partitions) {
        line(page, column);
    }
}

/// The row of a column. The first dimension has the rows of all, which differ in their number alone.
fn line(page: &mut String, column: &Column) {
    let dimension = column.name.strip_prefix("dimension_").and_then(|rest| rest.split_once('_'));
    let (name, meaning) = match dimension {
        Some(("1", part)) => (
            format!("`{}` to `dimension_{DIMENSIONS}_{part}`", column.name),
            column.meaning().replace("dimension 1", "the dimension"),
        ),
        Some(_) => return,
        None => (format!("`{}`", column.name), column.meaning().to_owned()),
    };
    let (meaning, _) = meaning.split_once(" Xledger: ").unwrap_or((&meaning, ""));
    let null = match column.null_when() {
        Some(when) if !NOTHING.contains(&when) => format!(". Null {when}"),
        _ => String::new(),
    };
    let required = if column.nullable { "" } else { " not null" };
    let meaning = meaning.trim_end_matches('.').replace('|', "\\|");
    let kind = column.column_type.to_string();
    let kind = if kind == "string" && column.nullable { "" } else { &kind };
    let _ = writeln!(page, "| {name} | {kind}{required} | {meaning}{null} |");
}
