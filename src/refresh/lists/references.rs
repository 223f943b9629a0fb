//! What listed ledger lines refer to: it is read off example lines once the list is whole.

use rustc_hash::FxHashSet;

use super::Lists;
use crate::model::failure::Failure;
use crate::refresh::fetch::by_id;
use crate::refresh::index::{Ledger, ListContext, says_without_id};
use crate::xledger::Client;
use crate::xledger::node::{Identified, LedgerReferencesNode};
use crate::xledger::query;

/// How many lines are asked what an id means: first one, and more if the answers tell nothing. Lines may be gone, or have another id by now.
const EXAMPLES: [usize; 3] = [1, 10, 100];
/// And of all ids together, once each has had its first: a group of many owners has thousands of periods.
const MAX_EXAMPLES: usize = 1_000;

impl Lists {
    /// Looks up what the listed ledger lines refer to, and asks in the same request about lines that have no ids. Returns false if the ledger must
    /// be listed anew, because such lines may state their periods and document types in nested fields.
    pub(super) async fn look_up_references(&mut self, context: ListContext<'_>) -> Result<bool, Failure> {
        let ListContext { client, page_rows, .. } = context;
        let Ledger { entries, references } = &mut self.ledger;
        let lacks_ids = entries.iter().filter(|entry| self.saved.lists_reference_ids && references.lacks_ids(entry));
        let without_ids: FxHashSet<i64> = lacks_ids.map(|entry| entry.id).collect();
        if !without_ids.is_empty() && (!client.plan().asks_ids() || without_ids.len() > page_rows) {
            self.give_up_ids(client);
            return Ok(false);
        }
        let mut tried = FxHashSet::default();
        for of_each in EXAMPLES {
            let most = if of_each == 1 { usize::MAX } else { MAX_EXAMPLES };
            let examples = references.examples(entries, of_each, &tried).into_iter().take(most);
            let mut lines: Vec<i64> = examples.chain(without_ids.iter().copied()).collect();
            lines.retain(|line| !tried.contains(line));
            if lines.is_empty() {
                break;
            }
            lines.sort_unstable();
            lines.dedup();
            let said: Vec<LedgerReferencesNode> = by_id(context, query::LEDGER_REFERENCES, &lines, None).await?;
            let is_without_ids = |said: &&LedgerReferencesNode| said.id().is_some_and(|id| without_ids.contains(&id));
            if said.iter().filter(is_without_ids).any(says_without_id) {
                self.give_up_ids(client);
                return Ok(false);
            }
            said.into_iter().for_each(|line| references.learn(client, line));
            tried.extend(lines);
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
        (self.saved.ledger, self.saved.lists_reference_ids, self.saved.has_new_lines) = Default::default();
    }
}
