//! Says what the token can read, what the schema offers, and how each document type is treated: before a first refresh, or after a change.
//! Lists the ledger as a refresh does, for only the whole list shows every document type, and a payroll type that nobody thought of must be seen by a
//! person before the first refresh; fetches and writes nothing.

mod estimate;
mod table;
mod token_rights;

use serde::Serialize;

use crate::display::figures;
use crate::model::failure::{Failure, FailureKind};
use crate::refresh::guards;
use crate::refresh::index::ListContext;
use crate::refresh::rules::{Codes, Rules, account_number};
use crate::refresh::screen::Screened;
use crate::refresh::token_owner;
use crate::refresh::{base_variables, list_and_screen};
use crate::report::counts::{Counts, PayableCounts, TypeCount};
use crate::report::progress::{Progress, Stage};
use crate::settings::Settings;
use crate::xledger::query;
use crate::xledger::{Client, Dialect, IdType, LostField, Usage};
use estimate::{Estimate, Listed};
pub use token_rights::{Right, RightAccess};

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
    /// What an operator should know and what stops no refresh.
    pub to_know: Vec<String>,
    /// The rights of the token.
    pub rights: Vec<Right>,
    /// What the schema offers.
    pub schema: Schema,
    /// What a refresh would do without, and the columns that would be null.
    pub lost: Vec<LostField>,
    /// What would become of the ledger lines; `None` if they cannot be listed.
    pub lines: Option<Counts>,
    /// What would become of the AP lines.
    pub payables: Option<PayableCounts>,
    /// Accounts that refused lines name and no chart shows, by their ids.
    pub unknown_accounts: Vec<i64>,
    /// Codes of accounts that look like wages and lie outside of the payroll accounts.
    pub accounts_to_confirm: Vec<String>,
    /// The document types of the ledger, and how each is treated.
    pub document_types: Vec<TypeCount>,
    /// What refreshes would take; `None` if the lines cannot be listed.
    pub estimate: Option<Estimate>,
    /// What the check used of the API.
    pub api: Usage,
    /// All of it once more, as lines for a person; last, where a terminal shows it.
    pub table: Vec<String>,
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

/// The roots that a refresh asks.
const ROOTS: &[&str] = &["accounts", "apTransactions", "suppliers", "transactions"];

/// Rows of which every field is asked for once.
const FEW_ROWS: usize = 200;

/// Checks the token.
///
/// # Errors
/// No Xledger, a refused token, or an answer that breaks the schema. A missing right is no error but part of the answer.
pub async fn check(client: &Client, settings: &Settings, progress: &Progress) -> Result<Checked, Failure> {
    let base = base_variables(settings.owner_set);
    let context = ListContext { client, base: &base, page_rows: settings.page_rows };
    progress.begin(Stage::Schema, 0);
    let owner_id = token_owner::owner_id(client).await?;
    let dialect = Dialect::read(client).await?;
    client.plan().adopt(dialect.clone());
    settings.rules.personal.leave_out(client);

    let mut in_the_way = Vec::new();
    let mut screened = None;
    match dialect.check_fit(settings.owner_set) {
        Err(error) => in_the_way.push(error.to_string()),
        Ok(()) => match unless_refused(list_and_screen(context, &settings.rules, progress).await)? {
            Ok(found) => screened = Some(found),
            Err(failure) => {
                in_the_way.push(failure.message);
                client.go_on();
            }
        },
    }

    let listing = client.meter().usage();
    progress.begin(Stage::ReferenceData, 0);
    let (lines, payables) = screened.as_ref().map(few_lines).unwrap_or_default();
    let (rights, refused) = token_rights::read(context, &lines, &payables).await?;
    // What keeps the lists from being made is refused here, too.
    if in_the_way.is_empty() {
        in_the_way = refused;
    }
    progress.end();
    let mut to_know = Vec::new();
    if let Some(screened) = &screened {
        let judged = guards::ensure_payroll_is_known(&settings.rules, screened.screen.chart())
            .and_then(|()| guards::ensure_enough_kept(screened, settings.max_refused_percent));
        in_the_way.extend(judged.err().map(|failure| failure.message));
        to_know = notes(screened, &settings.rules, &client.plan().lost_fields());
    }
    let estimate = screened.as_ref().map(|screened| estimate(screened, &listing, settings));
    let (counts, payable_counts, unknown_accounts, accounts_to_confirm, document_types) = match screened {
        Some(found) => (
            Some(found.counts),
            Some(found.payable_counts),
            found.unknown_accounts,
            found.accounts_to_confirm,
            found.document_types,
        ),
        None => Default::default(),
    };
    let has_rights = rights.iter().all(|right| right.optional || right.access != RightAccess::Missing);
    let mut checked = Checked {
        action: "check",
        endpoint: settings.endpoint.to_string(),
        owner_id,
        ready: has_rights && in_the_way.is_empty(),
        in_the_way,
        to_know,
        rights,
        schema: schema(&dialect),
        lost: client.plan().lost_fields(),
        lines: counts,
        payables: payable_counts,
        unknown_accounts,
        accounts_to_confirm,
        document_types,
        estimate,
        api: client.meter().usage(),
        table: Vec::new(),
    };
    checked.table = table::table(&checked);
    Ok(checked)
}

