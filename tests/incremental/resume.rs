//! A refresh that takes several runs.

use std::time::Duration;

use crate::credits_end_at;
use crate::desk::{Desk, files_below};
use futures::future::join_all;
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use xledger_sim::{ChangeKind, Credits, Fault, FaultKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::run::Run;
use xledger_spend::table::runs::Status;

/// Files of the tables, by their paths.
type Tables = Vec<(String, Vec<u8>)>;

/// Questions that each run asks, whatever is done by then: whose token it is, and what the schema offers.
const EACH_RUN_ASKS: [&str; 3] = ["Viewer", "Dialect", "FilterKeys"];
/// Requests that may be on their way at once, as set by default.
const IN_FLIGHT: u64 = 5;
/// How many times faster the client waits where nothing is to stop it.
const TEMPO: f64 = 10.0;

async fn refresh(desk: &Desk, run: &Run) -> Report {
    let aws = aws_config::SdkConfig::builder().build();
    run.refresh(Refresh::default(), &desk.settings(&[("XLEDGER_PAGE_ROWS", "100")]), &aws).await
}

/// What is asked and made where nothing stops it: requests for rows, and tables.
async fn calm(options: Options) -> (u64, Tables) {
    let mut desk = Desk::in_memory(options).await;
    desk.tempo = TEMPO;
    let report = refresh(&desk, &desk.run(Duration::from_secs(120))).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    (answered(&desk), desk.data_files())
}

/// Pages and batches that were answered.
fn answered(desk: &Desk) -> u64 {
    let exchanges = desk.sim.journal().exchanges().into_iter().filter(|exchange| exchange.error.is_none());
    let of_rows = exchanges
        .filter(|exchange| exchange.operation.as_deref().is_none_or(|operation| !EACH_RUN_ASKS.contains(&operation)));
    of_rows.count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_deadline_of_a_second_or_two() {
    let options = || Options { page_cap: 100, delay: Duration::from_millis(30), ..Options::fast(6_000, 3) };
    let mut calm = Desk::new(options()).await;
    calm.tempo = TEMPO;
    let whole = calm.refresh(&[]).await;
    assert_eq!((whole.status, &whole.error), (Status::Succeeded, &None));

    let desk = Desk::new(options()).await;
    let aws = aws_config::SdkConfig::builder().build();
    let (mut runs, mut requests, mut deadline) = (0, 0, Duration::from_millis(1_200));
    loop {
        let before = answered(&desk);
        let report = desk.run(deadline).refresh(Refresh::default(), &desk.settings(&[]), &aws).await;
        assert_eq!(report.error, None);
        // A busy machine gets nothing in so short a time, and three such runs end a refresh.
        if answered(&desk) < before + 3 {
            deadline *= 2;
        }
        (runs, requests) = (runs + 1, requests + report.api.requests);
        assert_eq!(report.invocation, Some(runs));
        if report.status == Status::Succeeded {
            break;
        }
        assert_eq!(report.status, Status::Incomplete);
        assert!(report.continues_at.is_some() && runs < 80, "{runs} {:?}", report.note);
    }
    println!("{runs} runs, {requests} requests, {} in one", whole.api.requests);
    assert!(runs > 3, "{runs}");
    assert!(desk.data_files() == calm.data_files());
    // Each run asks whose token it is; nothing else is asked twice.
    assert!(requests <= whole.api.requests + 2 * u64::from(runs), "{requests} of {}", whole.api.requests);
}

/// Whoever started the run that goes on with it: the schedule does not know what somebody asked for by hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_may_publish_less_whichever_of_its_runs_was_told_so() {
    let whole = calm(Options::fast(2_000, 5)).await.0;
    // In the middle of the second refresh.
    let faults = credits_end_at([whole + EACH_RUN_ASKS.len() as u64 + whole / 2]);
    let mut desk = Desk::in_memory(Options { faults, ..Options::fast(2_000, 5) }).await;
    desk.tempo = TEMPO;
    let strict = [("XLEDGER_PAGE_ROWS", "100"), ("SPEND_MAX_SHRINK_PERCENT", "0")];
    let (settings, aws) = (desk.settings(&strict), aws_config::SdkConfig::builder().build());
    let refresh = async |event| desk.run(Duration::from_secs(60)).refresh(event, &settings, &aws).await;
    assert_eq!(refresh(Refresh::default()).await.status, Status::Succeeded);

    desk.sim.replace(ChangeKind::Remove.on(&desk.sim.company(), 60));
    let accepted = Refresh { mode: Mode::Full, accept_shrink: true, ..Refresh::default() };
    assert_eq!(refresh(accepted).await.status, Status::Incomplete);
    let by_schedule = refresh(Refresh::default()).await;
    assert_eq!((by_schedule.status, &by_schedule.error), (Status::Succeeded, &None));
    assert_eq!(by_schedule.invocation, Some(2));
    // Of that refresh alone.
    desk.sim.replace(ChangeKind::Remove.on(&desk.sim.company(), 45));
    let next = refresh(Refresh::default()).await;
    assert_eq!(next.error.map(|error| error.kind), Some(FailureKind::TableShrunk));
}

/// A run that made no progress leaves all that it resumed to the next run.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_right_after_it_was_taken_up() {
    let options = |faults| Options { faults, ..Options::fast(2_000, 5) };
    let (whole, tables) = calm(options(Vec::new())).await;
    for (kind, failure) in
        [(FaultKind::TokenRefused, FailureKind::TokenRefused), (FaultKind::Html(503), FailureKind::XledgerUnavailable)]
    {
        // Each run asks whose token it is before it goes on with what there is.
        let operation = Some("Viewer".to_owned());
        let outage = Fault { kind, operation, from_request: 2, requests: 1, ..Fault::default() };
        let faults = [credits_end_at([12]), vec![outage]].concat();
        let mut desk = Desk::in_memory(options(faults)).await;
        desk.tempo = TEMPO;
        let first = refresh(&desk, &desk.run(Duration::from_secs(60))).await;
        assert_eq!((first.status, &first.error), (Status::Incomplete, &None));
        let of_first = answered(&desk);
        assert!(of_first > 4 && of_first < whole - 4, "{of_first} of {whole}");

        // So slow a client reaches its deadline before the outage ends.
        desk.tempo = 0.01;
        let stopped = refresh(&desk, &desk.run(Duration::from_secs(60))).await;
        assert_eq!(stopped.error.map(|error| error.kind), Some(failure));
        assert_eq!(stopped.refresh_id, first.refresh_id);
        assert_eq!(answered(&desk), of_first);

        desk.tempo = TEMPO;
        let last = refresh(&desk, &desk.run(Duration::from_secs(60))).await;
        assert_eq!((last.status, &last.error), (Status::Succeeded, &None));
        assert_eq!(last.refresh_id, first.refresh_id);
        assert!(desk.data_files() == tables);
        assert!(answered(&desk) <= whole + 1, "{} of {whole}, {of_first} in the first run", answered(&desk));
    }
}

