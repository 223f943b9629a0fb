-- Suppliers with one voucher of purchases in all the years of the tables, the one posted last first, and what it was for. Purchases are
-- operating, capital, stock and prepaid lines, without owners that invoice each other. A supplier is a supplier_key: one that another owner
-- buys from, too, is none of these. One whose first invoice came a short while ago may yet send more. amount is in the currency of the
-- owner.
SELECT
  max(posted_date) AS posted_date,
  min(owner_code) AS owner_code,
  min(owner_name) AS owner_name,
  supplier_key,
  min(supplier_name) AS supplier_name,
  min(company_number_status) AS company_number_status,
  min(voucher_number) AS voucher_number,
  min(invoice_number) AS invoice_number,
  min(category_1) AS category_1,
  sum(amount) AS amount,
  min(amount_currency_code) AS amount_currency_code
FROM spend
WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
  AND supplier_key IS NOT NULL
GROUP BY supplier_key
HAVING count(DISTINCT voucher_id) = 1
ORDER BY posted_date DESC, supplier_key
