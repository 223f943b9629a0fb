//! A server that says until when it is busy.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::Stage;
use crate::servers::hostile::{Reply, raw};

/// Answers every question for rows in this way, and counts the questions.
async fn met(status: u16, retry_after: &'static str, seconds: u64) -> (super::Met, usize) {
    let stage = Stage::new().await.within(seconds);
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let met = stage
        .meets(move |_| {
            counted.fetch_add(1, Relaxed);
            let headers = format!("content-type: text/html\r\nretry-after: {retry_after}\r\n");
            Reply::Bytes(raw(status, &headers, ["<html>"]))
        })
        .await;
    (met, asked.load(Relaxed))
}

#[tokio::test]
async fn beyond_the_run_s_time_it_ends_as_incomplete_until_then() {
    for status in [429, 503] {
        let (met, asked) = met(status, "600", 11).await;
        // The four lists that are asked for side by side.
        assert!(met.report["status"] == "incomplete" && asked <= 4, "{asked} {met:?}");
        let at = met.report["continues_at"].as_str().unwrap();
        let finished = met.report["finished_at"].as_str().unwrap();
        let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert!((590_000..=600_000).contains(&(ms(at) - ms(finished))), "{at} {finished}");
    }
}

#[tokio::test]
async fn a_short_wait_is_waited_out() {
    let (met, asked) = met(503, "2", 11).await;
    // Each of four lists was asked for again after two seconds, and not before.
    assert!((5..=24).contains(&asked), "{asked}");
    assert_eq!(met.report["status"], "incomplete", "{met:?}");
}
