//! The questions asked of Xledger: one document each, in `queries/`, checked against the schema file by a test.

use super::document::Document;

/// A GraphQL document with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The operation's name.
    pub name: &'static str,
    /// The document.
    pub document: &'static str,
}

impl Query {
    /// The root that it asks.
    pub(crate) fn root(self) -> &'static str {
        Document::read(self.document).root()
    }
}

macro_rules! queries {
    ($($(#[$doc:meta])* $constant:ident = $name:literal in $file:literal;)*) => {
        $($(#[$doc])* pub const $constant: Query = Query { name: $name, document: include_str!(concat!("queries/", $file)) };)*
        /// Every document that is ever sent.
        pub const ALL: &[Query] = &[$($constant),*];
    };
}

queries! {
    /// Whose token it is.
    VIEWER = "Viewer" in "viewer.graphql";
    /// Names and types of the schema.
    DIALECT = "Dialect" in "dialect.graphql";
    /// The keys of a filter that has another name than the known one.
    FILTER_KEYS = "FilterKeys" in "filter_keys.graphql";
    /// Names and types that facts are known of.
    PROBE_SCHEMA = "ProbeSchema" in "probe_schema.graphql";
    /// The chart of accounts.
    ACCOUNTS = "Accounts" in "accounts.graphql";
    /// Index fields of ledger lines.
    LEDGER_INDEX = "LedgerIndex" in "ledger_index.graphql";
    /// Index fields of AP lines.
    PAYABLE_INDEX = "PayableIndex" in "payable_index.graphql";
    /// Admitted ledger lines.
    LEDGER_LINES = "LedgerLines" in "ledger_lines.graphql";
    /// Admitted AP lines.
    PAYABLE_LINES = "PayableLines" in "payable_lines.graphql";
    /// The supplier register.
    SUPPLIERS = "Suppliers" in "suppliers.graphql";
    /// Names of owners and dimension values.
    NAMES = "Names" in "names.graphql";
    /// Base currencies of owners.
    OWNER_CURRENCIES = "OwnerCurrencies" in "owner_currencies.graphql";
    /// Ids of ledger lines.
    LEDGER_IDS = "LedgerIds" in "ledger_ids.graphql";
    /// Ids of AP lines.
    PAYABLE_IDS = "PayableIds" in "payable_ids.graphql";
}
