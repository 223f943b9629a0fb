//! What is asked of this server with this token: the dialect, and what was found to be missing on the way.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, IdFilter, STATUS, known_filter};
use super::document::Document;
use super::error::Error;
use super::optional::{self, OPTIONAL, OptionalFields};
use super::parts::{Part, parts};
use super::query::{self, Query};
use crate::model::json::known;
use crate::model::lock::lock;

/// What a client asks. Grows less as it is learned what cannot be had.
#[derive(Default)]
pub(crate) struct QueryPlan(Mutex<State>);

#[derive(Default)]
struct State {
    dialect: Dialect,
    /// What is not asked for any more, by its place in [`OPTIONAL`].
    lost: BTreeMap<usize, Loss>,
    /// What is not asked for because a setting says so: nothing is missed.
    left_out: Vec<usize>,
    /// Queries whose fields were asked for one by one, each with the reason why it cannot be asked at all, if there is one.
    searched: FxHashMap<(&'static str, &'static [&'static str]), Option<Error>>,
}

/// The field of a ledger line that has its period's id.
const PERIOD_ID: &str = "periodId";

struct Loss {
    reason: LossReason,
    /// Whether an earlier run was refused it and this one has not tried.
    is_untried: bool,
}

/// Why something is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// The schema does not have it.
    #[default]
    NotInSchema,
    /// The token may not read it.
    NotAllowed,
    /// It fails whenever it is asked for.
    NotResolved,
}

/// Something that a refresh did without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LostField {
    /// The root and the fields of its rows: `suppliers.address`.
    pub field: String,
    /// The columns that are null without it: throughout, or where nothing else fills them.
    pub columns: Vec<String>,
    /// The right that it needs, by its name on Xledger's token page.
    pub right: String,
    /// Why it is missing.
    #[serde(deserialize_with = "known")]
    pub reason: LossReason,
}

impl QueryPlan {
    /// Goes by a dialect from now on.
    pub(crate) fn adopt(&self, dialect: Dialect) {
        if !dialect.period_id {
            self.give_up_ids();
        }
        lock(&self.0).dialect = dialect;
    }

    /// Whether ledger lines are asked for the ids alone of their periods and document types.
    pub(crate) fn asks_ids(&self) -> bool {
        self.asks(query::LEDGER_INDEX, PERIOD_ID)
    }

    /// From now on, asks for period and document type of every ledger line in full: some lines lack an id that tells them.
    pub(crate) fn give_up_ids(&self) {
        if let Some(at) = optional::covering(query::LEDGER_INDEX, PERIOD_ID) {
            self.stop_asking(at, LossReason::NotInSchema);
        }
    }

    /// A query for ledger lines that asks for the ids of their periods and document types, or else for what stands below them.
    pub(crate) fn with_references(&self, query: Query) -> Query {
        query.without(match (self.asks_ids(), query.without.contains(&"text")) {
            (true, false) => &["period", "header.transactionSource.code", "header.transactionSource.description"],
            (true, true) => {
                &["period", "header.transactionSource.code", "header.transactionSource.description", "text"]
            }
            (false, false) => &[PERIOD_ID],
            (false, true) => &[PERIOD_ID, "text"],
        })
    }

    /// The dialect as it is known by now.
    pub(crate) fn dialect(&self) -> Dialect {
        lock(&self.0).dialect.clone()
    }

    /// How rows of a query are asked for by id; `None` if that is not known to be possible.
    pub(crate) fn filter(&self, query: Query) -> Option<IdFilter> {
        lock(&self.0).dialect.filter(query).cloned()
    }

    /// The document to send for a query: this one, or the query's own without what is lost; with the names that this schema has.
    pub(crate) fn document(&self, query: Query, document: Option<Document>) -> Document {
        let state = lock(&self.0);
        let mut document = document.unwrap_or_else(|| optional::document(query, |at| state.is_left_out(at)));
        if state.dialect.without_status.contains(query.root) {
            document = document.without_argument(STATUS);
        }
        match (state.dialect.filter(query), known_filter(query.root)) {
            (Some(filter), Some(known)) => document.with_type(known, &filter.type_name),
            _ => document,
        }
    }

