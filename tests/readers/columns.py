"""The columns of the published tables as the contract states them: in order, with the type that each reader must see."""

BIGINT, INT, STRING, DATE, TIME = "bigint", "int", "string", "date", "timestamp"
MONEY, RATE, TOTAL = "decimal(18,4)", "decimal(5,2)", "decimal(38,4)"

SPEND = {
    "line_id": BIGINT,
    "owner_id": BIGINT,
    "owner_code": STRING,
    "owner_name": STRING,
    "voucher_id": BIGINT,
    "voucher_number": BIGINT,
    "document_type": STRING,
    "document_type_name": STRING,
    "posted_date": DATE,
    "fiscal_year": INT,
    "fiscal_period": INT,
    "account_code": STRING,
    "account_name": STRING,
    "account_group": STRING,
    "account_kind": STRING,
    "supplier_id": BIGINT,
    "supplier_code": STRING,
    "supplier_name": STRING,
    "supplier_company_number": STRING,
    "supplier_country_code": STRING,
    "supplier_match": STRING,
    "invoice_number": STRING,
    "invoice_date": DATE,
    "due_date": DATE,
    "amount": MONEY,
    "amount_currency_code": STRING,
    "invoice_amount": MONEY,
    "invoice_currency_code": STRING,
    "vat_code": STRING,
    "vat_rate": RATE,
    "vat_amount": MONEY,
    "text": STRING,
    **{f"dimension_{slot}_{part}": STRING for slot in range(1, 6) for part in ("kind", "code", "name")},
    "match_id": BIGINT,
    "voucher_modified_at": TIME,
}

SUPPLIER = {
    "supplier_id": BIGINT,
    "supplier_code": STRING,
    "supplier_name": STRING,
    "company_id": BIGINT,
    "company_number": STRING,
    "group_name": STRING,
    "email": STRING,
    "phone": STRING,
    "street_address": STRING,
    "postal_code": STRING,
    "city": STRING,
    "country_code": STRING,
    "country_name": STRING,
    "contact_name": STRING,
    "valid_from": DATE,
    "valid_to": DATE,
    "modified_at": TIME,
    "first_posted_date": DATE,
    "last_posted_date": DATE,
    "line_count": BIGINT,
    "spend_amount": TOTAL,
}

TABLES = {"spend": SPEND, "supplier": SUPPLIER}
PARTITIONS = {"spend": ("year", "month"), "supplier": ("owner_id",)}
