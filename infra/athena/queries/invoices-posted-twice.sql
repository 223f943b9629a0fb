-- Invoices that may have been posted twice: the same company and invoice number in several vouchers, whichever owner posted them.
-- A correction looks like this, too: read the vouchers. Suppliers without an organisation number are told apart by their id.
SELECT
  coalesce(supplier_company_number, CAST(supplier_id AS varchar)) AS company,
  min(supplier_name) AS supplier_name,
  invoice_number,
  amount_currency_code,
  count(DISTINCT voucher_id) AS vouchers,
  count(DISTINCT owner_id) AS owners,
  array_join(array_agg(DISTINCT CAST(voucher_number AS varchar)), ', ') AS voucher_numbers,
  min(invoice_date) AS first_invoice_date,
  max(invoice_date) AS last_invoice_date,
  sum(amount) AS amount
FROM spend
WHERE supplier_id IS NOT NULL
  AND invoice_number IS NOT NULL
GROUP BY coalesce(supplier_company_number, CAST(supplier_id AS varchar)), invoice_number, amount_currency_code
HAVING count(DISTINCT voucher_id) > 1
ORDER BY last_invoice_date DESC, company, invoice_number
