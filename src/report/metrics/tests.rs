use super::*;
use crate::report::TableSize;
use crate::report::checks::DataCheck;
use crate::xledger::{LostField, Usage};
use std::collections::BTreeSet;

const COMMITTED: Instant = Instant(1_795_224_600_000);

fn report(status: Status, kind: Option<FailureKind>) -> Report {
    let mut report = Report::begin("run-1", "refresh", None, COMMITTED);
    report.status = status;
    report.error = kind.map(|kind| Failure::new(kind, "hush: token 4711"));
    report
}

fn published() -> Report {
    let size = |rows, bytes| TableSize { rows, files: 1, bytes };
    Report {
        snapshot: Some("20261121T013000Z-0a1b2c3d".to_owned()),
        lines: Some(Counts { listed: 20, excluded_payroll: 6, refused: 2, kept: 12, ..Counts::default() }),
        lines_fetched: Some(11),
        lines_gone: Some(1),
        lines_healed: Some(2),
        lost: vec![LostField {
            field: "suppliers.address.country".to_owned(),
            columns: ["supplier.country_code", "supplier.country_name"].map(str::to_owned).into(),
            right: "Country".to_owned(),
            reason: LossReason::NotAllowed,
        }],
        unfit: [("spend.vat_amount".to_owned(), 5), ("supplier.valid_to".to_owned(), 2)].into(),
        accounts_to_confirm: vec!["5500".to_owned()],
        checks: ["dates", "vat_rates", "coverage"]
            .map(|name| {
                DataCheck::judged(name, String::new(), "look", &["here".to_owned()][..usize::from(name != "coverage")])
            })
            .into(),
        tables: Some(TableSizes { spend: size(11, 900), supplier: size(3, 100) }),
        api: Usage { requests: 9, bytes_up: 70, bytes_down: 800, waited_ms: 5_000, null_rows: 4 },
        last_success_at: Some(COMMITTED),
        ..report(Status::Succeeded, None)
    }
}

fn ended<'a>(outcome: Result<&'a Report, &'a Failure>) -> Ended<'a> {
    Ended {
        function: "spend-prod",
        run_id: "run-1",
        outcome,
        at: Instant(COMMITTED.0 + 3_999),
        duration: Duration::from_millis(90_001),
        time_limit: Duration::from_secs(900),
        memory_limit_mib: Some(512),
        memory_peak_kib: Some(120_001),
    }
}

fn keys(record: &Value) -> BTreeSet<&str> {
    record.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_record_of_a_success() {
    let report = published();
    let expected = json!({
        "_aws": {
            "Timestamp": 1_795_224_603_999_i64,
            "CloudWatchMetrics": [{
                "Namespace": "XledgerSpend",
                "Dimensions": [["FunctionName"]],
                "Metrics": METRICS.iter().map(|m| json!({"Name": m.name, "Unit": m.unit})).collect::<Vec<_>>(),
            }],
        },
        "FunctionName": "spend-prod",
        "run_id": "run-1", "status": "succeeded", "error_kind": null, "snapshot": "20261121T013000Z-0a1b2c3d",
        "RunsSucceeded": 1, "RunsFailed": 0, "RunsIncomplete": 0, "WaitingForToken": 0, "TokenRefused": 0, "PayrollReceived": 0,
        "LinesListed": 20, "LinesKept": 12, "LinesFetched": 11, "LinesGone": 1, "LinesPayroll": 6, "LinesRefused": 2,
        "LinesUnknownAccount": 0, "LinesHealed": 2, "AccountsToConfirm": 1, "ChecksWarned": 2, "ChecksFailed": 0, "ColumnsLost": 2, "RightsLost": 1,
        "ValuesUnfit": 7, "NullRows": 4,
        "SpendRows": 11, "SupplierRows": 3, "LakeBytes": 1_000,
        "ApiRequests": 9, "ApiBytesUp": 70, "ApiBytesDown": 800, "ApiWaited": 5_000,
        "Duration": 90_001, "TimeUsed": 11, "MemoryPeak": 118, "MemoryUsed": 23, "SecondsSinceLastSuccess": 0,
    });
    assert_eq!(ended(Ok(&report)).record(), expected);
    assert!(!ended(Ok(&report)).record().to_string().contains('\n'));
}

#[test]
fn what_is_not_known_is_left_out() {
    let always =
        ["RunsSucceeded", "RunsFailed", "RunsIncomplete", "WaitingForToken", "TokenRefused", "PayrollReceived"];
    let beside = ["_aws", "FunctionName", "run_id", "status", "error_kind", "snapshot", "Duration", "TimeUsed"];
    let least: BTreeSet<&str> = always.into_iter().chain(beside).collect();
    let failure = Failure::new(FailureKind::SettingsInvalid, "hush: token 4711");
    let unknown = Ended { memory_limit_mib: None, memory_peak_kib: None, ..ended(Err(&failure)) };
    let record = unknown.record();
    assert_eq!(keys(&record), least);
    assert_eq!((&record["RunsFailed"], &record["error_kind"]), (&json!(1), &json!("settings_invalid")));
    assert_eq!(record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), always.len() + 2);
    assert!(!keys(&Ended { memory_limit_mib: Some(0), ..ended(Err(&failure)) }.record()).contains("MemoryUsed"));
    assert!(!keys(&Ended { time_limit: Duration::ZERO, ..unknown }.record()).contains("TimeUsed"));
    // A rollback has asked nothing, so that it knows of no right that is lost.
    let back = Report { action: "rollback".to_owned(), lost: Vec::new(), lines_healed: None, ..published() };
    let record = ended(Ok(&back)).record();
    assert!(["ColumnsLost", "RightsLost", "LinesHealed"].iter().all(|name| !keys(&record).contains(name)));
    assert_eq!((&record["RunsSucceeded"], &record["SpendRows"]), (&json!(0), &json!(11)));
    // Tables that nobody sees: a dry run's, and those of a commit that was refused.
    for status in [Status::DryRun, Status::Failed] {
        let report = Report { status, snapshot: None, ..published() };
        let record = ended(Ok(&report)).record();
        assert!(["SpendRows", "SupplierRows", "LakeBytes"].iter().all(|name| !keys(&record).contains(name)));
        assert_eq!((&record["RunsSucceeded"], &record["SecondsSinceLastSuccess"]), (&json!(0), &json!(3)));
    }
}

