//! The owner of the token, by the cheapest question that only a good token answers.

use serde_json::json;

use crate::model::failure::{Failure, FailureKind};
use crate::xledger::node::ViewerNode;
use crate::xledger::{Client, Error, query};

/// The id of the owner that the token was made in; `None` if Xledger does not say, though asked again.
///
/// # Errors
/// What keeps any question from being answered: a refused token, an unreachable server.
pub(crate) async fn owner_id(client: &Client) -> Result<Option<i64>, Error> {
    match client.ask_value::<ViewerNode>(query::VIEWER, &json!({})).await {
        Ok(node) => Ok(node.viewer.and_then(|viewer| Some(viewer.entity?.owner_db_id?.0))),
        Err(Error::RightMissing { .. } | Error::SchemaMismatch { .. } | Error::Api { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses a token of another owner than the one that the tables in the lake come from: every table would be replaced by another company's.
///
/// # Errors
/// [`FailureKind::OwnerChanged`].
pub(crate) fn same_owner(now: Option<i64>, before: Option<i64>) -> Result<(), Failure> {
    match (now, before) {
        (Some(now), Some(before)) if now != before => {
            let message = format!(
                "the token was made in owner {now}, but the tables in the lake come from a token of owner {before}; nothing is published. Make the token in owner {before}, or set LAKE_URL to a lake of its own"
            );
            Err(Failure::new(FailureKind::OwnerChanged, message))
        }
        _ => Ok(()),
    }
}