/// The ids of a few admitted lines of both ledgers, to try rights on.
fn few_lines(screened: &Screened) -> (Vec<i64>, Vec<i64>) {
    // Of expense reports not every field may be asked for.
    let lines = screened.lines.iter().filter(|line| !screened.screen.is_of_expense_report(line));
    let lines = lines.take(FEW_ROWS).map(|line| line.entry().id);
    let payables = screened.payables.iter().take(FEW_ROWS).map(|line| line.entry().id);
    (lines.collect(), payables.collect())
}

/// What refreshes would take, by what the lists have taken.
fn estimate(screened: &Screened, listing: &Usage, settings: &Settings) -> Estimate {
    let listed = Listed {
        requests: listing.requests,
        bytes_down: listing.bytes_down,
        lines: screened.counts.listed,
        kept: screened.counts.kept,
        payables_kept: screened.payable_counts.kept,
    };
    Estimate::of(&listed, settings.page_rows, settings.full_every)
}

/// What keeps no refresh from working, and is to be known all the same.
fn notes(screened: &Screened, rules: &Rules, lost: &[LostField]) -> Vec<String> {
    let mut notes = Vec::new();
    let unknown = &screened.unknown_accounts;
    if !unknown.is_empty() {
        let ids: Vec<String> = unknown.iter().take(20).map(i64::to_string).collect();
        notes.push(format!(
            "accounts in no chart that the token sees: {}, which refuses {}: accountDbId {}",
            figures::counted(unknown.len() as u64, "account"),
            figures::counted(screened.counts.refused_because.unknown_account, "line"),
            ids.join(", ")
        ));
    }
    let kept_types =
        screened.document_types.iter().filter(|kind| kind.kept > 0).filter_map(|kind| kind.code.as_deref());
    let kept_types: Codes = kept_types.collect();
    let empty: Vec<&str> = rules.document_types.without(&kept_types).collect();
    if !empty.is_empty() {
        notes.push(format!(
            "no line is kept of the document types {}; is SPEND_DOCUMENT_TYPES right?",
            empty.join(", ")
        ));
    }
    let odd = &screened.accounts_to_confirm;
    if !odd.is_empty() {
        notes.push(format!(
            "{}: {}. If they are payroll, add them before the first refresh: SPEND_PAYROLL_ACCOUNTS={}",
            match odd.len() {
                1 => "1 account looks like wages and is no payroll account".to_owned(),
                many => format!("{many} accounts look like wages and are no payroll accounts"),
            },
            odd.iter().take(50).cloned().collect::<Vec<_>>().join(", "),
            rules.payroll_accounts.setting_with(odd.iter().filter_map(|code| account_number(code)))
        ));
    }
    if rules.payroll_accounts.by_chart && lost.iter().any(|lost| lost.field == "accounts.chartOfAccount") {
        let more = match rules.payroll_accounts.ranges.to_string() {
            none if none.is_empty() => none,
            ranges => format!(", {ranges}"),
        };
        notes.push(format!(
            "the charts of accounts cannot be read, so that payroll accounts are taken to be 5000-5499, 5600-5899{more} and those with the flag \
             costWagesSalaries; set SPEND_PAYROLL_ACCOUNTS if that is not right"
        ));
    }
    notes
}

/// Sets apart what is refused from what ends a check.
fn unless_refused<T>(outcome: Result<T, impl Into<Failure>>) -> Result<Result<T, Failure>, Failure> {
    match outcome.map_err(Into::into) {
        Ok(value) => Ok(Ok(value)),
        Err(failure)
            if matches!(
                failure.kind,
                FailureKind::RightMissing | FailureKind::SchemaMismatch | FailureKind::XledgerError
            ) =>
        {
            Ok(Err(failure))
        }
        Err(failure) => Err(failure),
    }
}

fn schema(dialect: &Dialect) -> Schema {
    let ids = |query| dialect.filter(query).map_or(IdType::Int, |filter| filter.ids);
    let list = |query| dialect.filter(query).is_some_and(|filter| filter.list);
    let lacks = |root: &&str| dialect.introspection && !dialect.roots.iter().any(|known| known == root);
    Schema {
        introspection: dialect.introspection,
        ledger_id_type: ids(query::LEDGER_INDEX),
        payable_id_type: ids(query::PAYABLE_INDEX),
        owner_currency: dialect.owner_currency,
        id_lists: list(query::LEDGER_INDEX) && list(query::PAYABLE_INDEX),
        missing_roots: ROOTS.iter().copied().filter(lacks).collect(),
    }
}
