"""Rows of `spend` and `supplier`, made by hand: what no simulated company has, so that each query has something to find.

Three owners: 1 and 2 keep NOK, 3 keeps EUR. Today is the day of the newest posting, 2026-10-20.
"""

import itertools
from datetime import date, timedelta
from decimal import Decimal

OWNERS = {1: ("10", "Nord AS", "NOK"), 2: ("20", "Sør AS", "NOK"), 3: ("30", "Süd GmbH", "EUR")}
TODAY = date(2026, 10, 20)


class Books:
    """Rows as dictionaries; what a row does not say is what most rows have."""

    def __init__(self):
        self.spend, self.supplier, self.numbers = [], [], itertools.count(1)

    def line(self, day, supplier, amount, owner=1, days=30, **more):
        """A line of an invoice of a day; a voucher of its own, unless one is named."""
        number = next(self.numbers)
        code, name, currency = OWNERS[owner]
        line = {
            **{"line_id": number, "owner_id": owner, "owner_code": code, "owner_name": name},
            **{"voucher_id": 1_000 + number, "voucher_number": 2_000 + number, "document_type": "AP", "document_type_name": "Inngående faktura"},
            **{"posted_date": day, "fiscal_year": day.year, "fiscal_period": day.month, "year": day.year, "month": day.month},
            **{"account_code": "6500", "account_name": "Verktøy", "account_kind": "cost", "spend_class": "operating"},
            **{"supplier_match": "voucher", "invoice_kind": "invoice", "invoice_number": f"F{number}", "invoice_date": day},
            **{"due_date": day + timedelta(days), "amount": Decimal(amount), "amount_currency_code": currency},
            **{"invoice_amount": Decimal(amount), "invoice_currency_code": currency, "category_1": "Equipment", "category_source": "account"},
            **{"voucher_created_at": f"{day} 12:00:00+00", "is_intercompany": False},
        }
        if supplier:
            line |= {"supplier_id": supplier * 10 + owner, "supplier_code": str(supplier), "supplier_name": f"Supplier {supplier}", "supplier_key": f"NO:{supplier}"}
            line |= {"company_number_status": "valid"}
        else:
            line |= {"supplier_match": "none", "invoice_kind": None, "invoice_number": None, "invoice_date": None, "due_date": None, "is_intercompany": None}
        self.spend.append(line | more)

    def registered(self, supplier, owner=1, **more):
        row = {
            **{"supplier_id": supplier * 10 + owner, "supplier_code": str(supplier), "supplier_name": f"Supplier {supplier}"},
            **{"supplier_key": f"NO:{supplier}", "company_number_status": "valid", "is_intercompany": False, "payment_terms": "Netto 30 dager"},
            **{"owner_id": owner, "line_count": 0, "spend_amount": Decimal(0), "valid_from": date(2020, 1, 1)},
        }
        days = [line["posted_date"] for line in self.spend if line.get("supplier_id") == row["supplier_id"]]
        if days:
            row |= {"first_posted_date": min(days), "last_posted_date": max(days)}
        self.supplier.append(row | more)


