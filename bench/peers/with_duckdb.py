"""DuckDB: pages are downloaded as they are, and everything else is SQL over the JSON files."""

import tempfile
import threading
from itertools import count
from pathlib import Path

import duckdb
import requests

from xledger import OBJECTS, QUESTIONS, Xledger, table

HERE = Path(__file__).parent
PERIOD = "STRUCT(year INTEGER, monthNumber INTEGER, fiscalYear INTEGER, fiscalPeriod INTEGER)"
OBJECT = "STRUCT(dbId BIGINT, code VARCHAR, description VARCHAR, objectKind STRUCT(name VARCHAR))"
FLAGS = "asset liabilities equity revenue cost costWagesSalaries costOfGoodsSold costOtherOperating finance".split()
NODES = {
    "accounts": "dbId BIGINT, code VARCHAR, description VARCHAR, "
    + ", ".join(f"{flag} BOOLEAN" for flag in FLAGS)
    + ", accountGroup STRUCT(description VARCHAR), chartOfAccount STRUCT(dbId BIGINT)",
    "suppliers": "dbId BIGINT, ownerDbId BIGINT, companyDbId BIGINT, code VARCHAR, description VARCHAR, address STRUCT(country STRUCT(code VARCHAR))",
    "ledger": f"dbId BIGINT, ownerDbId BIGINT, accountDbId BIGINT, matchId BIGINT, period {PERIOD}, header STRUCT(dbId BIGINT, "
    "modifiedAt TIMESTAMP, transactionSource STRUCT(dbId BIGINT, code VARCHAR, description VARCHAR))",
    "payables": "dbId BIGINT, ownerDbId BIGINT, matchId BIGINT, headerTransactionSourceDbId BIGINT, transactionHeader STRUCT(dbId BIGINT)",
    "lines": "dbId BIGINT, text VARCHAR, amount DECIMAL(18,4), invoiceAmount DECIMAL(18,4), taxAmount DECIMAL(18,4), companyDbId BIGINT, "
    + ", ".join(f"{each}DbId BIGINT" for each in OBJECTS)
    + ", currency STRUCT(code VARCHAR), taxRule STRUCT(code VARCHAR), header STRUCT(transactionNumber BIGINT, postedDate DATE, createdAt TIMESTAMP)",
    "payable_lines": "dbId BIGINT, subledgerDbId BIGINT, invoiceNumber VARCHAR, invoiceDate DATE, dueDate DATE, company STRUCT(dbId BIGINT)",
    "names": "owner STRUCT(dbId BIGINT, code VARCHAR, description VARCHAR), glDimension STRUCT("
    + ", ".join(f"{each} {OBJECT}" for each in OBJECTS)
    + ")",
}
SELECTS = {
    "accounts": f"dbId AS id, code, description AS name, accountGroup.description AS group_name, chartOfAccount.dbId AS chart, {', '.join(FLAGS)}",
    "suppliers": "dbId AS id, coalesce(ownerDbId, 0) AS owner, nullif(companyDbId, 0) AS company, code, description AS name, "
    "address.country.code AS country_code",
    "ledger": "dbId AS line_id, nullif(ownerDbId, 0) AS owner, nullif(accountDbId, 0) AS account, nullif(matchId, 0) AS match, period.year, "
    "period.monthNumber AS month, period.fiscalYear AS fiscal_year, period.fiscalPeriod AS fiscal_period, nullif(header.dbId, 0) AS voucher, "
    "header.modifiedAt AS modified_at, header.transactionSource.dbId AS type_id, header.transactionSource.code AS type_code, "
    "header.transactionSource.description AS type_name",
    "payables": "dbId AS id, nullif(ownerDbId, 0) AS owner, nullif(matchId, 0) AS match, headerTransactionSourceDbId AS type_id, "
    "nullif(transactionHeader.dbId, 0) AS voucher",
    "lines": "dbId AS line_id, nullif(text, '') AS text, amount, invoiceAmount AS invoice_amount, taxAmount AS vat_amount, nullif(companyDbId, 0) AS company, "
    + ", ".join(f"{each}DbId AS object_{slot}" for slot, each in enumerate(OBJECTS, 1))
    + ", currency.code AS currency, taxRule.code AS vat_code, header.transactionNumber AS voucher_number, header.postedDate AS posted_date, "
    "header.createdAt AS created_at",
    "payable_lines": "dbId AS id, nullif(subledgerDbId, 0) AS subledger, nullif(invoiceNumber, '') AS invoice_number, invoiceDate AS invoice_date, "
    "dueDate AS due_date, nullif(company.dbId, 0) AS company",
    "names": "*",
}


