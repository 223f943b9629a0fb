-- The suppliers that share the last 20 percent of purchases in the twelve accounting months before this one, those with most invoices
-- first. Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. What to bundle, to buy by card
-- or from a preferred supplier. Each currency by itself, and each owner whose currency Xledger does not give. A supplier is a supplier_key;
-- invoices counts vouchers, credit notes too.
WITH by_supplier AS (
  SELECT
    coalesce(amount_currency_code, concat('of owner ', CAST(owner_id AS varchar))) AS currency,
    supplier_key,
    min(supplier_name) AS supplier_name,
    sum(amount) AS amount,
    count(DISTINCT voucher_id) AS invoices,
    count(DISTINCT owner_id) AS owners,
    count(DISTINCT category_1) AS categories
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
    sum(amount) OVER (PARTITION BY currency ORDER BY amount DESC, supplier_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - amount AS of_larger,
    sum(amount) OVER (PARTITION BY currency) AS of_all
  FROM by_supplier
)
SELECT
  currency,
  supplier_key,
  supplier_name,
  invoices,
  amount,
  CAST(round(CAST(amount AS double) / invoices, 2) AS decimal(38, 2)) AS amount_an_invoice,
  owners,
  categories
FROM ranked
WHERE of_larger * 10 >= of_all * 8
ORDER BY currency, invoices DESC, supplier_key
