//! No byte of a payroll row leaves Xledger: not into the lake, not into a report, not into a log; and the checks that say so can fail.

use crate::desk::Desk;
use crate::log;
use crate::servers::scripted::Scripted;
use std::time::Duration;
use xledger_sim::{Change, ChangeKind, Chosen, Event, Options, PAYROLL_MARKER};
use xledger_spend::event::Refresh;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::table::runs::Status;

pub(crate) fn contains(bytes: &[u8], marker: &str) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker.as_bytes())
}

/// Every text column of both tables, as Parquet hides texts from a search of the bytes.
pub(crate) fn texts(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut texts = Vec::new();
    for (_, bytes) in files {
        let bytes = bytes::Bytes::from(bytes.clone());
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        for batch in reader.map(Result::unwrap) {
            for column in batch.columns() {
                if let Some(column) = column.as_any().downcast_ref::<arrow::array::StringArray>() {
                    texts.extend(column.iter().flatten().map(str::to_owned));
                }
            }
        }
    }
    texts
}

#[tokio::test]
async fn no_marker_anywhere_and_nothing_asked_too_early() {
    let log = log::capture();
    let desk = Desk::new(Options::fast(8_000, 5)).await;
    let report = desk.refresh(&[]).await;
    let checked = desk.check(&[]).await.unwrap();
    assert_eq!(report.status, Status::Succeeded);
    assert!(report.lines.unwrap().excluded_payroll > 100);

    assert_eq!(desk.sim.journal().payroll_violations().len(), 0);
    let texts = texts(&desk.data_files());
    assert!(texts.len() > 10_000);
    assert!(texts.iter().all(|text| !text.contains(PAYROLL_MARKER)));
    assert!(desk.all_files().iter().all(|(_, bytes)| !contains(bytes, PAYROLL_MARKER)));
    let said = format!(
        "{} {} {}",
        serde_json::to_string(&report).unwrap(),
        serde_json::to_string(&checked).unwrap(),
        log.text()
    );
    assert!(said.contains("stage done"));
    assert!(!said.contains(PAYROLL_MARKER) && !said.contains(desk.sim.token()));
}

/// Each rule is needed: without it, these same checks find payroll.
#[tokio::test]
async fn without_the_rules_the_same_checks_fail() {
    let desk = Desk::new(Options::fast(8_000, 5)).await;
    let off = [
        ("SPEND_PAYROLL_DOCUMENT_TYPES", "NONE"),
        ("SPEND_PAYROLL_ACCOUNTS", ""),
        ("SPEND_PAYROLL_MATCHES", "off"),
        ("SPEND_DOCUMENT_TYPES", "AP,BA,ER,PR,LØ,XV"),
    ];
    let report = desk.refresh(&off).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    assert!(!desk.sim.journal().payroll_violations().is_empty());
    assert!(texts(&desk.data_files()).iter().any(|text| text.contains(PAYROLL_MARKER)));
    let cached = desk.all_files().into_iter().filter(|(name, _)| name.starts_with("state/"));
    assert!(cached.filter(|(_, bytes)| contains(bytes, PAYROLL_MARKER)).count() > 0);
}

#[tokio::test]
async fn each_payroll_rule_is_missed_when_it_is_off() {
    for off in [("SPEND_PAYROLL_ACCOUNTS", ""), ("SPEND_PAYROLL_MATCHES", "off")] {
        let desk = Desk::new(Options::fast(8_000, 5)).await;
        assert_eq!(desk.refresh(&[off]).await.status, Status::Succeeded);
        assert!(!desk.sim.journal().payroll_violations().is_empty(), "{off:?}");
    }
}

/// A server that answers with a payroll line nobody asked for: nothing is published.
#[tokio::test]
async fn a_payroll_line_that_arrives_all_the_same_ends_the_run() {
    let mut options = Options::fast(3_000, 5);
    options.dialect.leak = true;
    let desk = Desk::new(options).await;
    let report = desk.refresh(&[]).await;
    assert_eq!(report.status, Status::Failed);
    assert_eq!(report.error.unwrap().kind, FailureKind::UnaskedLine);
    assert_eq!(desk.data_files().len(), 0);
    assert!(
        desk.all_files().iter().all(|(name, bytes)| !name.ends_with(".parquet") && !contains(bytes, PAYROLL_MARKER))
    );
}

/// Vouchers become payroll once all was listed, before the first question of an operation.
fn becomes_payroll(count: u8, operation: &str) -> Change {
    Change {
        kind: ChangeKind::Event(Event::Retyped { to_payroll: true, chosen: Chosen { count, by: 3 } }),
        vouchers: 0,
        before_request: 1,
        operation: Some(operation.to_owned()),
    }
}

/// Of rows, and of what lines call their dimension values once their rows have come.
#[tokio::test]
async fn payroll_that_arrives_ends_the_run() {
    for operation in ["LedgerLines", "Names"] {
        let changes = vec![becomes_payroll(u8::MAX, operation)];
        let desk = Desk::new(Options { changes, ..Options::fast(300, 5) }).await;
        let report = desk.refresh(&[]).await;
        assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::PayrollReceived), "{operation}");
        assert_eq!(report.snapshot, None, "{operation}");
    }
}

/// The error says that payroll came, not that storage failed: after a storage error the next run would go on.
#[tokio::test]
async fn payroll_that_arrives_is_told_though_storage_fails_too() {
    // Of the rows that come, one voucher's are payroll, and those before them are there to store.
    let changes = vec![becomes_payroll(1, "LedgerLines")];
    let desk = Desk::new(Options { changes, ..Options::fast(3_000, 5) }).await;
    let lake = Scripted::start().await;
    // What was listed is stored, and no row.
    let is_of_rows = |request: &str| request.starts_with("PUT ") && request.ends_with("-lines.rows");
    lake.refuse(is_of_rows);
    let settings = desk.settings(&[("LAKE_URL", "s3://bucket/lake")]);
    let run = desk.run(Duration::from_secs(120));
    let report = run.refresh(Refresh::default(), &settings, &lake.configuration()).await;
    assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::PayrollReceived));
    assert!(lake.requests().iter().any(|request| is_of_rows(request)), "{:?}", lake.requests());
    assert!(lake.objects().keys().all(|name| !name.contains("/snapshots/")));
}
