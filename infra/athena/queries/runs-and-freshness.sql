-- The last 50 runs by the time at which they began, newest first, with how old the tables are: hours since the last refresh that succeeded.
-- All times are in UTC. excluded_payroll counts lines that were never asked for.
SELECT
  started_at,
  status,
  action,
  mode,
  snapshot,
  date_diff('second', started_at, finished_at) AS seconds,
  lines_listed,
  lines_kept,
  lines_fetched,
  excluded_payroll,
  refused,
  suppliers,
  api_requests,
  api_bytes_down,
  error_kind,
  error_message,
  date_diff('hour', max(CASE WHEN action = 'refresh' AND status = 'succeeded' AND snapshot IS NOT NULL THEN finished_at END) OVER (), CAST(current_timestamp AS timestamp)) AS hours_since_last_success
FROM runs
ORDER BY started_at DESC
LIMIT 50
