"""What the tables must hold, worked out a second time: from the simulator's books as CSV, by the contract, with none of the product's code.

`Books` reads the books, `screen` applies the rules, `spend` and `supplier` make the rows. A row is a dictionary with the table's
columns and its partition columns. Plain loops and dictionaries throughout: this is meant to be checked by reading.
"""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import purchasing

CENTRAL_EUROPE = ZoneInfo("Europe/Oslo")

# Contract: "VAT". Any other code has no rate.
VAT_RATES = {"2": 25, "2N": 25, "21": 15, "22": 12, "20": 0, "27": 0, "29": 0}


# ---------------------------------------------------------------------------------------------------------------- the books


def _rows(directory, name):
    with open(Path(directory) / f"{name}.csv", newline="", encoding="utf-8") as file:
        # The tables hold neither the empty text nor a reference of 0: both are null, and an empty cell is null already.
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]


def _within_reach(rows):
    return [row for row in rows if row["within_reach"] == "true"]


def _by(rows, key):
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows), f"{key} repeats"
    return found


class Books:
    """The company's books. Lines that the token does not reach are left out, for the product cannot know them.

    Accounts and suppliers of owners above it are found by their ids, if a line names them.
    """

    def __init__(self, directory):
        self.lines = _within_reach(_rows(directory, "gl_lines"))
        self.ap_lines = _within_reach(_rows(directory, "ap_lines"))
        self.vouchers = _by(_rows(directory, "vouchers"), "voucher_id")
        self.periods = _by(_rows(directory, "periods"), "period_id")
        self.document_types = _by(_rows(directory, "document_types"), "document_type_id")
        self.chart = _by(_rows(directory, "accounts"), "account_id")
        self.owners = _by(_rows(directory, "owners"), "owner_id")
        suppliers = _rows(directory, "suppliers")
        self.suppliers = _by(_within_reach(suppliers), "supplier_id")
        self.suppliers_elsewhere = _by([row for row in suppliers if row["within_reach"] == "false"], "supplier_id")
        self.companies = _by(_rows(directory, "companies"), "company_id")
        self.dimension_values = _by(_rows(directory, "dimension_values"), "dimension_value_id")

    def document_type(self, line):
        """The document type of a ledger or AP line's voucher, or none. An AP line says it itself, even where its voucher is missing."""
        if line["header_is_null"] == "true" and "line_id" in line:
            return None
        return self.document_types.get(self.vouchers[line["voucher_id"]]["document_type_id"])

    def account_number(self, line):
        """The number of a ledger line's account, or none if the account is not known or its code has no digits."""
        account = self.chart.get(line["account_id"])
        return account_number(account["code"]) if account else None

    def payroll_line_ids(self):
        """The ledger lines that are payroll by what was booked, whatever any rule says."""
        return {int(line["line_id"]) for line in self.lines if line["is_payroll_by_nature"] == "true"}


def account_number(code):
    """The digits of an account's code without leading zeros, at most four of them; none if there is no digit."""
    digits = re.sub("[^0-9]", "", code or "")
    return int(digits.lstrip("0")[:4] or "0") if digits else None


# ---------------------------------------------------------------------------------------------------------------- the rules


@dataclass(frozen=True)
class Rules:
    """The rules with the contract's defaults. Ranges of accounts have both ends included."""

    document_types: tuple = ("AP", "BA", "ER")
    excluded_accounts: tuple = ((1900, 3000),)
    payroll_document_types: tuple = ("PR", "PY", "SA", "SAL", "LO", "LON", "LØ")
    payroll_accounts: tuple | None = None
    """For every chart; none means what each chart has for pay."""
    payroll_matches: bool = True
    history_from: tuple | None = None
    """A year and a month."""

    def keeps_type(self, kind):
        return _listed(kind["code"], self.document_types)

    def is_payroll_type(self, kind):
        return _listed(kind["code"], self.payroll_document_types) or says_payroll(kind["name"])

    def is_payroll_account(self, account):
        """By the vendor's ids of charts: 2 is NS 4102, 3 is BAS. In any other the flag counts too."""
        number, chart = account_number(account["code"]), account["chart_id"]
        if self.payroll_accounts is not None:
            return _in_ranges(number, self.payroll_accounts)
        if chart == "3":
            return _in_ranges(number, ((7000, 7599),))
        is_flagged = chart != "2" and account["cost_wages_salaries"] == "true"
        return is_flagged or _in_ranges(number, ((5000, 5499), (5600, 5899)))


