//! What became of the lines and of each document type, for a person to read.

use super::Report;
use crate::display::figures::{count, share};
use crate::display::lines::{Align, aligned};
use crate::model::treatment::Treatment;

/// What became of the lines.
pub fn counts(report: &Report) -> String {
    let Some(lines) = &report.lines else { return String::new() };
    let any = |n: u64| (n > 0).then_some(n);
    let of_all = format!("{} of all", share(lines.kept, lines.listed));
    let rows = [
        (Some(lines.listed), "listed", ""),
        (any(lines.excluded_payroll), "- payroll", "their amounts, texts and names were never asked for"),
        (any(lines.refused), "- could not be judged", "no document type or period, or an account that no chart shows"),
        (any(lines.excluded_document_type), "- other document types", "not among those that are kept"),
        (any(lines.excluded_account), "- excluded accounts", "bank, VAT, payables, equity …"),
        (any(lines.excluded_history), "- before the history", "in periods before SPEND_HISTORY_FROM"),
        (Some(lines.kept), "kept", &of_all),
        (any(lines.without_account_number), "of them without account number", "an account whose code has no digits"),
        (any(report.lines_gone.unwrap_or(0)), "gone", "deleted between being listed and being fetched"),
    ];
    let told = rows.into_iter().filter_map(|(n, what, why)| Some([what.to_owned(), count(n?), why.to_owned()]));
    let rows: Vec<_> = told.collect();
    let mut text = format!("\nLedger lines\n{}", aligned(&[Align::Left, Align::Right, Align::Left], &rows));
    let payables = report.payables.unwrap_or_default();
    let rows = [
        (any(payables.listed), "listed"),
        (any(payables.excluded_payroll), "- payroll"),
        (any(payables.not_needed), "- of vouchers that are not kept"),
        (any(payables.kept), "kept"),
        (any(report.payables_gone.unwrap_or(0)), "gone"),
    ];
    let rows: Vec<_> = rows.into_iter().filter_map(|(n, what)| Some([what.to_owned(), count(n?)])).collect();
    if !rows.is_empty() {
        text.push_str("\nAccounts-payable lines (they name the suppliers)\n");
        text.push_str(&aligned(&[Align::Left, Align::Right], &rows));
    }
    text
}

/// The document types, and how each is treated.
pub fn document_types(report: &Report) -> String {
    let rows = report.document_types.iter().map(|kind| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let treatment = match kind.treatment {
            Treatment::Payroll => "payroll, left out",
            Treatment::Refused => "without a code, left out",
            Treatment::LeftOut => "left out",
            Treatment::Kept => "kept",
            Treatment::Unknown => "-",
        };
        [text(&kind.code), text(&kind.description), treatment.to_owned(), count(kind.lines)]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nDocument types\n{}", aligned(&[Align::Left, Align::Left, Align::Left, Align::Right], &rows))
}
