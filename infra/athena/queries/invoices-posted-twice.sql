-- Invoices that may have been posted twice: one supplier's invoice number in several vouchers with less than eleven months between the
-- invoice dates, whichever owner posted them. What was taken back (the same amount, negative) is subtracted first. Numbers are compared in
-- capitals, without punctuation and leading zeros. They come again every year, hence the eleven months; one invoice can also be posted in
-- parts: read the vouchers, of which voucher_numbers has those taken back, too. Without an invoice date the day of posting counts. A
-- supplier is a supplier_key. amount is null if owners share it whose currency Xledger does not give.
WITH numbered AS (
  SELECT
    *,
    coalesce(amount_currency_code, 'unknown') AS currency,
    NULLIF(regexp_replace(regexp_replace(upper(invoice_number), '[^\p{L}\p{N}]', ''), '^0+', ''), '') AS number
  FROM spend
  WHERE supplier_key IS NOT NULL
    AND invoice_kind IS DISTINCT FROM 'payment'
    AND NOT (document_type = 'BA' AND coalesce(invoice_kind, 'unknown') = 'unknown')
),
vouchers AS (
  SELECT
    supplier_key,
    number,
    currency,
    owner_id,
    voucher_id,
    min(supplier_name) AS supplier_name,
    min(invoice_number) AS invoice_number,
    min(voucher_number) AS voucher_number,
    coalesce(min(invoice_date), min(posted_date)) AS day,
    sum(amount) AS amount
  FROM numbered
  WHERE number IS NOT NULL
  GROUP BY supplier_key, number, currency, owner_id, voucher_id
  HAVING sum(amount) <> 0
),
dated AS (
  SELECT
    *,
    max(CASE WHEN amount > 0 THEN day END) OVER (
      PARTITION BY supplier_key, number, currency ORDER BY day, amount DESC, voucher_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS day_before
  FROM vouchers
),
spans AS (
  SELECT
    *,
    sum(CASE WHEN amount > 0 AND (day_before IS NULL OR date_diff('day', day_before, day) > 330) THEN 1 ELSE 0 END) OVER (
      PARTITION BY supplier_key, number, currency ORDER BY day, amount DESC, voucher_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS span
  FROM dated
),
standing AS (
  SELECT
    supplier_key,
    number,
    currency,
    span,
    abs(amount) AS size,
    sum(CASE WHEN amount > 0 THEN 1 ELSE -1 END) AS vouchers
  FROM spans
  GROUP BY supplier_key, number, currency, span, abs(amount)
  HAVING sum(CASE WHEN amount > 0 THEN 1 ELSE -1 END) > 0
),
found AS (
  SELECT supplier_key, number, currency, span, sum(vouchers) AS vouchers, max(vouchers) > 1 AS same_amount
  FROM standing
  GROUP BY supplier_key, number, currency, span
  HAVING sum(vouchers) > 1
)
SELECT
  spans.supplier_key,
  min(spans.supplier_name) AS supplier_name,
  min(spans.invoice_number) AS invoice_number,
  max(found.vouchers) AS vouchers,
  bool_or(found.same_amount) AS same_amount,
  count(DISTINCT spans.owner_id) AS owners,
  array_join(array_sort(array_agg(spans.voucher_number)), ', ') AS voucher_numbers,
  min(spans.day) AS first_invoice_date,
  max(spans.day) AS last_invoice_date,
  CASE WHEN spans.currency <> 'unknown' OR count(DISTINCT spans.owner_id) = 1 THEN sum(spans.amount) END AS amount,
  NULLIF(spans.currency, 'unknown') AS amount_currency_code
FROM spans
JOIN found
  ON found.supplier_key = spans.supplier_key
  AND found.number = spans.number
  AND found.currency = spans.currency
  AND found.span = spans.span
GROUP BY spans.supplier_key, spans.number, spans.currency, spans.span
ORDER BY last_invoice_date DESC, spans.supplier_key, invoice_number
