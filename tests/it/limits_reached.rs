//! Limits are waited out, and a wait beyond the deadline is not begun.

use std::time::Duration;

use crate::desk::Desk;
use xledger_sim::{Burst, Credits, Fault, FaultKind, Options, ResetForm};
use xledger_spend::event::Refresh;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::table::runs::Status;

#[tokio::test]
async fn the_real_limits_are_never_reached() {
    let desk = Desk::new(Options { lines: 4_000, seed: 2, ..Options::default() }).await;
    let report = desk.refresh(&[("XLEDGER_PAGE_ROWS", "400")]).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    assert!(report.api.requests > 20, "{}", report.api.requests);
    assert_eq!(report.api.waited_ms, 0);
    assert_eq!(report.api.requests, desk.sim.journal().totals().requests);
    assert_eq!(report.api.bytes_down, desk.sim.journal().totals().bytes_down);
    assert_eq!(report.api.bytes_up, desk.sim.journal().totals().bytes_up);
}

#[tokio::test]
async fn somebody_elses_traffic_and_a_low_concurrency_are_waited_out() {
    let burst = Some(Burst { requests: 5, window: Duration::from_millis(300) });
    let desk = Desk::new(Options { burst, concurrency: Some(1), ..Options::fast(2_000, 2) }).await;
    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    assert!(report.api.waited_ms > 0);
}

#[tokio::test]
async fn a_short_outage_is_waited_out() {
    let faults = vec![
        Fault { from_request: 5, requests: 2, kind: FaultKind::Html(503), ..Fault::default() },
        Fault { from_request: 9, requests: 1, kind: FaultKind::Truncated, ..Fault::default() },
    ];
    let desk = Desk::new(Options { faults, ..Options::fast(2_000, 2) }).await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_run_ends_at_its_deadline() {
    let faults = vec![Fault {
        from_request: 3,
        requests: 1_000,
        kind: FaultKind::Late(Duration::from_secs(30)),
        ..Fault::default()
    }];
    let desk = Desk::new(Options { faults, ..Options::fast(2_000, 2) }).await;
    let begun = std::time::Instant::now();
    let aws = aws_config::SdkConfig::builder().build();
    let report = desk.run(Duration::from_secs(7)).refresh(Refresh::default(), &desk.settings(&[]), &aws).await;
    assert_eq!(report.error.unwrap().kind, FailureKind::DeadlineReached);
    assert!(begun.elapsed() < Duration::from_secs(7));
}

/// A time of UTC without an offset, read as Central European, is over when it is said.
#[tokio::test]
async fn new_credits_at_a_time_that_is_over_are_waited_for_as_if_none_was_said() {
    let reset_at = Some("2026-11-21T02:30:00".to_owned());
    let credits = Credits { requests: 6, reset: None, reset_form: ResetForm::default(), reset_at };
    let desk = Desk::new(Options { credits: Some(credits), ..Options::fast(2_000, 2) }).await;
    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, &report.error), (Status::Incomplete, &None));
    // The desk's clock says 02:30 UTC.
    assert_eq!(report.continues_at, Some(Instant(1_795_224_600_000 + 3_600_000 + 20 * 60_000)));
}

/// It is longer silent than it may be in the middle of an answer.
#[tokio::test]
async fn the_first_byte_may_take_longer_than_those_that_follow() {
    let kind = FaultKind::Late(Duration::from_secs(8));
    let faults = vec![Fault { operation: Some("Accounts".to_owned()), requests: 1, kind, ..Fault::default() }];
    let mut desk = Desk::new(Options { faults, ..Options::fast(1_000, 2) }).await;
    // 60 s of silence are 6 s here, 120 s are 12.
    desk.tempo = 10.0;
    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, &report.error, report.api.waited_ms), (Status::Succeeded, &None, 0));
}
