"""`infra/athena/README.md`: what each saved query answers, and of some the first rows of the answer on the demo company."""

from datetime import datetime
from decimal import Decimal

import views
from cloudformation import load

LINES = 20_000
ROWS = 3

# The queries by what they are about, in the order of the page.
GROUPS = {
    "What was bought": [
        *("spend-by-supplier-and-month", "spend-by-category-and-month", "spend-by-account-and-dimension", "spend-by-currency"),
        *("spend-in-group-currency", "spend-outside-cost-accounts", "year-over-year", "closing-entries", "intercompany"),
    ],
    "Suppliers": [
        *("top-suppliers", "concentration", "tail-suppliers", "suppliers-per-category", "one-off-suppliers", "new-suppliers"),
        *("suppliers-to-tidy-up", "lines-without-supplier"),
    ],
    "Invoices and payments": [
        *("invoice", "invoices-to-match", "invoices-posted-twice", "possible-duplicates-by-amount", "expenses-invoiced-too"),
        *("payment-terms", "late-postings"),
    ],
    "VAT": ["vat-by-month", "vat-implied-rates", "cost-that-bears-vat"],
    "The tables themselves": ["runs-and-freshness"],
}

# The columns that are shown of those with an example. The others are in the answer.
SHOWN = {
    "top-suppliers": ["owner_code", "place", "supplier_name", "amount", "percent_of_owner"],
    "suppliers-to-tidy-up": ["supplier_key", "supplier_name", "several_names", "name_of_several", "without_number"],
    "invoice": ["invoice_number", "supplier_name", "net", "due_date", "last_payment_date", "days_late"],
    "payment-terms": ["supplier_name", "agreed_terms", "used_days", "paid_days", "percent_paid_late"],
}

SHORT = 38
"""Of a sentence the part before a colon says enough if it is as long as this; `An estimate` does not."""

HEAD = """\
# Saved queries

<!-- Generated from the files here by tests/deploy/test_queries.py. -->

For whoever analyses the data: what each saved query of the Athena workgroup answers. The comment at its head, here in `queries/`, says what to mind.
*Purchases* are operating, capital, stock and prepaid lines, without owners that invoice each other. No sum mixes currencies: where Xledger
does not give an owner's currency, the owner stands for it. A supplier is a `supplier_key`. More: [before you add up](../../docs/query.md#before-you-add-up).

The examples show some columns of the first rows on the demo company (`xledger-spend demo --lines {lines}`, as if today were {today}).
"""


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


def answers(sql):
    """What a query answers: the first sentence of its comment, up to the details behind a colon."""
    sentence = views.comment(sql).partition(". ")[0]
    before, colon, _ = sentence.partition(": ")
    return before if colon and len(before) >= SHORT else sentence


def page(files, demo):
    """The page, with examples from a lake."""
    parts = [HEAD.format(lines=LINES, today=demo.today)]
    for group, names in GROUPS.items():
        parts.append(f"\n## {group}\n\n| query | answers |\n|---|---|\n")
        parts += [f"| {titles()[name]} | {answers(files[name].read_text('utf-8'))} |\n" for name in names]
        for name in names:
            if name in SHOWN:
                parts.append(f"\n{titles()[name]}:\n\n{table(SHOWN[name], first_rows(name, demo.ask(name)))}")
    return "".join(parts)
