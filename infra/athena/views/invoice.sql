-- One row for each voucher and supplier: what finance calls an invoice, with its main category and how it was paid.
-- net is the sum of amount over the lines of the table spend, in currency, which is the owner's. There is no gross amount and no open amount,
-- and none may be added: a voucher balances, so the difference would be the payroll line that was left out. days_late is negative if paid early,
-- and null until a payment, also of a part. Payments are no invoices, and left out; of bank vouchers, so is what is not said to be one. The category is that of the largest amount, whatever its sign.
WITH parts AS (
  SELECT
    owner_id,
    owner_code,
    owner_name,
    voucher_id,
    voucher_number,
    supplier_key,
    supplier_id,
    supplier_name,
    is_intercompany,
    amount_currency_code,
    category_1,
    category_2,
    min(posted_date) AS posted_date,
    min(invoice_number) AS invoice_number,
    min(invoice_kind) AS invoice_kind,
    min(invoice_date) AS invoice_date,
    min(due_date) AS due_date,
    max(last_payment_date) AS last_payment_date,
    sum(amount) AS net,
    sum(vat_amount) AS vat,
    count(*) AS lines
  FROM spend
  WHERE supplier_id IS NOT NULL
    AND voucher_id IS NOT NULL
    AND (invoice_kind IS NOT NULL OR invoice_number IS NOT NULL OR invoice_date IS NOT NULL)
    AND coalesce(invoice_kind, 'invoice') <> 'payment'
    AND NOT (document_type = 'BA' AND coalesce(invoice_kind, 'unknown') = 'unknown')
  GROUP BY
    owner_id, owner_code, owner_name, voucher_id, voucher_number, supplier_key, supplier_id, supplier_name, is_intercompany,
    amount_currency_code, category_1, category_2
),
ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY owner_id, voucher_id, supplier_id ORDER BY abs(net) DESC, category_1, category_2) AS place
  FROM parts
)
SELECT
  owner_id,
  owner_code,
  owner_name,
  voucher_id,
  voucher_number,
  min(posted_date) AS posted_date,
  supplier_key,
  supplier_id,
  supplier_name,
  is_intercompany,
  min(invoice_number) AS invoice_number,
  min(invoice_kind) AS invoice_kind,
  min(invoice_date) AS invoice_date,
  min(due_date) AS due_date,
  max(last_payment_date) AS last_payment_date,
  sum(net) AS net,
  sum(vat) AS vat,
  amount_currency_code AS currency,
  CAST(sum(lines) AS bigint) AS lines,
  max(CASE WHEN place = 1 THEN category_1 END) AS category_1,
  max(CASE WHEN place = 1 THEN category_2 END) AS category_2,
  date_diff('day', min(invoice_date), max(last_payment_date)) AS days_to_pay,
  date_diff('day', min(due_date), max(last_payment_date)) AS days_late
FROM ranked
GROUP BY
  owner_id, owner_code, owner_name, voucher_id, voucher_number, supplier_key, supplier_id, supplier_name, is_intercompany,
  amount_currency_code
