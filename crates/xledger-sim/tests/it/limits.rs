//! Limits and scripted faults.

use crate::client::{ask, send, serve};
use serde_json::json;
use std::time::Duration;
use xledger_sim::{Burst, Credits, Fault, FaultKind};

const PROBE: &str = "{ viewer { entity { ownerDbId } } }";

#[tokio::test]
async fn a_burst_is_refused_until_its_window_has_passed() {
    let server = serve(|options| options.burst = Some(Burst { requests: 3, window: Duration::from_millis(400) })).await;
    for _ in 0..3 {
        assert!(ask(&server, PROBE).await.get("errors").is_none());
    }
    let refused = ask(&server, PROBE).await;
    assert_eq!(refused["errors"][0]["code"], json!("BAD_REQUEST.BURST_RATE_LIMIT_REACHED"));
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert!(ask(&server, PROBE).await.get("errors").is_none());
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let server = serve(|options| {
        options.concurrency = Some(2);
        options.delay = Duration::from_millis(200);
    })
    .await;
    let (one, two, three) = tokio::join!(ask(&server, PROBE), ask(&server, PROBE), ask(&server, PROBE));
    let refused = [one, two, three]
        .into_iter()
        .filter(|answer| answer["errors"][0]["code"] == json!("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED"));
    assert_eq!(refused.count(), 1);
    assert!(ask(&server, PROBE).await.get("errors").is_none());
}

#[tokio::test]
async fn with_jitter_answers_overtake_each_other() {
    let server = serve(|options| options.jitter = Duration::from_millis(120)).await;
    let mut asking = tokio::task::JoinSet::new();
    let server = std::sync::Arc::new(server);
    for _ in 0..12 {
        let server = server.clone();
        asking.spawn(async move { ask(&server, PROBE).await });
    }
    asking.join_all().await;
    let order: Vec<u64> = server.journal().exchanges().iter().map(|exchange| exchange.number).collect();
    assert_eq!(order.len(), 12);
    assert!(!order.is_sorted());
}

#[tokio::test]
async fn credits_end() {
    let server = serve(|options| {
        let reset_at = Some("2026-11-01T00:00:00".to_owned());
        options.credits = Some(Credits { requests: 1, reset_at, ..Credits::default() });
    })
    .await;
    assert!(ask(&server, PROBE).await.get("errors").is_none());
    let refused = ask(&server, PROBE).await;
    assert_eq!(refused["errors"][0]["code"], json!("BAD_REQUEST.INSUFFICIENT_CREDITS"));
    assert_eq!(refused["errors"][0]["extensions"]["resetAt"], json!("2026-11-01T00:00:00"));
}

#[tokio::test]
async fn large_pages_can_time_out() {
    let server = serve(|options| options.timeout_rows = Some(100)).await;
    let page = |rows: u32| format!("{{ transactions(first: {rows}, ownerSet: MINE) {{ edges {{ cursor }} }} }}");
    let refused = ask(&server, &page(101)).await;
    assert_eq!(refused["errors"][0]["message"], json!("Your query timed out."));
    assert!(refused["errors"][0].get("code").is_none());
    assert!(ask(&server, &page(100)).await.get("errors").is_none());
}

#[tokio::test]
async fn faults_happen_at_the_requests_they_are_set_for() {
    let fault = |from_request, kind| Fault { from_request, requests: 1, kind, ..Fault::default() };
    let server = serve(|options| {
        options.faults = vec![
            fault(2, FaultKind::Html(503)),
            fault(3, FaultKind::TokenRefused),
            fault(4, FaultKind::Error("BAD_REQUEST.SOMETHING".to_owned(), "Something new.".to_owned())),
            fault(5, FaultKind::Truncated),
        ];
    })
    .await;
    let header = format!("token {}", server.token());
    let probe = json!({ "query": PROBE });
    assert_eq!(send(&server, &header, "identity", &probe).await.status, 200);
    let maintenance = send(&server, &header, "identity", &probe).await;
    assert_eq!(maintenance.status, 503);
    assert!(maintenance.text.starts_with("<!DOCTYPE html>"));
    assert_eq!(send(&server, &header, "identity", &probe).await.json()["errors"][0]["code"], json!("UNAUTHENTICATED"));
    assert_eq!(
        send(&server, &header, "identity", &probe).await.json()["errors"][0]["code"],
        json!("BAD_REQUEST.SOMETHING")
    );
    let cut = send(&server, &header, "identity", &probe).await;
    assert!(serde_json::from_str::<serde_json::Value>(&cut.text).is_err());
}
