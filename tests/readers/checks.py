"""The checks of the data that a report has, worked out a second time from the books and the oracle's rows; none of the product's code.

Each function gives the check as the report has it: name, status, figure and detail.
"""

from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

import oracle

PURCHASES = ("operating", "capital", "stock", "prepaid")
RATES = [Decimal(rate) for rate in ("0", "6", "8", "10", "11.11", "12", "15", "25")]


def check(name, figure, meaning, places):
    if not places:
        return {"name": name, "status": "ok", "figure": figure, "detail": ""}
    more = f"; and {len(places) - 12} more" if len(places) > 12 else ""
    return {"name": name, "status": "warn", "figure": figure, "detail": f"{meaning}: {'; '.join(places[:12])}{more}"}


def share(part, whole):
    permille = part * 1_000 // max(whole, 1)
    return f"{permille // 10}.{permille % 10} %"


class Months:
    """The months that are closed for a run: before its own, without the newest that has lines."""

    def __init__(self, report, rows):
        began = datetime.fromisoformat(report["started_at"])
        newest = max(((row["year"], row["month"]) for row in rows), default=(9999, 12))
        self.open = min((began.year, began.month), newest)
        self.left_out = f"{self.open[0]:04}-{self.open[1]:02} and later left out"

    def closed(self, rows):
        return [row for row in rows if (row["year"], row["month"]) < self.open]


# ------------------------------------------------------------------------------------------------------- what is kept


def _judged(books, rules):
    """Lines of kept document types, with what becomes of them."""
    payroll = oracle._PayrollLines(books, rules)
    for line in books.lines:
        kind = books.document_type(line)
        if kind and kind["code"] and rules.keeps_type(kind) and not rules.is_payroll_type(kind):
            yield line, kind["code"].strip().upper(), oracle._verdict(books, rules, payroll, line)


def lost_invoices(books, rules=oracle.Rules()):
    invoices = defaultdict(list)
    for line, kind, verdict in _judged(books, rules):
        if kind == "AP":
            invoices[line["voucher_id"]].append((line, verdict))
    lost = defaultdict(list)
    for lines in invoices.values():
        if {verdict for _, verdict in lines} & {"kept", "excluded_payroll", "excluded_history"}:
            continue
        groups, usual = Counter(), Counter()
        for line, verdict in lines:
            if verdict == "excluded_account":
                group = books.account_number(line) // 100
                vat = 26 if books.chart[line["account_id"]]["chart_id"] == "3" else 27
                (usual if group in (24, vat) else groups)[group] += 1
        periods = [books.periods[line["period_id"]] for line, _ in lines if line["period_id"] in books.periods]
        if periods:
            lost[int(lines[0][0]["owner_id"]), int(periods[0]["year"])].append(_most(groups or usual))
    places = []
    for (owner, year), groups in sorted(lost.items()):
        counted = Counter(group for group in groups if group is not None)
        named = sorted(counted, key=lambda group: (-counted[group], group))[:3]
        by = f", by accounts {', '.join(f'{group:02} ({counted[group]:,})' for group in named)}" if named else ""
        places.append(f"owner {owner} in {year}: {len(groups):,}{by}")
    figure = f"{sum(map(len, lost.values())):,} of {len(invoices):,} invoices"
    return check("supplier_invoices_without_kept_line", figure, "invoices of suppliers of which no line is kept", places)


def _most(counter):
    return min(counter, key=lambda each: (-counter[each], each), default=None)


def coverage(books, months, rules=oracle.Rules()):
    """Of a first refresh, which has nothing to compare with."""
    lines = kept = 0
    vouchers, kept_vouchers = set(), set()
    for line, _, verdict in _judged(books, rules):
        vouchers.add(line["voucher_id"])
        if verdict == "kept":
            kept_vouchers.add(line["voucher_id"])
        if line["period_id"] in books.periods:
            lines += 1
            kept += verdict == "kept"
    figure = f"{share(kept, lines)} of lines, {share(len(kept_vouchers), len(vouchers))} of vouchers"
    return check("coverage", f"{figure}; {months.left_out} of what is compared", "", [])


# ----------------------------------------------------------------------------------------------------------------- VAT


