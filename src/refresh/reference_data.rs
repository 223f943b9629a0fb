//! Reference data, which the fetched lines name: suppliers (closed ones too), owners, dimension values and tax rules.
//!
//! All but suppliers are read off admitted lines that name them: their registers are less well known than the fields of a line, and may hold far
//! more. Asked for with every line they would come a million times, so only as many lines are asked as name them all, a few hundred.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::model::failure::Failure;
use crate::model::line::{Line, Payable};
use crate::model::text_pool::{PooledText, TextPool};
use crate::model::value::{Day, Instant};
use crate::refresh::fetch::{Fetch, by_id};
use crate::refresh::index::{ListContext, RegisterWalk};
use crate::refresh::lookup::{SUPPLIER_SETS, look_up};
use crate::xledger::node::{Identified, NamesOfLineNode, ObjectNode, OwnerNode, OwnerOfLineNode, SupplierNode};
use crate::xledger::query;
use crate::xledger::scalar::{Lenient, reference};
use crate::xledger::{Client, Error};

/// A supplier of the register.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Supplier {
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
    pub(crate) contract: Option<Box<str>>,
    pub(crate) payment_terms: Option<Box<str>>,
}

/// An owner: a company that keeps books.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(crate) code: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) currency: Option<Box<str>>,
    pub(crate) company: Option<i64>,
    pub(crate) company_number: Option<Box<str>>,
}

/// A dimension value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct DimensionValue {
    pub(crate) kind: Option<Box<str>>,
    pub(crate) code: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
}

/// The reference data of the lines, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ReferenceData {
    /// Suppliers, by id, each once, when their list is at its end.
    pub(crate) suppliers: Vec<Supplier>,
    /// How far the list of suppliers came.
    pub(crate) suppliers_walk: RegisterWalk,
    pub(crate) owners: FxHashMap<i64, Owner>,
    pub(crate) dimensions: FxHashMap<i64, DimensionValue>,
    /// Names of tax rules, by owner and code: each owner has its own.
    pub(crate) tax_rules: FxHashMap<i64, FxHashMap<Box<str>, Box<str>>>,
}

impl ReferenceData {
    /// Lists the supplier register, from where it stands on.
    ///
    /// # Errors
    /// What the client cannot get over. What came before stays.
    pub(crate) async fn list_suppliers(&mut self, context: ListContext<'_>) -> Result<(), Error> {
        let row = |node| supplier(context.client, node);
        self.suppliers_walk.list(context, query::SUPPLIERS, &mut self.suppliers, row).await?;
        sort_suppliers(&mut self.suppliers);
        Ok(())
    }

    /// Looks up what the lines name: suppliers that the register does not show, and the names of owners, dimension values and tax rules.
    ///
    /// # Errors
    /// What the client cannot get over; a line that was not asked for, or is payroll by now. What may not be read is null, and the run goes on.
    pub(crate) async fn look_up(
        &mut self,
        fetch: &Fetch<'_>,
        lines: &[Line],
        payables: &[Payable],
        pool: &TextPool,
    ) -> Result<(), Failure> {
        let Self { suppliers, owners, dimensions, tax_rules, .. } = self;
        let (suppliers, read) = futures::join!(
            look_up_suppliers(suppliers, fetch.context, payables),
            read_names(owners, dimensions, tax_rules, fetch, lines, pool)
        );
        suppliers?;
        read
    }
}

fn sort_suppliers(suppliers: &mut Vec<Supplier>) {
    suppliers.sort_by_key(|supplier| supplier.id);
    suppliers.dedup_by_key(|supplier| supplier.id);
}

/// Looks up the subledgers of AP lines that the register does not show. What is not found is no supplier.
///
/// # Errors
/// What the client cannot get over.
async fn look_up_suppliers(
    suppliers: &mut Vec<Supplier>,
    context: ListContext<'_>,
    payables: &[Payable],
) -> Result<(), Error> {
    let known: FxHashSet<i64> = suppliers.iter().map(|supplier| supplier.id).collect();
    let named = payables.iter().map(|payable| payable.subledger).filter(|id| *id != 0);
    let mut unknown: FxHashSet<i64> = named.filter(|subledger| !known.contains(subledger)).collect();
    let take = |node: SupplierNode| suppliers.extend(supplier(context.client, node));
    look_up(context, query::SUPPLIERS, &SUPPLIER_SETS, &mut unknown, take).await?;
    sort_suppliers(suppliers);
    Ok(())
}

