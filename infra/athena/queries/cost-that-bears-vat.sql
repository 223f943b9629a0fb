-- Purchases whose VAT is not deducted, by accounting year, this year and the two before: lines without VAT on a tax rule that has a rate.
-- Purchases are operating, capital, stock and prepaid lines, without owners that invoice each other. Their amount holds the VAT, so it is
-- gross beside net (banks, health care, schools). A tax rule has a rate if other lines of the owner on it bear VAT, or by the settings.
-- Lines without a tax rule say nothing and are left out.
WITH with_rate AS (
  SELECT owner_id, vat_code
  FROM spend
  WHERE vat_code IS NOT NULL
  GROUP BY owner_id, vat_code
  HAVING max(abs(vat_amount)) > 0 OR max(vat_rate) > 0
)
SELECT
  spend.owner_code,
  spend.owner_name,
  spend.year,
  spend.vat_code,
  min(spend.vat_name) AS vat_name,
  spend.account_code,
  spend.account_name,
  sum(spend.amount) AS amount,
  spend.amount_currency_code,
  count(*) AS lines
FROM spend
JOIN with_rate
  ON with_rate.owner_id = spend.owner_id
  AND with_rate.vat_code = spend.vat_code
WHERE spend.year >= year(current_date) - 2
  AND spend.spend_class IN ('operating', 'capital', 'stock', 'prepaid')
  AND spend.is_intercompany IS DISTINCT FROM true
  AND coalesce(spend.vat_amount, 0) = 0
  AND spend.amount <> 0
GROUP BY
  spend.owner_id, spend.owner_code, spend.owner_name, spend.year, spend.vat_code, spend.account_code, spend.account_name,
  spend.amount_currency_code
ORDER BY spend.owner_code, spend.year DESC, amount DESC, spend.vat_code, spend.account_code
