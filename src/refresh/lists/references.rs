//! What listed ledger lines refer to: it is read off example lines once the list is whole.

use rustc_hash::FxHashSet;

use super::Lists;
use crate::model::failure::Failure;
use crate::refresh::fetch::by_id;
use crate::refresh::index::{Asking, Ledger, says_without_id};
use crate::xledger::Client;
use crate::xledger::node::{Identified, LedgerReferencesNode};
use crate::xledger::query;

/// How many lines are asked what an id of theirs means, at most: one after the other may be gone.
const EXAMPLES: usize = 3;

impl Lists {
    /// Looks up what the listed ledger lines refer to, and asks in the same request about lines that have no ids. Returns whether that is all: where
    /// such lines say below what their periods and document types are, the ledger is to be listed anew.
    pub(super) async fn look_up_references(&mut self, asking: Asking<'_>) -> Result<bool, Failure> {
        let Asking { client, base, page_rows } = asking;
        let Ledger { entries, references } = &mut self.ledger;
        let lacks_ids = entries.iter().filter(|entry| self.saved.by_ids && references.lacks_ids(entry));
        let without_ids: FxHashSet<i64> = lacks_ids.map(|entry| entry.id).collect();
        if !without_ids.is_empty() && (!client.plan().asks_ids() || without_ids.len() > page_rows) {
            self.give_up_ids(client);
            return Ok(false);
        }
        let mut tried = FxHashSet::default();
        for _ in 0..EXAMPLES {
            let examples = references.examples();
            let mut lines: Vec<i64> = examples.union(&without_ids).filter(|id| !tried.contains(*id)).copied().collect();
            if lines.is_empty() {
                break;
            }
            lines.sort_unstable();
            let said: Vec<LedgerReferencesNode> = by_id(client, query::LEDGER_REFERENCES, base, &lines, None).await?;
            let is_without_ids = |said: &&LedgerReferencesNode| said.id().is_some_and(|id| without_ids.contains(&id));
            if said.iter().filter(is_without_ids).any(says_without_id) {
                self.give_up_ids(client);
                return Ok(false);
            }
            said.into_iter().for_each(|line| references.learn(client, line));
            tried.extend(lines);
            references.choose_others(entries, &tried);
        }
        let left = references.examples().len();
        if left > 0 {
            tracing::warn!(left, "document types or periods of lines are not to be found; these are refused");
        }
        Ok(true)
    }

    /// Forgets the ledger, and lists it with what each line refers to from now on.
    fn give_up_ids(&mut self, client: &Client) {
        tracing::warn!(
            "ledger lines lack the ids of their periods or document types; they are listed again with what these are"
        );
        client.plan().give_up_ids();
        self.ledger = Ledger::default();
        (self.saved.ledger, self.saved.by_ids, self.saved.has_new_lines) = Default::default();
    }
}
