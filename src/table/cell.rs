//! From the Rust type of a row's field to the type of its column and the Arrow array that holds it: the rule that lets [`columns!`]
//! state a column in one line.

use std::borrow::Cow;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder,
    StringBuilder, TimestampMillisecondBuilder,
};

use super::EncodeError;
use super::column::{Column, ColumnType};
use crate::model::value::{Day, Instant, Money};

/// A value that a column can hold.
pub(super) trait Value {
    const TYPE: ColumnType;
    /// All that a column of this type can hold, where that is a few words.
    const WORDS: &'static [&'static str] = &[];
    type Builder: ArrayBuilder;

    fn builder() -> Self::Builder;
    /// Appends the value; `None`, with nothing appended, if the column cannot hold it.
    fn append(self, to: &mut Self::Builder) -> Option<()>;
    fn append_null(to: &mut Self::Builder);
}

/// A field of a row: one column, or several.
pub(super) trait Field {
    type Builders;

    fn columns(name: &'static str, doc: String) -> Vec<Column>;
    fn builders() -> Self::Builders;
    fn append(self, name: &'static str, to: &mut Self::Builders) -> Result<(), EncodeError>;
    fn finish(builders: &mut Self::Builders, arrays: &mut Vec<ArrayRef>);
}

/// A value by itself is a column that is never null.
impl<V: Value> Field for V {
    type Builders = V::Builder;

    fn columns(name: &'static str, doc: String) -> Vec<Column> {
        vec![column::<V>(name, false, doc)]
    }
    fn builders() -> V::Builder {
        V::builder()
    }
    fn append(self, name: &'static str, to: &mut V::Builder) -> Result<(), EncodeError> {
        Value::append(self, to).ok_or_else(|| does_not_fit::<V>(name))
    }
    fn finish(builder: &mut V::Builder, arrays: &mut Vec<ArrayRef>) {
        arrays.push(builder.finish());
    }
}

/// An optional value is a column that can be null.
impl<V: Value> Field for Option<V> {
    type Builders = V::Builder;

    fn columns(name: &'static str, doc: String) -> Vec<Column> {
        vec![column::<V>(name, true, doc)]
    }
    fn builders() -> V::Builder {
        V::builder()
    }
    fn append(self, name: &'static str, to: &mut V::Builder) -> Result<(), EncodeError> {
        match self {
            Some(value) => Value::append(value, to).ok_or_else(|| does_not_fit::<V>(name)),
            None => {
                V::append_null(to);
                Ok(())
            }
        }
    }
    fn finish(builder: &mut V::Builder, arrays: &mut Vec<ArrayRef>) {
        arrays.push(builder.finish());
    }
}

/// A column of values of one type.
pub(super) fn column<V: Value>(
    name: impl Into<Cow<'static, str>>,
    nullable: bool,
    doc: impl Into<Cow<'static, str>>,
) -> Column {
    Column { name: name.into(), column_type: V::TYPE, nullable, words: V::WORDS, doc: doc.into() }
}

fn does_not_fit<V: Value>(name: &str) -> EncodeError {
    EncodeError::DoesNotFit { column: name.to_owned(), column_type: V::TYPE.to_string() }
}

/// A value that is held by an Arrow builder of one primitive type: its Rust type, its column's type, the builder, and how the builder's
/// native value is made from it (`None` where it does not fit).
macro_rules! primitive {
    ($rust:ty, $column_type:expr, $builder:ty, |$value:ident| $native:expr) => {
        impl $crate::table::cell::Value for $rust {
            const TYPE: ColumnType = $column_type;
            type Builder = $builder;

            fn builder() -> $builder {
                <$builder>::new().with_data_type(Self::TYPE.arrow())
            }
            fn append(self, to: &mut $builder) -> Option<()> {
                let $value = self;
                to.append_value($native?);
                Some(())
            }
            fn append_null(to: &mut $builder) {
                to.append_null();
            }
        }
    };
}

/// A value that is held as the text that `as_str` gives, and the words that this can be, where they are a few.
macro_rules! word {
    ($rust:ty $(: $words:expr)?) => {
        impl $crate::table::cell::Value for $rust {
            const TYPE: ColumnType = ColumnType::String;
            $( const WORDS: &'static [&'static str] = $words; )?
            type Builder = StringBuilder;

            fn builder() -> StringBuilder {
                StringBuilder::new()
            }
            fn append(self, to: &mut StringBuilder) -> Option<()> {
                $crate::table::cell::Value::append(self.as_str(), to)
            }
            fn append_null(to: &mut StringBuilder) {
                to.append_null();
            }
        }
    };
}

primitive!(i64, ColumnType::Bigint, Int64Builder, |value| Some(value));
primitive!(u64, ColumnType::Bigint, Int64Builder, |value| i64::try_from(value).ok());
primitive!(i32, ColumnType::Int, Int32Builder, |value| Some(value));
primitive!(Day, ColumnType::Date, Date32Builder, |day| Some(day.0));
primitive!(Instant, ColumnType::TimestampMsUtc, TimestampMillisecondBuilder, |instant| Some(instant.0));
// `Money` itself cannot hold more digits than its column.
primitive!(
    Money,
    ColumnType::Decimal { precision: Money::PRECISION, scale: Money::SCALE },
    Decimal128Builder,
    |money| Some(i128::from(money.ten_thousandths()))
);

impl Value for bool {
    const TYPE: ColumnType = ColumnType::Boolean;
    type Builder = BooleanBuilder;

