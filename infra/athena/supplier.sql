-- Generated from the columns in src/table/supplier.rs.
-- Replace ${location} by the s3:// address of the directory of the table,
-- ${owner_id_range} by the first and the last owner_id with a comma between.
CREATE EXTERNAL TABLE IF NOT EXISTS `supplier` (
  `supplier_id` bigint COMMENT 'Id of the supplier, unique in the table. Xledger: supplier.dbId.',
  `supplier_code` string COMMENT 'Code (supplier number) of the supplier. It can repeat between owners. Xledger: code. Null if Xledger gives none.',
  `supplier_name` string COMMENT 'Name of the supplier. Xledger: description. Null if Xledger gives none.',
  `company_id` bigint COMMENT 'Id of the company, shared by suppliers of several owners. Xledger: companyDbId. Null if Xledger gives none.',
  `company_number` string COMMENT 'Organisation number of the supplier, as in Xledger. Xledger: company.companyNumber. Null if there is none, or if it is the number of a person.',
  `group_name` string COMMENT 'Name of the supplier group. Xledger: subledgerGroup.description. Null if there is none.',
  `email` string COMMENT 'Email address. Xledger: email. Null if Xledger gives none.',
  `phone` string COMMENT 'Telephone number as entered. Xledger: phone. Null if Xledger gives none.',
  `street_address` string COMMENT 'Street address. Xledger: address.streetAddress. Null if Xledger gives none.',
  `postal_code` string COMMENT 'Postal code, as text: it can have leading zeros. Xledger: address.zipCode. Null if Xledger gives none.',
  `city` string COMMENT 'Town or city. Xledger: address.place. Null if Xledger gives none.',
  `country_code` string COMMENT 'Country code of the address. Xledger: address.country.code. Null if Xledger gives none.',
  `country_name` string COMMENT 'Country name of the address. Xledger: address.country.description. Null if Xledger gives none.',
  `contact_name` string COMMENT 'Name of the contact person. Xledger: contact.name. Null if Xledger gives none.',
  `valid_from` date COMMENT 'First day of use. Xledger: fromDate. Null if there is none.',
  `valid_to` date COMMENT 'Last day of use. Xledger: toDate. Null if there is none.',
  `modified_at` timestamp COMMENT 'When the supplier was last changed, in UTC. Xledger: modifiedAt, converted from Central European wall time. Null if Xledger gives none.',
  `first_posted_date` date COMMENT 'Earliest posted_date of the rows in spend. Null if there is none.',
  `last_posted_date` date COMMENT 'Latest posted_date of the rows in spend. Null if there is none.',
  `line_count` bigint COMMENT 'Number of rows in spend, of the same snapshot.',
  `spend_amount` decimal(38,4) COMMENT 'Sum of amount over the rows in spend, 0 where there are none. Null if the rows are of owners not known to keep one currency.',
  `supplier_key` string COMMENT 'One company in any register, as in spend.supplier_key.',
  `company_number_status` string COMMENT 'What company_number is: valid, invalid, personal (of a person), missing or unchecked (a country without a check, or none). Null if there is no right to the number.',
  `payment_terms` string COMMENT 'Agreed terms of payment. Xledger: payTerms.name. Null if Xledger gives none.',
  `contract` string COMMENT 'Contract, from suppliers.csv, else from Xledger. Xledger: contract. Null if there is none.',
  `parent` string COMMENT 'Parent company, from suppliers.csv. Null if there is none.',
  `preferred` boolean COMMENT 'Whether the supplier is preferred, from suppliers.csv. Null if that file does not say.',
  `is_intercompany` boolean COMMENT 'Whether the supplier is an owner in reach, by its company id, or internal in suppliers.csv. Null if there is no right to the companies of the owners.'
)
COMMENT 'One row per supplier in the reach of the token, closed ones and ones without spend too. A company that several owners buy from is a row for each of them: supplier_key is what they share.'
PARTITIONED BY (
  `owner_id` bigint COMMENT 'Id of the owner (the legal entity) whose register holds the supplier. Xledger: supplier.ownerDbId.'
)
STORED AS PARQUET
LOCATION '${location}/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.owner_id.type' = 'integer',
  'projection.owner_id.range' = '${owner_id_range}',
  'storage.location.template' = '${location}/owner_id=${owner_id}/'
);
