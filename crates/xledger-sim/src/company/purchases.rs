//! What is bought: invoices, credit notes, their payments, and expenses of employees.

use crate::company::account::PURCHASE_CODES;
use crate::company::booking::{Booker, Unpaid};
use crate::company::date::day;
use crate::company::ledger::{NONE, TAX_RULES, Type};
use crate::company::supplier::CURRENCIES;

/// Tax rules of purchases by how often they occur; the last place stands for none.
const RULES: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 99];

impl Booker {
    fn supplier(&mut self, owner: u8) -> u32 {
        let suppliers = &self.suppliers[usize::from(owner)];
        // A few suppliers send most of the invoices.
        let among = if self.dice.once_in(2) { suppliers.len().div_ceil(8) } else { suppliers.len() };
        suppliers[self.dice.below(among as u64) as usize]
    }

    pub(super) fn party_of(&self, supplier: u32) -> u32 {
        self.company.subledgers[supplier as usize].party.unwrap_or(NONE)
    }

    fn purchase_code(&mut self) -> &'static str {
        if self.dice.once_in(60) && self.today() < day(2024, 1, 1) {
            return "6395";
        }
        PURCHASE_CODES[self.dice.below(PURCHASE_CODES.len() as u64) as usize]
    }

    /// An invoice with one to six cost lines, their VAT and the debt.
    pub(crate) fn purchase(&mut self, owner: u8) {
        let lines = *self.dice.pick(&[1, 2, 3, 3, 4, 6]);
        let rule = *self.dice.pick(&RULES);
        self.invoice(owner, lines, rule, 1);
    }

    /// The reverse of an invoice.
    pub(crate) fn credit_note(&mut self, owner: u8) {
        let rule = *self.dice.pick(&RULES);
        self.invoice(owner, 1, rule, -1);
    }

    /// Books an invoice and returns the place of its first line.
    pub(crate) fn invoice(&mut self, owner: u8, lines: usize, rule: u8, sign: i64) -> usize {
        let supplier = self.supplier(owner);
        let voucher = self.voucher(owner, Type::Purchase);
        let base = self.company.owners[usize::from(owner)].currency;
        let foreign = supplier % 11 == 5;
        let currency = if foreign { (supplier % 3 + 1) as u8 } else { base };
        let rule = if foreign { 4 } else { rule };
        let first = self.company.lines.len();
        let (mut total, mut total_invoiced, mut tax) = (0, 0, 0);
        for _ in 0..lines {
            let invoiced = self.amount() * sign;
            let (_, _, _, rate) = CURRENCIES[usize::from(currency)];
            let amount = invoiced * rate / CURRENCIES[usize::from(base)].3;
            let code = self.purchase_code();
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            let percent = TAX_RULES.get(usize::from(rule)).map_or(0, |rule| rule.3);
            let line_tax = amount * percent / 100;
            let with_party = !self.dice.once_in(7);
            let party = if with_party { self.party_of(supplier) } else { NONE };
            let accrued = self.dice.once_in(90);
            let line = &mut self.company.lines[place];
            line.invoice_amount = invoiced;
            line.currency = currency;
            line.party = party;
            if usize::from(rule) < TAX_RULES.len() {
                line.tax_rule = Some(rule);
                line.tax_amount = Some(line_tax);
            }
            if accrued {
                line.period = line.period.map(|period| period + 1);
            }
            tax += if rule == 7 { 0 } else { line_tax };
            total += amount;
            total_invoiced += invoiced;
        }
        if tax != 0 {
            let code = match rule {
                5 => "2712",
                6 => "2713",
                _ => "2711",
            };
            let place = self.line(voucher, code, tax);
            self.company.lines[place].tax_rule = Some(rule);
            total += tax;
            total_invoiced += tax;
        }
        self.debt(voucher, supplier, -total, -total_invoiced, currency, u8::from(sign < 0));
        first
    }

    /// Books the debt of an invoice in both ledgers; some will be paid within the books.
    pub(super) fn debt(&mut self, voucher: usize, supplier: u32, amount: i64, invoiced: i64, currency: u8, kind: u8) {
        let line = self.line(voucher, "2400", amount);
        let party = self.party_of(supplier);
        let ledger_line = &mut self.company.lines[line];
        ledger_line.invoice_amount = invoiced;
        ledger_line.currency = currency;
        ledger_line.party = party;
        let ap_line = self.ap_line(line, supplier);
        let number = self.dice.between(1_000, 899_999) as u32;
        let nameless = self.dice.once_in(40);
        let owner = self.company.vouchers[voucher].owner;
        let invoice_date = self.company.vouchers[voucher].posted.map(|posted| posted - self.dice.between(0, 12) as i32);
        let due = if self.dice.once_in(25) { None } else { invoice_date.map(|date| date + 14) };
        let booked = &mut self.company.ap_lines[ap_line];
        booked.kind = kind;
        booked.invoice = if nameless { 0 } else { number };
        booked.invoice_date = invoice_date;
        booked.due_date = due;
        let queue = &mut self.unpaid[usize::from(owner)];
        if self.dice.below(100) < 30 && queue.len() < 4_000 {
            queue.push_back(Unpaid { line, ap_line });
        }
    }

    /// One voucher with the invoices of several suppliers: cost lines with a company can be told apart, others not.
    pub(crate) fn shared_purchase(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Purchase);
        let named = self.dice.once_in(2);
        for _ in 0..self.dice.between(2, 3) {
            let supplier = self.supplier(owner);
            let amount = self.amount();
            let code = self.purchase_code();
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            let party = self.party_of(supplier);
            if named {
                self.company.lines[place].party = party;
            }
            let currency = self.company.lines[place].currency;
            self.debt(voucher, supplier, -amount, -amount, currency, 0);
        }
    }

    /// Pays a few of the oldest unpaid invoices from the bank, now and then with a fee.
    pub(crate) fn payment(&mut self, owner: u8) {
        let count = self.dice.between(1, 4) as usize;
        let mut paid = Vec::with_capacity(count);
        while paid.len() < count {
            let Some(next) = self.unpaid[usize::from(owner)].pop_front() else { break };
            paid.push(next);
        }
        if paid.is_empty() {
            return self.bank_fee(owner);
        }
        let voucher = self.voucher(owner, Type::Bank);
        let posted = self.company.vouchers[voucher].posted;
        let mut total = 0;
        for Unpaid { line, ap_line } in paid {
            let match_id = self.new_match(owner);
            self.company.lines[line].match_id = match_id;
            let invoice = &mut self.company.ap_lines[ap_line];
            invoice.match_id = match_id;
            invoice.remaining = 0;
            invoice.paid = posted;
            let (supplier, number) = (invoice.subledger, invoice.invoice);
            let paid_line = self.company.lines[line].clone();
            let place = self.line(voucher, "2400", -paid_line.amount);
            let booked = &mut self.company.lines[place];
            booked.invoice_amount = -paid_line.invoice_amount;
            booked.currency = paid_line.currency;
            booked.party = paid_line.party;
            booked.match_id = match_id;
            let payment = self.ap_line(place, supplier);
            let payment = &mut self.company.ap_lines[payment];
            payment.kind = 2;
            payment.remaining = 0;
            payment.invoice = number;
            payment.paid = posted;
            total -= paid_line.amount;
        }
        if self.dice.once_in(3) {
            let fee = self.dice.between(300, 9_900);
            self.line(voucher, "7770", fee);
            total += fee;
        }
        self.line(voucher, "1920", -total);
    }

    /// Bought with a card: a company on the line, nothing in the payables ledger.
    pub(crate) fn card_purchase(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Bank);
        // Now and then the company is a supplier of another owner only.
        let registrar = if self.dice.once_in(3) { self.dice.below(5) as u8 } else { owner };
        let supplier = self.supplier(registrar);
        let (amount, code) = (self.amount(), self.purchase_code());
        let place = self.line(voucher, code, amount);
        self.dimensions(place);
        let party = self.party_of(supplier);
        let text_only = self.dice.once_in(4);
        self.company.lines[place].party = if text_only { NONE } else { party };
        self.line(voucher, "1920", -amount);
    }

    /// Two invoices of one supplier in one voucher, and a debt without a subledger.
    pub(crate) fn split_invoice(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Purchase);
        let supplier = self.supplier(owner);
        for nameless in [false, false, true] {
            let (amount, code) = (self.amount(), self.purchase_code());
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            let currency = self.company.lines[place].currency;
            self.debt(voucher, supplier, -amount, -amount, currency, 0);
            if let (true, Some(ap_line)) = (nameless, self.company.ap_lines.last_mut()) {
                ap_line.subledger = NONE;
                ap_line.party = NONE;
            }
        }
    }

    fn bank_fee(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Bank);
        let fee = self.dice.between(300, 9_900);
        self.line(voucher, "7770", fee);
        self.line(voucher, "1920", -fee);
    }

    /// What an employee laid out: a subledger that is no supplier.
    pub(crate) fn expense(&mut self, owner: u8) {
        let employees = &self.employees[usize::from(owner)][0];
        let employee = employees[self.dice.below(employees.len() as u64) as usize];
        let voucher = self.voucher(owner, Type::Expense);
        let mut total = 0;
        for _ in 0..self.dice.between(1, 3) {
            let amount = self.dice.between(5_000, 900_000);
            let code = *self.dice.pick(&["7140", "7100", "7150", "7350", "6860"]);
            let place = self.line(voucher, code, amount);
            self.dimensions(place);
            let taxed = self.dice.once_in(2);
            let line = &mut self.company.lines[place];
            if taxed {
                line.tax_rule = Some(6);
                line.tax_amount = Some(amount * 12 / 112);
            }
            total += amount;
        }
        let line = self.line(voucher, "2910", -total);
        let ap_line = self.ap_line(line, employee);
        self.company.ap_lines[ap_line].kind = 3;
    }
}
