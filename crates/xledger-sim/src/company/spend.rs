//! A group whose purchases mislead whoever adds them up: numbers of suppliers that do not say who they are, invoices that are no cost, that
//! are taken back or come again.

use crate::company::booking::{Booker, Type, Unpaid};
use crate::company::chart::{Chart, open, open_accounts};
use crate::company::date::{DAY_SECONDS, Day, day};
use crate::company::ledger::TAX_RULES;
use crate::company::number::organisation_number;
use crate::company::period::find;
use crate::company::supplier::{Address, Party, Role, Subledger};
use crate::company::{Company, FIRST_DAY, LAST_DAY};
use std::collections::VecDeque;

/// The owner in Sweden.
const SWEDEN: u8 = 1;
/// The owner that keeps to the tax rules of sales.
const SALES_RULES: u8 = 3;

/// Places in [`crate::company::supplier::COUNTRIES`].
const NO: u8 = 0;
const SE: u8 = 1;
const DK: u8 = 2;
const DE: u8 = 3;
const GB: u8 = 4;
const FI: u8 = 6;

/// Places in [`TAX_RULES`].
const FREE: u8 = 8;
const HIGH: u8 = 9;
const MIDDLE: u8 = 10;
const LOW: u8 = 11;
const IMPORTED: u8 = 12;
const IMPORT_BASIS: u8 = 13;
const FROM_ABROAD: u8 = 14;
const NO_RULE: u8 = 99;

/// What the number of a supplier's company is.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// None.
    Missing,
    /// One with the right check digit.
    Right(&'static str),
    /// The same with what stands before and behind it in a VAT number.
    Vat(&'static str, &'static str, &'static str),
    /// This text.
    Text(&'static str),
    /// That of the company of the owner at this place, whose company it is.
    Owner(u8),
}

/// The suppliers: code, owner, name, country and number.
const SUPPLIERS: [(&str, u8, &str, u8, Number); 20] = [
    ("29001", 0, "Fjordglimt Data AS", NO, Number::Text("NO 914 286 018 MVA")),
    ("29002", 1, "Fjordglimt Data AS", NO, Number::Text("914286018")),
    ("29003", 0, "Ukjent leverandør", NO, Number::Text("999999999")),
    ("29004", 2, "Diverse innkjøp", NO, Number::Text("999999999")),
    ("29005", 0, "Brattnes Maskin AS", NO, Number::Text("914286019")),
    // Born in the 83rd month: a made-up person.
    ("29006", 0, "Liv Dyrøy Rørlegger", NO, Number::Text("15838010404")),
    ("29007", 1, "Alvskog Måleri", SE, Number::Text("8003159988")),
    ("29008", 2, "Stillevik Kaffe", NO, Number::Missing),
    ("29009", 0, "Pell & Harrow Ltd", GB, Number::Text("GB401928373")),
    ("29010", 1, "Pell & Harrow Ltd", GB, Number::Text("9204117")),
    ("29011", 1, "Norrskär El AB", SE, Number::Vat("SE", "SE", "01")),
    ("29012", 0, "Norrskär El AB", SE, Number::Right("SE")),
    ("29013", 0, "Kornvang Emballage ApS", DK, Number::Right("DK")),
    ("29014", 0, "Saarikallio Oy", FI, Number::Right("FI")),
    ("29015", 0, "Havnelageret Eiendom AS", NO, Number::Right("NO")),
    ("29016", 0, "Skarvøyfjord Transport AS", NO, Number::Owner(1)),
    ("29017", 0, "Ytterhavn Holding AS", NO, Number::Owner(4)),
    ("29018", 2, "Skarvøyfjord Fisk AS", NO, Number::Owner(0)),
    ("29019", 1, "Kontinent Maschinen GmbH", DE, Number::Text("DE299417083")),
    ("29020", 0, "Tindholm Kontor AS", NO, Number::Vat("NO", "NO ", "MVA")),
];

/// An invoice of one of these suppliers on a day, with its cost lines: account, amount and tax rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) day: Day,
    supplier: &'static str,
    number: u32,
    costs: &'static [(&'static str, i64, u8)],
    then: Then,
}

