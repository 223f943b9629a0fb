//! The generated company: a plain data structure, the same for the same number of lines and seed.
//!
//! Registers refer to each other by place (an index into the other list), the API's ids are fields. Every list is sorted by id.

pub(crate) mod above;
mod abroad;
pub mod account;
mod bill;
mod booking;
pub mod change;
pub mod chart;
pub mod history;
pub mod date;
pub(crate) mod dice;
pub mod ledger;
mod names;
mod number;
pub(crate) mod odd;
mod oddities;
mod ordinary;
pub mod owner;
mod payroll;
pub mod period;
mod purchases;
mod registers;
pub mod shape;
mod spend;
pub mod supplier;
pub mod text;

use account::Account;
use date::{Day, day};
use ledger::{ApLine, DOCUMENT_TYPES, Line, Voucher};
use owner::{DimensionValue, Owner, Reach};
use period::Period;
use std::collections::BTreeMap;
use supplier::{Contact, Party, Subledger};

/// The first day of the books.
pub const FIRST_DAY: Day = day(2022, 11, 1);
/// The last day of the books.
pub const LAST_DAY: Day = day(2026, 10, 31);

/// A company with its books.
#[derive(Debug, Clone, Default)]
pub struct Company {
    /// The owners; the first is the token's own entity.
    pub owners: Vec<Owner>,
    /// The accounting periods.
    pub periods: Vec<Period>,
    /// The values of all dimensions of all owners.
    pub dimension_values: Vec<DimensionValue>,
    /// The accounts of all owners.
    pub accounts: Vec<Account>,
    /// The shared company register.
    pub parties: Vec<Party>,
    /// The contact persons.
    pub contacts: Vec<Contact>,
    /// The subledgers: suppliers and employees.
    pub subledgers: Vec<Subledger>,
    /// The vouchers.
    pub vouchers: Vec<Voucher>,
    /// The general-ledger lines.
    pub lines: Vec<Line>,
    /// The accounts-payable lines.
    pub ap_lines: Vec<ApLine>,
    /// Texts that no vocabulary holds.
    pub own_texts: Vec<String>,
    /// Names that document types have been given since, by their places in [`DOCUMENT_TYPES`].
    pub renamed_types: BTreeMap<u8, String>,
    /// The highest ids given up to the last deletion: none is given again.
    pub gone_ids: Ids,
    /// Whether the system's own lists, such as the types of accounts-payable lines, are in Norwegian.
    pub norwegian_lists: bool,
    /// Values that are other on the wire than in the books.
    pub(crate) odd: odd::OddValues,
}

/// An id of each kind of row that is posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ids {
    /// Of a general-ledger line.
    pub line: i64,
    /// Of an accounts-payable line.
    pub ap_line: i32,
    /// Of a voucher.
    pub voucher: i32,
}

impl Company {
    /// Generates a company of which exactly `lines` general-ledger lines are within the token's reach (some more are not).
    #[must_use]
    pub fn generate(lines: u64, seed: u64) -> Self {
        Self::shaped(lines, seed, shape::Shape::Ordinary)
    }

    /// The same with a shape of its own.
    #[must_use]
    pub fn shaped(lines: u64, seed: u64, shape: shape::Shape) -> Self {
        let mut company = registers::fill(lines, seed);
        shape.prepare(&mut company);
        let mut booker = booking::Booker::new(company, lines, seed);
        booker.rare.extend(oddities::RARE);
        shape.instruct(&mut booker);
        booker.keep_the_books();
        let mut company = booker.company;
        shape.give(&mut company);
        company
    }

    /// The token's own entity.
    pub(crate) fn entity(&self) -> &Owner {
        self.owners.iter().find(|owner| owner.reach == Reach::Own).unwrap_or(&self.owners[0])
    }

    /// The line with this `dbId`.
    #[must_use]
    pub fn line(&self, id: i64) -> Option<&Line> {
        self.lines.binary_search_by_key(&id, |line| line.id).ok().map(|place| &self.lines[place])
    }

    /// The accounts-payable line with this `dbId`.
    #[must_use]
    pub fn ap_line(&self, id: i32) -> Option<&ApLine> {
        self.ap_lines.binary_search_by_key(&id, |line| line.id).ok().map(|place| &self.ap_lines[place])
    }

    /// The voucher of a line.
    #[must_use]
    pub fn voucher(&self, line: &Line) -> &Voucher {
        &self.vouchers[line.voucher as usize]
    }

    /// The highest ids that were ever given.
    pub(crate) fn given_ids(&self) -> Ids {
        let gone = self.gone_ids;
        Ids {
            line: self.lines.last().map_or(gone.line, |line| line.id.max(gone.line)),
            ap_line: self.ap_lines.last().map_or(gone.ap_line, |line| line.id.max(gone.ap_line)),
            voucher: self.vouchers.last().map_or(gone.voucher, |voucher| voucher.id.max(gone.voucher)),
        }
    }

    /// The name of an entry of the system's own lists.
    pub(crate) fn listed(&self, english: &'static str, norwegian: &'static str) -> &'static str {
        if self.norwegian_lists { norwegian } else { english }
    }

    /// The name of the document type at this place.
    pub(crate) fn document_type_name(&self, place: u8) -> &str {
        self.renamed_types.get(&place).map_or(DOCUMENT_TYPES[usize::from(place)].name, String::as_str)
    }

    /// Whether the token reaches the owner at this place.
    #[must_use]
    pub fn reaches(&self, owner: u8) -> bool {
        self.owners[usize::from(owner)].reach != Reach::Above
    }

    /// The code of a voucher's document type.
    #[must_use]
    pub fn document_type(&self, voucher: &Voucher) -> Option<&'static str> {
        voucher.document_type.map(|place| DOCUMENT_TYPES[usize::from(place)].code)
    }
}
