"""Queries while one publication follows another: no query fails, and each answer is that of one snapshot. QUERIES=1000 asks for minutes.

The expected answers are not Trino's: DuckDB gives them from the files of each snapshot, and the totals in its manifest confirm them.
"""

import itertools
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb
import pytest

from conftest import files, readers

QUERIES = int(os.environ.get("QUERIES") or 300)
CLIENTS = 3
TOTALS = "SELECT count(*), sum(amount) FROM spend"

# In words that both engines know. Each has another answer for each of the companies below, or it could not tell them apart.
SPEND = [
    TOTALS,
    "SELECT year, month, count(*), sum(amount) FROM spend GROUP BY year, month ORDER BY year, month",
    "SELECT owner_id, year, sum(amount) FROM spend GROUP BY owner_id, year ORDER BY owner_id, year",
    "SELECT count(*), sum(amount), min(month), max(month) FROM spend WHERE year = 2026 AND month BETWEEN 2 AND 9",
    "SELECT count(*), sum(amount) FROM spend WHERE posted_date >= DATE '2026-03-01' AND posted_date < DATE '2026-10-01'",
    "SELECT count(*), max(voucher_modified_at) FROM spend WHERE voucher_modified_at >= TIMESTAMP '2026-03-01 00:00:00'",
    "SELECT count(*), sum(vat_amount) FROM spend WHERE amount >= CAST('1000.5' AS DECIMAL(18,4)) OR vat_rate = CAST('25.00' AS DECIMAL(5,2))",
    "SELECT account_code, count(*), sum(invoice_amount) FROM spend GROUP BY account_code ORDER BY account_code",
    "SELECT line_id, amount, supplier_name, text FROM spend WHERE year = 2026 ORDER BY line_id",
]
SUPPLIER = [
    "SELECT count(*), sum(line_count), sum(spend_amount) FROM supplier",
    "SELECT owner_id, count(*), sum(spend_amount) FROM supplier GROUP BY owner_id ORDER BY owner_id",
    "SELECT supplier_id, supplier_name, spend_amount, modified_at FROM supplier WHERE owner_id = 4242 ORDER BY supplier_id",
]
JOINS = [
    "SELECT count(*), sum(p.amount), count(DISTINCT s.supplier_id) FROM spend p JOIN supplier s ON s.supplier_id = p.supplier_id",
    "SELECT s.country_code, sum(p.amount) FROM spend p LEFT JOIN supplier s ON s.supplier_id = p.supplier_id GROUP BY s.country_code ORDER BY 2, 1",
]
SNAPSHOT = """regexp_extract("$path", '/snapshots/([^/]+)/', 1)"""
PATHS = [
    f"SELECT {SNAPSHOT}, count(*), sum(amount) FROM spend GROUP BY 1",
    f"SELECT {SNAPSHOT}, count(*), sum(spend_amount) FROM supplier GROUP BY 1",
]
RUNS = "SELECT count(*), count(DISTINCT run_id), count_if(status = 'succeeded'), max(finished_at) FROM runs"


@dataclass
class Publication:
    """A refresh: when it ran, and what it published."""

    company: int
    began: float
    ended: float = float("inf")
    manifest: dict = field(default_factory=dict)


class Company:
    """What a server and a first month of history publish, always the same; and each query's answer over it."""

    def __init__(self, server, history_from):
        self.server = server
        self.history_from = history_from

    def publish(self, lake):
        return lake.refresh(self.server, SPEND_HISTORY_FROM=self.history_from)

    def learn(self, lake, manifest, directory):
        self.directory = lake.download(manifest, directory)
        self.checksums = checksums(manifest)
        with tables(self, self) as database:
            self.answers = {sql: rows(database.execute(sql).fetchall()) for sql in (*SPEND, *SUPPLIER, *JOINS)}
        totals = manifest["control_totals"]["spend"]
        told = sum(total["lines"] for total in totals), sum(Decimal(total["amount"]) for total in totals)
        assert self.answers[TOTALS] == [told]


@contextmanager
def tables(spend, supplier):
    """DuckDB over the `spend` of one company and the `supplier` of another."""
    with duckdb.connect() as database:
        # The times that Trino gives have no zone, and neither may DuckDB's.
        database.execute("SET TimeZone = 'UTC'")
        for table, directory, depth, types in (
            ("spend", spend.directory, "*/*", "'year': INT, 'month': INT"),
            ("supplier", supplier.directory, "*", "'owner_id': BIGINT"),
        ):
            source = f"read_parquet('{directory}/{table}/{depth}/*.parquet', hive_types = {{{types}}})"
            times = [name for name, kind, *_ in database.execute(f"DESCRIBE FROM {source}").fetchall() if kind == "TIMESTAMP WITH TIME ZONE"]
            plain = ", ".join(f"{name}::TIMESTAMP AS {name}" for name in times)
            database.execute(f"CREATE TABLE {table} AS SELECT * REPLACE ({plain}) FROM {source}")
        yield database


def checksums(manifest):
    return {file["path"]: file["sha256"] for file in files(manifest)}


def rows(answer):
    return [tuple(row) for row in answer]


