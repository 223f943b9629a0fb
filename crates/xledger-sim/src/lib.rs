//! A stand-in for the Xledger GraphQL API, with a company generated from a seed.
//!
//! ```text
//! company   the books: a plain data structure, the same for the same size and seed
//! server -> http -> access, limits -> execute -> read: arguments, plan, filter, page -> write -> gzip
//!                                     |                                               |
//!                               schema.graphql                                      journal
//! ```

pub mod company;
mod dialect;
mod options;
mod scenario;
mod server;
mod http;
mod access;
mod limits;
mod schema;
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
pub use company::text::PAYROLL_MARKER;
pub use dialect::{Damage, DamageKind, Dialect, MissingRight, RIGHTS, RowOrder};
pub use journal::{Exchange, Journal, Totals, Violation};
pub use options::{Burst, DEFAULT_TOKEN, Fault, FaultKind, Options};
pub use scenario::{SCENARIOS, Scenario};
pub use schema::SCHEMA;
pub use server::{Error, Running, start, start_with};
