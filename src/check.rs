//! Says what the token can read, what the schema offers, and how each document type is treated: before a first refresh, or after a change.
//! Lists the ledger as a refresh does, for only the whole list shows every document type; fetches and writes nothing.

mod table;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::failure::{Failure, FailureKind};
use crate::fetch::by_id;
use crate::pipeline::{base, list_and_screen};
use crate::progress::{Progress, Stage};
use crate::screen::{Counts, PayableCounts, TypeCount};
use crate::settings::Settings;
use crate::xledger::node::ProbeNode;
use crate::xledger::query::{self, Query};
use crate::xledger::{Client, Dialect, IdType, Usage, one_page};

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// `check`.
    pub action: &'static str,
    /// The address that answered.
    pub endpoint: String,
    /// The id of the owner that the token was made in.
    pub owner_id: Option<i64>,
    /// Whether a refresh has every right that it needs.
    pub ready: bool,
    /// The rights of the token.
    pub rights: Vec<Right>,
    /// What the schema offers.
    pub schema: Schema,
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

/// The rights of the reference integration, under the headings of Xledger's token page.
const RIGHTS: &[(&str, &str, Ask)] = &[
    ("Accounts Payable", "APTransaction", Anything(query::RIGHT_APTRANSACTION)),
    ("Common", "Address", Anything(query::RIGHT_ADDRESS)),
    ("Common", "Company", Anything(query::RIGHT_COMPANY)),
    ("Common", "Contact", Anything(query::RIGHT_CONTACT)),
    ("Common", "Country", Anything(query::RIGHT_COUNTRY)),
    ("Common", "Currency", AdmittedLines(query::RIGHT_CURRENCY)),
    ("Common", "GLDimension", AdmittedLines(query::RIGHT_GLDIMENSION)),
    ("Common", "Object", AdmittedLines(query::RIGHT_OBJECT)),
    ("Common", "ObjectValue", AdmittedLines(query::RIGHT_OBJECT_VALUE)),
    ("Common", "Owner", AdmittedLines(query::RIGHT_OWNER)),
    ("Common", "Subledger", AdmittedPayables(query::RIGHT_SUBLEDGER)),
    ("Common", "Supplier", Anything(query::RIGHT_SUPPLIER)),
    ("Common", "SystemValue", Nothing),
    ("General Ledger", "Account", Anything(query::RIGHT_ACCOUNT)),
    ("General Ledger", "RecentTransaction", Nothing),
    ("General Ledger", "Transaction", Anything(query::RIGHT_TRANSACTION)),
    ("General Ledger", "TransactionHeader", Anything(query::RIGHT_TRANSACTION_HEADER)),
];

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
    let owner_id = may(client.value::<Viewer>(query::VIEWER, &json!({})).await)?.ok().and_then(Viewer::owner_id);
    let dialect = Dialect::read(client).await?;

    let screened = list_and_screen(client, &base, settings.page_rows, &settings.rules, progress).await;
    let screened = may(screened)?.ok();

    let (mut lines, mut payables) = (Vec::new(), Vec::new());
    if let Some(screened) = &screened {
        lines.extend(screened.lines.iter().take(PROBE_ROWS).map(|line| line.id()));
        payables.extend(screened.payables.iter().take(PROBE_ROWS).map(|line| line.id()));
    }
    progress.begin(Stage::Refer, RIGHTS.len() as u64);
    let mut rights = Vec::new();
    for &(area, name, ask) in RIGHTS {
        let (query, ids) = match ask {
            Nothing => (None, None),
            Anything(query) => (Some(query), None),
            AdmittedLines(query) => (Some(query).filter(|_| !lines.is_empty()), Some((dialect.ledger_ids, &lines))),
            AdmittedPayables(query) => {
                (Some(query).filter(|_| !payables.is_empty()), Some((dialect.payable_ids, &payables)))
            }
        };
        let (access, message) = match query {
            None if matches!(ask, Nothing) => (Access::NotUsed, None),
            None => (Access::Untested, None),
            Some(query) => match may(probe(client, query, &base, ids).await)? {
                Ok(()) => (Access::Readable, None),
                Err(message) => (Access::Missing, Some(message)),
            },
        };
        rights.push(Right { area, name, access, message });
        progress.rows(1);
    }
    progress.end();
    let (counts, payable_counts, document_types) = match screened {
        Some(screened) => (Some(screened.counts), Some(screened.payable_counts), screened.document_types),
        None => (None, None, Vec::new()),
    };
    let mut checked = Checked {
        action: "check",
        endpoint: settings.endpoint.to_string(),
        owner_id,
        ready: rights.iter().all(|right| right.access != Access::Missing),
        rights,
        schema: schema(&dialect),
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
    ids: Option<(IdType, &Vec<i64>)>,
) -> Result<(), Failure> {
    match ids {
        None => Ok(one_page::<IgnoredAny>(client, query, base.clone(), PROBE_ROWS).await.map(drop)?),
        Some((id_type, ids)) => by_id::<ProbeNode>(client, query, id_type, base, ids).await.map(drop),
    }
}

/// Sets apart what is refused, in words, from what ends a check.
fn may<T>(outcome: Result<T, impl Into<Failure>>) -> Result<Result<T, String>, Failure> {
    match outcome.map_err(Into::into) {
        Ok(value) => Ok(Ok(value)),
        Err(Failure {
            kind: FailureKind::RightMissing | FailureKind::SchemaMismatch | FailureKind::XledgerError,
            message,
        }) => Ok(Err(message)),
        Err(failure) => Err(failure),
    }
}

fn schema(dialect: &Dialect) -> Schema {
    let introspection = !dialect.roots.is_empty();
    let lacks = |root: &&str| introspection && !dialect.roots.iter().any(|known| known == root);
    Schema {
        introspection,
        ledger_id_type: dialect.ledger_ids,
        payable_id_type: dialect.payable_ids,
        owner_currency: dialect.owner_currency,
        missing_roots: ROOTS.iter().copied().filter(lacks).collect(),
    }
}

#[derive(Deserialize)]
struct Viewer {
    viewer: Option<ViewerEntity>,
}

#[derive(Deserialize)]
struct ViewerEntity {
    entity: Option<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    owner_db_id: Option<crate::xledger::scalar::Whole>,
}

impl Viewer {
    fn owner_id(self) -> Option<i64> {
        Some(self.viewer?.entity?.owner_db_id?.0)
    }
}
