//! A run and its tables, told to a person.

mod tables;

use xledger_spend::lake::LakeUrl;
use xledger_spend::report::Report;
use xledger_spend::report::checks::CheckStatus;
use xledger_spend::report::summary::{counts, document_types};
use xledger_spend::xledger::LossReason;

use crate::figures::{counted, size, time};
use crate::lines::{Align, aligned, sanitize};
use crate::quoted::for_shell;

pub(crate) use tables::tables;

/// What a run listed, left out, kept, and used.
pub(crate) fn run(report: &Report) -> String {
    counts(report) + &document_types(report) + &used(report) + &sizes(report) + &lost(report) + &checks(report)
}

/// What was used of the API.
fn used(report: &Report) -> String {
    let api = &report.api;
    if api.requests == 0 {
        return String::new();
    }
    let mut text = format!(
        "\nXledger\n  {}, {} down, {} up, {}",
        counted(api.requests, "request"),
        size(api.bytes_down),
        size(api.bytes_up),
        time(u64::try_from(report.duration_ms).unwrap_or(0)),
    );
    if api.waited_ms > 0 {
        text.push_str(&format!(", waited {} after refusals and failures", time(api.waited_ms)));
    }
    text.push('\n');
    text
}

/// The sizes of the tables.
fn sizes(report: &Report) -> String {
    let Some(tables) = report.tables else { return String::new() };
    let rows = [("spend", tables.spend), ("supplier", tables.supplier)].map(|(name, table)| {
        [name.to_owned(), counted(table.rows, "row"), counted(table.files, "file"), size(table.bytes)]
    });
    let unpublished = if report.snapshot.is_none() { " (made, and not published)" } else { "" };
    let sides = [Align::Left, Align::Right, Align::Right, Align::Right];
    let removed = match report.snapshots_removed {
        Some(removed) if removed > 0 => format!("  ({} removed)\n", counted(removed, "old snapshot")),
        _ => String::new(),
    };
    format!("\nTables{unpublished}\n{}{removed}", aligned(&sides, &rows))
}

/// Columns that are null because something may not be read, or is not there.
fn lost(report: &Report) -> String {
    let mut text = String::new();
    for lost in &report.lost {
        let why = match lost.reason {
            LossReason::NotAllowed => format!("the token may not read {} (right {})", lost.field, lost.right),
            LossReason::NotResolved => format!("Xledger fails to answer {}", lost.field),
            LossReason::NotInSchema => format!("the schema has no {}", lost.field),
        };
        text.push_str(&format!("  {}: {}\n", sanitize(&why), sanitize(&lost.columns.join(", "))));
    }
    if text.is_empty() { text } else { format!("\nColumns that are null\n{text}") }
}

/// How the checks of the data came out, in a line, and more of those that are not as they should be.
fn checks(report: &Report) -> String {
    let those = |status| report.checks.iter().filter(move |check| check.status == status);
    let told = |status, word: &str| {
        let names: Vec<&str> = those(status).map(|check| check.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} {word} ({})", names.len(), sanitize(&names.join(", "))))
    };
    if report.checks.is_empty() {
        return String::new();
    }
    let ok = Some(format!("{} ok", those(CheckStatus::Ok).count()));
    let all = [ok, told(CheckStatus::Warn, "warn"), told(CheckStatus::Fail, "fail")];
    let mut text = format!("\nchecks: {}\n", all.into_iter().flatten().collect::<Vec<_>>().join(", "));
    for check in report.checks.iter().filter(|check| check.status != CheckStatus::Ok) {
        text.push_str(&format!("  {}: {}\n", sanitize(&check.name), sanitize(&check.figure)));
        text.push_str(&format!("    {}\n", sanitize(&check.detail)));
    }
    text
}

/// The flag that names a lake, in a command to paste.
pub(crate) fn flag(lake: &LakeUrl) -> String {
    let lake = lake.to_string();
    // What begins with a hyphen would be a flag by itself.
    format!("--lake{}{}", if lake.starts_with('-') { '=' } else { ' ' }, for_shell(&lake))
}

