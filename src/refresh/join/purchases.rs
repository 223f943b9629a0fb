//! What a line is to purchasing: its class, by its account, and its category, by the company's own file or its account.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::classify::categories::{Categories, Conditions};
use crate::classify::category::{DefaultCategory, Language, default_category};
use crate::classify::spend_class::{
    SpendClass, SpendFacts, is_reverse_charge_basis, is_reverse_charge_contra, spend_class,
};
use crate::model::line::Line;
use crate::refresh::chart::{Account, Chart};
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
    /// Vouchers, with their owners, that hold the contra of a reverse charge.
    reverse_charged: FxHashSet<(i64, i64)>,
}

/// What an account says of its lines.
#[derive(Clone, Copy)]
struct AccountClass {
    number: Option<u16>,
    class: SpendClass,
    category: DefaultCategory,
    /// The same, of the basis of a reverse charge whose voucher holds the contra too.
    reverse_charged: Option<(SpendClass, DefaultCategory)>,
    is_contra: bool,
}

impl<'a> Purchases<'a> {
    pub(super) fn new(chart: &Chart, language: Language, categories: &'a Categories, lines: &[Line]) -> Self {
        let accounts: FxHashMap<i64, AccountClass> =
            chart.iter().map(|(id, account)| (id, of_account(account, language))).collect();
        let is_contra = |line: &&Line| accounts.get(&line.account).is_some_and(|account| account.is_contra);
        let reverse_charged = lines.iter().filter(is_contra).map(|line| (line.owner, line.voucher)).collect();
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
        if let Some(rule) = self.categories.of(&conditions) {
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

fn of_account(account: &Account, language: Language) -> AccountClass {
    let facts = account.facts();
    let (number, chart) = (facts.number, facts.standard);
    let is = |kind| Some(account.kind == Some(kind));
    let facts = SpendFacts {
        number,
        chart,
        asset: is(AccountKind::Asset),
        liability: is(AccountKind::Liability),
        equity: is(AccountKind::Equity),
        revenue: is(AccountKind::Revenue),
        cost: is(AccountKind::Cost),
        wages: facts.is_wages,
        finance: is(AccountKind::Finance),
    };
    let class = spend_class(&facts);
    let category = |class| default_category(chart, number, class, language);
    let bookkeeping = SpendClass::VatBookkeeping;
    AccountClass {
        number,
        class,
        category: category(class),
        reverse_charged: is_reverse_charge_basis(chart, number).then(|| (bookkeeping, category(bookkeeping))),
        is_contra: is_reverse_charge_contra(chart, number),
    }
}
