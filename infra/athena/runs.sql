-- Generated from the columns in src/table/runs.rs.
-- Replace ${location} by the s3:// address of the directory of the table.
CREATE EXTERNAL TABLE IF NOT EXISTS `runs` (
  `run_id` string COMMENT 'Id of the run, unique, and later for a later run when sorted as text.',
  `snapshot` string COMMENT 'Name of the snapshot that the run published or moved back to. Null if it published none.',
  `action` string COMMENT 'What was asked for: refresh, check or rollback.',
  `mode` string COMMENT 'How a refresh was made: full or incremental. Null if the action was not a refresh.',
  `status` string COMMENT 'How the run ended: succeeded, incomplete (a next run goes on from there), failed, or dry_run (all but publishing).',
  `started_at` timestamp COMMENT 'When the run began, in UTC.',
  `finished_at` timestamp COMMENT 'When the run ended, in UTC.',
  `lines_listed` bigint COMMENT 'Ledger lines that Xledger listed. Null if the run ended before all were listed.',
  `lines_kept` bigint COMMENT 'Ledger lines that the rules admit. Null if the run ended before the lines were screened.',
  `lines_fetched` bigint COMMENT 'Ledger lines that were fetched by this run. Null if the run ended before it fetched any.',
  `excluded_payroll` bigint COMMENT 'Ledger lines left out as payroll, of which no amount, text or name was asked for. Null if the run ended before the lines were screened.',
  `refused` bigint COMMENT 'Ledger lines left out because they cannot be judged: they lack a document type, a known account or a period. Null if the run ended before the lines were screened.',
  `excluded_document_type` bigint COMMENT 'Ledger lines left out because their document type is not one of those to keep. Null if the run ended before the lines were screened.',
  `excluded_account` bigint COMMENT 'Ledger lines left out because their account is one of those to leave out. Null if the run ended before the lines were screened.',
  `excluded_history` bigint COMMENT 'Ledger lines left out because their period is before the first month to keep. Null if the run ended before the lines were screened.',
  `lines_without_account_number` bigint COMMENT 'Kept ledger lines on an account whose code has no digits. Null if the run ended before the lines were screened.',
  `suppliers` bigint COMMENT 'Suppliers published. Null if the run published nothing.',
  `api_requests` bigint COMMENT 'Requests sent to Xledger, repeated ones counted each time.',
  `api_bytes_down` bigint COMMENT 'Bytes of the answers from Xledger, as sent over the wire.',
  `api_waited_ms` bigint COMMENT 'Milliseconds spent waiting for the request limits of Xledger.',
  `error_kind` string COMMENT 'What sort of error ended the run. Null if none did.',
  `error_message` string COMMENT 'What went wrong, in words, without any value of a row. Null if nothing did.',
  `refresh_id` string COMMENT 'The refresh that the run is a part of: the run_id of its first run. Null if the action was not a refresh.',
  `checks_warned` bigint COMMENT 'Checks of the data that warn. Null if the run ended before they were made.',
  `checks_failed` bigint COMMENT 'Checks of the data that fail, so that nothing was published. Null if the run ended before they were made.',
  `checks` string COMMENT 'The names of the checks that warn or fail, with commas between. Null if all are as they should be, or the run ended before they were made.'
)
COMMENT 'One row per run, whatever its end. lines_kept, refused and the excluded_ columns add up to lines_listed.'
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS TEXTFILE
LOCATION '${location}/'
TBLPROPERTIES (
  'classification' = 'json'
);
