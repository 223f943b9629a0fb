//! The lake: where the tables lie, how a new state of them becomes visible in one step, and what holds that promise.
//!
//! ```text
//! Publisher ── begin ─> Snapshot ── writer ─> DataWriter ── finish     publish.rs: files, then manifest, then CURRENT.json
//!     │                     └────── commit ─> Current                  manifest.rs: what those two files say
//!   Claim: one writer at a time                                        layout.rs:   what every key is called
//!     │
//!   Store ── Directory | S3                                            store.rs:    atomic operations on keys
//! ```
//!
//! Nothing in here reads the clock, the environment or makes an id: instants, run ids and the AWS configuration are passed in.

pub mod error;
pub mod key;
pub mod url;
pub mod digest;
pub mod store;
pub mod directory;
pub mod s3;
pub mod layout;
pub mod manifest;
pub mod publish;

pub use directory::Directory;
pub use error::Error;
pub use key::Key;
pub use layout::{Partition, SnapshotName, Table};
pub use manifest::{Current, DataFile, Manifest, ManifestParts};
pub use publish::{DataWriter, Lake, Publisher, Snapshot};
pub use s3::S3;
pub use store::{Access, Store, Version};
pub use url::LakeUrl;
