-- What owners buy from each other, by accounting year, this year and the two before: left out of all that adds up purchases. By the company
-- of the supplier, or internal in suppliers.csv. An owner that the token does not reach counts only by that file. Beside a consolidation
-- list of both sides this shows what does not eliminate. Amounts are in the currency of the owner that buys.
SELECT
  owner_code,
  owner_name,
  year,
  supplier_key,
  min(supplier_name) AS supplier_name,
  spend_class,
  count(DISTINCT voucher_id) AS vouchers,
  sum(amount) AS amount,
  amount_currency_code
FROM spend
WHERE year >= year(current_date) - 2
  AND is_intercompany
GROUP BY owner_id, owner_code, owner_name, year, supplier_key, spend_class, amount_currency_code
ORDER BY owner_code, year DESC, amount DESC, supplier_key, spend_class