/// What to do with the tables now: lines to paste, uncut.
pub(crate) fn next(lake: &LakeUrl, program: &str, demonstration: bool) -> String {
    let lake = flag(lake);
    let mut next = vec![
        ("this again", format!("{program} show {lake}")),
        ("the report page, for a browser", format!("{program} report --open {lake}")),
        ("what can be gone back to", format!("{program} snapshots {lake}")),
        ("what each column means", format!("{program} schema")),
    ];
    if demonstration {
        next.push(("another company, as the next snapshot", format!("{program} demo --seed 2 {lake}")));
        next.push(("what a token of yours can read", format!("XLEDGER_TOKEN=… {program} check")));
    }
    let mut text = "\nNext\n".to_owned();
    for (what, command) in next {
        text.push_str(&format!("  {what:<37}  {}\n", sanitize(&command)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[test]
    fn a_report_is_told() {
        let report = Report::deserialize(json!({
            "duration_ms": 21_500, "snapshot": "s", "snapshots_removed": 2, "lines_gone": 2, "payables_gone": 0,
            "lines": {"listed": 200_000, "excluded_payroll": 38_112, "refused": 0, "excluded_document_type": 90_114,
                "excluded_account": 20_005, "excluded_history": 0, "kept": 51_769, "without_account_number": 0},
            "payables": {"listed": 12_000, "excluded_payroll": 0, "not_needed": 2_000, "kept": 10_000},
            "document_types": [{"code": "AP", "description": "Faktura\u{1b}[2J", "treatment": "kept", "lines": 1_234}],
            "tables": {"spend": {"rows": 51_767, "files": 36, "bytes": 3_200_000}, "supplier": {"rows": 800, "files": 3, "bytes": 90_000}},
            "checks": [
                {"name": "integrity", "status": "ok", "figure": "51,767 lines", "detail": ""},
                {"name": "dates", "status": "warn", "figure": "3 of 900 lines", "detail": "lines whose dates: 3 of an invoice"},
                {"name": "vat_rates", "status": "warn", "figure": "1 of 9 codes", "detail": "owner 7, code 2\u{1b}1: 0 of 3 lines"},
            ],
            "api": {"requests": 67, "bytes_down": 12_345_678, "bytes_up": 1_000, "waited_ms": 5_000},
        }));
        let expected = "
Ledger lines
  listed                  200,000
  - payroll                38,112  their amounts, texts and names were never asked for
  - other document types   90,114  not among those that are kept
  - excluded accounts      20,005  bank, VAT, payables, equity …
  kept                     51,769  25.8 % of all
  gone                          2  deleted between being listed and being fetched

Accounts-payable lines (they name the suppliers)
  listed                           12,000
  - of vouchers that are not kept   2,000
  kept                             10,000

Document types
  AP  Faktura\\u{1b}[2J  kept  1,234

Xledger
  67 requests, 12.3 MB down, 1.0 kB up, 21.5 s, waited 5.0 s after refusals and failures

Tables
  spend     51,767 rows  36 files   3.2 MB
  supplier     800 rows   3 files  90.0 kB
  (2 old snapshots removed)

checks: 1 ok, 2 warn (dates, vat_rates)
  dates: 3 of 900 lines
    lines whose dates: 3 of an invoice
  vat_rates: 1 of 9 codes
    owner 7, code 2\\u{1b}1: 0 of 3 lines
";
        assert_eq!(run(&report.unwrap()), expected);
    }

    #[test]
    fn a_command_is_one_to_paste() {
        for (lake, expected) in [
            ("lake", "--lake lake"),
            ("it's", r"--lake 'it'\''s'"),
            ("-x", "--lake=-x"),
            ("- x", "--lake='- x'"),
            ("s3://bucket/x", "--lake s3://bucket/x"),
        ] {
            let lake = LakeUrl::parse(lake).unwrap();
            assert!(next(&lake, "xs", true).contains(&format!("xs show {expected}\n")), "{lake}");
            assert!(next(&lake, "xs", true).contains(&format!("xs demo --seed 2 {expected}\n")), "{lake}");
        }
    }

    #[test]
    fn a_run_that_came_nowhere_has_nothing_to_tell() {
        assert_eq!(run(&Report::default()), "");
    }
}
