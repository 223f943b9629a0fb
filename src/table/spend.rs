//! `spend`: one row per general-ledger line.

use std::sync::LazyLock;

use arrow::array::{ArrayRef, Decimal128Builder, StringBuilder};

use super::EncodeError;
use super::cell::{Field, column, columns, primitive, word};
use super::column::{Column, ColumnType, Format, SortKey, Table};
use crate::classify::company_number::CompanyNumberStatus;
use crate::classify::spend_class::SpendClass;
use crate::model::value::{Day, Instant, Money};
use crate::model::words::words;
use serde::{Deserialize, Serialize};

/// The table `spend`.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Table::new(
            "spend",
            "One row per general-ledger line that matters for spend, as the settings for document types, accounts and payroll \
             decide. Payroll is never in it. Amounts are debit positive and in the currency \
             of the owner: add up rows of one owner, or of owners that keep one currency.",
            Format::Parquet,
            Row::columns(),
            vec![
                column::<i32>("year", false, "Calendar year of the accounting period. Xledger: period.year."),
                column::<i32>(
                    "month",
                    false,
                    "Calendar month of the accounting period, 1 to 12. A 13th period falls into its calendar month. Xledger: \
                     period.monthNumber.",
                ),
            ],
            &[SortKey("posted_date"), SortKey("line_id")],
        )
    });
    &TABLE
}

