//! What the token may read, by asking for a few rows of all that a refresh asks for.

use serde::Serialize;

use super::{FEW_ROWS, unless_refused};
use crate::model::failure::Failure;
use crate::refresh::fetch::by_id;
use crate::refresh::index::ListContext;
use crate::refresh::lookup::{ACCOUNT_SETS, in_owner_set};
use crate::xledger::node::IdNode;
use crate::xledger::query::{self, Query};
use crate::xledger::{Client, Error, LossReason, Question, rights};

/// A right, by its name on Xledger's token page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Right {
    /// The heading that it stands under.
    pub area: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether the token has it.
    pub access: RightAccess,
    /// Whether a refresh works without it.
    pub optional: bool,
    /// Xledger's words, if it was refused.
    pub message: Option<String>,
}

/// Whether something may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RightAccess {
    /// It was read.
    Readable,
    /// It was refused.
    Missing,
    /// It could not be asked for: there is no admitted line, and no other line may be asked, or another right is missing before it.
    Untested,
    /// On the list of the reference integration, but nothing here asks for it.
    NotUsed,
}

/// The rights that no refresh can do without.
const NECESSARY: &[&str] = &["APTransaction", "Supplier", "SystemValue", "Account", "Transaction", "TransactionHeader"];

/// The questions that a refresh asks for rows, in the order in which what they lack is looked for.
const OF_ROWS: [Query; 8] = [
    query::ACCOUNTS,
    query::LEDGER_INDEX,
    query::LEDGER_REFERENCES,
    query::PAYABLE_INDEX,
    query::LEDGER_LINES,
    query::PAYABLE_LINES,
    query::SUPPLIERS,
    query::NAMES,
];

/// Asks for a few rows. Accounts that refuse the owner set of lines are asked for in those that they are looked up in.
async fn ask_for_few(ListContext { client, base, .. }: ListContext<'_>, query: Query) -> Result<(), Error> {
    let other_sets = ACCOUNT_SETS.iter().filter(|_| query.name == query::ACCOUNTS.name);
    let mut outcome = client.first_page::<IdNode>(Question::all(query, base, FEW_ROWS)).await;
    for owner_set in other_sets {
        if !matches!(outcome, Err(Error::OwnerSetRefused { .. })) {
            break;
        }
        let variables = in_owner_set(base, *owner_set);
        outcome = client.first_page(Question::all(query, &variables, FEW_ROWS)).await;
    }
    outcome.map(drop)
}

/// Asks for every field that a refresh asks for, in few rows, and tells what the token may read, and which questions are refused for another reason
/// than a right. Beyond index fields, it asks for admitted lines only.
pub(super) async fn read(
    context: ListContext<'_>,
    lines: &[i64],
    payables: &[i64],
) -> Result<(Vec<Right>, Vec<String>), Failure> {
    let client = context.client;
    let (mut refused, mut in_the_way): (Vec<(String, String)>, Vec<String>) = Default::default();
    let (mut asked, mut untested): (Vec<&'static str>, Vec<&'static str>) = Default::default();
    for query in &OF_ROWS {
        let ids = match query.name {
            name if [query::LEDGER_LINES, query::NAMES, query::LEDGER_REFERENCES]
                .map(|of_lines| of_lines.name)
                .contains(&name) =>
            {
                Some(lines)
            }
            name if name == query::PAYABLE_LINES.name => Some(payables),
            _ => None,
        };
        let root = rights::right_for(query.root, "");
        let rights_of_parts = |client: &Client| -> Vec<&'static str> {
            client.plan().parts_left(*query).iter().flat_map(|part| part.rights(*query)).collect()
        };
        let outcome: Result<(), Failure> = match ids {
            Some([]) => {
                untested.extend(rights_of_parts(client));
                continue;
            }
            Some(ids) => by_id::<IdNode>(context, *query, ids, None).await.map(drop),
            None => ask_for_few(context, *query).await.map_err(Failure::from),
        };
        match unless_refused(outcome)? {
            Ok(()) => asked.extend(rights_of_parts(client).into_iter().chain([root])),
            Err(failure) => {
                let missing = rights::named(query.root, &failure.refused_fields);
                if missing.is_empty() {
                    in_the_way.push(failure.message.clone());
                }
                refused.extend(missing.into_iter().map(|right| (right.to_owned(), failure.message.clone())));
            }
        }
    }
    for lost in client.plan().lost_fields().into_iter().filter(|lost| lost.reason == LossReason::NotAllowed) {
        refused.push((lost.right, format!("{} is refused", lost.field)));
    }
    let all = rights::all().map(|(area, name)| {
        let message = refused.iter().find(|(right, _)| right == name).map(|(_, message)| message.clone());
        let access = match message {
            Some(_) => RightAccess::Missing,
            None if asked.contains(&name) => RightAccess::Readable,
            None if untested.contains(&name) => RightAccess::Untested,
            None if refused.is_empty() => RightAccess::NotUsed,
            None => RightAccess::Untested,
        };
        Right { area, name, access, optional: !NECESSARY.contains(&name), message }
    });
    Ok((all.collect(), in_the_way))
}
