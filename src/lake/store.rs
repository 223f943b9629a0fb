//! The boundary to storage: objects under keys, and operations on them that are atomic.
//!
//! Every operation either happens whole or not at all, whatever happens to the process, and an object is never seen half written.
//! `tests/it/store_conformance.rs` holds both implementations to what is said here.

use crate::lake::directory::{self, Directory};
use crate::lake::s3::{self, S3};
use crate::lake::{Error, Key, LakeUrl};
use aws_config::SdkConfig;
use bytes::Bytes;
use futures::future::BoxFuture;

pub use crate::lake::object::{Access, Entry, Version, Written};

/// Where a lake's objects are: a closed set, so that what differs is seen in one place.
#[derive(Clone, Debug)]
pub enum Store {
    /// A directory of this machine.
    Directory(Directory),
    /// A bucket of S3, or of a service that speaks like it.
    S3(S3),
}

impl Store {
    /// The store at an address. Touches neither the disk nor the network; [`Store::check_usable`] does.
    ///
    /// # Errors
    /// [`Error::NoRegion`] if the address is a bucket's and the configuration names no region.
    pub fn open(url: &LakeUrl, aws: &SdkConfig) -> Result<Self, Error> {
        Ok(match url {
            LakeUrl::Directory(path) => Self::Directory(Directory::new(path)),
            LakeUrl::S3 { bucket, prefix } => Self::S3(S3::new(aws, bucket, prefix.clone())?),
        })
    }

    /// The same store, whose writes to a bucket name this KMS key, as a bucket's policy can demand. Of a directory nothing changes.
    #[must_use]
    pub fn with_kms_key(self, arn: Option<String>) -> Self {
        match self {
            Self::S3(store) => Self::S3(store.with_kms_key(arn)),
            Self::Directory(store) => Self::Directory(store),
        }
    }

    /// Finds out whether the lake can be used, before any other work is done. For [`Access::Read`] it changes nothing. For [`Access::Write`] it makes
    /// the directory and tries out what its file system does; or it writes a tiny object to the bucket, under `state/`, sees that a write against a
    /// condition does not replace it, and removes it.
    ///
    /// # Errors
    /// The situations that a user can mend: [`Error::NoSuchBucket`], [`Error::WrongRegion`], [`Error::AccessDenied`],
    /// [`Error::Credentials`], [`Error::NotADirectory`], [`Error::NotFound`] (a directory to be read), [`Error::NoSpace`],
    /// [`Error::ReadOnly`], [`Error::Unsupported`], [`Error::Unconditional`], …
    pub fn check_usable(&self, access: Access) -> BoxFuture<'_, Result<(), Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.check_usable(access)),
            Self::S3(store) => Box::pin(store.check_usable(access)),
        }
    }

    /// Reads an object whole, with its version; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is larger than `limit_bytes`; else what storage can meet.
    pub fn get<'a>(&'a self, key: &'a Key, limit_bytes: u64) -> BoxFuture<'a, Result<Option<(Bytes, Version)>, Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.get(key, limit_bytes)),
            Self::S3(store) => Box::pin(store.get(key, limit_bytes)),
        }
    }

    /// Writes a new object. Of any number of writers of one key, exactly one succeeds.
    ///
    /// An answer that got lost is asked for again; if the object is there then and has these bytes, the write counts as this one.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is an object already, which stays as it is.
    pub fn create<'a>(&'a self, key: &'a Key, bytes: Bytes) -> BoxFuture<'a, Result<Version, Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.create(key, bytes)),
            Self::S3(store) => Box::pin(store.create(key, bytes)),
        }
    }

    /// Compare-and-swap: writes the object if it still has the version `expected`, or, for `None`, if there is still none. Of any number
    /// of writers that expect the same version, exactly one succeeds. A lost answer is treated as by [`Store::create`].
    ///
    /// # Errors
    /// [`Error::Precondition`] if the object has another version or is gone, or exists against expectation; it stays as it is.
    pub fn replace<'a>(
        &'a self,
        key: &'a Key,
        bytes: Bytes,
        expected: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Version, Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.replace(key, bytes, expected)),
            Self::S3(store) => Box::pin(store.replace(key, bytes, expected)),
        }
    }

    /// Begins a new object of any size, which appears when [`Writer::finish`] returns, and not before.
    ///
    /// # Errors
    /// What storage can meet. That the key is taken is found when the writer finishes.
    pub fn writer<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Writer, Error>> {
        match self {
            Self::Directory(store) => Box::pin(async { store.writer(key).await.map(Writer::Directory) }),
            Self::S3(store) => Box::pin(async { Ok(Writer::S3(store.writer(key))) }),
        }
    }

    /// The objects below a directory, at any depth, sorted by key.
    ///
    /// # Errors
    /// What storage can meet.
    pub fn list<'a>(&'a self, directory: &'a Key) -> BoxFuture<'a, Result<Vec<Entry>, Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.list(directory)),
            Self::S3(store) => Box::pin(store.list(directory)),
        }
    }

    /// The directories right below a directory, sorted. A directory is there as long as an object lies below it.
    ///
    /// # Errors
    /// What storage can meet.
    pub fn list_directories<'a>(&'a self, directory: &'a Key) -> BoxFuture<'a, Result<Vec<Key>, Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.list_directories(directory)),
            Self::S3(store) => Box::pin(store.list_directories(directory)),
        }
    }

    /// Removes an object. That there is none is no error.
    ///
    /// # Errors
    /// What storage can meet.
    pub fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.delete(key)),
            Self::S3(store) => Box::pin(store.delete(key)),
        }
    }

    /// Removes everything below a directory, and the remains of writers that were killed there. Not atomic: a fault leaves a part.
    ///
    /// # Errors
    /// What storage can meet.
    pub fn delete_below<'a>(&'a self, directory: &'a Key) -> BoxFuture<'a, Result<(), Error>> {
        match self {
            Self::Directory(store) => Box::pin(store.delete_below(directory)),
            Self::S3(store) => Box::pin(store.delete_below(directory)),
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
    pub fn address(&self, key: &Key) -> String {
        match self {
            Self::Directory(store) => store.address(key),
            Self::S3(store) => store.address(key),
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
    pub fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        match self {
            Self::Directory(writer) => Box::pin(writer.write(bytes)),
            Self::S3(writer) => Box::pin(writer.write(bytes)),
        }
    }

    /// Makes the object visible, whole and durable.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] if there is an object under this key already, which stays as it is. Nothing is left behind.
    pub fn finish(self) -> BoxFuture<'static, Result<Written, Error>> {
        match self {
            Self::Directory(writer) => Box::pin(writer.finish()),
            Self::S3(writer) => Box::pin(writer.finish()),
        }
    }

    /// Gives the object up and waits until nothing is left of it.
    pub fn abort(self) -> BoxFuture<'static, ()> {
        match self {
            Self::Directory(writer) => Box::pin(async { drop(writer) }),
            Self::S3(writer) => Box::pin(writer.abort()),
        }
    }
}
