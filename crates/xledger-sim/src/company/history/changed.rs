//! What is changed of lines and vouchers that stay.

use crate::company::history::Clerk;
use crate::company::ledger::{NONE, Type, USUAL_RULES};
use crate::company::owner::Owner;
use crate::company::supplier::{CURRENCIES, Role};
use crate::company::text::Text;

kinds! {
    /// What is changed of ledger lines.
    pub enum LineChange {
        /// Amounts, in all currencies.
        Amount,
        /// The text.
        Text,
        /// A value of a dimension.
        Dimension,
        /// The counterparty.
        Company,
        /// The tax rule and the tax.
        TaxRule,
        /// The currency and the amount in it.
        Currency,
        /// The voucher's posted date.
        PostedDate,
        /// The period, to an earlier one.
        Earlier,
        /// The period, to a later one.
        Later,
        /// The account, to another cost account.
        ToOtherCost,
        /// The account, to a bank account.
        ToBank,
        /// The account, to a payroll account.
        ToPayroll,
        /// The account, from one of these back to a cost account.
        ToCost,
    }
}

kinds! {
    /// What is changed of payables lines.
    pub enum PayableChange {
        /// The invoice's number.
        Number,
        /// The invoice's date and the day on which it is due.
        Dates,
        /// The supplier.
        Subledger,
        /// The counterparty.
        Company,
        /// The match, to one that nothing had before, as when an invoice is paid.
        Match,
    }
}

/// The payroll account that purchases are booked on by [`LineChange::ToPayroll`] alone.
const PAYROLL_ACCOUNT: &str = "5090";
const BANK_ACCOUNT: &str = "1920";

impl Clerk {
    pub(super) fn change(&mut self, what: LineChange) {
        let among = match what {
            LineChange::ToCost => self.lines(|code| [BANK_ACCOUNT, PAYROLL_ACCOUNT].contains(&code)),
            _ => self.costs(),
        };
        let chosen = self.choose(among);
        for &place in &chosen {
            self.change_line(place, what);
        }
        let vouchers: Vec<u32> = chosen.iter().map(|&place| self.books.lines[place].voucher).collect();
        self.touch(vouchers);
    }

    fn change_line(&mut self, place: usize, what: LineChange) {
        let number = self.dice.below(90) as i64 + 1;
        let voucher = self.books.lines[place].voucher as usize;
        let owner = self.books.vouchers[voucher].owner;
        let (party, account) = (self.other_party(self.books.lines[place].party), |code| self.account(code));
        let (bank, payroll, cost) = (account(BANK_ACCOUNT), account(PAYROLL_ACCOUNT), account("6300"));
        let other_cost =
            [cost, account("6800")].into_iter().find(|of| *of != self.books.lines[place].account).flatten();
        let moved = |by: i64| {
            let period = self.books.lines[place].period?;
            let other = usize::try_from(i64::from(period) + by).ok()?;
            let periods = &self.books.periods;
            let is_of_calendar = periods.get(other)?.calendar == periods[usize::from(period)].calendar;
            Some(if is_of_calendar { other as u16 } else { period })
        };
        let (earlier, later) = (moved(-(number % 14 + 1)), moved(number % 14 + 1));
        let dimension = self.other_dimension(place, owner);
        let line = &mut self.books.lines[place];
        match what {
            LineChange::Amount => {
                line.amount += number * 100;
                line.invoice_amount += number * 100;
            }
            LineChange::Text => {
                let (Text::Phrase(words) | Text::Own(words)) = line.text else {
                    line.text = Text::Phrase(number as u32);
                    return;
                };
                line.text = Text::Phrase(words + number as u32);
            }
            LineChange::Dimension => line.dimensions = dimension,
            LineChange::Company => line.party = party,
            LineChange::TaxRule => {
                let next = line.tax_rule.map_or(0, |rule| rule + 1);
                line.tax_rule = (usize::from(next) < USUAL_RULES).then_some(next);
                line.tax_amount = line.tax_rule.map(|_| number);
            }
            LineChange::Currency => {
                line.currency = (line.currency + 1) % CURRENCIES.len() as u8;
                line.invoice_amount += number;
            }
            LineChange::PostedDate => {
                let posted = &mut self.books.vouchers[voucher].posted;
                *posted = posted.map(|day| day - number as i32);
            }
            LineChange::Earlier => line.period = earlier,
            LineChange::Later => line.period = later,
            LineChange::ToOtherCost => line.account = other_cost,
            LineChange::ToBank => line.account = bank,
            LineChange::ToPayroll => line.account = payroll,
            LineChange::ToCost => line.account = cost,
        }
    }

