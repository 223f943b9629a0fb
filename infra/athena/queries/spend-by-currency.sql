-- Purchases by currency of the document and accounting year: one row for each owner, year, currency of the owner and currency of the
-- document. Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. amount is in
-- amount_currency_code and invoice_amount in invoice_currency_code: each row adds up amounts of one currency alone. amount_currency_code is
-- null if Xledger does not give the currency of the owner: then add up within one owner only.
SELECT
  owner_code,
  owner_name,
  year,
  amount_currency_code,
  sum(amount) AS amount,
  invoice_currency_code,
  sum(invoice_amount) AS invoice_amount,
  count(*) AS lines
FROM spend
WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
GROUP BY owner_id, owner_code, owner_name, year, amount_currency_code, invoice_currency_code
ORDER BY owner_code, year DESC, lines DESC
