//! The command line from outside: what it prints, where, and its exit status.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod called;
mod fronts;

mod wrong_usage;
mod no_xledger;
mod demonstrations;
mod back_and_forth;
mod odd_places;
mod page;
mod aws;
mod on_the_simulator;
mod stopped;
mod tls;
mod proxy;
mod terminal;
