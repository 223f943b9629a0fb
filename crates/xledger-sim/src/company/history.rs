//! What happens to the books between two readings, one event at a time.
//!
//! An event is about rows of its own kind, chosen by a number: the same number chooses the same rows of the same books. Rows that were
//! booked as payroll keep their texts, accounts and amounts whatever happens: they are what they were booked as.

/// An enum of the kinds of something, with a list of all of them.
macro_rules! kinds {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$kind_about:meta])* $kind:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$kind_about])* $kind,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];
        }
    };
}

mod changed;
mod gone;
mod matched;
mod posted;
mod registered;
#[cfg(test)]
mod tests;

use crate::company::Company;
use crate::company::date::{WallTime, wall_time};
use crate::company::dice::Dice;
use crate::company::ledger::{ApLine, Line};
use serde::Deserialize;

pub use changed::{LineChange, PayableChange};
pub use gone::Deletion;
pub use matched::Match;
pub use posted::VoucherKind;
pub use registered::Entry;

/// Chooses an event's rows among those that it can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// How many; all of them if there are not so many.
    pub count: u8,
    /// Which.
    #[serde(default)]
    pub by: u32,
}

/// Something that happens to the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Time passes.
    Nothing,
    /// Vouchers are posted.
    Posted {
        /// Of what.
        what: VoucherKind,
        /// Into which period: so many months before the month in which it happens.
        months_back: u8,
        /// How many.
        chosen: Chosen,
    },
    /// Ledger lines are changed. Their vouchers' `modifiedAt` moves.
    Changed {
        /// What of them.
        what: LineChange,
        /// Which, of the lines that are bought.
        chosen: Chosen,
    },
    /// Payables lines are changed. Their vouchers' `modifiedAt` moves.
    PayableChanged {
        /// What of them.
        what: PayableChange,
        /// Which.
        chosen: Chosen,
    },
    /// Vouchers get another document type. Their `modifiedAt` moves.
    Retyped {
        /// From an ordinary one to payroll's, or back.
        to_payroll: bool,
        /// Which.
        chosen: Chosen,
    },
    /// Something is gone.
    Deleted {
        /// What.
        what: Deletion,
        /// Whether the `modifiedAt` of vouchers that remain moves: unknown of Xledger.
        moves: bool,
        /// Which.
        chosen: Chosen,
    },
    /// Lines are matched with payroll, or no more.
    Matched {
        /// Which kind of line, and which way.
        what: Match,
        /// Whether the vouchers' `modifiedAt` moves: unknown of Xledger.
        moves: bool,
        /// Which.
        chosen: Chosen,
    },
    /// An entry of a register is changed. No voucher's `modifiedAt` moves.
    Registered {
        /// Which entry, and what of it.
        what: Entry,
        /// Which.
        chosen: Chosen,
    },
}

impl Event {
    /// One event of every kind, the simplest first. An event that takes another back comes after it.
    #[must_use]
    pub fn all(chosen: Chosen) -> Vec<Self> {
        let both = [true, false];
        let mut all = vec![Self::Nothing];
        for months_back in [0, 1, 14] {
            all.extend(VoucherKind::ALL.iter().map(|&what| Self::Posted { what, months_back, chosen }));
        }
        all.extend(LineChange::ALL.iter().map(|&what| Self::Changed { what, chosen }));
        all.extend(PayableChange::ALL.iter().map(|&what| Self::PayableChanged { what, chosen }));
        all.extend(both.map(|to_payroll| Self::Retyped { to_payroll, chosen }));
        all.extend(Entry::ALL.iter().map(|&what| Self::Registered { what, chosen }));
        for moves in both {
            all.extend(Match::ALL.iter().map(|&what| Self::Matched { what, moves, chosen }));
            all.extend(Deletion::ALL.iter().map(|&what| Self::Deleted { what, moves, chosen }));
        }
        all
    }

