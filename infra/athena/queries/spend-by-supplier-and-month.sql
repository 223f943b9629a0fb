-- Purchases by supplier and accounting month, this year and the two before: one row for each owner, currency, supplier and month. Purchases
-- are operating, capital, stock and prepaid lines, without owners that invoice each other. Debit positive, without VAT that is deducted, in
-- the currency of the owner: never add up rows of two currencies. A supplier is a supplier_key, whatever its codes; invoices counts vouchers.
SELECT
  owner_code,
  owner_name,
  amount_currency_code,
  supplier_key,
  min(supplier_code) AS supplier_code,
  min(supplier_name) AS supplier_name,
  min(supplier_company_number) AS supplier_company_number,
  year,
  month,
  sum(amount) AS amount,
  count(DISTINCT voucher_id) AS invoices,
  count(*) AS lines
FROM spend
WHERE year >= year(current_date) - 2
  AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
  AND supplier_key IS NOT NULL
GROUP BY owner_id, owner_code, owner_name, amount_currency_code, supplier_key, year, month
ORDER BY owner_code, year DESC, month DESC, amount DESC, supplier_key
