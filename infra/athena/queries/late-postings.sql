-- Vouchers of purchases entered after the end of their accounting month, this year and last year: how many, how late, how much, by owner,
-- month and document type. By the day on which a voucher was entered (voucher_created_at, in UTC) and the last day of the month. Purchases
-- are operating, capital, stock and prepaid lines, without owners that invoice each other. A 13th period is left out. What is entered in
-- the days before a month is closed is late here, too: mind latest_days.
WITH vouchers AS (
  SELECT
    owner_id,
    owner_code,
    owner_name,
    year,
    month,
    document_type,
    amount_currency_code,
    voucher_id,
    sum(amount) AS amount,
    date_diff(
      'day',
      date_add('day', -1, date_add('month', 1, CAST(concat(CAST(year AS varchar), '-', lpad(CAST(month AS varchar), 2, '0'), '-01') AS date))),
      CAST(max(voucher_created_at) AS date)
    ) AS days
  FROM spend
  WHERE year >= year(current_date) - 1
    AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND coalesce(fiscal_period, 0) <= 12
    AND voucher_created_at IS NOT NULL
  GROUP BY owner_id, owner_code, owner_name, year, month, document_type, amount_currency_code, voucher_id
)
SELECT
  owner_code,
  owner_name,
  year,
  month,
  document_type,
  count(*) AS vouchers,
  sum(CASE WHEN days > 0 THEN 1 ELSE 0 END) AS late_vouchers,
  round(avg(CASE WHEN days > 0 THEN CAST(days AS double) END), 1) AS average_days,
  max(CASE WHEN days > 0 THEN days END) AS latest_days,
  sum(amount) AS amount,
  sum(CASE WHEN days > 0 THEN amount ELSE 0 END) AS late_amount,
  amount_currency_code
FROM vouchers
GROUP BY owner_id, owner_code, owner_name, year, month, document_type, amount_currency_code
ORDER BY owner_code, year DESC, month DESC, document_type
