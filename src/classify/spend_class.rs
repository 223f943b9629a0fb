//! What an account holds, as a buyer sees it: by its number if its standard chart is known, otherwise by its flags, because the same number means
//! different things in different charts: 50 is wages in Norway and rent in Sweden.

use crate::model::words::words;

/// Xledger's id of the Norwegian standard chart NS 4102.
pub(crate) const NS_4102: i64 = 2;
/// Xledger's id of the Swedish standard chart BAS.
pub(crate) const BAS: i64 = 3;

words! {
    /// What an account holds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum SpendClass {
        /// Running costs that are bought.
        Operating = "operating",
        /// Investments: fixed assets, also intangible ones.
        Capital = "capital",
        /// Goods in stock.
        Stock = "stock",
        /// What is paid before it is a cost.
        Prepaid = "prepaid",
        /// Interest, currency, shares, securities.
        Finance = "finance",
        /// A side of VAT that a buyer reckons himself: the lines of a voucher that come to zero.
        VatBookkeeping = "vat_bookkeeping",
        /// A cost that nobody sells: wages, depreciation, losses, changes of stock, accruals, tax.
        NotAPurchase = "not_a_purchase",
        /// Anything else.
        Other = "other",
    }
}

/// What an account is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpendFacts {
    /// Its number, of at most four digits.
    pub(crate) number: Option<u16>,
    /// Its standard chart, by Xledger's id.
    pub(crate) chart: Option<i64>,
    /// Whether it holds assets.
    pub(crate) asset: Option<bool>,
    /// Whether it holds liabilities.
    pub(crate) liability: Option<bool>,
    /// Whether it holds equity.
    pub(crate) equity: Option<bool>,
    /// Whether it holds revenue.
    pub(crate) revenue: Option<bool>,
    /// Whether it holds costs of any sort.
    pub(crate) cost: Option<bool>,
    /// Whether it holds wages.
    pub(crate) wages: Option<bool>,
    /// Whether it holds financial income or expenses.
    pub(crate) finance: Option<bool>,
}

/// What an account holds.
pub(crate) fn spend_class(account: &SpendFacts) -> SpendClass {
    match (account.chart, account.number) {
        (Some(NS_4102), Some(number)) => in_ns_4102(number),
        (Some(BAS), Some(number)) => in_bas(number),
        _ => by_flags(account),
    }
}

/// By the ranges of NS 4102. Within 40 to 43, 4080-4087 and 4380-4387 are VAT of imports and 4x90 changes of stock; within 77, 7780-7789 is VAT.
fn in_ns_4102(number: u16) -> SpendClass {
    match number {
        4080..=4087 | 4380..=4387 | 7780..=7789 => SpendClass::VatBookkeeping,
        4090 | 4190 | 4290 | 4390 => SpendClass::NotAPurchase,
        4000..=4899 | 5500..=5599 | 5900..=5999 | 6100..=7799 => SpendClass::Operating,
        8000..=8199 => SpendClass::Finance,
        4900..=8999 => SpendClass::NotAPurchase,
        _ => on_the_balance_sheet(number),
    }
}

/// By the ranges of BAS.
fn in_bas(number: u16) -> SpendClass {
    match number {
        4000..=4899 | 5000..=6999 | 7600..=7699 => SpendClass::Operating,
        8000..=8499 => SpendClass::Finance,
        4900..=8999 => SpendClass::NotAPurchase,
        _ => on_the_balance_sheet(number),
    }
}

/// Assets, whose ranges both charts have in common. 15, 16 and 19 are claims and cash, 2 is debt, 3 is revenue.
fn on_the_balance_sheet(number: u16) -> SpendClass {
    match number {
        1000..=1299 => SpendClass::Capital,
        1300..=1399 | 1800..=1899 => SpendClass::Finance,
        1400..=1499 => SpendClass::Stock,
        1700..=1799 => SpendClass::Prepaid,
        _ => SpendClass::Other,
    }
}

/// By its flags, the first of them in the order that the column `account_kind` has, so that both say the same.
fn by_flags(account: &SpendFacts) -> SpendClass {
    let is = |flag: Option<bool>| flag == Some(true);
    if is(account.wages) {
        SpendClass::NotAPurchase
    } else if [account.asset, account.liability, account.equity, account.revenue].into_iter().any(is) {
        SpendClass::Other
    } else if is(account.cost) {
        SpendClass::Operating
    } else if is(account.finance) {
        SpendClass::Finance
    } else {
        SpendClass::Other
    }
}

/// Whether an account takes back what a voucher books as the basis of reverse-charged VAT. Its lines are VAT bookkeeping where they do.
pub(crate) fn is_reverse_charge_contra(chart: Option<i64>, number: Option<u16>) -> bool {
    (chart, number) == (Some(BAS), Some(4598))
}

