//! Refreshes that build on each other: what is used again, what is listed, and how a refresh goes on in another run.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, that is how a fault is told")]

#[path = "../it/desk.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod desk;
mod resume;
mod cache;
mod same_as_full;

use xledger_sim::{Fault, FaultKind};

fn credits_used_up() -> FaultKind {
    FaultKind::Error("BAD_REQUEST.INSUFFICIENT_CREDITS".to_owned(), "Not enough credits".to_owned())
}

/// Refusals of single requests for want of credits: each ends a run exactly there, however fast the machine is.
fn credits_end_at(requests: impl IntoIterator<Item = u64>) -> Vec<Fault> {
    let refusal = |from_request| Fault { kind: credits_used_up(), from_request, requests: 1, ..Fault::default() };
    requests.into_iter().map(refusal).collect()
}
