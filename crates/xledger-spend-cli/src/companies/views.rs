//! One set of views over the tables of all companies, in a stack of its own: CloudFormation then changes all of them or none, and only if
//! something changed. Like `invoice` in `template.yaml`, they are stored in the form that Athena gives its own views.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xledger_spend::table::ddl::{self, Source};
use xledger_spend::table::{Table, tables};

use super::template::VIEWS;
use super::{Aws, Company};

/// The template of the views' stack, over the tables that there are by now.
///
/// # Errors
/// A company whose tables cannot be looked at: without it the views would lose its rows.
pub(crate) async fn over(aws: &Aws, views: &Company, companies: &[Company]) -> Result<(String, usize), String> {
    let mut found = Vec::new();
    for company in companies {
        let tables = described(aws, &company.database()).await.map_err(|why| format!("{}: {why}", company.prefix))?;
        found.push((company, tables));
    }
    let mut template: Value = serde_json::from_str(VIEWS).map_err(|error| error.to_string())?;
    let mut over = 0;
    for table in tables() {
        let of_company = |(company, tables): &(&Company, BTreeMap<String, BTreeMap<String, String>>)| {
            let columns = tables.get(table.name)?.clone();
            Some(Source { name: company.source.clone(), database: company.database(), columns })
        };
        let sources: Vec<Source> = found.iter().filter_map(of_company).collect();
        over = over.max(sources.len());
        if !sources.is_empty() {
            let id = format!("{}{}View", table.name[..1].to_uppercase(), &table.name[1..]);
            template["Resources"][id] = view(table, &views.database(), &sources);
        }
    }
    Ok((template.to_string(), over))
}

/// The columns of a company's tables by name, of as many as it has yet.
async fn described(aws: &Aws, database: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
    let described = match aws.json(&["glue", "get-tables", "--database-name", database]).await {
        Ok(described) => described,
        // It has not been deployed, or failed to be.
        Err(why) if why.contains("EntityNotFoundException") => return Ok(BTreeMap::new()),
        Err(why) => return Err(why),
    };
    let of_list = |list: &Value| -> Vec<(String, String)> {
        let columns = list.as_array().into_iter().flatten();
        columns
            .filter_map(|column| Some((column["Name"].as_str()?.to_owned(), column["Type"].as_str()?.to_owned())))
            .collect()
    };
    let of_table = |table: &Value| {
        let columns =
            of_list(&table["StorageDescriptor"]["Columns"]).into_iter().chain(of_list(&table["PartitionKeys"]));
        Some((table["Name"].as_str()?.to_owned(), columns.collect()))
    };
    Ok(described["TableList"].as_array().into_iter().flatten().filter_map(of_table).collect())
}

/// JSON in ASCII alone: CloudFormation shows other characters of a template as question marks.
fn ascii(json: &str) -> String {
    let escaped = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(escaped).collect()
}

/// A view as a resource.
fn view(table: &Table, database: &str, sources: &[Source]) -> Value {
    let columns = || ddl::columns_of_union(table);
    let of_athena: Vec<Value> =
        columns().map(|(name, kind)| json!({"name": name, "type": ddl::athena_type(kind)})).collect();
    let of_glue: Vec<Value> = columns().map(|(name, kind)| json!({"Name": name, "Type": kind.to_string()})).collect();
    let definition = json!({
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": of_athena,
        "originalSql": ddl::athena_union(table, sources),
    });
    json!({
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "GlueDatabase"},
            "TableInput": {
                "Name": table.name,
                // Trino takes the description for the comment by which it knows its own views.
                "Description": "Presto View",
                "TableType": "VIRTUAL_VIEW",
                "Parameters": {"presto_view": "true", "comment": "Presto View"},
                // Trino reads no table without the last two.
                "StorageDescriptor": {"Columns": of_glue, "NumberOfBuckets": 0, "SerdeInfo": {}},
                "ViewExpandedText": "/* Presto View */",
                "ViewOriginalText": {
                    "Fn::Join": ["", ["/* Presto View: ", {"Fn::Base64": ascii(&definition.to_string())}, " */"]],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_ascii_and_says_the_same() {
        let definition = json!({"originalSql": "SELECT 'Bømlo Sjømat AS 🦀' AS source"});
        let written = ascii(&definition.to_string());
        assert!(written.is_ascii(), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), definition);
    }
}