/// Whether an account can hold the basis of reverse-charged VAT. Its lines are VAT bookkeeping only if their voucher takes them back on a contra: many
/// Swedish companies book the purchase itself on 4535, with no contra, and then it is their real cost.
pub(crate) fn is_reverse_charge_basis(chart: Option<i64>, number: Option<u16>) -> bool {
    chart == Some(BAS) && matches!(number, Some(4515..=4518 | 4531..=4547))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(chart: i64, number: u16) -> &'static str {
        // The flags contradict: where the chart is known, they do not count.
        let account = SpendFacts { number: Some(number), chart: Some(chart), wages: Some(true), ..Default::default() };
        spend_class(&account).as_str()
    }

    #[test]
    fn both_charts_are_classed_from_end_to_end() {
        let both = [
            (0, 999, "other"),
            (1000, 1299, "capital"),
            (1300, 1399, "finance"),
            (1400, 1499, "stock"),
            (1500, 1699, "other"),
            (1700, 1799, "prepaid"),
            (1800, 1899, "finance"),
            (1900, 3999, "other"),
        ];
        let norwegian = [
            (4000, 4079, "operating"),
            (4080, 4087, "vat_bookkeeping"),
            (4088, 4089, "operating"),
            (4090, 4090, "not_a_purchase"),
            (4091, 4189, "operating"),
            (4190, 4190, "not_a_purchase"),
            (4191, 4289, "operating"),
            (4290, 4290, "not_a_purchase"),
            (4291, 4379, "operating"),
            (4380, 4387, "vat_bookkeeping"),
            (4388, 4389, "operating"),
            (4390, 4390, "not_a_purchase"),
            (4391, 4899, "operating"),
            (4900, 5499, "not_a_purchase"),
            (5500, 5599, "operating"),
            (5600, 5899, "not_a_purchase"),
            (5900, 5999, "operating"),
            (6000, 6099, "not_a_purchase"),
            (6100, 7779, "operating"),
            (7780, 7789, "vat_bookkeeping"),
            (7790, 7799, "operating"),
            (7800, 7999, "not_a_purchase"),
            (8000, 8199, "finance"),
            (8200, 8999, "not_a_purchase"),
            (9000, 9999, "other"),
        ];
        let swedish = [
            (4000, 4899, "operating"),
            (4900, 4999, "not_a_purchase"),
            (5000, 6999, "operating"),
            (7000, 7599, "not_a_purchase"),
            (7600, 7699, "operating"),
            (7700, 7999, "not_a_purchase"),
            (8000, 8499, "finance"),
            (8500, 8999, "not_a_purchase"),
            (9000, 9999, "other"),
        ];
        for (chart, ranges) in [(NS_4102, &norwegian[..]), (BAS, &swedish[..])] {
            let mut next = 0;
            for (first, last, expected) in both.iter().chain(ranges) {
                assert_eq!(*first, next, "no number is left out");
                for number in *first..=*last {
                    assert_eq!(class(chart, number), *expected, "{number} in chart {chart}");
                }
                next = last + 1;
            }
            assert_eq!(next, 10_000);
        }
    }

    #[test]
    fn without_a_chart_or_a_number_the_flags_decide() {
        let none = SpendFacts { number: Some(6300), chart: Some(12), ..Default::default() };
        let yes = Some(true);
        for (account, expected) in [
            (none, "other"),
            (SpendFacts { cost: yes, ..none }, "operating"),
            (SpendFacts { cost: Some(false), ..none }, "other"),
            (SpendFacts { cost: yes, wages: yes, ..none }, "not_a_purchase"),
            (SpendFacts { cost: yes, finance: yes, ..none }, "operating"),
            (SpendFacts { finance: yes, ..none }, "finance"),
            (SpendFacts { asset: yes, ..none }, "other"),
            (SpendFacts { revenue: yes, finance: yes, ..none }, "other"),
            (SpendFacts { chart: None, cost: yes, ..none }, "operating"),
            (SpendFacts { chart: Some(NS_4102), number: None, finance: yes, ..none }, "finance"),
        ] {
            assert_eq!(spend_class(&account).as_str(), expected, "{account:?}");
        }
    }

    #[test]
    fn reverse_charge_is_known_in_bas_alone() {
        let basis = |number| is_reverse_charge_basis(Some(BAS), Some(number));
        let found: Vec<u16> = (0..=9999).filter(|number| basis(*number)).collect();
        assert_eq!(found, (4515..=4518).chain(4531..=4547).collect::<Vec<_>>());
        assert!(is_reverse_charge_contra(Some(BAS), Some(4598)) && !is_reverse_charge_contra(Some(BAS), Some(4535)));
        assert!(!is_reverse_charge_contra(Some(NS_4102), Some(4598)) && !is_reverse_charge_contra(None, Some(4598)));
        assert!(!is_reverse_charge_basis(Some(NS_4102), Some(4535)) && !is_reverse_charge_basis(Some(BAS), None));
    }
}
