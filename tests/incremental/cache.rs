//! What a run has fetched stays, however it ends: the next one asks for the rest.

use std::time::Duration;

use crate::desk::{Desk, files_below};
use crate::{credits_end_at, credits_used_up};
use xledger_sim::{ChangeKind, Chosen, Event, Fault, FaultKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

const TEMPO: f64 = 20.0;
/// Shorter than a client waits for credits at that tempo, and longer than any run here takes.
const DEADLINE: Duration = Duration::from_secs(50);

fn changed(desk: &Desk, kind: ChangeKind, vouchers: u32) {
    desk.sim.replace(kind.on(&desk.sim.company(), vouchers));
}

async fn succeeds(desk: &Desk) -> Report {
    let report = desk.refresh_with(Refresh { accept_shrink: true, ..Refresh::default() }, &[]).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    report
}

async fn fails(desk: &Desk, set: &[(&str, &str)]) -> FailureKind {
    let report = desk.refresh(set).await;
    assert_eq!(report.status, Status::Failed, "{:?}", report.note);
    report.error.unwrap().kind
}

/// Lines that are asked for anew though nothing is missing: the newest, which may not be settled.
const FEW: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_once_the_lines_are_there() {
    let fault = |kind, operation: &str| Fault { kind, operation: Some(operation.to_owned()), ..Fault::default() };
    let error = |message: &str| FaultKind::Error("NOBODY_KNOWS".to_owned(), message.to_owned());
    for (kind, requests, failure) in [
        (FaultKind::TokenRefused, 2, FailureKind::TokenRefused),
        (error("Something happened"), 30, FailureKind::XledgerError),
    ] {
        let faults = vec![Fault { requests, ..fault(kind.clone(), "Names") }];
        let mut desk = Desk::new(Options { faults, ..Options::fast(3_000, 11) }).await;
        desk.tempo = TEMPO;
        let mut failures = 0;
        let report = loop {
            let report = desk.refresh(&[]).await;
            if report.status == Status::Succeeded {
                break report;
            }
            failures += 1;
            assert!(failures <= 10, "{kind:?} {:?}", report.error);
            assert!(report.error.as_ref().is_some_and(|error| error.kind == failure), "{kind:?} {:?}", report.error);
        };
        assert!(failures > 0 && report.lines_fetched < Some(FEW), "{kind:?} {:?}", report.lines_fetched);
    }
}

/// An answer that no run can read, in the middle of the fetch: what came before it stays.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_in_the_middle_of_the_fetch() {
    let row =
        r#"{"data":{"transactions":{"edges":[{"cursor":"1","node":{"dbId":{}}}],"pageInfo":{"hasNextPage":false}}}}"#;
    let kind = FaultKind::Raw(200, "application/json".to_owned(), row.to_owned());
    let operation = Some("LedgerLines".to_owned());
    let fault = Fault { kind, operation, from_request: 5, requests: 1, ..Fault::default() };
    let desk = Desk::new(Options { faults: vec![fault], ..Options::fast(2_000, 11) }).await;
    // A hundred lines in a batch, one batch after the other: four came before the fifth, of which that of expense reports may be small.
    let small = &[("XLEDGER_PAGE_ROWS", "200"), ("XLEDGER_MAX_IN_FLIGHT", "1")][..];
    assert_eq!(fails(&desk, small).await, FailureKind::AnswerMalformed);
    let next = desk.refresh(small).await;
    let (kept, fetched) = (next.lines.unwrap().kept, next.lines_fetched.unwrap());
    // Of the last lines some may not be settled.
    assert!(fetched > 0 && fetched + 290 <= kept, "{fetched} of {kept}");
}

/// A run that waits because Xledger is down can be killed: what came before is saved by then.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_long_wait_is_saved_while_it_waits() {
    let down = Fault {
        kind: FaultKind::Html(503),
        operation: Some("LedgerLines".to_owned()),
        from_request: 5,
        requests: 7,
        ..Fault::default()
    };
    let mut desk = Desk::new(Options { faults: vec![down], ..Options::fast(3_000, 11) }).await;
    desk.tempo = TEMPO;
    // Batches of a hundred lines, one after the other.
    let small = &[("XLEDGER_PAGE_ROWS", "200"), ("XLEDGER_MAX_IN_FLIGHT", "1")][..];
    let killed = tokio::time::timeout(Duration::from_millis(1_800), desk.refresh(small)).await;
    assert!(killed.is_err());
    let next = desk.refresh(small).await;
    assert_eq!((next.status, &next.error), (Status::Succeeded, &None));
    let (kept, fetched) = (next.lines.unwrap().kept, next.lines_fetched.unwrap());
    // Of the last lines some may not be settled.
    assert!(fetched + 390 <= kept, "{fetched} of {kept}");
}

