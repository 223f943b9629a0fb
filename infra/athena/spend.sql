-- Generated from the columns in src/table/spend.rs.
-- Replace ${location} by the s3:// address of the directory of the table,
-- ${year_range} by the first and the last year with a comma between,
-- ${month_range} by the first and the last month with a comma between.
CREATE EXTERNAL TABLE IF NOT EXISTS `spend` (
  `line_id` bigint COMMENT 'Id of the ledger line, unique in the table. Xledger: transaction.dbId.',
  `owner_id` bigint COMMENT 'Id of the owner (the legal entity) whose ledger holds the line. Xledger: ownerDbId. Null if Xledger gives no owner.',
  `owner_code` string COMMENT 'Code of the owner. Codes can repeat between owners of one token, so join on ids. Xledger: owner.code. Null if Xledger gives none.',
  `owner_name` string COMMENT 'Name of the owner. Xledger: owner.description. Null if Xledger gives none.',
  `voucher_id` bigint COMMENT 'Id of the voucher that the line belongs to. Xledger: header.dbId. Null if Xledger gives none.',
  `voucher_number` bigint COMMENT 'Number of the voucher, as accountants quote it. It can repeat between owners and years. Xledger: header.transactionNumber. Null if Xledger gives none.',
  `document_type` string COMMENT 'Code of the document type, such as AP (supplier invoice), BA (bank) or ER (expense report). Xledger: header.transactionSource.code.',
  `document_type_name` string COMMENT 'Name of the document type. Xledger: header.transactionSource.description. Null if Xledger gives none.',
  `posted_date` date COMMENT 'Day on which the voucher is posted. It need not lie in the accounting period. Xledger: header.postedDate. Null if Xledger gives none.',
  `fiscal_year` int COMMENT 'Fiscal year of the accounting period of the line, which can differ from the calendar year in the column year. Xledger: period.fiscalYear. Null if Xledger gives none.',
  `fiscal_period` int COMMENT 'Number of the accounting period of the line in its fiscal year, 1 to 12, or 13 for closing entries. Xledger: period.fiscalPeriod. Null if Xledger gives none.',
  `account_code` string COMMENT 'Code of the ledger account, as text: codes can have letters or leading zeros. Xledger: account.code. Null if the account has no code.',
  `account_name` string COMMENT 'Name of the ledger account. Xledger: account.description. Null if Xledger gives none.',
  `account_group` string COMMENT 'Name of the group that the account belongs to. Xledger: account.accountGroup.description. Null if the account is in no group.',
  `account_kind` string COMMENT 'What the account holds: asset, liability, equity, revenue, cost or finance, the first of the flags that the account has in this order. Any cost flag counts as cost. Null if the account has none of them.',
  `supplier_id` bigint COMMENT 'Id of the supplier, as in the table supplier. Found as supplier_match says. Null if there is none, see supplier_match.',
  `supplier_code` string COMMENT 'Code (supplier number) of the supplier. It can repeat between owners. Null if there is no supplier or it has no code.',
  `supplier_name` string COMMENT 'Name of the supplier. Null if there is no supplier or it has no name.',
  `supplier_company_number` string COMMENT 'Organisation number of the company behind the supplier, which is the same whichever owner buys. Xledger: company.companyNumber. Null if there is no supplier or Xledger gives none.',
  `supplier_country_code` string COMMENT 'Country code of the supplier address. Xledger: address.country.code. Null if there is no supplier or Xledger gives none.',
  `supplier_match` string COMMENT 'How the supplier was found: voucher (by its AP lines), company (by the company of the line), or not: ambiguous (several fit), not_a_supplier (an employee or the like), none (nothing to go by).',
  `invoice_number` string COMMENT 'Invoice number from the supplier AP lines of the voucher. Xledger: apTransaction.invoiceNumber. Null without such lines, or if they disagree.',
  `invoice_date` date COMMENT 'Invoice date from the supplier AP lines of the voucher. Xledger: apTransaction.invoiceDate. Null without such lines, or if they disagree.',
  `due_date` date COMMENT 'Due date from the supplier AP lines of the voucher. Xledger: apTransaction.dueDate. Null without such lines, or if they disagree.',
  `amount` decimal(18,4) COMMENT 'Amount posted on the account, debit positive (a cost is positive, a credit note negative), exact, in amount_currency_code. Xledger: amount. Null if Xledger gives none.',
  `amount_currency_code` string COMMENT 'Currency of amount and vat_amount: the base currency of the owner. Null if the schema or the rights of the token do not give it.',
  `invoice_amount` decimal(18,4) COMMENT 'The same amount in the currency of the document, debit positive, in invoice_currency_code. Xledger: invoiceAmount. Null if Xledger gives none.',
  `invoice_currency_code` string COMMENT 'Currency of invoice_amount. Xledger: currency.code. Null if Xledger gives none.',
  `vat_code` string COMMENT 'Code of the tax rule on the line. Xledger: taxRule.code. Null if the line has no tax rule.',
  `vat_rate` decimal(5,2) COMMENT 'VAT rate that the settings give for vat_code, in percent, such as 25.00. Null if the line has no tax rule or the settings do not know its code.',
  `vat_amount` decimal(18,4) COMMENT 'VAT that belongs to the line, in amount_currency_code, with the sign that Xledger gives it. Xledger: taxAmount. Null if Xledger gives none.',
  `text` string COMMENT 'Text of the ledger line. Free text: it can name people and hold line breaks. Xledger: text. Null if it is empty.',
  `dimension_1_kind` string COMMENT 'What dimension 1 stands for, such as cost centre or project. It can differ from owner to owner. Xledger: glObject1.objectKind.name. Null if the line does not use the dimension.',
  `dimension_1_code` string COMMENT 'Code of the object in dimension 1. Xledger: glObject1.code. Null if the line does not use the dimension.',
  `dimension_1_name` string COMMENT 'Name of the object in dimension 1. Xledger: glObject1.description. Null if the line does not use the dimension.',
  `dimension_2_kind` string COMMENT 'What dimension 2 stands for, such as cost centre or project. It can differ from owner to owner. Xledger: glObject2.objectKind.name. Null if the line does not use the dimension.',
  `dimension_2_code` string COMMENT 'Code of the object in dimension 2. Xledger: glObject2.code. Null if the line does not use the dimension.',
  `dimension_2_name` string COMMENT 'Name of the object in dimension 2. Xledger: glObject2.description. Null if the line does not use the dimension.',
  `dimension_3_kind` string COMMENT 'What dimension 3 stands for, such as cost centre or project. It can differ from owner to owner. Xledger: glObject3.objectKind.name. Null if the line does not use the dimension.',
  `dimension_3_code` string COMMENT 'Code of the object in dimension 3. Xledger: glObject3.code. Null if the line does not use the dimension.',
  `dimension_3_name` string COMMENT 'Name of the object in dimension 3. Xledger: glObject3.description. Null if the line does not use the dimension.',
  `dimension_4_kind` string COMMENT 'What dimension 4 stands for, such as cost centre or project. It can differ from owner to owner. Xledger: glObject4.objectKind.name. Null if the line does not use the dimension.',
  `dimension_4_code` string COMMENT 'Code of the object in dimension 4. Xledger: glObject4.code. Null if the line does not use the dimension.',
  `dimension_4_name` string COMMENT 'Name of the object in dimension 4. Xledger: glObject4.description. Null if the line does not use the dimension.',
  `dimension_5_kind` string COMMENT 'What dimension 5 stands for, such as cost centre or project. It can differ from owner to owner. Xledger: glObject5.objectKind.name. Null if the line does not use the dimension.',
  `dimension_5_code` string COMMENT 'Code of the object in dimension 5. Xledger: glObject5.code. Null if the line does not use the dimension.',
  `dimension_5_name` string COMMENT 'Name of the object in dimension 5. Xledger: glObject5.description. Null if the line does not use the dimension.',
  `match_id` bigint COMMENT 'Id that open-item matching gives to lines settled against each other, such as an invoice and its payment. Xledger: matchId. Null if the line is not matched.',
  `voucher_modified_at` timestamp COMMENT 'When the voucher was last changed, in UTC. Xledger: header.modifiedAt, converted from Central European wall time. Null if Xledger gives none.'
)
COMMENT 'One row per general-ledger line that matters for spend, as the settings for document types, accounts and payroll decide. Payroll is never in it. Amounts are debit positive and in the currency of the owner: add up rows of one owner, or of owners that keep one currency.'
PARTITIONED BY (
  `year` int COMMENT 'Calendar year of the accounting period. Xledger: period.year.',
  `month` int COMMENT 'Calendar month of the accounting period, 1 to 12. A 13th period falls into its calendar month. Xledger: period.monthNumber.'
)
STORED AS PARQUET
LOCATION '${location}/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '${year_range}',
  'projection.month.type' = 'integer',
  'projection.month.range' = '${month_range}',
  'projection.month.digits' = '2',
  'storage.location.template' = '${location}/year=${year}/month=${month}/'
);