/// What cannot be read of it is asked for once more, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn fetched_lines_that_are_damaged() {
    let options = |faults| Options { faults, ..Options::fast(2_000, 9) };
    let (whole, tables) = calm(options(Vec::new())).await;
    let operation = Some("PayableLines".to_owned());
    let outage = Fault { kind: FaultKind::TokenRefused, operation, requests: 1, ..Fault::default() };
    let mut desk = Desk::in_memory(options(vec![outage])).await;
    desk.tempo = TEMPO;
    let first = refresh(&desk, &desk.run(Duration::from_secs(120))).await;
    assert_eq!(first.error.map(|error| error.kind), Some(FailureKind::TokenRefused));
    let of_first = answered(&desk);

    let kept = files_below(&desk.lake(), &desk.lake().join("state/rows"));
    let lines: Vec<&String> = kept
        .iter()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with("-lines.rows") && !path.contains("ap-lines"))
        .collect();
    assert!(!lines.is_empty());
    lines.iter().for_each(|path| std::fs::write(desk.lake().join(path), "other").unwrap());
    let last = refresh(&desk, &desk.run(Duration::from_secs(120))).await;
    assert_eq!((last.status, &last.error), (Status::Succeeded, &None));
    assert_eq!(last.refresh_id, first.refresh_id);
    assert!(desk.data_files() == tables);
    let again = answered(&desk) - whole;
    assert!(again > 0 && again < of_first / 2, "{again} of {of_first} once more, {whole} in a calm run");
}