/// Before any answer of a run, a 403 speaks of the token, however well the endpoint answered earlier runs; after one, of what may be on the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_403_without_graphql() {
    // The first of the second run. The first run looks twice for more than its one page, which is not of a round number of rows.
    for (operation, from_request, failure) in
        [("Viewer", 2, FailureKind::TokenRefused), ("LedgerIndex", 4, FailureKind::EndpointNotGraphql)]
    {
        let operation = Some(operation.to_owned());
        let fault = Fault { kind: FaultKind::Html(403), operation, from_request, requests: 1, ..Fault::default() };
        let desk = Desk::new(Options { faults: vec![fault], ..Options::fast(510, 5) }).await;
        succeeds(&desk).await;
        assert_eq!(fails(&desk, &[]).await, failure);
        succeeds(&desk).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_would_shrink() {
    let desk = Desk::new(Options::fast(4_000, 5)).await;
    let first = succeeds(&desk).await;
    changed(&desk, ChangeKind::Remove, 60);
    assert_eq!(fails(&desk, &[("SPEND_MAX_SHRINK_PERCENT", "0")]).await, FailureKind::TableShrunk);
    let other = [("XLEDGER_TOKEN", "0123456789abcdef")];
    assert_eq!(fails(&desk, &other).await, FailureKind::TokenRefused);
    let next = succeeds(&desk).await;
    assert_eq!(next.mode, Some(Mode::Incremental));
    assert!(next.lines_fetched < Some(FEW) && first.lines_fetched > Some(1_000), "{:?}", next.lines_fetched);
    let removed: u64 = next.periods.iter().map(|period| period.removed).sum();
    assert!(removed >= 60, "{removed}");
}

/// Rows of the cache, of ledger and of AP lines.
fn cached_rows(desk: &Desk) -> [u64; 2] {
    let contents: serde_json::Value =
        serde_json::from_slice(&std::fs::read(desk.lake().join("state/cache.json")).unwrap()).unwrap();
    ["lines", "payables"].map(|kind| {
        let files = contents[kind].as_array().unwrap();
        files.iter().map(|file| file["rows"].as_u64().unwrap()).sum()
    })
}

/// Also if the run that notices it publishes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_became_payroll_leaves_the_cache() {
    let desk = Desk::new(Options::fast(4_000, 5)).await;
    succeeds(&desk).await;
    let [lines, payables] = cached_rows(&desk);
    let to_payroll = Event::Retyped { to_payroll: true, chosen: Chosen { count: 30, by: 3 } };
    changed(&desk, ChangeKind::Event(to_payroll), 0);
    assert_eq!(fails(&desk, &[("SPEND_MAX_SHRINK_PERCENT", "0")]).await, FailureKind::TableShrunk);
    let [lines_left, payables_left] = cached_rows(&desk);
    assert!(
        lines_left + 30 <= lines && payables_left + 20 <= payables,
        "{lines} {lines_left} {payables} {payables_left}"
    );
}

/// A field that the schema has again is noticed by a full refresh.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_refresh_reads_the_schema_anew() {
    let desk = Desk::new(Options::fast(300, 5)).await;
    let read = || {
        let exchanges = desk.sim.journal().exchanges();
        exchanges.iter().filter(|exchange| exchange.operation.as_deref() == Some("Dialect")).count()
    };
    succeeds(&desk).await;
    let first = read();
    succeeds(&desk).await;
    assert_eq!((first > 0, read()), (true, first));
    assert_eq!(desk.refresh(&[("SPEND_FULL_EVERY", "1")]).await.mode, Some(Mode::Full));
    assert_eq!(read(), 2 * first);
}

