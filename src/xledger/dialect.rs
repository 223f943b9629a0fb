//! What this server's schema calls things, and which types it gives to ids: read by introspection, because tables were widened before. What
//! cannot be read is taken to be as Xledger is known to be, and learned by trying, as is which fields there are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::{Client, Select};
use super::error::Error;
use super::introspection::{Field, Roots, TypeDefinition};
use super::query::{DIALECT, FILTER_KEYS, Query};

/// How ids stand in a filter's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdType {
    /// `Int`: JSON numbers.
    Int,
    /// `Int64String`: JSON strings.
    Int64String,
}

impl IdType {
    fn json(self, id: i64) -> Value {
        match self {
            IdType::Int => json!(id),
            IdType::Int64String => json!(id.to_string()),
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            IdType::Int => IdType::Int64String,
            IdType::Int64String => IdType::Int,
        }
    }
}

/// How rows of one root are asked for by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdFilter {
    /// The filter's type.
    pub type_name: String,
    /// The type of an id.
    pub ids: IdType,
    /// Whether there is `dbId_in`; else each id is a condition of its own, under `OR`.
    pub list: bool,
    /// Whether there are `dbId_gt` and `dbId_lte`.
    pub range: bool,
}

/// A range of ids; without a bound, it is open there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRange {
    /// The ids above this one.
    pub above: Option<i64>,
    /// The ids up to this one, itself included.
    pub up_to: Option<i64>,
}

impl IdRange {
    /// Whether an id lies in it.
    pub(crate) fn holds(&self, id: i64) -> bool {
        self.above.is_none_or(|above| id > above) && self.up_to.is_none_or(|up_to| id <= up_to)
    }
}

impl IdFilter {
    /// The filter for these rows; `None` for all.
    pub(crate) fn to_json(&self, select: Select<'_>) -> Option<Value> {
        match select {
            Select::All | Select::Range(IdRange { above: None, up_to: None }) => None,
            Select::Ids(ids) if self.list => {
                Some(json!({"dbId_in": ids.iter().map(|id| self.ids.json(*id)).collect::<Vec<_>>()}))
            }
            Select::Ids(ids) => {
                Some(json!({"OR": ids.iter().map(|id| json!({"dbId": self.ids.json(*id)})).collect::<Vec<_>>()}))
            }
            Select::Range(IdRange { above, up_to }) => {
                let bounds = [("dbId_gt", above), ("dbId_lte", up_to)];
                let given = bounds.into_iter().filter_map(|(key, id)| Some((key.to_owned(), self.ids.json(id?))));
                Some(Value::Object(given.collect()))
            }
        }
    }
}

/// What the schema calls things, and what it takes. Which fields it has shows when they are asked for (`refused_fields.rs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Whether introspection answers.
    pub introspection: bool,
    /// How rows are asked for by id, by their root. Rows of a root that is not here can only be listed.
    pub filters: BTreeMap<String, IdFilter>,
    /// Whether an owner has a `currency`.
    pub owner_currency: bool,
    /// The values of `OwnerSet`; empty if they are not known.
    pub owner_sets: Vec<String>,
    /// The names of the query roots, sorted; empty if introspection is closed.
    pub roots: Vec<String>,
    /// What is missing, or too much, that a refresh cannot do without, in words.
    pub unfit: Vec<String>,
}

impl Default for Dialect {
    /// What is known of Xledger, for a server whose introspection is closed.
    fn default() -> Self {
        let filter = |root: &Root| {
            let type_name = root.filter.to_owned();
            (root.name.to_owned(), IdFilter { type_name, ids: root.ids, list: true, range: true })
        };
        Self {
            introspection: false,
            filters: ROOTS.iter().map(filter).collect(),
            owner_currency: false,
            owner_sets: Vec::new(),
            roots: Vec::new(),
            unfit: Vec::new(),
        }
    }
}

/// A root that rows are asked of, as Xledger is known to have it.
struct Root {
    name: &'static str,
    /// The filter of its rows, as the documents name it.
    filter: &'static str,
    ids: IdType,
    /// Whether its rows must be asked for by id.
    is_necessary: bool,
}

