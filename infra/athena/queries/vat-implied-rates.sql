-- Which VAT rate each tax rule implies, by accounting year, this year and the two before: vat_amount by amount, of the lines with VAT. A
-- code means what its company says: see vat_name. lines_off are those more than half a point from the implied rate, lines_without_vat those
-- without VAT: both of one code say that it is used for several things. expected_percent is by the settings, null if they do not know it.
WITH rates AS (
  SELECT
    owner_id,
    year,
    vat_code,
    CAST(sum(CASE WHEN vat_amount <> 0 THEN vat_amount END) AS double) * 100 / NULLIF(CAST(sum(CASE WHEN vat_amount <> 0 THEN amount END) AS double), 0) AS implied
  FROM spend
  WHERE year >= year(current_date) - 2
    AND vat_code IS NOT NULL
  GROUP BY owner_id, year, vat_code
)
SELECT
  spend.owner_code,
  spend.owner_name,
  spend.year,
  spend.vat_code,
  min(spend.vat_name) AS vat_name,
  round(min(rates.implied), 2) AS implied_percent,
  max(spend.vat_rate) AS expected_percent,
  count(*) AS lines,
  sum(CASE WHEN abs(CAST(spend.vat_amount AS double) * 100 - rates.implied * CAST(spend.amount AS double)) > 0.5 * abs(CAST(spend.amount AS double)) AND spend.vat_amount <> 0 THEN 1 ELSE 0 END) AS lines_off,
  sum(CASE WHEN coalesce(spend.vat_amount, 0) = 0 THEN 1 ELSE 0 END) AS lines_without_vat,
  sum(spend.amount) AS amount,
  sum(spend.vat_amount) AS vat_amount,
  spend.amount_currency_code
FROM spend
JOIN rates
  ON rates.owner_id = spend.owner_id
  AND rates.year = spend.year
  AND rates.vat_code = spend.vat_code
WHERE spend.year >= year(current_date) - 2
GROUP BY spend.owner_id, spend.owner_code, spend.owner_name, spend.year, spend.vat_code, spend.amount_currency_code
ORDER BY spend.owner_code, spend.year DESC, spend.vat_code
