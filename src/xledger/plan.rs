//! What is asked of this server with this token: the dialect, and what was found to be missing on the way.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, IdFilter, known_filter};
use super::error::Error;
use super::optional::{self, OPTIONAL, is_within};
use super::parts::{Part, parts};
use super::query::{self, Query};
use crate::model::json::known;

/// What a client asks. Grows less as it is learned what cannot be had.
#[derive(Default)]
pub(crate) struct Plan(Mutex<State>);

#[derive(Default)]
struct State {
    dialect: Dialect,
    /// What is not asked for any more, by its place in [`OPTIONAL`].
    lost: Vec<(usize, Reason)>,
    /// What is not asked for because a setting says so.
    left_out: Vec<usize>,
    /// Of that, what an earlier run was refused and this one has not tried.
    remembered: Vec<usize>,
    /// Queries whose fields were asked for one by one.
    searched: FxHashSet<(&'static str, &'static [&'static str])>,
    /// Why queries cannot be asked at all.
    refusals: FxHashMap<&'static str, Error>,
    /// How often something was learned.
    version: u64,
}

/// Why something is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The schema does not have it.
    #[default]
    NotInSchema,
    /// The token may not read it.
    NotAllowed,
}

/// Something that a refresh did without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lost {
    /// The root and the fields of its rows: `suppliers.address`.
    pub field: String,
    /// The columns that are null without it: throughout, or where nothing else fills them.
    pub columns: Vec<String>,
    /// The right that it needs, by its name on Xledger's token page.
    pub right: String,
    /// Why it is missing.
    #[serde(deserialize_with = "known")]
    pub reason: Reason,
}

impl Plan {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes by a dialect from now on.
    pub(crate) fn adopt(&self, dialect: Dialect) {
        self.lock().dialect = dialect;
    }

    /// The dialect as it is known by now.
    pub(crate) fn dialect(&self) -> Dialect {
        self.lock().dialect.clone()
    }

    /// How rows of a query are asked for by id; `None` if that is not known to be possible.
    pub(crate) fn filter(&self, query: Query) -> Option<IdFilter> {
        self.lock().dialect.filter(query).cloned()
    }

    /// The document to send for a query: this one, or the query's own without what is lost; with the names that this schema has.
    pub(crate) fn document(&self, query: Query, document: Option<&str>) -> String {
        let state = self.lock();
        let own = || optional::document(query, |at| state.is_lost(at));
        let document = document.map_or_else(own, str::to_owned);
        match (state.dialect.filter(query), known_filter(query.root())) {
            (Some(filter), Some(known)) if filter.type_name != known => {
                document.replace(&format!(": {known}"), &format!(": {}", filter.type_name))
            }
            _ => document,
        }
    }

    /// Whether a field of a query is still asked for.
    pub(crate) fn asks(&self, query: Query, path: &str) -> bool {
        let state = self.lock();
        !optional::fields_of(query).any(|(at, optional)| state.is_lost(at) && optional.covers(path))
    }

    /// Does not ask for a field: a setting says so, and nothing is missed.
    pub(crate) fn leave_out(&self, query: Query, path: &str) {
        if let Some(at) = optional::covering(query, path) {
            self.lock().left_out.push(at);
        }
    }

    /// How often something was learned by now.
    pub(super) fn version(&self) -> u64 {
        self.lock().version
    }

    pub(super) fn learned(&self) {
        self.lock().version += 1;
    }

    /// Whether the fields of a query were not yet asked for one by one. From now on they were.
    pub(super) fn begin_search(&self, query: Query) -> bool {
        self.lock().searched.insert((query.name, query.without))
    }

    /// Takes note that a query cannot be asked for this reason.
    pub(super) fn refused(&self, query: Query, why: Error) -> Error {
        self.lock().refusals.insert(query.name, why.clone());
        why
    }

    /// Why a query cannot be asked at all, if that is known.
    pub(super) fn refusal(&self, query: Query) -> Option<Error> {
        self.lock().refusals.get(query.name).cloned()
    }

    /// The parts of a query that are still asked for.
    pub(crate) fn parts_left(&self, query: Query) -> Vec<Part> {
        let state = self.lock();
        parts(query).into_iter().filter(|part| part.optional().is_none_or(|at| !state.is_lost(at))).collect()
    }

