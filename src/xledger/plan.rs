//! What is asked of this server with this token: the dialect, and what was found to be missing on the way.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, IdFilter, LEDGER_FILTER, PAYABLE_FILTER};
use super::error::Error;
use super::optional::{self, OPTIONAL, is_within};
use super::query::Query;
use super::rights;

/// What a client asks. Grows less as it is learned what cannot be had.
#[derive(Default)]
pub(crate) struct Plan(Mutex<State>);

#[derive(Default)]
struct State {
    dialect: Dialect,
    /// What is not asked for any more, by its place in [`OPTIONAL`].
    lost: Vec<(usize, Reason)>,
    /// Where Xledger does not say what is denied: how many of the query's rights were left out in turn.
    trials: FxHashMap<&'static str, usize>,
    /// Filters whose type of ids was tried the other way round.
    turned: FxHashSet<String>,
}

/// Why something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The schema does not have it.
    NotInSchema,
    /// The token may not read it.
    NotAllowed,
}

/// Something that a refresh did without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The root and the fields of its rows: `suppliers.address`.
    pub field: String,
    /// The columns that are null without it: throughout, or where nothing else fills them.
    pub columns: &'static [&'static str],
    /// The right that it needs, by its name on Xledger's token page.
    pub right: &'static str,
    /// Why it is missing.
    pub reason: Reason,
}

impl Plan {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes by a dialect from now on.
    pub(crate) fn adopt(&self, dialect: Dialect) {
        let mut state = self.lock();
        for (name, path) in &dialect.missing {
            let of_query = OPTIONAL.iter().enumerate().filter(|(_, optional)| optional.query.name == name);
            // Of nested ones all that hold it alone are lost; what else they hold is still asked for.
            let exact = of_query.filter(|(_, optional)| optional.fields.iter().any(|field| field == path));
            let lost = exact.map(|(at, _)| at).next();
            let lost = lost.or_else(|| {
                let query = super::query::ALL.iter().find(|query| query.name == name)?;
                optional::covering(*query, path)
            });
            if let Some(at) = lost {
                state.lose(at, Reason::NotInSchema);
            }
        }
        state.dialect = dialect;
    }

    /// The dialect as it is known by now.
    pub(crate) fn dialect(&self) -> Dialect {
        self.lock().dialect.clone()
    }

    /// How rows of a query are asked for by id.
    pub(crate) fn filter(&self, query: Query) -> IdFilter {
        self.lock().dialect.filter(query).clone()
    }

    /// The document to send for a query.
    pub(crate) fn document(&self, query: Query) -> String {
        let state = self.lock();
        let tried = state.trials.get(query.name).map(|trial| left_out(query, *trial)).unwrap_or_default();
        let document = optional::document(query, |at| state.is_lost(at) || tried.contains(&at));
        let named = |document: String, known: &str, name: &str| {
            if name == known { document } else { document.replace(&format!(": {known}"), &format!(": {name}")) }
        };
        let document = named(document, LEDGER_FILTER, &state.dialect.ledger.type_name);
        named(document, PAYABLE_FILTER, &state.dialect.payables.type_name)
    }

    /// Whether a field of a query is still asked for.
    pub(crate) fn asks(&self, query: Query, path: &str) -> bool {
        let state = self.lock();
        !optional::of(query).any(|(at, optional)| state.is_lost(at) && optional.covers(path))
    }

    /// Learns from a refusal. Returns whether the question is worth asking again.
    pub(crate) fn learn(&self, query: Query, error: &Error) -> bool {
        let mut state = self.lock();
        let learned = match error {
            Error::RightMissing { fields, message, .. } if fields.is_empty() => {
                let named = rights::named_in(message);
                let lost: Vec<usize> =
                    optional::of(query).filter(|(_, o)| named.contains(&o.right())).map(|(at, _)| at).collect();
                if named.is_empty() { state.try_without(query) } else { state.lose_all(&lost, Reason::NotAllowed) }
            }
            Error::RightMissing { fields, .. } => {
                let covering: Option<Vec<usize>> = fields.iter().map(|path| optional::covering(query, path)).collect();
                // One that is necessary decides.
                let Some(covering) = covering else { return false };
                let rights: Vec<&str> = covering.iter().map(|at| OPTIONAL[*at].right()).collect();
                let of_right = |optional: &optional::Optional| {
                    rights.contains(&optional.right()) && optional.right() != rights::of(query.root(), "")
                };
                let mut lost: Vec<usize> = optional::of(query).filter(|(_, o)| of_right(o)).map(|(at, _)| at).collect();
                lost.extend(covering);
                state.lose_all(&lost, Reason::NotAllowed)
            }
            Error::SchemaMismatch { message, .. } => {
                let words: Vec<&str> = message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
                let is_named = |field: &str| field.split('.').any(|name| words.contains(&name));
                let lost: Vec<usize> = optional::of(query)
                    .filter(|(_, optional)| optional.fields.iter().any(|field| is_named(field)))
                    .map(|(at, _)| at)
                    .collect();
                let about_ids =
                    words.iter().any(|word| ["filter", "dbId_in", "dbId", "Int", "Int64String"].contains(word));
                about_ids && state.turn_ids(query) || state.lose_all(&lost, Reason::NotInSchema)
            }
            _ => false,
        };
        if learned {
            tracing::warn!(query = query.name, reason = %error, "asked again without what cannot be read");
        }
        learned
    }

