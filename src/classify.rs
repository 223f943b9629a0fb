//! What a line and a supplier are to a buyer: which numbers name one company, what was bought, and what a company says of both in its own files.
//! No input or output: files come as bytes.
//!
//! | file | what it settles |
//! |---|---|
//! | `company_number.rs` | whether a number names a company, in which register, and whether it is a person's |
//! | `spend_class.rs` | what an account holds: running costs, investments, stock, or no purchase at all |
//! | `category.rs` | the categories that follow from the account |
//! | `categories.rs` | the company's own categories, of `categories.csv` |
//! | `suppliers.rs` | what a company says of its suppliers, in `suppliers.csv` |
//! | `csv_file.rs` | how these files are read, and all their faults told at once |

pub mod company_number;
pub mod spend_class;
pub mod category;
pub(crate) mod csv_file;
pub(crate) mod categories;
pub(crate) mod suppliers;

use unicode_normalization::UnicodeNormalization;

/// A code as it is compared: trimmed, without case, one writing for one text. Plain letters, which most codes are, take the short way.
pub(crate) fn folded(code: &str) -> String {
    let code = code.trim();
    if code.is_ascii() { code.to_ascii_uppercase() } else { code.to_uppercase().nfc().collect() }
}
