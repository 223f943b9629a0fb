//! What an error of the file system means for a lake.

use crate::lake::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The situation behind an error of the file system.
pub(super) fn situation(operation: &'static str, path: &Path, error: io::Error) -> Error {
    let place = path.display().to_string();
    match (error.kind(), lacking(operation, &error)) {
        (ErrorKind::NotADirectory, _) => Error::NotADirectory { path: in_the_way(path).to_owned() },
        (_, Some(lacks)) => Error::Unsupported { lacks, operation, place, source: Box::new(error) },
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => Error::NoSpace { place },
        (ErrorKind::PermissionDenied, _) => Error::AccessDenied { operation, place, source: Box::new(error) },
        (ErrorKind::ReadOnlyFilesystem, _) => Error::ReadOnly { operation, place, source: Box::new(error) },
        _ => unreadable(operation, path, error),
    }
}

/// An error that stands for no situation, with what there is to be done about it.
pub(super) fn unreadable(operation: &'static str, path: &Path, error: io::Error) -> Error {
    let next = match (error.kind(), error.raw_os_error()) {
        (ErrorKind::IsADirectory, _) => "a directory stands in the place of a file: move it away",
        (ErrorKind::InvalidFilename, _) => "choose a place for the lake with a shorter name",
        (_, Some(LINKS_IN_A_CIRCLE)) => {
            "symbolic links lead in a circle: correct them, or choose another place for the lake"
        }
        _ => "check the disk and the way to it, then run again, or choose another place for the lake",
    };
    Error::Unreadable { operation, place: path.display().to_string(), next, source: Box::new(error) }
}

/// Whether an error is about a new name or the room for it, and not about the way in which a file is to get it.
pub(super) fn is_of_the_name(error: &io::Error) -> bool {
    use ErrorKind::{AlreadyExists, NotFound, QuotaExceeded, StorageFull};
    matches!(error.kind(), AlreadyExists | NotFound | QuotaExceeded | StorageFull)
}

/// Whether the file system flushes no directories: it does not know how, or does not even give them to be read.
pub(super) fn flushes_no_directories(error: &io::Error) -> bool {
    is_unknown(error)
        || matches!(error.kind(), ErrorKind::IsADirectory | ErrorKind::PermissionDenied)
        || error.raw_os_error() == Some(NOT_OPEN_FOR_WRITING)
}

/// Whether the file system does not know how to do this, as far as it says so.
fn is_unknown(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

/// What the file system lacks, if the error says so. Every file can be locked and emptied where that is known at all.
fn lacking(operation: &str, error: &io::Error) -> Option<&'static str> {
    match operation {
        "lock" => Some("has no locks"),
        "empty" if !is_of_the_name(error) => Some("does not empty files"),
        "flush" if is_unknown(error) => Some("does not flush files to the disk"),
        "rename" if is_unknown(error) || error.kind() == ErrorKind::AlreadyExists => {
            Some("does not rename a file to the name of another one")
        }
        _ => None,
    }
}

/// `EBADF`, which has no kind.
const NOT_OPEN_FOR_WRITING: i32 = 9;
/// `ELOOP`, whose kind is not stable.
const LINKS_IN_A_CIRCLE: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

/// The nearest part of a path that exists and is no directory.
fn in_the_way(path: &Path) -> &Path {
    path.ancestors().find(|path| path.symlink_metadata().is_ok() && !path.is_dir()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_situation_for_each_kind() {
        let of = |kind: ErrorKind| situation("write", Path::new("/lake/x"), kind.into());
        assert!(matches!(of(ErrorKind::StorageFull), Error::NoSpace { .. }));
        assert!(matches!(of(ErrorKind::QuotaExceeded), Error::NoSpace { .. }));
        assert!(matches!(of(ErrorKind::PermissionDenied), Error::AccessDenied { operation: "write", .. }));
        assert!(matches!(of(ErrorKind::ReadOnlyFilesystem), Error::ReadOnly { .. }));
        assert!(matches!(of(ErrorKind::NotADirectory), Error::NotADirectory { .. }));
        assert!(matches!(of(ErrorKind::Interrupted), Error::Unreadable { .. }));
    }
}