    /// Takes note that a right is missing: all that needs it is lost.
    pub(crate) fn lose_right(&self, right: &str) {
        let of_right = OPTIONAL.iter().enumerate().filter(|(_, optional)| optional.right() == right);
        let lost: Vec<usize> = of_right.map(|(at, _)| at).collect();
        self.lock().lose_all(&lost, Reason::NotAllowed);
    }

    /// Takes note that a query was answered: what it was asked without is lost.
    pub(crate) fn answered(&self, query: Query) {
        let mut state = self.lock();
        if let Some(trial) = state.trials.remove(query.name) {
            let lost = left_out(query, trial);
            state.lose_all(&lost, Reason::NotAllowed);
        }
    }

    /// What is not asked for: the operation and its first field, and why. For a run that goes on with this one's work.
    pub(crate) fn missed(&self) -> Vec<(String, String, Reason)> {
        let field = |at: usize| OPTIONAL[at].fields.first().copied().unwrap_or_default();
        let state = self.lock();
        state
            .lost
            .iter()
            .map(|(at, reason)| (OPTIONAL[*at].query.name.to_owned(), field(*at).to_owned(), *reason))
            .collect()
    }

    /// Does without what an earlier run missed.
    pub(crate) fn miss(&self, missed: &[(String, String, Reason)]) {
        let mut state = self.lock();
        for (name, field, reason) in missed {
            let known = |o: &optional::Optional| o.query.name == name && o.fields.first().is_some_and(|f| f == field);
            if let Some(at) = OPTIONAL.iter().position(known) {
                state.lose(at, *reason);
            }
        }
    }

    /// All that was done without. What is within something else that is lost is not told by itself.
    pub(crate) fn lost(&self) -> Vec<Lost> {
        let state = self.lock();
        let within = |at: usize, outer: usize| {
            let (inner, outer) = (&OPTIONAL[at], &OPTIONAL[outer]);
            inner.query == outer.query
                && inner.fields != outer.fields
                && inner.fields.iter().all(|field| outer.fields.iter().any(|other| is_within(field, other)))
        };
        let mut lost = state.lost.clone();
        lost.sort_by_key(|(at, _)| *at);
        lost.retain(|(at, _)| !OPTIONAL[*at].columns.is_empty());
        let told = lost.iter().filter(|(at, _)| !lost.iter().any(|(outer, _)| within(*at, *outer)));
        told.map(|(at, reason)| {
            let optional = &OPTIONAL[*at];
            let field = format!("{}.{}", optional.root(), optional.fields.join(","));
            Lost { field, columns: optional.columns, right: optional.right(), reason: *reason }
        })
        .collect()
    }
}

/// What is left out of a query at a trial: from 1 the fields of one right after the other, at last all.
fn left_out(query: Query, trial: usize) -> Vec<usize> {
    let rights = rights_of(query);
    match rights.get(trial.saturating_sub(1)) {
        Some(right) => optional::of(query).filter(|(_, o)| o.right() == *right).map(|(at, _)| at).collect(),
        None => optional::of(query).map(|(at, _)| at).collect(),
    }
}

/// The rights that optional fields of a query need, beyond that of its rows.
fn rights_of(query: Query) -> Vec<&'static str> {
    let mut rights = Vec::new();
    for (_, optional) in optional::of(query) {
        let right = optional.right();
        if right != rights::of(query.root(), "") && !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

impl State {
    fn is_lost(&self, at: usize) -> bool {
        self.lost.iter().any(|(lost, _)| *lost == at)
    }

    fn lose(&mut self, at: usize, reason: Reason) {
        if !self.is_lost(at) {
            self.lost.push((at, reason));
        }
    }

    /// Whether one of them is new.
    fn lose_all(&mut self, lost: &[usize], reason: Reason) -> bool {
        let before = self.lost.len();
        for at in lost {
            self.lose(*at, reason);
        }
        self.lost.len() > before
    }

    /// Leaves out one right's fields after the other. Whether there is something left to leave out.
    fn try_without(&mut self, query: Query) -> bool {
        let rights = rights_of(query).len();
        let trial = self.trials.entry(query.name).or_default();
        *trial += 1;
        // The last trial leaves out all.
        rights > 0 && *trial <= rights + 1
    }

    /// Writes the ids of a query's filter the other way from now on, if that is new.
    fn turn_ids(&mut self, query: Query) -> bool {
        let filter = self.dialect.filter_mut(query);
        let new = self.turned.insert(filter.type_name.clone());
        if new {
            filter.ids = filter.ids.other();
        }
        new
    }
}

#[cfg(test)]
mod tests;
