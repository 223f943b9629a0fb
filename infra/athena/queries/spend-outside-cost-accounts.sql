-- Purchases on no cost account, by supplier and accounting year, this year and the two before: capital, stock and prepaid lines. What adds
-- up accounts of cost alone misses them. An invoice on an account that the settings exclude, such as accrued cost, is in no table. Without
-- owners that invoice each other, in the currency of the owner. A supplier is a supplier_key, null if none was found.
SELECT
  owner_code,
  owner_name,
  year,
  spend_class,
  supplier_key,
  min(supplier_name) AS supplier_name,
  sum(amount) AS amount,
  amount_currency_code,
  count(DISTINCT voucher_id) AS vouchers,
  count(DISTINCT account_code) AS accounts,
  max(posted_date) AS last_posted_date
FROM spend
WHERE year >= year(current_date) - 2
  AND spend_class IN ('capital', 'stock', 'prepaid')
  AND is_intercompany IS DISTINCT FROM true
GROUP BY owner_id, owner_code, owner_name, year, spend_class, supplier_key, amount_currency_code
ORDER BY owner_code, year DESC, spend_class, amount DESC, supplier_key
