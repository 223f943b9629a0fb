//! The locks of a lake in a directory. Both are advisory locks of the operating system, which releases them when the process ends,
//! however it ends: a lock file that lies around means nothing.

use super::fault::situation;
use super::moment::{self, moment};
use super::place::make_directory;
use crate::lake::Error;
use crate::value::Instant;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Held by one writer for the whole of its run.
const CLAIM: &str = "state/lock";
/// Held for the moment of a compare-and-swap.
const SWAP: &str = "state/.swap";
/// A holder's name is a run's id and a word or two.
const NAME_LIMIT_BYTES: u64 = 256;

/// The right to publish into a lake, until dropped.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

impl Claim {
    pub(super) fn take(root: &Path, by: &str, now: Instant) -> Result<Self, Error> {
        let (mut file, path) = open(root, CLAIM)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let (since, by) = holder(&mut file).unwrap_or_else(|| (None, "another run".to_owned()));
                return Err(Error::InUse { lake: root.display().to_string(), by, since, until: None });
            }
            Err(TryLockError::Error(e)) => return Err(situation("lock", &path, e)),
        }
        let since = Timestamp::from_millisecond(now.0).unwrap_or_default();
        moment(&path);
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| moment::write(&file, format!("{since:.3} {by}\n").as_bytes(), &path))
            .map_err(|e| situation("write", &path, e))?;
        Ok(Self { _file: file })
    }
}

/// Since when the lock is held, and by whom. Both are written right after the lock is taken: they are waited for, a tenth of a second at
/// most.
fn holder(file: &mut File) -> Option<(Option<Instant>, String)> {
    for _ in 0..10 {
        let mut name = String::new();
        file.rewind().ok()?;
        file.take(NAME_LIMIT_BYTES).read_to_string(&mut name).ok()?;
        if name.ends_with('\n') {
            let name = name.trim();
            let since = name.split_once(' ').and_then(|(since, by)| Some((since.parse::<Timestamp>().ok()?, by)));
            let (since, by) = since.map_or((None, name), |(since, by)| (Some(Instant(since.as_millisecond())), by));
            return Some((since, by.escape_debug().to_string()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Waits for the lock of a compare-and-swap, which is held for milliseconds, and holds it until dropped.
pub(super) fn swap(root: &Path) -> Result<File, Error> {
    let (file, path) = open(root, SWAP)?;
    file.lock().map_err(|e| situation("lock", &path, e))?;
    Ok(file)
}

fn open(root: &Path, name: &str) -> Result<(File, PathBuf), Error> {
    let path = root.join(name);
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    moment(&path);
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path) {
        Ok(file) => Ok((file, path)),
        Err(e) => Err(situation("open", &path, e)),
    }
}
