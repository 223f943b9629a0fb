"""Every figure of the report page, against the same figures worked out from the rows of the tables."""

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pyarrow.parquet
import pytest

from conftest import WITH_CURRENCIES, Order, refreshed

PURCHASES = ("operating", "capital", "stock", "prepaid")
COMPANIES = {
    "currencies": (Order(20_000, 1, WITH_CURRENCIES), {}),
    "norwegian": (Order(6_000, 5, WITH_CURRENCIES), {"SPEND_LANGUAGE": "no"}),
    "owners": (Order(6_000, 3, "spend-english"), {"REPORT_SUPPLIERS": "codes"}),
}
TOP = 20
CATEGORIES, NARROWER = 12, 8
COLOURS = 7


@pytest.fixture(scope="module", params=COMPANIES)
def page(request, tmp_path_factory):
    order, settings = COMPANIES[request.param]
    with refreshed(order, tmp_path_factory.mktemp("page"), **settings) as company:
        html = (company.snapshot / "report.html").read_text("utf-8")
        rows = []
        for file in company.files("spend"):
            year, month = (int(part.partition("=")[2]) for part in file.parent.parts[-2:])
            rows += [row | {"year": year, "month": month} for row in pyarrow.parquet.ParquetFile(file).read().to_pylist()]
        yield Page(html), Books(rows, company.run.report), settings


# ------------------------------------------------------------------------------------------------------ what the page says


class Page(HTMLParser):
    """The tiles of each section, and the tables of each block by their captions."""

    def __init__(self, html):
        super().__init__()
        self.tiles, self.tables, self.sentences = [], defaultdict(dict), defaultdict(list)
        self.language, self.block, self.text, self.rows = None, [], None, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        match tag:
            case "html":
                self.language = attributes["lang"]
            case "section":
                self.block.append(attributes["id"])
            case "dl" if attributes.get("class") == "tiles":
                self.tiles.append([])
            case "caption" | "th" | "td" | "dt" | "dd" | "p":
                self.text = ""
            case "table":
                self.rows = []
            case "tr":
                self.rows.append([])

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        match tag:
            case "section":
                self.block.pop()
            case "caption":
                self.tables[self.block[-1] if self.block else ""][self.text] = self.rows
            case "th" | "td":
                self.rows[-1].append(self.text)
            case "dt" if self.tiles:
                self.tiles[-1].append([])
            case "dd" if self.tiles:
                self.tiles[-1][-1].append(self.text)
            case "p" if self.block:
                self.sentences[self.block[-1]].append(self.text)
        if tag in ("caption", "th", "td", "dt", "dd", "p"):
            self.text = None

    def table(self, block):
        """Rows of the only table of a block, without the head."""
        [table] = self.tables[block].values()
        return table[1:]

    # As the reader writes them.

    @property
    def percent(self):
        return "\u00a0%" if self.language == "nb" else "%"

    def amount(self, amount):
        return self._signed(self._rounded(amount, "1"))

    def tenths(self, amount):
        return self._signed(self._rounded(amount, "0.1"))

    def share(self, part, whole):
        return f"{self.tenths(Decimal(part) * 100 / Decimal(whole))}{self.percent}" if whole > 0 else "–"

    def change(self, now, before):
        if before <= 0:
            return "–"
        percent = self._rounded(Decimal(now - before) * 100 / Decimal(before), "0.1")
        if percent >= 1_000:
            return f">\u00a0+999{self.percent}"
        return f"{'+' if percent > 0 else ''}{self._signed(percent)}{self.percent}"

    @staticmethod
    def _rounded(amount, unit):
        return Decimal(amount).quantize(Decimal(unit), ROUND_HALF_UP)

    def _signed(self, number):
        text = f"{abs(number):,}"
        if self.language == "nb":
            text = text.replace(",", "\u00a0").replace(".", ",")
        return f"\u2212{text}" if number < 0 else text


# --------------------------------------------------------------------------------------------------- what the tables say


class Sum:
    def __init__(self):
        self.now = self.before = Decimal()
        self.lines = self.lines_before = self.invoices = self.invoices_before = 0

    def plus(self, other):
        made = Sum()
        for each in vars(made):
            setattr(made, each, getattr(self, each) + getattr(other, each))
        return made

    def add(self, place, amount, invoice):
        if place == "now":
            self.now, self.lines, self.invoices = self.now + amount, self.lines + 1, self.invoices + invoice
        else:
            self.before, self.lines_before = self.before + amount, self.lines_before + 1
            self.invoices_before += invoice


