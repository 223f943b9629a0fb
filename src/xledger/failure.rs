//! What an error of Xledger's is to a run: the kind of its failure, and when it is worth trying again.

use super::error::Error;
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::TokenMalformed => FailureKind::TokenMalformed,
            Error::TokenRefused { .. } => FailureKind::TokenRefused,
            Error::RightMissing { .. } | Error::OwnerSetRefused { .. } => FailureKind::RightMissing,
            Error::BurstLimit
            | Error::ConcurrencyLimit
            | Error::NotResolved { .. }
            | Error::TooComplex { .. }
            | Error::TooLong { .. } => FailureKind::LimitReached,
            Error::CreditsUsedUp { .. } => FailureKind::CreditsUsedUp,
            Error::SchemaMismatch { .. } | Error::SchemaLacks { .. } => FailureKind::SchemaMismatch,
            Error::Malformed { .. } | Error::TooLarge { .. } => FailureKind::AnswerMalformed,
            Error::Api { .. } => FailureKind::XledgerError,
            Error::NotGraphql { .. } | Error::Blocked { .. } => FailureKind::EndpointNotGraphql,
            Error::Busy { status: 429, .. } => FailureKind::LimitReached,
            Error::Unavailable { .. }
            | Error::Busy { .. }
            | Error::Late { .. }
            | Error::Unreachable { .. }
            | Error::ConnectionNotAllowed { .. } => FailureKind::XledgerUnavailable,
            Error::Deadline { .. } => FailureKind::DeadlineReached,
        };
        let again_at = match &error {
            Error::CreditsUsedUp { reset_at } => reset_at.map(|at| Instant(at.as_millisecond())),
            Error::Deadline { again_at, .. } => *again_at,
            _ => None,
        };
        let message = error.to_string();
        let refused_fields = if let Error::RightMissing { fields, .. } = error { fields } else { Vec::new() };
        Self { again_at, refused_fields, ..Self::new(kind, message) }
    }
}
