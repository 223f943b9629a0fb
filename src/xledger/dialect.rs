//! What this server's schema calls things and which types it gives to ids: read by introspection, because tables were widened before.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::error::Error;
use super::query::{DIALECT, TYPE_FIELDS};

/// How ids stand in a filter's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum IdType {
    /// `Int`: JSON numbers.
    Int,
    /// `Int64String`: JSON strings.
    Int64String,
}

impl IdType {
    /// `{"dbId_in": [...]}`.
    pub(crate) fn filter(self, ids: &[i64]) -> Value {
        let ids: Vec<Value> = match self {
            IdType::Int => ids.iter().map(|id| json!(id)).collect(),
            IdType::Int64String => ids.iter().map(|id| json!(id.to_string())).collect(),
        };
        json!({"dbId_in": ids})
    }
}

/// What was learned of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The type of `dbId_in` on ledger lines.
    pub ledger_ids: IdType,
    /// The type of `dbId_in` on AP lines.
    pub payable_ids: IdType,
    /// Whether an owner has a `currency`.
    pub owner_currency: bool,
    /// The names of the query roots, sorted; empty if introspection is closed.
    pub roots: Vec<String>,
}

impl Default for Dialect {
    /// What is known of Xledger, for a server whose introspection is closed.
    fn default() -> Self {
        Self { ledger_ids: IdType::Int64String, payable_ids: IdType::Int, owner_currency: false, roots: Vec::new() }
    }
}

impl Dialect {
    /// Reads the schema. A server that refuses introspection is taken to be as Xledger is known to be.
    ///
    /// # Errors
    /// Every error that has nothing to do with introspection itself: a refused token, an unreachable server.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let mut dialect = Self::default();
        let schema: Schema = match client.value(DIALECT, &json!({})).await {
            Ok(schema) => schema,
            Err(
                error @ (Error::SchemaMismatch { .. }
                | Error::Api { .. }
                | Error::RightMissing { .. }
                | Error::Malformed { .. }),
            ) => {
                tracing::warn!(reason = %error, "the schema cannot be read; the known one is assumed");
                return Ok(dialect);
            }
            Err(error) => return Err(error),
        };
        dialect.ledger_ids = id_type(schema.ledger_filter.as_ref()).unwrap_or(dialect.ledger_ids);
        dialect.payable_ids = id_type(schema.payable_filter.as_ref()).unwrap_or(dialect.payable_ids);
        dialect.roots = schema.roots.and_then(|roots| roots.query_type).map(|root| root.names()).unwrap_or_default();
        dialect.roots.sort();
        let owner = schema.ledger.as_ref().and_then(|ledger| ledger.leaf("owner"));
        if let Some(owner) = owner {
            let fields: TypeAnswer = client.value(TYPE_FIELDS, &json!({"name": owner})).await?;
            dialect.owner_currency =
                fields.r#type.is_some_and(|owner| owner.names().iter().any(|name| name == "currency"));
        }
        Ok(dialect)
    }
}

fn id_type(filter: Option<&TypeDefinition>) -> Option<IdType> {
    match filter?.leaf("dbId_in")? {
        "Int" => Some(IdType::Int),
        _ => Some(IdType::Int64String),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    ledger_filter: Option<TypeDefinition>,
    payable_filter: Option<TypeDefinition>,
    ledger: Option<TypeDefinition>,
    roots: Option<Roots>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Roots {
    query_type: Option<TypeDefinition>,
}

#[derive(Deserialize)]
struct TypeAnswer {
    #[serde(rename = "__type")]
    r#type: Option<TypeDefinition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeDefinition {
    #[serde(alias = "inputFields")]
    fields: Option<Vec<Field>>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(default)]
    r#type: Value,
}

impl TypeDefinition {
    fn names(self) -> Vec<String> {
        self.fields.unwrap_or_default().into_iter().map(|field| field.name).collect()
    }

    /// The named type below the lists and non-nulls of a field.
    fn leaf(&self, field: &str) -> Option<&str> {
        let field = self.fields.as_ref()?.iter().find(|f| f.name == field)?;
        let mut of: Option<&Map<String, Value>> = field.r#type.as_object();
        while let Some(object) = of {
            if let Some(name) = object.get("name").and_then(Value::as_str) {
                return Some(name);
            }
            of = object.get("ofType").and_then(Value::as_object);
        }
        None
    }
}
