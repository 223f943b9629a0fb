//! The suppliers that most was spent with, from the table `supplier`.

use arrow::datatypes::{Decimal128Type, Int64Type};
use serde_json::{Value, json};
use xledger_spend::lake::{Lake, Manifest};
use xledger_spend::model::failure::Failure;

use super::data_file::{number, read, text};

/// A supplier in the register of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Supplier {
    pub(crate) owner: i64,
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) lines: i64,
    pub(crate) ten_thousandths: i128,
}

impl Supplier {
    pub(super) fn json(&self) -> Value {
        json!({
            "owner_id": self.owner,
            "supplier_id": self.id,
            "supplier_name": self.name,
            "line_count": self.lines,
            "spend_amount": crate::figures::decimal(self.ten_thousandths),
        })
    }
}

/// The suppliers with the largest sums, largest first. Those whose sum is null, for their amounts are of several currencies, are not
/// among them.
pub(super) async fn top(lake: &Lake, manifest: &Manifest, most: usize) -> Result<Vec<Supplier>, Failure> {
    let columns = ["supplier_id", "supplier_name", "line_count", "spend_amount"];
    let mut top: Vec<Supplier> = Vec::new();
    for file in &manifest.tables.supplier.files {
        let Some(owner) = owner(&file.path) else { continue };
        for batch in read(lake, manifest, file, &columns).await? {
            let supplier = |row| {
                let lines = number::<Int64Type>(&batch, "line_count", row).filter(|lines| *lines > 0)?;
                Some(Supplier {
                    owner,
                    id: number::<Int64Type>(&batch, "supplier_id", row)?,
                    name: text(&batch, "supplier_name", row),
                    lines,
                    ten_thousandths: number::<Decimal128Type>(&batch, "spend_amount", row)?,
                })
            };
            top.extend((0..batch.num_rows()).filter_map(supplier));
            top.sort_by_key(|supplier| (std::cmp::Reverse(supplier.ten_thousandths), supplier.owner, supplier.id));
            top.truncate(most);
        }
    }
    Ok(top)
}

/// The owner that a file's directory is named after.
fn owner(path: &str) -> Option<i64> {
    path.split('/').find_map(|part| part.strip_prefix("owner_id="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_owner_is_in_the_path() {
        assert_eq!(super::owner("supplier/owner_id=4242/part-00000.parquet"), Some(4242));
        assert_eq!(super::owner("supplier/part-00000.parquet"), None);
    }
}
