//! What an error of the file system means for a lake.

use crate::lake::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The situation behind an error of the file system.
pub(super) fn situation(operation: &'static str, path: &Path, error: io::Error) -> Error {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::NotADirectory => Error::NotADirectory { path: in_the_way(path).to_owned() },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::NoSpace { place },
        ErrorKind::PermissionDenied => Error::AccessDenied { operation, place, source: Box::new(error) },
        ErrorKind::ReadOnlyFilesystem => Error::ReadOnly { operation, place, source: Box::new(error) },
        _ => match lacking(operation, &error) {
            Some(lacks) => Error::Unfit { lacks, operation, place, source: Box::new(error) },
            None => Error::Unreadable { operation, place, source: Box::new(error) },
        },
    }
}

/// Whether the file system does not know how to do this, as far as it says so.
pub(super) fn is_unknown(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

/// Whether the file system does not make such a link. Some say that it is not permitted.
pub(super) fn is_no_link(error: &io::Error) -> bool {
    is_unknown(error) || matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::TooManyLinks)
}

/// What the file system lacks, if the error says so.
fn lacking(operation: &str, error: &io::Error) -> Option<&'static str> {
    match operation {
        "lock" if is_unknown(error) || error.raw_os_error() == Some(NO_LOCKS) => Some("has no locks"),
        "flush" if is_unknown(error) => Some("does not flush files to the disk"),
        "rename" if is_unknown(error) || error.kind() == ErrorKind::AlreadyExists => {
            Some("does not rename a file to the name of another one")
        }
        _ => None,
    }
}

/// `ENOLCK`, which has no kind.
const NO_LOCKS: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };

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
