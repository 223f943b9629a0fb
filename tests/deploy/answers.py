"""What each saved query should answer, worked out a second time from the rows of the tables in plain Python.

Each function is called like its query and takes the rows of `spend`, those of `supplier` and the day that is today. Rows come in any order.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone

from pytest import approx

BOUGHT = ("operating", "capital", "stock", "prepaid")
OWNER = ("owner_id", "owner_code", "owner_name")
MONEY = "amount_currency_code"


# ------------------------------------------------------------------------------------------------------------------- helpers


def purchases(lines):
    return [line for line in lines if line["spend_class"] in BOUGHT and line["is_intercompany"] is not True]


def grouped(rows, *columns):
    """The rows by what they have in some columns, or by what a function says of them."""
    found = defaultdict(list)
    for row in rows:
        found[tuple(column(row) if callable(column) else row[column] for column in columns)].append(row)
    return found


def total(rows, column="amount"):
    known = [row[column] for row in rows if row[column] is not None]
    return sum(known) if known else None


def least(rows, column):
    return min((row[column] for row in rows if row[column] is not None), default=None)


def most(rows, column):
    return max((row[column] for row in rows if row[column] is not None), default=None)


def different(rows, column):
    return len({row[column] for row in rows} - {None})


def currency(line):
    return line[MONEY] or f"of owner {line['owner_id']}"


def month_of(line):
    return line["year"] * 12 + line["month"]


def percent(part, whole, digits=1):
    return near(float(part or 0) * 100 / float(whole), digits) if whole else None


def near(value, digits=1):
    return None if value is None else approx(float(value), abs=0.5001 * 10**-digits)


def from_year(lines, today, back):
    return [line for line in lines if line["year"] >= today.year - back]


def twelve_months_before(lines, today):
    now = today.year * 12 + today.month
    return [line for line in lines if now - 12 <= month_of(line) < now]


def a_year_before(day):
    return date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)


def rows_of(groups, columns, of_rows):
    """A row for each group: what it was grouped by, but for the owner's id, and what a function makes of its rows."""
    made = []
    for key, rows in groups.items():
        named = dict(zip(columns, key))
        named.pop("owner_id", None)
        made.append(named | of_rows(rows))
    return made


def is_answered(found, wanted):
    """Whether an answer is the one that was worked out here, its rows in any order. Numbers that SQL rounds are near to those here."""
    assert len(found) == len(wanted)
    rounded = {column for row in wanted for column, value in row.items() if hasattr(value, "abs")}
    exact = sorted({column for row in wanted for column in row} - rounded)
    in_order = lambda rows: sorted(rows, key=lambda row: [(row[column] is None, str(row[column])) for column in exact])
    for row, right in zip(in_order(found), in_order(wanted)):
        assert {column: float(value) if column in rounded and value is not None else value for column, value in row.items()} == right


# ------------------------------------------------------------------------------------------------- what adds up purchases


def spend_by_supplier_and_month(lines, suppliers, today):
    columns = (*OWNER, MONEY, "supplier_key", "year", "month")
    wanted = [line for line in from_year(purchases(lines), today, 2) if line["supplier_key"]]
    return rows_of(
        grouped(wanted, *columns),
        columns,
        lambda rows: {
            "supplier_code": least(rows, "supplier_code"),
            "supplier_name": least(rows, "supplier_name"),
            "supplier_company_number": least(rows, "supplier_company_number"),
            "amount": total(rows),
            "invoices": different(rows, "voucher_id"),
            "lines": len(rows),
        },
    )


def top_suppliers(lines, suppliers, today):
    now = today.year * 12 + today.month
    recent = [line for line in purchases(lines) if now - 11 <= month_of(line) <= now]
    made = []
    for (*_, code, name, money), of_owner in grouped(recent, *OWNER, MONEY).items():
        everything = total(of_owner)
        of_suppliers = grouped([line for line in of_owner if line["supplier_key"]], "supplier_key")
        ordered = sorted(of_suppliers.items(), key=lambda each: (-total(each[1]), each[0]))
        for place, ((key,), rows) in enumerate(ordered[:100], 1):
            made.append(
                {
                    "owner_code": code,
                    "owner_name": name,
                    "place": place,
                    "supplier_key": key,
                    "supplier_code": least(rows, "supplier_code"),
                    "supplier_name": least(rows, "supplier_name"),
                    "supplier_company_number": least(rows, "supplier_company_number"),
                    "amount": total(rows),
                    MONEY: money,
                    "percent_of_owner": percent(total(rows), everything),
                    "invoices": different(rows, "voucher_id"),
                    "last_posted_date": most(rows, "posted_date"),
                }
            )
    return made


