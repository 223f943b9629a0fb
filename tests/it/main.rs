//! The product against real servers and real files: one binary, one module for each situation.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, that is how a fault is told")]

mod servers;
mod store_conformance;
mod store_faults;
mod publish_in_one_step;
