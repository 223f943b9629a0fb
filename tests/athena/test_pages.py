"""Filters over a data file of several pages, some of them without any value: what Trino and Spark pass by for the page indexes changes no answer.

One voucher has 50,000 lines, so that its month's file has pages, which end after some 20,000 rows. Which of its values are null is set on the
way from Xledger: each column here has a page of nulls alone, at the beginning, in the middle or at the end. The expected answers are those of
plain loops over what pyarrow reads without a filter.
"""

import hashlib
import itertools
import operator
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pyarrow.parquet
import pytest

from conftest import ddl, readers
from wire import nodes, wire

ORDER = readers.Order(2_000, 3, "huge-voucher")
HUGE = 50_000
FIRST_DAY = date(2030, 1, 1)
"""Later than any other line's, so that the lines of the huge voucher are the last of their month, in the order of their ids."""
BATCH = 20
"""Filters in one query, each with a scan of its own."""


def set_values(node, place):
    """Gives a line its values: one of the huge voucher by its place among them, from 0, any other none."""
    huge = place is not None
    place = place if huge else 0
    node["taxAmount"] = f"{place / 100:.2f}" if huge and place >= 25_000 else None
    node["invoiceAmount"] = f"{(place * 7_919) % HUGE - 20_000}.5" if huge and not 20_000 <= place < 49_500 else None
    node["taxRule"] = {"code": "2" if place < 10_000 else "21"} if huge and place < 35_000 else None
    node["glObject5DbId"] = 0
    if huge:
        # Long enough for pages of fewer rows than the other columns have.
        node["text"] = text(place) if place < 20_000 else None
        node["header"]["postedDate"] = str(FIRST_DAY + timedelta(days=place // 500)) if place < 35_000 else None
    else:
        node["text"] = None


def text(place):
    return f"{place:05} {hashlib.sha512(str(place).encode()).hexdigest()}"


@dataclass(frozen=True)
class Published:
    """A lake, a copy of its data files, and the month of the huge voucher."""

    lake: object
    directory: Path

    @cached_property
    def file(self):
        return max((self.directory / "spend").rglob("*.parquet"), key=lambda file: pyarrow.parquet.read_metadata(file).num_rows)

    @property
    def month(self):
        """As a condition: nothing else is read."""
        return " AND ".join(f"{name} = {int(value)}" for name, value in (part.split("=") for part in self.file.parts[-3:-1]))

    @cached_property
    def rows(self):
        return pyarrow.parquet.ParquetFile(self.file).read().to_pylist()


@pytest.fixture(scope="module")
def published(new_lake, tmp_path_factory):
    books = readers.export_books(ORDER, tmp_path_factory.mktemp("books"))
    [(huge, lines)] = Counter(line["voucher_id"] for line in books.lines).most_common(1)
    assert lines > HUGE
    ids = sorted(int(line["line_id"]) for line in books.lines if line["voucher_id"] == huge)[-HUGE:]
    places = {line: place for place, line in enumerate(ids)}

    def alter(data):
        for node in nodes(data, "transactions"):
            if "taxAmount" in node:
                set_values(node, places.get(int(node["dbId"])))

    lake = new_lake()
    with readers.serve(ORDER) as server, wire(server, alter=alter) as passing:
        manifest = lake.refresh(readers.Server(passing.endpoint, server.token))
    return Published(lake, lake.download(manifest, tmp_path_factory.mktemp("snapshot")))


@pytest.fixture(scope="module")
def spark_table(spark, published):
    spark.sql("CREATE DATABASE pages")
    spark.sql("USE pages")
    spark.sql(ddl("spend", published.directory / "spend"))
    spark.sql("MSCK REPAIR TABLE spend")
    return "pages.spend"


# ------------------------------------------------------------------------------------------------------------------ filters


@dataclass(frozen=True)
class Filter:
    """A condition as both engines take it, and the same of a row."""

    sql: str
    holds: object

    def __and__(self, other):
        return Filter(f"{self.sql} AND {other.sql}", lambda row: self.holds(row) and other.holds(row))

    def __or__(self, other):
        return Filter(f"({self.sql} OR {other.sql})", lambda row: self.holds(row) or other.holds(row))


def is_null(column):
    return Filter(f"{column} IS NULL", lambda row: row[column] is None)


def has_value(column):
    return Filter(f"{column} IS NOT NULL", lambda row: row[column] is not None)


SIGNS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, ">=": operator.ge}


def compared(column, sign):
    """With a value that some rows have; null is neither more nor less than it, nor another one."""
    literal, value = VALUES[column]
    compare = SIGNS[sign]
    return Filter(f"{column} {sign} {literal}", lambda row: row[column] is not None and compare(row[column], value))


def money(text, kind="DECIMAL(18,4)"):
    return f"CAST('{text}' AS {kind})", Decimal(text)


VALUES = {
    "vat_amount": money("312.34"),
    "invoice_amount": money("1000.5"),
    "vat_rate": money("15.00", "DECIMAL(5,2)"),
    "posted_date": ("DATE '2030-02-15'", date(2030, 2, 15)),
    "text": (f"'{text(12_345)}'", text(12_345)),
    "dimension_5_code": ("'A'", "A"),
}

ALONE = [make(column) for column in VALUES for make in (is_null, has_value)]
ALONE += [compared(column, sign) for column in VALUES for sign in SIGNS]
TOGETHER = [compared(one, ">=") & is_null(other) for one, other in itertools.permutations(VALUES, 2)]
TOGETHER += [made for one, other in itertools.combinations(VALUES, 2) for made in (is_null(one) & is_null(other), is_null(one) | compared(other, "<"))]


def expected(published, filters):
    """How many rows each lets through, and which: their ids as a sum, the least and the greatest."""
    found = []
    for each in filters:
        ids = [row["line_id"] for row in published.rows if each.holds(row)]
        found.append((len(ids), sum(ids) or None, min(ids, default=None), max(ids, default=None)))
    return found


def answers(ask, table, published, filters):
    """What an engine answers to each of them."""
    found = []
    for start in range(0, len(filters), BATCH):
        parts = [
            f"SELECT {number} AS number, count(*) AS rows_, sum(line_id) AS ids, min(line_id) AS least, max(line_id) AS greatest "
            f"FROM {table} WHERE {published.month} AND {each.sql}"
            for number, each in enumerate(filters[start : start + BATCH])
        ]
        found += [tuple(row)[1:] for row in sorted(tuple(row) for row in ask(" UNION ALL ".join(parts)))]
    return found


def differing(filters, seen, wanted):
    return [(each.sql, one, other) for each, one, other in zip(filters, seen, wanted, strict=True) if one != other]


# -------------------------------------------------------------------------------------------------------------------- tests


def pages(spark, file, column):
    """The first row of each page of a column, and whether it has no value, as the page indexes say."""
    jvm = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(str(file))
    reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(
        jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(path, spark._jsc.hadoopConfiguration())
    )
    try:
        [block] = reader.getFooter().getBlocks()
        [chunk] = [chunk for chunk in block.getColumns() if chunk.getPath().toDotString() == column]
        offsets, index = reader.readOffsetIndex(chunk), reader.readColumnIndex(chunk)
        return [(offsets.getFirstRowIndex(page), empty) for page, empty in enumerate(index.getNullPages())]
    finally:
        reader.close()


def test_the_file_has_such_pages(spark, published):
    """Or the tests below would prove nothing."""
    found = {column: pages(spark, published.file, column) for column in ("line_id", *VALUES)}
    assert len(published.rows) > HUGE
    assert all(len(each) > 2 for each in found.values()), found
    assert not any(empty for _, empty in found["line_id"])
    empty = {column: [empty for _, empty in found[column]] for column in VALUES}
    assert all(empty.pop("dimension_5_code"))
    assert all(any(each) and not all(each) for each in empty.values()), found
    assert empty["vat_amount"][0] and empty["posted_date"][-1] and not (empty["invoice_amount"][0] or empty["invoice_amount"][-1]), found
    assert {row for row, _ in found["text"]} - {row for row, _ in found["vat_amount"]}, "pages of two columns begin at the same rows"


def test_the_filters_let_something_through_and_keep_something_back(published):
    counts = [count for count, *_ in expected(published, [*ALONE, *TOGETHER])]
    assert sum(0 < count < len(published.rows) for count in counts) > len(counts) / 2
    assert len(set(counts)) > 20, "many of them are the same"


@pytest.mark.parametrize("filters", [ALONE, TOGETHER], ids=["of one column", "of two columns"])
def test_trino_passes_by_no_row(engine, published, filters):
    seen = answers(lambda sql: engine.query(sql, published.lake.database), "spend", published, filters)
    assert differing(filters, seen, expected(published, filters)) == []


@pytest.mark.parametrize("filters", [ALONE, TOGETHER], ids=["of one column", "of two columns"])
def test_spark_passes_by_no_row(spark, spark_table, published, filters):
    seen = answers(lambda sql: spark.sql(sql).collect(), spark_table, published, filters)
    assert differing(filters, seen, expected(published, filters)) == []
