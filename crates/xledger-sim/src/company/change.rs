//! What is posted, changed and taken back while someone reads.

use crate::company::Company;
use crate::company::LAST_DAY;
use crate::company::booking::Booker;
use crate::company::date::DAY_SECONDS;
use crate::company::history::Event;
use crate::company::ledger::{Line, Type, Voucher};
use crate::company::text::Text;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A change of the books at some moment of a run. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// How many vouchers it changes; an event names its own number of rows.
    #[serde(default = "one")]
    pub vouchers: u32,
    /// Before the request of this number is answered; with `operation`, only its requests are counted.
    #[serde(default = "one_request")]
    pub before_request: u64,
    /// Before a request of this operation.
    #[serde(default)]
    pub operation: Option<String>,
}

/// What is done to the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// New supplier invoices are posted.
    Post,
    /// Texts and cost amounts of invoices are changed.
    Amend,
    /// Invoices are gone, with all their lines.
    Remove,
    /// The costs of invoices are moved to a bank account.
    Rebook,
    /// Anything else that can happen to them.
    Event(Event),
}

/// The second of UTC at which an event happens: a minute after the last time in the books and after their last day, when winter time holds.
fn at(books: &Company) -> i64 {
    let last = books.vouchers.iter().filter_map(|voucher| voucher.modified_at).max().unwrap_or(0);
    last.max(i64::from(LAST_DAY + 1) * DAY_SECONDS) + 60 - 3_600
}

fn one() -> u32 {
    1
}

fn one_request() -> u64 {
    1
}

impl ChangeKind {
    /// The books after so many vouchers were changed; an event names its own number of rows.
    #[must_use]
    pub fn on(self, books: &Company, vouchers: u32) -> Company {
        let mut books = books.clone();
        let chosen = chosen(&books, vouchers as usize);
        match self {
            Self::Post => return Booker::resume(books).post(vouchers),
            Self::Amend => {
                for line in costs(&mut books, &chosen) {
                    line.text = Text::Phrase(9_999);
                    line.amount += 100;
                    line.invoice_amount += 100;
                }
            }
            Self::Remove => {
                books.lines.retain(|line| !chosen.contains(&line.voucher));
                books.ap_lines.retain(|line| !chosen.contains(&line.voucher));
            }
            Self::Rebook => {
                let bank = books.accounts.iter().position(|account| account.owner == 0 && account.code == "1920");
                let bank = bank.map(|place| place as u16);
                costs(&mut books, &chosen).for_each(|line| line.account = bank);
            }
            Self::Event(event) => return books.after(&event, at(&books)),
        }
        for voucher in chosen {
            books.vouchers[voucher as usize].modified_at = Some(i64::from(LAST_DAY) * DAY_SECONDS + 20 * 3_600);
        }
        books
    }
}

/// So many invoices of owners within reach, evenly spread over the books.
fn chosen(books: &Company, count: usize) -> BTreeSet<u32> {
    let is = |voucher: &Voucher| voucher.is_of(&[Type::Purchase]) && !voucher.payroll && books.reaches(voucher.owner);
    let invoices: Vec<u32> =
        books.vouchers.iter().zip(0..).filter(|(voucher, _)| is(voucher)).map(|(_, place)| place).collect();
    let step = (invoices.len() / (count + 1)).max(1);
    invoices.into_iter().skip(step).step_by(step).take(count).collect()
}

/// The cost lines of these invoices.
fn costs<'a>(books: &'a mut Company, invoices: &BTreeSet<u32>) -> impl Iterator<Item = &'a mut Line> {
    let Company { lines, accounts, .. } = books;
    lines.iter_mut().filter(move |line| {
        let code = line.account.map(|place| accounts[usize::from(place)].code.as_bytes());
        matches!(code, Some([b'4' | b'6' | b'7', ..])) && invoices.contains(&line.voucher)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::history::{Chosen, LineChange};

    fn after(kind: ChangeKind) -> (Company, Company) {
        let before = Company::generate(2_000, 1);
        let after = kind.on(&before, 5);
        assert!(after.lines.is_sorted_by_key(|line| line.id));
        assert!(after.ap_lines.is_sorted_by_key(|line| line.id));
        assert!(after.vouchers.is_sorted_by_key(|voucher| voucher.id));
        (before, after)
    }

    #[test]
    fn what_is_posted_comes_behind_what_is_there() {
        let (before, after) = after(ChangeKind::Post);
        assert_eq!(after.vouchers.len(), before.vouchers.len() + 5);
        assert!(after.lines.len() >= before.lines.len() + 10);
        assert!(after.lines[before.lines.len()].id > before.lines[before.lines.len() - 1].id);
        assert_eq!(format!("{:?}", &after.lines[..before.lines.len()]), format!("{:?}", before.lines));
        let sum: i64 = after.lines[before.lines.len()..].iter().map(|line| line.amount).sum();
        assert_eq!(sum, 0);
    }

    #[test]
    fn what_is_amended_rebooked_or_removed_is_the_invoices_costs() {
        let (before, amended) = after(ChangeKind::Amend);
        let differ = |other: &Company| {
            before.lines.iter().zip(&other.lines).filter(|(a, b)| format!("{a:?}") != format!("{b:?}")).count()
        };
        assert!(differ(&amended) >= 5);
        let (_, rebooked) = after(ChangeKind::Rebook);
        assert_eq!(differ(&rebooked), differ(&amended));
        let (_, removed) = after(ChangeKind::Remove);
        assert!(removed.lines.len() < before.lines.len() && removed.ap_lines.len() + 5 == before.ap_lines.len());
    }

    #[test]
    fn an_event_is_a_change_like_others() {
        let chosen = Chosen { count: 4, by: 1 };
        let kind = ChangeKind::Event(Event::Changed { what: LineChange::ToOtherCost, chosen });
        let (before, after) = after(kind);
        let moved = before.lines.iter().zip(&after.lines).filter(|(was, is)| was.account != is.account);
        assert_eq!(moved.clone().count(), 4);
        for (_, line) in moved {
            let code = line.account.map(|place| after.accounts[usize::from(place)].code);
            assert!(["6300", "6800"].map(Some).contains(&code));
            assert_eq!(after.voucher(line).modified_at, Some(i64::from(LAST_DAY + 1) * DAY_SECONDS + 60));
        }
        // The same once more is about the same lines, and later.
        let again = kind.on(&after, 1);
        let moved = after.lines.iter().zip(&again.lines).filter(|(was, is)| was.account != is.account);
        let later = |(was, is): (&Line, &Line)| {
            again.voucher(is).modified_at > after.voucher(was).modified_at
                && before.line(is.id).unwrap().account != was.account
        };
        assert!(moved.clone().count() == 4 && moved.clone().all(later));
    }
}
