//! The edge to Xledger: questions as documents, answers as rows, waits and limits in between. Nothing here knows Arrow or the lake.

mod answer;
mod client;
mod dialect;
mod document;
mod error;
mod exchange;
mod failure;
mod fields;
pub(crate) mod introspection;
mod meter;
pub(crate) mod node;
pub(crate) mod optional;
mod pacing;
mod pages;
mod plan;
mod policy;
pub mod query;
mod refusal;
pub(crate) mod rights;
mod route;
pub(crate) mod scalar;
mod sizes;

pub(crate) use client::Select;
pub use client::{Client, Connection};
pub use dialect::{Dialect, IdFilter, IdRange, IdType};
pub use error::Error;
pub use exchange::is_this_machine;
pub use meter::{Meter, Usage};
pub use pages::Position;
pub(crate) use pages::{Walk, last_row, one_page, walk_ids};
pub use plan::{Lost, Reason};
#[cfg(any(test, fuzzing))]
pub(crate) use {
    answer::{Data, Fault, inflate, read},
    refusal::of as refusal,
};
