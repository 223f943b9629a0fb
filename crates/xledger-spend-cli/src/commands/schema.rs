//! `schema`: what the columns of the tables mean, for people, for Athena, or for programs.

use serde_json::{Value, json};
use xledger_spend::catalog::partitions;
use xledger_spend::lake::{LakeUrl, Manifest};
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::table::{Column, Format, Table, ddl, tables};

use crate::context::{self, Context};
use crate::lines::wrapped;
use crate::outcome::{self, Outcome};

pub(super) async fn schema(context: &Context, as_ddl: bool) -> Result<Outcome, Failure> {
    if context.json && as_ddl {
        // The flag for all commands can stand where the parser does not see that the two exclude each other.
        return Err(Failure::new(
            FailureKind::SettingsInvalid,
            "--ddl and --json exclude each other; give one of them",
        ));
    }
    if context.json {
        return Ok(Outcome::done(outcome::json(&tables().map(for_programs))?));
    }
    if !as_ddl {
        return Ok(Outcome::done(tables().map(for_people).join("\n")));
    }
    // Athena reads S3 alone; for a directory, what differs from lake to lake stays a placeholder.
    let texts = match context.sources.lake_if_given()? {
        Some(url @ LakeUrl::S3 { .. }) => {
            let lake = context::open(&url).await?;
            match lake.current().await? {
                Some((current, _)) => {
                    let manifest = lake.manifest(&current).await?;
                    tables().into_iter().map(|table| of_snapshot(table, &url, &manifest)).collect::<Result<_, _>>()?
                }
                None => tables().map(ddl::athena_template).to_vec(),
            }
        }
        _ => tables().map(ddl::athena_template).to_vec(),
    };
    Ok(Outcome::done(texts.join("\n")))
}

/// The DDL of a table as the snapshot has it.
fn of_snapshot(table: &Table, lake: &LakeUrl, manifest: &Manifest) -> Result<String, Failure> {
    let location = match table.format {
        Format::Parquet => format!("{lake}/{}/{}", manifest.snapshot.directory(), table.name),
        Format::JsonLines => format!("{lake}/{}", table.name),
    };
    Ok(ddl::athena(table, &location, &partitions(table, manifest)?))
}

fn for_people(table: &Table) -> String {
    let mut text = format!("{}\n{}", table.name, wrapped(table.doc, 2));
    let name = table.columns.iter().chain(&table.partitions).map(|column| column.name.len()).max().unwrap_or(0);
    let partition = table.partitions.iter().map(|column| (column, "partition, "));
    for (column, kind) in table.columns.iter().map(|column| (column, "")).chain(partition) {
        text.push_str(&format!("\n  {:name$}  {kind}{}\n{}", column.name, column.column_type, wrapped(&column.doc, 6)));
    }
    text
}

fn for_programs(table: &Table) -> Value {
    let columns = |columns: &[Column]| -> Vec<Value> {
        let column = |column: &Column| {
            json!({
                "name": column.name,
                "type": column.column_type.to_string(),
                "nullable": column.nullable,
                "comment": column.doc,
            })
        };
        columns.iter().map(column).collect()
    };
    json!({
        "table": table.name,
        "comment": table.doc,
        "columns": columns(&table.columns),
        "partitions": columns(&table.partitions),
        "sort": table.sort.iter().map(|key| key.0).collect::<Vec<_>>(),
    })
}
