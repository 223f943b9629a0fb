//! How a file gets its name: whole, durable, and never over another one unless that is meant.

use super::error::{is_of_the_name, situation, unreadable};
use super::fail_point::{self, before_call, before_change};
use super::lock::{self, truncate};
use super::tree::{flush_directory, make_directory, prune};
use crate::lake::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Told apart by process and count; a leftover of an ended process with the same number is stepped over.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A file beside its future place, locked until it is dropped: one without a lock was left by a process that ended. A drop removes it, with the
/// directories that were made for it.
#[derive(Debug)]
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
    place: PathBuf,
    root: PathBuf,
}

impl Temporary {
    pub(super) fn create_beside(place: &Path, root: &Path) -> Result<Self, Error> {
        let directory = place.parent().unwrap_or(root);
        for _ in 0..100 {
            let path = temporary_name(place);
            before_change(&path);
            let made = before_call("open", place);
            match made.and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path)) {
                Ok(file) => {
                    let temporary = Self { file, path, place: place.to_owned(), root: root.to_owned() };
                    let locked = before_call("lock", place).and_then(|()| temporary.file.lock());
                    locked.map_err(|e| situation("lock", place, e))?;
                    // Gone if somebody found it before it was locked.
                    if temporary.path.symlink_metadata().is_ok() {
                        return Ok(temporary);
                    }
                }
                // Not made yet, or just removed by somebody who found it empty.
                Err(e) if e.kind() == ErrorKind::NotFound => make_directory(directory)?,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(situation("write", place, e)),
            }
        }
        Err(situation("write", place, ErrorKind::AlreadyExists.into()))
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        fail_point::write(&self.file, bytes, &self.place).map_err(|e| situation("write", &self.place, e))
    }

    /// Flushes what was written to the disk.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let flushed = before_call("fsync", &self.place).and_then(|()| self.file.sync_all());
        flushed.map_err(|e| situation("flush", &self.place, e))
    }

    pub(super) fn fill(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write(bytes)?;
        self.flush()
    }

    /// Gives the file its name, unless that is taken.
    pub(super) fn create(self) -> Result<(), Error> {
        before_change(&self.place);
        let created = match before_call("link", &self.place).and_then(|()| fs::hard_link(&self.path, &self.place)) {
            // A file system without hard links, whatever it says: look and rename while nobody else of this program does.
            Err(e) if !is_of_the_name(&e) => {
                let _held = lock::lock_for_swap(&self.root)?;
                match self.place.symlink_metadata() {
                    Ok(_) => Err(ErrorKind::AlreadyExists.into()),
                    Err(_) => fs::rename(&self.path, &self.place),
                }
            }
            result => result,
        };
        let place = self.place.clone();
        match self.named(created) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists { place: place.display().to_string() })
            }
            result => result.map_err(|e| situation("write", &place, e)),
        }
    }

    /// Gives the file its name, in the place of the one that had it.
    pub(super) fn replace(self) -> Result<(), Error> {
        before_change(&self.place);
        let replaced = before_call("rename", &self.place).and_then(|()| fs::rename(&self.path, &self.place));
        let place = self.place.clone();
        self.named(replaced).map_err(|e| situation("rename", &place, e))
    }

    fn named(self, result: io::Result<()>) -> io::Result<()> {
        let place = self.place.clone();
        // Removes the temporary name.
        drop(self);
        result.and_then(|()| flush_directory(&place))
    }
}

/// Tries out, with files that are removed again, whether the file system of a lake does what a lake needs, and whether this program may write
/// everywhere that it is going to. Removes no directory, for another process could just be about to make its lock in it.
pub(super) fn try_out(root: &Path, below: &[PathBuf]) -> Result<(), Error> {
    let trial = temporary_name(&root.join("trial"));
    let mut created = Temporary::create_beside(&trial, root)?;
    created.fill(b"{}\n")?;
    truncate(&created.file, &trial)?;
    created.create()?;
    let replaced = Temporary::create_beside(&trial, root).and_then(Temporary::replace);
    before_change(&trial);
    let removed = fs::remove_file(&trial);
    replaced?;
    match removed {
        // Gone already if the holder of the lake took it for a leftover.
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(situation("delete", &trial, e)),
        _ => {}
    }
    for directory in below.iter().filter(|directory| directory.symlink_metadata().is_ok()) {
        drop(Temporary::create_beside(&directory.join("trial"), directory)?);
    }
    Ok(())
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed stays, under a name that nobody reads.
        before_change(&self.path);
        let _ = fs::remove_file(&self.path);
        prune(&self.path, &self.root);
    }
}

