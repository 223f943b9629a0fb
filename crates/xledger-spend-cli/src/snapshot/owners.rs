//! What owners are called and which currency they keep, from the table `spend`.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::Int64Type;
use xledger_spend::lake::{Lake, Manifest};
use xledger_spend::model::failure::Failure;

use super::data_file::{number, read, text};
use super::months;

/// How many files are read at most to find the owners: the summary needs only those of the newest months, which it shows.
const MAX_FILES: usize = 12;

/// Owners by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owners(BTreeMap<i64, Owner>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Owner {
    name: Option<String>,
    currency: Option<String>,
}

impl Owners {
    /// The owner's name; its id if there is none.
    pub(crate) fn name(&self, id: i64) -> String {
        self.0.get(&id).and_then(|owner| owner.name.clone()).unwrap_or_else(|| format!("owner {id}"))
    }

    /// The currency that the owner's amounts are in, if it is known.
    pub(crate) fn currency(&self, id: i64) -> Option<&str> {
        self.0.get(&id)?.currency.as_deref()
    }

    /// The one currency of these owners: amounts of theirs may be added up. `None` if there are several, or one is not known.
    pub(crate) fn one_currency(&self, ids: &BTreeSet<i64>) -> Option<&str> {
        let currencies: Option<BTreeSet<&str>> = ids.iter().map(|id| self.currency(*id)).collect();
        currencies.filter(|currencies| currencies.len() == 1)?.first().copied()
    }
}

/// The owners of the newest lines.
pub(super) async fn read_newest(lake: &Lake, manifest: &Manifest) -> Result<Owners, Failure> {
    let mut wanted: BTreeSet<i64> = months(&manifest.control_totals).iter().map(|total| total.owner).collect();
    let mut owners = Owners::default();
    let columns = ["owner_id", "owner_name", "amount_currency_code"];
    for file in manifest.tables.spend.files.iter().rev().take(MAX_FILES) {
        for batch in read(lake, manifest, file, &columns).await? {
            for row in 0..batch.num_rows() {
                let Some(id) = number::<Int64Type>(&batch, "owner_id", row).filter(|id| wanted.remove(id)) else {
                    continue;
                };
                let (name, currency) = (text(&batch, "owner_name", row), text(&batch, "amount_currency_code", row));
                owners.0.insert(id, Owner { name, currency });
            }
        }
        if wanted.is_empty() {
            break;
        }
    }
    Ok(owners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_added_up_in_one_known_currency_alone() {
        let owner = |currency: Option<&str>| Owner { name: None, currency: currency.map(str::to_owned) };
        let owners = Owners(BTreeMap::from([
            (1, owner(Some("NOK"))),
            (2, owner(Some("NOK"))),
            (3, owner(Some("SEK"))),
            (4, owner(None)),
        ]));
        assert_eq!(owners.one_currency(&BTreeSet::from([1, 2])), Some("NOK"));
        for ids in [BTreeSet::from([1, 3]), BTreeSet::from([1, 4]), BTreeSet::from([1, 9]), BTreeSet::new()] {
            assert_eq!(owners.one_currency(&ids), None, "{ids:?}");
        }
        assert_eq!(owners.name(9), "owner 9");
    }
}