class Section:
    def __init__(self):
        self.ever_lines, self.ever = 0, Decimal()
        self.intercompany_lines, self.intercompany = 0, Decimal()
        self.total, self.without_supplier = Sum(), Sum()
        self.months = defaultdict(lambda: defaultdict(Decimal))
        self.wider, self.categories, self.suppliers, self.owners = (defaultdict(Sum) for _ in range(4))
        self.called = {}
        self.dimensions = defaultdict(lambda: defaultdict(Decimal))
        self.terms = defaultdict(lambda: [0, Decimal()])
        self.weighted = [Decimal(), Decimal()]

    def sold(self):
        """Suppliers with lines in the year, the largest first."""
        return sorted((each for each in self.suppliers.values() if each.lines), key=lambda each: (-each.now, each.invoices))


class Books:
    """The figures of a company, section by section, the one with the most lines first."""

    def __init__(self, rows, report):
        began = datetime.fromisoformat(report["started_at"]).astimezone(ZoneInfo("Europe/Oslo"))
        open = began.year * 12 + began.month - 1
        ended = [row["year"] * 12 + row["month"] - 1 for row in rows if row["year"] * 12 + row["month"] - 1 < open]
        self.last = max(ended, default=open - 1)
        self.open = open if open == self.last + 1 else None
        sections, invoices = defaultdict(Section), set()
        for row in rows:
            if row["spend_class"] in PURCHASES and row["amount"] is not None:
                currency = row["amount_currency_code"]
                self._add(sections[(currency, None) if currency else (None, row["owner_id"])], row, invoices)
        shown = [each for each in sections.items() if each[1].ever_lines or each[1].intercompany_lines]
        self.rows, self.report = len(rows), report
        self.sections = [section for _, section in sorted(shown, key=lambda each: (-each[1].ever_lines, each[0][0] or "", each[0][1] or 0))]

    def _place(self, number):
        age = self.last - number
        return "now" if 0 <= age < 12 else "before" if 12 <= age < 24 else None

    def _add(self, section, row, invoices):
        number, amount = row["year"] * 12 + row["month"] - 1, row["amount"]
        place = self._place(number)
        if row["is_intercompany"]:
            if place == "now":
                section.intercompany_lines, section.intercompany = section.intercompany_lines + 1, section.intercompany + amount
            return
        section.ever_lines, section.ever = section.ever_lines + 1, section.ever + amount
        section.months[number][row["category_1"]] += amount
        if place is None:
            return
        voucher, supplier = row["voucher_id"], row["supplier_id"]
        invoice_kind = row["invoice_kind"]
        is_payment = invoice_kind == "payment" or (row["document_type"] == "BA" and invoice_kind in (None, "unknown"))
        is_invoice = supplier is not None and not is_payment and any((invoice_kind, row["invoice_number"], row["invoice_date"]))
        places = [(), (row["category_1"],), (row["category_1"], row["category_2"])]
        counted = [voucher is not None and is_invoice and (voucher, supplier, place) not in invoices for place in places]
        invoices.update((voucher, supplier, place) for place, is_new in zip(places, counted, strict=True) if is_new)
        is_new, is_new_in_wider, is_new_in_category = counted
        section.total.add(place, amount, is_new)
        section.owners[row["owner_id"]].add(place, amount, is_new)
        section.wider[row["category_1"]].add(place, amount, is_new_in_wider)
        section.categories[row["category_1"], row["category_2"]].add(place, amount, is_new_in_category)
        if supplier is None:
            section.without_supplier.add(place, amount, False)
        else:
            section.suppliers[row["supplier_key"]].add(place, amount, is_new)
            known = section.called.get(row["supplier_key"])
            if known is None or supplier < known[0]:
                section.called[row["supplier_key"]] = (supplier, row["supplier_name"], row["supplier_code"], row["company_number_status"])
        if place == "now":
            kinds = set()
            for at in range(1, 6):
                kind, code, name = (row[f"dimension_{at}_{what}"] for what in ("kind", "code", "name"))
                if kind and kind not in kinds:
                    kinds.add(kind)
                    section.dimensions[kind][code, name] += amount
            if is_invoice and invoice_kind in (None, "invoice", "unknown"):
                self._terms(section, row, amount, is_new)

    @staticmethod
    def _terms(section, row, amount, is_new):
        from_, to = row["invoice_date"], row["due_date"]
        days = (to - from_).days if from_ and to else None
        if days is not None and not -31 <= days <= 366:
            days = None
        span = 5 if days is None else sum(days > last for last in (0, 14, 30, 60))
        section.terms[span][0] += is_new
        section.terms[span][1] += amount
        if days is not None:
            section.weighted[0] += days * amount
            section.weighted[1] += amount