def books():
    made = Books()
    line = made.line

    # 101: an invoice posted twice, in two owners and with the number written in two ways.
    line(date(2026, 3, 2), 101, "5000.50", invoice_number="INV-0042")
    line(date(2026, 3, 2), 101, "5000.50", invoice_number="inv 0042", owner=2)
    # 102: posted twice, one of them taken back.
    line(date(2026, 3, 3), 102, "7000", invoice_number="7")
    line(date(2026, 3, 5), 102, "7000", invoice_number="07")
    line(date(2026, 3, 9), 102, "-7000", invoice_number="007", invoice_kind="credit_note")
    # 103: the number of last year; twelve months later to the day, and five months.
    line(date(2025, 4, 1), 103, "900", invoice_number="1001")
    line(date(2026, 4, 1), 103, "900", invoice_number="1001")
    line(date(2026, 9, 1), 103, "950", invoice_number="1001")
    # 104: 1234 sent twice in a fortnight under two numbers, and 800, which is little; 105: the same taken back; 106: rent.
    line(date(2026, 5, 4), 104, "1234")
    line(date(2026, 5, 18), 104, "1234", owner=2)
    line(date(2026, 5, 4), 104, "800")
    line(date(2026, 5, 5), 104, "800")
    line(date(2026, 5, 4), 105, "4321")
    line(date(2026, 5, 6), 105, "4321")
    line(date(2026, 8, 6), 105, "-4321", invoice_kind="credit_note")
    for month in range(1, 10):
        line(date(2026, month, 1), 106, "20000", account_code="6300", category_1="Premises")
    # 107: the same amount in two currencies, which is no duplicate, nor one sum.
    line(date(2026, 6, 1), 107, "3000")
    line(date(2026, 6, 2), 107, "3000", owner=3)
    # 108: paid ten days late and five days early, the larger one late; one is open. 109 is one of the owners.
    line(date(2026, 1, 10), 108, "9000", last_payment_date=date(2026, 2, 19))
    line(date(2026, 1, 11), 108, "1000", last_payment_date=date(2026, 2, 5))
    line(date(2026, 1, 12), 108, "500")
    line(date(2026, 2, 2), 109, "60000", is_intercompany=True, last_payment_date=date(2026, 6, 2))
    # 110: new, and bought from once; 111: new to an owner alone.
    line(date(2026, 9, 14), 110, "2500", category_1="Marketing")
    line(date(2022, 9, 14), 111, "2600")
    line(date(2026, 9, 14), 111, "2700", owner=2)
    # What an employee claims and 112 invoices, and another amount.
    line(date(2026, 7, 3), None, "640", document_type="ER")
    line(date(2026, 7, 9), 112, "640")
    line(date(2026, 8, 9), 112, "640")
    line(date(2026, 7, 9), 112, "640", owner=2)
    # Lines of one invoice: two categories, of which the smaller sum has the larger line; taken into stock; prepaid; an investment.
    for amount, category in (("700", "Marketing"), ("-650", "Marketing"), ("300", "Premises"), ("20", None)):
        line(date(2026, 7, 20), 113, amount, voucher_id=9_001, voucher_number=9_001, invoice_number="M1", category_1=category)
    line(date(2026, 7, 21), 113, "4400", spend_class="stock", account_kind="asset", account_code="1460")
    line(date(2026, 7, 22), 113, "5500", spend_class="prepaid", account_kind="asset", account_code="1740")
    line(date(2026, 7, 23), 113, "6600", spend_class="capital", account_kind="asset", account_code="1250")
    # Cost that is no purchase.
    line(date(2026, 7, 24), 113, "7700", spend_class="not_a_purchase", account_code="6000")
    line(date(2026, 7, 25), None, "50", document_type="BA", spend_class="finance", account_kind="finance")
    # Posted in a closing period, and entered 45 days after its month. One voucher has no invoice date, one payment has a fee.
    line(date(2025, 12, 31), 114, "1111", fiscal_period=13)
    line(date(2025, 11, 28), 114, "2222", voucher_created_at="2026-01-14 23:30:00+00")
    line(date(2025, 11, 30), 114, "3333", voucher_created_at="2025-11-30 23:59:59+00")
    line(date(2026, 2, 27), 114, "15", invoice_kind="payment", invoice_number="F1", invoice_date=None, due_date=None, document_type="BA")
    line(date(2026, 2, 28), 114, "1500", invoice_date=None, due_date=None)
    # A payment of which Xledger does not say that it is one, under the number of an invoice.
    for kind, day in ((None, 16), ("unknown", 17)):
        line(date(2026, 5, day), 114, "1200", invoice_kind=kind, invoice_number="P1", document_type="BA")
    line(date(2026, 5, 15), 114, "1200", invoice_number="P1")
    # VAT: two lines at 25 percent, one with half of it deducted, one with none; a code without a rate.
    for amount, code, vat in (("1000", "1", "250"), ("2000", "1", "500"), ("3000", "1", "375"), ("1250", "1", "0"), ("1300", "1", None), ("400", "0", "0")):
        vat = {"vat_code": code, "vat_name": f"Rule {code}", "vat_amount": vat and Decimal(vat)}
        line(date(2026, 4, 20), 115, amount, **vat)
    # Invoices in each other's currency: 11.40 and 11.60 NOK for a euro in one month, nothing in the next, no rate in the year before.
    line(date(2026, 3, 10), 116, "1140", invoice_amount=Decimal(100), invoice_currency_code="EUR")
    line(date(2026, 3, 11), 116, "100", owner=3, invoice_amount=Decimal(1160), invoice_currency_code="NOK")
    line(date(2026, 3, 12), 116, "-1140", invoice_amount=Decimal(-100), invoice_currency_code="EUR", invoice_kind="credit_note")
    # A loss of exchange has an amount in one currency alone.
    line(date(2026, 3, 13), None, "900", invoice_amount=Decimal(0), invoice_currency_code="EUR", document_type="BA", spend_class="finance", account_kind="finance")
    line(date(2026, 3, 14), None, "90", invoice_amount=Decimal(5), invoice_currency_code="EUR", document_type="BA", spend_class="finance", account_kind="finance")
    line(date(2026, 4, 12), 116, "200", owner=3)
    line(date(2025, 4, 12), 116, "300", owner=3)
    line(date(2026, 4, 13), 116, "1000", invoice_amount=Decimal(90), invoice_currency_code="USD")
    # The newest.
    line(TODAY, 117, "10")

    for supplier in range(101, 118):
        made.registered(supplier, valid_from=date(2026, 9, 1) if supplier == 110 else date(2020, 1, 1), is_intercompany=supplier == 109)
    made.registered(111, owner=2, valid_from=date(2026, 9, 1), payment_terms="Netto 14 dager")
    # One twice in an owner, one with two names, a name that two have, one without a number, and closed ones.
    made.registered(101, owner=2)
    made.registered(102, supplier_id=9_102, supplier_code="102B")
    made.registered(103, owner=2, supplier_name="Supplier 103 avd. sør")
    made.registered(118, supplier_name="supplier 104 ", valid_from=None)
    made.registered(119, supplier_key="supplier:1191", company_number_status="missing", payment_terms=None)
    made.registered(120, supplier_key="supplier:1201", company_number_status="invalid", valid_to=date(2026, 10, 19))
    made.registered(121, supplier_key="supplier:1211", company_number_status="personal", valid_to=TODAY)
    # A number whose country nobody knows, and one of a country without a check.
    made.registered(122, supplier_key="supplier:1221", company_number_status="unchecked")
    made.registered(123, supplier_key="DE:123", company_number_status="unchecked")
    return made
