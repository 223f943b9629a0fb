//! What is in the current snapshot of a lake: its manifest, and the names that a summary shows.

mod owners;
mod suppliers;
mod data_file;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use xledger_spend::lake::{Current, Lake, Manifest};
use xledger_spend::model::failure::Failure;

use crate::figures::ten_thousandths;
pub(crate) use owners::Owners;
pub(crate) use suppliers::Supplier;

/// How many suppliers a summary names.
const TOP: usize = 5;

/// The current snapshot.
pub(crate) struct Snapshot {
    pub(crate) current: Current,
    /// Where readers find its files.
    pub(crate) place: String,
    pub(crate) manifest: Manifest,
    pub(crate) owners: Owners,
    pub(crate) top_suppliers: Vec<Supplier>,
}

/// The lines and amounts of an owner in a month.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct MonthTotal {
    pub(crate) year: i64,
    pub(crate) month: i64,
    #[serde(rename = "owner_id")]
    pub(crate) owner: i64,
    pub(crate) lines: u64,
    #[serde(rename = "amount", deserialize_with = "amount")]
    pub(crate) ten_thousandths: i128,
}

impl Snapshot {
    /// Reads the current snapshot; `None` in a lake that nothing was published into.
    pub(crate) async fn read(lake: &Lake) -> Result<Option<Self>, Failure> {
        let Some((current, _)) = lake.current().await? else { return Ok(None) };
        let manifest = lake.manifest(&current).await?;
        let place = lake.snapshot_address(&current.snapshot).await;
        let owners = owners::read_newest(lake, &manifest).await?;
        let top_suppliers = suppliers::top(lake, &manifest, TOP).await?;
        Ok(Some(Self { current, place, manifest, owners, top_suppliers }))
    }

    /// The months' totals, by month and owner; empty if the manifest holds none of the known form.
    pub(crate) fn months(&self) -> Vec<MonthTotal> {
        months(&self.manifest.control_totals)
    }

    /// All of it but the list of files.
    pub(crate) fn json(&self, lake: &Lake) -> Value {
        let (current, manifest) = (&self.current, &self.manifest);
        let sizes =
            [("spend", &manifest.tables.spend), ("supplier", &manifest.tables.supplier)].map(|(name, table)| {
                (name.to_owned(), json!({"rows": table.rows, "bytes": table.bytes, "files": table.files.len()}))
            });
        json!({
            "lake": lake.store().describe(),
            "current": current,
            "schema_version": manifest.schema_version,
            "tables": Value::Object(sizes.into_iter().collect()),
            "settings": manifest.settings,
            "control_totals": manifest.control_totals,
            "top_suppliers": self.top_suppliers.iter().map(Supplier::json).collect::<Vec<_>>(),
            "report": manifest.report,
        })
    }
}

fn amount<'de, D: Deserializer<'de>>(text: D) -> Result<i128, D::Error> {
    ten_thousandths(&String::deserialize(text)?).ok_or_else(|| D::Error::custom("no amount"))
}

fn months(control_totals: &Value) -> Vec<MonthTotal> {
    let rows = control_totals.get("spend").and_then(Value::as_array).into_iter().flatten();
    let mut months: Vec<MonthTotal> = rows.filter_map(|row| MonthTotal::deserialize(row).ok()).collect();
    months.sort_by_key(|total| (total.year, total.month, total.owner));
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_in_order() {
        let totals = json!({"spend": [
            {"year": 2026, "month": 1, "owner_id": 7, "lines": 2, "amount": "-1.5000"},
            {"year": 2025, "month": 12, "owner_id": 8, "lines": 1, "amount": "3.0000"},
            {"year": 2025, "month": "?"},
        ]});
        let first = MonthTotal { year: 2025, month: 12, owner: 8, lines: 1, ten_thousandths: 30_000 };
        let second = MonthTotal { year: 2026, month: 1, owner: 7, lines: 2, ten_thousandths: -15_000 };
        assert_eq!(months(&totals), [first, second]);
        assert_eq!(months(&Value::Null), []);
    }
}