const ROOTS: [Root; 4] = [
    Root { name: "transactions", filter: "Transaction_Filter", ids: IdType::Int64String, is_necessary: true },
    Root { name: "apTransactions", filter: "APTransaction_Filter", ids: IdType::Int, is_necessary: true },
    Root { name: "accounts", filter: "Account_Filter", ids: IdType::Int, is_necessary: false },
    Root { name: "suppliers", filter: "Supplier_Filter", ids: IdType::Int, is_necessary: false },
];

/// The filter of a root's rows, as the documents name it.
pub(crate) fn known_filter(root: &str) -> Option<&'static str> {
    ROOTS.iter().find(|known| known.name == root).map(|known| known.filter)
}

impl Dialect {
    /// Reads the schema. A server that refuses introspection is taken to be as Xledger is known to be.
    ///
    /// # Errors
    /// Every error that has nothing to do with introspection itself: a refused token, an unreachable server.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let schema: Schema = match client.value(DIALECT, &json!({})).await {
            Ok(schema) => schema,
            Err(
                error @ (Error::SchemaMismatch { .. }
                | Error::Api { .. }
                | Error::RightMissing { .. }
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
                    let answer: Keys = client.value(FILTER_KEYS, &json!({"name": filter.type_name})).await?;
                    answer.keys.unwrap_or_default()
                }
            };
            filter.range = keys.has("dbId_gt") && keys.has("dbId_lte");
            match (keys.leaf("dbId_in"), keys.leaf("dbId"), keys.has("OR")) {
                (Some(ids), _, _) => filter.ids = id_type(ids),
                (None, Some(ids), true) => (filter.ids, filter.list) = (id_type(ids), false),
                _ if *is_necessary => dialect
                    .unfit
                    .push(format!("{} has no key `dbId_in`, so {name} cannot be asked for by id", filter.type_name)),
                _ => _ = dialect.filters.remove(*name),
            }
        }
        Ok(dialect)
    }

    /// How rows of a query are asked for by id; `None` if they can only be listed.
    pub(crate) fn filter(&self, query: Query) -> Option<&IdFilter> {
        self.filters.get(query.root())
    }

    pub(crate) fn filter_mut(&mut self, query: Query) -> Option<&mut IdFilter> {
        self.filters.get_mut(query.root())
    }

    /// Whether a refresh that sends this `ownerSet` can be answered.
    ///
    /// # Errors
    /// [`Error::Unfit`], which names all that is in the way.
    pub(crate) fn check_fit(&self, owner_set: &str) -> Result<(), Error> {
        let mut unfit = self.unfit.clone();
        if !self.owner_sets.is_empty() && !self.owner_sets.iter().any(|known| known == owner_set) {
            let known = self.owner_sets.join(", ");
            unfit.push(format!("OwnerSet has no value {owner_set}; set XLEDGER_OWNER_SET to one of {known}"));
        }
        if unfit.is_empty() { Ok(()) } else { Err(Error::Unfit { what: unfit.join("; ") }) }
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
    filters: BTreeMap<String, Option<TypeDefinition>>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Option<TypeDefinition>,
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
        let Some(roots) = roots else { return dialect };
        for Root { name, is_necessary, .. } in &ROOTS {
            let Some(definition) = roots.field(name) else {
                dialect.unfit.push(format!("there is no root `{name}`"));
                continue;
            };
            let required = definition.args.iter().filter(|argument| argument.is_required());
            dialect.unfit.extend(
                required.map(|argument| format!("`{name}` demands an argument `{}` that is not known", argument.name)),
            );
            let filter = definition.args.iter().find(|argument| argument.name == "filter").and_then(Field::leaf);
            match (filter, dialect.filters.get_mut(*name)) {
                (Some(filter), Some(known)) => filter.clone_into(&mut known.type_name),
                (None, _) if !is_necessary => _ = dialect.filters.remove(*name),
                _ => {}
            }
        }
        dialect.unfit.sort();
        dialect.unfit.dedup();
        dialect
    }
}

#[cfg(test)]
mod tests;
