//! Finds out which fields of a question are refused, whatever the words of the refusal: each is asked for by itself, in few rows. What is
//! refused by itself, while the rows' ids are answered, cannot be had; then the question is asked without exactly that. Nobody has seen Xledger's
//! words for a missing right, so nothing goes by them; and data beside an error is not used, for nobody knows what else it lacks. If no field is found,
//! and each error names a row, the other rows are used all the same (`transport.rs`): else one row would end every refresh.

use serde::de::IgnoredAny;

use super::answer::Plain;
use super::client::{Client, Unanswered};
use super::dialect::STATUS;
use super::document::Document;
use super::error::Error;
use super::graphql_error;
use super::optional::is_within;
use super::parts::{Part, parts};
use super::plan::LossReason;
use super::query::Query;
use super::question::{Question, Select};
use super::retry::Decision;

/// How many rows are asked for first, and then: a field may be null in the first ones.
const ROWS: [usize; 2] = [20, 1_000];
/// How often a part must be refused if its loss ends the run, or if the error is unknown: a chance failure must cost nothing.
const ROUNDS: usize = 3;

/// A query for the ids of rows and these parts alone.
fn document(query: Query, parts: &[Part]) -> Document {
    let asked = parts.iter().flat_map(|part| &part.fields);
    let is_asked = |path: &str| path == "dbId" || asked.clone().any(|field| is_within(field, path));
    query.read().without(|path| !is_asked(path))
}

impl Client {
    /// Finds what is refused of a question that was sent with the body `sent`. Returns whether it is worth asking again: this search, or that of
    /// another question meanwhile, has learned something that changes the body.
    ///
    /// # Errors
    /// [`Error::RightMissing`] or [`Error::SchemaMismatch`] if something is refused that a refresh cannot do without.
    pub(super) async fn find_refused_fields(
        &self,
        question: Question<'_>,
        sent: &str,
        refusal: &Error,
    ) -> Result<bool, Error> {
        let _one_at_a_time = self.field_search_lock.lock().await;
        if self.body(question, None) != sent {
            return Ok(true);
        }
        let query = question.query;
        if matches!(refusal, Error::SchemaMismatch { message, .. } if message.contains(STATUS))
            && self.plan().drop_status(query)
        {
            return Ok(true);
        }
        let left = self.plan().parts_left(query);
        if !self.plan().begin_field_search(query)? || left.is_empty() {
            return Ok(false);
        }
        // In the end as many as were refused.
        for rows in ROWS.into_iter().chain([question.rows]) {
            let sample = Question { rows: rows.min(question.rows), ..question };
            let mut turned = false;
            if let Some(refusal) = self.try_parts(sample, &[]).await? {
                turned = question.select != Select::All && self.try_other_id_type(sample, &refusal).await?;
                match self.try_parts_repeatedly(sample, &[]).await? {
                    None if turned => {}
                    // Not even ids come, and what is said is of the token and of no right.
                    Some(Error::RightMissing { message, .. }) if graphql_error::is_of_token(&message) => {
                        return Err(self.plan().record_refused_query(query, Error::TokenRefused { message }));
                    }
                    Some(refusal @ Error::RightMissing { .. }) => {
                        let why = necessary(query, &[String::new()], refusal);
                        return Err(self.plan().record_refused_query(query, why));
                    }
                    _ => return Ok(false),
                }
            }
            let refused = if turned { Vec::new() } else { self.find_refused_parts(sample, left.clone()).await? };
            // Of several the outermost: what lies within it is refused for it alone.
            let necessary_ones = refused.iter().filter(|(part, _)| part.optional.is_none());
            if necessary_ones.clone().any(|(_, why)| !why.is_refusal()) {
                // What fails may pass: it is waited for.
                return Ok(false);
            }
            if let Some((part, why)) = necessary_ones.min_by_key(|(part, _)| part.depth()) {
                return Err(self.plan().record_refused_query(query, necessary(query, &part.fields, why.clone())));
            }
            for (part, why) in &refused {
                let reason = match why {
                    Error::SchemaMismatch { .. } => LossReason::NotInSchema,
                    Error::NotResolved { .. } | Error::TooComplex { .. } => LossReason::NotResolved,
                    _ => LossReason::NotAllowed,
                };
                part.optional.into_iter().for_each(|at| self.plan().stop_asking(at, reason));
            }
            if !refused.is_empty() {
                // Rows of a later page may have another one.
                self.plan().allow_field_search(query);
            }
            if turned || !refused.is_empty() {
                tracing::warn!(query = query.name, reason = %refusal, "asked again without what cannot be read");
                return Ok(true);
            }
            if question.rows <= rows {
                break;
            }
        }
        Ok(false)
    }