    /// Whether a field of a query is still asked for.
    pub(crate) fn asks(&self, query: Query, path: &str) -> bool {
        let state = lock(&self.0);
        !optional::fields_of(query).any(|(at, optional)| state.is_left_out(at) && optional.covers(path))
    }

    /// Does not ask for a field: a setting says so.
    pub(crate) fn leave_out(&self, query: Query, path: &str) {
        lock(&self.0).left_out.extend(optional::covering(query, path));
    }

    /// Notes that the fields of a query are asked for one by one. Returns whether this is the first time.
    ///
    /// # Errors
    /// Why the query cannot be asked at all, if that was found.
    pub(super) fn begin_field_search(&self, query: Query) -> Result<bool, Error> {
        match lock(&self.0).searched.entry((query.name, query.without)) {
            Entry::Vacant(entry) => Ok(entry.insert(None).is_none()),
            Entry::Occupied(entry) => entry.get().clone().map_or(Ok(false), Err),
        }
    }

    /// Lets the fields of a query be asked for one by one once more: the last time has found something, so that there is less each time.
    pub(super) fn allow_field_search(&self, query: Query) {
        lock(&self.0).searched.remove(&(query.name, query.without));
    }

    /// Takes note that a query cannot be asked for this reason.
    pub(super) fn record_refused_query(&self, query: Query, why: Error) -> Error {
        lock(&self.0).searched.insert((query.name, query.without), Some(why.clone()));
        why
    }

    /// The parts of a query that are still asked for.
    pub(crate) fn parts_left(&self, query: Query) -> Vec<Part> {
        let state = lock(&self.0);
        let is_lost = |part: &Part| part.optional.is_some_and(|at| state.is_left_out(at));
        parts(query).into_iter().filter(|part| !is_lost(part)).collect()
    }

    /// Stops asking for something that is lost, and for what it lies in if nothing else is left in there.
    pub(super) fn stop_asking(&self, at: usize, reason: LossReason) {
        let mut state = lock(&self.0);
        let lost = &mut state.lost;
        let loss = || Loss { reason, is_untried: false };
        lost.entry(at).or_insert_with(loss);
        if OPTIONAL[at].fields == [PERIOD_ID] {
            // All questions for ledger lines go by the same.
            let others = OPTIONAL.iter().enumerate().filter(|(_, optional)| optional.fields == [PERIOD_ID]);
            others.for_each(|(at, _)| _ = lost.entry(at).or_insert_with(loss));
            return;
        }
        let query = OPTIONAL[at].query;
        let of_query: Vec<usize> = parts(query).iter().filter_map(|part| part.optional).collect();
        for (outer, optional) in optional::fields_of(query).filter(|(outer, _)| !of_query.contains(outer)) {
            let mut within =
                of_query.iter().filter(|at| OPTIONAL[**at].fields.iter().all(|field| optional.covers(field)));
            // If the right of what lies within is missed elsewhere too, that right is missing, not the one of what it lies in.
            let is_elsewhere = |at: usize| {
                lost.keys().any(|lost| {
                    OPTIONAL[*lost].right() == OPTIONAL[at].right() && !optional.covers(OPTIONAL[*lost].fields[0])
                })
            };
            if within.clone().count() > 0 && within.all(|at| lost.contains_key(at) && !is_elsewhere(*at)) {
                lost.entry(outer).or_insert_with(loss);
            }
        }
    }

    /// Does not send the argument `objectStatus` to a query's root any more. Returns whether it was sent.
    pub(super) fn drop_status(&self, query: Query) -> bool {
        query.document.contains(STATUS) && lock(&self.0).dialect.without_status.insert(query.root.to_owned())
    }

    /// Writes the ids of a query's filter the other way from now on.
    pub(super) fn toggle_id_type(&self, query: Query) {
        if let Some(filter) = lock(&self.0).dialect.filters.get_mut(query.root) {
            filter.ids = filter.ids.other();
        }
    }