def spend_by_account_and_dimension(lines, suppliers, today):
    dimensions = [f"dimension_{number}_{part}" for number in (1, 2) for part in ("kind", "code", "name")]
    columns = (*OWNER, "year", "account_group", "account_code", "account_name", *dimensions, MONEY)
    of_rows = lambda rows: {"amount": total(rows), "lines": len(rows)}
    return rows_of(grouped(from_year(purchases(lines), today, 1), *columns), columns, of_rows)


def spend_by_currency(lines, suppliers, today):
    columns = (*OWNER, "year", MONEY, "invoice_currency_code")
    of_rows = lambda rows: {"amount": total(rows), "invoice_amount": total(rows, "invoice_amount"), "lines": len(rows)}
    return rows_of(grouped(purchases(lines), *columns), columns, of_rows)


def lines_without_supplier(lines, suppliers, today):
    columns = (*OWNER, "supplier_match", "document_type", "document_type_name", "account_code", "account_name", MONEY)
    wanted = [line for line in from_year(purchases(lines), today, 1) if line["supplier_id"] is None]
    return rows_of(
        grouped(wanted, *columns),
        columns,
        lambda rows: {
            "amount": total(rows),
            "lines": len(rows),
            "first_posted_date": least(rows, "posted_date"),
            "last_posted_date": most(rows, "posted_date"),
        },
    )


def spend_by_category_and_month(lines, suppliers, today):
    columns = (*OWNER, "category_1", "category_2", "category_source", "year", "month", MONEY)
    of_rows = lambda rows: {"amount": total(rows), "suppliers": different(rows, "supplier_key"), "lines": len(rows)}
    return rows_of(grouped(from_year(purchases(lines), today, 2), *columns), columns, of_rows)


def spend_outside_cost_accounts(lines, suppliers, today):
    columns = (*OWNER, "year", "spend_class", "supplier_key", MONEY)
    wanted = [line for line in from_year(purchases(lines), today, 2) if line["spend_class"] != "operating"]
    return rows_of(
        grouped(wanted, *columns),
        columns,
        lambda rows: {
            "supplier_name": least(rows, "supplier_name"),
            "amount": total(rows),
            "vouchers": different(rows, "voucher_id"),
            "accounts": different(rows, "account_code"),
            "last_posted_date": most(rows, "posted_date"),
        },
    )


def intercompany(lines, suppliers, today):
    columns = (*OWNER, "year", "supplier_key", "spend_class", MONEY)
    wanted = [line for line in from_year(lines, today, 2) if line["is_intercompany"]]
    return rows_of(
        grouped(wanted, *columns),
        columns,
        lambda rows: {"supplier_name": least(rows, "supplier_name"), "vouchers": different(rows, "voucher_id"), "amount": total(rows)},
    )


def closing_entries(lines, suppliers, today):
    columns = (*OWNER, "fiscal_year", "fiscal_period", "spend_class", "account_code", "account_name", MONEY)
    wanted = [line for line in purchases(lines) if (line["fiscal_period"] or 0) > 12]
    return rows_of(
        grouped(wanted, *columns),
        columns,
        lambda rows: {
            "amount": total(rows),
            "lines": len(rows),
            "first_posted_date": least(rows, "posted_date"),
            "last_posted_date": most(rows, "posted_date"),
        },
    )


def year_over_year(lines, suppliers, today):
    last = today.replace(day=1) - timedelta(days=1)
    year, months = last.year, last.month
    wanted = [line for line in purchases(lines) if (line["fiscal_period"] or 0) <= 12 and line["month"] <= months]
    columns = (*OWNER, "category_1", MONEY)

    def of_rows(rows):
        now = sum(line["amount"] for line in rows if line["year"] == year)
        before = sum(line["amount"] for line in rows if line["year"] == year - 1)
        return {
            "year": year,
            "months": months,
            "amount": now,
            "amount_a_year_before": before,
            "change": now - before,
            "percent_of_change": percent(now - before, before),
        }

    return rows_of(grouped([line for line in wanted if line["year"] in (year, year - 1)], *columns), columns, of_rows)


