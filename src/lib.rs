//! Keeps a company's purchasing data from the Xledger ERP ready for analysis: two tables, `spend` and `supplier`, as Parquet in a lake that
//! switches from one complete snapshot to the next in one step. Payroll is left out before any amount, text or name is asked for.
//!
//! ```text
//!  event ─┐
//!         ├─> run ─> pipeline ──────────────────────────────────────────────────────────────┐
//!  settings          chart ─┐                                                                │
//!                    index ─┴> screen ─> fetch ─> refer ─> join ─> table ─> lake             ├─> report
//!                      ▲    (admitted ids)  ▲       ▲                        │               │
//!                      └──────── xledger ───┴───────┘                        └ CURRENT.json ─┘
//! ```
//!
//! Effects are at the two edges, [`xledger`] and [`lake`]; what lies between is pure. The modules stand in the order of the flow.

// What is asked.
pub mod settings;
pub mod event;
pub mod token;
pub mod run;
pub mod pipeline;
pub mod rollback;

// From Xledger ...
pub mod xledger;
mod viewer;
pub mod known_schema;
pub mod chart;
pub mod index;
mod lookup;
pub mod cache;

// ... what may be asked for, and is ...
pub mod rules;
pub mod vat;
pub mod screen;
pub mod fetch;
pub mod refer;
pub mod checks;
pub mod changes;

// ... to tables in the lake.
pub mod join;
pub mod supplier_totals;
pub mod table;
pub mod tables;
pub mod lake;
pub mod catalog;
pub mod continuation;

// What is said about it.
pub mod check;
pub mod probe;
pub mod progress;
pub mod report;
pub mod failure;
pub mod told;
pub mod metrics;
pub mod log;
pub mod panic;

// What rows are made of.
pub mod value;

// What AWS says.
pub mod aws;

// What any input must leave true.
#[cfg(any(test, fuzzing))]
pub mod fuzz;
