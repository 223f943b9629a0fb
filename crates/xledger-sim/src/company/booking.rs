//! Keeps the books: throws the dice for what happens next and books it, until there are exactly as many lines as asked for.

mod resumed;

use crate::company::account::Chart;
use crate::company::bill::Bill;
use crate::company::date::{DAY_SECONDS, Day, WallTime};
use crate::company::dice::Dice;
use crate::company::ledger::{ApLine, Line, NONE, Type, Voucher};
use crate::company::period::find;
use crate::company::supplier::Role;
use crate::company::text::Text;
use crate::company::{Company, FIRST_DAY, LAST_DAY};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// No voucher has more lines than this.
pub(crate) const LARGEST_VOUCHER: u64 = 16;

/// An unpaid invoice: the places of its line on the payables account and of its accounts-payable line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpaid {
    pub(crate) line: usize,
    pub(crate) ap_line: usize,
}

/// Books one rare case for an owner.
pub(crate) type Rare = fn(&mut Booker, u8);

/// Whoever keeps the books.
pub(crate) struct Booker {
    pub(crate) company: Company,
    pub(crate) dice: Dice,
    pub(crate) unpaid: Vec<VecDeque<Unpaid>>,
    /// The suppliers of each owner.
    pub(crate) suppliers: Vec<Vec<u32>>,
    /// The employees of each owner: those with expenses, and those whom only payroll names.
    pub(crate) employees: Vec<[Vec<u32>; 2]>,
    /// The companies that are customers.
    pub(crate) customers: std::ops::Range<u32>,
    /// The rare cases, in the order in which they are booked.
    pub(crate) rare: Vec<Rare>,
    /// Invoices with a day of their own, by day.
    pub(crate) bills: VecDeque<Bill>,
    accounts: FxHashMap<(u8, &'static str), u16>,
    values: FxHashMap<(u8, i32), Vec<u32>>,
    next_match: Vec<i32>,
    next_line: i64,
    next_ap_line: i32,
    next_voucher: i32,
    listed: u64,
    limit: u64,
}

impl Booker {
    pub(crate) fn new(company: Company, limit: u64, seed: u64) -> Self {
        let owners = company.owners.len();
        let mut suppliers = vec![Vec::new(); owners];
        let mut employees = vec![[Vec::new(), Vec::new()]; owners];
        for (place, subledger) in company.subledgers.iter().enumerate() {
            let owner = usize::from(subledger.owner);
            match subledger.role {
                Role::Supplier => suppliers[owner].push(place as u32),
                Role::Employee => employees[owner][usize::from(subledger.payroll)].push(place as u32),
            }
        }
        let mut accounts = FxHashMap::default();
        for (place, account) in company.accounts.iter().enumerate() {
            accounts.insert((account.owner, account.stands_for), place as u16);
        }
        let mut values: FxHashMap<(u8, i32), Vec<u32>> = FxHashMap::default();
        for (place, value) in company.dimension_values.iter().enumerate() {
            values.entry((value.owner, value.kind)).or_default().push(place as u32);
        }
        let payroll_from = company.parties.iter().position(|party| party.payroll).unwrap_or(company.parties.len());
        let customers = payroll_from as u32 - (limit / 600).max(6) as u32..payroll_from as u32;
        let mut company = company;
        company.lines.reserve_exact((limit + limit / 50) as usize);
        Self {
            dice: Dice::new(seed),
            unpaid: vec![VecDeque::new(); owners],
            suppliers,
            employees,
            customers,
            rare: Vec::new(),
            bills: VecDeque::new(),
            accounts,
            values,
            next_match: vec![500; owners],
            next_line: 109_349_000_000_467,
            next_ap_line: 5_203_311,
            next_voucher: 31_004_200,
            listed: 0,
            limit,
            company,
        }
    }

    /// Books until the limit is reached exactly.
    pub(crate) fn keep_the_books(&mut self) {
        let rare = std::mem::take(&mut self.rare);
        let spread = self.limit.saturating_sub(LARGEST_VOUCHER);
        let mut next_rare = 0;
        while self.room() >= LARGEST_VOUCHER {
            if self.bills.front().is_some_and(|bill| bill.day <= self.today()) {
                self.bills.pop_front().into_iter().for_each(|bill| self.book(bill));
                continue;
            }
            if next_rare < rare.len() && self.listed * rare.len() as u64 >= next_rare as u64 * spread {
                let owner = (next_rare % 4) as u8;
                rare[next_rare](self, owner);
                next_rare += 1;
                continue;
            }
            let owner = *self.dice.pick(&[0, 0, 0, 0, 1, 1, 2, 2, 3]);
            match self.dice.below(1000) {
                0..6 => {
                    let which = self.dice.below(rare.len() as u64) as usize;
                    rare[which](self, owner);
                }
                6..16 => self.purchase(4),
                16..390 => self.purchase(owner),
                390..405 => self.credit_note(owner),
                405..420 => self.shared_purchase(owner),
                420..470 => self.payment(owner),
                470..490 => self.expense(owner),
                490..500 => self.card_purchase(owner),
                500..690 => self.sale(owner),
                690..830 => self.receipt(owner),
                830..910 => self.journal(owner),
                910..920 => self.opening_balance(owner),
                _ => self.payroll_run(owner),
            }
        }
        while self.room() > 0 {
            let lines = if self.room().is_multiple_of(2) { 2 } else { self.room().min(3) };
            self.small_journal(lines);
        }
    }

    /// How many lines are still to be booked.
    pub(crate) fn room(&self) -> u64 {
        self.limit.saturating_sub(self.listed)
    }