def late_postings(lines, suppliers, today):
    columns = (*OWNER, "year", "month", "document_type", MONEY)
    wanted = [line for line in from_year(purchases(lines), today, 1) if (line["fiscal_period"] or 0) <= 12 and line["voucher_created_at"]]

    def of_rows(rows):
        late, late_amount = [], 0
        for of_voucher in grouped(rows, "voucher_id").values():
            created = datetime.fromtimestamp(most(of_voucher, "voucher_created_at") / 1_000_000, timezone.utc).date()
            year, month = divmod(month_of(rows[0]), 12)
            end = date(year, month + 1, 1) - timedelta(days=1) if month else date(year, 1, 1) - timedelta(days=1)
            days = (created - end).days
            if days > 0:
                late.append(days)
                late_amount += total(of_voucher)
        return {
            "vouchers": different(rows, "voucher_id"),
            "late_vouchers": len(late),
            "average_days": near(sum(late) / len(late)) if late else None,
            "latest_days": max(late, default=None),
            "amount": total(rows),
            "late_amount": late_amount,
        }

    return rows_of(grouped(wanted, *columns), columns, of_rows)


# ------------------------------------------------------------------------------------------------------------------ suppliers


def by_currency_and_supplier(lines, today):
    """For each currency the suppliers of twelve months, the largest first, each with its lines and whether it is in the tail."""
    wanted = [line for line in twelve_months_before(purchases(lines), today) if line["supplier_key"]]
    for (money,), of_currency in grouped(wanted, currency).items():
        ordered = sorted(grouped(of_currency, "supplier_key").items(), key=lambda each: (-total(each[1]), each[0]))
        everything, so_far, found = total(of_currency), 0, []
        for (key,), rows in ordered:
            found.append((key, rows, so_far * 10 >= everything * 8))
            so_far += total(rows)
        yield money, found


def concentration(lines, suppliers, today):
    made = []
    for money, found in by_currency_and_supplier(lines, today):
        everything = sum(total(rows) for _, rows, _ in found)
        top = sum(total(rows) for _, rows, _ in found[:10])
        invoices = sum(different(rows, "voucher_id") for _, rows, _ in found)
        of_tail = sum(different(rows, "voucher_id") for _, rows, in_tail in found if in_tail)
        made.append(
            {
                "currency": money,
                "suppliers": len(found),
                "amount": everything,
                "amount_of_top_10": top,
                "percent_of_top_10": percent(top, everything),
                "suppliers_for_80_percent": sum(not in_tail for *_, in_tail in found),
                "suppliers_in_tail": sum(in_tail for *_, in_tail in found),
                "invoices": invoices,
                "invoices_of_tail": of_tail,
                "percent_of_invoices_of_tail": percent(of_tail, invoices),
            }
        )
    return made


def tail_suppliers(lines, suppliers, today):
    return [
        {
            "currency": money,
            "supplier_key": key,
            "supplier_name": least(rows, "supplier_name"),
            "invoices": different(rows, "voucher_id"),
            "amount": total(rows),
            "amount_an_invoice": near(total(rows) / different(rows, "voucher_id"), 2),
            "owners": different(rows, "owner_id"),
            "categories": different(rows, "category_1"),
        }
        for money, found in by_currency_and_supplier(lines, today)
        for key, rows, in_tail in found
        if in_tail
    ]


def suppliers_per_category(lines, suppliers, today):
    wanted = [line for line in twelve_months_before(purchases(lines), today) if line["supplier_key"]]
    made = []
    for (money, wide, narrow), rows in grouped(wanted, currency, "category_1", "category_2").items():
        of_suppliers = grouped(rows, "supplier_key")
        largest = of_suppliers[min(of_suppliers, key=lambda key: (-total(of_suppliers[key]), key))]
        made.append(
            {
                "currency": money,
                "category_1": wide,
                "category_2": narrow,
                "suppliers": len(of_suppliers),
                "invoices": sum(different(each, "voucher_id") for each in of_suppliers.values()),
                "amount": total(rows),
                "largest_supplier": least(largest, "supplier_name"),
                "percent_of_largest": percent(total(largest), total(rows)),
            }
        )
    return made


