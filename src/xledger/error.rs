//! What can go wrong between here and Xledger, as situations that a caller can act on.

use jiff::Timestamp;

use super::answer::ANSWER_LIMIT_BYTES;
use super::query::Query;
use super::rights;
use crate::model::value::Instant;

/// Why a question to Xledger has no answer.
///
/// No variant holds a row value, a variable of the request or the token. `message` is the server's own text of an `errors[]` entry,
/// shortened, with the token and control characters taken out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The token is not of the form that Xledger gives out.
    #[error(
        "Xledger says that the API token has a wrong format; store the token as Xledger showed it, without `token ` before it"
    )]
    TokenMalformed,
    /// The token is unknown, revoked or expired.
    #[error(
        "Xledger refuses the API token ({message}); make a new one under Administration > Access control > GraphQL > API tokens"
    )]
    TokenRefused {
        /// The server's words.
        message: String,
    },
    /// The token lacks a right.
    #[error(
        "the API token may not read {} ({message}); tick *read* for {} under Administration > Access control > GraphQL > API tokens",
        refused(query, fields),
        rights::describe(query.root, fields)
    )]
    RightMissing {
        /// The question.
        query: Query,
        /// The fields that were refused, as paths below the root's rows; an empty path is the root itself. None if Xledger does not say.
        fields: Vec<String>,
        /// The server's words.
        message: String,
    },
    /// The token may not ask for the rows of these owners, or the schema does not know the owner set.
    #[error("Xledger refuses the owner set that is asked for ({message}); set XLEDGER_OWNER_SET to another one")]
    OwnerSetRefused {
        /// The server's words.
        message: String,
    },
    /// More than 20 requests in 5 seconds.
    #[error("Xledger's burst limit was reached; if that goes on, something else uses the same token")]
    BurstLimit,
    /// Too many requests at once.
    #[error("Xledger's concurrency limit was reached; if that goes on, lower XLEDGER_MAX_IN_FLIGHT")]
    ConcurrencyLimit,
    /// The month's credits are used up.
    #[error("the API credits are used up until {}", reset_at.map_or_else(|| "a time that Xledger does not name".to_owned(), |at| at.to_string()))]
    CreditsUsedUp {
        /// When Xledger gives new ones, if it says so.
        reset_at: Option<Timestamp>,
    },
    /// The server did not get through the query: `Your query timed out.`, a fault of its data base.
    #[error(
        "Xledger did not get through query {query}, even for {rows} rows ({message}); lower XLEDGER_PAGE_ROWS or try again later"
    )]
    NotResolved {
        /// The operation's name.
        query: &'static str,
        /// Rows that were asked for.
        rows: usize,
        /// The server's words.
        message: String,
    },
    /// The query costs more than the server allows by its own count, which multiplies by the rows.
    #[error(
        "Xledger finds query {query} too complex, however few rows it asks for ({message}); lower XLEDGER_PAGE_ROWS, or ask Xledger to allow more"
    )]
    TooComplex {
        /// The operation's name.
        query: &'static str,
        /// The server's words.
        message: String,
    },
    /// The schema is not the one that the query was written for.
    #[error("Xledger's schema does not take query {query}: {message} ({code})")]
    SchemaMismatch {
        /// The operation's name.
        query: &'static str,
        /// The server's code of the fault.
        code: String,
        /// The server's words.
        message: String,
    },
    /// The schema lacks what a refresh cannot do without, or demands what nobody knows.
    #[error("Xledger's schema does not fit a refresh: {what}")]
    SchemaLacks {
        /// All that is in the way.
        what: String,
    },
    /// An entry of `errors[]` that is not known.
    #[error("Xledger answered query {query} with an error: {message} (code {code}, path {path})")]
    Api {
        /// The operation's name.
        query: &'static str,
        /// The server's code, or `none`.
        code: String,
        /// Where in the answer, or `none`.
        path: String,
        /// The server's words.
        message: String,
    },
    /// An answer that breaks the schema: a value of the wrong type, an impossible date, an amount with too many digits, pages in a circle.
    #[error("the answer to query {query} breaks Xledger's schema at {path}: {what}")]
    Malformed {
        /// The operation's name.
        query: &'static str,
        /// Where in the answer: field names, numbers of rows and pages only.
        path: String,
        /// What was expected there.
        what: String,
    },
    /// HTML, or another thing that is not GraphQL.
    #[error(
        "{endpoint} answers with {what}, not with GraphQL (HTTP status {status}); is XLEDGER_ENDPOINT right, or is Xledger under maintenance?"
    )]
    NotGraphql {
        /// The address.
        endpoint: String,
        /// The content type of the answer.
        what: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// 5xx, as during maintenance, or another thing than GraphQL where there were answers before.
    #[error("{endpoint} is unavailable (HTTP status {status}); try again later")]
    Unavailable {
        /// The address.
        endpoint: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// 429 or 5xx with `Retry-After`.
    #[error("{endpoint} takes no request for a while (HTTP status {status}, Retry-After)")]
    Busy {
        /// The address.
        endpoint: String,
        /// The HTTP status of the answer.
        status: u16,
        /// When it may be asked again.
        until: Instant,
    },
    /// 403 without GraphQL, where there were answers in this run.
    #[error(
        "{endpoint} refuses a request without a GraphQL error (HTTP status {status}), though it answered others: either something on the way, such \
         as a firewall, does not take a request as large as query {query}: lower XLEDGER_PAGE_ROWS; or the API token has just been revoked"
    )]
    Blocked {
        /// The address.
        endpoint: String,
        /// The operation's name.
        query: &'static str,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// 504, or no first byte in time: what was asked may be too much.
    #[error("{endpoint} does not answer in time ({what}); lower XLEDGER_PAGE_ROWS or try again later")]
    Late {
        /// The address.
        endpoint: String,
        /// What came instead.
        what: String,
    },
    /// No connection, or one that broke.
    #[error("{endpoint} cannot be reached: {what}")]
    Unreachable {
        /// The address.
        endpoint: String,
        /// What the connection ended with.
        what: String,
    },
    /// No connection, and none by asking again: a certificate that is not trusted, a proxy that wants a password.
    #[error("{endpoint} cannot be reached: {what}")]
    ConnectionNotAllowed {
        /// The address.
        endpoint: String,
        /// What is in the way.
        what: String,
    },
    /// An answer beyond what any page may hold.
    #[error("the answer to query {query} is larger than {} MiB", ANSWER_LIMIT_BYTES >> 20)]
    TooLarge {
        /// The operation's name.
        query: &'static str,
    },
    /// A request that is larger than the server takes.
    #[error("Xledger does not take a request as long as query {query} (HTTP status 413); lower XLEDGER_PAGE_ROWS")]
    TooLong {
        /// The operation's name.
        query: &'static str,
    },
    /// The run's time is over, or would be before a wait ends.
    #[error("the run's deadline came while {doing}")]
    Deadline {
        /// What was going on.
        doing: String,
        /// When Xledger may be asked again, if it may not at once.
        again_at: Option<Instant>,
    },
}