/// Makes the symbolic link at `place` point to `target`, in one step, whatever it pointed to.
pub(super) fn link(place: &Path, target: &Path) -> Result<(), Error> {
    let found = place.symlink_metadata();
    // What programs that synchronise directories make of a link: all that was behind it, or an empty directory.
    let is_hollow = found.as_ref().is_ok_and(|found| found.is_dir()) && is_empty(place);
    match &found {
        Ok(found) if !found.is_symlink() && !is_hollow => return Err(Error::InTheWay { path: place.to_owned() }),
        Ok(_) if fs::read_link(place).is_ok_and(|found| found == target) => return Ok(()),
        _ => {}
    }
    let path = temporary_name(place);
    // A leftover of an ended process with the same number.
    let _ = fs::remove_file(&path);
    before_change(place);
    if let Err(e) = before_call("symlink", place).and_then(|()| std::os::unix::fs::symlink(target, &path)) {
        // Whatever it says, for files can be written here.
        return Err(match found.is_err() || is_hollow {
            true => Error::NoLinks { path: place.to_owned(), source: Box::new(e) },
            false => unreadable("move the link", place, e),
        });
    }
    let named = || {
        if is_hollow {
            before_change(place);
            fs::remove_dir(place)?;
        }
        before_change(place);
        fs::rename(&path, place)?;
        flush_directory(place)
    };
    let linked = named();
    if linked.is_err() {
        let _ = fs::remove_file(&path);
    }
    linked.map_err(|e| situation("link", place, e))
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

/// Removes the temporary files that ended processes left in a directory and below, but skips the directories in `except`. For the holder of the lake
/// alone: other processes write files, which they lock, but make no links. What cannot be looked at or removed stays.
pub(super) fn remove_leftovers(directory: &Path, except: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() && directory != except {
            remove_leftovers(&path, except);
        } else if !kind.is_dir() && entry.file_name().to_str().is_some_and(is_temporary) {
            let file = OpenOptions::new().write(true).open(&path);
            // It stays locked until it is gone.
            if kind.is_symlink() || file.as_ref().is_ok_and(|file| file.try_lock().is_ok()) {
                before_change(&path);
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Whether it is a name that [`temporary_name`] makes.
fn is_temporary(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = name.strip_prefix('.').and_then(|name| name.rsplit_once('~')?.1.split_once('-'));
    numbers.is_some_and(|(process, count)| number(process) && number(count))
}

/// A name beside a place, which no key has.
fn temporary_name(place: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(format!("~{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    place.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_processes_left_is_removed_and_nothing_else() {
        let root = tempfile::TempDir::new().unwrap();
        let path = |name: &str| root.path().join(name);
        let mut written = Temporary::create_beside(&path("runs/a.json"), root.path()).unwrap();
        written.fill(b"{}").unwrap();
        let stay =
            ["runs/a.json", "runs/.a.json", ".DS_Store", ".a~", ".a~1-", ".a~-1", ".a~x-1", "a~1-1", "kept/x/.b~1-1"];
        let left = [".CURRENT.json~1-0", "kept/.trial~1-1", "runs/.a.json~1-0", "state/rows/run/.b~4711-12"];
        for name in stay.iter().chain(&left) {
            make_directory(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), "").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", path(".current~1-0")).unwrap();

        remove_leftovers(root.path(), &path("kept"));
        assert!(stay.iter().all(|name| path(name).exists()));
        assert!(left.iter().all(|name| !path(name).exists()));
        assert!(path(".current~1-0").symlink_metadata().is_err());
        written.replace().unwrap();
        assert_eq!(fs::read(path("runs/a.json")).unwrap(), b"{}");
    }
}
