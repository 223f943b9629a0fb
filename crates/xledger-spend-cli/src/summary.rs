//! A run and its tables, told to a person. A run is told from its report's JSON, which is what a manifest keeps of it, too.

mod tables;

use serde_json::Value;
use xledger_spend::lake::LakeUrl;

use crate::figures::{count, counted, share, size, time};
use crate::lines::{Side, aligned, escaped};

pub(crate) use tables::tables;

fn number(report: &Value, path: &str) -> Option<u64> {
    report.pointer(path)?.as_u64()
}

/// What a run listed, left out, kept, and used.
pub(crate) fn run(report: &Value) -> String {
    lines(report) + &document_types(report) + &used(report) + &sizes(report)
}

/// What became of the lines.
pub(crate) fn lines(report: &Value) -> String {
    let (Some(listed), Some(kept)) = (number(report, "/lines/listed"), number(report, "/lines/kept")) else {
        return String::new();
    };
    let mut rows = vec![["listed".to_owned(), count(listed), String::new()]];
    for (key, what, why) in [
        ("excluded_payroll", "payroll", "their amounts, texts and names were never asked for"),
        ("refused", "could not be judged", "no document type, account or period"),
        ("excluded_document_type", "other document types", "not among those that are kept"),
        ("excluded_account", "excluded accounts", "bank, VAT, payables, equity …"),
        ("excluded_history", "before the history", "in periods before SPEND_HISTORY_FROM"),
    ] {
        let left_out = number(report, &format!("/lines/{key}")).unwrap_or(0);
        if left_out > 0 {
            rows.push([format!("- {what}"), count(left_out), why.to_owned()]);
        }
    }
    rows.push(["kept".to_owned(), count(kept), format!("{} of all", share(kept, listed))]);
    for (path, what, why) in [
        ("/lines/without_account_number", "of them without account number", "an account whose code has no digits"),
        ("/lines_gone", "gone", "deleted between being listed and being fetched"),
    ] {
        rows.extend(number(report, path).filter(|n| *n > 0).map(|n| [what.to_owned(), count(n), why.to_owned()]));
    }
    let mut text = format!("\nLedger lines\n{}", aligned([Side::Left, Side::Right, Side::Left], &rows));
    let payables = [
        ("/payables/listed", "listed"),
        ("/payables/excluded_payroll", "- payroll"),
        ("/payables/not_needed", "- of vouchers that are not kept"),
        ("/payables/kept", "kept"),
        ("/payables_gone", "gone"),
    ];
    let payables = payables.map(|(path, what)| (what, number(report, path).unwrap_or(0)));
    let rows: Vec<_> =
        payables.iter().filter(|(_, n)| *n > 0).map(|(what, n)| [(*what).to_owned(), count(*n)]).collect();
    if !rows.is_empty() {
        text.push_str("\nAccounts-payable lines (they name the suppliers)\n");
        text.push_str(&aligned([Side::Left, Side::Right], &rows));
    }
    text
}

/// The document types, and how each is treated.
pub(crate) fn document_types(report: &Value) -> String {
    let types = report.get("document_types").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if types.is_empty() {
        return String::new();
    }
    let row = |kind: &Value| {
        let text = |key| kind.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let treatment = match kind.get("treatment").and_then(Value::as_str).unwrap_or_default() {
            "payroll" => "payroll, left out",
            "refused" => "without a code, left out",
            "left_out" => "left out",
            "kept" => "kept",
            other => other,
        };
        let lines = count(number(kind, "/lines").unwrap_or(0));
        [text("code"), text("description"), treatment.to_owned(), lines]
    };
    let rows: Vec<_> = types.iter().map(row).collect();
    format!("\nDocument types\n{}", aligned([Side::Left, Side::Left, Side::Left, Side::Right], &rows))
}

/// What was used of the API.
fn used(report: &Value) -> String {
    let of_api = |key: &str| number(report, &format!("/api/{key}")).unwrap_or(0);
    if of_api("requests") == 0 {
        return String::new();
    }
    let mut text = format!(
        "\nXledger\n  {}, {} down, {} up, {}",
        counted(of_api("requests"), "request"),
        size(of_api("bytes_down")),
        size(of_api("bytes_up")),
        time(number(report, "/duration_ms").unwrap_or(0)),
    );
    if of_api("waited_ms") > 0 {
        text.push_str(&format!(", waited {} after refusals and failures", time(of_api("waited_ms"))));
    }
    text.push('\n');
    text
}

/// The sizes of the tables.
fn sizes(report: &Value) -> String {
    let row = |table: &str| {
        let of = |key| number(report, &format!("/tables/{table}/{key}"));
        let (rows, files) = (counted(of("rows")?, "row"), counted(of("files")?, "file"));
        Some([table.to_owned(), rows, files, size(of("bytes")?)])
    };
    let rows: Vec<_> = ["spend", "supplier"].into_iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let unpublished = if report.get("snapshot").is_none_or(Value::is_null) { " (made, and not published)" } else { "" };
    let sides = [Side::Left, Side::Right, Side::Right, Side::Right];
    let removed = match number(report, "/snapshots_removed") {
        Some(removed) if removed > 0 => format!("  ({} removed)\n", counted(removed, "old snapshot")),
        _ => String::new(),
    };
    format!("\nTables{unpublished}\n{}{removed}", aligned(sides, &rows))
}

/// What to do with the tables now: lines to paste, uncut.
pub(crate) fn next(lake: &LakeUrl, program: &str, demonstration: bool) -> String {
    let mut next = vec![
        ("this again", format!("{program} show --lake {lake}")),
        ("what can be gone back to", format!("{program} snapshots --lake {lake}")),
        ("what each column means", format!("{program} schema")),
    ];
    if demonstration {
        next.push(("another company, as the next snapshot", format!("{program} demo --seed 2 --lake {lake}")));
        next.push(("what a token of yours can read", format!("XLEDGER_TOKEN=… {program} check")));
    }
    let mut text = "\nNext\n".to_owned();
    for (what, command) in next {
        text.push_str(&format!("  {what:<37}  {}\n", escaped(&command)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_told() {
        let report = json!({
            "duration_ms": 21_500, "snapshot": "s", "snapshots_removed": 2, "lines_gone": 2, "payables_gone": 0,
            "lines": {"listed": 200_000, "excluded_payroll": 38_112, "refused": 0, "excluded_document_type": 90_114,
                "excluded_account": 20_005, "excluded_history": 0, "kept": 51_769, "without_account_number": 0},
            "payables": {"listed": 12_000, "excluded_payroll": 0, "not_needed": 2_000, "kept": 10_000},
            "document_types": [{"code": "AP", "description": "Faktura\u{1b}[2J", "treatment": "kept", "lines": 1_234}],
            "tables": {"spend": {"rows": 51_767, "files": 36, "bytes": 3_200_000}, "supplier": {"rows": 800, "files": 3, "bytes": 90_000}},
            "api": {"requests": 67, "bytes_down": 12_345_678, "bytes_up": 1_000, "waited_ms": 5_000},
        });
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
";
        assert_eq!(run(&report), expected);
    }

    #[test]
    fn a_run_that_came_nowhere_has_nothing_to_tell() {
        assert_eq!(run(&json!({"lines": null, "document_types": [], "tables": null, "api": {"requests": 0}})), "");
    }
}