def _listed(code, codes):
    return code is not None and code.strip().lower() in {each.strip().lower() for each in codes}


PAYROLL_PARTS = ("lønn", "payroll", "feriepenge")
PAYROLL_BEGINNINGS = ("lonn", "salar", "wage", "løn", "löne", "palk")
PAYROLL_ENDS = ("lonn", "lön", "löner", "løn")


def says_payroll(description):
    """Whether a document type is payroll by its description."""
    text = unicodedata.normalize("NFC", description or "").lower()
    if any(part in text for part in PAYROLL_PARTS):
        return True
    words = re.findall(r"[^\W\d_]+", text)
    return any(word.startswith(PAYROLL_BEGINNINGS) or word.endswith(PAYROLL_ENDS) for word in words)


def _in_ranges(number, ranges):
    return number is not None and any(low <= number <= high for low, high in ranges)


@dataclass
class Screened:
    """What the rules leave, and the counts that a report must give."""

    lines: list = field(default_factory=list)
    ap_lines: list = field(default_factory=list)
    line_counts: Counter = field(default_factory=Counter)
    ap_counts: Counter = field(default_factory=Counter)
    lines_by_type: Counter = field(default_factory=Counter)


def screen(books, rules=Rules()):
    """Applies the rules to both ledgers."""
    payroll = _PayrollLines(books, rules)
    screened = Screened()
    for line in books.lines:
        verdict = _verdict(books, rules, payroll, line)
        screened.line_counts["listed"] += 1
        screened.line_counts[verdict] += 1
        kind = books.document_type(line)
        screened.lines_by_type[kind and kind["code"]] += 1
        if verdict == "kept":
            screened.lines.append(line)
            # The rule about accounts cannot judge such a line: it keeps and counts it.
            screened.line_counts["without_account_number"] += books.account_number(line) is None
        if verdict == "excluded_document_type":
            is_excluded = _in_ranges(books.account_number(line), rules.excluded_accounts)
            screened.line_counts["excluded_on_kept_accounts"] += not is_excluded
    kept_vouchers = {(line["owner_id"], line["voucher_id"]) for line in screened.lines}
    for line in books.ap_lines:
        kind = books.document_type(line)
        screened.ap_counts["listed"] += 1
        if payroll.has(line):
            screened.ap_counts["excluded_payroll"] += 1
            continue
        has_kept_voucher = line["header_is_null"] == "false" and (line["owner_id"], line["voucher_id"]) in kept_vouchers
        if has_kept_voucher and kind and rules.keeps_type(kind):
            screened.ap_counts["kept"] += 1
            screened.ap_lines.append(line)
        else:
            screened.ap_counts["not_needed"] += 1
    return screened


def _verdict(books, rules, payroll, line):
    """What becomes of a ledger line: the first that applies, in the contract's order."""
    if payroll.has(line):
        return "excluded_payroll"
    kind, period = books.document_type(line), books.periods.get(line["period_id"])
    if kind is None or kind["code"] is None or line["account_id"] not in books.chart or period is None:
        return "refused"
    if not rules.keeps_type(kind):
        return "excluded_document_type"
    if _in_ranges(books.account_number(line), rules.excluded_accounts):
        return "excluded_account"
    if rules.history_from and (int(period["year"]), int(period["month"])) < rules.history_from:
        return "excluded_history"
    return "kept"