# ------------------------------------------------------------------------------------------------------------------ tests


def each_section(page):
    page, books, _ = page
    assert len(page.tiles) == min(len(books.sections), 4) > 0
    for at, section in enumerate(books.sections[:4]):
        yield page, section, f"s{at}-", page.tiles[at]


def test_the_line_of_figures(page):
    for page, section, _, tiles in each_section(page):
        total, without = section.total, section.without_supplier
        [ten, ten_before] = (
            sum(sorted((getattr(each, name) for each in section.suppliers.values()), reverse=True)[:10]) for name in ("now", "before")
        )
        suppliers = sum(each.lines > 0 for each in section.suppliers.values())
        values = [tile[0] for tile in tiles]
        assert values == [
            page.amount(total.now),
            page.amount(suppliers),
            page.amount(total.invoices),
            page.share(without.now, total.now),
            page.share(ten, total.now),
        ]
        suppliers_before = sum(each.lines_before > 0 for each in section.suppliers.values())
        notes = [tile[1] for tile in tiles]
        for note, now, before in zip(notes, (total.now, suppliers, total.invoices), (total.before, suppliers_before, total.invoices_before)):
            change = page.change(now, before)
            assert note.endswith(page.amount(before)) and (change == "–" or note.startswith(f"{change} ")), note
        for note, share in zip(notes[3:], (page.share(without.before, total.before), page.share(ten_before, total.before)), strict=True):
            assert note.startswith(f"{share} "), note


def test_months(page):
    _, books, _ = page
    for page, section, id, _ in each_section(page):
        rows = page.table(f"{id}months")
        newest = books.last + (books.open is not None and bool(section.months.get(books.open)))
        numbers = range(newest, books.last - 24, -1)
        # The largest categories have a column each, and the others one.
        amounts = defaultdict(lambda: [Decimal()] * len(numbers))
        for at, number in enumerate(numbers):
            for name, amount in section.months[number].items():
                amounts[name] = [*amounts[name][:at], amount, *amounts[name][at + 1 :]]
        ranked = sorted(amounts, key=lambda name: (-sum(map(abs, amounts[name])), name or ""))
        columns = [amounts[name] for name in ranked[:COLOURS]]
        if ranked[COLOURS:]:
            columns.append([sum(of_month) for of_month in zip(*(amounts[name] for name in ranked[COLOURS:]))])
        expected = [[page.amount(sum(section.months[number].values())), *(page.amount(column[at]) for column in columns)] for at, number in enumerate(numbers)]
        assert [row[1:] for row in rows] == expected
        notes = " ".join(page.sentences[f"{id}months"])
        assert f"{page.amount(section.ever)} " in notes and page.amount(section.ever_lines) in notes
        if section.intercompany_lines:
            assert page.amount(section.intercompany) in notes


def cells(page, sum, total):
    return [page.amount(sum.now), page.share(sum.now, total.now), page.change(sum.now, sum.before), page.amount(sum.invoices)]


def ranking(sums):
    """Those with anything in the year, the largest first."""
    return sorted(((name, sum) for name, sum in sums.items() if sum.lines or sum.now), key=lambda each: (-each[1].now, each[0] or ""))


def others(page, ranked, most, sums, total):
    """The row of all that have none of their own, if there are any."""
    shown, added = {name for name, _ in ranked[:most]}, Sum()
    for name, sum in sums.items():
        added = added if name in shown else added.plus(sum)
    return [[None, *cells(page, added, total)]] if len(ranked) > most else []


def test_categories(page):
    for page, section, id, _ in each_section(page):
        rows = page.table(f"{id}categories")
        without = "Uten kategori" if page.language == "nb" else "Without category"
        expected = []
        ranked = ranking(section.wider)
        for name, sum in ranked[:CATEGORIES]:
            expected.append([name or without, *cells(page, sum, section.total)])
            of_name = {narrower: part for (of, narrower), part in section.categories.items() if of == name}
            parts = ranking(of_name)
            if len(parts) > 1 or any(narrower for narrower, _ in parts):
                expected += [[narrower or without, *cells(page, part, section.total)] for narrower, part in parts[:NARROWER]]
                expected += others(page, parts, NARROWER, of_name, section.total)
        expected += others(page, ranked, CATEGORIES, dict(ranked), section.total)
        expected.append([rows[-1][0], *cells(page, section.total, section.total)])
        assert [row[1:] for row in rows] == [row[1:] for row in expected]
        assert [row[0] for row, wanted in zip(rows, expected) if wanted[0]] == [wanted[0] for wanted in expected if wanted[0]]


