//! What a refresh can do without: fields that the schema may lack, or that the token may not be allowed to read, and the columns that are
//! null then. What is not here is necessary: without it a run ends, and says so.

use super::document::Document;
use super::query::{self, Query};
use super::rights;

/// Fields that are asked for together or not at all.
#[derive(Debug)]
pub(crate) struct OptionalFields {
    /// The operation that asks for them.
    pub(crate) query: Query,
    /// Their paths below the root's rows.
    pub(crate) fields: &'static [&'static str],
    /// The columns that are null without them, throughout, or where nothing else fills them; none for what no column shows.
    pub(crate) columns: &'static [&'static str],
}

macro_rules! optional {
    ($($query:ident: { $($($field:literal),+ => $($column:literal),*;)* })*) => {
        /// All that a refresh can do without.
        pub(crate) const OPTIONAL: &[OptionalFields] = &[$($(
            OptionalFields { query: query::$query, fields: &[$($field),+], columns: &[$($column),*] },
        )*)*];
    };
}

// An entry without columns: fields that no column shows, such as the one by which listed lines are compared with kept ones. Where that one is
// missing, every line is fetched anew.
optional! {
    LEDGER_INDEX: {
        "header.modifiedAt" => ;
        // Without it, all that stands below the period is asked for instead (`plan.rs`).
        "periodId" => ;
        "period.fiscalYear" => "spend.fiscal_year";
        "period.fiscalPeriod" => "spend.fiscal_period";
    }
    LEDGER_REFERENCES: {
        "periodId" => ;
        "period.fiscalYear" => "spend.fiscal_year";
        "period.fiscalPeriod" => "spend.fiscal_period";
    }
    ACCOUNTS: {
        "description" => "spend.account_name";
        "asset", "liabilities", "equity", "revenue", "cost", "costOfGoodsSold", "costOtherOperating", "finance"
            => "spend.account_kind";
        "costWagesSalaries" => "spend.account_kind";
        "accountGroup" => "spend.account_group";
        // Payroll accounts are known by `chartOfAccount`; without it by `costWagesSalaries`, and without both by the setting alone (`rules.rs`).
        "chartOfAccount" => ;
    }
    LEDGER_LINES: {
        "periodId" => ;
        "period.fiscalYear" => "spend.fiscal_year";
        "period.fiscalPeriod" => "spend.fiscal_period";
        "header.modifiedAt" => "spend.voucher_modified_at";
        "header.createdAt" => "spend.voucher_created_at";
        "header.transactionNumber" => "spend.voucher_number";
        "header.postedDate" => "spend.posted_date", "supplier.first_posted_date", "supplier.last_posted_date";
        "text" => "spend.text";
        "invoiceAmount" => "spend.invoice_amount";
        "taxAmount" => "spend.vat_amount";
        "glObject1DbId" => "spend.dimension_1_kind", "spend.dimension_1_code", "spend.dimension_1_name";
        "glObject2DbId" => "spend.dimension_2_kind", "spend.dimension_2_code", "spend.dimension_2_name";
        "glObject3DbId" => "spend.dimension_3_kind", "spend.dimension_3_code", "spend.dimension_3_name";
        "glObject4DbId" => "spend.dimension_4_kind", "spend.dimension_4_code", "spend.dimension_4_name";
        "glObject5DbId" => "spend.dimension_5_kind", "spend.dimension_5_code", "spend.dimension_5_name";
        "currency" => "spend.invoice_currency_code";
        "taxRule" => "spend.vat_code", "spend.vat_name", "spend.vat_rate";
    }
    PAYABLE_LINES: {
        "invoiceNumber" => "spend.invoice_number";
        "invoiceDate" => "spend.invoice_date";
        "dueDate" => "spend.due_date";
        "lastPaymentDate" => "spend.last_payment_date";
        // It tells which of several suppliers of a voucher a line belongs to.
        "company" => "spend.supplier_id", "spend.supplier_code", "spend.supplier_name", "spend.supplier_company_number",
            "spend.supplier_country_code", "spend.invoice_number", "spend.invoice_date", "spend.due_date";
        "slTransactionType" => "spend.invoice_kind";
        "invoiceFile" => "spend.invoice_file_id";
    }
    SUPPLIERS: {
        "email" => "supplier.email";
        "phone" => "supplier.phone";
        "fromDate" => "supplier.valid_from";
        "toDate" => "supplier.valid_to";
        "modifiedAt" => "supplier.modified_at";
        "company" => "supplier.company_number", "supplier.company_number_status", "spend.supplier_company_number",
            "spend.company_number_status";
        "subledgerGroup" => "supplier.group_name";
        "address" => "supplier.street_address", "supplier.postal_code", "supplier.city", "supplier.country_code",
            "supplier.country_name", "spend.supplier_country_code";
        "address.streetAddress" => "supplier.street_address";
        "address.zipCode" => "supplier.postal_code";
        "address.place" => "supplier.city";
        "address.country" => "supplier.country_code", "supplier.country_name", "spend.supplier_country_code";
        "address.country.code" => "supplier.country_code", "spend.supplier_country_code";
        "address.country.description" => "supplier.country_name";
        "contact" => "supplier.contact_name";
        "contract" => "supplier.contract", "spend.supplier_contract";
        "payTerms" => "supplier.payment_terms";
    }
    NAMES: {
        "owner" => "spend.owner_code", "spend.owner_name", "spend.owner_company_number", "spend.is_intercompany",
            "supplier.is_intercompany";
        "owner.code" => "spend.owner_code";
        "owner.description" => "spend.owner_name";
        "owner.company" => "spend.owner_company_number", "spend.is_intercompany", "supplier.is_intercompany";
        "owner.company.companyNumber" => "spend.owner_company_number";
        "taxRule.description" => "spend.vat_name";
        "glDimension" => "spend.dimension_1_kind", "spend.dimension_1_code", "spend.dimension_1_name", "spend.dimension_2_kind",
            "spend.dimension_2_code", "spend.dimension_2_name", "spend.dimension_3_kind", "spend.dimension_3_code",
            "spend.dimension_3_name", "spend.dimension_4_kind", "spend.dimension_4_code", "spend.dimension_4_name",
            "spend.dimension_5_kind", "spend.dimension_5_code", "spend.dimension_5_name";
        "glDimension.glObject1" => "spend.dimension_1_kind", "spend.dimension_1_code", "spend.dimension_1_name";
        "glDimension.glObject2" => "spend.dimension_2_kind", "spend.dimension_2_code", "spend.dimension_2_name";
        "glDimension.glObject3" => "spend.dimension_3_kind", "spend.dimension_3_code", "spend.dimension_3_name";
        "glDimension.glObject4" => "spend.dimension_4_kind", "spend.dimension_4_code", "spend.dimension_4_name";
        "glDimension.glObject5" => "spend.dimension_5_kind", "spend.dimension_5_code", "spend.dimension_5_name";
        "glDimension.glObject1.objectKind" => "spend.dimension_1_kind";
        "glDimension.glObject2.objectKind" => "spend.dimension_2_kind";
        "glDimension.glObject3.objectKind" => "spend.dimension_3_kind";
        "glDimension.glObject4.objectKind" => "spend.dimension_4_kind";
        "glDimension.glObject5.objectKind" => "spend.dimension_5_kind";
    }
    OWNER_CURRENCIES: {
        "owner" => "spend.amount_currency_code";
    }
}

