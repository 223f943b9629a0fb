-- Suppliers that were open in no register and had no posting until the last twelve months, the newest first, with what was bought. By the
-- first day on which a supplier is open for use, or that of its first posting if it is earlier. One that another owner has had for long is
-- not new: a supplier is a supplier_key. Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other.
-- One row for each currency (each owner where Xledger does not give it), null without purchases. With a short history all look new.
WITH registered AS (
  SELECT
    supplier_key,
    min(supplier_name) AS supplier_name,
    min(company_number_status) AS company_number_status,
    count(DISTINCT owner_id) AS owners,
    min(valid_from) AS first_open,
    min(first_posted_date) AS first_posted_date
  FROM supplier
  WHERE is_intercompany IS DISTINCT FROM true
  GROUP BY supplier_key
),
dated AS (
  SELECT *, least(coalesce(first_open, first_posted_date), coalesce(first_posted_date, first_open)) AS first_seen
  FROM registered
),
bought AS (
  SELECT
    supplier_key,
    coalesce(amount_currency_code, concat('of owner ', CAST(owner_id AS varchar))) AS currency,
    sum(amount) AS amount,
    count(DISTINCT voucher_id) AS invoices
  FROM spend
  WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND year >= year(date_add('month', -12, current_date)) - 1
  GROUP BY 1, 2
)
SELECT
  dated.first_seen,
  dated.supplier_key,
  dated.supplier_name,
  dated.company_number_status,
  dated.owners,
  dated.first_posted_date,
  bought.invoices,
  bought.amount,
  bought.currency
FROM dated
LEFT JOIN bought ON bought.supplier_key = dated.supplier_key
WHERE dated.first_seen >= date_add('month', -12, current_date)
ORDER BY dated.first_seen DESC, dated.supplier_key, bought.currency
