//! The tables in Athena's SQL, generated from their columns: `CREATE EXTERNAL TABLE`, and a view over several lakes.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::column::{Column, ColumnType, Format, Table};
use super::glue::{self, Partitions};

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

/// A table of one lake among several that a view shows together.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the view's column `source` calls it.
    pub name: String,
    /// Its Glue database.
    pub database: String,
    /// The columns that Glue says it has, the partitions' too: the types by name.
    pub columns: BTreeMap<String, String>,
}

/// The columns of a view over the same table of several lakes: `source`, then the table's, the partitions' last. Null is what a table of an
/// older version lacks.
pub fn columns_of_union(table: &Table) -> impl Iterator<Item = (&str, ColumnType)> {
    let columns = table.columns.iter().chain(&table.partitions);
    [("source", ColumnType::String)].into_iter().chain(columns.map(|column| (column.name.as_ref(), column.column_type)))
}

/// The query of that view, in Athena's SQL. Partitions stay columns as they are, so that a query that names a `year` reads it alone.
pub fn athena_union(table: &Table, sources: &[Source]) -> String {
    let select = |source: &Source| {
        let columns = columns_of_union(table).map(|(name, column_type)| {
            let as_type = athena_type(column_type);
            match source.columns.get(name) {
                _ if name == "source" => {
                    format!("CAST('{}' AS varchar) AS \"source\"", source.name.replace('\'', "''"))
                }
                None => format!("CAST(NULL AS {as_type}) AS \"{name}\""),
                Some(found) if *found == column_type.to_string() => format!("\"{name}\""),
                Some(_) => format!("CAST(\"{name}\" AS {as_type}) AS \"{name}\""),
            }
        });
        format!("SELECT {} FROM \"{}\".\"{}\"", columns.collect::<Vec<_>>().join(", "), source.database, table.name)
    };
    sources.iter().map(select).collect::<Vec<_>>().join(" UNION ALL ")
}

/// A type as Athena's queries call it, where its DDL has Hive's names.
pub fn athena_type(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::String => "varchar".to_owned(),
        ColumnType::Int => "integer".to_owned(),
        ColumnType::TimestampMsUtc => "timestamp(3)".to_owned(),
        other => other.to_string(),
    }
}

fn columns(columns: &[Column]) -> String {
    let line = |column: &Column| format!("  `{}` {} COMMENT '{}'", column.name, column.column_type, column.doc);
    columns.iter().map(line).collect::<Vec<_>>().join(",\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{runs, spend};

    fn source(name: &str, database: &str, columns: impl IntoIterator<Item = (String, String)>) -> Source {
        Source { name: name.to_owned(), database: database.to_owned(), columns: columns.into_iter().collect() }
    }

    fn whole(table: &Table) -> Vec<(String, String)> {
        columns_of_union(table).skip(1).map(|(name, kind)| (name.to_owned(), kind.to_string())).collect()
    }

    #[test]
    fn what_an_older_table_lacks_is_null_and_what_has_another_type_is_cast() {
        let older = [("run_id", "string"), ("started_at", "string"), ("gone", "string")];
        let older = older.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let sources = [source("O'Hara", "a_b", whole(runs::table())), source("old", "c", older)];
        let sql = athena_union(runs::table(), &sources);
        let (new, old) = sql.split_once(" UNION ALL ").unwrap();
        let begins = |name: &str| format!("SELECT CAST('{name}' AS varchar) AS \"source\", \"run_id\", ");
        assert!(new.starts_with(&(begins("O''Hara") + "\"snapshot\", ")), "{new}");
        assert!(new.ends_with(" FROM \"a_b\".\"runs\"") && !new.contains("NULL"), "{new}");
        assert!(old.starts_with(&(begins("old") + "CAST(NULL AS varchar) AS \"snapshot\", ")), "{old}");
        assert!(old.contains(", CAST(\"started_at\" AS timestamp(3)) AS \"started_at\", "), "{old}");
        assert!(!old.contains("gone"), "{old}");
    }

    /// Else a query that names a year would read all of them.
    #[test]
    fn partitions_stay_columns_as_they_are() {
        let sql = athena_union(spend::table(), &["a", "b"].map(|name| source(name, name, whole(spend::table()))));
        assert_eq!(sql.matches(", \"year\", \"month\" FROM ").count(), 2, "{sql}");
    }
}