def one_off_suppliers(lines, suppliers, today):
    wanted = grouped([line for line in purchases(lines) if line["supplier_key"]], "supplier_key")
    shown = ("owner_code", "owner_name", "supplier_name", "company_number_status", "voucher_number", "invoice_number", "category_1", MONEY)
    return [
        {"supplier_key": key, "posted_date": most(rows, "posted_date"), "amount": total(rows)} | {column: least(rows, column) for column in shown}
        for (key,), rows in wanted.items()
        if different(rows, "voucher_id") == 1
    ]


def new_suppliers(lines, suppliers, today):
    bought = grouped([line for line in purchases(lines) if line["supplier_key"] and line["year"] >= a_year_before(today).year - 1], "supplier_key")
    made = []
    for (key,), rows in grouped([row for row in suppliers if row["is_intercompany"] is not True], "supplier_key").items():
        first_seen = min((day for row in rows for day in (row["valid_from"], row["first_posted_date"]) if day), default=None)
        if not first_seen or first_seen < a_year_before(today):
            continue
        for (money,), of_currency in (grouped(bought.get((key,), []), currency) or {(None,): []}).items():
            made.append(
                {
                    "first_seen": first_seen,
                    "supplier_key": key,
                    "supplier_name": least(rows, "supplier_name"),
                    "company_number_status": least(rows, "company_number_status"),
                    "owners": different(rows, "owner_id"),
                    "first_posted_date": least(rows, "first_posted_date"),
                    "invoices": different(of_currency, "voucher_id") or None,
                    "amount": total(of_currency),
                    "currency": money,
                }
            )
    return made


def suppliers_to_tidy_up(lines, suppliers, today):
    open_ones = [row for row in suppliers if row["is_intercompany"] is not True and (row["valid_to"] is None or row["valid_to"] >= today)]
    name = lambda row: row["supplier_name"] and row["supplier_name"].strip(" ").upper()
    keys_of = {key: different(rows, "supplier_key") for (key,), rows in grouped(open_ones, name).items() if key}
    made = []
    for (key,), rows in grouped(open_ones, "supplier_key").items():
        row = {
            "supplier_key": key,
            "supplier_name": least(rows, "supplier_name"),
            "supplier_codes": ", ".join(sorted({row["supplier_code"] for row in rows} - {None})) or None,
            "company_number_status": least(rows, "company_number_status"),
            "suppliers": len(rows),
            "owners": different(rows, "owner_id"),
            "several_in_one_owner": max(Counter(row["owner_id"] for row in rows).values()) > 1,
            "several_names": len({name(row) for row in rows} - {None}) > 1,
            "name_of_several": any(keys_of.get(name(row), 0) > 1 for row in rows),
            "without_number": least(rows, "company_number_status") in ("missing", "invalid", *(["unchecked"] if key.startswith("supplier:") else [])),
            "last_posted_date": most(rows, "last_posted_date"),
        }
        if row["several_in_one_owner"] or row["several_names"] or row["name_of_several"] or row["without_number"]:
            made.append(row)
    return made


# ------------------------------------------------------------------------------------------------------------------- invoices


def invoices_to_match(lines, suppliers, today):
    columns = (
        *("owner_id", "owner_code", "owner_name", "supplier_key", "supplier_code", "supplier_name", "supplier_company_number"),
        *("invoice_number", "invoice_date", "due_date", "voucher_number", MONEY, "supplier_id", "voucher_id"),
    )
    of_supplier = [line for line in lines if line["supplier_id"] and line["invoice_number"] and line["invoice_date"]]
    wanted = [line for line in of_supplier if line["invoice_date"] >= a_year_before(today) and not is_payment(line)]

    def of_rows(rows):
        one = different(rows, "invoice_currency_code") == 1
        return {
            "amount": total(rows),
            "vat_amount": total(rows, "vat_amount"),
            "document_amount": total(rows, "invoice_amount") if one else None,
            "document_currency_code": least(rows, "invoice_currency_code") if one else None,
            "lines": len(rows),
        }

    made = rows_of(grouped(wanted, *columns), columns, of_rows)
    return [{column: value for column, value in row.items() if column not in ("supplier_id", "voucher_id")} for row in made]