class _PayrollLines:
    """Knows the payroll lines of both ledgers: by document type, by account, and those matched with one of these, in one step."""

    def __init__(self, books, rules):
        self.books, self.rules, self.matches = books, rules, set()
        if rules.payroll_matches:
            both = books.lines + books.ap_lines
            self.matches = {(line["owner_id"], line["match_id"]) for line in both if line["match_id"] and self._itself(line)}

    def has(self, line):
        return self._itself(line) or (line["owner_id"], line["match_id"]) in self.matches

    def _itself(self, line):
        kind = self.books.document_type(line)
        if kind and self.rules.is_payroll_type(kind):
            return True
        # Only of a ledger line is the account known before it is asked for.
        account = self.books.chart.get(line["account_id"]) if "line_id" in line else None
        return account is not None and self.rules.is_payroll_account(account)


# ----------------------------------------------------------------------------------------------------------- the table `spend`


def spend(books, screened, owner_currencies_known=False):
    """The rows of `spend`, in the order of their partitions and within each in the order of the file."""
    ap_lines_by_voucher = defaultdict(list)
    for line in screened.ap_lines:
        if line["subledger_id"]:
            ap_lines_by_voucher[line["owner_id"], line["voucher_id"]].append(line)
    suppliers = known_suppliers(books, screened)
    known = {id: purchasing_facts(books, screened, row) for id, row in suppliers.items()}
    contras = purchasing.contra_vouchers(books, screened.lines)
    contradicted = purchasing.contradicted_rates(screened.lines, VAT_RATES, _money)
    suppliers_by_company = defaultdict(list)
    for supplier_row in suppliers.values():
        suppliers_by_company[supplier_row["company_id"]].append(supplier_row)

    rows = []
    for line in screened.lines:
        voucher = books.vouchers[line["voucher_id"]]
        kind = books.document_type(line)
        period = books.periods[line["period_id"]]
        account = books.chart[line["account_id"]]
        owner = books.owners[line["owner_id"]]
        ap_lines = ap_lines_by_voucher[line["owner_id"], line["voucher_id"]]
        class_ = purchasing.class_of(books, line, contras)
        category_1, category_2 = purchasing.default_categories(account, books.account_number(line), class_)
        rate_holds = (line["owner_id"], line["vat_code"]) not in contradicted
        match, chosen, chosen_ap_lines = choose_supplier(line, ap_lines, suppliers_by_company, suppliers)
        row = {
            "line_id": int(line["line_id"]),
            "owner_id": int(line["owner_id"]),
            "owner_code": owner["code"],
            "owner_name": owner["name"],
            "voucher_id": int(line["voucher_id"]),
            "voucher_number": _number(voucher["voucher_number"]),
            "document_type": kind["code"],
            "document_type_name": kind["name"],
            "posted_date": _day(voucher["posted_date"]),
            "fiscal_year": _small(period["fiscal_year"]),
            "fiscal_period": _number(period["fiscal_period"]),
            "account_code": account["code"],
            "account_name": account["name"],
            "account_group": account["group_name"],
            "account_kind": account["class"],
            "supplier_id": _number(chosen["supplier_id"]),
            "supplier_code": chosen["code"],
            "supplier_name": chosen["name"],
            "supplier_company_number": known[chosen["supplier_id"]]["company_number"] if chosen["supplier_id"] else None,
            "supplier_country_code": chosen["country_code"],
            "supplier_match": match,
            "invoice_number": _agreed(chosen_ap_lines, "invoice_number"),
            "invoice_date": _agreed(chosen_ap_lines, "invoice_date", _day),
            "due_date": _agreed(chosen_ap_lines, "due_date", _day),
            "amount": Decimal(line["amount"]).quantize(Decimal("0.0001")) if line["amount"] else None,
            "amount_currency_code": owner["currency_code"] if owner_currencies_known else None,
            "invoice_amount": _money(line["invoice_amount"]),
            "invoice_currency_code": line["currency_code"],
            "vat_code": line["vat_code"],
            "vat_rate": _vat_rate(line["vat_code"]) if rate_holds else None,
            "vat_amount": _money(line["tax_amount"]),
            # Of an expense report nobody asks for it.
            "text": None if _listed(kind["code"], ["ER"]) else line["text"],
            "match_id": _number(line["match_id"]),
            "voucher_modified_at": utc(voucher["modified_at"]),
            "voucher_created_at": utc(voucher["created_at"]),
            **{name: None for name in ("supplier_key", "company_number_status", "is_intercompany", "supplier_contract")},
            **{name: None for name in ("supplier_parent", "supplier_preferred", "addressable", "category_owner")},
            "spend_class": class_,
            "category_1": category_1,
            "category_2": category_2,
            "category_source": category_1 and "account",
            "invoice_kind": _kind(chosen_ap_lines),
            "invoice_file_id": _agreed(chosen_ap_lines, "invoice_file_id", lambda id: id and int(id)),
            "last_payment_date": max((_day(each["payment_date"]) for each in chosen_ap_lines if each["payment_date"]), default=None),
            "vat_name": line["vat_name"],
            "owner_company_number": books.companies[owner["company_id"]]["company_number"],
            "year": int(period["year"]),
            "month": int(period["month"]),
        }
        if chosen["supplier_id"]:
            facts = known[chosen["supplier_id"]]
            row |= {name: facts[name] for name in ("supplier_key", "company_number_status", "is_intercompany")}
            row["supplier_contract"] = facts["contract"]
        for slot in range(1, 6):
            value = books.dimension_values.get(line[f"dimension_{slot}_id"], _NOTHING)
            row[f"dimension_{slot}_kind"] = value["kind_name"]
            row[f"dimension_{slot}_code"] = value["code"]
            row[f"dimension_{slot}_name"] = value["name"]
        rows.append(row)
    return sorted(rows, key=spend_order)


