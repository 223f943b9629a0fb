-- Generated from the columns in src/table/runs.rs.
-- Replace ${location} by the s3:// address of the directory of the table.
CREATE EXTERNAL TABLE IF NOT EXISTS `runs` (
  `run_id` string COMMENT 'Id of the run, unique, sorted by time.',
  `snapshot` string COMMENT 'Snapshot that the run published or went back to. Null if there is none.',
  `action` string COMMENT 'What the run was for: refresh or rollback. A check has no row.',
  `mode` string COMMENT 'How a refresh was made: full or incremental. Null if the action was not a refresh.',
  `status` string COMMENT 'How the run ended: succeeded, incomplete (the next run resumes), failed, or dry_run (all but publishing).',
  `started_at` timestamp COMMENT 'When the run began, in UTC.',
  `finished_at` timestamp COMMENT 'When the run ended, in UTC.',
  `lines_listed` bigint COMMENT 'Ledger lines that Xledger listed. Null if the run ended earlier.',
  `lines_kept` bigint COMMENT 'Ledger lines that the rules admit. Null if the run ended earlier.',
  `lines_fetched` bigint COMMENT 'Ledger lines that this run fetched. Null if the run ended earlier.',
  `excluded_payroll` bigint COMMENT 'Ledger lines left out as payroll. Null if the run ended earlier.',
  `refused` bigint COMMENT 'Ledger lines left out because they cannot be judged: they lack a document type, a known account, a period, or an owner for their match. Null if the run ended earlier.',
  `excluded_document_type` bigint COMMENT 'Ledger lines left out by their document type. Null if the run ended earlier.',
  `excluded_account` bigint COMMENT 'Ledger lines left out by their account. Null if the run ended earlier.',
  `excluded_history` bigint COMMENT 'Ledger lines left out by their period. Null if the run ended earlier.',
  `lines_without_account_number` bigint COMMENT 'Kept ledger lines on an account whose code has no digits. Null if the run ended earlier.',
  `suppliers` bigint COMMENT 'Suppliers published. Null if there is none.',
  `api_requests` bigint COMMENT 'Requests sent to Xledger, retries included.',
  `api_bytes_down` bigint COMMENT 'Bytes of the answers from Xledger, on the wire.',
  `api_waited_ms` bigint COMMENT 'Milliseconds waited after refusals and failures of Xledger. What keeps the pace below its limits is not counted.',
  `error_kind` string COMMENT 'Kind of the error that ended the run. Null if there is none.',
  `error_message` string COMMENT 'Message of the error, without any value of a row. Null if there is none.',
  `refresh_id` string COMMENT 'Refresh that the run is part of: the run_id of its first run. Null if the action was not a refresh.',
  `checks_warned` bigint COMMENT 'Checks of the data that warn. Null if the run ended earlier.',
  `checks_failed` bigint COMMENT 'Checks of the data that fail. Null if the run ended earlier.',
  `checks` string COMMENT 'Names of the checks that warn or fail, separated by commas. Null if there is none.'
)
COMMENT 'One row per run, whatever its end. lines_kept, refused and the excluded_ columns add up to lines_listed.'
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS TEXTFILE
LOCATION '${location}/'
TBLPROPERTIES (
  'classification' = 'json'
);
