-- The 100 largest suppliers of each owner by purchases in the last twelve accounting months, with their share of the owner's purchases.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. The share is of all of them, those
-- without a supplier too, so the shares of all suppliers need not add up to 100. The running month counts as far as it is posted. A
-- supplier is a supplier_key; invoices counts vouchers.
WITH recent AS (
  SELECT *
  FROM spend
  WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND year >= year(date_add('month', -11, current_date))
    AND year * 12 + month BETWEEN year(current_date) * 12 + month(current_date) - 11 AND year(current_date) * 12 + month(current_date)
),
by_supplier AS (
  SELECT
    owner_id,
    owner_code,
    owner_name,
    amount_currency_code,
    supplier_key,
    min(supplier_code) AS supplier_code,
    min(supplier_name) AS supplier_name,
    min(supplier_company_number) AS supplier_company_number,
    sum(amount) AS amount,
    count(DISTINCT voucher_id) AS invoices,
    max(posted_date) AS last_posted_date
  FROM recent
  GROUP BY owner_id, owner_code, owner_name, amount_currency_code, supplier_key
),
shares AS (
  SELECT
    *,
    CAST(amount AS double) * 100 / NULLIF(CAST(sum(amount) OVER (PARTITION BY owner_id, amount_currency_code) AS double), 0) AS percent_of_owner
  FROM by_supplier
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY owner_id, amount_currency_code ORDER BY amount DESC, supplier_key) AS place
  FROM shares
  WHERE supplier_key IS NOT NULL
)
SELECT
  owner_code,
  owner_name,
  place,
  supplier_key,
  supplier_code,
  supplier_name,
  supplier_company_number,
  amount,
  amount_currency_code,
  round(percent_of_owner, 1) AS percent_of_owner,
  invoices,
  last_posted_date
FROM ranked
WHERE place <= 100
ORDER BY owner_code, amount_currency_code, place
