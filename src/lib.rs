//! Keeps a company's purchasing data from the Xledger ERP ready for analysis: two tables, `spend` and `supplier`, as Parquet in a lake that
//! switches from one complete snapshot to the next in one step. Payroll is left out before any amount, text or name is asked for.
//!
//! ```text
//!  event ─┐
//!         ├─> run ─> refresh ───────────────────────────────────────────────────────────────┐
//!  settings          chart ─┐                                                                │
//!                    index ─┴> screen ─> fetch ─> reference_data ─> join ─> table ─> lake    ├─> report
//!                      ▲    (admitted ids)  ▲       ▲                                 │      │
//!                      └──────── xledger ───┴───────┘                                 └──────┘
//! ```
//!
//! Effects are at the two edges, [`xledger`] and [`lake`]; what lies between is pure. The modules stand in the order of the flow.

pub mod settings;
pub mod event;
pub mod run;
pub mod refresh;
pub mod xledger;
pub mod table;
pub mod lake;
pub mod catalog;
pub mod report;
pub mod display;
pub mod aws;
pub mod model;

// What any input must leave true.
#[cfg(any(test, fuzzing))]
#[path = "../fuzz/bodies/mod.rs"]
pub mod fuzz;
