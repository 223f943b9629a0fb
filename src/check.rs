//! Says what the token can read, what the schema offers, and how each document type is treated: before a first refresh, or after a change.
//! Lists the ledger as a refresh does, for only the whole list shows every document type; fetches and writes nothing.

mod table;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::failure::{Failure, FailureKind};
use crate::fetch::by_id;
use crate::pipeline::{base, list_and_screen};
use crate::progress::{Progress, Stage};
use crate::screen::{Counts, PayableCounts, TypeCount};
use crate::settings::Settings;
use crate::viewer;
use crate::xledger::node::ProbeNode;
use crate::xledger::query::{self, Query};
use crate::xledger::{Client, Dialect, IdType, Lost, Usage, one_page, rights};

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// `check`.
    pub action: &'static str,
    /// The address that answered.
    pub endpoint: String,
    /// The id of the owner that the token was made in.
    pub owner_id: Option<i64>,
    /// Whether a refresh has all that it needs.
    pub ready: bool,
    /// What keeps a refresh from working, beside missing rights.
    pub in_the_way: Vec<String>,
    /// The rights of the token.
    pub rights: Vec<Right>,
    /// What the schema offers.
    pub schema: Schema,
    /// What a refresh would do without, and the columns that would be null.
    pub lost: Vec<Lost>,
    /// What would become of the ledger lines; `None` if they cannot be listed.
    pub lines: Option<Counts>,
    /// What would become of the AP lines.
    pub payables: Option<PayableCounts>,
    /// The document types of the ledger, and how each is treated.
    pub document_types: Vec<TypeCount>,
    /// What the check used of the API.
    pub api: Usage,
    /// All of it once more, as lines for a person; last, where a terminal shows it.
    pub table: Vec<String>,
}

/// A right, by its name on Xledger's token page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Right {
    /// The heading that it stands under.
    pub area: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether the token has it.
    pub access: Access,
    /// Whether a refresh works without it.
    pub optional: bool,
    /// Xledger's words, if it was refused.
    pub message: Option<String>,
}

/// Whether something may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It was read.
    Readable,
    /// It was refused.
    Missing,
    /// There was no admitted line to ask about, and no other line may be asked.
    Untested,
    /// On the list of the reference integration, but nothing here asks for it.
    NotUsed,
}

/// What the schema offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Whether introspection answers.
    pub introspection: bool,
    /// The type of a ledger line's id in a filter.
    pub ledger_id_type: IdType,
    /// The type of an AP line's id in a filter.
    pub payable_id_type: IdType,
    /// Whether owners have a currency, which fills `amount_currency_code`.
    pub owner_currency: bool,
    /// Whether rows can be asked for by a list of ids; else by one condition for each.
    pub id_lists: bool,
    /// The roots that this product asks, and that the schema lacks.
    pub missing_roots: Vec<&'static str>,
}

/// What a probe of a right may ask about.
#[derive(Clone, Copy)]
enum Ask {
    /// Any row: only ids and registers.
    Anything(Query),
    /// Admitted ledger lines alone.
    AdmittedLines(Query),
    /// Admitted AP lines alone.
    AdmittedPayables(Query),
    /// Nothing.
    Nothing,
}

use Ask::{AdmittedLines, AdmittedPayables, Anything, Nothing};

/// The rights of the reference integration, and how each is tried.
const RIGHTS: &[(&str, Ask)] = &[
    ("APTransaction", Anything(query::RIGHT_APTRANSACTION)),
    ("Address", Anything(query::RIGHT_ADDRESS)),
    ("Company", Anything(query::RIGHT_COMPANY)),
    ("Contact", Anything(query::RIGHT_CONTACT)),
    ("Country", Anything(query::RIGHT_COUNTRY)),
    ("Currency", AdmittedLines(query::RIGHT_CURRENCY)),
    ("GLDimension", AdmittedLines(query::RIGHT_GLDIMENSION)),
    ("Object", AdmittedLines(query::RIGHT_OBJECT)),
    ("ObjectValue", AdmittedLines(query::RIGHT_OBJECT_VALUE)),
    ("Owner", AdmittedLines(query::RIGHT_OWNER)),
    ("Subledger", AdmittedPayables(query::RIGHT_SUBLEDGER)),
    ("Supplier", Anything(query::RIGHT_SUPPLIER)),
    ("SystemValue", Nothing),
    ("Account", Anything(query::RIGHT_ACCOUNT)),
    ("RecentTransaction", Nothing),
    ("Transaction", Anything(query::RIGHT_TRANSACTION)),
    ("TransactionHeader", Anything(query::RIGHT_TRANSACTION_HEADER)),
];

/// The rights that no refresh can do without.
const NECESSARY: &[&str] = &["APTransaction", "Supplier", "Account", "Transaction", "TransactionHeader"];

