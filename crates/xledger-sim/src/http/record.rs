//! A request's line in the journal, written when the request is over, however it ends.

use super::reply::Reply;
use crate::answer::Answer;
use crate::journal::{Exchange, Journal, Violation};
use crate::problem::Problem;
use hyper::Response;
use std::sync::Arc;
use std::time::Instant;

/// The journal's word for a request whose client did not wait for the answer.
const GONE: &str = "GONE";

/// What is known of a request so far. It goes into the journal when this is dropped.
pub(super) struct Record {
    journal: Arc<Journal>,
    arrival: Instant,
    exchange: Exchange,
    violations: Vec<Violation>,
    /// Whether the answer comes late on purpose, so that a client that goes was made to.
    late: bool,
}

impl Record {
    /// A request that has just come. Until it is answered, it is one whose client has gone.
    pub(super) fn new(journal: Arc<Journal>, arrival: Instant, exchange: Exchange, late: bool) -> Self {
        let exchange = Exchange { error: Some(GONE.to_owned()), ..exchange };
        Self { journal, arrival, exchange, violations: Vec::new(), late }
    }

    /// It was refused or broken on purpose.
    pub(super) fn forced(&mut self) {
        self.exchange.faulted = true;
    }

    /// It was answered by the engine.
    pub(super) fn answered(&mut self, answer: Answer) {
        self.exchange.bytes_plain = answer.body.len() as u64;
        self.exchange.operation = answer.operation.or(self.exchange.operation.take());
        self.exchange.roots = answer.roots;
        self.exchange.rows = answer.rows;
        self.exchange.expense_rows = answer.expense_rows;
        self.exchange.fields = answer.fields;
        self.exchange.error = answer.problems.first().map(Problem::any_code);
        self.violations = answer.violations;
    }

    /// This reply came instead of an answer.
    pub(super) fn turned_away(&mut self, error: &str, reply: &Response<Reply>) {
        self.exchange.error = Some(error.to_owned());
        self.exchange.bytes_plain = reply.body().len();
    }

    /// What goes out.
    pub(super) fn send(mut self, reply: Response<Reply>) -> Response<Reply> {
        self.exchange.status = reply.status().as_u16();
        self.exchange.bytes_down = reply.body().len();
        reply
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.exchange.duration_ms = self.arrival.elapsed().as_millis() as u64;
        self.exchange.faulted |= self.late && self.exchange.error.as_deref() == Some(GONE);
        self.journal.note(std::mem::take(&mut self.exchange), std::mem::take(&mut self.violations));
    }
}
