//! Keeps a company's purchasing data from the Xledger ERP ready for analysis: two tables, `spend` and `supplier`, as Parquet in a lake that
//! switches from one complete snapshot to the next in one step. Payroll is left out before any amount, text or name is asked for.
//!
//! ```text
//!  event ────┐
//!            ├─> run ─> refresh ────────────────────────────────────────────────────────────┐
//!  settings ─┘             chart ─┐                                                         │
//!                          lists ─┴> screen ─> fetch ─> reference data ─> join ─┐           ├─> report
//!                            ▲    (admitted ids) ▲            ▲                 │           │
//!                            └───── xledger ─────┴────────────┘   table <───────┘           │
//!                                                                   └─> lake ─> catalog ────┘
//! ```
//!
//! Effects are at the two edges, [`xledger`] and [`lake`]; what lies between is pure. The rooms stand in the order of the flow. Which room may
//! import which is a table in `tests/it/architecture.rs`.

// What is asked: every setting with its default and its check, and the function's event.
pub mod settings;
pub mod event;

// Runs a command: refresh, check, probe, rollback.
pub mod run;

// The story of a refresh, stage by stage: rules, lists, screen, cache, fetch, lookups, join, checks, publish, resume.
pub mod refresh;

// What a supplier and a line are to a buyer: company numbers, kinds of spend, categories, and a company's own files. Pure.
pub mod classify;

// The client of Xledger's API: queries, pages, retries, rate limits, and what a token may not read.
pub mod xledger;

// The columns of the tables, and the way from rows to Parquet, DDL and the data dictionary.
pub mod table;

// Storage in a directory or on S3: snapshots, the commit in one step, the lease, retention.
pub mod lake;

// The tables of a Glue database, which follow the lake.
pub mod catalog;

// What a run says: its report, metrics, log lines and progress.
pub mod report;

// Figures, aligned lines and quoted texts, sanitized for a terminal.
pub mod display;

// The report page of a snapshot: figures of `spend` and the run's report as one HTML file.
pub mod page;

// AWS: the SDK's settings, Secrets Manager, EventBridge Scheduler, and one form of AWS's errors.
pub mod aws;

// What all of them speak: values, failures, checksums. No input or output.
pub mod model;

// What any input must leave true: called by the fuzzers, and for a minute by the tests.
#[cfg(any(test, fuzzing))]
#[path = "../fuzz/bodies/mod.rs"]
pub mod fuzz;
