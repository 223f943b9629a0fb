//! A new file being written.

use super::Directory;
use super::temporary::Temporary;
use crate::lake::Error;
use crate::lake::object::Written;
use crate::model::digest::Digest;
use bytes::Bytes;
use std::fmt;

/// A new object of a lake in a directory.
pub struct Writer {
    store: Directory,
    /// Gone after a fault.
    file: Option<(Temporary, Digest)>,
    place: String,
    size_bytes: u64,
}

impl Writer {
    pub(super) fn new(store: Directory, file: Temporary) -> Self {
        let place = file.place().display().to_string();
        Self { store, file: Some((file, Digest::default())), place, size_bytes: 0 }
    }

    pub(in crate::lake) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let (mut file, mut digest) = self.file.take().ok_or_else(|| failed_before(&self.place))?;
        let size_bytes = bytes.len() as u64;
        let work = move |_: &Directory| {
            file.write(&bytes)?;
            digest.update(&bytes);
            Ok((file, digest))
        };
        self.file = Some(self.store.blocking(work).await?);
        self.size_bytes += size_bytes;
        Ok(())
    }

    pub(in crate::lake) async fn finish(mut self) -> Result<Written, Error> {
        let (mut file, digest) = self.file.take().ok_or_else(|| failed_before(&self.place))?;
        let work = move |_: &Directory| {
            file.flush()?;
            file.create()
        };
        self.store.blocking(work).await?;
        Ok(Written { size_bytes: self.size_bytes, sha256: digest.finish() })
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Writer")
            .field("place", &self.place)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// A writer was used again after it had failed.
pub(in crate::lake) fn failed_before(place: &str) -> Error {
    let source = "an earlier write to it failed".into();
    Error::Unreadable { operation: "write", place: place.to_owned(), next: "run again", source }
}
