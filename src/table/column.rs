//! What a column and a table are: a name, a type and what they mean. Everything that describes the tables to somebody else (the Arrow
//! schema, the Glue columns, the DDL, the data dictionary) is read from here.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::encode_arrow_schema;

/// The types that columns have: the ones that Athena, Spark, DuckDB, Polars and pandas all read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number of 64 bits.
    Bigint,
    /// A whole number of 32 bits.
    Int,
    /// Text in UTF-8.
    String,
    /// Yes or no.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant, in milliseconds since 1970-01-01T00:00:00Z.
    TimestampMsUtc,
    /// An exact decimal number.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the decimal point.
        scale: i8,
    },
}

impl ColumnType {
    /// The type in Arrow, and by it in Parquet.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Bigint => DataType::Int64,
            Self::Int => DataType::Int32,
            Self::String => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::TimestampMsUtc => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
        }
    }
}

/// The type as Athena, Glue and Hive write it: `bigint`, `timestamp`, `decimal(18,4)`.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bigint => f.write_str("bigint"),
            Self::Int => f.write_str("int"),
            Self::String => f.write_str("string"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::TimestampMsUtc => f.write_str("timestamp"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in snake case.
    pub name: Cow<'static, str>,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether a row may hold null.
    pub nullable: bool,
    /// All that it can hold beside null, where that is a few words; else empty.
    pub words: &'static [&'static str],
    /// What it means: unit, sign and source, and last, in a sentence that begins with `Null`, when it is null. At most 255 bytes, which
    /// is what Glue takes.
    pub doc: Cow<'static, str>,
}

impl Column {
    /// The comment's part on what the column means.
    pub fn meaning(&self) -> &str {
        self.halves().0
    }

    /// The comment's part on when the column is null, without the word `Null`; `None` if it never is.
    pub fn null_when(&self) -> Option<&str> {
        self.halves().1
    }

    /// The first sentence of the comment.
    pub fn summary(&self) -> &str {
        self.doc.find(". ").and_then(|end| self.doc.get(..=end)).unwrap_or(&self.doc)
    }

    fn halves(&self) -> (&str, Option<&str>) {
        match self.doc.split_once(" Null ") {
            Some((meaning, null)) => (meaning, Some(null.trim_end_matches('.'))),
            None => (&self.doc, None),
        }
    }
}

/// One term of a table's sort order. Always ascending, nulls last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey(pub &'static str);

/// How a table's rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet files in Hive-style partition directories.
    Parquet,
    /// Files of JSON, a row a line, in one directory.
    JsonLines,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, in the lake and in Glue.
    pub name: &'static str,
    /// What a row is, and what a reader has to know before adding rows up.
    pub doc: &'static str,
    /// How rows are kept.
    pub format: Format,
    /// The columns in the files, in order.
    pub columns: Vec<Column>,
    /// The columns in the path alone, outermost first.
    pub partitions: Vec<Column>,
    /// The order of rows within a partition; the last key is the rows' id.
    pub sort: &'static [SortKey],
    schema: SchemaRef,
    encoded_schema: String,
}

impl Table {
    pub(super) fn new(
        name: &'static str,
        doc: &'static str,
        format: Format,
        columns: Vec<Column>,
        partitions: Vec<Column>,
        sort: &'static [SortKey],
    ) -> Self {
        // A sentence each, for this stands in every file, uncompressed: 15 kB, of 100 kB with a month of 1,200 lines. One
        // key, so that the bytes of a file do not depend on the order of a map.
        let described = |column: &Column| HashMap::from([("description".to_owned(), column.summary().to_owned())]);
        let field = |column: &Column| {
            let field = Field::new(column.name.as_ref(), column.column_type.arrow(), column.nullable);
            field.with_metadata(described(column))
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let encoded_schema = encode_arrow_schema(&schema);
        Self { name, doc, format, columns, partitions, sort, schema, encoded_schema }
    }

    /// The Arrow schema of the files: the columns without the partition columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// This schema as it stands in each Parquet file. It is the same in all of them, and takes longer to encode than a month of few rows.
    pub(super) fn encoded_schema(&self) -> &str {
        &self.encoded_schema
    }
}
