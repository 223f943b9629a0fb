-- How many suppliers share the purchases of each category in the twelve accounting months before this one, and the share of the largest.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. Many suppliers with small shares are
-- what purchasing can bundle. Each currency by itself, and each owner whose currency Xledger does not give. Lines without a supplier are
-- left out; invoices counts vouchers.
WITH by_supplier AS (
  SELECT
    coalesce(amount_currency_code, concat('of owner ', CAST(owner_id AS varchar))) AS currency,
    category_1,
    category_2,
    supplier_key,
    min(supplier_name) AS supplier_name,
    sum(amount) AS amount,
    count(DISTINCT voucher_id) AS invoices
  FROM spend
  WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND year >= year(date_add('month', -12, current_date))
    AND year * 12 + month BETWEEN year(current_date) * 12 + month(current_date) - 12 AND year(current_date) * 12 + month(current_date) - 1
    AND supplier_key IS NOT NULL
  GROUP BY 1, 2, 3, 4
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY currency, category_1, category_2 ORDER BY amount DESC, supplier_key) AS place
  FROM by_supplier
)
SELECT
  currency,
  category_1,
  category_2,
  count(*) AS suppliers,
  sum(invoices) AS invoices,
  sum(amount) AS amount,
  max(CASE WHEN place = 1 THEN supplier_name END) AS largest_supplier,
  round(CAST(sum(CASE WHEN place = 1 THEN amount END) AS double) * 100 / NULLIF(CAST(sum(amount) AS double), 0), 1) AS percent_of_largest
FROM ranked
GROUP BY currency, category_1, category_2
ORDER BY currency, suppliers DESC, category_1, category_2
