"""`docs/queries.md`: what each saved query answers, with the first rows of its answer on the demo company."""

from datetime import datetime
from decimal import Decimal

import views
from cloudformation import load

LINES = 20_000
ROWS = 3
MOST_BYTES = 12_000

# The columns that are shown of each, in the order of the page. The others are in the answer.
SHOWN = {
    "spend-by-supplier-and-month": ["owner_code", "supplier_name", "year", "month", "amount", "invoices"],
    "spend-by-category-and-month": ["owner_code", "category_2", "year", "month", "amount"],
    "spend-by-account-and-dimension": ["owner_code", "year", "account_code", "dimension_1_name", "amount"],
    "spend-by-currency": ["owner_code", "year", "amount", "invoice_currency_code", "invoice_amount"],
    "spend-in-group-currency": ["owner_code", "year", "month", "amount", "currency", "rate"],
    "spend-outside-cost-accounts": ["owner_code", "year", "spend_class", "supplier_name", "amount"],
    "year-over-year": ["owner_code", "category_1", "months", "amount", "amount_a_year_before"],
    "closing-entries": ["owner_code", "fiscal_year", "fiscal_period", "account_code", "amount"],
    "top-suppliers": ["owner_code", "place", "supplier_name", "amount", "percent_of_owner"],
    "concentration": ["currency", "suppliers", "percent_of_top_10", "suppliers_for_80_percent", "percent_of_invoices_of_tail"],
    "tail-suppliers": ["currency", "supplier_name", "invoices", "amount", "amount_an_invoice"],
    "suppliers-per-category": ["currency", "category_2", "suppliers", "amount", "percent_of_largest"],
    "one-off-suppliers": ["posted_date", "owner_code", "supplier_name", "category_1", "amount"],
    "new-suppliers": ["first_seen", "supplier_name", "company_number_status", "invoices", "amount"],
    "suppliers-to-tidy-up": ["supplier_key", "supplier_name", "several_names", "name_of_several", "without_number"],
    "lines-without-supplier": ["owner_code", "supplier_match", "document_type", "account_code", "amount", "lines"],
    "intercompany": ["owner_code", "year", "supplier_name", "vouchers", "amount"],
    "invoices-to-match": ["owner_code", "supplier_name", "invoice_number", "invoice_date", "amount"],
    "invoices-posted-twice": ["supplier_name", "invoice_number", "vouchers", "voucher_numbers", "amount"],
    "possible-duplicates-by-amount": ["supplier_name", "amount", "currency", "vouchers", "voucher_numbers"],
    "expenses-invoiced-too": ["owner_code", "year", "month", "amount", "supplier_name"],
    "payment-terms": ["supplier_name", "agreed_terms", "used_days", "paid_days", "percent_paid_late"],
    "late-postings": ["owner_code", "year", "month", "document_type", "late_vouchers", "latest_days"],
    "vat-by-month": ["owner_code", "year", "month", "vat_code", "vat_amount", "expected_vat_amount"],
    "vat-implied-rates": ["owner_code", "year", "vat_code", "implied_percent", "expected_percent", "lines_off"],
    "cost-that-bears-vat": ["owner_code", "year", "vat_code", "account_code", "amount"],
    "runs-and-freshness": ["status", "action", "mode", "lines_listed", "lines_kept", "suppliers"],
    "invoice": ["invoice_number", "supplier_name", "net", "due_date", "last_payment_date", "days_late"],
}

HEAD = """\
# Saved queries

<!-- Generated from infra/athena by tests/deploy/test_queries.py. -->

For whoever analyses the data: what each saved query of the Athena workgroup answers, with the first rows of its answer, and some of its columns,
on the demo company (`xledger-spend demo --lines {lines}`, as if {today} were today). Read the comment before a query: it says what to mind.
*Purchases* are operating, capital, stock and prepaid lines, without owners that invoice each other. No sum is of two currencies: where Xledger
does not give an owner's currency, the owner stands for it. A supplier is a `supplier_key`. [query.md](query.md) has the rest.
"""
NONE = "None in the demo company; of rows made for the tests:"


def written(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:.2f}".removesuffix(".00")
    if isinstance(value, float):
        return f"{value:g}"
    assert not isinstance(value, datetime), "a time is another one tomorrow"
    return str(value).replace("|", "\\|")


def table(columns, rows):
    lines = [columns, ["---"] * len(columns), *([written(row[column]) for column in columns] for row in rows)]
    return "".join(f"|{'|'.join(cells)}|\n" for cells in lines)


def titles():
    """The names under which the console shows the queries."""
    resources = load((views.DDL.parents[1] / "template.yaml").read_text("utf-8"))["Resources"].values()
    queries = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Athena::NamedQuery"]
    named = {query["Description"].rpartition("/")[2].removesuffix(".sql"): query["Name"] for query in queries}
    return named | {file.stem: f"The view {file.stem}" for file in views.FILES}


def first_rows(name, rows):
    """In the order of a query; of a view, which has none, the newest that are paid."""
    if name in {file.stem for file in views.FILES}:
        paid = [row for row in rows if row["last_payment_date"] and row["days_late"] is not None]
        rows = sorted(paid, key=lambda row: (row["last_payment_date"], row["voucher_id"]), reverse=True)
    return rows[:ROWS]


def page(files, demo, made):
    """The page, of a lake and of another for what the first one lacks."""
    parts = [HEAD.format(lines=LINES, today=demo.today)]
    for name, columns in SHOWN.items():
        said = views.comment(files[name].read_text("utf-8")).partition(". ")[0]
        rows = demo.ask(name)
        parts.append(f"\n## {titles()[name]}\n\n{said}.\n\n")
        parts.append(table(columns, first_rows(name, rows)) if rows else f"{NONE}\n\n{table(columns, first_rows(name, made.ask(name)))}")
    return "".join(parts)