/// What stops the runs of a refresh.
#[derive(Clone, Debug)]
struct Weather {
    /// Requests that the credits pay for, until they are used up and come back.
    credits: u64,
    /// How long each run may take, in milliseconds.
    deadlines_ms: Vec<u64>,
}

/// Refreshes that are stopped at other points each.
const WEATHERS: usize = 3;
/// Runs that end so early, but for the first, which gets something. Those after them have more time, so that a refresh ends within the runs
/// that it may take.
const SHORT_RUNS: usize = 30;
/// When credits are back: too late for a run that goes on with what else it has to do.
const CREDITS_RESET: Duration = Duration::from_millis(120);

fn weather() -> impl Strategy<Value = Weather> {
    // With so few credits a run comes seven requests further at most: that makes two dozen runs on a machine of any speed.
    let deadlines_ms = vec(80_u64..400, SHORT_RUNS);
    (7_u64..=9, deadlines_ms).prop_map(|(credits, deadlines_ms)| Weather { credits, deadlines_ms })
}

/// It is a time of day at which credits are back.
#[expect(clippy::disallowed_methods, reason = "a test run is a composition root")]
fn now() -> Instant {
    Instant(jiff::Timestamp::now().as_millisecond())
}

#[tokio::test(flavor = "multi_thread")]
async fn dozens_of_short_runs_whose_credits_end_anywhere() {
    let options = || Options { delay: Duration::from_millis(20), ..Options::fast(8_000, 7) };
    let (whole, tables) = calm(options()).await;
    let mut runner = TestRunner::default();
    let weathers = (0..WEATHERS).map(|_| weather().new_tree(&mut runner).unwrap().current());
    let stops = join_all(weathers.map(async |weather| {
        let credits = Credits { requests: weather.credits, reset: Some(CREDITS_RESET), ..Credits::default() };
        let desk = Desk::in_memory(Options { credits: Some(credits), ..options() }).await;
        let (mut runs, mut by_credits, mut began_anew) = (0, 0, false);
        let last = loop {
            let deadline = match runs {
                0 => 2_000,
                _ => weather.deadlines_ms.get(runs as usize).map_or(1_200, |ms| *ms),
            };
            let run = Run { started_at: now(), clock: now, ..desk.run(Duration::from_millis(deadline)) };
            let report = refresh(&desk, &run).await;
            runs += 1;
            if let Some(error) = &report.error {
                // On a busy machine three runs in a row may get no answer. The next one begins a refresh, with what there is.
                let kinds = [FailureKind::DeadlineReached, FailureKind::CreditsUsedUp];
                assert!(kinds.contains(&error.kind), "{error} {weather:?}");
                began_anew = true;
                continue;
            }
            assert!(began_anew || report.invocation == Some(runs), "{weather:?}");
            if report.status == Status::Succeeded {
                break report;
            }
            assert_eq!(report.status, Status::Incomplete, "{weather:?}");
            if report.note.is_some_and(|note| note.contains("credits")) {
                by_credits += 1;
                tokio::time::sleep(CREDITS_RESET).await;
            }
        };
        assert!(began_anew || last.refresh_id.as_deref() == Some("run-0000"), "{weather:?}");
        assert!(runs >= 24, "{runs}: {weather:?}");
        assert!(desk.data_files() == tables, "other tables: {weather:?}");
        let asked = answered(&desk);
        println!("{runs} runs, {by_credits} of them ended by credits; {asked} answers, {whole} in a calm run");
        // What is on its way when a run's time is over comes too late, or just so.
        let max_lost = u64::from(by_credits) + IN_FLIGHT * u64::from(runs - by_credits);
        assert!(asked <= whole + max_lost, "{asked} of {whole}: {weather:?}");
        (by_credits, runs - by_credits)
    }))
    .await;
    assert!(stops.iter().any(|stops| stops.0 > 4) && stops.iter().any(|stops| stops.1 > 4), "{stops:?}");
}
