//! The switches: how far the server's wire differs from what has been verified.

use crate::company::Company;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The names of the access rights as Xledger's token page has them and as the reference integration ticks them.
pub const RIGHTS: [&str; 17] = [
    "APTransaction",
    "Address",
    "Company",
    "Contact",
    "Country",
    "Currency",
    "GLDimension",
    "Object",
    "ObjectValue",
    "Owner",
    "Subledger",
    "Supplier",
    "SystemValue",
    "Account",
    "RecentTransaction",
    "Transaction",
    "TransactionHeader",
];

/// Rights that may be needed though they are not on that list: the token has them unless it is said to lack them.
const UNLISTED: [&str; 1] = ["File"];

/// Everything about the wire that can be switched. The default is the verified or likeliest behaviour.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Cursors are composite, `id.id`, instead of the plain id.
    pub dotted_cursors: bool,
    /// `Int64String` is answered as a JSON number.
    pub ids_as_numbers: bool,
    /// Ids of type `Int` are answered as strings.
    pub ids_as_strings: bool,
    /// `APTransaction`, `Supplier`, `Subledger` and `TransactionHeader` have ids of type `Int64String`, filters too.
    pub wide_ids: bool,
    /// Money is answered as a JSON number.
    pub money_as_numbers: bool,
    /// After every so many edges comes one more whose node is null.
    pub null_nodes: Option<u32>,
    /// Every so many-th row of a list is null the first time that it is listed, and comes when its page is asked for again.
    pub null_rows_once: Option<u32>,
    /// Every so many-th row of a list is null wherever it is listed, with its cursor, and comes when it is asked for by its id.
    pub null_rows_by_page: Option<u32>,
    /// Every so many-th row is null when it is asked for by its id, and comes where it is listed.
    pub null_rows_by_id: Option<u32>,
    /// Every so many-th row of a list is null always, by its id too.
    pub null_rows_for_ever: Option<u32>,
    /// Every so many-th row has a value that fits no column, in a field that nothing depends on: tax with five decimals, a year 9999, an
    /// empty text in place of null.
    pub odd_values: Option<u32>,
    /// After every so many edges comes one that is null itself.
    pub null_edges: Option<u32>,
    /// Every so many-th edge has a null cursor, but for the last of a page.
    pub null_cursors: Option<u32>,
    /// The last edge of every page has a null cursor.
    pub null_last_cursors: bool,
    /// Every so many-th row is answered twice, on consecutive pages or on the same one.
    pub duplicate_rows: Option<u32>,
    /// The order of rows where none is asked for.
    pub row_order: RowOrder,
    /// Cursors are places in the list instead of ids, so that rows move between pages when others are posted.
    pub offset_cursors: bool,
    /// Every page is the first one, and says that there are more.
    pub endless_cursor: bool,
    /// A page of as many rows as a page may have says that no more follow, whether they do or not.
    pub no_next_at_cap: bool,
    /// An empty connection has `edges: []`.
    pub empty_edges_as_array: bool,
    /// Access rights that the token lacks, by their names on the token page (see [`RIGHTS`]), or `File` for stored documents.
    pub missing_rights: BTreeSet<String>,
    /// Access rights that the token has beyond the reference list, such as `PeriodStatusItem`.
    pub extra_rights: BTreeSet<String>,
    /// What a missing right looks like.
    pub missing_right_shape: MissingRight,
    /// The HTTP status of a refusal for lack of access that takes the whole request ([`MissingRight::AccessDenied`]); 0 stands for 200.
    pub missing_right_status: u16,
    /// How much of the chart of accounts is kept at the owner above: `UPPER` and `ALL` show it, `MINE`, `LOWER` and `CURRENT` do not.
    pub chart_above: Share,
    /// Every so many-th supplier that a voucher with costs names is kept at the owner above, in the same way.
    pub suppliers_above: Option<u32>,
    /// The names of the system's own lists (`slTransactionType`, `subledgerType`, `paymentStatus`, `ledgerType`) are in Norwegian.
    pub norwegian_lists: bool,
    /// The error about an unknown field suggests one or two fields that exist.
    pub suggestions: bool,
    /// The HTTP status of an answer to a malformed or unknown token; 0 stands for 200.
    pub token_error_status: u16,
    /// The HTTP status of an answer to an invalid query; 0 stands for 200.
    pub validation_status: u16,
    /// Introspection is refused.
    pub closed_introspection: bool,
    /// Values of `ownerSet` that the token may not use.
    pub refused_owner_sets: BTreeSet<String>,
    /// Those that are refused for accounts alone.
    pub refused_account_sets: BTreeSet<String>,
    /// `dbId_gt`, `dbId_gte`, `dbId_lt` and `dbId_lte` are ignored in silence: rows of all ids come.
    pub ignores_id_ranges: bool,
    /// `last` is ignored in silence: where there is no `first`, the first rows come, as many as a page may have.
    pub ignores_last: bool,
    /// `Owner` has the field `currency`.
    pub owner_currency: bool,
    /// One row with a value that breaks the schema.
    pub damage: Option<Damage>,
    /// A `dbId_in` query for ledger lines is answered with a payroll line that was not asked for.
    pub leak: bool,
}

