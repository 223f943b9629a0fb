"""What the contract says of rows that the simulator's books do not have: they are put into the books, and onto the wire, by hand.

Each case changes a few rows. Afterwards the oracle calculates from the changed books, and the product reads over a wire that answers
as a server with those books would.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

import oracle
from conftest import COMPANIES, Company, export_books, refresh
from test_tables import Expected, assert_counts, assert_same_rows, read_rows
from wire import nodes, wire


def answer_as(books):
    """Rewrites what the simulator answers to what these books say, field by field of what was asked for."""

    def alter(data):
        for node in nodes(data, "transactions"):
            _answer_line(books, node)
        for node in nodes(data, "apTransactions"):
            _answer_ap_line(books, node)
        for node in nodes(data, "suppliers"):
            row = (books.suppliers | books.suppliers_elsewhere)[str(node["dbId"])]
            _put(node, "code", row["code"])
            _put(node, "companyDbId", int(row["company_id"] or 0))
            _put(node, "modifiedAt", row["modified_at"])
            if "company" in node:
                node["company"] = row["company_id"] and {"companyNumber": row["company_number"]}
        for node in nodes(data, "accounts"):
            row = books.chart[str(node["dbId"])]
            _put(node, "code", row["code"])
            for flag, value in row.get("flags", {}).items():
                _put(node, flag, value)

    lines = {line["line_id"]: line for line in books.lines}
    ap_lines = {line["ap_line_id"]: line for line in books.ap_lines}

    def _answer_line(books, node):
        row = lines[str(node["dbId"])]
        period = books.periods.get(row["period_id"])
        _put(node, "text", row["text"])
        _put(node, "amount", row["amount"])
        _put(node, "invoiceAmount", row["invoice_amount"])
        _put(node, "taxAmount", row["tax_amount"])
        _put(node, "companyDbId", int(row["company_id"] or 0))
        _put(node, "periodId", int(row["period_id"] or 0))
        if "matchId" in node:
            node["matchId"] = int(row["match_id"] or 0)
        if node.get("period") and period:
            _put(node["period"], "dbId", int(period["period_id"]))
            _put(node["period"], "year", int(period["year"]))
            _put(node["period"], "monthNumber", int(period["month"]))
            _put(node["period"], "fiscalYear", int(period["fiscal_year"]))
            _put(node["period"], "fiscalPeriod", int(period["fiscal_period"]))
        if node.get("header"):
            _answer_header(books, row["voucher_id"], node["header"])

    def _answer_ap_line(books, node):
        row = ap_lines[str(node["dbId"])]
        _put(node, "subledgerDbId", int(row["subledger_id"] or 0))
        _put(node, "invoiceNumber", row["invoice_number"])
        _put(node, "invoiceDate", row["invoice_date"])
        _put(node, "dueDate", row["due_date"])
        _put(node, "matchId", int(row["match_id"] or 0))
        if "company" in node:
            node["company"] = row["company_id"] and {"dbId": int(row["company_id"])}
        if node.get("transactionHeader"):
            _answer_header(books, row["voucher_id"], node["transactionHeader"])

    def _answer_header(books, voucher_id, header):
        voucher = books.vouchers[voucher_id]
        _put(header, "postedDate", voucher["posted_date"])
        _put(header, "modifiedAt", voucher["modified_at"])
        if header.get("transactionSource"):
            kind = books.document_types[voucher["document_type_id"]]
            _put(header["transactionSource"], "code", kind["code"])
            _put(header["transactionSource"], "description", kind["name"])

    return alter


def _put(node, name, value):
    if name in node:
        node[name] = value


@pytest.fixture
def books(tmp_path):
    return export_books(COMPANIES["small"], tmp_path / "books")


@pytest.fixture
def check(small_server, tmp_path):
    """Refreshes over the changed wire, compares everything, and answers the rows of `spend` and `supplier`."""

    def check(books, rules=oracle.Rules(), **settings):
        with wire(small_server, alter=answer_as(books)) as changed:
            run = refresh(small_server, tmp_path / "lake", "--json", endpoint=changed.endpoint, **settings)
        company = Company(books, tmp_path / "lake", small_server, run, {})
        expected = Expected(books, rules)
        assert_counts(run.report, expected.screened)
        assert_same_rows(read_rows(company, "spend"), expected.spend, "line_id")
        assert_same_rows(read_rows(company, "supplier"), expected.supplier, "supplier_id")
        return expected

    return check


def kept_with_supplier(books, owner_id=None):
    """Kept ledger lines whose supplier the voucher names, as the books stand."""
    screened = oracle.screen(books)
    rows = {row["line_id"]: row for row in oracle.spend(books, screened)}
    found = [line for line in screened.lines if rows[int(line["line_id"])]["supplier_match"] == "voucher"]
    return [line for line in found if line["company_id"] and owner_id in (None, line["owner_id"])]


def forget_subledgers(books, lines):
    """The AP lines of these lines' vouchers name no subledger any more: they do not count."""
    vouchers = {line["voucher_id"] for line in lines}
    for ap_line in books.ap_lines:
        if ap_line["voucher_id"] in vouchers:
            ap_line["subledger_id"] = None


