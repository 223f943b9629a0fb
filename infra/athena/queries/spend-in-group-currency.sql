-- An estimate: purchases by accounting month in one currency, NOK here, by the rates that the owners' own invoices in each other's currency
-- imply. Put your group's currency in the place of 'NOK'. No rate of a bank is used: rate is the amounts in NOK by those in the owner's
-- currency on the same lines, of the month, else of the year (rate_of says which), else amount_in_group_currency is null. Where Xledger
-- does not give an owner's currency, it is the one in which most of its documents have the same amount. Gains and losses of exchange, which
-- have an amount in one currency alone, say nothing of the rate. Purchases are operating, capital,
-- stock and prepaid lines, without owners that invoice each other.
WITH wanted AS (
  SELECT 'NOK' AS group_currency
),
same AS (
  SELECT owner_id, invoice_currency_code, row_number() OVER (PARTITION BY owner_id ORDER BY count(*) DESC, invoice_currency_code) AS place
  FROM spend
  WHERE amount = invoice_amount
    AND invoice_currency_code IS NOT NULL
  GROUP BY owner_id, invoice_currency_code
),
lines AS (
  SELECT
    spend.*,
    coalesce(spend.amount_currency_code, same.invoice_currency_code) AS currency,
    wanted.group_currency
  FROM spend
  CROSS JOIN wanted
  LEFT JOIN same
    ON same.owner_id = spend.owner_id
    AND same.place = 1
),
pairs AS (
  SELECT invoice_currency_code AS currency, year, month, abs(amount) AS in_group_currency, abs(invoice_amount) AS in_currency
  FROM lines
  WHERE currency = group_currency
    AND invoice_currency_code <> group_currency
    AND amount <> 0
    AND invoice_amount <> 0
    AND spend_class <> 'finance'
  UNION ALL
  SELECT currency, year, month, abs(invoice_amount), abs(amount)
  FROM lines
  WHERE currency <> group_currency
    AND invoice_currency_code = group_currency
    AND amount <> 0
    AND invoice_amount <> 0
    AND spend_class <> 'finance'
),
of_month AS (
  SELECT currency, year, month, CAST(sum(in_group_currency) AS double) / NULLIF(CAST(sum(in_currency) AS double), 0) AS rate
  FROM pairs
  GROUP BY currency, year, month
),
of_year AS (
  SELECT currency, year, CAST(sum(in_group_currency) AS double) / NULLIF(CAST(sum(in_currency) AS double), 0) AS rate
  FROM pairs
  GROUP BY currency, year
),
months AS (
  SELECT owner_id, owner_code, owner_name, currency, group_currency, year, month, sum(amount) AS amount
  FROM lines
  WHERE spend_class IN ('operating', 'capital', 'stock', 'prepaid')
    AND is_intercompany IS DISTINCT FROM true
  GROUP BY owner_id, owner_code, owner_name, currency, group_currency, year, month
),
rated AS (
  SELECT
    months.*,
    CASE WHEN months.currency = months.group_currency THEN 1e0 ELSE coalesce(of_month.rate, of_year.rate) END AS rate,
    CASE
      WHEN months.currency = months.group_currency THEN 'same currency'
      WHEN of_month.rate IS NOT NULL THEN 'month'
      WHEN of_year.rate IS NOT NULL THEN 'year'
      ELSE 'none'
    END AS rate_of
  FROM months
  LEFT JOIN of_month
    ON of_month.currency = months.currency
    AND of_month.year = months.year
    AND of_month.month = months.month
  LEFT JOIN of_year
    ON of_year.currency = months.currency
    AND of_year.year = months.year
)
SELECT
  owner_code,
  owner_name,
  year,
  month,
  amount,
  currency,
  round(rate, 4) AS rate,
  rate_of,
  CAST(round(CAST(amount AS double) * rate, 2) AS decimal(38, 2)) AS amount_in_group_currency,
  group_currency
FROM rated
ORDER BY owner_code, year DESC, month DESC
