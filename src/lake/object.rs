//! What both stores speak of: objects, their versions, and what a program is about to do with them.

use crate::lake::Key;

/// The version of an object: what a compare-and-swap compares. Opaque, and only good for the store that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub(super) String);

/// An object found by a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// An object that a [`Writer`](crate::lake::store::Writer) made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its checksum, as 64 hexadecimal digits.
    pub sha256: String,
}

/// What a program is about to do with a lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look at it.
    Read,
    /// Publish into it.
    Write,
}
