//! What must hold of any input, however odd: one function for each way in, called by the fuzzers in `fuzz/targets` and, for ten seconds each, by
//! the tests.
//!
//! Each takes bytes and panics if they bring out a fault: a panic of the code itself, more memory than was read allows, or a value that is
//! accepted and then written as another one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, that is how a fault is told")]

mod decoder;
mod envelope;
mod events;
mod files;
mod scalars;
mod settings;

#[cfg(test)]
mod minute;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod seeds;

pub use decoder::decoder;
pub use events::events;
pub use files::{manifest, state};
pub use scalars::scalars;
pub use settings::settings;
