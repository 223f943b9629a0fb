"""dlt: resources that yield what Xledger sends, which dlt normalizes and loads into DuckDB, and SQL over what it loaded."""

import os
import tempfile
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt
from dlt.common import json
from dlt.sources.helpers import requests

from xledger import OBJECTS, QUESTIONS, Xledger, table

HERE = Path(__file__).parent
FLAGS = "asset liabilities equity revenue cost cost_wages_salaries cost_of_goods_sold cost_other_operating finance".split()
SLOTS = [f"gl_object{slot}" for slot in range(1, 6)]


def hints(bigint="", text="", date="", timestamp="", flag="", money=""):
    kinds = {"bigint": bigint, "text": text, "date": date, "timestamp": timestamp, "bool": flag}
    columns = {column: {"data_type": kind} for kind, names in kinds.items() for column in names.split()}
    return columns | {column: {"data_type": "decimal", "precision": 18, "scale": 4} for column in money.split()}


LINES = hints(
    bigint="db_id company_db_id header__transaction_number " + " ".join(f"{slot}_db_id" for slot in SLOTS),
    text="text currency__code tax_rule__code",
    date="header__posted_date",
    timestamp="header__created_at",
    money="amount invoice_amount tax_amount",
)
COLUMNS = {
    "accounts": hints(
        bigint="db_id chart_of_account__db_id", text="code description account_group__description", flag=" ".join(FLAGS)
    ),
    "suppliers": hints(bigint="db_id owner_db_id company_db_id", text="code description address__country__code"),
    "ledger": hints(
        bigint="db_id owner_db_id account_db_id match_id period__year period__month_number period__fiscal_year period__fiscal_period header__db_id "
        "header__transaction_source__db_id",
        text="header__transaction_source__code header__transaction_source__description",
        timestamp="header__modified_at",
    ),
    "payables": hints(bigint="db_id owner_db_id match_id header_transaction_source_db_id transaction_header__db_id"),
    "lines": LINES,
    "expense_lines": LINES,
    "payable_lines": hints(bigint="db_id subledger_db_id company__db_id", text="invoice_number", date="invoice_date due_date"),
    "names": hints(
        bigint="db_id owner__db_id " + " ".join(f"gl_dimension__{slot}__db_id" for slot in SLOTS),
        text="owner__code owner__description "
        + " ".join(f"gl_dimension__{slot}__{part}" for slot in SLOTS for part in ("code", "description", "object_kind__name")),
    ),
}
# What screen.sql and spend.sql go by, over what dlt loaded. It takes a time without a zone for UTC.
VIEWS = {
    "accounts": "db_id AS id, code, description AS name, account_group__description AS group_name, chart_of_account__db_id AS chart, asset, liabilities, "
    "equity, revenue, cost, cost_wages_salaries AS costWagesSalaries, cost_of_goods_sold AS costOfGoodsSold, "
    "cost_other_operating AS costOtherOperating, finance",
    "suppliers": "db_id AS id, coalesce(owner_db_id, 0) AS owner, nullif(company_db_id, 0) AS company, code, description AS name, "
    "address__country__code AS country_code",
    "ledger": "db_id AS line_id, nullif(owner_db_id, 0) AS owner, nullif(account_db_id, 0) AS account, nullif(match_id, 0) AS match, "
    "period__year::INTEGER AS year, period__month_number::INTEGER AS month, period__fiscal_year::INTEGER AS fiscal_year, "
    "period__fiscal_period::INTEGER AS fiscal_period, nullif(header__db_id, 0) AS voucher, timezone('UTC', header__modified_at) AS modified_at, "
    "header__transaction_source__db_id AS type_id, header__transaction_source__code AS type_code, header__transaction_source__description AS type_name",
    "payables": "db_id AS id, nullif(owner_db_id, 0) AS owner, nullif(match_id, 0) AS match, header_transaction_source_db_id AS type_id, "
    "nullif(transaction_header__db_id, 0) AS voucher",
    "lines": "db_id AS line_id, nullif(text, '') AS text, amount, invoice_amount, tax_amount AS vat_amount, nullif(company_db_id, 0) AS company, "
    + ", ".join(f"{slot}_db_id AS object_{number}" for number, slot in enumerate(SLOTS, 1))
    + ", currency__code AS currency, tax_rule__code AS vat_code, header__transaction_number AS voucher_number, header__posted_date AS posted_date, "
    "timezone('UTC', header__created_at) AS created_at",
    "payable_lines": "db_id AS id, nullif(subledger_db_id, 0) AS subledger, nullif(invoice_number, '') AS invoice_number, invoice_date, due_date, nullif(company__db_id, 0) AS company",
}
EXAMPLES = " UNION ".join(
    f"SELECT min(line_id) FROM lines JOIN kept USING (line_id) WHERE {value} <> 0 GROUP BY {value}"
    for value in ["owner", *(f"object_{slot}" for slot in range(1, 6))]
)
OBJECTS_OF_NAMES = " UNION ALL ".join(
    f"SELECT gl_dimension__{slot}__db_id AS id, gl_dimension__{slot}__object_kind__name AS kind, gl_dimension__{slot}__code AS code, "
    f"gl_dimension__{slot}__description AS name FROM xledger.names"
    for slot in SLOTS
)