def test_an_unchanged_wire_gives_the_same_tables(books, check):
    assert check(books).spend


def test_without_ap_lines_the_company_leads_to_the_supplier(books, check):
    suppliers = list(books.suppliers.values())
    first, second = [owner for owner in books.owners if any(each["owner_id"] == owner for each in suppliers)][:2]
    of = {owner: [each for each in suppliers if each["owner_id"] == owner] for owner in (first, second)}
    here, again, elsewhere, here_too = of[first][0], of[first][1], of[second][0], of[second][1]
    companies = ["900001", "900002", "900003", "900004"]
    # One here and one elsewhere; one elsewhere alone; two here; and two elsewhere.
    for each in suppliers:
        each["company_id"] = "999" + each["supplier_id"]
    here["company_id"] = here_too["company_id"] = companies[0]
    elsewhere["company_id"] = companies[1]
    lines = kept_with_supplier(books, first)[:12]
    third, fourth = [each for each in suppliers if each not in (here, again, elsewhere, here_too)][:2]
    third["company_id"] = fourth["company_id"] = companies[2]
    forget_subledgers(books, lines)
    wanted = {}
    for number, line in enumerate(lines):
        line["company_id"] = companies[number % 4]
        supplier_row = (here, elsewhere, None, None)[number % 4]
        wanted[int(line["line_id"])] = supplier_row and int(supplier_row["supplier_id"])
    expected = check(books)
    found = {row["line_id"]: (row["supplier_match"], row["supplier_id"]) for row in expected.spend if row["line_id"] in wanted}
    assert found == {id: ("company" if supplier_id else "none", supplier_id) for id, supplier_id in wanted.items()}
    # Some of a supplier's lines are now in another owner's ledger, and nobody knows that the currencies are the same.
    totals = {row["supplier_id"]: (row["line_count"], row["spend_amount"]) for row in expected.supplier}
    assert totals[int(elsewhere["supplier_id"])][0] > 0 and totals[int(elsewhere["supplier_id"])][1] is None


def test_a_supplier_without_lines_has_spent_nothing(books, check):
    line = kept_with_supplier(books)[0]
    idle = next(ap["subledger_id"] for ap in books.ap_lines if ap["voucher_id"] == line["voucher_id"])
    other = next(each["supplier_id"] for each in books.suppliers.values() if each["supplier_id"] != idle)
    for ap_line in books.ap_lines:
        if ap_line["subledger_id"] == idle:
            ap_line["subledger_id"] = other
    expected = check(books)
    [row] = [row for row in expected.supplier if row["supplier_id"] == int(idle)]
    assert (row["line_count"], row["spend_amount"], row["first_posted_date"]) == (0, Decimal(0), None)


def test_invoice_columns_are_null_where_ap_lines_disagree(books, check):
    by_voucher = {}
    for ap_line in books.ap_lines:
        by_voucher.setdefault(ap_line["voucher_id"], []).append(ap_line)
    kept = {line["voucher_id"] for line in oracle.screen(books).lines}
    several = [lines for voucher, lines in by_voucher.items() if voucher in kept and len(lines) > 1][:6]
    assert len(several) == 6
    for number, lines in enumerate(several):
        for ap_line in lines:
            ap_line["subledger_id"] = lines[0]["subledger_id"]
            ap_line["invoice_number"], ap_line["invoice_date"], ap_line["due_date"] = "77-A", "2024-02-29", None
        lines[0]["due_date"] = "2024-03-31"
        if number % 2:
            lines[0]["invoice_number"], lines[1]["invoice_date"] = "77-a", "2024-02-28"
        else:
            lines[1]["invoice_number"] = None
    rows = check(books).spend
    found = {(row["invoice_number"], row["invoice_date"], row["due_date"]) for row in rows if row["voucher_id"] in {int(l[0]["voucher_id"]) for l in several}}
    assert (None, None, date(2024, 3, 31)) in found and ("77-A", date(2024, 2, 29), date(2024, 3, 31)) in found


