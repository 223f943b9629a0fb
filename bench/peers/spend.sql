-- The table `spend`, from what screen.sql kept and from relations of what was fetched: lines, payable_lines, suppliers, owners, objects.

-- Central European wall time: of a repeated hour the first, of a skipped one the instant that it would have been.
CREATE MACRO utc(wall) AS CASE
    WHEN timezone('Europe/Oslo', timezone('UTC', wall - INTERVAL 2 HOUR)) = wall THEN timezone('UTC', wall - INTERVAL 2 HOUR)
    ELSE timezone('UTC', wall - INTERVAL 1 HOUR) END;

CREATE TABLE named AS
SELECT coalesce(owner, 0) AS owner, voucher, subledger, invoice_number, invoice_date, due_date, company
FROM kept_payables JOIN payable_lines USING (id)
WHERE subledger IS NOT NULL;

CREATE MACRO only_one(x) AS CASE WHEN count(DISTINCT x) = 1 THEN min(x) END;

CREATE VIEW by_voucher AS
SELECT owner, voucher, only_one(subledger) AS subledger FROM named GROUP BY ALL;

CREATE VIEW by_company AS
SELECT owner, voucher, company, only_one(subledger) AS subledger FROM named WHERE company IS NOT NULL GROUP BY ALL;

CREATE VIEW invoices AS
SELECT owner, voucher, subledger, only_one(invoice_number) AS invoice_number, only_one(invoice_date) AS invoice_date, only_one(due_date) AS due_date
FROM named GROUP BY ALL;

CREATE VIEW supplier_here AS
SELECT owner, company, only_one(id) AS id FROM suppliers WHERE company IS NOT NULL GROUP BY ALL;

CREATE VIEW supplier_anywhere AS
SELECT company, only_one(id) AS id FROM suppliers WHERE company IS NOT NULL GROUP BY ALL;

CREATE VIEW chosen AS
SELECT line_id, coalesce(kept.owner, 0) AS owner, kept.voucher, by_voucher.voucher IS NOT NULL AS has_payables,
    CASE WHEN has_payables THEN coalesce(by_voucher.subledger, by_company.subledger) ELSE coalesce(supplier_here.id, supplier_anywhere.id) END AS subledger,
    CASE
        WHEN by_voucher.subledger IS NOT NULL THEN 'voucher'
        WHEN has_payables AND by_company.subledger IS NULL THEN 'ambiguous'
        WHEN has_payables OR coalesce(supplier_here.id, supplier_anywhere.id) IS NOT NULL THEN 'company'
        ELSE 'none' END AS how,
    -- Whose AP lines the invoice is read from.
    coalesce(by_voucher.subledger, by_company.subledger) AS invoicing
FROM kept JOIN lines USING (line_id)
LEFT JOIN by_voucher ON by_voucher.owner = coalesce(kept.owner, 0) AND by_voucher.voucher = kept.voucher
LEFT JOIN by_company ON by_company.owner = coalesce(kept.owner, 0) AND by_company.voucher = kept.voucher AND by_company.company = lines.company
LEFT JOIN supplier_here ON supplier_here.owner = coalesce(kept.owner, 0) AND supplier_here.company = lines.company
LEFT JOIN supplier_anywhere ON supplier_anywhere.company = lines.company;

CREATE VIEW spend AS
SELECT line_id, kept.owner AS owner_id, owners.code AS owner_code, owners.name AS owner_name, kept.voucher AS voucher_id, voucher_number,
    type_code AS document_type, type_name AS document_type_name, posted_date, fiscal_year, fiscal_period, chart.code AS account_code,
    chart.name AS account_name, chart.group_name AS account_group, chart.kind AS account_kind, suppliers.id AS supplier_id, suppliers.code AS supplier_code,
    suppliers.name AS supplier_name, suppliers.country_code AS supplier_country_code,
    CASE WHEN chosen.subledger IS NOT NULL AND suppliers.id IS NULL THEN 'not_a_supplier' ELSE how END AS supplier_match,
    CASE WHEN suppliers.id IS NOT NULL THEN invoice_number END AS invoice_number, CASE WHEN suppliers.id IS NOT NULL THEN invoice_date END AS invoice_date,
    CASE WHEN suppliers.id IS NOT NULL THEN due_date END AS due_date, amount, invoice_amount, currency AS invoice_currency_code, vat_code, vat_amount,
    lines.text, object_1.kind AS dimension_1_kind, object_1.code AS dimension_1_code, object_1.name AS dimension_1_name,
    object_2.kind AS dimension_2_kind, object_2.code AS dimension_2_code, object_2.name AS dimension_2_name,
    object_3.kind AS dimension_3_kind, object_3.code AS dimension_3_code, object_3.name AS dimension_3_name,
    object_4.kind AS dimension_4_kind, object_4.code AS dimension_4_code, object_4.name AS dimension_4_name,
    object_5.kind AS dimension_5_kind, object_5.code AS dimension_5_code, object_5.name AS dimension_5_name,
    kept.match AS match_id, utc(modified_at) AS voucher_modified_at, utc(created_at) AS voucher_created_at, year, month
FROM kept JOIN lines USING (line_id) JOIN chosen USING (line_id) JOIN chart ON chart.id = kept.account
LEFT JOIN owners ON owners.id = kept.owner
LEFT JOIN suppliers ON suppliers.id = chosen.subledger
LEFT JOIN invoices ON invoices.owner = chosen.owner AND invoices.voucher = chosen.voucher AND invoices.subledger = chosen.invoicing
LEFT JOIN objects AS object_1 ON object_1.id = lines.object_1
LEFT JOIN objects AS object_2 ON object_2.id = lines.object_2
LEFT JOIN objects AS object_3 ON object_3.id = lines.object_3
LEFT JOIN objects AS object_4 ON object_4.id = lines.object_4
LEFT JOIN objects AS object_5 ON object_5.id = lines.object_5;
