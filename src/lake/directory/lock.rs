//! The locks of a lake in a directory. Both are advisory locks of the operating system, which releases them when the process ends,
//! however it ends: a lock file that lies around means nothing.

use super::error::situation;
use super::fail_point::{self, before_call, before_change};
use super::tree::make_directory;
use crate::lake::Error;
use crate::model::value::Instant;
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
/// How often a run that finds the lake locked looks for the holder's name, and the wait between looks: a second at most.
const LOOKS: u32 = 100;
const LOOKED_AFTER: Duration = Duration::from_millis(10);

/// The right to publish into a lake, until dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
}

impl Claim {
    pub(super) fn acquire(root: &Path, by: &str, now: Instant) -> Result<Self, Error> {
        let (mut file, path) = open(root, CLAIM)?;
        before_call("lock", &path).map_err(|e| situation("lock", &path, e))?;
        let mut looks = 0;
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(e) = error {
                return Err(situation("lock", &path, e));
            }
            looks += 1;
            // Who has it writes that down right after it takes it.
            match holder(&mut file) {
                None if looks < LOOKS => std::thread::sleep(LOOKED_AFTER),
                found => {
                    let (since, by) = found.unwrap_or_else(|| (None, "another run".to_owned()));
                    return Err(Error::InUse { lake: root.display().to_string(), by, since, until: None });
                }
            }
        }
        let since = Timestamp::from_millisecond(now.0).unwrap_or_default();
        before_change(&path);
        truncate(&file, &path)?;
        file.rewind()
            .and_then(|()| fail_point::write(&file, format!("{since:.3} {by}\n").as_bytes(), &path))
            .map_err(|e| situation("write", &path, e))?;
        Ok(Self { file })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Whoever looks after the next holder took the lock, and before it wrote its name, must not read this one's.
        let _ = self.file.set_len(0);
    }
}

/// Since when the lock is held, and by whom; `None` while the holder has not written it. The name of a holder that was killed stays until the next
/// holder writes its own.
fn holder(file: &mut File) -> Option<(Option<Instant>, String)> {
    let mut name = String::new();
    file.rewind().ok()?;
    file.take(NAME_LIMIT_BYTES).read_to_string(&mut name).ok()?;
    let name = name.strip_suffix('\n')?.trim();
    let since = name.split_once(' ').and_then(|(since, by)| Some((since.parse::<Timestamp>().ok()?, by)));
    let (since, by) = since.map_or((None, name), |(since, by)| (Some(Instant(since.as_millisecond())), by));
    Some((since, by.escape_debug().to_string()))
}

/// Waits for the lock of a compare-and-swap, which is held for milliseconds, and holds it until dropped.
pub(super) fn lock_for_swap(root: &Path) -> Result<File, Error> {
    let (file, path) = open(root, SWAP)?;
    before_call("lock", &path).and_then(|()| file.lock()).map_err(|e| situation("lock", &path, e))?;
    Ok(file)
}

fn open(root: &Path, name: &str) -> Result<(File, PathBuf), Error> {
    let path = root.join(name);
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    before_change(&path);
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path) {
        Ok(file) => Ok((file, path)),
        Err(e) => Err(situation("open", &path, e)),
    }
}

/// Empties a file that stays.
pub(super) fn truncate(file: &File, place: &Path) -> Result<(), Error> {
    before_call("truncate", place).and_then(|()| file.set_len(0)).map_err(|e| situation("empty", place, e))
}