def is_payment(line):
    """Of a bank voucher, also what is not said to be something else."""
    return line["invoice_kind"] == "payment" or (line["document_type"] == "BA" and line["invoice_kind"] in (None, "unknown"))


def of_vouchers(lines, key, only=lambda amount: amount):
    """Vouchers with an amount by a key of their lines, in the order of their days, in spans: a span begins with an invoice."""
    wanted = [line for line in lines if line["supplier_key"] and not is_payment(line) and key(line) is not None]
    for found, of_key in grouped(wanted, key).items():
        vouchers = []
        for rows in grouped(of_key, "owner_id", "voucher_id").values():
            if only(total(rows)):
                day = least(rows, "invoice_date") or least(rows, "posted_date")
                vouchers.append((day, -total(rows), rows[0]["voucher_id"], rows))
        yield found[0], [(day, -minus, rows) for day, minus, _, rows in sorted(vouchers, key=lambda each: each[:3])]


def in_spans(vouchers, days):
    """What comes within so many days of the invoice before, and what is taken back after it and before the next span."""
    spans, last = [[]], None
    for voucher in vouchers:
        day, amount, _ = voucher
        if amount > 0:
            if last is None or (day - last).days > days:
                spans.append([])
            last = day
        spans[-1].append(voucher)
    return [span for span in spans if span]


def listed(values):
    return ", ".join(map(str, sorted(value for value in values if value is not None))) or None


def invoices_posted_twice(lines, suppliers, today):
    def key(line):
        number = "".join(letter for letter in (line["invoice_number"] or "").upper() if letter.isalnum()).lstrip("0")
        return (line["supplier_key"], number, line[MONEY]) if number else None

    made = []
    for (supplier, _, money), vouchers in of_vouchers(lines, key):
        for span in in_spans(vouchers, 330):
            standing = Counter()
            for _, amount, _ in span:
                standing[abs(amount)] += 1 if amount > 0 else -1
            left = [count for count in standing.values() if count > 0]
            rows = [line for *_, rows in span for line in rows]
            if sum(left) > 1:
                made.append(
                    {
                        "supplier_key": supplier,
                        "supplier_name": least(rows, "supplier_name"),
                        "invoice_number": least(rows, "invoice_number"),
                        "vouchers": sum(left),
                        "same_amount": max(left) > 1,
                        "owners": different(rows, "owner_id"),
                        "voucher_numbers": listed(least(rows, "voucher_number") for *_, rows in span),
                        "first_invoice_date": span[0][0],
                        "last_invoice_date": span[-1][0],
                        "amount": total(rows) if money or different(rows, "owner_id") == 1 else None,
                        MONEY: money,
                    }
                )
    return made


def possible_duplicates_by_amount(lines, suppliers, today):
    made = []
    wanted = from_year(lines, today, 2)
    for (supplier, money), vouchers in of_vouchers(wanted, lambda line: (line["supplier_key"], line[MONEY]), lambda amount: abs(amount) >= 1000):
        for size in {abs(amount) for _, amount, _ in vouchers}:
            of_size = [voucher for voucher in vouchers if abs(voucher[1]) == size]
            if len({(day.year, day.month) for day, amount, _ in of_size if amount > 0}) >= 3:
                continue
            for span in in_spans(of_size, 30):
                count = sum(1 if amount > 0 else -1 for _, amount, _ in span)
                rows = [line for *_, rows in span for line in rows]
                if count > 1:
                    made.append(
                        {
                            "supplier_key": supplier,
                            "supplier_name": least(rows, "supplier_name"),
                            "amount": size,
                            "currency": money or "unknown",
                            "vouchers": count,
                            "owners": different(rows, "owner_id"),
                            "first_invoice_date": span[0][0],
                            "last_invoice_date": span[-1][0],
                            "voucher_numbers": listed(least(rows, "voucher_number") for *_, rows in span),
                            "invoice_numbers": listed({least(rows, "invoice_number") for *_, rows in span}),
                        }
                    )
    return made


