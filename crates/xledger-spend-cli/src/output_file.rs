//! A file that a flag names. It is opened before a run begins, so that one that cannot be written is noticed before anything is asked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file to write to. What was in it stays until it is emptied; one that was not there is removed again if that does not happen.
pub(crate) struct OutputFile {
    path: PathBuf,
    file: File,
    is_new: bool,
}

impl OutputFile {
    /// Opens the file.
    ///
    /// # Errors
    /// What is in the way, in words.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let (file, is_new) = match File::create_new(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                (OpenOptions::new().write(true).create(true).truncate(false).open(path), false)
            }
            created => (created, true),
        };
        let file = file.map_err(|error| unwritable(path, error))?;
        Ok(Self { path: path.to_owned(), file, is_new })
    }

    /// Takes out what was in it.
    pub(crate) fn empty(&mut self) -> Result<(), String> {
        self.is_new = false;
        // A pipe or a terminal has no length.
        let has_length = self.file.metadata().is_ok_and(|file| file.is_file());
        let emptied = if has_length { self.file.set_len(0) } else { Ok(()) };
        emptied.map_err(|error| unwritable(&self.path, error))
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<(), String> {
        self.file.write_all(text.as_bytes()).map_err(|error| unwritable(&self.path, error))
    }
}

fn unwritable(path: &Path, error: io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if self.is_new {
            // What cannot be removed stays, empty.
            drop(fs::remove_file(&self.path));
        }
    }
}
