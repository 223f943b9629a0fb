//! Whatever happens to the books between refreshes, and in whatever way each refresh is made: the tables are those that a full refresh
//! makes of the same books in an empty lake.

mod steps;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::desk::{Desk, memory};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use steps::{ALWAYS, History, Step, Trouble, Way, histories};
use tokio::runtime::Runtime;
use xledger_sim::{Chosen, Company, Event, Options};
use xledger_spend::event::Refresh;
use xledger_spend::model::value::Instant;
use xledger_spend::run::Run;
use xledger_spend::table::runs::Status;

/// How many times faster the client waits. What it waits for a server that is slow must be enough on a busy machine.
const TEMPO: f64 = 10.0;
/// Lines of a small company.
const LINES: u64 = 300;
/// Histories of a test run, and of a long one.
const CASES: u32 = 40;
const MANY_CASES: u32 = 2_000;

/// The time that runs go by, in milliseconds of UTC. One history is played at a time.
static NOW: AtomicI64 = AtomicI64::new(0);

fn now() -> Instant {
    Instant(NOW.load(Ordering::Relaxed))
}

/// Takes the clock.
fn clock() -> MutexGuard<'static, ()> {
    static CLOCK: Mutex<()> = Mutex::new(());
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Files of the tables, by their paths.
type Tables = Vec<(String, Vec<u8>)>;

/// Refreshes, half a second after a second of UTC.
async fn refresh(desk: &Desk, refresh: Refresh, at: i64, set: &[(&str, &str)]) -> Result<(), TestCaseError> {
    NOW.store(at * 1_000 + 500, Ordering::Relaxed);
    let run = Run { started_at: now(), clock: now, ..desk.run(Duration::from_secs(60)) };
    let report = run.refresh(refresh, &desk.settings(set), &aws_config::SdkConfig::builder().build()).await;
    let is_done = report.status == Status::Succeeded;
    if is_done { Ok(()) } else { Err(TestCaseError::fail(format!("{:?} {:?}", report.status, report.error))) }
}

/// The tables that a full refresh makes of the books as they are, in an empty lake.
async fn fresh(desk: &Desk, at: i64, set: &[(&str, &str)]) -> Result<Tables, TestCaseError> {
    let empty = memory();
    let lake = empty.path().join("lake");
    let address = lake.display().to_string();
    let mut set = set.to_vec();
    set.push(("LAKE_URL", &address));
    refresh(desk, Way::Full.refresh(None), at, &set).await?;
    Ok(Desk::tables(&lake))
}

/// The names of the files that differ.
fn differing(left: &Tables, right: &Tables) -> Vec<String> {
    let lacks = |files: &Tables, file: &(String, Vec<u8>)| !files.contains(file);
    let mut names: Vec<String> = left.iter().filter(|file| lacks(right, file)).map(|file| file.0.clone()).collect();
    names.extend(right.iter().filter(|file| lacks(left, file)).map(|file| file.0.clone()));
    names.sort();
    names.dedup();
    names
}

