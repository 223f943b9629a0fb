//! The data dictionary: the tables' columns on a page for people, generated.

use std::fmt::Write;

use super::SchemaChange;
use super::column::{Column, Format, Table};

/// The data dictionary of all tables, in Markdown.
pub fn markdown() -> String {
    let mut page = format!(
        "# The tables\n\n\
         <!-- Generated from the columns in src/table. -->\n\n\
         Schema version {}. Types are Athena's. Money is exact decimal, and debit is positive: a cost is positive, a credit note \
         negative. `timestamp` is UTC. What Xledger leaves empty is null, and so is an id of 0; no text is empty. Ids (`…_id`) are \
         Xledger's `dbId`s: join on them, for codes can repeat between owners. After the word `Xledger:` a column's comment names \
         the field that the value is from.\n\n\
         Athena and Trino find the partitions by themselves. Spark, EMR and Glue jobs do not, and see no rows: [reading.md](reading.md#spark-emr-and-glue-jobs).\n",
        super::SCHEMA_VERSION
    );
    for table in super::tables() {
        section(&mut page, table);
    }
    page.push_str(
        "\n## Versions of the columns\n\n| version | what changed, and what a reader has to do |\n|---|---|\n",
    );
    for SchemaChange { version, what, added } in super::HISTORY {
        let added: Vec<String> = added.iter().map(|column| format!("`{column}`")).collect();
        let added = if added.is_empty() { String::new() } else { format!(" Added: {}.", added.join(", ")) };
        let _ = writeln!(page, "| {version} | {what}{added} |");
    }
    page
}

fn section(page: &mut String, table: &Table) {
    let _ = writeln!(page, "\n## `{}`\n\n{}\n", table.name, table.doc);
    let kept = match table.format {
        Format::Parquet => "Parquet",
        Format::JsonLines => "JSON, one line a row",
    };
    let _ = write!(page, "Kept as {kept}.");
    let quoted = |column: &Column| format!("`{}`", column.name);
    if !table.partitions.is_empty() {
        let columns: Vec<_> = table.partitions.iter().map(quoted).collect();
        let _ = write!(page, " Partitioned by {}: in the path, not in the files.", columns.join(" and "));
    }
    if table.format == Format::Parquet {
        let keys = table.sort.iter().filter_map(|key| table.columns.iter().find(|column| column.name == key.0));
        let keys: Vec<_> = keys.map(|key| quoted(key) + if key.nullable { " (nulls last)" } else { "" }).collect();
        let _ = write!(page, " Sorted by {}.", keys.join(", then "));
    }
    page.push_str("\n\n| column | type | meaning | null |\n|---|---|---|---|\n");
    for column in table.columns.iter().chain(&table.partitions) {
        line(page, column);
    }
}

fn line(page: &mut String, column: &Column) {
    let cell = |text: &str| text.replace('|', "\\|");
    let null = column.null_when().unwrap_or("never");
    let _ =
        writeln!(page, "| `{}` | {} | {} | {} |", column.name, column.column_type, cell(column.meaning()), cell(null));
}
