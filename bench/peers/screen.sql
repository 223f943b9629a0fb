-- Which lines may be asked for, by the contract's rules, from relations of what was listed: accounts, ledger, payables. References are null where
-- there are none. The peers that have SQL share this and spend.sql.

CREATE MACRO is_payroll_text(text) AS
    regexp_matches(text, 'lønn|payroll|feriepenge|(^|[^\pL])(lonn|salar|wage|løn|löne|palk)|(lonn|lön|löner|løn)([^\pL]|$)');

-- In the order of strictness.
CREATE MACRO treatment(code, name) AS CASE
    WHEN upper(trim(code)) IN ('PR', 'PY', 'SA', 'SAL', 'LO', 'LON', 'LØ') OR is_payroll_text(nfc_normalize(lower(name))) THEN 'a payroll'
    WHEN coalesce(trim(code), '') = '' THEN 'b refused'
    WHEN upper(trim(code)) IN ('AP', 'BA', 'ER') THEN 'd kept'
    ELSE 'c left out' END;

CREATE TABLE types AS
SELECT *, coalesce(treatment(type_code, type_name), 'b refused') AS treatment
FROM (SELECT DISTINCT type_id, type_code, type_name FROM ledger);

CREATE TABLE chart AS
SELECT id, code, name, group_name, coalesce(number BETWEEN 1900 AND 3000, false) AS is_excluded,
    coalesce(CASE chart
        WHEN 2 THEN number BETWEEN 5000 AND 5499 OR number BETWEEN 5600 AND 5899
        WHEN 3 THEN number BETWEEN 7000 AND 7599
        ELSE number BETWEEN 5000 AND 5499 OR number BETWEEN 5600 AND 5899 OR costWagesSalaries END, false) AS is_payroll,
    CASE WHEN asset THEN 'asset' WHEN liabilities THEN 'liability' WHEN equity THEN 'equity' WHEN revenue THEN 'revenue'
        WHEN cost OR costWagesSalaries OR costOfGoodsSold OR costOtherOperating THEN 'cost' WHEN finance THEN 'finance' END AS kind
FROM (
    SELECT *, regexp_replace(code, '[^0-9]', '', 'g') AS digits,
        CASE WHEN digits <> '' THEN CAST(left(coalesce(nullif(ltrim(digits, '0'), ''), '0'), 4) AS INTEGER) END AS number
    FROM accounts
);

CREATE TABLE judged AS
SELECT ledger.*, treatment, chart.id IS NOT NULL AND coalesce(chart.code, '') <> '' AS has_account, chart.is_excluded,
    treatment = 'a payroll' OR coalesce(is_payroll, false) AS is_payroll
FROM ledger
JOIN types ON ledger.type_id IS NOT DISTINCT FROM types.type_id AND ledger.type_code IS NOT DISTINCT FROM types.type_code
    AND ledger.type_name IS NOT DISTINCT FROM types.type_name
LEFT JOIN chart ON chart.id = ledger.account;

CREATE TABLE payable_judged AS
SELECT payables.*, treatment,
    coalesce(treatment = 'a payroll', false) OR coalesce(voucher IN (SELECT voucher FROM judged WHERE treatment = 'a payroll'), false) AS is_payroll
FROM payables LEFT JOIN (SELECT type_id, min(treatment) AS treatment FROM types GROUP BY type_id) USING (type_id);

-- One step: what is payroll by a match alone passes nothing on. A payroll line without an owner holds for every owner.
CREATE TABLE payroll_matches AS
SELECT DISTINCT coalesce(owner, 0) AS owner, match
FROM (SELECT owner, match FROM judged WHERE is_payroll UNION ALL SELECT owner, match FROM payable_judged WHERE is_payroll)
WHERE match IS NOT NULL;

CREATE MACRO is_matched(o, m) AS m IS NOT NULL
    AND ((o, m) IN (SELECT (owner, match) FROM payroll_matches) OR m IN (SELECT match FROM payroll_matches WHERE owner = 0));

CREATE TABLE kept AS
SELECT * FROM judged
WHERE treatment = 'd kept' AND NOT is_payroll AND has_account AND NOT is_excluded AND month BETWEEN 1 AND 12 AND year BETWEEN 1000 AND 9999
    AND (owner IS NOT NULL OR match IS NULL) AND NOT is_matched(owner, match);

CREATE TABLE kept_payables AS
SELECT * FROM payable_judged
WHERE treatment = 'd kept' AND NOT is_payroll AND (owner IS NOT NULL OR match IS NULL) AND NOT is_matched(owner, match)
    AND voucher IN (SELECT voucher FROM kept);
