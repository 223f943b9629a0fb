//! What is posted, changed and taken back while someone reads.

use crate::company::Company;
use crate::company::booking::{Booker, Type};
use crate::company::date::DAY_SECONDS;
use crate::company::history::Event;
use crate::company::text::Text;
use crate::company::{LAST_DAY, ledger::Line};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

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
    /// Not before so long after the first request.
    #[serde(default, rename = "after_seconds", deserialize_with = "crate::fault::some_seconds")]
    pub after: Option<Duration>,
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

impl Change {
    pub(crate) fn is_due(&self, number: u64, since: Duration) -> bool {
        number >= self.before_request && self.after.is_none_or(|after| since >= after)
    }

    /// The books after the change.
    #[must_use]
    pub fn post(&self, books: &Company) -> Company {
        let mut books = books.clone();
        match self.kind {
            ChangeKind::Post => return Booker::resume(books).post(self.vouchers),
            ChangeKind::Amend => {
                for line in self.lines(&mut books) {
                    line.text = Text::Phrase(9_999);
                    line.amount += 100;
                    line.invoice_amount += 100;
                }
            }
            ChangeKind::Remove => {
                let gone = self.chosen(&books);
                books.lines.retain(|line| !gone.contains(&line.voucher));
                books.ap_lines.retain(|line| !gone.contains(&line.voucher));
            }
            ChangeKind::Rebook => {
                let bank = books.accounts.iter().position(|account| account.owner == 0 && account.code == "1920");
                let bank = bank.map(|place| place as u16);
                self.lines(&mut books).for_each(|line| line.account = bank);
            }
            ChangeKind::Event(event) => return books.after(&event, at(&books)),
        }
        for &voucher in &self.chosen(&books) {
            books.vouchers[voucher as usize].modified_at = Some(i64::from(LAST_DAY) * DAY_SECONDS + 20 * 3_600);
        }
        books
    }

    /// Invoices of owners within reach, evenly spread over the books.
    fn chosen(&self, books: &Company) -> BTreeSet<u32> {
        let invoices: Vec<u32> = (0..books.vouchers.len())
            .filter(|&place| {
                let voucher = &books.vouchers[place];
                let bought = voucher.document_type == Some(Type::Purchase as u8) && !voucher.payroll;
                bought && books.reaches(voucher.owner)
            })
            .map(|place| place as u32)
            .collect();
        let step = (invoices.len() / (self.vouchers as usize + 1)).max(1);
        invoices.into_iter().skip(step).step_by(step).take(self.vouchers as usize).collect()
    }

    /// The cost lines of the chosen invoices.
    fn lines<'a>(&self, books: &'a mut Company) -> impl Iterator<Item = &'a mut Line> {
        let chosen = self.chosen(books);
        let Company { lines, accounts, .. } = books;
        lines.iter_mut().filter(move |line| {
            let cost = line
                .account
                .is_some_and(|place| matches!(accounts[usize::from(place)].code.as_bytes()[0], b'4' | b'6' | b'7'));
            cost && chosen.contains(&line.voucher)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::history::{Chosen, LineChange};

    fn after(kind: ChangeKind) -> (Company, Company) {
        let before = Company::generate(2_000, 1);
        let change = Change { kind, vouchers: 5, before_request: 1, operation: None, after: None };
        let after = change.post(&before);
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
        let change = Change { kind, vouchers: 1, before_request: 1, operation: None, after: None };
        let again = change.post(&after);
        let moved = after.lines.iter().zip(&again.lines).filter(|(was, is)| was.account != is.account);
        let later = |(was, is): (&Line, &Line)| {
            again.voucher(is).modified_at > after.voucher(was).modified_at
                && before.line(is.id).unwrap().account != was.account
        };
        assert!(moved.clone().count() == 4 && moved.clone().all(later));
    }
}
