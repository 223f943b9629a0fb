//! The directories of a lake: made durable before anything lies in them, and removed when nothing does.

use super::error::{flushes_no_directories, situation};
use super::fail_point::{before_call, before_change};
use crate::lake::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes a directory and those above it, each durable before the next is made in it.
pub(super) fn make_directory(path: &Path) -> Result<(), Error> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    for _ in 0..10 {
        before_change(path);
        match fs::create_dir(path).and_then(|()| flush_directory(path)) {
            Ok(()) => return Ok(()),
            Err(_) if path.is_dir() => return Ok(()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                return Err(Error::NotADirectory { path: path.to_owned() });
            }
            Err(e) if e.kind() == ErrorKind::NotFound => match path.parent() {
                Some(parent) => make_directory(parent)?,
                None => return Err(situation("make", path, e)),
            },
            Err(e) => return Err(situation("make", path, e)),
        }
    }
    Err(situation("make", path, ErrorKind::NotFound.into()))
}

/// Removes the directories above `path` that have become empty, below the root.
pub(super) fn prune(path: &Path, root: &Path) {
    let inside = path.ancestors().skip(1).take_while(|directory| *directory != root && directory.starts_with(root));
    for directory in inside {
        before_change(directory);
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
}

/// Flushes the directory that holds `path`, so that its names outlive a power cut. Where the file system flushes no directories, that is its
/// own business.
pub(super) fn flush_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match before_call("fsync of a directory", path).and_then(|()| File::open(parent)?.sync_all()) {
        Err(e) if flushes_no_directories(&e) => Ok(()),
        flushed => flushed,
    }
}
