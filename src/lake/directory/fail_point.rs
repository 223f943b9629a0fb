//! Fail points of a lake in a directory: one before each change of the file system, and one in the middle of each write. A process can be killed
//! at each of them, and leaves what lies there then, for the operating system keeps what was written.
//!
//! Tests look at the directory at each fail point, and inject the errors of file systems that can do less than others. In the program itself
//! this is nothing.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

#[cfg(test)]
pub(crate) use watched::watch;
#[cfg(test)]
pub(super) use watched::{before_call, before_change, inject_error, remove_one_by_one};

/// A fail point: the file system is about to be changed at this place.
#[cfg(not(test))]
pub(super) const fn before_change(_place: &Path) {}

/// A fail point: a call of this name is about to be made at this place, and fails if a test says so.
#[cfg(not(test))]
pub(super) const fn before_call(_call: &str, _place: &Path) -> io::Result<()> {
    Ok(())
}

/// Fail points: one call removes a directory file by file, in no promised order.
#[cfg(not(test))]
pub(super) const fn remove_one_by_one(_directory: &Path) {}

/// Writes bytes into a file; in tests, half of them first.
pub(super) fn write(mut file: &File, bytes: &[u8], place: &Path) -> io::Result<()> {
    let (half, rest) = bytes.split_at(if cfg!(test) { bytes.len() / 2 } else { 0 });
    before_change(place);
    file.write_all(half)?;
    before_change(place);
    file.write_all(rest)
}

#[cfg(test)]
mod watched {
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};
    use std::{fs, io};

    type Look = Box<dyn FnMut() + Send>;

    /// Who looks at the fail points of which directory.
    static WATCHED: Mutex<Vec<(PathBuf, Look)>> = Mutex::new(Vec::new());

    /// A directory is looked at until this is dropped.
    pub(crate) struct Watch(PathBuf);

    impl Drop for Watch {
        fn drop(&mut self) {
            WATCHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|(root, _)| *root != self.0);
        }
    }

    /// Looks at a directory at each fail point below it.
    pub(crate) fn watch(root: &Path, look: impl FnMut() + Send + 'static) -> Watch {
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner).push((root.to_owned(), Box::new(look)));
        Watch(root.to_owned())
    }

    pub(in crate::lake::directory) fn before_change(place: &Path) {
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter_mut().filter(|(root, _)| place.starts_with(root)).for_each(|(_, look)| look());
    }

    /// The calls that fail below a directory, and with which number.
    static INJECTED: Mutex<Vec<(PathBuf, &'static str, i32)>> = Mutex::new(Vec::new());

    /// Lets a call fail everywhere below a directory, with this number, from now on. No other test has this directory.
    pub(in crate::lake::directory) fn inject_error(root: &Path, call: &'static str, number: i32) {
        let mut injected = INJECTED.lock().unwrap_or_else(PoisonError::into_inner);
        injected.retain(|(below, known, _)| (below.as_path(), *known) != (root, call));
        injected.push((root.to_owned(), call, number));
    }

    pub(in crate::lake::directory) fn before_call(call: &str, place: &Path) -> io::Result<()> {
        let injected = INJECTED.lock().unwrap_or_else(PoisonError::into_inner);
        let found = injected.iter().find(|(root, known, _)| *known == call && place.starts_with(root));
        found.map_or(Ok(()), |(_, _, number)| Err(io::Error::from_raw_os_error(*number)))
    }

    pub(in crate::lake::directory) fn remove_one_by_one(directory: &Path) {
        for entry in fs::read_dir(directory).into_iter().flatten().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                remove_one_by_one(&entry.path());
            } else {
                before_change(directory);
                fs::remove_file(entry.path()).unwrap();
            }
        }
        before_change(directory);
        // Gone already, if there was nothing to be removed.
        let _ = fs::remove_dir(directory);
    }
}
