//! The edge to Xledger: questions as documents, answers as rows, waits and limits in between. Nothing here knows Arrow or the lake.

mod answer;
mod client;
mod connection;
mod dialect;
mod document;
mod error;
mod failure;
mod fast_path;
mod graphql_error;
mod meter;
pub(crate) mod node;
pub(crate) mod optional;
mod page_size;
mod pages;
mod parts;
mod plan;
pub mod query;
mod question;
mod rate_limit;
mod refused_fields;
mod retry;
pub(crate) mod rights;
pub(crate) mod scalar;
pub(crate) mod schema;
mod transport;

pub use client::{Client, REQUESTS};
pub use connection::{Connection, is_this_machine};
pub use dialect::{Dialect, IdFilter, IdType};
pub use error::Error;
pub use meter::{Meter, Usage};
pub use pages::Position;
pub use plan::{LossReason, LostField};
pub use question::IdRange;
pub(crate) use question::{Question, Select};
pub(crate) use retry::CREDITS_RESET;
#[cfg(any(test, fuzzing))]
pub(crate) use {
    answer::{Data, Fault, Plain, inflate, read},
    graphql_error::classify_all,
};