def test_suppliers(page):
    _, _, settings = page
    for page, section, id, _ in each_section(page):
        ranked = sorted((key for key, each in section.suppliers.items() if each.lines or each.now), key=lambda key: -section.suppliers[key].now)
        rows = page.table(f"{id}suppliers")
        assert [row[1] for row in rows[: len(ranked[:TOP])]] == [page.amount(section.suppliers[key].now) for key in ranked[:TOP]]
        rest = others(page, [(key, section.suppliers[key]) for key in ranked], TOP, section.suppliers, section.total)
        assert [row[1:4] for row in rows[TOP : TOP + len(rest)]] == [row[1:4] for row in rest]
        assert len(rows) == len(ranked[:TOP]) + len(rest) + (section.without_supplier.lines > 0) + 1
        for key in ranked[:TOP]:
            _, name, code, status = section.called[key]
            is_named = name and status != "personal" and settings.get("REPORT_SUPPLIERS") != "codes"
            called = name if is_named else f"{'Leverandør' if page.language == 'nb' else 'Supplier'} {code}"
            assert [called, *cells(page, section.suppliers[key], section.total)] in rows
        assert rows[-1][1:] == cells(page, section.total, section.total)
        if section.without_supplier.lines:
            assert rows[-2][1:] == cells(page, section.without_supplier, section.total)


def test_companies(page):
    for page, section, id, _ in each_section(page):
        assert len(section.owners) <= TOP
        expected = [cells(page, owner, section.total) for _, owner in ranking(section.owners)]
        expected += [cells(page, section.total, section.total)] if len(expected) > 1 else []
        assert [row[1:] for row in page.table(f"{id}owners")] == expected


def test_dimensions(page):
    for page, section, id, _ in each_section(page):
        tables = page.tables[f"{id}dimensions"]
        assert tables
        for caption, table in tables.items():
            kind = table[0][0]
            assert caption.startswith(f"{kind}, ")
            values = section.dimensions[kind]
            rows, amounts = table[1:], sorted(values.values(), reverse=True)
            assert [row[1] for row in rows[: len(amounts[:10])]] == [page.amount(amount) for amount in amounts[:10]]
            without = section.total.now - sum(amounts)
            if without:
                assert rows[-2][1:] == [page.amount(without), page.share(without, section.total.now)]
            assert rows[-1][1] == page.amount(section.total.now)


def test_the_tail(page):
    for page, section, id, _ in each_section(page):
        sold = section.sold()
        all = sum(each.now for each in sold)
        head, reached = 0, Decimal()
        while reached * 5 < all * 4:
            head, reached = head + 1, reached + sold[head].now
        parts = [sold[:head], sold[head:], sold]
        expected = [[page.amount(len(part)), page.amount(sum(each.invoices for each in part)), page.amount(sum(each.now for each in part))] for part in parts]
        once = [each for each in sold if each.invoices == 1]
        expected.append([page.amount(len(once)), page.amount(len(once)), page.amount(sum(each.now for each in once))])
        assert [row[1:] for row in page.table(f"{id}tail")] == expected


def test_terms_of_payment(page):
    for page, section, id, _ in each_section(page):
        all = sum(invoices for invoices, _ in section.terms.values())
        expected = []
        for span in range(6):
            invoices, amount = section.terms[span]
            expected.append([page.amount(invoices), page.share(invoices, all), page.amount(amount)])
        assert [row[1:] for row in page.table(f"{id}payment")] == expected
        days, amount = section.weighted
        assert f" {page.tenths(days / amount)} " in page.sentences[f"{id}payment"][0]


def test_lines_and_checks(page):
    page, books, _ = page
    lines, checks = books.report["lines"], books.report["checks"]
    rows = page.table("lines")
    assert [rows[0][1], rows[-1][1]] == [page.amount(lines["listed"]), page.amount(books.rows)]
    left_out = [lines[name] for name in ("excluded_payroll", "refused", "excluded_document_type", "excluded_account", "excluded_history")]
    assert [row[1] for row in rows[1:-1]] == [page.amount(count) for count in left_out if count]
    told, details = (table[1:] for table in page.tables["checks"].values())
    assert len(told) == len(checks) > 10
    # Those that need a look stand first.
    warned = [check for check in checks if check["status"] == "warn"]
    assert [row[1] for row in told] == [told[0][1]] * len(warned) + [told[-1][1]] * (len(checks) - len(warned))
    assert [row[2] for row in details[: len(warned)]] == [shown(check["detail"]) for check in warned]


def shown(detail):
    return detail if len(detail) <= 600 else detail[:599] + "…"
