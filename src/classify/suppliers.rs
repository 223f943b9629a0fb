//! What a company says of its suppliers: `suppliers.csv`, by supplier key.

use rustc_hash::FxHashMap;

use super::csv_file::{Columns, Faults, rows, supplier_key, yes_or_no};
use super::folded;

/// What a company says of one supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SupplierFacts {
    /// The group that the supplier belongs to.
    pub(crate) parent: Option<Box<str>>,
    /// Whether it is a preferred supplier.
    pub(crate) preferred: Option<bool>,
    /// The contract that its purchases fall under.
    pub(crate) contract: Option<Box<str>>,
    /// Whether it belongs to the company's own group.
    pub(crate) internal: Option<bool>,
}

/// All that a company says of its suppliers.
#[derive(Clone, Debug, Default)]
pub(crate) struct SupplierFile(FxHashMap<String, SupplierFacts>);

const COLUMNS: Columns<'static, 5> =
    Columns { names: ["supplier_key", "parent", "preferred", "contract", "internal"], needed: &["supplier_key"] };

impl SupplierFile {
    /// Reads the file.
    ///
    /// # Errors
    /// All faults of the file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Faults> {
        let mut faults = Faults(Vec::new());
        let mut suppliers = FxHashMap::default();
        let mut lines: FxHashMap<String, u64> = FxHashMap::default();
        for row in rows(bytes, &COLUMNS, &mut faults) {
            let line = row.line;
            let [key, parent, preferred, contract, internal] = row.cells;
            let supplier = SupplierFacts {
                parent,
                preferred: yes_or_no(preferred.as_deref(), "preferred", line, &mut faults),
                contract,
                internal: yes_or_no(internal.as_deref(), "internal", line, &mut faults),
            };
            let Some(key) = supplier_key(key.as_deref(), line, &mut faults) else { continue };
            if let Some(first) = lines.get(&key) {
                faults.add(line, format!("the supplier stands on line {first} too: keep one of the two rows"));
                continue;
            }
            lines.insert(key.clone(), line);
            suppliers.insert(key, supplier);
        }
        faults.or(Self(suppliers))
    }

    /// How many suppliers it speaks of.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is said of a supplier, if anything.
    pub(crate) fn get(&self, key: &str) -> Option<&SupplierFacts> {
        if self.0.is_empty() { None } else { self.0.get(&folded(key)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppliers_are_found_by_key_in_any_writing() {
        let text = "Supplier_Key;preferred;parent;internal\nno:914286018;ja;Konsern;\nsupplier:7;;;1\n";
        let suppliers = SupplierFile::read(text.as_bytes()).unwrap();
        let found = suppliers.get(" NO:914286018").unwrap();
        assert_eq!((found.parent.as_deref(), found.preferred, found.internal), (Some("Konsern"), Some(true), None));
        assert_eq!(suppliers.get("supplier:7").unwrap().internal, Some(true));
        assert_eq!(suppliers.get("supplier:8"), None);
        assert_eq!(SupplierFile::default().get("supplier:7"), None);
    }

    #[test]
    fn a_supplier_stands_there_once() {
        let faults =
            SupplierFile::read(b"supplier_key,preferred\nNO:1,maybe\n,yes\nno:1,no\n914286018,no\n").unwrap_err();
        let lines: Vec<u64> = faults.0.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        assert!(faults.to_string().contains("line 4: the supplier stands on line 2 too"), "{faults}");
    }
}
