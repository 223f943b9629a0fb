-- Purchases of this year and last year, by accounting year, account and the first two dimensions, such as cost centre and project.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. What a dimension stands for is in its
-- kind, and can differ from owner to owner. Amounts are in the currency of the owner.
SELECT
  owner_code,
  owner_name,
  year,
  account_group,
  account_code,
  account_name,
  dimension_1_kind,
  dimension_1_code,
  dimension_1_name,
  dimension_2_kind,
  dimension_2_code,
  dimension_2_name,
  sum(amount) AS amount,
  amount_currency_code,
  count(*) AS lines
FROM spend
WHERE year >= year(current_date) - 1
  AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
GROUP BY
  owner_id, owner_code, owner_name, year, account_group, account_code, account_name, dimension_1_kind, dimension_1_code,
  dimension_1_name, dimension_2_kind, dimension_2_code, dimension_2_name, amount_currency_code
ORDER BY owner_code, year DESC, account_code, amount DESC
