-- How purchases concentrate on suppliers in the twelve accounting months before this one: the share of the ten largest, how many make 80
-- percent, and how many share the last 20 (the tail) with what part of the invoices. Purchases are operating, capital, stock and prepaid
-- lines, without owners that invoice each other. One row for each currency; where Xledger does not give an owner's currency, the owner has
-- a row of its own. A supplier is a supplier_key; lines without one are left out. invoices counts vouchers.
WITH by_supplier AS (
  SELECT
    coalesce(amount_currency_code, concat('of owner ', CAST(owner_id AS varchar))) AS currency,
    supplier_key,
    sum(amount) AS amount,
    count(DISTINCT voucher_id) AS invoices
  FROM spend
  WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND year >= year(date_add('month', -12, current_date))
    AND year * 12 + month BETWEEN year(current_date) * 12 + month(current_date) - 12 AND year(current_date) * 12 + month(current_date) - 1
    AND supplier_key IS NOT NULL
  GROUP BY 1, 2
),
ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY currency ORDER BY amount DESC, supplier_key) AS place,
    sum(amount) OVER (PARTITION BY currency ORDER BY amount DESC, supplier_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - amount AS of_larger,
    sum(amount) OVER (PARTITION BY currency) AS of_all
  FROM by_supplier
),
parts AS (
  SELECT *, of_larger * 10 >= of_all * 8 AS in_tail
  FROM ranked
)
SELECT
  currency,
  count(*) AS suppliers,
  sum(amount) AS amount,
  sum(CASE WHEN place <= 10 THEN amount END) AS amount_of_top_10,
  round(CAST(sum(CASE WHEN place <= 10 THEN amount END) AS double) * 100 / NULLIF(CAST(sum(amount) AS double), 0), 1) AS percent_of_top_10,
  sum(CASE WHEN in_tail THEN 0 ELSE 1 END) AS suppliers_for_80_percent,
  sum(CASE WHEN in_tail THEN 1 ELSE 0 END) AS suppliers_in_tail,
  sum(invoices) AS invoices,
  sum(CASE WHEN in_tail THEN invoices ELSE 0 END) AS invoices_of_tail,
  round(CAST(sum(CASE WHEN in_tail THEN invoices ELSE 0 END) AS double) * 100 / CAST(sum(invoices) AS double), 1) AS percent_of_invoices_of_tail
FROM parts
GROUP BY currency
ORDER BY currency
