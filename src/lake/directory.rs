//! The store in a directory.
//!
//! A new object is written to a temporary file beside its place, flushed to the disk, and given its name by a hard link, which fails if
//! the name is taken. A replaced object is renamed into place while a lock is held. Directories are flushed after each change of a
//! name. Temporary files begin with a dot, which no key does: readers and listings pass them by. Who writes one holds a lock on it, so that
//! the next who takes the lake can tell what a killed process left, and remove it.

mod error;
mod lock;
mod fail_point;
mod temporary;
mod tree;
mod writer;

use crate::lake::key::is_segment;
use crate::lake::object::{Access, Entry, Version};
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use crate::model::value::Instant;
use bytes::Bytes;
use error::situation;
use fail_point::before_change;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) use fail_point::watch;
pub(crate) use lock::Claim;
pub(crate) use writer::Writer;
pub(super) use writer::failed_before;

/// A lake in a directory of this machine.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The lake in this directory. Does not touch the disk.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where the lake lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    pub(super) fn describe(&self) -> String {
        self.root.display().to_string()
    }

    pub(super) fn address(&self, key: &Key) -> String {
        self.path(key).display().to_string()
    }

    /// Runs file operations where they do not hold up the others of this thread.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(result) => result,
            Err(error) => {
                let (place, source) = (self.describe(), Box::new(error));
                Err(Error::Unreadable { operation: "work on", place, next: "run again", source })
            }
        }
    }

    pub(super) async fn check_usable(&self, access: Access) -> Result<(), Error> {
        self.blocking(move |store| {
            if access == Access::Write {
                let below = ["snapshots", "runs", "state", "state/rows"].map(|name| store.root.join(name));
                return temporary::try_out(&store.root, &below);
            }
            fs::read_dir(&store.root).map(drop).map_err(|e| match e.kind() {
                ErrorKind::NotFound => Error::NotFound { place: store.describe() },
                _ => situation("read", &store.root, e),
            })
        })
        .await
    }

    pub(super) async fn get(&self, key: &Key, limit_bytes: u64) -> Result<Option<(Bytes, Version)>, Error> {
        let path = self.path(key);
        self.blocking(move |_| Ok(read(&path, limit_bytes)?.map(|bytes| (version(&bytes), bytes)).map(|(v, b)| (b, v))))
            .await
    }

    pub(super) async fn create(&self, key: &Key, bytes: Bytes) -> Result<Version, Error> {
        let path = self.path(key);
        self.blocking(move |store| {
            let mut temporary = temporary::Temporary::create_beside(&path, &store.root)?;
            temporary.fill(&bytes)?;
            temporary.create()?;
            Ok(version(&bytes))
        })
        .await
    }

    pub(super) async fn replace(&self, key: &Key, bytes: Bytes, expected: Option<&Version>) -> Result<Version, Error> {
        let (path, expected) = (self.path(key), expected.cloned());
        self.blocking(move |store| {
            let _held = lock::lock_for_swap(&store.root)?;
            if read(&path, u64::MAX)?.map(|bytes| version(&bytes)) != expected {
                return Err(Error::Precondition { place: path.display().to_string() });
            }
            let mut temporary = temporary::Temporary::create_beside(&path, &store.root)?;
            temporary.fill(&bytes)?;
            temporary.replace()?;
            Ok(version(&bytes))
        })
        .await
    }

    pub(super) async fn writer(&self, key: &Key) -> Result<Writer, Error> {
        let path = self.path(key);
        let temporary = self.blocking(move |store| temporary::Temporary::create_beside(&path, &store.root)).await?;
        Ok(Writer::new(self.clone(), temporary))
    }

    pub(super) async fn list(&self, directory: &Key) -> Result<Vec<Entry>, Error> {
        let directory = directory.clone();
        self.blocking(move |store| {
            let (mut entries, mut open) = (Vec::new(), vec![directory]);
            while let Some(directory) = open.pop() {
                for (key, kind) in store.children(&directory)? {
                    if kind.is_dir() {
                        open.push(key);
                    } else if kind.is_file() {
                        // A file that was removed in the meantime is not listed.
                        let size = fs::metadata(store.path(&key)).map(|file| file.len());
                        entries.extend(size.ok().map(|size_bytes| Entry { key, size_bytes }));
                    }
                }
            }
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            Ok(entries)
        })
        .await
    }

    pub(super) async fn list_directories(&self, directory: &Key) -> Result<Vec<Key>, Error> {
        let directory = directory.clone();
        self.blocking(move |store| {
            let children = store.children(&directory)?.into_iter();
            let mut keys: Vec<Key> = children.filter(|(_, kind)| kind.is_dir()).map(|(key, _)| key).collect();
            keys.sort();
            Ok(keys)
        })
        .await
    }

    /// What lies right in a directory under names that are keys; nothing if there is no such directory.
    fn children(&self, directory: &Key) -> Result<Vec<(Key, fs::FileType)>, Error> {
        let path = self.path(directory);
        let read = || -> io::Result<Vec<_>> {
            let mut children = Vec::new();
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| is_segment(name)) else { continue };
                children.extend(directory.join(name).ok().zip(entry.file_type().ok()));
            }
            Ok(children)
        };
        match read() {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            result => result.map_err(|e| situation("list", &path, e)),
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let path = self.path(key);
        self.blocking(move |store| {
            before_change(&path);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(situation("delete", &path, e)),
                _ => tree::prune(&path, &store.root),
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn delete_below(&self, directory: &Key) -> Result<(), Error> {
        let path = self.path(directory);
        self.blocking(move |store| {
            fail_point::remove_one_by_one(&path);
            match fs::remove_dir_all(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(situation("delete", &path, e)),
                _ => tree::prune(&path, &store.root),
            }
            Ok(())
        })
        .await
    }

    /// Makes the symbolic link `name` of the root point to `target`, in one step.
    pub(super) async fn link(&self, name: &'static str, target: String) -> Result<(), Error> {
        self.blocking(move |store| temporary::link(&store.root.join(name), Path::new(&target))).await
    }

    /// Whether two names of the root lead to the same place.
    pub(super) async fn is_same(&self, name: &'static str, other: &Key) -> bool {
        let other = self.path(other);
        let same = self.blocking(move |store| {
            let found = store.root.join(name).canonicalize().ok();
            Ok(found.is_some() && found == other.canonicalize().ok())
        });
        same.await.unwrap_or(false)
    }

    /// Removes the temporary files of ended processes, but not in the directories in `except`. For who holds the lake.
    pub(super) async fn remove_leftovers(&self, except: &Key) -> Result<(), Error> {
        let except = self.path(except);
        self.blocking(move |store| {
            temporary::remove_leftovers(&store.root, &except);
            Ok(())
        })
        .await
    }

    /// Takes the lake for one writer, until the claim is dropped or the process ends, however it ends.
    pub(super) async fn claim(&self, by: &str, now: Instant) -> Result<Claim, Error> {
        let by = by.to_owned();
        self.blocking(move |store| Claim::acquire(&store.root, &by, now)).await
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(Digest::of(bytes))
}

/// A file's content, if it exists.
fn read(path: &Path, limit_bytes: u64) -> Result<Option<Bytes>, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes));
    match read {
        Ok(size) if size as u64 > limit_bytes => Err(too_large(path.display().to_string(), limit_bytes)),
        Ok(_) => Ok(Some(bytes.into())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(situation("read", path, e)),
    }
}

pub(super) fn too_large(place: String, limit_bytes: u64) -> Error {
    Error::Corrupt { place, what: format!("it is larger than {limit_bytes} bytes") }
}

#[cfg(test)]
mod tests;