/// What becomes of an invoice.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// Nothing.
    Open,
    /// It is paid so many days after its date.
    Paid(i32),
    /// A part of it is, which is not matched.
    PartlyPaid(i64),
    /// It is a credit note, matched with the open invoice of this number, whose rest is paid.
    Settles(u32),
    /// It reverses the invoice of the same number, but is no credit note.
    TakesBack,
}
use Then::{Open, Paid, PartlyPaid, Settles, TakesBack};

type Costs = &'static [(&'static str, i64, u8)];

const fn bill(day: Day, supplier: &'static str, number: u32, costs: Costs, then: Then) -> Bill {
    Bill { day, supplier, number, costs, then }
}

/// What is booked once, beside the rent.
const BILLS: [Bill; 42] = [
    // One company under two owners, and others whose numbers say nothing or something else.
    bill(day(2023, 2, 6), "29001", 5101, &[("6420", 1_200_000, HIGH)], Paid(30)),
    bill(day(2023, 2, 8), "29002", 5102, &[("6420", 480_000, HIGH)], Paid(28)),
    bill(day(2023, 2, 20), "29003", 17, &[("6800", 64_000, HIGH)], Paid(14)),
    bill(day(2023, 2, 21), "29004", 17, &[("6500", 210_000, HIGH)], Paid(14)),
    bill(day(2023, 3, 6), "29005", 90_210, &[("7020", 375_000, HIGH)], Paid(31)),
    bill(day(2023, 3, 13), "29006", 12, &[("6600", 1_480_000, HIGH)], Paid(10)),
    bill(day(2023, 3, 14), "29007", 31, &[("6600", 920_000, HIGH)], Paid(20)),
    bill(day(2023, 3, 20), "29008", 204, &[("6860", 88_000, MIDDLE)], Open),
    bill(day(2023, 4, 3), "29009", 6_100, &[("6420", 2_400_000, FROM_ABROAD)], Paid(44)),
    bill(day(2023, 4, 4), "29010", 6_101, &[("6420", 1_600_000, FROM_ABROAD)], Paid(44)),
    bill(day(2023, 4, 11), "29011", 770, &[("6340", 560_000, HIGH)], Paid(30)),
    bill(day(2023, 4, 12), "29012", 771, &[("6790", 720_000, FROM_ABROAD)], Paid(30)),
    bill(day(2023, 4, 17), "29013", 3_380, &[("4360", 640_000, IMPORTED)], Paid(30)),
    bill(day(2023, 4, 18), "29014", 882, &[("6500", 1_040_000, IMPORTED)], Paid(30)),
    bill(day(2023, 4, 24), "29019", 45_003, &[("6500", 3_200_000, FROM_ABROAD)], Open),
    // Owners that are suppliers of others, one of them out of reach.
    bill(day(2023, 5, 8), "29016", 4790, &[("6100", 2_800_000, HIGH)], Paid(14)),
    bill(day(2023, 5, 9), "29017", 4791, &[("6720", 5_000_000, HIGH)], Paid(14)),
    bill(day(2023, 5, 10), "29018", 4792, &[("6300", 1_500_000, FREE)], Open),
    bill(day(2024, 5, 13), "29016", 4793, &[("6100", 2_960_000, HIGH)], Open),
    // A number that comes again every year.
    bill(day(2023, 6, 12), "29020", 1001, &[("6800", 640_000, HIGH)], Paid(29)),
    bill(day(2024, 6, 10), "29020", 1001, &[("6800", 655_200, HIGH)], Paid(30)),
    bill(day(2025, 6, 9), "29020", 1001, &[("6800", 655_200, HIGH)], Paid(30)),
    // What is taken back under the same number, and posted anew; and taken back as a credit note, in another month.
    bill(day(2024, 3, 4), "29020", 4711, &[("6540", 1_200_000, HIGH)], Open),
    bill(day(2024, 3, 18), "29020", 4711, &[("6540", -1_200_000, HIGH)], TakesBack),
    bill(day(2024, 3, 19), "29020", 4711, &[("6551", 1_200_000, HIGH)], Paid(12)),
    bill(day(2024, 5, 27), "29020", 4712, &[("6700", 800_000, HIGH)], Open),
    bill(day(2024, 6, 3), "29020", 4712, &[("6700", -800_000, HIGH)], Settles(4712)),
    // A credit note for a part, paid in parts, paid late, paid early.
    bill(day(2024, 9, 2), "29020", 4720, &[("6430", 1_000_000, HIGH)], Open),
    bill(day(2024, 9, 9), "29020", 4721, &[("6430", -250_000, HIGH)], Settles(4720)),
    bill(day(2024, 9, 16), "29020", 4730, &[("6705", 3_000_000, HIGH)], PartlyPaid(1_500_000)),
    bill(day(2024, 9, 17), "29020", 4740, &[("6725", 1_800_000, HIGH)], Paid(77)),
    bill(day(2024, 9, 18), "29020", 4741, &[("6725", 1_900_000, HIGH)], Paid(3)),
    // What is no cost yet or never: stock, prepaid, furniture, and what had been accrued, of which no line is kept.
    bill(day(2024, 10, 7), "29020", 4750, &[("1460", 4_800_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 8), "29020", 4751, &[("1740", 2_400_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 9), "29020", 4752, &[("1250", 9_600_000, HIGH)], Paid(30)),
    bill(day(2024, 10, 10), "29020", 4753, &[("2960", 3_600_000, HIGH)], Paid(30)),
    // The tax rules of purchases that are not above.
    bill(day(2024, 11, 4), "29020", 4760, &[("5960", 240_000, MIDDLE), ("6860", 400_000, HIGH)], Paid(30)),
    bill(day(2024, 11, 5), "29020", 4761, &[("7140", 520_000, LOW)], Paid(30)),
    bill(day(2024, 11, 6), "29020", 4762, &[("7500", 1_360_000, FREE)], Paid(30)),
    // The basis of the VAT on what comes from abroad and its contra line, both on cost accounts.
    bill(
        day(2024, 11, 18),
        "29013",
        4764,
        &[("4300", 8_000_000, IMPORTED), ("4380", 8_000_000, IMPORT_BASIS), ("4381", -8_000_000, NO_RULE)],
        Paid(30),
    ),
    bill(
        day(2024, 11, 19),
        "29019",
        4770,
        &[("6790", 6_000_000, NO_RULE), ("4535", 6_000_000, FROM_ABROAD), ("4598", -6_000_000, NO_RULE)],
        Paid(30),
    ),
    // Another supplier's invoice of a number and an amount that are there already.
    bill(day(2025, 2, 3), "29012", 4711, &[("6551", 1_200_000, FROM_ABROAD)], Open),
];

/// Opens the charts and enters the suppliers.
pub(crate) fn prepare(company: &mut Company) {
    open(company, SWEDEN, Chart::Bas);
    open_accounts(
        company,
        SWEDEN,
        Chart::Bas,
        &[("4535", "4535", "Tjänster från utlandet, underlag"), ("4598", "4598", "Tjänster från utlandet, motkonto")],
    );
    open_accounts(
        company,
        0,
        Chart::Ns4102,
        &[
            ("2960", "2960", "Avsatt kostnad"),
            ("4380", "4380", "Innførsel, grunnlag"),
            ("4381", "4381", "Innførsel, motkonto"),
        ],
    );
    for (number, supplier) in SUPPLIERS.into_iter().enumerate() {
        enter(company, number, supplier);
    }
}

fn enter(company: &mut Company, number: usize, supplier: (&str, u8, &str, u8, Number)) {
    let (code, owner, name, country, of_company) = supplier;
    let address = Address {
        id: 2_900_000 + number as i32,
        street: None,
        number: None,
        zip_code: None,
        place: None,
        country: Some(country),
    };
    let modified_at = i64::from(FIRST_DAY) * DAY_SECONDS;
    // Two suppliers share one Swedish company's number, each with a register row of its own, as two share a Norwegian one.
    let right = |country| organisation_number(country, 899_000 + usize::from(country != "SE") * number);
    let party = match of_company {
        Number::Owner(owner) => company.owners[usize::from(owner)].party,
        _ => {
            company.parties.push(Party {
                id: company.parties.last().map_or(7_300_000, |last| last.id + 2),
                number: match of_company {
                    Number::Right(country) => right(country),
                    Number::Vat(country, before, behind) => {
                        right(country).map(|number| format!("{before}{number}{behind}"))
                    }
                    Number::Text(text) => Some(text.to_owned()),
                    Number::Missing | Number::Owner(_) => None,
                },
                name: Some(name.to_owned()),
                email: None,
                phone: None,
                address: Some(address.clone()),
                modified_at,
                payroll: false,
            });
            company.parties.len() as u32 - 1
        }
    };
    company.subledgers.push(Subledger {
        id: company.subledgers.last().map_or(610_000, |last| last.id + 3),
        owner,
        role: Role::Supplier,
        code: Some(code.to_owned()),
        name: Some(name.to_owned()),
        party: Some(party),
        email: None,
        phone: None,
        bank_account: None,
        notes: None,
        contract: (number % 3 == 2).then(|| format!("Rammeavtale {code}")),
        pay_terms: Some(1),
        from: Some(FIRST_DAY),
        to: None,
        modified_at,
        group: Some(if let Number::Owner(_) = of_company { 2 } else { u8::from(country != NO) }),
        address: Some(address),
        contact: None,
        payroll: false,
        above: false,
    });
}

/// All that is to be booked, by day: what is above, and two years of rent.
pub(crate) fn bills() -> VecDeque<Bill> {
    let months = (0..24).map(|month| day(2024 + (month + 10) / 12, (month + 10) % 12 + 1, 1));
    let rent =
        months.zip(7_001..).map(|(day, number)| bill(day, "29015", number, &[("6300", 4_500_000, HIGH)], Paid(15)));
    let mut all: Vec<Bill> = BILLS.into_iter().chain(rent).collect();
    all.sort_by_key(|bill| bill.day);
    all.into()
}

/// Puts the tax rules of purchases in the place of those of sales, as most owners have them.
pub(crate) fn tell_purchases_from_sales(company: &mut Company) {
    for line in &mut company.lines {
        let voucher = &company.vouchers[line.voucher as usize];
        if voucher.document_type == Some(Type::Purchase as u8) && voucher.owner != SALES_RULES {
            line.tax_rule = line.tax_rule.map(|rule| match rule {
                0 | 1 => HIGH,
                2..=4 => FREE,
                5 => MIDDLE,
                6 => LOW,
                7 => FROM_ABROAD,
                rule => rule,
            });
        }
    }
}

impl Booker {
    /// Books an invoice and what becomes of it.
    pub(crate) fn book(&mut self, bill: Bill) {
        let registered = self.company.subledgers.iter().zip(0..);
        let found =
            registered.filter(|(of, _)| of.code.as_deref() == Some(bill.supplier)).map(|(_, place)| place).last();
        let Some(supplier) = found else { return };
        let owner = self.company.subledgers[supplier as usize].owner;
        let voucher = self.voucher_of(owner, Type::Purchase, bill.day + 2);
        let party = self.party_of(supplier);
        // VAT on the invoice by its rule, and VAT that the buyer owes.
        let (mut on_it, mut owed, mut total) = ([0; TAX_RULES.len()], 0, 0);
        for &(code, amount, rule) in bill.costs {
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            let line = &mut self.company.lines[place];
            line.party = party;
            if let Some(known) = TAX_RULES.get(usize::from(rule)) {
                let tax = amount * known.3 / 100;
                (line.tax_rule, line.tax_amount) = (Some(rule), Some(tax));
                match rule {
                    HIGH | MIDDLE | LOW => on_it[usize::from(rule)] += tax,
                    IMPORT_BASIS | FROM_ABROAD => owed += tax,
                    _ => {}
                }
            }
            total += amount;
        }
        for (rule, code) in [(HIGH, "2711"), (MIDDLE, "2712"), (LOW, "2713")] {
            let tax = on_it[usize::from(rule)];
            if tax != 0 {
                let place = self.line(voucher, code, tax);
                self.company.lines[place].tax_rule = Some(rule);
                total += tax;
            }
        }
        if owed != 0 {
            self.line(voucher, "2711", owed);
            self.line(voucher, "2701", -owed);
        }
        let currency = self.company.owners[usize::from(owner)].currency;
        self.debt(voucher, supplier, -total, -total, currency, u8::from(matches!(bill.then, Settles(_))));
        let this = Unpaid { line: self.company.lines.len() - 1, ap_line: self.company.ap_lines.len() - 1 };
        self.unpaid[usize::from(owner)].retain(|other| other.ap_line != this.ap_line);
        let booked = &mut self.company.ap_lines[this.ap_line];
        booked.invoice = bill.number;
        (booked.invoice_date, booked.due_date) = (Some(bill.day), Some(bill.day + 30));
        match bill.then {
            Open => {}
            Paid(days) => {
                let match_id = self.new_match(owner);
                self.settle(owner, &[this], total, bill.day + days, match_id);
            }
            PartlyPaid(part) => self.settle(owner, &[this], part, bill.day + 30, 0),
            Settles(_) | TakesBack => {
                let number = if let Settles(number) = bill.then { number } else { bill.number };
                let open = |of: &crate::company::ledger::ApLine| {
                    of.subledger == supplier && of.invoice == number && of.match_id == 0 && of.amount < 0
                };
                let Some(ap_line) = self.company.ap_lines.iter().position(open) else { return };
                let voucher = self.company.ap_lines[ap_line].voucher;
                // The debt is the last line of its voucher.
                let Some(line) = self.company.lines.iter().rposition(|line| line.voucher == voucher) else { return };
                let rest = -self.company.lines[line].amount + total;
                let match_id = self.new_match(owner);
                self.settle(owner, &[Unpaid { line, ap_line }, this], rest, bill.day + 20, match_id);
            }
        }
    }

    /// Matches invoices, unless `match_id` is 0, and pays `amount`.
    fn settle(&mut self, owner: u8, owed: &[Unpaid], amount: i64, on: Day, match_id: i32) {
        if on > LAST_DAY {
            return;
        }
        for unpaid in owed {
            self.company.lines[unpaid.line].match_id = match_id;
            let invoice = &mut self.company.ap_lines[unpaid.ap_line];
            invoice.match_id = match_id;
            invoice.remaining = if match_id == 0 { invoice.remaining + amount } else { 0 };
            invoice.paid = (amount != 0).then_some(on);
        }
        if amount == 0 {
            return;
        }
        let invoice = &self.company.ap_lines[owed[0].ap_line];
        let (supplier, number, party) = (invoice.subledger, invoice.invoice, invoice.party);
        let voucher = self.voucher_of(owner, Type::Bank, on);
        let place = self.line(voucher, "2400", amount);
        let line = &mut self.company.lines[place];
        (line.party, line.match_id) = (party, match_id);
        let place = self.ap_line(place, supplier);
        let payment = &mut self.company.ap_lines[place];
        (payment.kind, payment.remaining, payment.invoice, payment.paid) = (2, 0, number, Some(on));
        self.line(voucher, "1920", -amount);
    }

    /// A supplier's invoice of premises and of a pension.
    pub(crate) fn pension_beside_premises(&mut self, _: u8) {
        let first = self.company.lines.len();
        self.pay_in_an_invoice(0, "5420");
        self.company.lines[first + 1].account = self.place_of(0, "6300");
    }

    /// A voucher that is entered and posted on a day.
    fn voucher_of(&mut self, owner: u8, kind: Type, on: Day) -> usize {
        let place = self.voucher(owner, kind);
        let calendar = self.company.owners[usize::from(owner)].calendar;
        let period = find(&self.company.periods, calendar, on, false);
        let voucher = &mut self.company.vouchers[place];
        (voucher.posted, voucher.period) = (Some(on), period);
        voucher.created_at = i64::from(on) * DAY_SECONDS + 9 * 3_600;
        voucher.modified_at = Some(voucher.created_at);
        place
    }
}
