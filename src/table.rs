//! The tables that readers see: their columns, each stated once, and the way from rows to the bytes of a Parquet file.
//!
//! ```text
//! spend::Row, supplier::Row   one field a column; the field's Rust type decides the column's type, its comment is the column's
//!   partition                 which rows go into which file, and in which order
//!   Builder                   rows -> Arrow record batches          (spend::Builder, supplier::Builder)
//!   parquet_file              record batches -> bytes, a piece at a time
//! runs::Row                   one line of JSON a run
//!   glue, ddl, dictionary, dbt  the same columns as Glue parameters, as SQL, on a page for people, and as dbt's sources
//! ```
//!
//! Encoding is total and fallible: a value that does not fit its column is an [`EncodeError`] that names the column, never a null and
//! never a rounding. No error here holds a value of a row.

mod cell;
pub mod column;
pub mod spend;
pub mod supplier;
pub mod runs;
pub(crate) mod partition;
pub(crate) mod parquet_file;
pub(crate) mod glue;
pub mod ddl;
pub mod dictionary;
#[cfg(test)]
mod dbt;
#[cfg(test)]
mod generated;

use crate::model::failure::{Failure, FailureKind};
pub use column::{Column, ColumnType, Format, SortKey, Table};

/// The version of the tables' columns. It goes up when a column is added, removed, renamed, moved or given another type or meaning, so
/// that a reader of a manifest or of a file's `created_by` can tell.
pub const SCHEMA_VERSION: u32 = HISTORY[HISTORY.len() - 1].version;

/// A version of the tables' columns.
#[derive(Clone, Copy, Debug)]
pub struct SchemaChange {
    /// Its number.
    pub version: u32,
    /// The columns that came with it, each with its table.
    pub added: &'static [&'static str],
    /// What changed, and what a reader has to do.
    pub what: &'static str,
}

/// All versions, oldest first.
pub const HISTORY: &[SchemaChange] = &[
    SchemaChange { version: 1, added: &[], what: "The first columns." },
    SchemaChange {
        version: 2,
        added: &[
            "spend.voucher_created_at",
            "spend.supplier_key",
            "spend.company_number_status",
            "spend.is_intercompany",
            "spend.supplier_parent",
            "spend.supplier_preferred",
            "spend.supplier_contract",
            "spend.spend_class",
            "spend.category_1",
            "spend.category_2",
            "spend.category_source",
            "spend.addressable",
            "spend.category_owner",
            "spend.invoice_kind",
            "spend.invoice_file_id",
            "spend.last_payment_date",
            "spend.vat_name",
            "spend.owner_company_number",
            "supplier.supplier_key",
            "supplier.company_number_status",
            "supplier.payment_terms",
            "supplier.contract",
            "supplier.parent",
            "supplier.preferred",
            "supplier.is_intercompany",
            "runs.checks_warned",
            "runs.checks_failed",
            "runs.checks",
        ],
        what: "New columns, behind the others. Null unless a setting keeps them: spend.text of expense reports, supplier.contact_name, \
               organisation numbers that are a person's. spend.vat_rate is null where the lines of the owner contradict it. Group suppliers by \
               supplier_key instead of the organisation number, and add up spend_class instead of account_kind.",
    },
];

/// The rows that a caller gathers into one record batch before handing it to [`parquet_file::ParquetFile::push`]. One number for all
/// callers: where batches end shows in the bytes of a file.
pub const BATCH_ROWS: usize = 8 * 1024;

/// All tables, in the order in which documents list them.
pub fn tables() -> [&'static Table; 3] {
    [spend::table(), supplier::table(), runs::table()]
}

/// Why rows could not be made into a file.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A value is too large for its column.
    #[error("a value does not fit column {column}, a {column_type}")]
    DoesNotFit {
        /// The column's name.
        column: String,
        /// The column's type, as Athena writes it.
        column_type: String,
    },
    /// Arrow refused the columns.
    #[error("the rows could not be made into a record batch")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The Parquet writer failed.
    #[error("the record batch could not be made into Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Self::new(FailureKind::ValueUnfit, error.to_string())
    }
}
