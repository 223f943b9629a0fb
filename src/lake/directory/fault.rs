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
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::AccessDenied { operation, place, source: Box::new(error) }
        }
        _ => Error::Unreadable { operation, place, source: Box::new(error) },
    }
}

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
        assert!(matches!(of(ErrorKind::ReadOnlyFilesystem), Error::AccessDenied { .. }));
        assert!(matches!(of(ErrorKind::NotADirectory), Error::NotADirectory { .. }));
        assert!(matches!(of(ErrorKind::Interrupted), Error::Unreadable { .. }));
    }
}
