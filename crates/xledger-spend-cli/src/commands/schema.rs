//! `schema`: what the columns of the tables mean, for people, for Athena, or for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xledger_spend::failure::Failure;
use xledger_spend::lake::{Access, LakeUrl, Manifest};
use xledger_spend::run;
use xledger_spend::table::glue::Partitions;
use xledger_spend::table::{Column, Table, ddl, tables};

use super::Desk;
use crate::given;
use crate::lines::wrapped;
use crate::outcome::{self, Outcome};

pub(super) async fn schema(desk: &Desk, as_ddl: bool) -> Result<Outcome, Failure> {
    if desk.json {
        return Ok(Outcome::done(outcome::json(&tables().map(for_programs))?));
    }
    if !as_ddl {
        return Ok(Outcome::done(tables().map(for_people).join("\n")));
    }
    // Athena reads S3 alone; for a directory, what differs from lake to lake stays a placeholder.
    let texts = match desk.given.lake_if_given()? {
        Some(url @ LakeUrl::S3 { .. }) => {
            let aws = given::aws(Some(&url), None).await;
            let lake = run::open_at(&url, &aws, Access::Read).await?;
            match lake.current().await? {
                Some((current, _)) => {
                    let manifest = lake.manifest(&current).await?;
                    tables().map(|table| of_snapshot(table, &url, &manifest))
                }
                None => tables().map(ddl::athena_template),
            }
        }
        _ => tables().map(ddl::athena_template),
    };
    Ok(Outcome::done(texts.join("\n")))
}

/// The DDL of a table as the snapshot has it.
fn of_snapshot(table: &Table, lake: &LakeUrl, manifest: &Manifest) -> String {
    let files = match table.name {
        "spend" => &manifest.tables.spend.files,
        "supplier" => &manifest.tables.supplier.files,
        name => return ddl::athena(table, &format!("{lake}/{name}"), &Partitions::Found(Vec::new())),
    };
    let values = |column: &Column| -> BTreeSet<i64> {
        let value = |path: &str| {
            let named = |part: &str| part.strip_prefix(column.name.as_ref())?.strip_prefix('=')?.parse().ok();
            path.split('/').find_map(named)
        };
        files.iter().filter_map(|file| value(&file.path)).collect()
    };
    let found = Partitions::Found(table.partitions.iter().map(values).collect());
    ddl::athena(table, &format!("{lake}/{}/{}", manifest.snapshot.directory(), table.name), &found)
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
