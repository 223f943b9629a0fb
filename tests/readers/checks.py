"""The checks of the data that a report has, worked out a second time from the books and the oracle's rows; none of the product's code.

Each function gives the check as the report has it: name, status, figure and detail.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import oracle

PURCHASES = ("operating", "capital", "stock", "prepaid")
RATES = [Decimal(rate) for rate in ("0", "6", "8", "10", "11.11", "12", "13.5", "14", "15", "24", "25", "25.5")]


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
        refused = any(verdict == "refused" for _, verdict in lines)
        for line, verdict in lines:
            if verdict == "excluded_account":
                group = books.account_number(line) // 100
                vat = 26 if books.chart[line["account_id"]]["chart_id"] == "3" else 27
                (usual if group in (24, vat) else groups)[group] += 1
        periods = [books.periods[line["period_id"]] for line, _ in lines if line["period_id"] in books.periods]
        if periods:
            lost[int(lines[0][0]["owner_id"]), int(periods[0]["year"])].append("refused" if refused and not groups else _most(groups or usual))
    places = []
    for (owner, year), groups in sorted(lost.items()):
        counted = Counter(group for group in groups if group not in (None, "refused"))
        unjudged = f", {groups.count('refused'):,} with lines that cannot be judged" if "refused" in groups else ""
        named = sorted(counted, key=lambda group: (-counted[group], group))[:3]
        by = f", by accounts {', '.join(f'{group:02} ({counted[group]:,})' for group in named)}" if named else ""
        places.append(f"owner {owner} in {year}: {len(groups):,}{by}{unjudged}")
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
        near, inside = Counter(), Counter()
        for amount, vat in unrated:
            of_net, of_rest = ((net, min(RATES, key=lambda rate: abs(net * rate / 100 - vat))) for net in (amount, max(amount - vat, 0)))
            if _has(of_net[0], vat, of_net[1], "0.001"):
                near[of_net[1]] += 1
            elif _has(of_rest[0], vat, of_rest[1], "0.001"):
                inside[of_rest[1]] += 1
        stated = oracle.VAT_RATES.get(code)
        if stated is not None:
            agreeing = sum(_has(amount, vat, Decimal(stated), "0.005") for amount, vat, _ in lines)
            if agreeing * 10 < len(lines) * 9:
                others = [(near[rate], True, -rate) for rate in near if rate != Decimal(stated)] + [(inside[rate], False, -rate) for rate in inside]
                number, outside, minus = max(others, default=(0, True, 0))
                have = f", {number:,} have {-minus} %{'' if outside else ' inside of the amount'}" if number else ""
                places.append(f"owner {owner}, code {code}: {agreeing:,} of {len(lines):,} lines have {stated} %{have}")
        elif len(unrated) >= 10 and near.total() * 10 < len(unrated) * 9:
            places.append(f"owner {owner}, code {code}: {near.total():,} of {len(unrated):,} lines have a rate")
    figure = f"{len(places):,} of {len(codes):,} codes"
    return check("vat_rates", figure, "the VAT of lines is not that of the rate of their code", places)


def _has(amount, vat, rate, tolerance):
    return abs(amount * rate / 100 - vat) <= max(amount * Decimal(tolerance), Decimal("0.01"))


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


def supplier_numbers(rows, suppliers):
    """By the rows of both tables: suppliers that lines name."""
    sizes = defaultdict(lambda: [Decimal(), Decimal(), Decimal()])
    for row in rows:
        if row["spend_class"] in PURCHASES and row["amount"] is not None and row["supplier_key"] is not None:
            is_numbered = not row["supplier_key"].startswith("supplier:") or row["company_number_status"] == "personal"
            which = 0 if is_numbered else 2 if row["company_number_status"] == "unchecked" else 1
            sizes[row["owner_id"]][which] += abs(row["amount"])
    places, highest = [], 0
    for owner, (numbered, without, of_no_country) in sorted(sizes.items()):
        other, all = without + of_no_country, numbered + without + of_no_country
        tenths = lambda size: int(size * 1_000 // all)
        highest = max(highest, tenths(other))
        if other * 10 > all:
            more = f", {share(tenths(of_no_country), 1_000)} of suppliers with one and no country" if of_no_country else ""
            places.append(f"owner {owner}: {share(tenths(without), 1_000)} of purchases are of suppliers without one{more}")
    used = {row["supplier_id"] for row in rows} - {None}
    owners, names = defaultdict(list), defaultdict(set)
    for supplier in suppliers:
        key = supplier["supplier_key"]
        if supplier["supplier_id"] in used and not key.startswith("supplier:"):
            owners[supplier["owner_id"]].append(key)
            if supplier["supplier_name"] is not None:
                names[key].add("".join(each for each in supplier["supplier_name"].lower() if each.isalnum())[:4])
    several = sum(len(of) > 1 for of in names.values())
    if several:
        places.append(f"{several:,} numbers belong to suppliers of different names")
    twice = 0
    for owner, keys in sorted(owners.items()):
        too_many = len(keys) - len(set(keys))
        twice += too_many
        if too_many * 20 > len(keys):
            places.append(f"owner {owner}: {too_many:,} of {len(keys):,} suppliers are there already")
    figure = f"{share(highest, 1_000)} of purchases without a number at most, {several:,} numbers of several names, {twice:,} suppliers again"
    return check("supplier_numbers", figure, "suppliers and organisation numbers do not belong together", places)


# ------------------------------------------------------------------------------------------------- amounts and dates


def exchange_rates(months, rows):
    groups, off, lines = defaultdict(list), defaultdict(lambda: [0, 0, set()]), 0
    for row in months.closed(rows):
        currency, amount, invoice = row["invoice_currency_code"], row["amount"], row["invoice_amount"]
        if currency is None or amount is None or not invoice or row["spend_class"] == "finance":
            continue
        lines += 1
        month = f"{row['year']:04}-{row['month']:02}"
        if currency != row["amount_currency_code"]:
            groups[row["owner_id"], currency, month].append((amount, invoice))
        elif amount != invoice:
            off[row["owner_id"], currency][1] += 1
            off[row["owner_id"], currency][2].add(month)
    for (owner, currency, month), pairs in groups.items():
        if len(pairs) < 5:
            continue
        median = sorted(amount / invoice for amount, invoice in pairs)[(len(pairs) - 1) // 2]
        for amount, invoice in pairs:
            distance = abs(amount - median * invoice)
            if distance > abs(median * invoice) * Decimal("0.05") and distance > Decimal("0.01"):
                off[owner, currency][0] += 1
                off[owner, currency][2].add(month)
    places = []
    for (owner, currency), (others, differing, of) in sorted(off.items()):
        more = " and before" if len(of) > 3 else ""
        same = f", {differing:,} in the owner's currency with two amounts" if differing else ""
        places.append(f"owner {owner}, {currency}: {others:,} off{same}, in {', '.join(sorted(of, reverse=True)[:3])}{more}")
    figure = f"{sum(a + b for a, b, _ in off.values()):,} of {lines:,} lines; {months.left_out}"
    meaning = "lines whose two amounts imply another rate than those of the same owner, currency and month"
    return check("exchange_rates", figure, meaning, places)


def dates(rows, report, most_days=60):
    last = datetime.fromisoformat(report["started_at"]).date() + timedelta(days=most_days)
    found, dated, odd = Counter(), 0, 0
    for row in rows:
        invoice = row["invoice_date"]
        if invoice is None:
            continue
        dated += 1
        months = row["year"] * 12 + row["month"] - invoice.year * 12 - invoice.month
        is_odd = {
            "of an invoice before 2000": invoice.year < 2000,
            f"of an invoice more than {most_days} days ahead": invoice > last,
            "due before the invoice": row["due_date"] is not None and row["due_date"] < invoice,
            "posted before the invoice": row["posted_date"] is not None and row["posted_date"] < invoice,
            "in a period more than 12 months off": abs(months) > 12,
        }
        found.update(what for what, is_so in is_odd.items() if is_so)
        odd += any(is_odd.values())
    order = list(is_odd) if dated else []
    places = [f"{found[what]:,} {what}" for what in order if found[what] * 100 > dated or found[what] and order.index(what) < 2]
    return check("dates", f"{odd:,} of {dated:,} lines with an invoice date", "lines whose dates are not those of an invoice", places)


def offsetting_pairs(rows):
    vouchers, totals = defaultdict(list), defaultdict(lambda: [0, 0])
    for row in rows:
        if row["spend_class"] == "operating" and row["amount"] and row["voucher_id"] is not None and row["account_code"] is not None:
            vouchers[row["owner_id"], row["year"], row["month"], row["voucher_id"], abs(row["amount"])].append((row["account_code"], row["amount"]))
    for (owner, *_), lines in vouchers.items():
        less, more = (sorted(account for account, amount in lines if (amount < 0) is negative) for negative in (True, False))
        totals[owner][0] += len(lines)
        for account in less:
            other = next((each for each in more if each != account), None)
            if other is not None:
                more.remove(other)
                totals[owner][1] += 1
    places = [
        f"owner {owner}: {pairs:,} pairs, {share(pairs * 2, lines)} of the lines"
        for owner, (lines, pairs) in sorted(totals.items())
        if pairs * 200 > lines
    ]
    lines, pairs = (sum(of[at] for of in totals.values()) for at in (0, 1))
    figure = f"{pairs:,} pairs in {lines:,} operating lines"
    return check("offsetting_pairs", figure, "lines of a voucher take each other back on different operating accounts", places)


# --------------------------------------------------------------------------------------------------------- the whole


def integrity(rows, suppliers):
    """Of tables that are published, so that they add up."""
    return check("integrity", f"{len(rows):,} lines, {len(suppliers):,} suppliers", "", [])


def wage_accounts(books, rules=oracle.Rules()):
    """59 is staff welfare in Norway's chart (2), 76 in Sweden's (3)."""
    found = set()
    for account in books.chart.values():
        number = oracle.account_number(account["code"])
        looks_like_wages = account["cost_wages_salaries"] == "true" or oracle.says_payroll(account["name"])
        is_welfare = number is not None and number // 100 == {"2": 59, "3": 76}.get(account["chart_id"])
        is_left_out = rules.is_payroll_account(account) or oracle._in_ranges(number, rules.excluded_accounts)
        if looks_like_wages and not is_welfare and not is_left_out:
            found.add(account["code"] or "without a code")
    places = ["accounts_to_confirm names them"] if found else []
    return check("wage_accounts_outside", f"{len(found):,} accounts", "accounts look like wages and are not payroll's", places)
