//! The files in which a company says what Xledger does not know: `categories.csv` and `suppliers.csv`. They lie beside the tables, or where a setting
//! says.

use crate::classify::categories::Categories;
use crate::classify::csv_file::Faults;
use crate::classify::suppliers::SupplierFile;
use crate::lake::{Key, Store};
use crate::model::failure::{Failure, FailureKind};

/// More than anybody writes by hand.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What these files say.
#[derive(Debug, Default)]
pub struct OwnFiles {
    pub(crate) categories: Categories,
    pub(crate) suppliers: SupplierFile,
}

impl OwnFiles {
    /// Reads both. A file that is not there says nothing, unless a setting names the place (`is_named`), where one must be.
    ///
    /// # Errors
    /// [`FailureKind::FileInvalid`] with all that is wrong in both; [`FailureKind::SettingsInvalid`] if a place was named and has none of them, for
    /// nobody would miss what they say; else what storage can meet.
    pub async fn read(store: &Store, is_named: bool) -> Result<Self, Failure> {
        let (categories, suppliers) = (get(store, "categories.csv").await?, get(store, "suppliers.csv").await?);
        if is_named && categories.is_none() && suppliers.is_none() {
            let place = store.address(&Key::parse("categories.csv")?);
            let message =
                format!("SPEND_FILES_URL: neither {place} is there, nor suppliers.csv beside it; nothing was done");
            return Err(Failure::new(FailureKind::SettingsInvalid, message));
        }
        let mut faults = Vec::new();
        let mut read = Self::default();
        if let Some(file) = categories {
            read.categories =
                Categories::read(&file).unwrap_or_else(|found| note(&mut faults, "categories.csv", &found));
        }
        if let Some(file) = suppliers {
            read.suppliers =
                SupplierFile::read(&file).unwrap_or_else(|found| note(&mut faults, "suppliers.csv", &found));
        }
        if faults.is_empty() {
            return Ok(read);
        }
        let message = format!("{}; nothing was done", faults.join("; "));
        Err(Failure::new(FailureKind::FileInvalid, message))
    }
}

fn note<T: Default>(faults: &mut Vec<String>, name: &str, found: &Faults) -> T {
    faults.push(format!("{name}: {found}"));
    T::default()
}

async fn get(store: &Store, name: &str) -> Result<Option<bytes::Bytes>, Failure> {
    Ok(store.get(&Key::parse(name)?, MAX_BYTES).await?.map(|(bytes, _)| bytes))
}
