//! Payroll: the runs, their payment, and the ways in which it hides in other documents.
//!
//! Every text of what is booked here carries [`crate::PAYROLL_MARKER`], and the whole part of every amount that is a
//! salary, a tax or a pension begins with 77013 and has seven digits; no other amount does.

use crate::company::booking::Booker;
use crate::company::ledger::Type;
use crate::company::text::Text;

impl Booker {
    /// A salary: 77013xx.yy, in hundredths.
    pub(super) fn salary(&mut self) -> i64 {
        770_130_000 + self.dice.between(0, 9_999)
    }

    /// Marks a line and its voucher's text as payroll.
    pub(super) fn secret(&mut self, line: usize, person: Option<u32>) {
        let owner = self.owner_of(line);
        let party = person.and_then(|person| self.company.subledgers[person as usize].party);
        let values = self.company.owners[usize::from(owner)]
            .dimension_kinds
            .map(|kind| if kind == 40 { Some(self.value(owner, kind)) } else { None });
        let line = &mut self.company.lines[line];
        line.book_as_payroll();
        line.text = Text::Marker;
        if let Some(party) = party {
            line.party = party;
        }
        for (slot, value) in values.into_iter().enumerate() {
            if let Some(value) = value {
                line.dimensions[slot] = value;
            }
        }
        let voucher = &mut self.company.vouchers[line.voucher as usize];
        voucher.payroll = true;
        voucher.text = Text::Marker;
    }

    fn owner_of(&self, line: usize) -> u8 {
        self.company.vouchers[self.company.lines[line].voucher as usize].owner
    }

    pub(super) fn secret_line(
        &mut self,
        voucher: usize,
        code: &'static str,
        amount: i64,
        person: Option<u32>,
        match_id: i32,
    ) -> usize {
        let line = self.line(voucher, code, amount);
        self.secret(line, person);
        self.company.lines[line].match_id = match_id;
        line
    }

    fn secret_ap_line(&mut self, line: usize, person: u32, kind: u8) {
        let ap_line = self.ap_line(line, person);
        self.company.ap_lines[ap_line].book_as_payroll();
        self.company.ap_lines[ap_line].kind = kind;
    }

    pub(super) fn person(&mut self, owner: u8) -> u32 {
        let people = &self.employees[usize::from(owner)][1];
        people[self.dice.below(people.len() as u64) as usize]
    }

    /// A run for one to four people, mostly paid from the bank right away.
    pub(crate) fn payroll_run(&mut self, owner: u8) {
        let kind = *self.dice.pick(&[Type::Salary, Type::Salary, Type::Salary, Type::Payroll, Type::VariablePay]);
        let people = self.dice.between(1, 4);
        self.run(owner, kind, people);
    }

    /// A run under a document type for so many people.
    pub(crate) fn run(&mut self, owner: u8, kind: Type, people: i64) {
        let voucher = self.voucher(owner, kind);
        let mut owed = Vec::new();
        for _ in 0..people {
            let (person, salary, match_id) = (self.person(owner), self.salary(), self.new_match(owner));
            self.secret_line(voucher, "5000", salary, Some(person), 0);
            let line = self.secret_line(voucher, "2930", -salary, Some(person), match_id);
            // Only the salary that the bank pays below has a line in the payables ledger.
            if owed.is_empty() {
                self.secret_ap_line(line, person, 0);
            }
            owed.push((person, salary, match_id));
        }
        let tax = self.salary();
        self.secret_line(voucher, "5400", tax, None, 0);
        self.secret_line(voucher, "2770", -tax, None, 0);
        let (person, salary, match_id) = owed[0];
        if self.room() >= 8 {
            self.pay_salary(owner, person, salary, match_id);
        }
    }

    /// The bank pays a salary: an ordinary bank document, matched with the run.
    fn pay_salary(&mut self, owner: u8, person: u32, salary: i64, match_id: i32) {
        let voucher = self.voucher(owner, Type::Bank);
        let line = self.secret_line(voucher, "2930", salary, Some(person), match_id);
        self.secret_ap_line(line, person, 2);
        self.secret_line(voucher, "1920", -salary, Some(person), match_id);
    }

