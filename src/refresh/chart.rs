//! The chart of accounts, closed ones too: the screen goes by the accounts' codes, and the tables show their names.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::refresh::index::{Ledger, ListContext, RegisterWalk};
use crate::refresh::lookup::{ACCOUNT_SETS, look_up};
use crate::refresh::rules::{AccountFacts, account_number};
use crate::table::spend::AccountKind;
use crate::xledger::node::AccountNode;
use crate::xledger::scalar::{reference, text};
use crate::xledger::{Client, Error, query};

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    /// What the account rules judge by.
    pub facts: AccountFacts,
    /// The code. Lines on an account without one cannot be judged.
    pub code: Option<Box<str>>,
    /// The name.
    pub name: Option<Box<str>>,
    /// The description of the account's group.
    pub group: Option<Box<str>>,
    /// What the account holds.
    pub kind: Option<AccountKind>,
}

#[cfg(test)]
impl Account {
    /// An account of the NS 4102 chart of which no more than its code is known.
    pub(crate) fn coded(code: Option<&str>) -> Self {
        let facts = AccountFacts { number: code.and_then(account_number), standard: Some(2), is_wages: None };
        Self { facts, code: code.map(Into::into), name: None, group: None, kind: None }
    }
}

/// All accounts in the token's reach, by their id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chart(FxHashMap<i64, Account>);

impl Chart {
    /// The account of an id.
    pub(crate) fn account(&self, id: i64) -> Option<&Account> {
        self.0.get(&id)
    }

    /// How many accounts there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All accounts, by their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Account)> {
        self.0.iter().map(|(id, account)| (*id, account))
    }

    /// All accounts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.0.values()
    }
}

impl FromIterator<(i64, Account)> for Chart {
    fn from_iter<I: IntoIterator<Item = (i64, Account)>>(accounts: I) -> Self {
        Self(accounts.into_iter().collect())
    }
}

impl Chart {
    /// Lists the chart, from where it stands on. If the owner set of everything else is refused for accounts, which are listed by other sets in all
    /// code that is known, those that lines name are left to [`Chart::look_up`].
    ///
    /// # Errors
    /// What the client cannot get over. What came before stays.
    pub(crate) async fn list(&mut self, context: ListContext<'_>, walk: &mut RegisterWalk) -> Result<(), Error> {
        let row = |node: AccountNode| Some((reference(node.db_id)?, account(context.client, node)));
        match walk.list(context, query::ACCOUNTS, &mut self.0, row).await {
            Err(error @ Error::OwnerSetRefused { .. }) => {
                tracing::info!(reason = %error, "accounts are not listed; those that lines name are looked up");
                Ok(())
            }
            other => other,
        }
    }

    /// Looks up the accounts that listed lines name and the list does not show.
    ///
    /// # Errors
    /// What the client cannot get over.
    pub(crate) async fn look_up(&mut self, context: ListContext<'_>, ledger: &Ledger) -> Result<(), Error> {
        let named = ledger.entries.iter().map(|entry| entry.account).filter(|account| *account != 0);
        let mut unknown: FxHashSet<i64> = named.filter(|account| !self.0.contains_key(account)).collect();
        if !unknown.is_empty() {
            tracing::info!(
                "listed lines name accounts that the chart does not show; they are looked up in wider owner sets"
            );
        }
        let take = |node: AccountNode| {
            self.0.extend(reference(node.db_id).map(|id| (id, account(context.client, node))));
        };
        look_up(context, query::ACCOUNTS, &ACCOUNT_SETS, &mut unknown, take).await
    }
}

fn account(client: &Client, node: AccountNode) -> Account {
    let kind = kind(&node);
    let code = text(node.code);
    let facts = AccountFacts {
        number: code.as_deref().and_then(account_number),
        standard: node.chart_of_account.and_then(|chart| reference(chart.db_id)),
        is_wages: node.cost_wages_salaries,
    };
    Account {
        facts,
        code,
        name: client.fit("spend.account_name", node.description),
        group: client.fit("spend.account_group", node.account_group.and_then(|group| group.description)),
        kind,
    }
}

/// The first of the account's flags.
fn kind(node: &AccountNode) -> Option<AccountKind> {
    let cost =
        [node.cost, node.cost_wages_salaries, node.cost_of_goods_sold, node.cost_other_operating].contains(&Some(true));
    let flags = [
        (node.asset == Some(true), AccountKind::Asset),
        (node.liabilities == Some(true), AccountKind::Liability),
        (node.equity == Some(true), AccountKind::Equity),
        (node.revenue == Some(true), AccountKind::Revenue),
        (cost, AccountKind::Cost),
        (node.finance == Some(true), AccountKind::Finance),
    ];
    flags.into_iter().find_map(|(set, kind)| set.then_some(kind))
}
