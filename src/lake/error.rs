//! What can go wrong with a lake, by the situations that a caller can act on.

use crate::aws::{BoxError, no_answer, no_credentials, no_region};
use crate::model::failure::{Failure, FailureKind, with_causes};
use crate::model::value::Instant;
use jiff::Timestamp;
use std::path::PathBuf;

/// A fault of the lake. Each message says what happened, where, and what to do next; none holds a value of a row.
///
/// `place` is a full address: a path, or `s3://bucket/key`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the lake cannot be used.
    #[error("the address {url:?} {fault}; give a directory, or s3://bucket/prefix")]
    Url {
        /// The address, as far as it may be shown.
        url: String,
        /// What is wrong with it, to be read after the address.
        fault: &'static str,
    },
    /// A text that is no key: an empty one, or one with a segment outside `[A-Za-z0-9_=.-]+` or beginning with a dot.
    #[error(
        "{key:?} cannot be the name of an object in the lake; use letters, digits and _ = . - in parts divided by /"
    )]
    Key {
        /// The text.
        key: String,
    },
    /// There is nothing at this place, where something must be.
    #[error("{place} does not exist")]
    NotFound {
        /// Where.
        place: String,
    },
    /// A create-only write found something at its place. What was there stays.
    #[error("{place} exists already, and objects in a lake are never overwritten; run again to write under a new name")]
    AlreadyExists {
        /// Where.
        place: String,
    },
    /// The object is not the version that a compare-and-swap expected. What was there stays.
    #[error("{place} was changed by somebody else in the meantime; run again to build on its new state")]
    Precondition {
        /// Where.
        place: String,
    },
    /// The bucket does not exist.
    #[error("the bucket {bucket:?} does not exist; create it, or correct the lake's address")]
    NoSuchBucket {
        /// Its name.
        bucket: String,
    },
    /// The bucket is in another region than the one the client talks to.
    #[error(
        "the bucket {bucket:?} is in {}, not in the region this program uses; set AWS_REGION to the bucket's region",
        region.as_deref().unwrap_or("another region")
    )]
    WrongRegion {
        /// Its name.
        bucket: String,
        /// Its region, where S3 told.
        region: Option<String>,
    },
    /// Whoever this program runs as may not do this.
    #[error("{operation} was denied on {place}; allow it to the role or user that this program runs as")]
    AccessDenied {
        /// The IAM action (`s3:PutObject`), or what was tried on a file.
        operation: &'static str,
        /// Where.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// No AWS credentials, expired ones, or some that AWS does not know.
    #[error("{}", no_credentials(place))]
    Credentials {
        /// Where they were needed.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// No AWS region is configured.
    #[error("{}", no_region(place))]
    NoRegion {
        /// Where it was needed.
        place: String,
    },
    /// Another run holds the lake.
    #[error("the lake {lake} is in use by {by}{}; wait until it has ended{}", held_since(since), if_dead(until))]
    InUse {
        /// The lake.
        lake: String,
        /// The holder, as it named itself.
        by: String,
        /// Since when, by the holder's clock, where that is known.
        since: Option<Instant>,
        /// When the lake is free if the holder has died, by the holder's clock. None in a directory, where it is free at once.
        until: Option<Instant>,
    },
    /// Another run has taken the lake over.
    #[error(
        "the lake {lake} was taken over by {by}, for this run's lease had run out; nothing was published, run again"
    )]
    TakenOver {
        /// The lake.
        lake: String,
        /// Who has it now, as it named itself.
        by: String,
    },
    /// The lease on the lake has run out, for it could not be renewed.
    #[error(
        "this run's lease on the lake {lake} ran out at {}, for it could not be renewed; nothing was published. Check the network and \
         the right s3:PutObject, then run again",
        utc(*at)
    )]
    Expired {
        /// The lake.
        lake: String,
        /// When.
        at: Instant,
    },
    /// Something that is no directory stands where one must be.
    #[error("{} is not a directory; move it away, or choose another place for the lake", path.display())]
    NotADirectory {
        /// Where.
        path: PathBuf,
    },
    /// Something stands where the lake keeps a symbolic link.
    #[error("{} is not a symbolic link that this program made; move it away", path.display())]
    InTheWay {
        /// Where.
        path: PathBuf,
    },
    /// The file system has no symbolic links, and there is none.
    #[error("{} was not made, for this file system has no symbolic links ({source}); CURRENT.json names the current snapshot", path.display())]
    NoLinks {
        /// Where one was to be made.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// The file system can be read alone.
    #[error(
        "{operation} was refused on {place}: this file system is read-only; choose another place for the lake, or mount it for writing"
    )]
    ReadOnly {
        /// What was tried.
        operation: &'static str,
        /// Where.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// The file system lacks what holds a lake together.
    #[error(
        "this file system {lacks}, which a lake needs; choose a place on another one: {operation} was refused on {place}"
    )]
    Unsupported {
        /// What it lacks, to be read after "this file system".
        lacks: &'static str,
        /// What was tried.
        operation: &'static str,
        /// Where.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// The service that keeps the bucket lacks what holds a lake together.
    #[error(
        "the service that keeps {place} does not keep to the conditions of a write (If-None-Match, If-Match), so that two runs could \
         publish at once; nothing was done. Keep the lake with a service that does, as Amazon S3, or in a directory"
    )]
    Unconditional {
        /// What was tried to write.
        place: String,
        /// What the service said or did.
        #[source]
        source: BoxError,
    },
    /// A file or directory cannot be read or written, for a reason that is none of the others.
    #[error("cannot {operation} {place}; {next}")]
    Unreadable {
        /// What was tried.
        operation: &'static str,
        /// Where.
        place: String,
        /// What to do next.
        next: &'static str,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// The disk or the quota is full.
    #[error("no space left to write {place}; make room, then run again")]
    NoSpace {
        /// Where.
        place: String,
    },
    /// An object is there, but is not what this program writes.
    #[error("{place} is damaged or not of this program's making: {what}")]
    Corrupt {
        /// Where.
        place: String,
        /// What is wrong with it; never a value of a row.
        what: String,
    },
    /// The store did not answer in time, or answered that it cannot now; retries are used up. A write may or may not have happened.
    #[error("{}", no_answer(operation, place))]
    Unavailable {
        /// The IAM action, such as `s3:PutObject`.
        operation: &'static str,
        /// Where.
        place: String,
        /// What the last attempt met.
        #[source]
        source: BoxError,
    },
    /// The store refused a request for a reason that this program does not know.
    #[error("{operation} on {place} was refused: {code}")]
    Refused {
        /// The IAM action, such as `s3:PutObject`.
        operation: &'static str,
        /// Where.
        place: String,
        /// The service's error code.
        code: String,
        /// What the service said.
        #[source]
        source: BoxError,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Url { .. } | Error::NoRegion { .. } => FailureKind::SettingsInvalid,
            Error::NotFound { .. }
            | Error::NoSuchBucket { .. }
            | Error::WrongRegion { .. }
            | Error::NotADirectory { .. } => FailureKind::LakeMissing,
            Error::AccessDenied { .. } | Error::ReadOnly { .. } | Error::Credentials { .. } => FailureKind::LakeDenied,
            Error::InUse { .. }
            | Error::TakenOver { .. }
            | Error::Precondition { .. }
            | Error::AlreadyExists { .. } => FailureKind::LakeInUse,
            Error::Corrupt { .. } | Error::InTheWay { .. } => FailureKind::LakeCorrupt,
            _ => FailureKind::LakeUnavailable,
        };
        Self::new(kind, with_causes(&error))
    }
}

fn held_since(since: &Option<Instant>) -> String {
    since.map(|since| format!(" since {}", utc(since))).unwrap_or_default()
}

fn if_dead(until: &Option<Instant>) -> String {
    until.map(|until| format!("; if it has died, the lake is free at {}", utc(until))).unwrap_or_default()
}

/// `2026-11-21T01:30:00Z`.
fn utc(instant: Instant) -> String {
    Timestamp::from_millisecond(instant.0).map_or_else(|_| "an unknown time".to_owned(), |time| format!("{time:.0}"))
}
