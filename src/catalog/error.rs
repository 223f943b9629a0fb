//! What can go wrong with the catalogue, by the situations that a caller can act on.

use aws_sdk_glue::config::http::HttpResponse;
use aws_sdk_glue::config::interceptors::InterceptorContext;
use aws_sdk_glue::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_glue::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_glue::operation::create_table::CreateTableError;
use aws_sdk_glue::operation::get_table::GetTableError;
use aws_sdk_glue::operation::update_table::UpdateTableError;

use crate::aws::{BoxError, CallError, no_credentials};
use crate::model::failure::{Failure, FailureKind, with_causes};

/// The rights that a catalogue encrypted with the company's own key needs beside those in Glue. It names all of them, for AWS names one at a time.
const KEY_ACTIONS: &str = "kms:Decrypt, kms:Encrypt or kms:GenerateDataKey";

/// A fault of the catalogue. Each message says what happened, where, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such table, or no such database.
    #[error("{place} does not exist")]
    NotFound {
        /// Where.
        place: String,
    },
    /// There is no such database.
    #[error("the Glue database {database} does not exist; create it, or correct GLUE_DATABASE")]
    NoDatabase {
        /// Its name.
        database: String,
    },
    /// The table is not the version any more that was read, or is there where there was none.
    #[error("the table was changed by somebody else in the meantime")]
    Changed,
    /// The table was changed by others again and again.
    #[error("{place} is being changed by somebody else all the time; it stays as it is until the next run")]
    Contended {
        /// Where.
        place: String,
    },
    /// The table is another lake's, or was not made by this program.
    #[error(
        "{place} is not this lake's ({root}) but belongs to {lake}; it was left as it is. Give each lake a database of its own in \
         GLUE_DATABASE; or, if the lake was moved here, delete the table in Glue (no data is lost by that) and run again"
    )]
    Foreign {
        /// Where.
        place: String,
        /// Whose it is.
        lake: String,
        /// Whose it should be.
        root: String,
    },
    /// Whoever this program runs as may not do this.
    #[error("{operation} was denied on {place}; allow it to the role or user that this program runs as")]
    AccessDenied {
        /// The IAM action.
        operation: &'static str,
        /// Where.
        place: String,
        /// What AWS said.
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
    /// No answer, or one that asks to come back later.
    #[error("{operation} got no answer for {place}; check the network and run again")]
    Unavailable {
        /// The IAM action.
        operation: &'static str,
        /// Where.
        place: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// Glue refuses what was asked.
    #[error("{operation} was refused for {place}")]
    Refused {
        /// The IAM action.
        operation: &'static str,
        /// Where.
        place: String,
        /// What AWS said.
        #[source]
        source: BoxError,
    },
    /// The manifest names a file that lies in no partition of its table.
    #[error("the manifest of the snapshot {snapshot} names a file outside of the table's partitions")]
    Manifest {
        /// The snapshot.
        snapshot: String,
    },
}

impl Error {
    /// What this end of a call (the IAM action) on a table means.
    pub(super) fn from_sdk<E>(operation: &'static str, place: String, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match CallError::from_sdk(error) {
            CallError::NoCredentials(source) => Self::Credentials { place, source },
            CallError::NoAnswer(source) => Self::Unavailable { operation, place, source },
            CallError::NotSent(source) => Self::Refused { operation, place, source },
            CallError::Service(said) => match said.code.as_str() {
                "EntityNotFoundException" => Self::NotFound { place },
                "AlreadyExistsException" | "ConcurrentModificationException" | "VersionMismatchException" => {
                    Self::Changed
                }
                "AccessDeniedException" | "AccessDenied" | "GlueEncryptionException"
                    if said.mentions("kms:") || said.mentions("accessdenied") =>
                {
                    let place =
                        format!("the key that the Glue catalogue is encrypted with, for {operation} on {place}");
                    Self::AccessDenied { operation: KEY_ACTIONS, place, source: said.into() }
                }
                "AccessDeniedException" | "AccessDenied" => {
                    Self::AccessDenied { operation, place, source: said.into() }
                }
                _ if said.blames_credentials() => Self::Credentials { place, source: said.into() },
                code if is_not_ready(code) || said.is_throttled() || said.status >= 500 => {
                    Self::Unavailable { operation, place, source: said.into() }
                }
                _ => Self::Refused { operation, place, source: said.into() },
            },
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoDatabase { .. } => FailureKind::CatalogMissing,
            Error::AccessDenied { .. } | Error::Credentials { .. } => FailureKind::CatalogDenied,
            Error::Foreign { .. } => FailureKind::CatalogForeign,
            Error::Manifest { .. } => FailureKind::LakeCorrupt,
            _ => FailureKind::CatalogUnavailable,
        };
        Self::new(kind, with_causes(&error))
    }
}

/// Whether Glue asks to come back later. It says so with the status 400, which the SDK takes for a refusal.
fn is_not_ready(code: &str) -> bool {
    matches!(code, "OperationTimeoutException" | "ResourceNotReadyException" | "FederationSourceRetryableException")
}

/// Makes the SDK repeat a call that Glue was not ready for. If the call took effect all the same, the repetition fails, for the table has changed.
#[derive(Debug)]
pub(super) struct NotReady;

impl ClassifyRetry for NotReady {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let said = context.output_or_error().and_then(Result::err).and_then(|error| error.as_operation_error());
        let code = said.and_then(|said| {
            let found = said.downcast_ref::<GetTableError>().map(ProvideErrorMetadata::meta);
            let made = || said.downcast_ref::<CreateTableError>().map(ProvideErrorMetadata::meta);
            let moved = || said.downcast_ref::<UpdateTableError>().map(ProvideErrorMetadata::meta);
            found.or_else(made).or_else(moved)?.code()
        });
        if code.is_some_and(is_not_ready) { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "what Glue is not ready for"
    }
}