impl OptionalFields {
    /// The right that its first field needs; the others need the same.
    pub(crate) fn right(&self) -> &'static str {
        rights::right_for(self.query.root, self.fields.first().copied().unwrap_or_default())
    }

    /// Whether a field is one of these, or within one.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.fields.iter().any(|field| is_within(path, field))
    }

    /// How deep its fields lie: of several that cover a path, the deepest costs least.
    fn depth(&self) -> usize {
        self.fields.iter().map(|field| field.matches('.').count()).max().unwrap_or(0)
    }
}

/// Whether a path is another one, or within it.
pub(crate) fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The optional fields that are lost with a field of a query; `None` if it is necessary.
pub(crate) fn covering(query: Query, path: &str) -> Option<usize> {
    let covering = fields_of(query).filter(|(_, optional)| optional.covers(path));
    covering.max_by_key(|(_, optional)| optional.depth()).map(|(at, _)| at)
}

/// The optional fields of a query, by their places.
pub(crate) fn fields_of(query: Query) -> impl Iterator<Item = (usize, &'static OptionalFields)> {
    OPTIONAL.iter().enumerate().filter(move |(_, optional)| optional.query.name == query.name)
}

/// The document of a query without what is lost.
pub(crate) fn document(query: Query, is_lost: impl Fn(usize) -> bool) -> Document {
    let lost: Vec<&str> =
        fields_of(query).filter(|(at, _)| is_lost(*at)).flat_map(|(_, optional)| optional.fields).copied().collect();
    query.read().without(|path| lost.contains(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tables;

    #[test]
    fn every_field_is_asked_for_and_every_column_is_there() {
        let columns: Vec<String> = tables()
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name)))
            .collect();
        for optional in OPTIONAL {
            let asked = Document::read(optional.query.document).row_fields();
            for field in optional.fields {
                assert!(asked.iter().any(|path| path == field), "{field} of {}", optional.query.name);
            }
            for column in optional.columns {
                assert!(columns.iter().any(|known| known == column), "{column}");
            }
        }
    }

    #[test]
    fn what_a_missing_field_costs() {
        let cost = |query, path| covering(query, path).map(|at| OPTIONAL[at].columns[0]);
        assert_eq!(cost(query::SUPPLIERS, "address.country.code"), Some("supplier.country_code"));
        assert_eq!(cost(query::SUPPLIERS, "address"), Some("supplier.street_address"));
        assert_eq!(cost(query::LEDGER_LINES, "glObject2DbId"), Some("spend.dimension_2_kind"));
        for necessary in ["amount", "matchId", "header", "header.transactionSource", "period", "dbId"] {
            assert_eq!(cost(query::LEDGER_LINES, necessary), None, "{necessary}");
        }
        assert_eq!(cost(query::LEDGER_INDEX, "matchId"), None);
    }
}
