-- Purchases of this year and last year, by accounting year, for which no supplier was found: the reason, the document type and the account.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. ambiguous: several suppliers fit.
-- not_a_supplier: an employee or the like, as in expense reports. none: nothing to go by.
SELECT
  owner_code,
  owner_name,
  supplier_match,
  document_type,
  document_type_name,
  account_code,
  account_name,
  sum(amount) AS amount,
  amount_currency_code,
  count(*) AS lines,
  min(posted_date) AS first_posted_date,
  max(posted_date) AS last_posted_date
FROM spend
WHERE year >= year(current_date) - 1
  AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
  AND supplier_id IS NULL
GROUP BY
  owner_id, owner_code, owner_name, supplier_match, document_type, document_type_name, account_code, account_name,
  amount_currency_code
ORDER BY owner_code, lines DESC, account_code
