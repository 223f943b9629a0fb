-- Expense reports that a supplier may have invoiced, too: a line of document type ER and one of AP with the same amount, owner and
-- accounting month, this year and last year, as when a company card pays what an employee claims. Purchases are operating, capital, stock
-- and prepaid lines, without owners that invoice each other. Amounts under 100 are left out; equal amounts by chance are not rare. Both
-- codes are the usual ones: put yours in their place.
WITH purchases AS (
  SELECT *
  FROM spend
  WHERE year >= year(current_date) - 1
    AND spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
    AND amount >= 100
)
SELECT
  expense.owner_code,
  expense.owner_name,
  expense.year,
  expense.month,
  expense.amount,
  expense.amount_currency_code,
  expense.voucher_number AS expense_voucher_number,
  expense.account_code AS expense_account_code,
  invoice.voucher_number AS invoice_voucher_number,
  invoice.account_code AS invoice_account_code,
  invoice.supplier_key,
  invoice.supplier_name,
  invoice.invoice_number
FROM purchases AS expense
JOIN purchases AS invoice
  ON invoice.owner_id = expense.owner_id
  AND invoice.year = expense.year
  AND invoice.month = expense.month
  AND invoice.amount = expense.amount
WHERE expense.document_type = 'ER'
  AND invoice.document_type = 'AP'
ORDER BY expense.year DESC, expense.month DESC, expense.amount DESC, expense.line_id, invoice.line_id
