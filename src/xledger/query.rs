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

/// A question that no schema takes: how Xledger says so is a fact of its own.
pub(crate) const UNKNOWN_FIELD: Query =
    Query { name: "UnknownField", document: "query UnknownField { viewer { thereIsNoFieldOfThisName } }" };

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
    /// Vouchers that changed since a time.
    CHANGED_VOUCHERS = "ChangedVouchers" in "changed_vouchers.graphql";
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
    /// Whether the type APTransaction may be read.
    RIGHT_APTRANSACTION = "RightAPTransaction" in "rights/aptransaction.graphql";
    /// Whether the type Address may be read.
    RIGHT_ADDRESS = "RightAddress" in "rights/address.graphql";
    /// Whether the type Company may be read.
    RIGHT_COMPANY = "RightCompany" in "rights/company.graphql";
    /// Whether the type Contact may be read.
    RIGHT_CONTACT = "RightContact" in "rights/contact.graphql";
    /// Whether the type Country may be read.
    RIGHT_COUNTRY = "RightCountry" in "rights/country.graphql";
    /// Whether the type Currency may be read.
    RIGHT_CURRENCY = "RightCurrency" in "rights/currency.graphql";
    /// Whether the type GLDimension may be read.
    RIGHT_GLDIMENSION = "RightGLDimension" in "rights/gldimension.graphql";
    /// Whether the type Object may be read.
    RIGHT_OBJECT = "RightObject" in "rights/object.graphql";
    /// Whether the type ObjectValue may be read.
    RIGHT_OBJECT_VALUE = "RightObjectValue" in "rights/object_value.graphql";
    /// Whether the type Owner may be read.
    RIGHT_OWNER = "RightOwner" in "rights/owner.graphql";
    /// Whether the type Subledger may be read.
    RIGHT_SUBLEDGER = "RightSubledger" in "rights/subledger.graphql";
    /// Whether the type Supplier may be read.
    RIGHT_SUPPLIER = "RightSupplier" in "rights/supplier.graphql";
    /// Whether the type Account may be read.
    RIGHT_ACCOUNT = "RightAccount" in "rights/account.graphql";
    /// Whether the type Transaction may be read.
    RIGHT_TRANSACTION = "RightTransaction" in "rights/transaction.graphql";
    /// Whether the type TransactionHeader may be read.
    RIGHT_TRANSACTION_HEADER = "RightTransactionHeader" in "rights/transaction_header.graphql";
}
