-- The 100 largest suppliers of the last twelve months for each owner, with their share of the owner's spend.
-- The share is of all cost lines, those without a supplier too, so the shares of all suppliers need not add up to 100.
WITH recent AS (
  SELECT *
  FROM spend
  WHERE account_kind = 'cost'
    AND year >= year(date_add('month', -11, current_date))
    AND year * 12 + month BETWEEN year(current_date) * 12 + month(current_date) - 11 AND year(current_date) * 12 + month(current_date)
),
by_supplier AS (
  SELECT
    owner_id,
    owner_code,
    owner_name,
    amount_currency_code,
    supplier_id,
    supplier_code,
    supplier_name,
    supplier_company_number,
    sum(amount) AS amount,
    count(DISTINCT invoice_number) AS invoices,
    max(posted_date) AS last_posted_date
  FROM recent
  GROUP BY owner_id, owner_code, owner_name, amount_currency_code, supplier_id, supplier_code, supplier_name, supplier_company_number
),
shares AS (
  SELECT
    *,
    CAST(amount AS double) * 100 / NULLIF(CAST(sum(amount) OVER (PARTITION BY owner_id, amount_currency_code) AS double), 0) AS percent_of_owner
  FROM by_supplier
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY owner_id, amount_currency_code ORDER BY amount DESC, supplier_id) AS place
  FROM shares
  WHERE supplier_id IS NOT NULL
)
SELECT
  owner_code,
  owner_name,
  place,
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
