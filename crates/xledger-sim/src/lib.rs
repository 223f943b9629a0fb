//! A stand-in for the Xledger GraphQL API, with a company generated from a seed.
//!
//! ```text
//! company   the books: a plain data structure, the same for the same size and seed
//! server -> http -> fault, access, limits -> execute -> read: arguments, plan, filter, page -> write -> gzip
//!                                     |                                               |
//!                               schema.graphql                                      journal
//! ```

pub mod company;
mod dialect;
mod options;
mod fault;
mod seconds;
mod scenario;
mod server;
mod http;
mod live_books;
mod access;
mod limits;
mod schema;
mod answer;
mod execute;
mod read;
mod arguments;
mod plan;
mod column;
mod table;
mod filter;
mod page;
mod node;
mod value;
mod write;
mod problem;
mod journal;
pub mod books;

pub use company::Company;
pub use company::change::{Change, ChangeKind};
pub use company::history::{self, Chosen, Event};
pub use company::shape::Shape;
pub use company::text::PAYROLL_MARKER;
pub use dialect::{Damage, DamageKind, Dialect, MissingRight, RIGHTS, RowOrder, Share};
pub use fault::{Fault, FaultKind};
pub use journal::{Exchange, Journal, Totals, Violation};
pub use options::{Burst, Credits, DEFAULT_TOKEN, IdLimit, IdRefusal, Options, Others, ResetForm, RowLimit};
pub use scenario::{Expect, Outcome, Scenario, ScenarioError, Tables};
pub use schema::{SCHEMA, Served};
pub use server::{Error, Running, Starting, start, start_with};
