//! A group whose purchases mislead whoever adds them up: numbers of suppliers that do not say who they are, invoices that are no cost, that
//! are taken back or come again.

use crate::company::account::Chart;
use crate::company::bill::Then::{Open, Paid, PartlyPaid, Settles, TakesBack};
use crate::company::bill::{Bill, FREE, FROM_ABROAD, HIGH, IMPORT_BASIS, LOW, MIDDLE};
use crate::company::booking::{Booker, Unpaid};
use crate::company::chart::{open, open_accounts};
use crate::company::date::{DAY_SECONDS, Day};
use crate::company::ledger::{ApLine, TAX_RULES, Type};
use crate::company::number::organisation_number;
use crate::company::period::find;
use crate::company::supplier::{Address, Party, Subledger};
use crate::company::{Company, FIRST_DAY, LAST_DAY};

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
    // A wrong check digit.
    ("29005", 0, "Brattnes Maskin AS", NO, Number::Text("914286019")),
    // People: in Norway a number of 11 digits, born in the 83rd month, for she is made up; in Sweden the third digit is 0.
    ("29006", 0, "Liv Dyrøy Rørlegger", NO, Number::Text("15838010404")),
    ("29007", 1, "Alvskog Måleri", SE, Number::Text("8003159988")),
    ("29008", 2, "Stillevik Kaffe", NO, Number::Missing),
    // One company: its number as a VAT payer, and that of the register of companies without the leading zero.
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
    let address = Address { id: 2_900_000 + number as i32, country: Some(country), ..Address::default() };
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
                address: Some(address.clone()),
                modified_at,
                ..Party::default()
            });
            company.parties.len() as u32 - 1
        }
    };
    company.subledgers.push(Subledger {
        id: company.subledgers.last().map_or(610_000, |last| last.id + 3),
        owner,
        code: Some(code.to_owned()),
        name: Some(name.to_owned()),
        party: Some(party),
        contract: (number % 3 == 2).then(|| format!("Rammeavtale {code}")),
        pay_terms: Some(1),
        from: Some(FIRST_DAY),
        modified_at,
        group: Some(if let Number::Owner(_) = of_company { 2 } else { u8::from(country != NO) }),
        address: Some(address),
        ..Subledger::default()
    });
}

/// Puts the tax rules of purchases in the place of those of sales, as most owners have them.
pub(crate) fn tell_purchases_from_sales(company: &mut Company) {
    for line in &mut company.lines {
        let voucher = &company.vouchers[line.voucher as usize];
        if voucher.is_of(&[Type::Purchase]) && voucher.owner != SALES_RULES {
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
                let open =
                    |of: &ApLine| of.subledger == supplier && of.invoice == number && of.match_id == 0 && of.amount < 0;
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