def test_values_at_their_edges(books, check):
    lines = kept_with_supplier(books)
    values = {
        "amount": ["0.0001", "-0.0001", "99999999999999.9999", "-99999999999999.9999", "12", "1.50000000", None, "0", "-0.00"],
        "text": ["", " ", "0", "æøå ÆØÅ é ü ß", "linje\r\nlinje\u2028\ttab", "👩‍🔧🎂", '"\\"', "NULL", "x" * 4_000],
        "tax_amount": [None, "0.2500", "-3.1", "100", "0", "7", "8.00", "9.0001", "10"],
    }
    for column, cases in values.items():
        for line, value in zip(lines, cases):
            line[column] = value or None
    check(books)


def test_lines_without_a_posting_day_come_last(books, check):
    vouchers = list({line["voucher_id"]: None for line in kept_with_supplier(books)})
    for id in vouchers[:60]:
        books.vouchers[id]["posted_date"] = None
    expected = check(books)
    assert any(row["posted_date"] is None for row in expected.spend)


def test_times_of_hours_that_come_twice_or_never(books, check):
    vouchers = list({line["voucher_id"]: None for line in kept_with_supplier(books)})
    times = {
        "2024-03-31T01:59:59": "2024-03-31T00:59:59+00:00",
        "2024-03-31T02:00:00": "2024-03-31T01:00:00+00:00",
        "2024-03-31T02:30:00": "2024-03-31T01:30:00+00:00",
        "2024-03-31T03:00:00": "2024-03-31T01:00:00+00:00",
        "2024-10-27T01:59:59": "2024-10-26T23:59:59+00:00",
        "2024-10-27T02:30:00": "2024-10-27T00:30:00+00:00",
        "2024-10-27T03:00:00": "2024-10-27T02:00:00+00:00",
        "2026-12-31T23:59:59": "2026-12-31T22:59:59+00:00",
    }
    suppliers = list(books.suppliers.values())
    for id, supplier_row, time in zip(vouchers, suppliers, times):
        books.vouchers[id]["modified_at"] = supplier_row["modified_at"] = time
    expected = check(books)
    found = {row["voucher_id"]: row["voucher_modified_at"].isoformat() for row in expected.spend if row["voucher_modified_at"]}
    assert [found[int(id)] for id in vouchers[: len(times)]] == list(times.values())


def test_a_thirteenth_period_falls_into_its_calendar_month(books, check):
    [december] = [each for each in books.periods.values() if (each["year"], each["month"], each["fiscal_period"]) == ("2024", "12", "13")]
    lines = kept_with_supplier(books)[:10]
    for line in lines:
        line["period_id"] = december["period_id"]
    rows = {row["line_id"]: row for row in check(books).spend}
    moved = [rows[int(line["line_id"])] for line in lines]
    assert {(row["year"], row["month"], row["fiscal_year"], row["fiscal_period"]) for row in moved} == {(2024, 12, 2024, 13)}


def test_account_codes_of_all_sorts(books, check):
    """By their digits, without leading zeros, at most four: some now are excluded or payroll, some no longer are."""
    used = {}
    for line in kept_with_supplier(books):
        used.setdefault(line["account_id"], []).append(line)
    codes = ["01900", "3000", "30009", "3001", "1899", "00 19-00", "5A0B0C0", "5499*", "49999", "ÆØÅ", "٥٠٠٠", "0", "x1", "54995", "05500"]
    assert len(used) >= len(codes)
    for account_id, code in zip(used, codes):
        books.chart[account_id]["code"] = code
    expected = check(books)
    counts = expected.screened.line_counts
    assert counts["without_account_number"] > 19


def test_the_kind_of_an_account_is_its_first_flag(books, check):
    flags = ["asset", "liabilities", "equity", "revenue", "costWagesSalaries", "costOfGoodsSold", "costOtherOperating", "cost", "finance"]
    kinds = ["asset", "liability", "equity", "revenue", "cost", "cost", "cost", "cost", "finance"]
    used = list({line["account_id"]: None for line in kept_with_supplier(books)})
    cases = [(set(flags[place:]), kind) for place, kind in enumerate(kinds)]
    cases += [({flag}, kind) for flag, kind in zip(flags, kinds, strict=True)] + [(set(), None)]
    for account_id, (raised, kind) in zip(used, cases):
        books.chart[account_id]["class"] = kind
        books.chart[account_id]["flags"] = {flag: True if flag in raised else (None if len(raised) == 1 else False) for flag in flags}
    expected = check(books)
    assert {row["account_kind"] for row in expected.spend} == {*kinds, None}


