-- Possible duplicates by amount: vouchers of one supplier with the same amount and currency, 30 days apart at most by invoice date, this
-- year and the two before. What was taken back (the same amount, negative) is subtracted first. Amounts under 1000, and those that the
-- supplier sent in three months or more, as rent is, are left out. Most are no duplicates: read the invoices. A supplier is a supplier_key,
-- whoever bought. Without an invoice date the day of posting counts. currency is unknown if Xledger does not give that of the owner.
WITH vouchers AS (
  SELECT
    coalesce(amount_currency_code, 'unknown') AS currency,
    supplier_key,
    owner_id,
    voucher_id,
    min(supplier_name) AS supplier_name,
    min(voucher_number) AS voucher_number,
    min(invoice_number) AS invoice_number,
    coalesce(min(invoice_date), min(posted_date)) AS day,
    sum(amount) AS amount
  FROM spend
  WHERE year >= year(current_date) - 2
    AND supplier_key IS NOT NULL
    AND invoice_kind IS DISTINCT FROM 'payment'
    AND NOT (document_type = 'BA' AND coalesce(invoice_kind, 'unknown') = 'unknown')
  GROUP BY 1, supplier_key, owner_id, voucher_id
  HAVING abs(sum(amount)) >= 1000
),
dated AS (
  SELECT
    *,
    abs(amount) AS size,
    max(CASE WHEN amount > 0 THEN day END) OVER (
      PARTITION BY currency, supplier_key, abs(amount) ORDER BY day, amount DESC, voucher_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS day_before
  FROM vouchers
),
spans AS (
  SELECT
    *,
    sum(CASE WHEN amount > 0 AND (day_before IS NULL OR date_diff('day', day_before, day) > 30) THEN 1 ELSE 0 END) OVER (
      PARTITION BY currency, supplier_key, size ORDER BY day, amount DESC, voucher_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS span
  FROM dated
),
regular AS (
  SELECT currency, supplier_key, size
  FROM spans
  WHERE amount > 0
  GROUP BY currency, supplier_key, size
  HAVING count(DISTINCT year(day) * 12 + month(day)) >= 3
)
SELECT
  spans.supplier_key,
  min(spans.supplier_name) AS supplier_name,
  spans.size AS amount,
  spans.currency,
  sum(CASE WHEN spans.amount > 0 THEN 1 ELSE -1 END) AS vouchers,
  count(DISTINCT spans.owner_id) AS owners,
  min(spans.day) AS first_invoice_date,
  max(spans.day) AS last_invoice_date,
  array_join(array_sort(array_agg(spans.voucher_number)), ', ') AS voucher_numbers,
  array_join(array_sort(array_agg(DISTINCT spans.invoice_number) FILTER (WHERE spans.invoice_number IS NOT NULL)), ', ') AS invoice_numbers
FROM spans
LEFT JOIN regular
  ON regular.currency = spans.currency
  AND regular.supplier_key = spans.supplier_key
  AND regular.size = spans.size
WHERE regular.size IS NULL
GROUP BY spans.currency, spans.supplier_key, spans.size, spans.span
HAVING sum(CASE WHEN spans.amount > 0 THEN 1 ELSE -1 END) > 1
ORDER BY spans.size DESC, spans.supplier_key, first_invoice_date
