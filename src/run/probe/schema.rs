//! Facts about names and types, from introspection alone.

use serde::Deserialize;
use serde_json::json;

use super::Basis::{Follows, Guessed, Verified};
use super::{Basis, Fact, Timing, timing};
use crate::model::failure::Failure;
use crate::xledger::schema::{Roots, Types};
use crate::xledger::{Client, Error, query};

/// What is believed of a name.
#[derive(Clone, Copy)]
enum Belief {
    /// It is there.
    There,
    /// It is there, and of this type.
    Of(&'static str),
    /// It is not there.
    Absent,
}

use Belief::{Absent, Of, There};

/// A type, a name in it, and what is believed of that.
const BELIEFS: &[(Basis, &str, &str, Belief)] = &[
    (Verified, "Query", "accounts", There),
    (Verified, "Query", "transactions", There),
    (Verified, "Query", "apTransactions", There),
    (Verified, "Query", "suppliers", There),
    (Verified, "Query", "journalHeaders", There),
    (Verified, "Query", "transaction_deltas", There),
    (Verified, "Query", "apTransaction_deltas", There),
    (Verified, "Query", "supplier_deltas", There),
    (Guessed, "Query", "recentTransactions", There),
    (Guessed, "Query", "transactionHeaders", There),
    (Verified, "OwnerSet", "MINE", There),
    (Verified, "OwnerSet", "LOWER", There),
    (Verified, "OwnerSet", "CURRENT", There),
    (Verified, "ObjectStatus", "ALL", There),
    (Verified, "Transaction_Filter", "dbId_in", Of("Int64String")),
    (Verified, "Transaction_Filter", "dbId_gt", Of("Int64String")),
    (Verified, "Transaction_Filter", "OR", There),
    (Follows, "Transaction_Filter", "accountDbId_in", There),
    (Follows, "Transaction_Filter", "periodId_in", There),
    (Verified, "Transaction_Filter", "modifiedAt_gte", Absent),
    (Verified, "APTransaction_Filter", "dbId_in", Of("Int")),
    (Verified, "APTransaction_Filter", "headerTransactionSourceDbId_in", There),
    (Follows, "APTransaction_Filter", "headerModifiedAt_gte", There),
    (Verified, "TransactionHeader_Filter", "modifiedAt_gte", There),
    (Verified, "Supplier_Filter", "modifiedAt_gte", There),
    (Verified, "Transaction", "dbId", Of("Int64String")),
    (Verified, "Transaction", "ownerDbId", There),
    (Verified, "Transaction", "accountDbId", There),
    (Verified, "Transaction", "matchId", There),
    (Verified, "Transaction", "header", There),
    (Verified, "Transaction", "period", There),
    (Verified, "Transaction", "amount", There),
    (Verified, "Transaction", "invoiceAmount", There),
    (Verified, "Transaction", "taxAmount", There),
    (Verified, "Transaction", "companyDbId", There),
    (Verified, "Transaction", "glDimension", There),
    (Verified, "Transaction", "taxRule", There),
    (Verified, "Transaction", "modifiedAt", Absent),
    (Verified, "TransactionHeader", "modifiedAt", There),
    (Verified, "TransactionHeader", "transactionSource", There),
    (Verified, "TransactionHeader", "transactionNumber", There),
    (Verified, "APTransaction", "dbId", Of("Int")),
    (Verified, "APTransaction", "headerTransactionSourceDbId", There),
    (Verified, "APTransaction", "headerModifiedAt", There),
    (Verified, "APTransaction", "subledgerDbId", There),
    (Verified, "APTransaction", "matchId", There),
    (Verified, "Supplier", "dbId", Of("Int")),
    (Verified, "Supplier", "companyDbId", There),
    (Verified, "Supplier", "modifiedAt", There),
    (Follows, "Supplier", "taxNo", There),
    (Verified, "Account", "costWagesSalaries", There),
    (Guessed, "Owner", "currency", There),
    (Guessed, "PageInfo", "endCursor", Absent),
    (Guessed, "TransactionConnection", "totalCount", Absent),
];

#[derive(Deserialize)]
struct SchemaAnswer {
    roots: Option<Roots>,
    #[serde(flatten)]
    types: Types,
}

/// What the schema says of each belief.
///
/// # Errors
/// What keeps any question from being answered.
pub(super) async fn facts(client: &Client, timings: &mut Vec<Timing>) -> Result<Vec<Fact>, Failure> {
    let begun = tokio::time::Instant::now();
    let answer: Result<SchemaAnswer, Error> = client.ask_value(query::PROBE_SCHEMA, &json!({})).await;
    let fact = "introspection answers with a token";
    let SchemaAnswer { roots, mut types } = match answer {
        Ok(answer) => answer,
        Err(error @ (Error::SchemaMismatch { .. } | Error::Api { .. } | Error::RightMissing { .. })) => {
            return Ok(vec![Fact::different(Verified, fact, error.to_string())]);
        }
        Err(error) => return Err(error.into()),
    };
    timings.push(timing("names and types", 0, begun.elapsed()));
    types.insert("Query".to_owned(), roots.and_then(|roots| roots.query_type));
    let mut facts = vec![Fact::holds(Verified, fact)];
    facts.extend(BELIEFS.iter().map(|belief| judge(&types, belief)));
    facts.extend(demands(&types));
    Ok(facts)
}

fn judge(types: &Types, (basis, of, name, belief): &(Basis, &str, &str, Belief)) -> Fact {
    let absent = matches!(belief, Absent);
    let fact = match belief {
        There => format!("{of} has {name}"),
        Of(leaf) => format!("{of} has {name}, of type {leaf}"),
        Absent => format!("{of} has no {name}"),
    };
    let Some(definition) = types.get(*of).and_then(Option::as_ref).filter(|known| known.fields.is_some()) else {
        let detail = format!("there is no type {of}");
        return Fact::not_tried(*basis, fact, detail);
    };
    match (definition.field(name), belief) {
        (None, _) if absent => Fact::holds(*basis, fact),
        (None, _) => Fact::missing(*basis, fact),
        (Some(_), Absent) => Fact::different(*basis, fact, "it is there"),
        (Some(field), Of(leaf)) if field.leaf() != Some(leaf) => {
            Fact::different(*basis, fact, format!("of type {}", field.leaf().unwrap_or("unknown")))
        }
        _ => Fact::holds(*basis, fact),
    }
}

/// Whether a root that is asked demands an argument that is not known.
fn demands(types: &Types) -> Option<Fact> {
    let roots = types.get("Query")?.as_ref()?;
    let asked = ["accounts", "transactions", "apTransactions", "suppliers"].into_iter();
    let demanded = asked.filter_map(|root| Some((root, roots.field(root)?))).flat_map(|(root, field)| {
        field
            .args
            .iter()
            .filter(|argument| argument.is_required())
            .map(move |argument| format!("{root}: {}", argument.name))
    });
    let demanded: Vec<String> = demanded.collect();
    let fact = "no root demands an argument";
    Some(if demanded.is_empty() {
        Fact::holds(Verified, fact)
    } else {
        Fact::different(Verified, fact, demanded.join(", "))
    })
}