    /// Does without something, and without what it lies in if nothing else is left in there.
    pub(super) fn lose(&self, at: usize, reason: Reason) {
        let mut state = self.lock();
        state.lose(at, reason);
        let query = OPTIONAL[at].query;
        let of_query: Vec<usize> = parts(query).iter().filter_map(Part::optional).collect();
        for (outer, optional) in optional::fields_of(query).filter(|(outer, _)| !of_query.contains(outer)) {
            let mut within =
                of_query.iter().filter(|at| OPTIONAL[**at].fields.iter().all(|field| optional.covers(field)));
            // The right of what lies within is missing, not that of what it lies in, if it is missed elsewhere too.
            let is_elsewhere = |at: usize| {
                state.lost.iter().any(|(lost, _)| {
                    OPTIONAL[*lost].right() == OPTIONAL[at].right() && !optional.covers(OPTIONAL[*lost].fields[0])
                })
            };
            if within.clone().count() > 0 && within.all(|at| state.is_lost(*at) && !is_elsewhere(*at)) {
                state.lose(outer, reason);
            }
        }
    }

    /// Writes the ids of a query's filter the other way from now on.
    pub(super) fn turn_ids(&self, query: Query) {
        if let Some(filter) = self.lock().dialect.filter_mut(query) {
            filter.ids = filter.ids.other();
        }
    }

    /// Whether an earlier run was refused something of a query that this one has not tried.
    pub(super) fn remembers(&self, query: Query) -> bool {
        self.lock().remembered.iter().any(|at| OPTIONAL[*at].query.name == query.name)
    }

    /// What an earlier run was refused of a query and this one has not tried; from now on it counts as tried.
    pub(super) fn take_remembered(&self, query: Query) -> Option<Vec<usize>> {
        let mut state = self.lock();
        let (of_query, others): (Vec<usize>, _) =
            std::mem::take(&mut state.remembered).into_iter().partition(|at| OPTIONAL[*at].query.name == query.name);
        state.remembered = others;
        Some(of_query).filter(|of_query| !of_query.is_empty())
    }

    /// Asks again for fields that an earlier run was refused, and for what they lie in.
    pub(super) fn find_again<'a>(&self, query: Query, fields: impl Iterator<Item = &'a String> + Clone) {
        let mut state = self.lock();
        let is_found =
            |at: usize| OPTIONAL[at].query.name == query.name && fields.clone().any(|field| OPTIONAL[at].covers(field));
        state.lost.retain(|(at, _)| !is_found(*at));
        state.version += 1;
    }

    /// What is not asked for: the operation and its first field, and why. For the runs after this one.
    pub(crate) fn missed(&self) -> Vec<(String, String, Reason)> {
        let field = |at: usize| OPTIONAL[at].fields.first().copied().unwrap_or_default();
        let state = self.lock();
        state
            .lost
            .iter()
            .map(|(at, reason)| (OPTIONAL[*at].query.name.to_owned(), field(*at).to_owned(), *reason))
            .collect()
    }

    /// Does without what an earlier run missed. What was refused is tried once more when the query is first asked, for a right can be given.
    pub(crate) fn miss(&self, missed: &[(String, String, Reason)]) {
        let mut state = self.lock();
        for (name, field, reason) in missed {
            let known = |o: &optional::Optional| o.query.name == name && o.fields.first().is_some_and(|f| f == field);
            if let Some(at) = OPTIONAL.iter().position(known).filter(|at| !state.is_lost(*at)) {
                state.lose(at, *reason);
                if *reason == Reason::NotAllowed {
                    state.remembered.push(at);
                }
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
        // What accounts lack decides what is payroll, whether a column shows it or not.
        lost.retain(|(at, _)| !OPTIONAL[*at].columns.is_empty() || OPTIONAL[*at].query == query::ACCOUNTS);
        let told = lost.iter().filter(|(at, _)| !lost.iter().any(|(outer, _)| within(*at, *outer)));
        told.map(|(at, reason)| {
            let optional = &OPTIONAL[*at];
            let field = format!("{}.{}", optional.root(), optional.fields.join(","));
            let columns = optional.columns.iter().map(|column| (*column).to_owned()).collect();
            Lost { field, columns, right: optional.right().to_owned(), reason: *reason }
        })
        .collect()
    }
}

impl State {
    fn is_lost(&self, at: usize) -> bool {
        self.lost.iter().any(|(lost, _)| *lost == at) || self.left_out.contains(&at)
    }

    fn lose(&mut self, at: usize, reason: Reason) {
        if !self.is_lost(at) {
            self.lost.push((at, reason));
        }
    }
}

#[cfg(test)]
mod tests;