    fn now(&self) -> WallTime {
        let days = i64::from(LAST_DAY - FIRST_DAY) + 1;
        let parts = days * 1_000;
        let done = (parts as i128 * i128::from(self.listed) / i128::from(self.limit.max(1))) as i64;
        let done = done.min(parts - 1);
        (i64::from(FIRST_DAY) + done / 1_000) * DAY_SECONDS + 7 * 3600 + done % 1_000 * 38
    }

    /// The current day of the books.
    pub(crate) fn today(&self) -> Day {
        self.now().div_euclid(DAY_SECONDS) as Day
    }

    /// Opens a voucher that is posted now, or now and then into an earlier month.
    pub(crate) fn voucher(&mut self, owner: u8, kind: Type) -> usize {
        let created_at = self.now() + self.dice.between(0, 37);
        let late = if self.dice.once_in(25) { self.dice.between(20, 55) } else { self.dice.between(0, 6) };
        let posted = (self.today() - late as i32).max(FIRST_DAY);
        let calendar = self.company.owners[usize::from(owner)].calendar;
        let thirteenth = matches!(kind, Type::Journal) && self.dice.once_in(4);
        let modified_at = if self.dice.once_in(3) {
            let after = self.dice.between(60, 20 * DAY_SECONDS);
            Some((created_at + after).min(i64::from(LAST_DAY + 1) * DAY_SECONDS - 1))
        } else {
            Some(created_at)
        };
        let text = self.text();
        let place = self.company.vouchers.len();
        self.next_voucher += 1 + self.dice.below(3) as i32;
        self.company.vouchers.push(Voucher {
            id: self.next_voucher,
            number: 20_000_001 + place as i32,
            owner,
            document_type: Some(kind as u8),
            period: find(&self.company.periods, calendar, posted, thirteenth),
            posted: Some(posted),
            created_at,
            modified_at,
            text,
            payroll: false,
        });
        place
    }

    /// Books a line on the account with this code: the owner's own if it has one.
    pub(crate) fn line(&mut self, voucher: usize, code: &'static str, amount: i64) -> usize {
        let (owner, period) = (self.company.vouchers[voucher].owner, self.company.vouchers[voucher].period);
        self.next_line += 1 + self.dice.below(4) as i64;
        let mut line = Line::new(self.next_line, voucher as u32, amount);
        line.account = self.accounts.get(&(owner, code)).or_else(|| self.accounts.get(&(0, code))).copied();
        line.period = period;
        line.currency = self.company.owners[usize::from(owner)].currency;
        line.text = self.text();
        let place = self.company.lines.len();
        line.position = match self.company.lines.last() {
            Some(last) if last.voucher as usize == voucher => last.position + 1,
            _ => 1,
        };
        if self.company.reaches(owner) {
            self.listed += 1;
        }
        self.company.lines.push(line);
        place
    }

    /// Books an accounts-payable line that mirrors a ledger line.
    pub(crate) fn ap_line(&mut self, line: usize, subledger: u32) -> usize {
        let mirrored = &self.company.lines[line];
        self.next_ap_line += 1 + self.dice.below(2) as i32;
        let mut ap_line = ApLine::new(self.next_ap_line, mirrored.voucher, subledger, mirrored.amount);
        ap_line.account = mirrored.account;
        ap_line.invoice_amount = mirrored.invoice_amount;
        ap_line.remaining = mirrored.invoice_amount;
        ap_line.currency = mirrored.currency;
        ap_line.party = mirrored.party;
        ap_line.match_id = mirrored.match_id;
        ap_line.text = mirrored.text;
        self.company.ap_lines.push(ap_line);
        self.company.ap_lines.len() - 1
    }

    /// The place of the owner's own account for this code, if its chart is not the Norwegian one; else of the token's account.
    pub(crate) fn place_of(&self, owner: u8, code: &'static str) -> Option<u16> {
        let own = self.accounts.get(&(owner, code)).copied();
        let own = own.filter(|&place| self.company.accounts[usize::from(place)].chart != Chart::Ns4102);
        own.or_else(|| self.accounts.get(&(0, code)).copied())
    }

    /// The owner's next match number: other owners use the same numbers.
    pub(crate) fn new_match(&mut self, owner: u8) -> i32 {
        let next = &mut self.next_match[usize::from(owner)];
        *next += 1;
        *next
    }

    /// A free text, or none.
    pub(crate) fn text(&mut self) -> Text {
        if self.dice.once_in(7) { Text::None } else { Text::Phrase(self.dice.below(4_000) as u32) }
    }

    /// An amount in hundredths, mostly small; never one that looks like payroll's.
    pub(crate) fn amount(&mut self) -> i64 {
        let times = if self.dice.once_in(400) { 900 } else { *self.dice.pick(&[1, 1, 1, 3, 10, 40]) };
        let whole = self.dice.once_in(4);
        let amount = self.dice.between(2_500, 99_999) * times;
        if whole { amount / 100 * 100 } else { amount }
    }

    /// Puts values of the owner's dimensions on a line, some of them.
    pub(crate) fn dimensions(&mut self, line: usize) {
        let voucher = self.company.lines[line].voucher as usize;
        let owner = self.company.vouchers[voucher].owner;
        for slot in 0..5 {
            let kind = self.company.owners[usize::from(owner)].dimension_kinds[slot];
            if kind != 40 && !self.dice.once_in(3) {
                self.company.lines[line].dimensions[slot] = self.value(owner, kind);
            }
        }
    }

    /// A value of a dimension of an owner, or [`NONE`].
    pub(crate) fn value(&mut self, owner: u8, kind: i32) -> u32 {
        self.values.get(&(owner, kind)).map_or(NONE, |values| *self.dice.pick(values))
    }
}
