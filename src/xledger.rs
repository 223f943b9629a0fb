//! The edge to Xledger: questions as documents, answers as rows, waits and limits in between. Nothing here knows Arrow or the lake.

mod answer;
mod client;
mod dialect;
mod error;
mod meter;
pub(crate) mod node;
mod pacing;
mod pages;
pub mod query;
mod refusal;
mod route;
pub(crate) mod scalar;

pub use client::{Client, Connection, is_this_machine};
pub use dialect::{Dialect, IdType};
pub use error::{Error, Verdict};
pub use meter::{Meter, Usage};
pub(crate) use pages::{one_page, walk};
