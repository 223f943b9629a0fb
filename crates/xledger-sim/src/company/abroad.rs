//! A group with owners abroad: other charts of accounts, and what is payroll in them or beside the usual Norwegian accounts.

use crate::company::Company;
use crate::company::account::Chart;
use crate::company::booking::{Booker, Rare};
use crate::company::chart::open;
use crate::company::ledger::Type;
use crate::company::text::Text;

/// The owner in Sweden.
const SWEDEN: u8 = 1;
/// The owner on a chart whose numbers say nothing.
const ELSEWHERE: u8 = 2;

/// What such a group has at least once.
pub(crate) const RARE: [Rare; 9] = [
    |booker, _| booker.salary_by_hand(SWEDEN),
    |booker, owner| booker.sick_pay_refunded(owner),
    |booker, _| booker.pay_in_an_invoice(SWEDEN, "5000"),
    |booker, _| booker.salary_by_hand(ELSEWHERE),
    |booker, _| booker.pay_in_an_invoice(SWEDEN, "5400"),
    |booker, _| booker.pay_in_an_invoice(ELSEWHERE, "5000"),
    |booker, owner| booker.parental_pay_refunded(owner),
    |booker, owner| booker.owners_pay(owner),
    |booker, _| booker.rent_abroad(),
];

/// Opens the charts.
pub(crate) fn open_charts(company: &mut Company) {
    open(company, 0, Chart::Ns4102);
    open(company, SWEDEN, Chart::Bas);
    open(company, ELSEWHERE, Chart::Finacc);
}

/// An owner in Norway.
fn in_norway(owner: u8) -> u8 {
    if owner == 3 { 3 } else { 0 }
}

impl Booker {
    /// The state pays back sick pay, by bank, with the name of who is ill in the text; the account was matched by hand.
    fn sick_pay_refunded(&mut self, owner: u8) {
        let owner = in_norway(owner);
        let voucher = self.voucher(owner, Type::Bank);
        let (person, refund, match_id) = (self.person(owner), self.salary(), self.new_match(owner));
        self.secret_line(voucher, "1920", refund, Some(person), match_id);
        self.secret_line(voucher, "5800", -refund, Some(person), match_id);
    }

    /// The same for a parent, with nothing matched: only the account tells.
    fn parental_pay_refunded(&mut self, owner: u8) {
        let owner = in_norway(owner);
        let voucher = self.voucher(owner, Type::Bank);
        let (person, refund) = (self.person(owner), self.amount());
        let bank = self.line(voucher, "1920", refund);
        self.company.lines[bank].text = Text::None;
        self.secret_line(voucher, "5800", -refund, Some(person), 0);
    }

    /// Partners take pay for their work, by bank.
    fn owners_pay(&mut self, owner: u8) {
        let owner = in_norway(owner);
        let voucher = self.voucher(owner, Type::Bank);
        let (person, pay, match_id) = (self.person(owner), self.salary(), self.new_match(owner));
        self.secret_line(voucher, "5600", pay, Some(person), match_id);
        self.secret_line(voucher, "1920", -pay, Some(person), match_id);
    }

    /// Premises and systems, whose numbers in Sweden are those of Norwegian wages.
    fn rent_abroad(&mut self) {
        for owner in [SWEDEN, ELSEWHERE] {
            let first = self.invoice(owner, 4, 99, 1);
            for (line, code) in ["6300", "6360", "6420", "7140"].into_iter().enumerate() {
                self.company.lines[first + line].account = self.place_of(owner, code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::company::Company;
    use crate::company::ledger::Line;
    use crate::company::shape::Shape;
    use std::collections::BTreeSet;

    fn number(code: &str) -> i32 {
        let digits: String = code.bytes().filter(u8::is_ascii_digit).take(4).map(char::from).collect();
        digits.parse().unwrap_or(0)
    }

    /// The rules by account, written down once more.
    fn is_payroll_account(company: &Company, line: &Line) -> bool {
        let Some(account) = line.account.map(|place| &company.accounts[usize::from(place)]) else { return false };
        let flagged = account.class() == crate::company::account::Class::Wages;
        match (account.chart.id(), number(account.code)) {
            (3, number) => (7000..=7599).contains(&number),
            (2, 5000..=5499 | 5600..=5899) => true,
            (2, _) => false,
            (_, number) => flagged || (5000..=5499).contains(&number) || (5600..=5899).contains(&number),
        }
    }

    #[test]
    fn payroll_by_nature_is_what_the_rules_of_each_chart_find() {
        for (lines, seed, shape) in [
            (2_000, 1, Shape::Swedish),
            (30_000, 4, Shape::Swedish),
            (2_000, 1, Shape::Spend),
            (30_000, 4, Shape::Spend),
        ] {
            let company = Company::shaped(lines, seed, shape);
            let by_type = |line: &Line| {
                let code = company.document_type(company.voucher(line));
                !line.headless && code.is_some_and(|code| ["LØ", "PR", "XV"].contains(&code))
            };
            let itself = |line: &Line| by_type(line) || is_payroll_account(&company, line);
            let mut matches = BTreeSet::new();
            for line in company.lines.iter().filter(|line| line.match_id != 0 && itself(line)) {
                matches.insert((company.voucher(line).owner, line.match_id));
            }
            for line in &company.ap_lines {
                let voucher = &company.vouchers[line.voucher as usize];
                if matches!(company.document_type(voucher), Some("LØ" | "PR" | "XV")) && line.match_id != 0 {
                    matches.insert((voucher.owner, line.match_id));
                }
            }
            for line in &company.lines {
                let matched = matches.contains(&(company.voucher(line).owner, line.match_id));
                assert_eq!(line.is_payroll_by_nature(), itself(line) || matched, "{line:?}");
            }
        }
    }

    #[test]
    fn each_way_of_pay_abroad_is_there_in_a_kept_document_type() {
        let company = Company::shaped(2_000, 1, Shape::Swedish);
        let found = |chart, code, kind, payroll| {
            company.lines.iter().any(|line| {
                let account = line.account.map(|place| &company.accounts[usize::from(place)]);
                let is = account.is_some_and(|account| account.chart.id() == chart && account.code == code);
                is && company.document_type(company.voucher(line)) == Some(kind)
                    && line.is_payroll_by_nature() == payroll
            })
        };
        for (chart, code, kind) in [
            (3, "7210", "BA"),
            (3, "7210", "AP"),
            (3, "7510", "AP"),
            (12, "3310", "BA"),
            (12, "3310", "AP"),
            (2, "5800", "BA"),
            (2, "5600", "BA"),
        ] {
            assert!(found(chart, code, kind, true) && !found(chart, code, kind, false), "{chart} {code} {kind}");
        }
        for (chart, code) in [(3, "5010"), (3, "5060"), (3, "5420"), (3, "5800"), (12, "3410"), (2, "6300")] {
            assert!(found(chart, code, "AP", false) && !found(chart, code, "AP", true), "{chart} {code}");
        }
    }
}
