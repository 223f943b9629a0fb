//! Something on the way refuses a part of what is asked, in words that a server of .NET could have: the rest comes all the same.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};
use xledger_sim::Options;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;
use xledger_spend::xledger::LossReason;

use crate::desk::Desk;
use crate::servers::hostile::{self, Hostile, Reply};

/// What is asked, and for how many rows.
struct Asked {
    operation: String,
    query: String,
    rows: u64,
}

type Refuse = Box<dyn Fn(&Asked) -> Option<Value> + Send + Sync>;

/// A refresh from the simulator behind a server that answers with an error where `refuse` has one.
async fn refresh(options: Options, refuse: impl Fn(&Asked) -> Option<Value> + Send + Sync + 'static) -> (Desk, Report) {
    let mut desk = Desk::new(options).await;
    desk.tempo = 100.0;
    let endpoint: reqwest::Url = desk.sim.endpoint().parse().unwrap();
    let to = format!("127.0.0.1:{}", endpoint.port().unwrap()).parse().unwrap();
    let server = Hostile::start(move |seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let query = body["query"].as_str().unwrap().to_owned();
        let rows = body["variables"]["first"].as_u64().unwrap_or(0);
        match refuse(&Asked { operation: seen.operation.clone(), query, rows }) {
            Some(error) => hostile::json(json!({"data": null, "errors": [error]}).to_string()),
            None => Reply::Relay(to, ""),
        }
    });
    let endpoint = server.await.endpoint();
    let report = desk.refresh(&[("XLEDGER_ENDPOINT", &endpoint)]).await;
    (desk, report)
}

fn lost(report: &Report) -> Vec<(&str, LossReason)> {
    report.lost.iter().map(|lost| (lost.field.as_str(), lost.reason)).collect()
}

fn unresolved(field: &str, code: &str) -> Value {
    json!({"message": format!("Error trying to resolve field '{field}'."), "path": ["suppliers", "edges", 0, "node", field],
        "extensions": {"code": code, "codes": [code]}})
}

#[tokio::test]
async fn a_field_that_always_fails_or_is_denied_costs_its_column() {
    for (field, error, reason) in [
        ("subledgerGroup", unresolved("subledgerGroup", "UNAUTHORIZED_ACCESS"), LossReason::NotAllowed),
        (
            "subledgerGroup",
            json!({"message": "The API token does not have access to Subledger."}),
            LossReason::NotAllowed,
        ),
        ("payTerms", unresolved("payTerms", "NULL_REFERENCE"), LossReason::NotResolved),
    ] {
        let shown = error.to_string();
        let (_, report) = refresh(Options::fast(1_000, 9), move |asked| {
            (asked.operation == "Suppliers" && asked.query.contains(field)).then(|| error.clone())
        })
        .await;
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None), "{shown}");
        assert_eq!(lost(&report), [(format!("suppliers.{field}").as_str(), reason)], "{shown}");
    }
}

/// Few rows have a tax rule, so that none of the first says that it is denied.
#[tokio::test]
async fn a_field_that_only_many_rows_show_to_be_denied_costs_its_column() {
    let (_, report) = refresh(Options::fast(5_000, 9), |asked| {
        let is_denied = asked.operation == "LedgerLines" && asked.query.contains("taxRule") && asked.rows > 1_000;
        is_denied.then(|| unresolved("taxRule", "UNAUTHORIZED_ACCESS"))
    })
    .await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    assert_eq!(lost(&report), [("transactions.taxRule", LossReason::NotAllowed)]);
}

/// Of a second one none of the rows says so until the first is left out.
#[tokio::test]
async fn another_field_that_is_denied_later_costs_its_column_too() {
    let is_later = AtomicBool::new(false);
    let (_, report) = refresh(Options::fast(1_000, 9), move |asked| {
        let asks = |field| asked.operation == "Suppliers" && asked.query.contains(field);
        if asks("payTerms") && asks("ownerDbId code description") && !asks("subledgerGroup") {
            is_later.store(true, Relaxed);
        }
        let denied = ["subledgerGroup", "payTerms"].into_iter().filter(|field| asks(*field));
        let mut denied = denied.filter(|field| *field != "payTerms" || is_later.load(Relaxed));
        denied.next().map(|field| unresolved(field, "UNAUTHORIZED_ACCESS"))
    })
    .await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    let reason = LossReason::NotAllowed;
    assert_eq!(lost(&report), [("suppliers.subledgerGroup", reason), ("suppliers.payTerms", reason)]);
}

#[tokio::test]
async fn a_server_that_fails_at_the_last_row_is_walked_by_one_cursor() {
    let calm = Desk::new(Options::fast(3_000, 9)).await;
    assert_eq!(calm.refresh(&[]).await.status, Status::Succeeded);
    let (desk, report) = refresh(Options::fast(3_000, 9), |asked| {
        asked.query.contains("last:").then(|| unresolved("transactions", "NULL_REFERENCE"))
    })
    .await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    assert!(desk.data_files() == calm.data_files());
}

#[tokio::test]
async fn a_necessary_field_that_always_fails_ends_the_run() {
    let (_, report) = refresh(Options::fast(1_000, 9), |asked| {
        let is_code = asked.operation == "Suppliers" && asked.query.contains("ownerDbId code description");
        is_code.then(|| unresolved("code", "NULL_REFERENCE"))
    })
    .await;
    let error = report.error.unwrap();
    assert_eq!(error.kind, FailureKind::LimitReached, "{}", error.message);
}

#[tokio::test]
async fn what_passes_or_asks_for_less_costs_nothing() {
    let calm = Desk::new(Options::fast(3_000, 9)).await;
    assert_eq!(calm.refresh(&[]).await.status, Status::Succeeded);
    let timeout = "Execution Timeout Expired.  The timeout period elapsed prior to completion of the operation or the server is not responding.";
    let complex = |rows: u64| json!({"message": format!("Query is too complex to execute. Complexity is {rows}."), "extensions": {"code": "COMPLEXITY"}});
    let disposed = json!({"message": "Cannot access a disposed object. Object name: 'CancellationTokenSource'."});
    let failed = AtomicUsize::new(0);
    let large = |asked: &Asked| asked.operation == "LedgerIndex" && asked.rows > 700;
    let refusals: [Refuse; 3] = [
        Box::new(move |asked| large(asked).then(|| json!({"message": timeout, "path": ["transactions"]}))),
        Box::new(move |asked| (asked.rows > 150).then(|| complex(asked.rows))),
        Box::new(move |asked| {
            let fails = asked.operation == "PayableIndex" && failed.fetch_add(1, Relaxed) < 12;
            fails.then(|| disposed.clone())
        }),
    ];
    for refuse in refusals {
        let (desk, report) = refresh(Options::fast(3_000, 9), refuse).await;
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
        assert_eq!(lost(&report), []);
        assert!(desk.data_files() == calm.data_files());
    }
}

#[tokio::test]
async fn a_query_that_is_too_complex_for_any_rows_says_so() {
    let (_, report) = refresh(Options::fast(1_000, 9), |asked| {
        let error = json!({"message": "Query is too complex to execute.", "extensions": {"code": "COMPLEXITY"}});
        (asked.operation == "LedgerIndex").then_some(error)
    })
    .await;
    let error = report.error.unwrap();
    assert_eq!(error.kind, FailureKind::LimitReached);
    assert!(error.message.contains("too complex") && error.message.contains("LedgerIndex"), "{}", error.message);
}