def payment_terms(lines, suppliers, today):
    wanted = [
        line
        for line in from_year(lines, today, 2)
        if line["supplier_key"] and line["is_intercompany"] is not True and line["invoice_date"] and line["invoice_kind"] in (None, "invoice")
    ]
    agreed = grouped([row for row in suppliers if row["payment_terms"]], "supplier_key")
    made = []
    for (money, key), rows in grouped(wanted, currency, "supplier_key").items():
        invoices = [of_voucher for of_voucher in grouped(rows, "voucher_id").values() if total(of_voucher) > 0]

        def weighted(begin, end):
            known = [each for each in invoices if least(each, begin) and most(each, end)]
            days = [(float(total(each)), (most(each, end) - least(each, begin)).days) for each in known]
            return near(sum(weight * day for weight, day in days) / sum(weight for weight, _ in days)) if days else None

        lateness = [(total(each), most(each, "last_payment_date") - least(each, "due_date")) for each in invoices if least(each, "due_date") and most(each, "last_payment_date")]
        late = [amount for amount, days in lateness if days > timedelta()]
        if invoices:
            made.append(
                {
                    "currency": money,
                    "supplier_key": key,
                    "supplier_name": least([line for each in invoices for line in each], "supplier_name"),
                    "agreed_terms": listed({row["payment_terms"] for row in agreed.get((key,), [])}),
                    "invoices": len(invoices),
                    "amount": sum(map(total, invoices)),
                    "used_days": weighted("invoice_date", "due_date"),
                    "paid_invoices": sum(most(each, "last_payment_date") is not None for each in invoices),
                    "paid_days": weighted("invoice_date", "last_payment_date"),
                    "late_invoices": len(late),
                    "percent_paid_late": percent(sum(late), sum(amount for amount, _ in lateness)) if lateness else None,
                }
            )
    return made


def expenses_invoiced_too(lines, suppliers, today):
    wanted = [line for line in from_year(purchases(lines), today, 1) if line["amount"] >= 100]
    same = lambda line: (line["owner_id"], line["year"], line["month"], line["amount"])
    return [
        {column: expense[column] for column in ("owner_code", "owner_name", "year", "month", "amount", MONEY)}
        | {f"expense_{column}": expense[column] for column in ("voucher_number", "account_code")}
        | {f"invoice_{column}": invoice[column] for column in ("voucher_number", "account_code")}
        | {column: invoice[column] for column in ("supplier_key", "supplier_name", "invoice_number")}
        for both in grouped(wanted, same).values()
        for expense in both
        for invoice in both
        if (expense["document_type"], invoice["document_type"]) == ("ER", "AP")
    ]


def invoice(lines, suppliers, today):
    """The view."""
    wanted = [line for line in lines if line["supplier_id"] and line["voucher_id"] and not is_payment(line)]
    wanted = [line for line in wanted if line["invoice_kind"] or line["invoice_number"] or line["invoice_date"]]
    made = []
    for rows in grouped(wanted, "owner_id", "voucher_id", "supplier_id").values():
        categories = grouped(rows, "category_1", "category_2")
        nulls_last = lambda key: [(part is None, part or "") for part in key]
        wide, narrow = min(categories, key=lambda key: (-abs(total(categories[key])), nulls_last(key)))
        paid, invoiced, due = most(rows, "last_payment_date"), least(rows, "invoice_date"), least(rows, "due_date")
        kept = (*OWNER, "voucher_id", "voucher_number", "supplier_key", "supplier_id", "supplier_name", "is_intercompany")
        made.append(
            {column: rows[0][column] for column in kept}
            | {
                "posted_date": least(rows, "posted_date"),
                "invoice_number": least(rows, "invoice_number"),
                "invoice_kind": least(rows, "invoice_kind"),
                "invoice_date": invoiced,
                "due_date": due,
                "last_payment_date": paid,
                "net": total(rows),
                "vat": total(rows, "vat_amount"),
                "currency": rows[0][MONEY],
                "lines": len(rows),
                "category_1": wide,
                "category_2": narrow,
                "days_to_pay": (paid - invoiced).days if paid and invoiced else None,
                "days_late": (paid - due).days if paid and due else None,
            }
        )
    return made


# ------------------------------------------------------------------------------------------------------------ VAT and currency


