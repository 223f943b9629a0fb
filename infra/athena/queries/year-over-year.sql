-- Purchases of this year beside the same months of last year, by category: accounting months before this one alone, for a running month is
-- no whole one. In January these are all months of the two years before. Purchases are operating, capital, stock and prepaid lines, without
-- owners that invoice each other. Closing periods (fiscal_period over 12) are left out. Amounts are in the currency of the owner. Late
-- postings may still come.
WITH closed AS (
  SELECT
    *,
    year = year(date_add('month', -1, current_date)) AS is_this_year
  FROM spend
  WHERE year BETWEEN year(date_add('month', -1, current_date)) - 1 AND year(date_add('month', -1, current_date))
    AND month <= month(date_add('month', -1, current_date))
    AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND coalesce(fiscal_period, 0) <= 12
)
SELECT
  owner_code,
  owner_name,
  category_1,
  year(date_add('month', -1, current_date)) AS year,
  month(date_add('month', -1, current_date)) AS months,
  sum(CASE WHEN is_this_year THEN amount ELSE 0 END) AS amount,
  sum(CASE WHEN is_this_year THEN 0 ELSE amount END) AS amount_a_year_before,
  sum(CASE WHEN is_this_year THEN amount ELSE -amount END) AS change,
  round(
    CAST(sum(CASE WHEN is_this_year THEN amount ELSE -amount END) AS double) * 100
    / NULLIF(CAST(sum(CASE WHEN is_this_year THEN 0 ELSE amount END) AS double), 0), 1
  ) AS percent_of_change,
  amount_currency_code
FROM closed
GROUP BY owner_id, owner_code, owner_name, category_1, amount_currency_code
ORDER BY owner_code, amount DESC, category_1
