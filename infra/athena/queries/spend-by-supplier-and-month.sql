-- Spend by supplier and month, this year and the two before: one row for each owner, currency, supplier and month.
-- Amounts are debit positive, without VAT that is deducted, in the currency of the owner. Never add up rows of two currencies.
SELECT
  owner_code,
  owner_name,
  amount_currency_code,
  supplier_code,
  supplier_name,
  supplier_company_number,
  year,
  month,
  sum(amount) AS amount,
  count(DISTINCT invoice_number) AS invoices,
  count(*) AS lines
FROM spend
WHERE year >= year(current_date) - 2
  AND account_kind = 'cost'
  AND supplier_id IS NOT NULL
GROUP BY
  owner_id, owner_code, owner_name, amount_currency_code, supplier_id, supplier_code, supplier_name, supplier_company_number,
  year, month
ORDER BY owner_code, year DESC, month DESC, amount DESC