    fn builder() -> BooleanBuilder {
        BooleanBuilder::new()
    }
    fn append(self, to: &mut BooleanBuilder) -> Option<()> {
        to.append_value(self);
        Some(())
    }
    fn append_null(to: &mut BooleanBuilder) {
        to.append_null();
    }
}

impl Value for &str {
    const TYPE: ColumnType = ColumnType::String;
    type Builder = StringBuilder;

    fn builder() -> StringBuilder {
        StringBuilder::new()
    }
    fn append(self, to: &mut StringBuilder) -> Option<()> {
        // Arrow counts the bytes of a batch's texts in 31 bits, and panics beyond.
        let bytes = to.values_slice().len().checked_add(self.len())?;
        i32::try_from(bytes).ok()?;
        to.append_value(self);
        Some(())
    }
    fn append_null(to: &mut StringBuilder) {
        to.append_null();
    }
}

/// States the columns of a table as the fields of its row. The comment of a field becomes the column's comment, its Rust type the
/// column's type (see [`Value`]; an `Option` makes the column nullable), and their order the order of columns.
///
/// Makes the struct and its `columns()`; with `encode Builder`, also the builder that makes record batches of rows.
macro_rules! columns {
    (@encode $builder:ident Row<$lifetime:lifetime> { $( $(#[doc = $doc:literal])+ pub $name:ident: $type:ty, )+ }) => {
        struct Builders<$lifetime> {
            $( $name: <$type as $crate::table::cell::Field>::Builders, )+
        }

        impl<$lifetime> Builders<$lifetime> {
            fn new() -> Self {
                Self { $( $name: <$type as $crate::table::cell::Field>::builders(), )+ }
            }

            fn append(&mut self, row: &Row<'_>) -> Result<(), $crate::table::EncodeError> {
                $( $crate::table::cell::Field::append(row.$name, stringify!($name), &mut self.$name)?; )+
                Ok(())
            }

            fn finish(&mut self) -> Vec<arrow::array::ArrayRef> {
                let mut arrays = Vec::new();
                $( <$type as $crate::table::cell::Field>::finish(&mut self.$name, &mut arrays); )+
                arrays
            }
        }

        /// Gathers rows into Arrow record batches.
        pub struct $builder {
            columns: Builders<'static>,
            rows: usize,
        }

        impl Default for $builder {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $builder {
            /// A builder without rows.
            pub fn new() -> Self {
                Self { columns: Builders::new(), rows: 0 }
            }

            /// The rows appended since the last batch.
            pub fn rows(&self) -> usize {
                self.rows
            }

            /// Whether there are rows enough for a batch.
            pub fn is_full(&self) -> bool {
                self.rows >= $crate::table::BATCH_ROWS
            }

            /// Adds a row.
            ///
            /// # Errors
            /// A value does not fit its column. The row is then half in: the builder can only be dropped.
            pub fn append(&mut self, row: &Row<'_>) -> Result<(), $crate::table::EncodeError> {
                self.columns.append(row)?;
                self.rows += 1;
                Ok(())
            }

            /// The rows appended since the last batch, as a batch. The builder is empty again.
            ///
            /// # Errors
            /// A row was left half in by an [`Self::append`] that failed.
            pub fn finish(&mut self) -> Result<arrow::array::RecordBatch, $crate::table::EncodeError> {
                self.rows = 0;
                Ok(arrow::array::RecordBatch::try_new(table().schema(), self.columns.finish())?)
            }
        }
    };
    ($(#[$meta:meta])* pub struct Row<$lifetime:lifetime> { $($fields:tt)+ } encode $builder:ident;) => {
        $crate::table::cell::columns! { $(#[$meta])* pub struct Row<$lifetime> { $($fields)+ } }
        $crate::table::cell::columns! { @encode $builder Row<$lifetime> { $($fields)+ } }
    };
    (
        $(#[$meta:meta])*
        pub struct Row<$lifetime:lifetime> {
            $( $(#[doc = $doc:literal])+ pub $name:ident: $type:ty, )+
        }
    ) => {
        $(#[$meta])*
        pub struct Row<$lifetime> {
            $( $(#[doc = $doc])+ pub $name: $type, )+
        }

        impl<$lifetime> Row<$lifetime> {
            /// The columns that the fields make.
            fn columns() -> Vec<$crate::table::Column> {
                let mut columns = Vec::new();
                $(
                    let doc = concat!($($doc),+).trim().to_owned();
                    columns.extend(<$type as $crate::table::cell::Field>::columns(stringify!($name), doc));
                )+
                columns
            }
        }
    };
}

pub(super) use {columns, primitive, word};
