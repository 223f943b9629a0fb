-- VAT of this year and last year by accounting month and tax rule: what Xledger posted beside what the rate of the tax rule gives. vat_rate
-- is null for tax rules that the settings do not know (VatRates names them), and where the owner's lines contradict the rate: then nothing
-- is expected.
SELECT
  owner_code,
  owner_name,
  year,
  month,
  vat_code,
  vat_rate,
  sum(amount) AS amount,
  sum(vat_amount) AS vat_amount,
  CAST(sum(amount * vat_rate * 0.01) AS decimal(38, 2)) AS expected_vat_amount,
  sum(vat_amount) - CAST(sum(amount * vat_rate * 0.01) AS decimal(38, 2)) AS difference,
  amount_currency_code,
  count(*) AS lines
FROM spend
WHERE year >= year(current_date) - 1
  AND vat_code IS NOT NULL
GROUP BY owner_id, owner_code, owner_name, year, month, vat_code, vat_rate, amount_currency_code
ORDER BY owner_code, year DESC, month DESC, vat_code
