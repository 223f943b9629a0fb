//! What this server's schema calls things, and which types it gives to ids: read by introspection, because Xledger has widened ids of tables before.
//! What cannot be read is assumed to be as Xledger is known to be, then learned by trying; so are the fields that exist.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::Error;
use super::query::Query;
use super::question::{IdRange, Select};

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

impl IdFilter {
    /// The filter for these rows; `None` for all.
    pub(crate) fn to_json(&self, select: Select<'_>) -> Option<Value> {
        match select {
            Select::All
            | Select::Range(IdRange { above: None, up_to: None })
            | Select::Ascending(IdRange { above: None, up_to: None }) => None,
            Select::Ids(ids) if self.list => {
                Some(json!({"dbId_in": ids.iter().map(|id| self.ids.json(*id)).collect::<Vec<_>>()}))
            }
            Select::Ids(ids) => {
                Some(json!({"OR": ids.iter().map(|id| json!({"dbId": self.ids.json(*id)})).collect::<Vec<_>>()}))
            }
            Select::Range(IdRange { above, up_to }) | Select::Ascending(IdRange { above, up_to }) => {
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
    /// Whether a ledger line has the id of its period, `periodId`.
    pub period_id: bool,
    /// The values of `OwnerSet`; empty if they are not known.
    pub owner_sets: Vec<String>,
    /// The names of the query roots, sorted; empty if introspection is closed.
    pub roots: Vec<String>,
    /// The roots that have no argument `objectStatus`.
    #[serde(default)]
    pub without_status: BTreeSet<String>,
    /// What the schema lacks or demands that keeps a refresh from working, in words.
    pub obstacles: Vec<String>,
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
            period_id: true,
            owner_sets: Vec::new(),
            roots: Vec::new(),
            without_status: BTreeSet::new(),
            obstacles: Vec::new(),
        }
    }
}

/// The argument that also shows what is closed. Facts have it of accounts; that suppliers take it is assumed.
pub(super) const STATUS: &str = "objectStatus";

/// A root that rows are asked of, as Xledger is known to have it.
pub(super) struct Root {
    pub(super) name: &'static str,
    /// The filter of its rows, as the documents name it.
    pub(super) filter: &'static str,
    ids: IdType,
    /// Whether its rows must be asked for by id.
    pub(super) is_necessary: bool,
}

pub(super) const ROOTS: [Root; 4] = [
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
    /// How rows of a query are asked for by id; `None` if they can only be listed.
    pub(crate) fn filter(&self, query: Query) -> Option<&IdFilter> {
        self.filters.get(query.root)
    }

    /// Whether a refresh that sends this `ownerSet` can be answered.
    ///
    /// # Errors
    /// [`Error::SchemaLacks`], which names all that is in the way.
    pub(crate) fn check_fit(&self, owner_set: &str) -> Result<(), Error> {
        let mut obstacles = self.obstacles.clone();
        if !self.owner_sets.is_empty() && !self.owner_sets.iter().any(|known| known == owner_set) {
            let known = self.owner_sets.join(", ");
            obstacles.push(format!("OwnerSet has no value {owner_set}; set XLEDGER_OWNER_SET to one of {known}"));
        }
        if obstacles.is_empty() { Ok(()) } else { Err(Error::SchemaLacks { what: obstacles.join("; ") }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_asked_for_by_a_list_or_by_alternatives() {
        let Dialect { filters, .. } = Dialect::default();
        let (mut ledger, payables) = (filters["transactions"].clone(), &filters["apTransactions"]);
        let ids = Select::Ids(&[1, 2]);
        assert_eq!(ledger.to_json(ids), Some(json!({"dbId_in": ["1", "2"]})));
        assert_eq!(payables.to_json(Select::Ids(&[1])), Some(json!({"dbId_in": [1]})));
        ledger.list = false;
        assert_eq!(ledger.to_json(ids), Some(json!({"OR": [{"dbId": "1"}, {"dbId": "2"}]})));
        for (above, up_to, filter) in [
            (None, None, None),
            (Some(1), None, Some(json!({"dbId_gt": "1"}))),
            (None, Some(2), Some(json!({"dbId_lte": "2"}))),
            (Some(1), Some(2), Some(json!({"dbId_gt": "1", "dbId_lte": "2"}))),
        ] {
            assert_eq!(ledger.to_json(Select::Range(IdRange { above, up_to })), filter);
        }
        assert_eq!(ledger.to_json(Select::All), None);
    }
}
