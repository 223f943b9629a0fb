//! What introspection answers, types with their fields as far as they are asked for; and the dialect, which is read off it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::dialect::{Dialect, IdType, ROOTS, Root, STATUS};
use super::error::Error;
use super::query::{DIALECT, FILTER_KEYS};

/// The type of the roots.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Roots {
    pub(crate) query_type: Option<TypeDefinition>,
}

/// Types, each by the name that it was asked for under; `None` where there is no such type.
pub(crate) type Types = BTreeMap<String, Option<TypeDefinition>>;

/// A type: its fields, the keys of a filter, or the values of an enum.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeDefinition {
    #[serde(alias = "inputFields", alias = "enumValues")]
    pub(crate) fields: Option<Vec<Field>>,
}

/// A field of a type, a key of a filter, an argument, or a value of an enum.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(default)]
    r#type: Value,
    #[serde(default)]
    pub(crate) args: Vec<Field>,
    #[serde(default)]
    default_value: Option<String>,
}

impl Field {
    /// The named type below the lists and non-nulls.
    pub(crate) fn leaf(&self) -> Option<&str> {
        let mut of = Some(&self.r#type);
        while let Some(definition) = of {
            if let Some(name) = definition["name"].as_str() {
                return Some(name);
            }
            of = definition.get("ofType");
        }
        None
    }

    /// Whether an object has a field of this name, where its fields were asked for.
    pub(crate) fn leads_to(&self, name: &str) -> bool {
        let fields = [&self.r#type["fields"], &self.r#type["ofType"]["fields"]];
        fields.into_iter().filter_map(Value::as_array).flatten().any(|field| field["name"] == name)
    }

    /// Whether an argument must be given.
    pub(crate) fn is_required(&self) -> bool {
        self.r#type["kind"] == "NON_NULL" && self.default_value.is_none()
    }
}

impl TypeDefinition {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.as_ref()?.iter().find(|field| field.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    pub(crate) fn leaf(&self, name: &str) -> Option<&str> {
        self.field(name)?.leaf()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.fields.iter().flatten().map(|field| field.name.clone()).collect()
    }
}

impl Dialect {
    /// Reads the schema. A server that refuses introspection is taken to be as Xledger is known to be.
    ///
    /// # Errors
    /// Every error that has nothing to do with introspection itself: a refused token, an unreachable server.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let schema: Schema = match client.ask_value(DIALECT, &json!({})).await {
            Ok(schema) => schema,
            Err(
                error @ (Error::SchemaMismatch { .. }
                | Error::Api { .. }
                | Error::RightMissing { .. }
                | Error::TooComplex { .. }
                | Error::TooLarge { .. }
                | Error::Malformed { .. }),
            ) => {
                tracing::warn!(reason = %error, "the schema cannot be read; the known one is assumed");
                return Ok(Self::default());
            }
            Err(error) => return Err(error),
        };
        let mut dialect = schema.dialect();
        for Root { name, filter: known, is_necessary, .. } in &ROOTS {
            let Some(filter) = dialect.filters.get_mut(*name) else { continue };
            let keys = match schema.filters.get(*name) {
                Some(Some(keys)) if filter.type_name == *known => keys.clone(),
                _ => {
                    let variables = json!({"name": filter.type_name});
                    let mut types: Types = client.ask_value(FILTER_KEYS, &variables).await?;
                    types.remove("keys").flatten().unwrap_or_default()
                }
            };
            filter.range = keys.has("dbId_gt") && keys.has("dbId_lte");
            match (keys.leaf("dbId_in"), keys.leaf("dbId"), keys.has("OR")) {
                (Some(ids), _, _) => filter.ids = id_type(ids),
                (None, Some(ids), true) => (filter.ids, filter.list) = (id_type(ids), false),
                _ if *is_necessary => dialect
                    .obstacles
                    .push(format!("{} has no key `dbId_in`, so {name} cannot be asked for by id", filter.type_name)),
                _ => _ = dialect.filters.remove(*name),
            }
        }
        Ok(dialect)
    }
}

fn id_type(name: &str) -> IdType {
    if name == "Int" { IdType::Int } else { IdType::Int64String }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    roots: Option<Roots>,
    owner_sets: Option<TypeDefinition>,
    line: Option<TypeDefinition>,
    /// The filters of the roots' rows, by the root.
    #[serde(flatten)]
    filters: Types,
}

impl Schema {
    fn dialect(&self) -> Dialect {
        let mut dialect = Dialect { introspection: true, ..Dialect::default() };
        let roots = self.roots.as_ref().and_then(|roots| roots.query_type.as_ref());
        dialect.roots = roots.map(TypeDefinition::names).unwrap_or_default();
        dialect.roots.sort();
        dialect.owner_sets = self.owner_sets.as_ref().map(TypeDefinition::names).unwrap_or_default();
        // That owners have a currency is a guess: it is looked for, and not missed.
        let owner = self.line.as_ref().and_then(|line| line.field("owner"));
        dialect.owner_currency = owner.is_some_and(|owner| owner.leads_to("currency"));
        dialect.period_id = self.line.as_ref().is_none_or(|line| line.fields.is_none() || line.has("periodId"));
        let Some(roots) = roots else { return dialect };
        for Root { name, is_necessary, .. } in &ROOTS {
            let Some(definition) = roots.field(name) else {
                dialect.obstacles.push(format!("there is no root `{name}`"));
                continue;
            };
            let required = definition.args.iter().filter(|argument| argument.is_required());
            dialect.obstacles.extend(
                required.map(|argument| format!("`{name}` demands an argument `{}` that is not known", argument.name)),
            );
            if !definition.args.iter().any(|argument| argument.name == STATUS) {
                dialect.without_status.insert((*name).to_owned());
            }
            let filter = definition.args.iter().find(|argument| argument.name == "filter").and_then(Field::leaf);
            match (filter, dialect.filters.get_mut(*name)) {
                (Some(filter), Some(known)) => filter.clone_into(&mut known.type_name),
                (None, _) if !is_necessary => _ = dialect.filters.remove(*name),
                _ => {}
            }
        }
        dialect.obstacles.sort();
        dialect.obstacles.dedup();
        dialect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schema_lacks_is_found() {
        let arguments = |names: &[(&str, &str, Value)]| -> Vec<Value> {
            let argument = |(name, leaf, kind): &(&str, &str, Value)| json!({"name": name, "type": {"kind": kind, "name": null, "ofType": {"name": leaf}}, "defaultValue": null});
            names.iter().map(argument).collect()
        };
        let root = |name: &str, args: Vec<Value>| json!({"name": name, "args": args});
        let schema: Schema = serde_json::from_value(json!({
            "roots": {"queryType": {"fields": [
                root("transactions", arguments(&[("filter", "LineFilter", json!("LIST"))])),
                root("apTransactions", arguments(&[("company", "Int", json!("NON_NULL"))])),
                root("accounts", vec![]),
            ]}},
            "ownerSets": {"enumValues": [{"name": "CURRENT"}, {"name": "ALL"}]},
            "transactions": null,
            "apTransactions": null,
            "line": {"fields": [{"name": "owner", "type": {"fields": [{"name": "dbId"}, {"name": "currency"}]}}]},
        }))
        .unwrap();
        let dialect = schema.dialect();
        assert_eq!(dialect.filters["transactions"].type_name, "LineFilter");
        assert_eq!(dialect.roots, ["accounts", "apTransactions", "transactions"]);
        assert_eq!(
            dialect.obstacles,
            ["`apTransactions` demands an argument `company` that is not known", "there is no root `suppliers`"]
        );
        assert!(dialect.owner_currency && dialect.without_status.contains("accounts"));
        let Err(Error::SchemaLacks { what }) = dialect.check_fit("MINE") else { panic!() };
        assert!(what.contains("company") && what.contains("XLEDGER_OWNER_SET"), "{what}");
    }
}
