-- Purchases by category and accounting month, this year and the two before: one row for each owner, currency, category and month. Purchases
-- are operating, capital, stock and prepaid lines, without owners that invoice each other. Amounts are in the currency of the owner. A 13th
-- period counts in its calendar month. category_source says whether a rule of yours gave the category or only the account.
SELECT
  owner_code,
  owner_name,
  category_1,
  category_2,
  category_source,
  year,
  month,
  sum(amount) AS amount,
  amount_currency_code,
  count(DISTINCT supplier_key) AS suppliers,
  count(*) AS lines
FROM spend
WHERE year >= year(current_date) - 2
  AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
GROUP BY owner_id, owner_code, owner_name, category_1, category_2, category_source, year, month, amount_currency_code
ORDER BY owner_code, year DESC, month DESC, amount DESC, category_1, category_2
