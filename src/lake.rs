//! The lake: where the tables lie, how a new state of them becomes visible in one step, and what holds that promise.
//!
//! ```text
//! Lake ── claim ─> Publisher ── begin ─> Snapshot ── writer ─> DataWriter ── finish ─> DataFile
//!  │              one at a time              └───── commit ─> Current: seen by all, in one step
//! Store ── Directory | S3
//! ```
//!
//! | file | what it settles |
//! |---|---|
//! | `publish.rs` | who may publish, and the one step |
//! | `lease.rs` | one at a time, in a bucket |
//! | `publish/snapshot.rs` | data files, then the manifest, then that step |
//! | `retention.rs` | which snapshots there are, and which may go |
//! | `manifest.rs` | what `_manifest.json` and `CURRENT.json` say |
//! | `layout.rs` | what every key is called |
//! | `store.rs` | operations on keys that are atomic |
//!
//! Nothing in here reads the clock, the environment or makes an id: instants, run ids and the AWS configuration are passed in.

pub(crate) mod error;
pub(crate) mod key;
pub mod url;
pub(crate) mod object;
pub mod store;
pub(crate) mod directory;
pub(crate) mod s3;
pub mod layout;
pub(crate) mod manifest;
pub mod lease;
pub(crate) mod publish;
pub(crate) mod retention;

pub use directory::Directory;
pub use error::Error;
pub use key::Key;
pub use layout::{Partition, SnapshotName, TableName};
pub use manifest::{Current, DataFile, Manifest, ManifestTables};
pub use publish::snapshot::{DataWriter, Snapshot};
pub use publish::{Lake, Publisher, VerifiedSnapshot};
pub use retention::{ListedSnapshot, Swept};
pub use s3::S3;
pub use store::{Access, Store, Version};
pub use url::LakeUrl;