    /// The event that must come first, if this one takes it back or needs what it leaves.
    #[must_use]
    pub fn before(&self) -> Option<Self> {
        match *self {
            Self::Changed { what: LineChange::ToCost, chosen } => {
                Some(Self::Changed { what: LineChange::ToBank, chosen })
            }
            Self::Retyped { to_payroll: false, chosen } => Some(Self::Retyped { to_payroll: true, chosen }),
            Self::Matched { what: Match::LineLoses, chosen, .. } => {
                Some(Self::Matched { what: Match::Line, moves: true, chosen })
            }
            Self::Matched { what: Match::PayableLoses, chosen, .. } => {
                Some(Self::Matched { what: Match::Payable, moves: true, chosen })
            }
            Self::Deleted { what: Deletion::PayrollMatch, chosen, .. } => {
                Some(Self::Matched { what: Match::Line, moves: true, chosen })
            }
            Self::Registered { what: Entry::AccountBack, chosen } => {
                Some(Self::Registered { what: Entry::AccountToBank, chosen })
            }
            Self::Registered { what: Entry::TypeBack, chosen } => {
                Some(Self::Registered { what: Entry::TypeToPayroll, chosen })
            }
            _ => None,
        }
    }

    fn chosen(&self) -> Chosen {
        match *self {
            Self::Nothing => Chosen { count: 0, by: 0 },
            Self::Posted { chosen, .. }
            | Self::Changed { chosen, .. }
            | Self::PayableChanged { chosen, .. }
            | Self::Retyped { chosen, .. }
            | Self::Deleted { chosen, .. }
            | Self::Matched { chosen, .. }
            | Self::Registered { chosen, .. } => chosen,
        }
    }
}

impl Company {
    /// The books after an event that happens at a second of UTC, counted from 1970. The books keep wall time without an offset, so in
    /// the hour that comes twice what is later can look earlier.
    #[must_use]
    pub fn after(&self, event: &Event, at: i64) -> Self {
        let Chosen { count, by } = event.chosen();
        let mut clerk =
            Clerk { books: self.clone(), now: wall_time(at), dice: Dice::new(by.into()), count: usize::from(count) };
        match *event {
            Event::Nothing => {}
            Event::Posted { what, months_back, .. } => clerk.post(what, months_back),
            Event::Changed { what, .. } => clerk.change(what),
            Event::PayableChanged { what, .. } => clerk.change_payables(what),
            Event::Retyped { to_payroll, .. } => clerk.retype(to_payroll),
            Event::Deleted { what, moves, .. } => clerk.delete(what, moves),
            Event::Matched { what, moves, .. } => clerk.rematch(what, moves),
            Event::Registered { what, .. } => clerk.register(what),
        }
        clerk.books
    }
}

/// Whoever makes an event happen.
struct Clerk {
    books: Company,
    now: WallTime,
    dice: Dice,
    count: usize,
}

impl Clerk {
    /// As many as the event is about.
    fn choose<T>(&mut self, mut among: Vec<T>) -> Vec<T> {
        let count = self.count.min(among.len());
        (0..count).map(|_| among.swap_remove(self.dice.below(among.len() as u64) as usize)).collect()
    }

    /// Moves the `modifiedAt` of vouchers.
    fn touch(&mut self, vouchers: impl IntoIterator<Item = u32>) {
        for place in vouchers {
            self.books.vouchers[place as usize].modified_at = Some(self.now);
        }
    }

    /// The places of ordinary lines of purchases, on accounts with a code that `on` accepts.
    fn lines(&self, on: impl Fn(&'static str) -> bool) -> Vec<usize> {
        let is_on = |line: &Line| line.account.is_some_and(|place| on(self.books.accounts[usize::from(place)].code));
        let is = |line: &Line| {
            let voucher = self.books.voucher(line);
            voucher.is_bought()
                && self.books.reaches(voucher.owner)
                && !line.is_payroll_by_nature()
                && !line.headless
                && line.period.is_some()
        };
        (0..self.books.lines.len())
            .filter(|&place| is(&self.books.lines[place]) && is_on(&self.books.lines[place]))
            .collect()
    }

    /// The places of lines on cost accounts, none of which is payroll's.
    fn costs(&self) -> Vec<usize> {
        self.lines(|code| matches!(code.as_bytes(), [b'4' | b'6' | b'7', ..] | [b'5', b'5'..=b'9', ..]))
    }

    /// The places of ordinary payables lines of what is bought.
    fn payables(&self) -> Vec<usize> {
        let is = |line: &ApLine| {
            let voucher = &self.books.vouchers[line.voucher as usize];
            voucher.is_bought() && self.books.reaches(voucher.owner) && !line.is_payroll_by_nature() && !line.headless
        };
        (0..self.books.ap_lines.len()).filter(|&place| is(&self.books.ap_lines[place])).collect()
    }
}