/// Reads the names of owners, dimension values and tax rules off the lines that carry them, those that are not known yet.
///
/// # Errors
/// What the client cannot get over; a line that was not asked for, or is payroll by now. What may not be read is null, and the run goes on.
async fn read_names(
    owners: &mut FxHashMap<i64, Owner>,
    dimensions: &mut FxHashMap<i64, DimensionValue>,
    tax_rules: &mut FxHashMap<i64, FxHashMap<Box<str>, Box<str>>>,
    fetch: &Fetch<'_>,
    lines: &[Line],
    pool: &TextPool,
) -> Result<(), Failure> {
    let Fetch { context, expires_at, .. } = *fetch;
    let client = context.client;
    let offers = |field| client.plan().asks(query::NAMES, field);
    let mut to_find = NamesToFind::new(lines, |line| {
        let [one, two, three, four, five] = line.dimensions.map(Named::Dimension);
        [Named::Owner(line.owner), one, two, three, four, five, Named::TaxRule(line.owner, line.vat_code)]
    });
    let is_offered = |named: Named| match named {
        Named::Owner(_) => offers("owner"),
        Named::Dimension(_) => offers("glDimension"),
        Named::TaxRule(..) => offers("taxRule"),
    };
    while let Some(ids) = to_find.next(is_offered, |named| match named {
        Named::Owner(id) => id == 0 || owners.contains_key(&id),
        Named::Dimension(id) => id == 0 || dimensions.contains_key(&id),
        Named::TaxRule(owner, code) => {
            pool.text(code).is_none_or(|code| tax_rules.get(&owner).is_some_and(|rules| rules.contains_key(code)))
        }
    }) {
        let take = |node: NamesOfLineNode| {
            let line = lines.binary_search_by_key(&node.id(), |line| Some(line.id)).ok().and_then(|at| lines.get(at));
            let rule = client.fit("spend.vat_name", node.tax_rule.and_then(|rule| rule.description));
            if let (Some(line), Some(rule)) = (line, rule)
                && let Some(code) = pool.text(line.vat_code)
            {
                tax_rules.entry(line.owner).or_default().insert(code.into(), rule);
            }
            owners.extend(node.owner.and_then(|node| owner(client, node)));
            let all = node.gl_dimension.unwrap_or_default();
            let objects = [all.gl_object1, all.gl_object2, all.gl_object3, all.gl_object4, all.gl_object5];
            for (object, columns) in objects.into_iter().zip(DIMENSION_COLUMNS) {
                dimensions.extend(object.and_then(|object| dimension(client, object, columns)));
            }
        };
        fetch.names(&ids).await?.into_iter().for_each(take);
    }

    // That owners have a currency is a guess, so that it has a question of its own.
    let is_offered = client.plan().dialect().owner_currency && client.plan().asks(query::OWNER_CURRENCIES, "owner");
    let mut to_find = NamesToFind::new(lines, |line| [line.owner]);
    while is_offered
        && let Some(ids) = to_find.next(|_| true, |id| owners.get(&id).is_none_or(|owner| owner.currency.is_some()))
    {
        let take = |node: OwnerOfLineNode| {
            let Some(owner) = node.owner else { return };
            let Some(known) = reference(owner.db_id).and_then(|id| owners.get_mut(&id)) else { return };
            known.currency =
                client.fit("spend.amount_currency_code", owner.currency.and_then(|currency| currency.code));
        };
        by_id(context, query::OWNER_CURRENCIES, &ids, Some(expires_at)).await?.into_iter().for_each(take);
    }
    Ok(())
}

/// How often a name is sought: any object of any line may be null, though others of the same id are not.
const TRIES: usize = 6;

/// What has a name that is read off lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Owner(i64),
    Dimension(i64),
    /// Of an owner, by its code.
    TaxRule(i64, PooledText),
}

/// The lines to ask for names: for each value that has none yet, the first line that carries it and was not asked.
struct NamesToFind<'a, T, V> {
    lines: &'a [Line],
    values: V,
    /// The values that have no name yet.
    nameless: FxHashSet<T>,
    asked: FxHashSet<i64>,
    tries: usize,
}

impl<'a, T: Copy + Eq + Hash, const N: usize, V: Fn(&Line) -> [T; N]> NamesToFind<'a, T, V> {
    fn new(lines: &'a [Line], values: V) -> Self {
        // There are few values for many lines: no room is made for one of each.
        let mut nameless = FxHashSet::default();
        lines.iter().flat_map(&values).for_each(|value| _ = nameless.insert(value));
        Self { lines, values, nameless, asked: FxHashSet::default(), tries: 0 }
    }