def main(pages):
    local, numbers = threading.local(), count()

    def post(url, question, headers):
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.post(url, json=question, headers=headers, timeout=300)
        answer.raise_for_status()
        return answer.content

    def save(name):
        return lambda body: (pages / f"{name}-{next(numbers)}.json").write_bytes(body)

    def wait_for(answers):
        for _ in answers:
            pass

    xledger, db = Xledger(post), duckdb.connect(str(pages / "spend.duckdb"))

    def load(name):
        root, _ = QUESTIONS[name]
        columns = f"{{data: 'STRUCT({root} STRUCT(edges STRUCT(node STRUCT({NODES[name]}))[]))'}}"
        db.sql(
            f"CREATE OR REPLACE TABLE {name} AS WITH nodes AS (SELECT unnest(data.{root}.edges, recursive := false).node AS node FROM "
            f"read_json('{pages}/{name}-*.json', format = 'unstructured', columns = {columns}, maximum_object_size = 268435456)) "
            f"SELECT {SELECTS[name]} FROM (SELECT unnest(node) FROM nodes)"
        )

    def ids(query):
        return [id for (id,) in db.sql(query).fetchall()]

    for name in ("accounts", "ledger", "payables", "suppliers"):
        wait_for(xledger.list(name, save(name)))
        load(name)
    unknown = ids("SELECT DISTINCT account FROM ledger WHERE account NOT IN (SELECT id FROM accounts) ORDER BY ALL")
    wait_for(xledger.fetch("accounts", unknown, save("accounts"), "ALL"))
    load("accounts")
    db.execute((HERE / "screen.sql").read_text("utf-8"))

    wait_for(xledger.fetch("lines", ids("SELECT line_id FROM kept WHERE type_code <> 'ER' ORDER BY ALL"), save("lines")))
    wait_for(xledger.fetch("expense_lines", ids("SELECT line_id FROM kept WHERE type_code = 'ER' ORDER BY ALL"), save("lines")))
    load("lines")
    wait_for(xledger.fetch("payable_lines", ids("SELECT id FROM kept_payables ORDER BY ALL"), save("payable_lines")))
    load("payable_lines")
    unknown = ids("SELECT DISTINCT subledger FROM payable_lines WHERE subledger NOT IN (SELECT id FROM suppliers) ORDER BY ALL")
    wait_for(xledger.fetch("suppliers", unknown, save("suppliers"), "ALL"))
    load("suppliers")
    examples = " UNION ".join(
        f"SELECT min(line_id) FROM lines JOIN kept USING (line_id) WHERE {value} <> 0 GROUP BY {value}"
        for value in ["owner", *(f"object_{slot}" for slot in range(1, 6))]
    )
    wait_for(xledger.fetch("names", ids(examples), save("names")))
    load("names")
    db.sql("CREATE TABLE owners AS SELECT owner.dbId AS id, any_value(owner.code) AS code, any_value(owner.description) AS name FROM names GROUP BY id")
    objects = " UNION ALL ".join(f"SELECT glDimension.{each} AS each FROM names" for each in OBJECTS)
    db.sql(
        "CREATE TABLE objects AS SELECT each.dbId AS id, any_value(each.objectKind.name) AS kind, any_value(each.code) AS code, "
        f"any_value(each.description) AS name FROM ({objects}) WHERE each.dbId <> 0 GROUP BY id"
    )

    db.execute((HERE / "spend.sql").read_text("utf-8"))
    db.sql(
        f"COPY (SELECT * REPLACE (lpad(month::VARCHAR, 2, '0') AS month) FROM spend ORDER BY year, month, posted_date NULLS LAST, line_id) TO '{table()}' "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month))"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        main(Path(directory))
