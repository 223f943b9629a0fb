//! The boundary to storage: objects under keys, and operations on them that are atomic.
//!
//! Every operation either happens whole or not at all, whatever happens to the process, and an object is never seen half written.
//! `tests/it/store_conformance.rs` holds both implementations to what is said here.

use crate::lake::directory::{self, Directory};
use crate::lake::s3::{self, S3};
use crate::lake::{Error, Key, LakeUrl};
use aws_config::SdkConfig;
use bytes::Bytes;
use std::ops::Range;

/// Where a lake's objects are: a closed set, so that what differs is seen in one place.
#[derive(Clone, Debug)]
pub enum Store {
    /// A directory of this machine.
    Directory(Directory),
    /// A bucket of S3, or of a service that speaks like it.
    S3(S3),
}

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

/// An object that a [`Writer`] made.
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

impl Store {
    /// The store at an address. Touches neither the disk nor the network; [`Store::probe`] does.
    ///
    /// # Errors
    /// [`Error::NoRegion`] if the address is a bucket's and the configuration names no region.
    pub fn open(url: &LakeUrl, aws: &SdkConfig) -> Result<Self, Error> {
        Ok(match url {
            LakeUrl::Directory(path) => Self::Directory(Directory::new(path)),
            LakeUrl::S3 { bucket, prefix } => Self::S3(S3::new(aws, bucket, prefix.clone())?),
        })
    }

    /// Finds out whether the lake can be used, before any other work is done. For [`Access::Write`] it makes the directory, or writes
    /// and removes a tiny object under `state/`; for [`Access::Read`] it changes nothing.
    ///
    /// # Errors
    /// The situations that a user can mend: [`Error::NoSuchBucket`], [`Error::WrongRegion`], [`Error::AccessDenied`],
    /// [`Error::Credentials`], [`Error::NotADirectory`], [`Error::NotFound`] (a directory to be read), [`Error::NoSpace`], …
    pub async fn probe(&self, access: Access) -> Result<(), Error> {
        match self {
            Self::Directory(store) => store.probe(access).await,
            Self::S3(store) => store.probe(access).await,
        }
    }

    /// Reads an object whole, with its version; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is larger than `limit_bytes`; else what storage can meet.
    pub async fn get(&self, key: &Key, limit_bytes: u64) -> Result<Option<(Bytes, Version)>, Error> {
        match self {
            Self::Directory(store) => store.get(key, limit_bytes).await,
            Self::S3(store) => store.get(key, limit_bytes).await,
        }
    }

    /// Reads a range of an object that exists, such as the footer of a Parquet file.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such object, [`Error::Corrupt`] if it ends before the range does.
    pub async fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes, Error> {
        match self {
            Self::Directory(store) => store.get_range(key, range).await,
            Self::S3(store) => store.get_range(key, range).await,
        }
    }

    /// The size of an object in bytes; `None` if there is none.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>, Error> {
        match self {
            Self::Directory(store) => store.size(key).await,
            Self::S3(store) => store.size(key).await,
        }
    }

    /// Writes a new object. Of any number of writers of one key, exactly one succeeds.
    ///
    /// An answer that got lost is asked for again; if the object is there then and has these bytes, the write counts as this one.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is an object already, which stays as it is.
    pub async fn create(&self, key: &Key, bytes: Bytes) -> Result<Version, Error> {
        match self {
            Self::Directory(store) => store.create(key, bytes).await,
            Self::S3(store) => store.create(key, bytes).await,
        }
    }

    /// Compare-and-swap: writes the object if it still has the version `expected`, or, for `None`, if there is still none. Of any number
    /// of writers that expect the same version, exactly one succeeds. A lost answer is treated as by [`Store::create`].
    ///
    /// # Errors
    /// [`Error::Precondition`] if the object has another version or is gone, or exists against expectation; it stays as it is.
    pub async fn replace(&self, key: &Key, bytes: Bytes, expected: Option<&Version>) -> Result<Version, Error> {
        match self {
            Self::Directory(store) => store.replace(key, bytes, expected).await,
            Self::S3(store) => store.replace(key, bytes, expected).await,
        }
    }

    /// Begins a new object of any size, which appears when [`Writer::finish`] returns, and not before.
    ///
    /// # Errors
    /// What storage can meet. That the key is taken is found when the writer finishes.
    pub async fn writer(&self, key: &Key) -> Result<Writer, Error> {
        match self {
            Self::Directory(store) => store.writer(key).await.map(Writer::Directory),
            Self::S3(store) => Ok(Writer::S3(store.writer(key))),
        }
    }

    /// The objects below a directory, at any depth, sorted by key.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn list(&self, directory: &Key) -> Result<Vec<Entry>, Error> {
        match self {
            Self::Directory(store) => store.list(directory).await,
            Self::S3(store) => store.list(directory).await,
        }
    }

    /// The directories right below a directory, sorted. A directory is there as long as an object lies below it.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn list_directories(&self, directory: &Key) -> Result<Vec<Key>, Error> {
        match self {
            Self::Directory(store) => store.list_directories(directory).await,
            Self::S3(store) => store.list_directories(directory).await,
        }
    }

    /// Removes an object. That there is none is no error.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        match self {
            Self::Directory(store) => store.delete(key).await,
            Self::S3(store) => store.delete(key).await,
        }
    }

    /// Removes everything below a directory, and the remains of writers that were killed there. Not atomic: a fault leaves a part.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn delete_below(&self, directory: &Key) -> Result<(), Error> {
        match self {
            Self::Directory(store) => store.delete_below(directory).await,
            Self::S3(store) => store.delete_below(directory).await,
        }
    }

    /// The lake's address, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Directory(store) => store.describe(),
            Self::S3(store) => store.describe(),
        }
    }

    /// The full address of an object, for messages.
    pub fn place(&self, key: &Key) -> String {
        match self {
            Self::Directory(store) => store.place(key),
            Self::S3(store) => store.place(key),
        }
    }
}

/// A new object being written. Dropped unfinished, it leaves nothing behind; where that takes a request (a begun upload to S3),
/// [`Writer::abort`] waits for it and a drop sends it off without waiting.
#[derive(Debug)]
pub enum Writer {
    /// Into a directory.
    Directory(directory::Writer),
    /// Into a bucket.
    S3(s3::Writer),
}

impl Writer {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What storage can meet. The writer has cleaned up then and takes no more.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        match self {
            Self::Directory(writer) => writer.write(bytes).await,
            Self::S3(writer) => writer.write(bytes).await,
        }
    }

    /// Makes the object visible, whole and durable.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is an object under this key already, which stays as it is. Nothing is left behind.
    pub async fn finish(self) -> Result<Written, Error> {
        match self {
            Self::Directory(writer) => writer.finish().await,
            Self::S3(writer) => writer.finish().await,
        }
    }

    /// Gives the object up and waits until nothing is left of it.
    pub async fn abort(self) {
        match self {
            Self::Directory(writer) => drop(writer),
            Self::S3(writer) => writer.abort().await,
        }
    }
}
