//! What everything speaks: the values that rows are made of, checksums, locks, and how a run fails. No input or output, and nothing of the wire.

pub mod value;
pub(crate) mod text_pool;
pub(crate) mod listed;
pub(crate) mod line;
pub(crate) mod json;
pub(crate) mod lock;
pub(crate) mod vat;
pub mod digest;
pub mod failure;
pub(crate) mod token;
pub mod treatment;
pub(crate) mod words;
