//! Values of the wire that fit no column, in fields that nothing depends on. The books themselves do not change.

use crate::column::Column;
use crate::company::Company;
use crate::company::supplier::Role;
use rustc_hash::FxHashMap;

/// Kinds of rows that have such values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    Line,
    ApLine,
    Voucher,
    Period,
    Subledger,
}

/// What is said in place of the value of a field of a row: a text in every case.
#[derive(Debug, Clone, Default)]
pub(crate) struct OddValues(FxHashMap<(Of, i64, Column), String>);

impl OddValues {
    /// What is said of a field of a row instead of its value.
    pub(crate) fn of(&self, of: Of, id: i64, column: Column) -> Option<&str> {
        if self.0.is_empty() { None } else { self.0.get(&(of, id, column)).map(String::as_str) }
    }

    fn put(&mut self, of: Of, id: i64, column: Column, said: impl Into<String>) {
        self.0.insert((of, id, column), said.into());
    }
}

/// The greatest and the least date of the server's own language.
const LAST: &str = "9999-12-31T23:59:59.9999999";
const FIRST: &str = "0001-01-01";

impl Company {
    /// Gives every so many-th row a value that fits no column; where there is nothing to say, an empty text.
    pub(crate) fn say_odd_values(&mut self, every: usize) {
        let mut odd = OddValues::default();
        let is_bought = |voucher: u32| {
            let voucher = &self.vouchers[voucher as usize];
            voucher.is_bought() && self.reaches(voucher.owner)
        };
        let lines = self.lines.iter().filter(|line| is_bought(line.voucher) && !line.is_payroll_by_nature());
        for (number, line) in lines.step_by(every).enumerate() {
            match (number % 3, line.tax_amount) {
                (0, _) => odd.put(Of::Line, line.id, Column::InvoiceAmount, "12345678901234567890"),
                (_, None) => odd.put(Of::Line, line.id, Column::TaxAmount, ""),
                (_, Some(tax)) => {
                    let sign = if tax < 0 { "-" } else { "" };
                    let (whole, rest) = (tax.unsigned_abs() / 100, tax.unsigned_abs() % 100);
                    odd.put(Of::Line, line.id, Column::TaxAmount, format!("{sign}{whole}.{rest:02}125"));
                }
            }
            if line.party == crate::company::ledger::NONE {
                odd.put(Of::Line, line.id, Column::CompanyDbId, "");
            }
        }
        let lines = self.ap_lines.iter().filter(|line| is_bought(line.voucher) && !line.is_payroll_by_nature());
        for (number, line) in lines.step_by(every).enumerate() {
            let (column, said) = match (number % 3, line.due_date) {
                (_, None) => (Column::DueDate, ""),
                (0, _) => (Column::InvoiceDate, FIRST),
                (_, Some(_)) => (Column::DueDate, LAST),
            };
            odd.put(Of::ApLine, line.id.into(), column, said);
        }
        for (number, voucher) in self.vouchers.iter().step_by(every).enumerate() {
            let (column, said) = match (number % 3, voucher.posted) {
                (0, _) => (Column::ModifiedAt, "9999-12-31T23:59:59"),
                (1, _) => (Column::ModifiedAt, "2025-03-01T10:00:00+01:00"),
                (_, Some(_)) => (Column::PostedDate, FIRST),
                (_, None) => (Column::PostedDate, ""),
            };
            odd.put(Of::Voucher, voucher.id.into(), column, said);
        }
        for period in self.periods.iter().step_by(every) {
            odd.put(Of::Period, period.id.into(), Column::FiscalYear, "123456");
        }
        let suppliers = self.subledgers.iter().filter(|of| of.role == Role::Supplier && !of.payroll);
        for (number, supplier) in suppliers.step_by(every).enumerate() {
            let (column, said) = match (number % 4, supplier.to) {
                (0, _) => (Column::ModifiedAt, "2025-07-01T10:00:00+02:00"),
                (1, _) => (Column::ModifiedAt, "9999-12-31T23:59:59"),
                (2, _) => (Column::FromDate, "9999-12-31T23:59:59"),
                (_, None) => (Column::ToDate, ""),
                (_, Some(_)) => (Column::ToDate, FIRST),
            };
            odd.put(Of::Subledger, supplier.id.into(), column, said);
        }
        self.odd = odd;
    }
}
