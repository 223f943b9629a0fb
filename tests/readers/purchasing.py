"""What a line and a supplier are to purchasing, worked out a second time: organisation numbers, classes of spend, default categories, VAT rates.

None of the product's code; the checks of organisation numbers are python-stdnum's.
"""

from collections import defaultdict
from decimal import Decimal

from stdnum.dk import cvr
from stdnum.fi import ytunnus
from stdnum.gb import vat as gb_vat
from stdnum.no import fodselsnummer, orgnr
from stdnum.se import orgnr as se_orgnr

# ------------------------------------------------------------------------------------------------------ organisation numbers


def company_key(number, country):
    """The status of a number with the country code of the address, and the key; none if the number names no company.

    Enough for the numbers that the simulator makes; `src/classify/company_numbers.tsv` has the rare ones.
    """
    text = "".join(letter for letter in (number or "").upper() if letter.isalnum())
    if not text:
        return "missing", None
    if len({digit for digit in text if digit.isdigit()}) == 1:
        return "invalid", None
    country = {"SJ": "NO", "AX": "FI"}.get(country, country)
    for prefix in ("NO", "SE", "DK", "FI", "GB"):
        if text.startswith(prefix):
            text, country = text.removeprefix(prefix), prefix
    if country == "NO":
        text = text.removesuffix("MVA")
        if len(text) == 11 and fodselsnummer.is_valid(_real_month(text)):
            return "personal", None
        return _checked("NO", text, orgnr.is_valid(text) and text[0] in "89")
    if country == "SE":
        text = text.removesuffix("01") if len(text) == 12 else text
        if text[2] < "2":
            return "personal", None
        return _checked("SE", text, se_orgnr.is_valid(text))
    if country == "DK":
        return _checked("DK", text, cvr.is_valid(text))
    if country == "FI":
        return _checked("FI", text, ytunnus.is_valid(text))
    if country == "GB":
        if len(text) == 9:
            return _checked("GBVAT", text, gb_vat.is_valid(text))
        return "unchecked", f"GB:{text:0>8}"
    enough = sum(map(str.isdigit, text)) >= 7
    return "unchecked", f"{country}:{text}" if country and enough else None


def _checked(system, text, is_right):
    return ("valid", f"{system}:{text}") if is_right else ("invalid", None)


def _real_month(text):
    """A synthetic person is born in a month above 80, which no check but the check digits minds; these are checked here by themselves."""
    month = int(text[2:4])
    if month <= 80:
        return text
    digits = list(map(int, text))
    first = sum(map(int.__mul__, digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1))) % 11
    second = sum(map(int.__mul__, digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))) % 11
    return "01017010170" if (first, second) == (0, 0) else "0"


# ------------------------------------------------------------------------------------------------- classes and categories

NS_4102, BAS = "2", "3"

OPERATING = {
    NS_4102: [(4000, 4899), (5500, 5599), (5900, 5999), (6100, 7799)],
    BAS: [(4000, 4899), (5000, 6999), (7600, 7699)],
}
VAT_BOOKKEEPING = {NS_4102: [(4080, 4087), (4380, 4387), (7780, 7789)], BAS: []}
STOCK_CHANGES = {NS_4102: [(number, number) for number in (4090, 4190, 4290, 4390)], BAS: []}
FINANCE = {NS_4102: [(1300, 1399), (1800, 1899), (8000, 8199)], BAS: [(1300, 1399), (1800, 1899), (8000, 8499)]}
CONTRA = 4598
REVERSE_CHARGE = [(4515, 4518), (4531, 4547), (CONTRA, CONTRA)]


def _within(number, ranges):
    return any(low <= number <= high for low, high in ranges)


def spend_class(account, number):
    """What an account holds, by the number in a known chart, else by its flags."""
    chart = account["chart_id"]
    if chart not in OPERATING or number is None:
        if account["cost_wages_salaries"] == "true":
            return "not_a_purchase"
        return {"cost": "operating", "finance": "finance"}.get(account["class"], "other")
    for word, ranges in (
        ("vat_bookkeeping", VAT_BOOKKEEPING[chart]),
        ("not_a_purchase", STOCK_CHANGES[chart]),
        ("operating", OPERATING[chart]),
        ("finance", FINANCE[chart]),
        ("not_a_purchase", [(4900, 8999)]),
        ("capital", [(1000, 1299)]),
        ("stock", [(1400, 1499)]),
        ("prepaid", [(1700, 1799)]),
    ):
        if _within(number, ranges):
            return word
    return "other"


def contra_vouchers(books, lines):
    """The vouchers in which the bases of a reverse charge and its contra, 4598 in BAS, come to nothing."""
    sums, contras = defaultdict(Decimal), set()
    for line in lines:
        number = books.account_number(line) or 0
        if books.chart[line["account_id"]]["chart_id"] != BAS or not _within(number, REVERSE_CHARGE):
            continue
        voucher = (line["owner_id"], line["voucher_id"])
        sums[voucher] += Decimal(line["amount"] or 0)
        if number == CONTRA:
            contras.add(voucher)
    return {voucher for voucher in contras if sums[voucher] == 0}


def class_of(books, line, contras):
    account, number = books.chart[line["account_id"]], books.account_number(line)
    if account["chart_id"] == BAS and number and _within(number, REVERSE_CHARGE):
        if (line["owner_id"], line["voucher_id"]) in contras:
            return "vat_bookkeeping"
    return spend_class(account, number)