def test_codes_of_document_types_are_compared_trimmed_and_without_case(books, check):
    types = {kind["code"]: kind for kind in books.document_types.values()}
    types["AP"]["code"], types["BA"]["code"], types["ER"]["name"] = " ap ", "bA", None
    types["LØ"]["code"], types["LØ"]["name"] = " lø", "Annet"
    types["SO"]["code"] = "APX"
    rows = check(books).spend
    assert {row["document_type"] for row in rows} == {" ap ", "bA", "ER"}


DESCRIPTIONS = [
    {"ER": "Fastlønn", "OCR": "FERIEPENGER 2024", "SO": "x-PayRoll-y", "AR": "Lonnskjøring", "GL": "Minwage", "OS": "Ordinær salgsfaktura"},
    {"ER": "Månadslön", "OCR": "Løn, timer", "SO": "Palkanlaskenta", "AR": "Lo\u0308ner", "GL": "Lönsamhet", "OS": "Belöning"},
    {"ER": "Semesterlo\u0308n", "OCR": "PALKAT", "SO": "LÖNEKÖRNING", "AR": "Ferieløn", "GL": "Avlöning", "OS": "Kolonn"},
    {"ER": "Bilag/SALARY", "OCR": "wages", "SO": "timelonn2", "AR": "2salaries", "GL": "Belonninger", "OS": "Fastlonn"},
]
HARMLESS = {"Minwage", "Ordinær salgsfaktura", "Belonninger", "Lönsamhet", "Belöning", "Avlöning"}


@pytest.mark.parametrize("descriptions", DESCRIPTIONS)
def test_a_document_type_is_payroll_by_its_description(descriptions, books, check):
    for kind in books.document_types.values():
        kind["name"] = descriptions.get(kind["code"], kind["name"])
    rules = oracle.Rules(document_types=tuple(descriptions), excluded_accounts=())
    settings = {"SPEND_DOCUMENT_TYPES": ",".join(descriptions), "SPEND_EXCLUDED_ACCOUNTS": ""}
    rows = check(books, rules, **settings).spend
    assert {row["document_type_name"] for row in rows} == HARMLESS & set(descriptions.values())


def test_matches_are_of_one_owner_and_one_step(books, check):
    """An invoice matched with payroll is payroll, what is matched with that invoice alone is not; nor is another owner's match."""
    lines = [line for line in kept_with_supplier(books) if not line["match_id"]]
    ap_lines = [line for line in oracle.screen(books).ap_lines if not line["match_id"]]
    payroll = next(line for line in books.lines if books.account_number(line) == 5000 and not line["match_id"])
    payroll["match_id"] = "888001"
    same = [line for line in lines if line["owner_id"] == payroll["owner_id"]]
    other = next(line for line in lines if line["owner_id"] != payroll["owner_id"])
    same[0]["match_id"] = other["match_id"] = "888001"
    ap_line = next(line for line in ap_lines if line["owner_id"] == payroll["owner_id"])
    ap_line["match_id"] = "888001"
    # Payroll by one match does not hand it on: these share a match with nothing but each other.
    same[1]["match_id"] = same[2]["match_id"] = "888002"
    expected = check(books)
    kept = {line["line_id"] for line in expected.screened.lines}
    assert [line["line_id"] in kept for line in (payroll, same[0], other, same[1], same[2])] == [False, False, True, True, True]
    assert ap_line["ap_line_id"] not in {line["ap_line_id"] for line in expected.screened.ap_lines}


def test_names_come_from_other_lines_where_one_line_lacks_them(books, small_server, tmp_path):
    """Nested objects may be null on any line: that takes nothing from the other lines of the same owner and dimension values."""
    expected = Expected(books)
    carriers = defaultdict(list)
    for line in expected.screened.lines:
        carriers["owner", line["owner_id"]].append(line["line_id"])
        for slot in range(1, 6):
            if line[f"dimension_{slot}_id"]:
                carriers["value", line[f"dimension_{slot}_id"]].append(line["line_id"])
    # The first line that has it, of each owner and of the values that fewest lines have.
    rarest = sorted((each for each in carriers if each[0] == "value" and len(carriers[each]) > 1), key=lambda each: len(carriers[each]))
    poor = {carriers[each][0] for each in [*rarest[:10], *(each for each in carriers if each[0] == "owner")]}
    assert all(set(lines) - poor for lines in carriers.values() if len(lines) > 1)

    def alter(data):
        for node in nodes(data, "transactions"):
            if str(node["dbId"]) in poor:
                for name in {"owner", "glDimension"} & node.keys():
                    node[name] = None

    with wire(small_server, alter=alter) as changed:
        run = refresh(small_server, tmp_path / "lake", "--json", endpoint=changed.endpoint)
    assert_same_rows(read_rows(Company(books, tmp_path / "lake", small_server, run, {}), "spend"), expected.spend, "line_id")