def vat_rates(rows):
    codes = defaultdict(list)
    for row in rows:
        if row["vat_code"] is not None and row["amount"] and row["vat_amount"] is not None:
            codes[row["owner_id"], row["vat_code"]].append((abs(row["amount"]), abs(row["vat_amount"]), row["vat_rate"]))
    places = []
    for (owner, code), lines in sorted(codes.items()):
        unrated = [(amount, vat) for amount, vat, rate in lines if rate is None]
        near = Counter()
        for amount, vat in unrated:
            rate = min(RATES, key=lambda rate: abs(amount * rate / 100 - vat))
            near[rate] += _has(amount, vat, rate)
        stated = oracle.VAT_RATES.get(code)
        if stated is not None:
            agreeing = sum(_has(amount, vat, Decimal(stated)) for amount, vat, _ in lines)
            if agreeing * 10 < len(lines) * 9:
                most = min(near, key=lambda rate: (-near[rate], rate))
                have = f", {near[most]:,} have {most} %" if near[most] else ""
                places.append(f"owner {owner}, code {code}: {agreeing:,} of {len(lines):,} lines have {stated} %{have}")
        elif len(unrated) >= 10 and near.total() * 10 < len(unrated) * 9:
            places.append(f"owner {owner}, code {code}: {near.total():,} of {len(unrated):,} lines have a rate")
    figure = f"{len(places):,} of {len(codes):,} codes"
    return check("vat_rates", figure, "the VAT of lines is not that of the rate of their code", places)


def _has(amount, vat, rate):
    return abs(amount * rate / 100 - vat) <= max(amount * Decimal("0.005"), Decimal("0.01"))


# -------------------------------------------------------------------------------------------------- suppliers and matches


HAVE = {"with_supplier": "supplier_id", "with_invoice": "invoice_number", "with_category": "category_1"}


def measured(books, months, rows, rules=oracle.Rules()):
    """What a report keeps of each closed month that has rows."""
    lines = Counter()
    for line, _, _ in _judged(books, rules):
        period = books.periods.get(line["period_id"])
        if period:
            lines[int(period["year"]), int(period["month"])] += 1
    found = defaultdict(Counter)
    for row in months.closed(rows):
        counts = found[row["year"], row["month"]]
        counts["kept"] += 1
        for name, column in HAVE.items():
            counts[name] += row[column] is not None
    return [
        {"month": f"{key[0]:04}-{key[1]:02}", "lines": lines[key], "kept": counts["kept"], **{name: counts[name] for name in HAVE}}
        for key, counts in sorted(found.items())
    ]


WORDS = {"with_supplier": "a supplier", "with_invoice": "an invoice number", "with_category": "a category"}


def match_rates(months, now, before=None, most_drop=5):
    """By what this run measured, and the one before."""

    def rate(all, name):
        return sum(month[name] for month in all), sum(month["kept"] for month in all)

    places = []
    if before is not None:
        both = {month["month"] for month in now} & {month["month"] for month in before}
        then, here = ([month for month in all if month["month"] in both] for all in (before, now))
        for name, words in WORDS.items():
            (part, whole), (part_before, whole_before) = rate(here, name), rate(then, name)
            if whole and whole_before and Decimal(part_before) / whole_before - Decimal(part) / whole > Decimal(most_drop) / 100:
                places.append(f"{words}: {share(part_before, whole_before)} before, {share(part, whole)} now")
    told = ", ".join(f"{share(*rate(now, name))} {words}" for name, words in WORDS.items())
    return check("match_rates", f"{told}; {months.left_out}", "fewer lines of the same closed months have", places)


def dominant_suppliers(months, rows):
    owners, judged = defaultdict(list), 0
    for row in months.closed(rows):
        if row["amount"] is not None and row["spend_class"] in PURCHASES:
            owners[row["owner_id"], row["year"], row["month"]].append(row)
    found = defaultdict(set)
    for (owner, year, month), lines in owners.items():
        if len(lines) < 20:
            continue
        judged += 1
        total, suppliers = sum(line["amount"] for line in lines), Counter()
        for line in lines:
            suppliers[line["supplier_id"]] += line["amount"]
        for supplier, amount in suppliers.items():
            if supplier is not None and total > 0 and amount * 2 > total:
                found[owner, supplier].add(f"{year:04}-{month:02}")
    told = defaultdict(set)
    for (owner, _), of in found.items():
        if len(of) < 3:
            told[owner] |= of
    places = [f"owner {owner} in {', '.join(sorted(of))}" for owner, of in sorted(told.items())]
    figure = f"{sum(map(len, told.values())):,} of {judged:,} months of owners; {months.left_out}"
    return check("dominant_suppliers", figure, "a supplier has more than half of a month, and of hardly any other", places)