/// The order of rows where none is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOrder {
    /// By id, oldest first.
    #[default]
    Ascending,
    /// By id, newest first.
    Descending,
    /// Pages follow each other by id, but the rows of a page are mixed; cursors belong to places, not to rows.
    Mixed,
}

/// How a refusal for lack of access is shaped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingRight {
    /// The field is null and an error carries its path.
    #[default]
    NullField,
    /// `data` is null beside the error.
    NullData,
    /// The field is null and an error without a path says why.
    NoPath,
    /// `data` is null beside an error without a path.
    NullDataNoPath,
    /// The request is not begun: no `data`, and for each type that is denied an error without a path, as the GraphQL library's own
    /// authorisation says it.
    AccessDenied,
}

/// How much of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// Nothing.
    #[default]
    None,
    /// Every second row.
    Some,
    /// All.
    All,
}

/// A value that breaks the schema in one ledger or accounts-payable row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Damage {
    /// The `dbId` of the row.
    pub row: i64,
    /// What is wrong with it.
    pub kind: DamageKind,
}

/// What is wrong with a damaged row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DamageKind {
    /// `accountDbId` is the string `abc`.
    TextForNumber,
    /// Dates are the 30th of February.
    ImpossibleDate,
    /// Amounts have seven decimals.
    LongAmount,
    /// Amounts have thirty digits.
    HugeAmount,
    /// Amounts are a word.
    WordForAmount,
    /// Texts are numbers.
    NumberForText,
    /// `header` and `transactionHeader` cannot be resolved: null beside an error that names the row.
    Unresolved,
}

impl Dialect {
    /// Writes into the books what this dialect changes in them; a second call changes nothing.
    pub fn write_into(&self, books: &mut Company) {
        match self.chart_above {
            Share::None => {}
            Share::Some => books.keep_accounts_above(2),
            Share::All => books.keep_accounts_above(1),
        }
        if let Some(every) = self.suppliers_above {
            books.keep_suppliers_above(every.max(1) as usize);
        }
        if let Some(every) = self.odd_values {
            books.say_odd_values(every.max(1) as usize);
        }
        books.norwegian_lists |= self.norwegian_lists;
    }

    /// Whether it writes anything into books.
    pub(crate) fn writes(&self) -> bool {
        let above = self.chart_above != Share::None || self.suppliers_above.is_some();
        above || self.odd_values.is_some() || self.norwegian_lists
    }

    /// Whether the token has a right.
    #[must_use]
    pub fn grants(&self, right: &str) -> bool {
        self.is_right(right) && !self.missing_rights.contains(right)
    }

    /// Whether there is a right of this name.
    pub(crate) fn is_right(&self, name: &str) -> bool {
        RIGHTS.contains(&name) || UNLISTED.contains(&name) || self.extra_rights.contains(name)
    }
}