    /// A run under a code that no list of payroll types holds.
    pub(crate) fn variable_pay(&mut self, owner: u8) {
        self.run(owner, Type::VariablePay, 1);
    }

    /// A run under the usual code.
    pub(crate) fn ordinary_run(&mut self, owner: u8) {
        self.run(owner, Type::Salary, 1);
    }

    /// A run under the English code.
    pub(crate) fn english_run(&mut self, owner: u8) {
        self.run(owner, Type::Payroll, 1);
    }

    /// A salary booked by hand in a bank document, beside an ordinary fee.
    pub(crate) fn salary_by_hand(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Bank);
        let (person, salary, match_id) = (self.person(owner), self.salary(), self.new_match(owner));
        self.secret_line(voucher, "5000", salary, Some(person), match_id);
        self.secret_line(voucher, "1920", -salary, Some(person), match_id);
        let fee = self.dice.between(300, 9_900);
        self.line(voucher, "7770", fee);
        self.line(voucher, "1920", -fee);
    }

    /// An expense report that is settled with the salary: its debt is payroll, its cost is not.
    pub(crate) fn settled_expense(&mut self, owner: u8) {
        let voucher = self.voucher(owner, Type::Expense);
        let employee = self.employees[usize::from(owner)][0][0];
        let match_id = self.new_match(owner);
        let cost = self.dice.between(5_000, 900_000);
        self.line(voucher, "7140", cost);
        let debt = self.secret_line(voucher, "2910", -cost, None, match_id);
        self.secret_ap_line(debt, employee, 3);
        let run = self.voucher(owner, Type::Salary);
        let line = self.secret_line(run, "2910", cost, None, match_id);
        self.secret_ap_line(line, employee, 2);
        self.secret_line(run, "2930", -cost, None, 0);
    }

    /// A salary whose payment is matched in the payables ledger alone: nothing in the ledger lines of the run tells.
    pub(crate) fn matched_in_payables_only(&mut self, owner: u8) {
        let run = self.voucher(owner, Type::Salary);
        let (person, salary, match_id) = (self.person(owner), self.salary(), self.new_match(owner));
        self.secret_line(run, "5000", salary, Some(person), 0);
        let owed = self.secret_line(run, "2930", -salary, Some(person), 0);
        self.secret_ap_line(owed, person, 0);
        if let Some(ap_line) = self.company.ap_lines.last_mut() {
            ap_line.match_id = match_id;
        }
        self.pay_salary(owner, person, salary, match_id);
    }

    /// A supplier's invoice of which one line is a pension, on a payroll account.
    pub(crate) fn pension_invoice(&mut self, owner: u8) {
        self.pay_in_an_invoice(owner, "5420");
    }

    /// A supplier's invoice of which one line is pay, on the payroll account that stands for this one.
    pub(super) fn pay_in_an_invoice(&mut self, owner: u8, code: &'static str) {
        let before = self.company.vouchers.len();
        let first = self.invoice(owner, 2, 99, 1);
        // So large that the debt, which is no payroll, does not begin with 77013.
        let pension = 770_139_900 + self.dice.between(0, 99);
        let (was, was_invoiced) = (self.company.lines[first].amount, self.company.lines[first].invoice_amount);
        let debt = self.company.lines.len() - 1;
        // The first cost line becomes the pension; the debt follows.
        let account = self.place_of(owner, code);
        let line = &mut self.company.lines[first];
        line.account = account;
        line.amount = pension;
        line.invoice_amount = pension;
        let debt = &mut self.company.lines[debt];
        debt.amount -= pension - was;
        debt.invoice_amount -= pension - was_invoiced;
        if let Some(ap_line) = self.company.ap_lines.last_mut() {
            ap_line.amount = debt.amount;
            ap_line.invoice_amount = debt.invoice_amount;
            ap_line.remaining = debt.invoice_amount;
        }
        self.secret(first, None);
        self.company.lines[first].party = crate::company::ledger::NONE;
        debug_assert_eq!(self.company.vouchers.len(), before + 1);
    }
}