/// A run that something ends, if it is not quicker.
async fn refresh_in_vain(desk: &Desk, refresh: Refresh, trouble: Trouble, at: i64, set: &[(&str, &str)]) {
    NOW.store(at * 1_000 + 500, Ordering::Relaxed);
    let deadline = match trouble {
        Trouble::Deadline(ms) => Duration::from_millis(ms.into()),
        _ => Duration::from_secs(60),
    };
    let mut set = set.to_vec();
    if trouble == Trouble::WrongToken {
        set.push(("XLEDGER_TOKEN", "0123456789abcdef"));
    }
    let accept_shrink = trouble != Trouble::Shrunk;
    if !accept_shrink {
        set.push(("SPEND_MAX_SHRINK_PERCENT", "0"));
    }
    let run = Run { started_at: now(), clock: now, ..desk.run(deadline) };
    let (settings, aws) = (desk.settings(&set), aws_config::SdkConfig::builder().build());
    let running = run.refresh(Refresh { accept_shrink, ..refresh }, &settings, &aws);
    let before = desk.sim.journal().totals().requests;
    let killed = async {
        match trouble {
            Trouble::Killed(requests) => {
                while desk.sim.journal().totals().requests < before + u64::from(requests) {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
            }
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = running => (),
        () = killed => (),
    }
}

async fn play(history: &History) -> Result<(), TestCaseError> {
    let mut desk = Desk::in_memory(Options::fast(history.lines, history.seed)).await;
    desk.tempo = TEMPO;
    let mut at = history.begins;
    let mut set = Vec::new();
    for (number, step) in history.steps.iter().chain([&Step::last()]).enumerate() {
        let mut books = Company::clone(&desk.sim.company());
        for (event, share) in &step.events {
            books = books.after(event, at + step.seconds * i64::from(*share) / 100);
        }
        desk.sim.replace(books);
        at += step.seconds;
        if let Some(settings) = &step.settings {
            set.clone_from(settings);
        }
        let given: Vec<_> = ALWAYS.into_iter().chain(set.clone()).collect();
        desk.sim.journal().clear();
        for trouble in &step.troubles {
            refresh_in_vain(&desk, step.way.refresh(step.months), *trouble, at, &given).await;
            at += 1;
        }
        let refreshed = refresh(&desk, step.way.refresh(step.months), at, &given);
        let (refreshed, made) = tokio::join!(refreshed, fresh(&desk, at, &set));
        refreshed?;
        let payroll_is_ours = !given.iter().any(|(name, _)| name.starts_with("SPEND_PAYROLL"));
        let violations = desk.sim.journal().payroll_violations();
        if payroll_is_ours && !violations.is_empty() {
            return Err(TestCaseError::fail(format!("step {number}: {violations:?}")));
        }
        let other = differing(&desk.data_files(), &made?);
        if !other.is_empty() {
            return Err(TestCaseError::fail(format!("step {number}: other tables: {other:?}")));
        }
    }
    Ok(())
}

fn play_any(cases: u32) {
    let (_clock, runtime) = (clock(), runtime());
    let config = Config { cases, max_shrink_iters: 400, failure_persistence: None, ..Config::default() };
    let played = TestRunner::new(config).run(&histories(), |history| runtime.block_on(play(&history)));
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

#[test]
fn any_history_of_the_books_gives_the_tables_of_a_full_refresh() {
    play_any(CASES);
}

#[test]
#[ignore = "plays two thousand histories, for an hour"]
fn a_great_many_histories_give_the_tables_of_full_refreshes() {
    play_any(MANY_CASES);
}

/// Whether the tables cannot show an event: what is neither bought nor in a register of theirs.
fn is_unseen(event: &Event) -> bool {
    use xledger_sim::history::{Deletion, Entry, VoucherKind};
    matches!(
        event,
        Event::Nothing
            // The tables have no ids of AP lines.
            | Event::Deleted { what: Deletion::PayableReplaced, moves: false, .. }
            | Event::Posted { what: VoucherKind::Payroll | VoucherKind::Sale, .. }
            | Event::Registered { what: Entry::AccountClosed, .. }
    )
}

/// Equal tables prove something only if an event that was not followed would make them differ.
#[test]
fn each_event_that_is_not_followed_would_be_noticed() {
    let _clock = clock();
    runtime().block_on(each_event_shows());
}

async fn each_event_shows() {
    let mut desk = Desk::in_memory(Options::fast(LINES, 1)).await;
    desk.tempo = TEMPO;
    let (books, at) = (desk.sim.company(), 1_795_219_200);
    let plain = fresh(&desk, at, &[]).await.unwrap();
    for event in Event::all(Chosen { count: 3, by: 5 }) {
        let (mut books, mut tables) = (Company::clone(&books), plain.clone());
        if let Some(earlier) = event.before() {
            books = books.after(&earlier, at - 86_400);
            desk.sim.replace(books.clone());
            tables = fresh(&desk, at, &[]).await.unwrap();
        }
        desk.sim.replace(books.after(&event, at));
        let after = fresh(&desk, at, &[]).await.unwrap();
        assert_eq!(differing(&tables, &after).is_empty(), is_unseen(&event), "{event:?}");
    }
}