impl Error {
    /// An answer that breaks the schema at this place.
    pub(super) fn malformed(query: Query, path: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Malformed { query: query.name, path: path.into(), what: what.into() }
    }

    /// Whether nothing else is worth asking once this ended a question: time, limits, the token or the server itself are the reason.
    pub(crate) fn is_of_all_questions(&self) -> bool {
        matches!(
            self,
            Error::TokenMalformed
                | Error::TokenRefused { .. }
                | Error::BurstLimit
                | Error::ConcurrencyLimit
                | Error::CreditsUsedUp { .. }
                | Error::Unavailable { .. }
                | Error::Busy { .. }
                | Error::Late { .. }
                | Error::Unreachable { .. }
                | Error::Deadline { .. }
        )
    }

    /// Whether it says of this question alone that it is not taken, for a lack in the schema or in the token's rights, or for a reason that
    /// nobody knows.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Error::RightMissing { .. }
                | Error::SchemaMismatch { .. }
                | Error::OwnerSetRefused { .. }
                | Error::Api { .. }
        )
    }
}

/// The fields of a query that were refused, by their paths.
fn refused(query: &Query, fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| if field.is_empty() { "anything" } else { field }).collect();
    if fields.is_empty() {
        format!("all that query {} asks for", query.name)
    } else {
        format!("{} of {}", fields.join(", "), query.root)
    }
}