    pub(super) fn change_payables(&mut self, what: PayableChange) {
        let among = self.payables();
        let chosen = self.choose(among);
        for &place in &chosen {
            let number = self.dice.below(90) as u32 + 1;
            let (party, subledger) = (self.books.ap_lines[place].party, self.books.ap_lines[place].subledger);
            let owner = self.books.vouchers[self.books.ap_lines[place].voucher as usize].owner;
            let (party, subledger) = (self.other_party(party), self.other_supplier(subledger, owner));
            let match_id = self.new_match(owner);
            let line = &mut self.books.ap_lines[place];
            match what {
                PayableChange::Number => line.invoice += number,
                PayableChange::Dates => {
                    let moved = |day: Option<i32>| day.map_or(Some(20_000), |day| Some(day + number as i32));
                    (line.invoice_date, line.due_date) = (moved(line.invoice_date), moved(line.due_date));
                }
                PayableChange::Subledger => line.subledger = subledger,
                PayableChange::Company => line.party = party,
                PayableChange::Match => line.match_id = match_id,
            }
        }
        let vouchers: Vec<u32> = chosen.iter().map(|&place| self.books.ap_lines[place].voucher).collect();
        self.touch(vouchers);
    }

    pub(super) fn retype(&mut self, to_payroll: bool) {
        let payrolls = [Type::Salary, Type::Payroll, Type::VariablePay];
        let books = &self.books;
        let among = (0..books.vouchers.len() as u32).filter(|&place| {
            let voucher = &books.vouchers[place as usize];
            let is = if to_payroll { voucher.is_bought() } else { voucher.is_of(&payrolls) };
            is && !voucher.payroll && books.reaches(voucher.owner)
        });
        let chosen = self.choose(among.collect());
        let to = if to_payroll { Type::Salary } else { Type::Purchase };
        for &place in &chosen {
            self.books.vouchers[place as usize].document_type = Some(to as u8);
        }
        self.touch(chosen);
    }

    /// The token's account that was opened with this code.
    fn account(&self, code: &str) -> Option<u16> {
        let is = |place: &usize| {
            let account = &self.books.accounts[*place];
            account.first_code == code && self.books.reaches(account.owner)
        };
        (0..self.books.accounts.len()).find(is).map(|place| place as u16)
    }

    /// The party of some supplier, another than this one.
    pub(super) fn other_party(&mut self, than: u32) -> u32 {
        let suppliers = self.books.subledgers.iter().filter(|of| of.role == Role::Supplier && of.party != Some(than));
        let parties: Vec<u32> = suppliers.filter_map(|supplier| supplier.party).collect();
        if parties.is_empty() { NONE } else { *self.dice.pick(&parties) }
    }

    /// A supplier of an owner, another than this one if there is another.
    fn other_supplier(&mut self, than: u32, owner: u8) -> u32 {
        let is = |place: &u32| {
            let subledger = &self.books.subledgers[*place as usize];
            subledger.role == Role::Supplier && subledger.owner == owner && *place != than
        };
        let suppliers: Vec<u32> = (0..self.books.subledgers.len() as u32).filter(is).collect();
        if suppliers.is_empty() { than } else { *self.dice.pick(&suppliers) }
    }

    /// The dimensions of a line, one of them with another value; none of them an employee's.
    fn other_dimension(&mut self, line: usize, owner: u8) -> [u32; 5] {
        let Owner { dimension_kinds, .. } = self.books.owners[usize::from(owner)];
        let mut dimensions = self.books.lines[line].dimensions;
        let used: Vec<usize> = (0..5).filter(|&slot| ![0, 40].contains(&dimension_kinds[slot])).collect();
        let slot = *self.dice.pick(&used);
        let is = |place: &u32| {
            let value = &self.books.dimension_values[*place as usize];
            value.owner == owner && value.kind == dimension_kinds[slot] && *place != dimensions[slot]
        };
        let values: Vec<u32> = (0..self.books.dimension_values.len() as u32).filter(is).collect();
        dimensions[slot] = *self.dice.pick(&values);
        dimensions
    }
}
