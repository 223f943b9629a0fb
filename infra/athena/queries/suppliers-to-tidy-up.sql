-- Suppliers open today that one owner has twice, that have several names, whose name others have too, or without a valid organisation
-- number, or whose address names no country, so that the number names no company. Of the registers, those without purchases too;
-- last_posted_date says when one was last used. A number of a person or of a country without a check is no fault here. several_in_one_owner, several_names, name_of_several and without_number say what there is to tidy up.
WITH open_ones AS (
  SELECT *, upper(trim(supplier_name)) AS name
  FROM supplier
  WHERE (valid_to IS NULL OR valid_to >= current_date)
    AND is_intercompany IS DISTINCT FROM true
),
names AS (
  SELECT name, count(DISTINCT supplier_key) AS keys
  FROM open_ones
  WHERE name IS NOT NULL
  GROUP BY name
),
by_key AS (
  SELECT
    open_ones.supplier_key,
    min(open_ones.supplier_name) AS supplier_name,
    array_join(array_sort(array_agg(DISTINCT open_ones.supplier_code) FILTER (WHERE open_ones.supplier_code IS NOT NULL)), ', ') AS supplier_codes,
    min(open_ones.company_number_status) AS company_number_status,
    count(*) AS suppliers,
    count(DISTINCT open_ones.owner_id) AS owners,
    count(*) > count(DISTINCT open_ones.owner_id) AS several_in_one_owner,
    count(DISTINCT open_ones.name) > 1 AS several_names,
    coalesce(max(names.keys) > 1, false) AS name_of_several,
    coalesce(
      min(open_ones.company_number_status) IN ('missing', 'invalid')
        OR (min(open_ones.company_number_status) = 'unchecked' AND open_ones.supplier_key LIKE 'supplier:%'),
      false
    ) AS without_number,
    max(open_ones.last_posted_date) AS last_posted_date
  FROM open_ones
  LEFT JOIN names ON names.name = open_ones.name
  GROUP BY open_ones.supplier_key
)
SELECT *
FROM by_key
WHERE several_in_one_owner OR several_names OR name_of_several OR without_number
ORDER BY supplier_name, supplier_key