/// The roots that a refresh asks.
const ROOTS: &[&str] = &["accounts", "apTransactions", "suppliers", "transactions"];

/// Rows that a probe asks for.
const PROBE_ROWS: usize = 20;

/// Checks the token.
///
/// # Errors
/// No Xledger, a refused token, or an answer that breaks the schema. A missing right is no error but part of the answer.
pub async fn check(client: &Client, settings: &Settings, progress: &Progress) -> Result<Checked, Failure> {
    let base = base(settings.owner_set.as_str());
    progress.begin(Stage::Schema, 0);
    let owner_id = viewer::owner_id(client).await?;
    let dialect = Dialect::read(client).await?;
    client.plan().adopt(dialect.clone());

    let mut in_the_way = Vec::new();
    let mut screened = None;
    match dialect.fits(settings.owner_set.as_str()) {
        Err(error) => in_the_way.push(error.to_string()),
        Ok(()) => match may(list_and_screen(client, &base, settings.page_rows, &settings.rules, progress).await)? {
            Ok(found) => screened = Some(found),
            Err(message) => in_the_way.push(message),
        },
    }

    let (mut lines, mut payables) = (Vec::new(), Vec::new());
    if let Some(screened) = &screened {
        lines.extend(screened.lines.iter().take(PROBE_ROWS).map(|line| line.id().get()));
        payables.extend(screened.payables.iter().take(PROBE_ROWS).map(|line| line.id().get()));
    }
    progress.begin(Stage::Refer, RIGHTS.len() as u64);
    let mut rights = Vec::new();
    for &(name, ask) in RIGHTS {
        let (query, ids) = match ask {
            Nothing => (None, None),
            Anything(query) => (Some(query), None),
            AdmittedLines(query) => (Some(query).filter(|_| !lines.is_empty()), Some(&lines)),
            AdmittedPayables(query) => (Some(query).filter(|_| !payables.is_empty()), Some(&payables)),
        };
        let (access, message) = match query {
            None if matches!(ask, Nothing) => (Access::NotUsed, None),
            None => (Access::Untested, None),
            Some(query) => match may(probe(client, query, &base, ids).await)? {
                Ok(()) => (Access::Readable, None),
                Err(message) => (Access::Missing, Some(message)),
            },
        };
        let optional = !NECESSARY.contains(&name);
        if optional && access == Access::Missing {
            client.plan().lose_right(name);
        }
        rights.push(Right { area: rights::area(name), name, access, optional, message });
        progress.rows(1);
    }
    progress.end();
    let (counts, payable_counts, document_types) = match screened {
        Some(screened) => (Some(screened.counts), Some(screened.payable_counts), screened.document_types),
        None => (None, None, Vec::new()),
    };
    let has_rights = rights.iter().all(|right| right.optional || right.access != Access::Missing);
    let mut checked = Checked {
        action: "check",
        endpoint: settings.endpoint.to_string(),
        owner_id,
        ready: has_rights && in_the_way.is_empty(),
        in_the_way,
        rights,
        schema: schema(&dialect),
        lost: client.plan().lost(),
        lines: counts,
        payables: payable_counts,
        document_types,
        api: client.usage(),
        table: Vec::new(),
    };
    checked.table = table::table(&checked);
    Ok(checked)
}

/// Asks, and forgets the answer.
async fn probe(
    client: &Client,
    query: Query,
    base: &Map<String, Value>,
    ids: Option<&Vec<i64>>,
) -> Result<(), Failure> {
    match ids {
        None => Ok(one_page::<IgnoredAny>(client, query, base, PROBE_ROWS).await.map(drop)?),
        Some(ids) => by_id::<ProbeNode>(client, query, base, ids).await.map(drop),
    }
}

/// Sets apart what is refused, in words, from what ends a check.
fn may<T>(outcome: Result<T, impl Into<Failure>>) -> Result<Result<T, String>, Failure> {
    match outcome.map_err(Into::into) {
        Ok(value) => Ok(Ok(value)),
        Err(Failure {
            kind: FailureKind::RightMissing | FailureKind::SchemaMismatch | FailureKind::XledgerError,
            message,
            ..
        }) => Ok(Err(message)),
        Err(failure) => Err(failure),
    }
}

fn schema(dialect: &Dialect) -> Schema {
    let lacks = |root: &&str| dialect.introspection && !dialect.roots.iter().any(|known| known == root);
    Schema {
        introspection: dialect.introspection,
        ledger_id_type: dialect.ledger.ids,
        payable_id_type: dialect.payables.ids,
        owner_currency: dialect.owner_currency,
        id_lists: dialect.ledger.list && dialect.payables.list,
        missing_roots: ROOTS.iter().copied().filter(lacks).collect(),
    }
}