@pytest.fixture(scope="module")
def published(new_lake, tmp_path_factory):
    """A lake, and companies that differ in their lines, their months and their owners, each published once."""
    lake = new_lake()
    with ExitStack() as stack:
        servers = [stack.enter_context(readers.serve(readers.Order(lines, seed))) for lines, seed in ((1_000, 1), (1_200, 2), (900, 3))]
        histories = ("2026-01", "2025-07")
        companies = [Company(server, history) for history, server in itertools.product(histories, servers)]
        publications = []
        for number, company in enumerate(companies):
            publication = publish(lake, number, company)
            company.learn(lake, publication.manifest, tmp_path_factory.mktemp("snapshot"))
            publications.append(publication)
        for sql in (*SPEND, *SUPPLIER, *JOINS):
            neighbours = list(itertools.pairwise([*companies, companies[0]]))
            assert all(a.answers[sql] != b.answers[sql] for a, b in neighbours), f"cannot tell neighbours apart: {sql}"
        yield lake, companies, publications


def publish(lake, number, company):
    publication = Publication(number, time.monotonic())
    publication.manifest = company.publish(lake)
    publication.ended = time.monotonic()
    return publication


@dataclass(frozen=True)
class Asked:
    """A query, when it was under way, and its answer or the error."""

    sql: str
    began: float
    ended: float
    answer: object


def ask(engine, lake, sql):
    began = time.monotonic()
    try:
        answer = rows(engine.query(sql, lake.database))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
        answer = error
    return Asked(sql, began, time.monotonic(), answer)


class Publisher(threading.Thread):
    """Publishes company after company until it is told to stop."""

    def __init__(self, lake, companies, publications):
        super().__init__()
        self.lake, self.companies, self.publications = lake, companies, publications
        self.enough = threading.Event()
        self.error = None

    def run(self):
        for number, company in itertools.cycle(enumerate(self.companies)):
            if self.enough.is_set():
                return
            publication = Publication(number, time.monotonic())
            # Visible before it is made: a query may meet the tables that it moves before it returns.
            self.publications.append(publication)
            try:
                publication.manifest = company.publish(self.lake)
            except BaseException as error:  # noqa: BLE001 - told to the test
                self.error = error
                return
            publication.ended = time.monotonic()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        self.join()


def could_be_seen(publications, asked):
    """The publications whose tables could be there while the query was under way."""
    nexts = [publication.ended for publication in publications[1:]] + [float("inf")]
    return [
        publication
        for publication, replaced in zip(publications, nexts, strict=True)
        if publication.began <= asked.ended and replaced >= asked.began
    ]


def test_queries_while_publications_go_on(engine, published, record_property):
    lake, companies, publications = published
    # A mixture with a fixed seed, so that a failure can be sought with the same queries.
    mixture = random.Random(17)
    queries = [mixture.choice([*SPEND, *SUPPLIER, *JOINS, *PATHS, RUNS]) for _ in range(QUERIES)]
    began = time.monotonic()
    with Publisher(lake, companies, publications) as publisher, ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda sql: ask(engine, lake, sql), queries))
    seconds = time.monotonic() - began
    assert publisher.error is None
    for publication in publications:
        assert checksums(publication.manifest) == companies[publication.company].checksums

    wrong, seen, between = [], Counter(), 0
    for asked in answers:
        possible = could_be_seen(publications, asked)
        if isinstance(asked.answer, Exception):
            wrong.append(("error", asked))
        elif asked.sql == RUNS:
            runs_read_whole(asked, publications) or wrong.append(("runs", asked))
        elif asked.sql in PATHS:
            snapshots = {row[0] for row in asked.answer}
            right = [p for p in possible if {p.manifest["snapshot"]} == snapshots and path_answer(companies, p, asked) == asked.answer]
            seen.update(snapshots)
            right or wrong.append(("mixed or stale", asked))
        elif any(companies[p.company].answers[asked.sql] == asked.answer for p in possible):
            pass
        elif asked.sql in JOINS and is_between(companies, possible, asked):
            between += 1
        else:
            wrong.append(("mixed or stale", asked))
    kinds = Counter(kind for kind, _ in wrong)
    during = [p for p in publications if p.ended > began]
    record_property("queries", f"{len(answers)} in {seconds:.0f} s, during {len(during)} publications; wrong: {dict(kinds)}")
    record_property("joins of two tables whose snapshots differed", f"{between} of {sum(asked.sql in JOINS for asked in answers)}")
    record_property("snapshots that were met by name", len(seen))
    assert not wrong, [(kind, asked.sql, str(asked.answer)[:500]) for kind, asked in wrong[:5]]
    assert len(during) > len(companies), "too few publications to prove anything"


def is_between(companies, possible, asked):
    """Whether a join met two snapshots, one after the other: each table moves by itself, `supplier` first."""
    for spend, supplier in itertools.pairwise(possible):
        with tables(companies[spend.company], companies[supplier.company]) as database:
            if rows(database.execute(asked.sql).fetchall()) == asked.answer:
                return True
    return False


def path_answer(companies, publication, asked):
    """What a query by snapshot answers over a publication."""
    sql = TOTALS if asked.sql == PATHS[0] else SUPPLIER[0]
    ((count, *_, total),) = companies[publication.company].answers[sql]
    return [(publication.manifest["snapshot"], count, total)]


def runs_read_whole(asked, publications):
    """Each run that had ended is there once; of those that were under way, any number."""
    ((count, distinct, succeeded, _),) = asked.answer
    sure = sum(p.ended <= asked.began for p in publications)
    at_most = sum(p.began <= asked.ended for p in publications)
    return count == distinct == succeeded and sure <= count <= at_most