def spend_order(row):
    """By partition, then by day with the lines without one last, then by id."""
    return row["year"], row["month"], row["posted_date"] or date.max, row["line_id"]


_NOTHING = defaultdict(lambda: None)


def known_suppliers(books, screened):
    """The register, and what admitted AP lines name besides."""
    named = {line["subledger_id"] for line in screened.ap_lines}
    return books.suppliers | {id: row for id, row in books.suppliers_elsewhere.items() if id in named}


def purchasing_facts(books, screened, supplier_row):
    """What follows from a supplier's company. Owners are known by their kept lines."""
    status, key = purchasing.company_key(supplier_row["company_number"], supplier_row["country_code"])
    owners = {books.owners[line["owner_id"]]["company_id"] for line in screened.lines}
    return {
        "supplier_key": key or f"supplier:{supplier_row['supplier_id']}",
        "company_number_status": status,
        "company_number": None if status == "personal" else supplier_row["company_number"],
        "is_intercompany": supplier_row["company_id"] in owners if owners else None,
        "contract": supplier_row["contract"],
    }


KINDS = {
    **{name: "invoice" for name in ("Invoice", "Faktura")},
    **{name: "credit_note" for name in ("Credit note", "Kreditnota")},
    **{name: "payment" for name in ("Payment", "Betaling")},
}


def _kind(ap_lines):
    kinds = {KINDS.get(line["type_name"], "unknown") for line in ap_lines if line["type_name"]}
    return (kinds.pop() if len(kinds) == 1 else "unknown") if kinds else None


def choose_supplier(line, ap_lines, suppliers_by_company, suppliers):
    """How the supplier was found, the supplier, and the AP lines that the invoice is read from.

    `ap_lines` are the admitted ones of the line's voucher that have a subledger.
    """
    subledgers = {each["subledger_id"] for each in ap_lines}
    if not subledgers:
        return (*_supplier_of_company(line, suppliers_by_company), [])
    if len(subledgers) == 1:
        match = "voucher"
    else:
        match = "company"
        subledgers = {each["subledger_id"] for each in ap_lines if line["company_id"] and each["company_id"] == line["company_id"]}
        if len(subledgers) != 1:
            return "ambiguous", _NOTHING, []
    [subledger] = subledgers
    if subledger not in suppliers:
        return "not_a_supplier", _NOTHING, []
    return match, suppliers[subledger], [each for each in ap_lines if each["subledger_id"] == subledger]


def _supplier_of_company(line, suppliers_by_company):
    if not line["company_id"]:
        return "none", _NOTHING
    everywhere = suppliers_by_company.get(line["company_id"], [])
    here = [each for each in everywhere if each["owner_id"] == line["owner_id"]]
    for candidates in (here, everywhere):
        if len(candidates) == 1:
            return "company", candidates[0]
    return "none", _NOTHING