/// AP lines give ledger lines their suppliers and invoices: no table loses a row without them.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_payable_that_are_gone() {
    let desk = Desk::new(Options::fast(500, 5)).await;
    succeeds(&desk).await;
    let before = desk.sim.company();
    let mut without = (*before).clone();
    without.ap_lines.clear();
    desk.sim.replace(without);
    assert_eq!(fails(&desk, &[]).await, FailureKind::TableShrunk);
    desk.sim.replace((*before).clone());
    succeeds(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_fetched_over_several_runs_when_that_is_asked_for() {
    let options = |faults| Options { page_cap: 200, faults, ..Options::fast(4_000, 5) };
    let mut calm = Desk::in_memory(options(Vec::new())).await;
    calm.tempo = TEMPO;
    succeeds(&calm).await;
    let first = calm.sim.journal().totals().requests;
    let mut desk = Desk::in_memory(options(credits_end_at((first + 8..).step_by(8).take(3)))).await;
    desk.tempo = TEMPO;
    succeeds(&desk).await;
    let aws = aws_config::SdkConfig::builder().build();
    let (mut runs, mut fetched) = (0, 0);
    let all = Refresh { mode: Mode::Full, ..Refresh::default() };
    let last = loop {
        // Whoever goes on with it asks for nothing special.
        let refresh = if runs == 0 { all.clone() } else { Refresh::default() };
        let report = desk.run(DEADLINE).refresh(refresh, &desk.settings(&[]), &aws).await;
        (runs, fetched) = (runs + 1, fetched + report.lines_fetched.unwrap_or(0));
        assert_eq!((report.mode, &report.error), (Some(Mode::Full), &None));
        if report.status == Status::Succeeded {
            break report;
        }
        assert!(runs < 40);
    };
    let kept = last.lines.unwrap().kept;
    assert!(runs > 2, "{runs}");
    assert!(fetched >= kept && fetched < kept + FEW, "{fetched} of {kept} in {runs} runs");
    assert_eq!((last.mode_reason.as_deref(), last.lines_healed), (Some("asked for"), Some(0)));
    // It is over: the next refresh builds on it.
    assert!(succeeds(&desk).await.lines_fetched < Some(FEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moved_no_time_is_healed_by_a_full_refresh() {
    let desk = Desk::new(Options::fast(2_000, 5)).await;
    succeeds(&desk).await;
    let mut books = xledger_sim::Company::clone(&desk.sim.company());
    let times: Vec<_> = books.vouchers.iter().map(|voucher| voucher.modified_at).collect();
    books = ChangeKind::Amend.on(&books, 9);
    books.vouchers.iter_mut().zip(times).for_each(|(voucher, time)| voucher.modified_at = time);
    desk.sim.replace(books);
    let next = succeeds(&desk).await;
    assert_eq!((next.mode, next.lines_healed), (Some(Mode::Incremental), None));
    let full = desk.refresh(&[("SPEND_FULL_EVERY", "2")]).await;
    assert_eq!((full.status, full.mode), (Status::Succeeded, Some(Mode::Full)));
    assert!(full.lines_healed > Some(5), "{:?}", full.lines_healed);
    let changed: u64 = full.periods.iter().map(|period| period.changed).sum();
    assert!(changed >= full.lines_healed.unwrap(), "{changed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_version_kept_is_told_and_swept() {
    let desk = Desk::new(Options::fast(2_000, 5)).await;
    succeeds(&desk).await;
    let state = desk.lake().join("state");
    std::fs::rename(state.join("cache.json"), state.join("refresh.json")).unwrap();
    let old: Vec<String> = files_below(&desk.lake(), &state.join("rows")).into_iter().map(|file| file.0).collect();
    let next = succeeds(&desk).await;
    assert_eq!(next.mode, Some(Mode::Full));
    assert!(next.mode_reason.unwrap().contains("earlier version"));
    assert!(!state.join("refresh.json").exists());
    assert!(!old.is_empty() && old.iter().all(|path| !desk.lake().join(path).exists()), "{old:?}");
}

/// A server that refuses these questions for want of credits.
fn without_credits(operations: &[&str]) -> Options {
    let refused = |operation: &&str| Fault {
        kind: credits_used_up(),
        operation: Some((*operation).to_owned()),
        ..Fault::default()
    };
    Options { faults: operations.iter().map(refused).collect(), ..Options::fast(2_000, 5) }
}

/// The status of each run, each so much later than the one before, until one fails.
async fn runs_until_failure(options: Options, apart: Duration) -> Vec<(Status, u32)> {
    let mut desk = Desk::new(options).await;
    desk.tempo = TEMPO;
    let aws = aws_config::SdkConfig::builder().build();
    let mut statuses = Vec::new();
    for number in 0..12 {
        let mut run = desk.run(DEADLINE);
        run.started_at.0 += number * apart.as_millis() as i64;
        let report = run.refresh(Refresh::default(), &desk.settings(&[]), &aws).await;
        statuses.push((report.status, report.invocation.unwrap()));
        if let Some(error) = report.error {
            assert_eq!(error.kind, FailureKind::CreditsUsedUp);
            assert!(error.message.contains("3 runs in a row got nothing"), "{error}");
            break;
        }
    }
    statuses
}

/// This many incomplete runs, and then one that fails.
fn incomplete_then_failed(incomplete: u32) -> Vec<(Status, u32)> {
    let runs = (1..=incomplete).map(|run| (Status::Incomplete, run));
    runs.chain([(Status::Failed, incomplete + 1)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_gets_no_further_ends() {
    // Ledger and AP lines are asked for side by side: neither comes.
    let statuses = runs_until_failure(without_credits(&["LedgerLines", "PayableLines"]), Duration::ZERO).await;
    // The first had its lists.
    assert_eq!(statuses, incomplete_then_failed(3));
}

/// What is too young to be cached for good is fetched again by each run that lists anew, and that gets a refresh no further.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_gets_the_same_again_ends() {
    let statuses = runs_until_failure(without_credits(&["LedgerLines"]), Duration::from_secs(2 * 3_600)).await;
    // AP lines come with one of the first runs, whichever that is.
    assert!((3..=6).map(incomplete_then_failed).any(|expected| statuses == expected), "{statuses:?}");
}