def vat_by_month(lines, suppliers, today):
    columns = (*OWNER, "year", "month", "vat_code", "vat_rate", MONEY)

    def of_rows(rows):
        rate, vat = rows[0]["vat_rate"], total(rows, "vat_amount")
        expected = None if rate is None else total(rows) * rate / 100
        return {
            "amount": total(rows),
            "vat_amount": vat,
            "expected_vat_amount": near(expected, 2),
            "difference": near(vat - expected, 2) if vat is not None and expected is not None else None,
            "lines": len(rows),
        }

    return rows_of(grouped([line for line in from_year(lines, today, 1) if line["vat_code"]], *columns), columns, of_rows)


def implied_rate(lines):
    """In percent, of the lines with VAT."""
    bearing = [line for line in lines if line["vat_amount"]]
    base = total(bearing)
    return float(total(bearing, "vat_amount")) * 100 / float(base) if base else None


def vat_implied_rates(lines, suppliers, today):
    wanted = [line for line in from_year(lines, today, 2) if line["vat_code"]]
    made = []
    for rows in grouped(wanted, "owner_id", "year", "vat_code").values():
        rate = implied_rate(rows)
        bearing = [line for line in rows if line["vat_amount"]]
        off = [line for line in bearing if abs(float(line["vat_amount"]) * 100 - rate * float(line["amount"])) > abs(float(line["amount"])) / 2] if rate is not None else []
        made.append(
            {
                **{column: rows[0][column] for column in ("owner_code", "owner_name", "year", "vat_code", MONEY)},
                "vat_name": least(rows, "vat_name"),
                "implied_percent": near(rate, 2),
                "expected_percent": most(rows, "vat_rate"),
                "lines": len(rows),
                "lines_off": len(off),
                "lines_without_vat": len(rows) - len(bearing),
                "amount": total(rows),
                "vat_amount": total(rows, "vat_amount"),
            }
        )
    return made


def cost_that_bears_vat(lines, suppliers, today):
    coded = grouped([line for line in lines if line["vat_code"]], "owner_id", "vat_code")
    with_rate = {key for key, rows in coded.items() if any(line["vat_amount"] or (line["vat_rate"] or 0) > 0 for line in rows)}
    wanted = [line for line in from_year(purchases(lines), today, 2) if (line["owner_id"], line["vat_code"]) in with_rate]
    columns = (*OWNER, "year", "vat_code", "account_code", "account_name", MONEY)
    return rows_of(
        grouped([line for line in wanted if not line["vat_amount"] and line["amount"]], *columns),
        columns,
        lambda rows: {"vat_name": least(rows, "vat_name"), "amount": total(rows), "lines": len(rows)},
    )


def spend_in_group_currency(lines, suppliers, today):
    home = {}
    for (owner,), rows in grouped(lines, "owner_id").items():
        same = Counter(line["invoice_currency_code"] for line in rows if line["amount"] == line["invoice_amount"] and line["invoice_currency_code"])
        home[owner] = min(same, key=lambda code: (-same[code], code), default=None)
    own = lambda line: line[MONEY] or home[line["owner_id"]]
    pairs = defaultdict(lambda: [0, 0])
    for line in lines:
        both = {own(line): line["amount"], line["invoice_currency_code"]: line["invoice_amount"]}
        if len(both) == 2 and "NOK" in both and None not in both and all(both.values()) and line["spend_class"] != "finance":
            [other] = both.keys() - {"NOK"}
            for when in ((line["year"], line["month"]), line["year"]):
                pairs[other, when][0] += abs(both["NOK"])
                pairs[other, when][1] += abs(both[other])
    rates = {key: float(of_group) / float(of_other) for key, (of_group, of_other) in pairs.items() if of_other}
    made = []
    for (_, code, name, money, year, month), rows in grouped(purchases(lines), *OWNER, own, "year", "month").items():
        found = [("same currency", 1.0)] if money == "NOK" else []
        found += [(word, rates[money, when]) for word, when in (("month", (year, month)), ("year", year)) if (money, when) in rates]
        word, rate = (found + [("none", None)])[0]
        made.append(
            {
                "owner_code": code,
                "owner_name": name,
                "year": year,
                "month": month,
                "amount": total(rows),
                "currency": money,
                "rate": near(rate, 4),
                "rate_of": word,
                "amount_in_group_currency": None if rate is None else near(float(total(rows)) * rate, 2),
                "group_currency": "NOK",
            }
        )
    return made
