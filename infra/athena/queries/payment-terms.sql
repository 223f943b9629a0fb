-- Terms of payment by supplier, of invoices in the accounting years from two years ago on: agreed, used (due date - invoice date) and paid
-- (last payment - invoice date), in days weighted by amount, and how much of what is paid was paid after its due date. Invoices alone,
-- without credit notes and owners that invoice each other; those not paid yet count in used_days only. A payment that no match shows is
-- seen at the next full refresh. A supplier is a supplier_key: agreed_terms has those of all its registers.
WITH invoices AS (
  SELECT
    coalesce(amount_currency_code, concat('of owner ', CAST(owner_id AS varchar))) AS currency,
    supplier_key,
    voucher_id,
    min(supplier_name) AS supplier_name,
    min(invoice_date) AS invoice_date,
    min(due_date) AS due_date,
    max(last_payment_date) AS last_payment_date,
    sum(amount) AS amount
  FROM spend
  WHERE year >= year(current_date) - 2
    AND supplier_key IS NOT NULL
    AND is_intercompany IS DISTINCT FROM true
    AND invoice_date IS NOT NULL
    AND coalesce(invoice_kind, 'invoice') = 'invoice'
  GROUP BY 1, supplier_key, voucher_id
  HAVING sum(amount) > 0
),
days AS (
  SELECT
    *,
    CAST(amount AS double) AS weight,
    date_diff('day', invoice_date, due_date) AS used,
    date_diff('day', invoice_date, last_payment_date) AS paid,
    date_diff('day', due_date, last_payment_date) AS late
  FROM invoices
),
terms AS (
  SELECT supplier_key, array_join(array_sort(array_agg(DISTINCT payment_terms)), ', ') AS agreed_terms
  FROM supplier
  WHERE payment_terms IS NOT NULL
  GROUP BY supplier_key
)
SELECT
  days.currency,
  days.supplier_key,
  min(days.supplier_name) AS supplier_name,
  min(terms.agreed_terms) AS agreed_terms,
  count(*) AS invoices,
  sum(days.amount) AS amount,
  round(sum(days.weight * days.used) / sum(CASE WHEN days.used IS NOT NULL THEN days.weight END), 1) AS used_days,
  count(days.paid) AS paid_invoices,
  round(sum(days.weight * days.paid) / sum(CASE WHEN days.paid IS NOT NULL THEN days.weight END), 1) AS paid_days,
  sum(CASE WHEN days.late > 0 THEN 1 ELSE 0 END) AS late_invoices,
  round(100 * sum(CASE WHEN days.late > 0 THEN days.weight WHEN days.late <= 0 THEN 0 END) / sum(CASE WHEN days.late IS NOT NULL THEN days.weight END), 1) AS percent_paid_late
FROM days
LEFT JOIN terms ON terms.supplier_key = days.supplier_key
GROUP BY days.currency, days.supplier_key
ORDER BY days.currency, amount DESC, days.supplier_key
