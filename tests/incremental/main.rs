//! Refreshes that build on each other: what is used again, what is listed, and how a refresh goes on in another run.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test, that is how a fault is told")]

#[path = "../it/desk.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod desk;
mod resume;
mod cache;
mod same_as_full;
