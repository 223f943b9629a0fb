-- Purchases posted in a closing period (a 13th or later one), by fiscal year and account: apart, for they also count in a calendar month.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. Whoever compares months leaves them
-- out (fiscal_period <= 12). Amounts are in the currency of the owner.
SELECT
  owner_code,
  owner_name,
  fiscal_year,
  fiscal_period,
  spend_class,
  account_code,
  account_name,
  sum(amount) AS amount,
  amount_currency_code,
  count(*) AS lines,
  min(posted_date) AS first_posted_date,
  max(posted_date) AS last_posted_date
FROM spend
WHERE fiscal_period > 12
  AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
GROUP BY owner_id, owner_code, owner_name, fiscal_year, fiscal_period, spend_class, account_code, account_name, amount_currency_code
ORDER BY owner_code, fiscal_year DESC, account_code