/// A month of looks costs a third of what all metrics would.
#[test]
fn a_run_that_waits_for_its_token_says_that_and_nothing_of_its_work() {
    let record = ended(Ok(&Report { last_success_at: None, ..report(Status::WaitingForToken, None) })).record();
    let of_end = ["RunsFailed", "RunsIncomplete", "WaitingForToken", "TokenRefused", "PayrollReceived"];
    let beside = ["_aws", "FunctionName", "run_id", "status", "error_kind", "snapshot"];
    assert_eq!(keys(&record), of_end.into_iter().chain(beside).collect());
    assert_eq!(record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), of_end.len());
}

#[test]
fn each_end_has_its_metric() {
    for (status, metric) in [
        (Status::Succeeded, Some("RunsSucceeded")),
        (Status::Failed, Some("RunsFailed")),
        (Status::Incomplete, Some("RunsIncomplete")),
        (Status::DryRun, None),
        (Status::WaitingForToken, Some("WaitingForToken")),
    ] {
        for last_success_at in [None, Some(COMMITTED)] {
            let snapshot = published().snapshot;
            let record = ended(Ok(&Report { snapshot, last_success_at, ..report(status, None) })).record();
            for name in ["RunsSucceeded", "RunsFailed", "RunsIncomplete", "WaitingForToken"] {
                // No success is missing yet: the alarm on days without one has nothing to count.
                let begins = matches!(status, Status::Incomplete | Status::DryRun | Status::WaitingForToken);
                if name == "RunsSucceeded" && begins && last_success_at.is_none() {
                    assert_eq!(record.get(name), None, "{status:?}");
                } else {
                    assert_eq!(record[name], u64::from(metric == Some(name)), "{status:?} {name}");
                }
            }
        }
    }
}

#[test]
fn a_continuation_that_has_nothing_left_to_do_is_no_success() {
    let report = Report { last_success_at: Some(COMMITTED), ..report(Status::Succeeded, None) };
    let record = ended(Ok(&report)).record();
    assert_eq!((&record["RunsSucceeded"], &record["SecondsSinceLastSuccess"]), (&json!(0), &json!(3)));
}

#[test]
fn each_kind_of_failure_has_its_metric_and_no_words() {
    for &kind in FailureKind::ALL {
        let (report, failure) = (report(Status::Failed, Some(kind)), Failure::new(kind, "hush: token 4711"));
        for outcome in [Ok(&report), Err(&failure)] {
            let record = ended(outcome).record();
            let name = kind.as_str();
            let token = ["token_missing", "secret_unreadable", "token_malformed", "token_refused"].contains(&name);
            let payroll = ["payroll_received", "unasked_line"].contains(&name);
            assert_eq!((&record["error_kind"], &record["RunsFailed"]), (&json!(name), &json!(1)), "{name}");
            assert_eq!(record["TokenRefused"], u64::from(token), "{name}");
            assert_eq!(record["PayrollReceived"], u64::from(payroll), "{name}");
            assert!(!record.to_string().contains("4711"), "{record}");
        }
    }
}

#[test]
fn time_goes_by_since_the_last_success() {
    for (last, seconds) in [(Some(COMMITTED), Some(3)), (Some(Instant(i64::MAX)), Some(0)), (None, None)] {
        let report = Report { last_success_at: last, ..report(Status::Failed, Some(FailureKind::XledgerUnavailable)) };
        assert_eq!(ended(Ok(&report)).seconds_since_last_success(), seconds, "{last:?}");
    }
}

#[test]
fn percentages_are_rounded_up() {
    for (part, whole, expected) in
        [(0, 9, Some(0)), (1, 900, Some(1)), (9, 9, Some(100)), (10, 9, Some(112)), (1, 0, None)]
    {
        assert_eq!(percent(part, whole), expected, "{part} of {whole}");
    }
    assert_eq!(percent(u64::MAX, 1), Some(u64::MAX));
}

#[test]
fn the_peak_is_read() {
    let status = "Name:\tlambda\nVmPeak:\t  999999 kB\nVmHWM:\t   53212 kB\nVmRSS:\t   41000 kB\n";
    assert_eq!(memory_peak_kib(status), Some(53_212));
    for status in ["", "VmRSS:\t 1 kB\n", "VmHWM:\t many kB\n", "VmHWM:\t 53212\n"] {
        assert_eq!(memory_peak_kib(status), None, "{status}");
    }
}

/// What the embedded metric format allows.
#[test]
fn every_metric_is_one_that_cloudwatch_takes() {
    assert!(METRICS.len() <= 100);
    let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len());
    for Metric { name, unit, .. } in METRICS {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        assert!(["Count", "Bytes", "Megabytes", "Milliseconds", "Seconds", "Percent"].contains(unit), "{name}: {unit}");
    }
}

/// The page has a row for each metric, in the same words, and no other.
#[test]
fn every_metric_is_on_its_page() {
    let page = include_str!("../../../docs/metrics.md");
    let (_, table) = page.split_once("| metric |").unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> =
        METRICS.iter().map(|metric| format!("| `{}` | {} |", metric.name, metric.meaning)).collect();
    assert_eq!(rows, expected);
}