columns! {
    /// A row of `spend`.
    #[derive(Clone, Copy, Debug)]
    pub struct Row<'a> {
        /// Id of the ledger line, unique in the table. Xledger: transaction.dbId.
        pub line_id: i64,
        /// Id of the owner (the legal entity) of the line. Xledger: ownerDbId. Null if Xledger gives none.
        pub owner_id: Option<i64>,
        /// Code of the owner. It can repeat between owners. Xledger: owner.code. Null if Xledger gives none.
        pub owner_code: Option<&'a str>,
        /// Name of the owner. Xledger: owner.description. Null if Xledger gives none.
        pub owner_name: Option<&'a str>,
        /// Id of the voucher. Xledger: header.dbId. Null if Xledger gives none.
        pub voucher_id: Option<i64>,
        /// Number of the voucher. It can repeat between owners and years. Xledger: header.transactionNumber. Null if Xledger
        /// gives none.
        pub voucher_number: Option<i64>,
        /// Code of the document type: AP (supplier invoice), BA (bank), ER (expense report). Xledger:
        /// header.transactionSource.code.
        pub document_type: &'a str,
        /// Name of the document type. Xledger: header.transactionSource.description. Null if Xledger gives none.
        pub document_type_name: Option<&'a str>,
        /// Day of posting, which need not lie in the accounting period. Xledger: header.postedDate. Null if Xledger gives none.
        pub posted_date: Option<Day>,
        /// Fiscal year of the accounting period. The column year has the calendar year. Xledger: period.fiscalYear. Null if
        /// Xledger gives none.
        pub fiscal_year: Option<i32>,
        /// Number of the accounting period in its fiscal year: 1 to 12, or 13 for closing entries. Xledger:
        /// period.fiscalPeriod. Null if Xledger gives none.
        pub fiscal_period: Option<i32>,
        /// Code of the ledger account, as text: codes can have letters or leading zeros. Xledger: account.code. Null if Xledger
        /// gives none.
        pub account_code: Option<&'a str>,
        /// Name of the ledger account. Xledger: account.description. Null if Xledger gives none.
        pub account_name: Option<&'a str>,
        /// Name of the account group. Xledger: account.accountGroup.description. Null if there is none.
        pub account_group: Option<&'a str>,
        /// First flag of the account in this order: asset, liability, equity, revenue, cost (of any sort), finance. Null if
        /// there is none.
        pub account_kind: Option<AccountKind>,
        /// Id of the supplier, found as supplier_match says. Null if there is none.
        pub supplier_id: Option<i64>,
        /// Code (supplier number) of the supplier. It can repeat between owners. Null if there is none.
        pub supplier_code: Option<&'a str>,
        /// Name of the supplier. Null if there is none.
        pub supplier_name: Option<&'a str>,
        /// Organisation number of the supplier, as in Xledger. Xledger: company.companyNumber. Null if there is none, or if it
        /// is the number of a person.
        pub supplier_company_number: Option<&'a str>,
        /// Country code of the supplier address. Xledger: address.country.code. Null if there is none.
        pub supplier_country_code: Option<&'a str>,
        /// How the supplier was found: voucher (by its AP lines), company (by the company of the line), or not: ambiguous (several
        /// fit), not_a_supplier (an employee or the like), none (nothing to go by).
        pub supplier_match: SupplierMatch,
        /// Invoice number, if the supplier AP lines of the voucher agree. Xledger: apTransaction.invoiceNumber. Null if there
        /// is none.
        pub invoice_number: Option<&'a str>,
        /// Invoice date, if the supplier AP lines of the voucher agree. Xledger: apTransaction.invoiceDate. Null if there is
        /// none.
        pub invoice_date: Option<Day>,
        /// Due date, if the supplier AP lines of the voucher agree. Xledger: apTransaction.dueDate. Null if there is none.
        pub due_date: Option<Day>,
        /// Amount posted on the account, debit positive (a cost is positive, a credit note negative), in amount_currency_code.
        /// Xledger: amount. Null if Xledger gives none.
        pub amount: Option<Money>,
        /// Currency of amount and vat_amount: that of the owner. Null if schema or rights do not give it.
        pub amount_currency_code: Option<&'a str>,
        /// The same amount in the currency of the document, debit positive, in invoice_currency_code. Xledger: invoiceAmount. Null if
        /// Xledger gives none.
        pub invoice_amount: Option<Money>,
        /// Currency of invoice_amount. Xledger: currency.code. Null if Xledger gives none.
        pub invoice_currency_code: Option<&'a str>,
        /// Code of the tax rule on the line. Xledger: taxRule.code. Null if there is none.
        pub vat_code: Option<&'a str>,
        /// VAT rate of vat_code by the settings, in percent, such as 25.00. Null if the settings lack the code, or if the lines
        /// of the owner contradict the rate.
        pub vat_rate: Option<VatRate>,
        /// VAT of the line, in amount_currency_code, signed as in Xledger. Xledger: taxAmount. Null if Xledger gives none.
        pub vat_amount: Option<Money>,
        /// Free text of the line. It can name people and hold line breaks. Xledger: text. Null if there is none.
        pub text: Option<&'a str>,
        /// The analytical dimension on the line.
        pub dimension: [Dimension<'a>; DIMENSIONS],
        /// Id of the open-item match, shared by lines settled against each other, as an invoice and its payment. Xledger:
        /// matchId. Null if there is none.
        pub match_id: Option<i64>,
        /// When the voucher was last changed, in UTC. Xledger: header.modifiedAt, converted from Central European wall time. Null if
        /// Xledger gives none.
        pub voucher_modified_at: Option<Instant>,
        /// When the voucher was entered, in UTC. Xledger: header.createdAt, converted from Central European wall time. Null if Xledger
        /// gives none.
        pub voucher_created_at: Option<Instant>,
        /// One company, whichever owner buys: its organisation number with the country, as in NO:914286018, checked where there is
        /// a check, else supplier: and the supplier id. Null if there is none.
        pub supplier_key: Option<&'a str>,
        /// Organisation number of the supplier: valid, invalid, personal (of a person), missing or unchecked (a country without
        /// a check, or none). Null if there is no supplier or no right to its number.
        pub company_number_status: Option<CompanyNumberStatus>,
        /// Whether the supplier is an owner in reach, by its company id, or internal in suppliers.csv. Null if there is no
        /// supplier or no right to the companies of the owners.
        pub is_intercompany: Option<bool>,
        /// Parent company, from suppliers.csv. Null if there is none.
        pub supplier_parent: Option<&'a str>,
        /// Whether the supplier is preferred, from suppliers.csv. Null if that file does not say.
        pub supplier_preferred: Option<bool>,
        /// Contract with the supplier, from suppliers.csv, else from Xledger. Xledger: supplier.contract. Null if there is
        /// none.
        pub supplier_contract: Option<&'a str>,
        /// What the line is to purchasing: operating, capital, stock, prepaid, finance, vat_bookkeeping, not_a_purchase or
        /// other, by the account number in NS 4102 and BAS (reverse charge by voucher), elsewhere by its flags, which know no
        /// capital, stock and prepaid.
        pub spend_class: SpendClass,
        /// Wider category of the purchase. Null if there is none.
        pub category_1: Option<&'a str>,
        /// Narrower category of the purchase. Null if there is none.
        pub category_2: Option<&'a str>,
        /// Where the categories are from: rule (categories.csv) or account (its group in a standard chart). Null if there is
        /// none.
        pub category_source: Option<CategorySource>,
        /// Whether purchasing can influence the spend, from categories.csv. Null if that file does not say.
        pub addressable: Option<bool>,
        /// Who is responsible for the category, from categories.csv. Null if that file does not say.
        pub category_owner: Option<&'a str>,
        /// Kind of the supplier AP lines of the voucher: invoice, credit_note, payment, or unknown (they differ, or another
        /// name). Xledger: slTransactionType.name. Null if there is none.
        pub invoice_kind: Option<InvoiceKind>,
        /// Id of the invoice file, if the supplier AP lines of the voucher agree. Xledger: apTransaction.invoiceFile.dbId. Null
        /// if there is none.
        pub invoice_file_id: Option<i64>,
        /// Day of the latest payment of the invoice, by the supplier AP lines. The next full refresh shows a payment without a
        /// match. Xledger: apTransaction.lastPaymentDate. Null if there is none.
        pub last_payment_date: Option<Day>,
        /// Name of the tax rule, each company its own. Xledger: taxRule.description. Null if there is none.
        pub vat_name: Option<&'a str>,
        /// Organisation number of the owner. Xledger: owner.company.companyNumber. Null if Xledger gives none.
        pub owner_company_number: Option<&'a str>,
    }
    encode Builder;
}