def main(directory):
    client = requests.Client(request_timeout=300)

    def post(url, question, headers):
        return client.post(url, json=question, headers=headers).content

    xledger = Xledger(post)
    pipeline = dlt.pipeline("bench", pipelines_dir=str(directory), destination=dlt.destinations.duckdb(str(directory / "books.duckdb")), dataset_name="xledger")

    def nodes(name):
        root, _ = QUESTIONS[name]
        return lambda body: [edge["node"] for edge in json.loadb(body)["data"][root]["edges"] or ()]

    def listed(name):
        return dlt.resource(xledger.list(name, nodes(name)), name=name, columns=COLUMNS[name], write_disposition="replace")

    def fetched(name, ids, owner_set="MINE", table_name=None):
        answers = xledger.fetch(name, ids, nodes(name), owner_set)
        return dlt.resource(answers, name=name, table_name=table_name or name, columns=COLUMNS[name], write_disposition="append")

    def load(*resources):
        pipeline.run(list(resources), loader_file_format="parquet")

    def sql(statements):
        with pipeline.sql_client() as db:
            return db.native_connection.execute("USE main; " + statements).fetchall()

    def ids(query):
        return [id for (id,) in sql(query)]

    def view(*names):
        for name in names:
            sql(f"CREATE OR REPLACE VIEW {name} AS SELECT {VIEWS[name]} FROM xledger.{name}")

    load(*map(listed, ("accounts", "ledger", "payables", "suppliers")))
    view("accounts", "ledger", "payables", "suppliers")
    load(fetched("accounts", ids("SELECT DISTINCT account FROM ledger WHERE account NOT IN (SELECT id FROM accounts) ORDER BY ALL"), "ALL"))
    sql((HERE / "screen.sql").read_text("utf-8"))
    load(
        fetched("lines", ids("SELECT line_id FROM kept WHERE type_code <> 'ER' ORDER BY ALL")),
        fetched("expense_lines", ids("SELECT line_id FROM kept WHERE type_code = 'ER' ORDER BY ALL"), table_name="lines"),
        fetched("payable_lines", ids("SELECT id FROM kept_payables ORDER BY ALL")),
    )
    view("lines", "payable_lines")
    unknown = ids("SELECT DISTINCT subledger FROM payable_lines WHERE subledger NOT IN (SELECT id FROM suppliers) ORDER BY ALL")
    load(fetched("suppliers", unknown, "ALL"), fetched("names", ids(EXAMPLES)))
    sql(
        "CREATE TABLE owners AS SELECT owner__db_id AS id, any_value(owner__code) AS code, any_value(owner__description) AS name "
        "FROM xledger.names GROUP BY id; CREATE TABLE objects AS SELECT id, any_value(kind) AS kind, any_value(code) AS code, any_value(name) AS name "
        f"FROM ({OBJECTS_OF_NAMES}) WHERE id <> 0 GROUP BY id; " + (HERE / "spend.sql").read_text("utf-8")
    )
    sql(
        "COPY (SELECT * REPLACE (lpad(month::VARCHAR, 2, '0') AS month) FROM spend ORDER BY year, month, posted_date NULLS LAST, line_id) "
        f"TO '{table()}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month))"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        main(Path(directory))
