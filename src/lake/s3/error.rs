//! What an answer of S3, or the lack of one, means for a lake.

use crate::aws::BoxError;
use crate::aws::{CallError, ServiceError};
use crate::lake::Error;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// The code of what a service does not have, a condition of a write among it.
pub(super) const NOT_IMPLEMENTED: &str = "NotImplemented";

/// An operation that did not succeed, by what there is to be done about it.
#[derive(Debug)]
pub(super) enum S3Error {
    /// No such object.
    NotFound,
    /// No such upload: completed, aborted, or never begun.
    NoSuchUpload { source: BoxError },
    /// No such bucket.
    NoSuchBucket,
    /// The bucket is in another region.
    WrongRegion { region: Option<String> },
    /// A condition of the request does not hold.
    PreconditionFailed,
    /// Another conditional write of this object was under way: nothing happened, try again.
    Conflict { source: BoxError },
    /// The service asks to come back later: nothing happened.
    Busy { source: BoxError },
    /// No answer, or one that says nothing: it may have happened.
    NoAnswer { source: BoxError },
    /// Not allowed.
    Denied { source: BoxError },
    /// Credentials that are missing, expired, or not known to AWS.
    Credentials { source: BoxError },
    /// Anything else that the service refuses.
    Other { code: String, source: BoxError },
}

impl S3Error {
    pub(super) fn from_sdk<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let region = error.raw_response().and_then(|raw| raw.headers().get("x-amz-bucket-region").map(str::to_owned));
        match CallError::from_sdk(error) {
            CallError::Service(said) => Self::from_service(said, region),
            CallError::NoCredentials(source) => Self::Credentials { source },
            CallError::NotSent(source) => Self::Other { code: "invalid request".to_owned(), source },
            CallError::NoAnswer(source) => Self::NoAnswer { source },
        }
    }

    /// Codes first, since several share a status and a long operation can fail after it has answered 200; then the status, since an answer can lack a
    /// code.
    fn from_service(said: ServiceError, region: Option<String>) -> Self {
        match (said.code.as_str(), said.status) {
            ("NoSuchBucket", _) => Self::NoSuchBucket,
            ("NoSuchUpload", _) => Self::NoSuchUpload { source: said.into() },
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _)
            | (_, 301 | 307) => Self::WrongRegion { region },
            _ if said.blames_credentials() => Self::Credentials { source: said.into() },
            ("ConditionalRequestConflict" | "OperationAborted", _) => Self::Conflict { source: said.into() },
            ("PreconditionFailed", _) | (_, 412) => Self::PreconditionFailed,
            _ if said.is_throttled() => Self::Busy { source: said.into() },
            (NOT_IMPLEMENTED, _) | (_, 501) => Self::Other { code: NOT_IMPLEMENTED.to_owned(), source: said.into() },
            ("RequestTimeout" | "InternalError", _) | (_, 500..) => Self::NoAnswer { source: said.into() },
            (_, 401 | 403) => Self::Denied { source: said.into() },
            (_, 404) => Self::NotFound,
            _ => Self::Other { code: said.code.clone(), source: said.into() },
        }
    }

    /// An answer whose body broke off.
    pub(super) fn lost(error: impl Into<BoxError>) -> Self {
        Self::NoAnswer { source: error.into() }
    }

    /// The lake's error for this fault of an operation (the IAM action) at a place.
    pub(super) fn error(self, operation: &'static str, place: String, bucket: &str) -> Error {
        let bucket = bucket.to_owned();
        match self {
            Self::NotFound => Error::NotFound { place },
            Self::NoSuchUpload { source } => {
                Error::Refused { operation, place, code: "NoSuchUpload".to_owned(), source }
            }
            Self::NoSuchBucket => Error::NoSuchBucket { bucket },
            Self::WrongRegion { region } => Error::WrongRegion { bucket, region },
            Self::PreconditionFailed => Error::Precondition { place },
            Self::Conflict { source } | Self::Busy { source } | Self::NoAnswer { source } => {
                Error::Unavailable { operation, place, source }
            }
            Self::Denied { source } => Error::AccessDenied { operation, place, source },
            Self::Credentials { source } => Error::Credentials { place, source },
            Self::Other { code, source } => Error::Refused { operation, place, code, source },
        }
    }
}
