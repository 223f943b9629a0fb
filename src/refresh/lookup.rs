//! Lookups: rows of a register by id in wider owner sets than the one that lists it: the vendor's standard charts, and registers that an upper
//! entity keeps, may belong to an owner that the usual set does not show.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};

use crate::refresh::index::{BY_ID_ROWS, ListContext, REGISTER_PAGE_ROWS};
use crate::xledger::node::Identified;
use crate::xledger::query::Query;
use crate::xledger::{Error, Position, Question};

/// Where accounts are looked for: what each set shows is documented nowhere. `None` sends no owner set at all.
pub(crate) const ACCOUNT_SETS: [Option<&str>; 4] = [Some("ALL"), Some("UPPER"), Some("LOWER"), None];
/// Where suppliers are looked for.
pub(crate) const SUPPLIER_SETS: [Option<&str>; 1] = [Some("ALL")];

/// The variables of a question with another owner set.
pub(crate) fn in_owner_set(base: &Map<String, Value>, owner_set: Option<&str>) -> Map<String, Value> {
    let mut variables = base.clone();
    match owner_set {
        Some(owner_set) => variables.insert("ownerSet".to_owned(), json!(owner_set)),
        None => variables.remove("ownerSet"),
    };
    variables
}

/// Looks for these ids in each owner set, until all are found. What is found is handed to `take`, each row once; what is not found stays in
/// `ids`.
///
/// # Errors
/// What the client cannot get over. An owner set that is refused is passed over, but not an error that nobody knows: rows may be behind it.
pub(crate) async fn look_up<N: Identified>(
    context: ListContext<'_>,
    query: Query,
    owner_sets: &[Option<&str>],
    ids: &mut FxHashSet<i64>,
    mut take: impl FnMut(N),
) -> Result<(), Error> {
    let ListContext { client, base, page_rows } = context;
    let mut unknown = None;
    for owner_set in owner_sets {
        if ids.is_empty() {
            return Ok(());
        }
        let variables = in_owner_set(base, *owner_set);
        let mut sought: Vec<i64> = ids.iter().copied().collect();
        sought.sort_unstable();
        let mut found = |nodes: Vec<N>| {
            nodes.into_iter().filter(|node| node.id().is_some_and(|id| ids.remove(&id))).for_each(&mut take);
            Ok(())
        };
        let mut looked = Ok(());
        let mut by_id = client.plan().filter(query).is_some();
        if by_id {
            for batch in sought.chunks(BY_ID_ROWS) {
                let walked = client.walk_ids(query, &variables, batch, None, &mut found).await;
                looked = walked.map(|null_rows| client.meter().count_null_rows(null_rows));
                if looked.is_err() {
                    break;
                }
            }
            by_id = !matches!(looked, Err(Error::SchemaMismatch { .. }));
        }
        if !by_id {
            let mut position = Position::default();
            let rows = page_rows.min(REGISTER_PAGE_ROWS);
            let question = Question::all(query, &variables, rows);
            looked = client.walk(question, &mut position, || false, found).await;
        }
        match looked {
            Ok(()) => {}
            Err(error @ Error::Api { .. }) => unknown = Some(error),
            Err(error) if error.is_refusal() => {
                tracing::info!(query = query.name, reason = %error, "an owner set is refused");
            }
            Err(error) => return Err(error),
        }
    }
    match unknown.filter(|_| !ids.is_empty()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