GOODS, STAFF, PREMISES = "Goods and subcontractors", "Staff", "Premises and energy"
EQUIPMENT, SERVICES, OFFICE = "Equipment, IT and maintenance", "Services", "Office and communication"
TRANSPORT, MARKETING, INSURANCE = "Transport and travel", "Marketing and sales", "Insurance, licences and fees"

GROUPS = {
    NS_4102: {
        40: (GOODS, "Raw materials"),
        41: (GOODS, "Work in progress"),
        42: (GOODS, "Own finished goods"),
        43: (GOODS, "Goods for resale"),
        45: (GOODS, "Subcontractors"),
        46: (GOODS, "Packaging and other goods"),
        55: (STAFF, "Allowances"),
        59: (STAFF, "Staff welfare, insurance"),
        61: (TRANSPORT, "Outbound freight"),
        62: (PREMISES, "Production energy"),
        63: (PREMISES, "Premises"),
        64: (EQUIPMENT, "Equipment and system hire"),
        65: (EQUIPMENT, "Equipment, IT, software"),
        66: (EQUIPMENT, "Maintenance"),
        67: (SERVICES, "Advisers and services"),
        68: (OFFICE, "Office, books, courses"),
        69: (OFFICE, "Phone, network, post"),
        70: (TRANSPORT, "Vehicles"),
        71: (TRANSPORT, "Travel"),
        72: (MARKETING, "Commissions"),
        73: (MARKETING, "Marketing"),
        74: (INSURANCE, "Memberships, gifts"),
        75: (INSURANCE, "Insurance, warranty"),
        76: (INSURANCE, "Licences, rights"),
        77: (INSURANCE, "Fees and other"),
    },
    BAS: {
        **{group: (GOODS, "Goods and materials") for group in range(40, 46)},
        46: (GOODS, "Subcontractors"),
        47: (GOODS, "Purchase discounts"),
        50: (PREMISES, "Premises"),
        51: (PREMISES, "Property"),
        52: (EQUIPMENT, "Equipment hire"),
        53: (PREMISES, "Energy"),
        54: (EQUIPMENT, "Equipment, software, consumables"),
        55: (EQUIPMENT, "Maintenance"),
        56: (TRANSPORT, "Vehicles"),
        57: (TRANSPORT, "Freight"),
        58: (TRANSPORT, "Travel"),
        59: (MARKETING, "Marketing"),
        60: (MARKETING, "Other selling costs"),
        61: (OFFICE, "Office supplies"),
        62: (OFFICE, "Phone, network, post"),
        63: (INSURANCE, "Insurance, risk"),
        64: (SERVICES, "Governance, audit"),
        65: (SERVICES, "Advisers, IT, services"),
        68: (SERVICES, "Hired staff"),
        69: (INSURANCE, "Licences, fees, other"),
        76: (STAFF, "Training, health, welfare"),
    },
}
NO_PURCHASE = {
    NS_4102: {
        49: "Stock changes",
        50: "Wages",
        52: "Benefits in kind",
        53: "Fees to persons",
        54: "Employer's tax, pension",
        56: "Owners' work",
        57: "Wage grants",
        58: "Refunds (sickness etc.)",
        60: "Depreciation",
        78: "Losses",
        79: "Accruals",
        80: "Finance",
        81: "Finance",
        **{group: "Tax, allocations" for group in (83, 84, 85, 86, 88, 89)},
    },
    BAS: {
        49: "Stock changes",
        70: "Wages",
        72: "Wages",
        73: "Allowances, benefits",
        74: "Pension",
        75: "Employer's tax",
        77: "Depreciation",
        78: "Depreciation",
        79: "Currency, disposal losses",
        **{group: "Finance" for group in range(80, 85)},
        88: "Tax, allocations",
        89: "Tax, allocations",
    },
}


def default_categories(account, number, class_):
    """The two categories of an account in its standard chart, in English."""
    chart = account["chart_id"]
    if chart not in GROUPS or number is None or class_ == "other":
        return None, None
    if class_ in ("capital", "stock", "prepaid"):
        return {"capital": "Investments", "stock": "Stock", "prepaid": "Prepaid"}[class_], None
    if class_ == "vat_bookkeeping":
        return "Not a purchase", None
    if class_ == "operating":
        return GROUPS[chart].get(number // 100, (None, None))
    if class_ == "finance":
        return "Not a purchase", NO_PURCHASE[chart].get(number // 100)
    words = "Stock changes" if 4000 <= number < 4900 else NO_PURCHASE[chart].get(number // 100)
    return ("Not a purchase", words) if words else (None, None)


# ---------------------------------------------------------------------------------------------------------------------- VAT


def contradicted_rates(lines, rates, money):
    """Owners and codes of which fewer than nine in ten lines have the VAT that the rate gives, within half a point or a hundredth."""
    agreeing = defaultdict(list)
    for line in lines:
        rate, amount, vat = rates.get(line["vat_code"]), money(line["amount"]), money(line["tax_amount"])
        if rate is not None and amount and vat is not None:
            off = abs(abs(vat) - abs(amount) * rate / 100)
            agreeing[line["owner_id"], line["vat_code"]].append(off <= max(abs(amount) * Decimal("0.005"), Decimal("0.01")))
    return {key for key, found in agreeing.items() if sum(found) * 10 < len(found) * 9}
