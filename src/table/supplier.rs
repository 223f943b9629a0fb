//! `supplier`: one row per supplier in the token's reach.

use std::sync::LazyLock;

use arrow::array::Decimal128Builder;

use super::cell::{column, columns, primitive};
use super::column::{ColumnType, Format, SortKey, Table};
use crate::classify::company_number::CompanyNumberStatus;
use crate::model::value::{Day, Instant, Money};

/// The table `supplier`.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Table::new(
            "supplier",
            "One row per supplier in the reach of the token, closed ones and ones without spend too. A company that several owners buy from \
             is a row for each of them: supplier_key is what they share.",
            Format::Parquet,
            Row::columns(),
            vec![column::<i64>(
                "owner_id",
                false,
                "Id of the owner (the legal entity) whose register holds the supplier. Xledger: supplier.ownerDbId.",
            )],
            &[SortKey("supplier_id")],
        )
    });
    &TABLE
}

columns! {
    /// A row of `supplier`.
    #[derive(Clone, Copy, Debug)]
    pub struct Row<'a> {
        /// Id of the supplier, unique in the table. Xledger: supplier.dbId.
        pub supplier_id: i64,
        /// Code (supplier number) of the supplier. It can repeat between owners. Xledger: code. Null if Xledger gives none.
        pub supplier_code: Option<&'a str>,
        /// Name of the supplier. Xledger: description. Null if Xledger gives none.
        pub supplier_name: Option<&'a str>,
        /// Id of the company, shared by suppliers of several owners. Xledger: companyDbId. Null if Xledger gives none.
        pub company_id: Option<i64>,
        /// Organisation number of the supplier, as in Xledger. Xledger: company.companyNumber. Null if there is none, or if it
        /// is the number of a person.
        pub company_number: Option<&'a str>,
        /// Name of the supplier group. Xledger: subledgerGroup.description. Null if there is none.
        pub group_name: Option<&'a str>,
        /// Email address. Xledger: email. Null if Xledger gives none.
        pub email: Option<&'a str>,
        /// Telephone number as entered. Xledger: phone. Null if Xledger gives none.
        pub phone: Option<&'a str>,
        /// Street address. Xledger: address.streetAddress. Null if Xledger gives none.
        pub street_address: Option<&'a str>,
        /// Postal code, as text: it can have leading zeros. Xledger: address.zipCode. Null if Xledger gives none.
        pub postal_code: Option<&'a str>,
        /// Town or city. Xledger: address.place. Null if Xledger gives none.
        pub city: Option<&'a str>,
        /// Country code of the address. Xledger: address.country.code. Null if Xledger gives none.
        pub country_code: Option<&'a str>,
        /// Country name of the address. Xledger: address.country.description. Null if Xledger gives none.
        pub country_name: Option<&'a str>,
        /// Name of the contact person. Xledger: contact.name. Null if Xledger gives none.
        pub contact_name: Option<&'a str>,
        /// First day of use. Xledger: fromDate. Null if there is none.
        pub valid_from: Option<Day>,
        /// Last day of use. Xledger: toDate. Null if there is none.
        pub valid_to: Option<Day>,
        /// When the supplier was last changed, in UTC. Xledger: modifiedAt, converted from Central European wall time. Null if Xledger
        /// gives none.
        pub modified_at: Option<Instant>,
        /// Earliest posted_date of the rows in spend. Null if there is none.
        pub first_posted_date: Option<Day>,
        /// Latest posted_date of the rows in spend. Null if there is none.
        pub last_posted_date: Option<Day>,
        /// Number of rows in spend, of the same snapshot.
        pub line_count: u64,
        /// Sum of amount over the rows in spend, 0 where there are none. Null if the rows are of owners not known to keep one
        /// currency.
        pub spend_amount: Option<Total>,
        /// One company in any register, as in spend.supplier_key.
        pub supplier_key: &'a str,
        /// What company_number is: valid, invalid, personal (of a person), missing or unchecked (a country without a check, or
        /// none).
        /// Null if there is no right to the number.
        pub company_number_status: Option<CompanyNumberStatus>,
        /// Agreed terms of payment. Xledger: payTerms.name. Null if Xledger gives none.
        pub payment_terms: Option<&'a str>,
        /// Contract, from suppliers.csv, else from Xledger. Xledger: contract. Null if there is none.
        pub contract: Option<&'a str>,
        /// Parent company, from suppliers.csv. Null if there is none.
        pub parent: Option<&'a str>,
        /// Whether the supplier is preferred, from suppliers.csv. Null if that file does not say.
        pub preferred: Option<bool>,
        /// Whether the supplier is an owner in reach, by its company id, or internal in suppliers.csv. Null if there is no
        /// right to the companies of the owners.
        pub is_intercompany: Option<bool>,
    }
    encode Builder;
}

/// A sum of amounts in ten-thousandths of the currency's unit: the value of a `decimal(38,4)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Total(pub i128);

const TOTAL_PRECISION: u8 = 38;
const TOTAL_LIMIT: i128 = 10_i128.pow(TOTAL_PRECISION as u32);

primitive!(
    Total,
    ColumnType::Decimal { precision: TOTAL_PRECISION, scale: Money::SCALE },
    Decimal128Builder,
    |total| (-TOTAL_LIMIT < total.0 && total.0 < TOTAL_LIMIT).then_some(total.0)
);

#[cfg(test)]
mod tests;
