//! Writes the books as CSV files, so that other code than this can calculate from them.
//!
//! RFC 4180, UTF-8, a header line each. An empty cell without quotes is null; `""` is an empty text. Amounts have two
//! decimals, dates and wall-clock times are written as the API writes them. A reference that is 0 or null is null here.
//! The rows of owners that the token does not reach are there too, with `within_reach` false. Where the wire says something else than the
//! books, that is written.

mod ledgers;
mod registers;
mod sheet;

use crate::Company;
use sheet::Sheet;
use std::path::Path;

/// Writes the rows of one file.
type Rows = fn(&Company, &mut Sheet);

/// Writes the books into a directory, which is made if it is not there.
///
/// # Errors
/// If a file cannot be written.
pub fn write(company: &Company, directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let files: [(&str, &str, Rows); 12] = [
        ("gl_lines", ledgers::GL_LINES, ledgers::gl_lines),
        ("ap_lines", ledgers::AP_LINES, ledgers::ap_lines),
        ("vouchers", ledgers::VOUCHERS, ledgers::vouchers),
        ("periods", ledgers::PERIODS, ledgers::periods),
        ("document_types", ledgers::DOCUMENT_TYPE_COLUMNS, ledgers::document_types),
        ("tax_rules", ledgers::TAX_RULE_COLUMNS, ledgers::tax_rules),
        ("suppliers", registers::SUPPLIERS, registers::suppliers),
        ("subledgers", registers::SUBLEDGERS, registers::subledgers),
        ("companies", registers::COMPANIES, registers::companies),
        ("accounts", registers::ACCOUNTS, registers::accounts),
        ("owners", registers::OWNERS, registers::owners),
        ("dimension_values", registers::DIMENSION_VALUES, registers::dimension_values),
    ];
    for (name, columns, rows) in files {
        let mut sheet = Sheet::create(&directory.join(format!("{name}.csv")), columns)?;
        rows(company, &mut sheet);
        sheet.close()?;
    }
    Ok(())
}
