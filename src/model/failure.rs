//! Why a run failed: a kind to branch on, and words for a person. The kind is the function's `errorType`, the `error_kind` of the `runs`
//! table, and what decides the command line's exit status.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::value::Instant;
use crate::model::words::words;

words! {
    /// The kind of a failure. Its word is what users see, and stable.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum FailureKind {
        /// One or more settings are missing or wrong.
        SettingsInvalid = "settings_invalid",
        /// A file in which the company says what Xledger does not know is wrong.
        FileInvalid = "file_invalid",
        /// The event is not one that the function knows.
        EventInvalid = "event_invalid",
        /// There is no token where it should be.
        TokenMissing = "token_missing",
        /// The secret cannot be read.
        SecretUnreadable = "secret_unreadable",
        /// The token is not of the form that Xledger gives out.
        TokenMalformed = "token_malformed",
        /// Xledger refuses the token.
        TokenRefused = "token_refused",
        /// The token lacks a right.
        RightMissing = "right_missing",
        /// The token belongs to another owner than the lake's tables.
        OwnerChanged = "owner_changed",
        /// Xledger cannot be reached, or is down.
        XledgerUnavailable = "xledger_unavailable",
        /// The endpoint does not answer with GraphQL.
        EndpointNotGraphql = "endpoint_not_graphql",
        /// A limit of the API held on, whatever was waited.
        LimitReached = "limit_reached",
        /// The month's API credits are used up.
        CreditsUsedUp = "credits_used_up",
        /// Xledger's schema is not the known one.
        SchemaMismatch = "schema_mismatch",
        /// An answer breaks the schema.
        AnswerMalformed = "answer_malformed",
        /// Xledger answered with an error that is not known.
        XledgerError = "xledger_error",
        /// Too many lines could not be judged, or none is kept.
        TooLittleKept = "too_little_kept",
        /// A table lost more of its rows than is taken for right.
        TableShrunk = "table_shrunk",
        /// The refresh is not as it should be by its own count.
        SelfCheckFailed = "self_check_failed",
        /// What was made does not add up.
        CheckFailed = "check_failed",
        /// The run's time was over.
        DeadlineReached = "deadline_reached",
        /// A line came that was not asked for.
        UnaskedLine = "unasked_line",
        /// A payroll line came.
        PayrollReceived = "payroll_received",
        /// Lines came otherwise than they were listed, though the lists were brought up to date.
        LineChanged = "line_changed",
        /// A value does not fit its column.
        ValueUnfit = "value_unfit",
        /// There is no finished snapshot of this name.
        SnapshotUnknown = "snapshot_unknown",
        /// The bucket or directory does not exist or is of the wrong kind.
        LakeMissing = "lake_missing",
        /// The lake may not be read or written.
        LakeDenied = "lake_denied",
        /// Another run writes to the lake.
        LakeInUse = "lake_in_use",
        /// Another run of the same event is at work.
        DuplicateEvent = "duplicate_event",
        /// A file of the lake is not what it should be.
        LakeCorrupt = "lake_corrupt",
        /// The lake cannot be reached, is full, or failed.
        LakeUnavailable = "lake_unavailable",
        /// The Glue database does not exist.
        CatalogMissing = "catalog_missing",
        /// The Glue tables may not be read, made or moved.
        CatalogDenied = "catalog_denied",
        /// A table of the Glue database is another lake's.
        CatalogForeign = "catalog_foreign",
        /// Glue gave no answer, or refused.
        CatalogUnavailable = "catalog_unavailable",
        /// The next part of a refresh could not be arranged.
        ContinuationFailed = "continuation_failed",
        /// The program met a fault of its own.
        Panic = "panic",
    }
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What to branch on.
    pub kind: FailureKind,
    /// What is wrong, where, and what to do. Never a row value, a free text or the token.
    pub message: String,
    /// When it is worth resuming, where that is known and not at once.
    #[serde(skip)]
    pub again_at: Option<Instant>,
    /// The fields that the token may not read, as paths below the root's rows, where it ended for that.
    #[serde(skip)]
    pub refused_fields: Vec<String>,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), again_at: None, refused_fields: Vec::new() }
    }

    /// Whether the next run can resume the refresh with its lists, because this run was not ended by what they hold. What was fetched stays in
    /// the cache in any case.
    pub fn is_resumable(&self) -> bool {
        use FailureKind as Kind;
        !matches!(
            self.kind,
            // The first one, where the chart that was listed does not tell what is payroll (`ensure_payroll_is_known`).
            Kind::SettingsInvalid
                | Kind::TooLittleKept
                | Kind::TableShrunk
                | Kind::SelfCheckFailed
                | Kind::CheckFailed
                | Kind::UnaskedLine
                | Kind::PayrollReceived
                | Kind::LineChanged
                | Kind::AnswerMalformed
                | Kind::SchemaMismatch
                | Kind::ValueUnfit
                | Kind::LakeCorrupt
                | Kind::Panic
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The words of an error and of what lies below it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"))
}
