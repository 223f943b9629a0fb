-- One row for each supplier invoice of the last twelve months by invoice date, to be matched with orders, contracts or a supplier's
-- statement. Look invoices up by supplier_key and invoice_number. amount and vat_amount are in the currency of the owner; document_amount
-- is in the currency of the invoice, and null if its lines do not agree on one. Only lines on kept accounts count, from the accounting year
-- before on, for an invoice can be posted before its date.
SELECT
  owner_code,
  owner_name,
  supplier_key,
  supplier_code,
  supplier_name,
  supplier_company_number,
  invoice_number,
  invoice_date,
  due_date,
  voucher_number,
  sum(amount) AS amount,
  sum(vat_amount) AS vat_amount,
  amount_currency_code,
  CASE WHEN count(DISTINCT invoice_currency_code) = 1 THEN sum(invoice_amount) END AS document_amount,
  CASE WHEN count(DISTINCT invoice_currency_code) = 1 THEN min(invoice_currency_code) END AS document_currency_code,
  count(*) AS lines
FROM spend
WHERE year >= year(date_add('month', -12, current_date)) - 1
  AND invoice_date >= date_add('month', -12, current_date)
  AND supplier_id IS NOT NULL
  AND invoice_number IS NOT NULL
  AND invoice_kind IS DISTINCT FROM 'payment'
  AND NOT (document_type = 'BA' AND coalesce(invoice_kind, 'unknown') = 'unknown')
GROUP BY
  owner_id, owner_code, owner_name, supplier_id, supplier_key, supplier_code, supplier_name, supplier_company_number,
  invoice_number, invoice_date, due_date, voucher_id, voucher_number, amount_currency_code
ORDER BY invoice_date DESC, owner_code, supplier_name, invoice_number
