//! What the fetched lines name: suppliers (closed ones too), owners and dimension values.
//!
//! Owners and dimension values are read off admitted lines that carry them. Their registers are known less well than the fields of a line,
//! and may hold far more than the lines name.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, FailureKind};
use crate::fetch::{Line, by_id};
use crate::value::{Day, Instant};
use crate::xledger::node::{DimensionsOfLineNode, Identified, ObjectNode, OwnerOfLineNode, SupplierNode};
use crate::xledger::query::{self, Query};
use crate::xledger::scalar::{reference, text};
use crate::xledger::{Client, Dialect, Error, walk};

/// A supplier of the register.
#[derive(Clone, Debug, Default)]
pub struct Supplier {
    pub(crate) id: i64,
    /// 0 if the register names none.
    pub(crate) owner: i64,
    pub(crate) company: Option<i64>,
    pub(crate) code: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) company_number: Option<Box<str>>,
    pub(crate) group: Option<Box<str>>,
    pub(crate) email: Option<Box<str>>,
    pub(crate) phone: Option<Box<str>>,
    pub(crate) street_address: Option<Box<str>>,
    pub(crate) postal_code: Option<Box<str>>,
    pub(crate) city: Option<Box<str>>,
    pub(crate) country_code: Option<Box<str>>,
    pub(crate) country_name: Option<Box<str>>,
    pub(crate) contact: Option<Box<str>>,
    pub(crate) valid_from: Option<Day>,
    pub(crate) valid_to: Option<Day>,
    pub(crate) modified_at: Option<Instant>,
}

/// An owner: a company that keeps books.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    pub(crate) code: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) currency: Option<Box<str>>,
}

/// A dimension value.
#[derive(Clone, Debug)]
pub struct DimensionValue {
    pub(crate) kind: Option<Box<str>>,
    pub(crate) code: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
}

/// All that lines refer to.
#[derive(Debug, Default)]
pub struct References {
    /// Suppliers, by id, each once.
    pub(crate) suppliers: Vec<Supplier>,
    pub(crate) owners: FxHashMap<i64, Owner>,
    pub(crate) dimensions: FxHashMap<i64, DimensionValue>,
}

/// Rows of one answer with twenty-odd nested fields each: far below what the server answers in time.
const EXAMPLE_ROWS: usize = 1_000;

/// Lists the supplier register.
///
/// # Errors
/// What the client cannot get over.
pub async fn suppliers(client: &Client, base: &Map<String, Value>, page_rows: usize) -> Result<Vec<Supplier>, Error> {
    let mut suppliers: Vec<Supplier> = Vec::new();
    walk(client, query::SUPPLIERS, base, page_rows.min(5_000), |nodes: Vec<SupplierNode>| {
        suppliers.extend(nodes.into_iter().filter_map(supplier));
        Ok(())
    })
    .await?;
    suppliers.sort_by_key(|supplier| supplier.id);
    suppliers.dedup_by_key(|supplier| supplier.id);
    Ok(suppliers)
}

/// Reads the names of owners and dimension values off the lines that carry them.
///
/// # Errors
/// What the client cannot get over, and a line that was not asked for. Without the right to read an owner's currency it is null, and the
/// run goes on.
pub async fn names(
    client: &Client,
    dialect: &Dialect,
    base: &Map<String, Value>,
    lines: &[Line],
) -> Result<(FxHashMap<i64, Owner>, FxHashMap<i64, DimensionValue>), Failure> {
    let asked = Asked { client, dialect, base };

    let owner_examples = first_lines(lines, |line| [line.owner]);
    let mut owners: FxHashMap<i64, Owner> = FxHashMap::default();
    for node in asked.rows::<OwnerOfLineNode>(query::OWNERS, &owner_examples).await? {
        let Some(owner) = node.owner else { continue };
        let Some(id) = reference(owner.db_id) else { continue };
        owners.insert(id, Owner { code: text(owner.code), name: text(owner.description), currency: None });
    }
    if dialect.owner_currency {
        for node in optional(
            "the currency of owners",
            asked.rows::<OwnerOfLineNode>(query::OWNER_CURRENCIES, &owner_examples).await,
        )? {
            let Some(owner) = node.owner else { continue };
            let Some(known) = reference(owner.db_id).and_then(|id| owners.get_mut(&id)) else { continue };
            known.currency = owner.currency.and_then(|currency| text(currency.code));
        }
    }

    let mut dimensions = FxHashMap::default();
    for node in
        asked.rows::<DimensionsOfLineNode>(query::DIMENSIONS, &first_lines(lines, |line| line.dimensions)).await?
    {
        let Some(all) = node.gl_dimension else { continue };
        for object in
            [all.gl_object1, all.gl_object2, all.gl_object3, all.gl_object4, all.gl_object5].into_iter().flatten()
        {
            if let Some((id, value)) = dimension(object) {
                dimensions.insert(id, value);
            }
        }
    }
    Ok((owners, dimensions))
}

/// The lines that between them carry every value of `values`: for each value the first line that has it.
fn first_lines<const N: usize>(lines: &[Line], values: impl Fn(&Line) -> [i64; N]) -> Vec<i64> {
    let mut seen = FxHashSet::default();
    let new = lines
        .iter()
        .filter(|line| values(line).into_iter().filter(|value| *value != 0 && seen.insert(*value)).count() > 0);
    new.map(|line| line.id).collect()
}

/// Nothing, with a warning, where the token lacks a right that no column depends on.
fn optional<T>(what: &'static str, rows: Result<Vec<T>, Failure>) -> Result<Vec<T>, Failure> {
    match rows {
        Err(failure) if matches!(failure.kind, FailureKind::RightMissing | FailureKind::SchemaMismatch) => {
            tracing::warn!(what, reason = %failure, "not readable; its column is null");
            Ok(Vec::new())
        }
        rows => rows,
    }
}

struct Asked<'a> {
    client: &'a Client,
    dialect: &'a Dialect,
    base: &'a Map<String, Value>,
}

impl Asked<'_> {
    async fn rows<N: DeserializeOwned + Identified>(&self, query: Query, ids: &[i64]) -> Result<Vec<N>, Failure> {
        let mut rows = Vec::new();
        for ids in ids.chunks(EXAMPLE_ROWS) {
            rows.extend(by_id(self.client, query, self.dialect.ledger_ids, self.base, ids).await?);
        }
        Ok(rows)
    }
}

fn dimension(object: ObjectNode) -> Option<(i64, DimensionValue)> {
    let kind = object.object_kind.and_then(|kind| text(kind.name));
    Some((reference(object.db_id)?, DimensionValue { kind, code: text(object.code), name: text(object.description) }))
}

fn supplier(node: SupplierNode) -> Option<Supplier> {
    let address = node.address.unwrap_or_default();
    let country = address.country.unwrap_or_default();
    Some(Supplier {
        id: reference(node.db_id)?,
        owner: reference(node.owner_db_id).unwrap_or(0),
        company: reference(node.company_db_id),
        code: text(node.code),
        name: text(node.description),
        company_number: node.company.and_then(|company| text(company.company_number)),
        group: node.subledger_group.and_then(|group| text(group.description)),
        email: text(node.email),
        phone: text(node.phone),
        street_address: text(address.street_address),
        postal_code: text(address.zip_code),
        city: text(address.place),
        country_code: text(country.code),
        country_name: text(country.description),
        contact: node.contact.and_then(|contact| text(contact.name)),
        valid_from: node.from_date.map(|date| date.0),
        valid_to: node.to_date.map(|date| date.0),
        modified_at: node.modified_at.map(|at| at.0),
    })
}
