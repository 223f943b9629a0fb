//! What a line is to purchasing: its class, by its account, and its category, by the company's own file or its account.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::classify::categories::{Categories, Conditions};
use crate::classify::category::{DefaultCategory, Language, default_category};
use crate::classify::spend_class::{
    SpendClass, SpendFacts, is_reverse_charge_basis, is_reverse_charge_contra, spend_class,
};
use crate::model::line::Line;
use crate::refresh::chart::{Account, Chart};
use crate::refresh::rules::AccountFacts;
use crate::table::spend::{AccountKind, CategorySource, DIMENSIONS, Dimension};

/// What a line is to purchasing.
#[derive(Clone, Copy)]
pub(super) struct Purchase<'a> {
    pub(super) class: SpendClass,
    pub(super) category_1: Option<&'a str>,
    pub(super) category_2: Option<&'a str>,
    pub(super) source: Option<CategorySource>,
    pub(super) addressable: Option<bool>,
    pub(super) category_owner: Option<&'a str>,
}

/// What accounts and rules say.
pub(super) struct Purchases<'a> {
    categories: &'a Categories,
    accounts: FxHashMap<i64, AccountClass>,
    /// Vouchers, with their owners, whose bases of a reverse charge are taken back by a contra, to nothing.
    reverse_charged: FxHashSet<(i64, i64)>,
}

/// What an account says of its lines.
#[derive(Clone, Copy)]
struct AccountClass {
    number: Option<u16>,
    class: SpendClass,
    category: DefaultCategory,
    /// The same, of the basis or the contra of a reverse charge where both are in one voucher and come to nothing.
    reverse_charged: Option<(SpendClass, DefaultCategory)>,
    is_contra: bool,
}

impl<'a> Purchases<'a> {
    pub(super) fn new(chart: &Chart, language: Language, categories: &'a Categories, lines: &[Line]) -> Self {
        let accounts: FxHashMap<i64, AccountClass> =
            chart.iter().map(|(id, account)| (id, of_account(account, language))).collect();
        let reverse_charged = reverse_charged(&accounts, lines);
        Self { categories, accounts, reverse_charged }
    }

    /// What a line is, with this supplier and these dimension values.
    pub(super) fn of(
        &self,
        line: &Line,
        supplier_key: Option<&str>,
        dimension: &[Dimension<'_>; DIMENSIONS],
    ) -> Purchase<'a> {
        let account = self.accounts.get(&line.account);
        let is_reverse_charged = || self.reverse_charged.contains(&(line.owner, line.voucher));
        let (class, category) = match account {
            None => (SpendClass::Other, DefaultCategory::default()),
            Some(account) => {
                account.reverse_charged.filter(|_| is_reverse_charged()).unwrap_or((account.class, account.category))
            }
        };
        let conditions = Conditions {
            account: account.and_then(|account| account.number),
            supplier_key,
            dimension_codes: dimension.map(|value| value.code),
            owner_id: Some(line.owner).filter(|owner| *owner != 0),
        };
        if let Some(rule) = self.categories.rule_for(&conditions) {
            return Purchase {
                class,
                category_1: Some(&rule.category_1),
                category_2: rule.category_2.as_deref(),
                source: Some(CategorySource::Rule),
                addressable: rule.addressable,
                category_owner: rule.category_owner.as_deref(),
            };
        }
        let DefaultCategory { category_1, category_2 } = category;
        let source = category_1.map(|_| CategorySource::Account);
        Purchase { class, category_1, category_2, source, addressable: None, category_owner: None }
    }
}

/// Vouchers in which the bases and contras of a reverse charge add up to zero. In all others they count as purchases: there a basis is a real cost,
/// or the contra reverses a line on an account that is not known here. So sums are right however lines are classed.
fn reverse_charged(accounts: &FxHashMap<i64, AccountClass>, lines: &[Line]) -> FxHashSet<(i64, i64)> {
    let mut vouchers: FxHashMap<(i64, i64), (i128, bool)> = FxHashMap::default();
    for line in lines {
        let Some(account) = accounts.get(&line.account).filter(|account| account.reverse_charged.is_some()) else {
            continue;
        };
        let (sum, has_contra) = vouchers.entry((line.owner, line.voucher)).or_default();
        *sum += line.amount.get().map_or(0, |amount| i128::from(amount.ten_thousandths()));
        *has_contra |= account.is_contra;
    }
    vouchers.into_iter().filter(|(_, (sum, has_contra))| *sum == 0 && *has_contra).map(|(voucher, _)| voucher).collect()
}

fn of_account(account: &Account, language: Language) -> AccountClass {
    let AccountFacts { number, standard: chart, is_wages: wages } = account.facts;
    let is = |kind| Some(account.kind == Some(kind));
    let facts = SpendFacts {
        number,
        chart,
        asset: is(AccountKind::Asset),
        liability: is(AccountKind::Liability),
        equity: is(AccountKind::Equity),
        revenue: is(AccountKind::Revenue),
        cost: is(AccountKind::Cost),
        wages,
        finance: is(AccountKind::Finance),
    };
    let class = spend_class(&facts);
    let category = |class| default_category(chart, number, class, language);
    let bookkeeping = SpendClass::VatBookkeeping;
    let is_contra = is_reverse_charge_contra(chart, number);
    let is_of_reverse_charge = is_contra || is_reverse_charge_basis(chart, number);
    AccountClass {
        number,
        class,
        category: category(class),
        reverse_charged: is_of_reverse_charge.then(|| (bookkeeping, category(bookkeeping))),
        is_contra,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Money;

    #[test]
    fn a_reverse_charge_that_does_not_come_to_nothing_is_a_purchase() {
        let (cost, basis, contra) = (1, 2, 3);
        let of = |account: i64| AccountClass {
            number: None,
            class: SpendClass::Operating,
            category: DefaultCategory::default(),
            reverse_charged: (account != cost).then(|| (SpendClass::VatBookkeeping, DefaultCategory::default())),
            is_contra: account == contra,
        };
        let accounts = [cost, basis, contra].map(|account| (account, of(account))).into_iter().collect();
        let mut lines = Vec::new();
        for (voucher, posted) in [
            (10, &[(cost, "1000"), (basis, "1000"), (contra, "-1000")][..]),
            // The basis is a real cost.
            (11, &[(basis, "1000")]),
            (12, &[(basis, "1000"), (basis, "-1000")]),
            // One of two bases is.
            (13, &[(basis, "5000"), (cost, "1000"), (basis, "1000"), (contra, "-1000")]),
            // The basis is on an account that nobody knows as one.
            (14, &[(cost, "1000"), (cost, "1000"), (contra, "-1000")]),
        ] {
            lines.extend(posted.iter().map(|(account, amount)| Line {
                account: *account,
                amount: Money::parse(amount).into(),
                ..crate::refresh::join::tests::line(voucher, None)
            }));
        }
        assert_eq!(reverse_charged(&accounts, &lines), FxHashSet::from_iter([(1, 10)]));
    }
}