    /// Asks whether the fields that a run before was refused of a query are still refused.
    pub(crate) async fn try_lost_again(&self, question: Question<'_>) -> Result<(), Error> {
        let untried = self.plan().take_untried(question.query);
        if untried.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.field_search_lock.lock().await;
        let is_untried = |part: &Part| part.optional.is_some_and(|at| untried.contains(&at));
        let mut left: Vec<Part> = parts(question.query).into_iter().filter(is_untried).collect();
        // Right by right: one of several may have been given.
        while let Some(right) = left.first().map(|part| part.right(question.query)) {
            let of_right: Vec<Part> = left.extract_if(.., |part| part.right(question.query) == right).collect();
            let sample = Question { rows: ROWS[0].min(question.rows), ..question };
            if self.try_parts(sample, &of_right).await?.is_none() {
                self.plan().ask_again(question.query, &of_right);
            }
        }
        Ok(())
    }

    /// Writes the ids of the filter the other way, and keeps to that if it is answered.
    async fn try_other_id_type(&self, sample: Question<'_>, refusal: &Error) -> Result<bool, Error> {
        if !matches!(refusal, Error::SchemaMismatch { .. }) {
            return Ok(false);
        }
        self.plan().toggle_id_type(sample.query);
        if self.try_parts(sample, &[]).await?.is_none() {
            return Ok(true);
        }
        self.plan().toggle_id_type(sample.query);
        Ok(false)
    }

    /// The parts that are refused by themselves, round after round, while the rows' ids are answered.
    async fn find_refused_parts(&self, question: Question<'_>, parts: Vec<Part>) -> Result<Vec<(Part, Error)>, Error> {
        let (mut sets, mut refused): (_, Vec<(Part, Error)>) = (vec![parts], Vec::new());
        while let Some(mut set) = sets.pop() {
            let Some(why) = self.try_parts(question, &set).await? else { continue };
            match set.len() {
                0 => return Ok(Vec::new()),
                1 => refused.extend(set.pop().map(|part| (part, why))),
                half => {
                    let rest = set.split_off(half / 2);
                    sets.extend([rest, set]);
                }
            }
        }
        let mut certain = Vec::new();
        for (part, why) in refused {
            // A refusal that would end the run, or is unknown, may be chance.
            if part.optional.is_some() && !matches!(why, Error::Api { .. } | Error::NotResolved { .. }) {
                certain.push((part, why));
            } else if let Some(why) = self.try_parts_repeatedly(question, std::slice::from_ref(&part)).await? {
                certain.push((part, why));
            }
        }
        // Were the ids refused too, it would not be the fields.
        if certain.is_empty() || self.try_parts(question, &[]).await?.is_some() { Ok(Vec::new()) } else { Ok(certain) }
    }

    /// Why these parts are refused time after time; `None` if they are answered once.
    async fn try_parts_repeatedly(&self, question: Question<'_>, parts: &[Part]) -> Result<Option<Error>, Error> {
        let mut why = None;
        for _ in 0..ROUNDS {
            why = self.try_parts(question, parts).await?;
            if why.is_none() {
                break;
            }
        }
        Ok(why)
    }

    /// Why these parts of a question are refused, asked for as many rows as it says; `None` if they are answered.
    async fn try_parts(&self, question: Question<'_>, parts: &[Part]) -> Result<Option<Error>, Error> {
        let document = document(question.query, parts);
        let mut rows = question.rows;
        loop {
            let mut variables = question.variables.clone();
            variables.insert("first".to_owned(), rows.into());
            let select = match question.select {
                Select::Ids(ids) => Select::Ids(&ids[..ids.len().min(rows)]),
                other => other,
            };
            let sample = Question { variables: &variables, select, rows, ..question };
            return match self.attempt::<Plain<IgnoredAny>>(sample, Some(&document), false).await {
                Ok(_) => Ok(None),
                Err(Unanswered { error, next }) if error.is_refusal() || next == Decision::Search => Ok(Some(error)),
                Err(Unanswered { next: Decision::Shrink, .. }) => {
                    rows /= 2;
                    continue;
                }
                Err(Unanswered { error, .. }) => Err(error),
            };
        }
    }
}

/// These fields are refused, which are necessary; an empty path is the root itself.
fn necessary(query: Query, fields: &[String], why: Error) -> Error {
    match why {
        Error::RightMissing { message, .. } | Error::Api { message, .. } => {
            Error::RightMissing { query, fields: fields.to_vec(), message }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;

    #[test]
    fn a_part_is_asked_for_by_itself() {
        let parts = parts(query::SUPPLIERS);
        let country = parts.iter().find(|part| part.fields == ["address.country.code"]).unwrap();
        let asked = document(query::SUPPLIERS, std::slice::from_ref(country)).text();
        assert!(asked.contains("node { dbId address { country { code } } } }"), "{asked}");
        assert!(document(query::SUPPLIERS, &[]).text().contains("node { dbId } }"));
        assert_eq!(country.right(query::SUPPLIERS), "Country");
    }
}
