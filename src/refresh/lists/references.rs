//! What listed ledger lines refer to: it is read off example lines once the list is whole.

use rustc_hash::FxHashSet;

use super::Lists;
use crate::model::failure::Failure;
use crate::refresh::fetch::ask_examples;
use crate::refresh::index::{Asking, Ledger, says_without_id};
use crate::xledger::node::LedgerReferencesNode;
use crate::xledger::query;

/// How many lines are asked what an id of theirs means, at most: one after the other may be gone.
const EXAMPLES: usize = 3;

impl Lists {
    /// Whether lines were listed that have no ids, and say below what their periods and document types are. Then the ledger is to be listed anew.
    pub(super) async fn ids_are_missed(&mut self, asking: Asking<'_>) -> Result<bool, Failure> {
        let Asking { client, base, page_rows } = asking;
        let Ledger { entries, references } = &self.ledger;
        let lacks_ids = entries.iter().filter(|entry| self.said.by_ids && references.lacks_ids(entry));
        let mut lines: Vec<i64> = lacks_ids.map(|entry| entry.id).collect();
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return Ok(false);
        }
        if client.plan().asks_ids() && lines.len() <= page_rows {
            let said: Vec<LedgerReferencesNode> = ask_examples(client, query::LEDGER_REFERENCES, base, &lines).await?;
            if !said.iter().any(says_without_id) {
                return Ok(false);
            }
        }
        tracing::warn!(
            "ledger lines lack the ids of their periods or document types; they are listed again with what these are"
        );
        client.plan().give_up_ids();
        self.ledger = Ledger::default();
        (self.said.ledger, self.saved.0) = Default::default();
        Ok(true)
    }

    /// Looks up what the listed ledger lines refer to.
    pub(super) async fn look_up_references(&mut self, asking: Asking<'_>) -> Result<(), Failure> {
        let Asking { client, base, .. } = asking;
        let Ledger { entries, references } = &mut self.ledger;
        let mut tried = FxHashSet::default();
        for _ in 0..EXAMPLES {
            let mut lines: Vec<i64> = references.examples().difference(&tried).copied().collect();
            if lines.is_empty() {
                break;
            }
            lines.sort_unstable();
            let said: Vec<LedgerReferencesNode> = ask_examples(client, query::LEDGER_REFERENCES, base, &lines).await?;
            said.into_iter().for_each(|line| references.learn(client, line));
            tried.extend(lines);
            references.choose_others(entries, &tried);
        }
        let left = references.examples().len();
        if left > 0 {
            tracing::warn!(
                left,
                "what lines have for a document type or a period cannot be found out; they are refused"
            );
        }
        Ok(())
    }
}