# -------------------------------------------------------------------------------------------------------- the table `supplier`


def supplier(books, spend_rows, owner_currencies_known=False, screened=None):
    """The rows of `supplier`, in the order of their partitions and within each in the order of the file.

    What is not screened yet is so by the contract's default rules.
    """
    lines_of = defaultdict(list)
    for row in spend_rows:
        lines_of[row["supplier_id"]].append(row)
    rows = []
    screened = screened or screen(books)
    for each in known_suppliers(books, screened).values():
        facts = purchasing_facts(books, screened, each)
        lines = lines_of[int(each["supplier_id"])]
        posted = [line["posted_date"] for line in lines if line["posted_date"]]
        row = {
            "supplier_id": int(each["supplier_id"]),
            "supplier_code": each["code"],
            "supplier_name": each["name"],
            "company_id": _number(each["company_id"]),
            "company_number": facts["company_number"],
            "group_name": each["group_name"],
            "email": each["email"],
            "phone": each["phone"],
            "street_address": each["street_address"],
            "postal_code": each["postal_code"],
            "city": each["city"],
            "country_code": each["country_code"],
            "country_name": each["country_name"],
            # Nobody asks for it.
            "contact_name": None,
            "valid_from": _day(each["valid_from"]),
            "valid_to": _day(each["valid_to"]),
            "modified_at": utc(each["modified_at"]),
            "first_posted_date": min(posted, default=None),
            "last_posted_date": max(posted, default=None),
            "line_count": len(lines),
            "spend_amount": _total(books, lines, owner_currencies_known),
            **{name: facts[name] for name in ("supplier_key", "company_number_status", "is_intercompany", "contract")},
            "payment_terms": each["payment_terms"],
            "parent": None,
            "preferred": None,
            "owner_id": int(each["owner_id"]),
        }
        rows.append(row)
    return sorted(rows, key=lambda row: (row["owner_id"], row["supplier_id"]))


def _total(books, lines, owner_currencies_known):
    """The sum of the amounts; none if they are, or may be, in several currencies."""
    owners = {line["owner_id"] for line in lines}
    if len(owners) > 1:
        currencies = {books.owners[str(owner)]["currency_code"] for owner in owners}
        if not owner_currencies_known or len(currencies) > 1:
            return None
    return sum((line["amount"] for line in lines if line["amount"] is not None), Decimal("0.0000"))


# -------------------------------------------------------------------------------------------------------------------- values


def utc(wall_time):
    """The instant of a Central European wall time; none if there is no such instant or it is too late for a column.

    Of an hour that comes twice the first is meant; one that is skipped counts on from the time before it. For Python both are
    `fold=0`, its default. A time that names an offset is of a form that nobody knows.
    """
    if wall_time is None or wall_time.startswith(("0001-01-01", "9999-")):
        return None
    time = datetime.fromisoformat(wall_time)
    return None if time.tzinfo else time.replace(tzinfo=CENTRAL_EUROPE).astimezone(timezone.utc)


def _agreed(ap_lines, column, read=lambda text: text):
    values = {read(line[column]) for line in ap_lines} - {None}
    return values.pop() if len(values) == 1 else None


def _number(text):
    return None if text is None else int(text)


def _small(text):
    """A number of at most 16 bits, as a year is: no other fits."""
    number = _number(text)
    return None if number is None or abs(number) > 32_767 else number


def _day(text):
    """A day; the least one of .NET stands for none, and the greatest one comes with the last moment of its day."""
    if text is None or text.startswith("0001-01-01"):
        return None
    return date.fromisoformat(text.split("T")[0])


def _money(text):
    """An amount in a column that nothing depends on: none if it does not fit in 18 digits with four decimals."""
    if text is None:
        return None
    amount = Decimal(text)
    fits = abs(amount) < 10**14 and amount == round(amount, 4)
    return amount.quantize(Decimal("0.0001")) if fits else None


def _vat_rate(code):
    rate = VAT_RATES.get(code)
    return None if rate is None else Decimal(rate).quantize(Decimal("0.01"))