    /// Whether an earlier run was refused fields of one of these queries that this one has not tried.
    pub(crate) fn has_untried(&self, queries: &[Query]) -> bool {
        let State { lost, left_out, .. } = &*lock(&self.0);
        lost.iter()
            .any(|(at, loss)| loss.is_untried && !left_out.contains(at) && queries.contains(&OPTIONAL[*at].query))
    }

    /// The fields of a query that an earlier run was refused and this one has not tried; from now on they count as tried. None that a setting
    /// leaves out.
    pub(super) fn take_untried(&self, query: Query) -> Vec<usize> {
        let State { lost, left_out, .. } = &mut *lock(&self.0);
        let of_query = lost.iter_mut().filter(|(at, _)| OPTIONAL[**at].query == query && !left_out.contains(at));
        of_query.filter_map(|(at, loss)| std::mem::take(&mut loss.is_untried).then_some(*at)).collect()
    }

    /// Asks again for parts that an earlier run was refused, and for what they lie in.
    pub(super) fn ask_again(&self, query: Query, parts: &[Part]) {
        let is_found = |optional: &OptionalFields| {
            optional.query == query && parts.iter().flat_map(|part| &part.fields).any(|field| optional.covers(field))
        };
        lock(&self.0).lost.retain(|at, _| !is_found(&OPTIONAL[*at]));
    }

    /// What is not asked for: the operation and its first field, and why. For the runs after this one.
    pub(crate) fn losses(&self) -> Vec<(String, String, LossReason)> {
        let saved = |(at, loss): (&usize, &Loss)| {
            let OptionalFields { query, fields, .. } = OPTIONAL[*at];
            (query.name.to_owned(), fields[0].to_owned(), loss.reason)
        };
        lock(&self.0).lost.iter().map(saved).collect()
    }

    /// Does not ask for what an earlier run lost. What was refused or failed is tried once more when the query is first asked, for a right can be given.
    pub(crate) fn restore_losses(&self, saved: &[(String, String, LossReason)]) {
        let mut state = lock(&self.0);
        for (name, field, reason) in saved {
            let is_meant = |optional: &OptionalFields| optional.query.name == name && optional.fields[0] == field;
            if let Some(at) = OPTIONAL.iter().position(is_meant) {
                let loss = Loss { reason: *reason, is_untried: *reason != LossReason::NotInSchema };
                state.lost.entry(at).or_insert(loss);
            }
        }
    }

    /// What is lost, for the report. What is within something else that is lost is not told by itself.
    pub(crate) fn lost_fields(&self) -> Vec<LostField> {
        let state = lock(&self.0);
        let is_part_of = |inner: &OptionalFields, outer: &OptionalFields| {
            // The same field in another question is the same loss.
            inner.query.root == outer.query.root
                && inner.fields != outer.fields
                && inner.fields.iter().all(|field| outer.covers(field))
        };
        // What a setting drops is missed by nobody, and was not tried again.
        let of_state = state.lost.iter().filter(|(at, _)| !state.left_out.contains(at));
        let mut lost: Vec<(&OptionalFields, LossReason)> =
            of_state.map(|(at, loss)| (&OPTIONAL[*at], loss.reason)).collect();
        // What accounts lack decides what is payroll, whether a column shows it or not.
        lost.retain(|(optional, _)| !optional.columns.is_empty() || optional.query == query::ACCOUNTS);
        let told = lost.iter().filter(|(inner, _)| !lost.iter().any(|(outer, _)| is_part_of(inner, outer)));
        told.map(|(optional, reason)| {
            let field = format!("{}.{}", optional.query.root, optional.fields.join(","));
            let columns = optional.columns.iter().map(|column| (*column).to_owned()).collect();
            LostField { field, columns, right: optional.right().to_owned(), reason: *reason }
        })
        .collect()
    }
}

impl State {
    fn is_left_out(&self, at: usize) -> bool {
        self.lost.contains_key(&at) || self.left_out.contains(&at)
    }
}

#[cfg(test)]
mod tests;