    /// The next lines to ask; `None` if every offered value has a name or was sought often enough. A value that is not offered now may be later: an
    /// answer can show that a right was given.
    fn next(&mut self, is_offered: impl Fn(T) -> bool, is_named: impl Fn(T) -> bool) -> Option<Vec<i64>> {
        self.nameless.retain(|value| !is_named(*value));
        self.tries += 1;
        let sought = self.nameless.iter().copied().filter(|value| self.tries <= TRIES && is_offered(*value));
        let mut left: FxHashSet<T> = sought.collect();
        let mut ids = Vec::new();
        for line in self.lines {
            if left.is_empty() {
                break;
            }
            let values = (self.values)(line);
            if values.iter().any(|value| left.contains(value)) && self.asked.insert(line.id) {
                values.iter().for_each(|value| _ = left.remove(value));
                ids.push(line.id);
            }
        }
        Some(ids).filter(|ids| !ids.is_empty())
    }
}

fn owner(client: &Client, node: OwnerNode) -> Option<(i64, Owner)> {
    let code = client.fit("spend.owner_code", node.code);
    let name = client.fit("spend.owner_name", node.description);
    let company = node.company.unwrap_or_default();
    let company_number = client.fit("spend.owner_company_number", company.company_number);
    Some((
        reference(node.db_id)?,
        Owner { code, name, currency: None, company: reference(company.db_id), company_number },
    ))
}

/// Kind, code and name of each dimension.
const DIMENSION_COLUMNS: [[&str; 3]; 5] = [
    ["spend.dimension_1_kind", "spend.dimension_1_code", "spend.dimension_1_name"],
    ["spend.dimension_2_kind", "spend.dimension_2_code", "spend.dimension_2_name"],
    ["spend.dimension_3_kind", "spend.dimension_3_code", "spend.dimension_3_name"],
    ["spend.dimension_4_kind", "spend.dimension_4_code", "spend.dimension_4_name"],
    ["spend.dimension_5_kind", "spend.dimension_5_code", "spend.dimension_5_name"],
];

fn dimension(client: &Client, object: ObjectNode, columns: [&'static str; 3]) -> Option<(i64, DimensionValue)> {
    let kind = client.fit(columns[0], object.object_kind.and_then(|kind| kind.name));
    let (code, name) = (client.fit(columns[1], object.code), client.fit(columns[2], object.description));
    Some((reference(object.db_id)?, DimensionValue { kind, code, name }))
}

fn supplier(client: &Client, node: SupplierNode) -> Option<Supplier> {
    let fit = |column, value: Option<Lenient<Box<str>>>| client.fit(column, value);
    let address = node.address.unwrap_or_default();
    let country = address.country.unwrap_or_default();
    Some(Supplier {
        id: reference(node.db_id)?,
        owner: reference(node.owner_db_id).unwrap_or(0),
        company: reference(node.company_db_id),
        code: fit("supplier.supplier_code", node.code),
        name: fit("supplier.supplier_name", node.description),
        company_number: fit("supplier.company_number", node.company.and_then(|company| company.company_number)),
        group: fit("supplier.group_name", node.subledger_group.and_then(|group| group.description)),
        email: fit("supplier.email", node.email),
        phone: fit("supplier.phone", node.phone),
        street_address: fit("supplier.street_address", address.street_address),
        postal_code: fit("supplier.postal_code", address.zip_code),
        city: fit("supplier.city", address.place),
        country_code: fit("supplier.country_code", country.code),
        country_name: fit("supplier.country_name", country.description),
        contact: fit("supplier.contact_name", node.contact.and_then(|contact| contact.name)),
        valid_from: client.fit("supplier.valid_from", node.from_date).map(|date| date.0),
        valid_to: client.fit("supplier.valid_to", node.to_date).map(|date| date.0),
        modified_at: client.fit("supplier.modified_at", node.modified_at).map(|at| at.0),
        contract: fit("supplier.contract", node.contract),
        payment_terms: fit("supplier.payment_terms", node.pay_terms.and_then(|terms| terms.name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refresh::join::tests::line;

    #[test]
    fn what_is_asked_for_later_is_sought_then() {
        let lines: Vec<Line> = (1..4).map(|id| Line { id, owner: 7, ..line(1, None) }).collect();
        // An owner, and a value that each line has by itself.
        let mut to_find = NamesToFind::new(&lines, |line| [(true, line.owner), (false, line.id)]);
        assert_eq!(to_find.next(|(is_owner, _)| is_owner, |_| false), Some(vec![1]));
        assert_eq!(to_find.next(|_| true, |(is_owner, id)| is_owner || id == 1), Some(vec![2, 3]));
        assert_eq!(to_find.next(|_| true, |_| true), None);
    }
}