/// The analytical dimensions that a ledger line has room for.
pub const DIMENSIONS: usize = 5;

/// An analytical dimension on a line, such as a cost centre: a field that makes three columns, `dimension_1_kind` and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimension<'a> {
    /// The name of the object kind, such as `Project`.
    pub kind: Option<&'a str>,
    /// The code of the object.
    pub code: Option<&'a str>,
    /// The name of the object.
    pub name: Option<&'a str>,
}

const DIMENSION_PARTS: [&str; 3] = ["kind", "code", "name"];

impl Field for [Dimension<'_>; DIMENSIONS] {
    type Builders = [[StringBuilder; 3]; DIMENSIONS];

    fn columns(name: &'static str, _doc: String) -> Vec<Column> {
        let parts = |number: usize| {
            let docs = [
                format!(
                    "What dimension {number} stands for, such as cost centre or project. It can differ from owner to owner. Xledger: \
                     glObject{number}.objectKind.name. Null if there is none."
                ),
                format!(
                    "Code of the object in dimension {number}. Xledger: glObject{number}.code. Null if there is none."
                ),
                format!(
                    "Name of the object in dimension {number}. Xledger: glObject{number}.description. Null if there is none."
                ),
            ];
            let named = DIMENSION_PARTS.into_iter().zip(docs);
            named.map(move |(part, doc)| column::<&str>(format!("{name}_{number}_{part}"), true, doc))
        };
        (1..=DIMENSIONS).flat_map(parts).collect()
    }

    fn builders() -> Self::Builders {
        Default::default()
    }

    fn append(self, name: &'static str, to: &mut Self::Builders) -> Result<(), EncodeError> {
        for (dimension, [kind, code, label]) in self.into_iter().zip(to) {
            Field::append(dimension.kind, name, kind)?;
            Field::append(dimension.code, name, code)?;
            Field::append(dimension.name, name, label)?;
        }
        Ok(())
    }

    fn finish(builders: &mut Self::Builders, arrays: &mut Vec<ArrayRef>) {
        for builder in builders.iter_mut().flatten() {
            <Option<&str> as Field>::finish(builder, arrays);
        }
    }
}

words! {
    /// What an account holds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum AccountKind {
        /// An asset.
        Asset = "asset",
        /// A liability.
        Liability = "liability",
        /// Equity.
        Equity = "equity",
        /// Revenue.
        Revenue = "revenue",
        /// A cost of any sort.
        Cost = "cost",
        /// Financial income or expense.
        Finance = "finance",
    }
}

words! {
    /// How the supplier of a line was found, or why not.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum SupplierMatch {
        /// By the AP lines of the voucher, which name one subledger.
        Voucher = "voucher",
        /// By the line's company.
        Company = "company",
        /// Not: the voucher's AP lines name several subledgers, and the line's company does not decide between them.
        Ambiguous = "ambiguous",
        /// Not: the subledger that was found is not in the supplier register.
        NotASupplier = "not_a_supplier",
        /// Not: there is nothing to go by.
        None = "none",
    }
}

words! {
    /// Where a category is from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum CategorySource {
        /// A rule of the company's own file.
        Rule = "rule",
        /// The group of the account.
        Account = "account",
    }
}

words! {
    /// What an AP line is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum InvoiceKind {
        /// An invoice.
        Invoice = "invoice",
        /// A credit note.
        CreditNote = "credit_note",
        /// A payment.
        Payment = "payment",
        /// Something else.
        Unknown = "unknown",
    }
}

/// A VAT rate in hundredths of a percent: 2500 is 25 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VatRate(pub i32);

word!(AccountKind: AccountKind::WORDS);
word!(SupplierMatch: SupplierMatch::WORDS);
word!(CategorySource: CategorySource::WORDS);
word!(InvoiceKind: InvoiceKind::WORDS);
word!(SpendClass: SpendClass::WORDS);
word!(CompanyNumberStatus: CompanyNumberStatus::WORDS);
primitive!(VatRate, ColumnType::Decimal { precision: 5, scale: 2 }, Decimal128Builder, |rate| {
    (-99_999..=99_999).contains(&rate.0).then_some(i128::from(rate.0))
});

#[cfg(test)]
pub(crate) mod tests;
