//! Storage misbehaves in the middle of an incremental refresh, at each of its requests. One fault is got over; what holds on ends the run with
//! an error that names it, and the next run does what is left. Readers find a complete snapshot at every moment, and nothing is left behind.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use crate::account::data_files;
use crate::desk::Desk;
use crate::die_at_any_write::nothing_is_left_behind;
use crate::die_before_commit::{below_lake, of_lake, whole};
use crate::servers::scripted::{Scripted, Step};
use futures::{StreamExt, stream};
use xledger_sim::{ChangeKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::run::Run;
use xledger_spend::table::runs::Status;

const FAULTS: [Step; 5] = [
    Step::Refuse(503, "SlowDown"),
    Step::Refuse(500, "InternalError"),
    Step::LoseAnswer,
    Step::LoseRequest,
    Step::CutBody,
];
/// Attempts at one request, at most; and at a write, and then at a look whether it happened.
const ONE_REQUEST: usize = 6;
const A_WRITE_AND_A_LOOK: usize = 11;
/// More requests than a run sends.
const THE_RUN: usize = 1_000;
/// Refreshes at once: what they do most of the time is wait.
const AT_ONCE: usize = 24;
/// Few months, so that a refresh writes few files of each sort.
const FEW_MONTHS: (&str, &str) = ("SPEND_HISTORY_FROM", "2026-08");

/// A lake, and books that have changed since it was refreshed.
struct Stage {
    desk: Desk,
    lake: Scripted,
    /// What a refresh makes that nothing disturbs, and what it asks the bucket.
    tables: Vec<(String, Vec<u8>)>,
    requests: Vec<String>,
}

impl Stage {
    async fn new() -> Self {
        let (desk, lake) = (Desk::new(Options::fast(800, 57)).await, Scripted::start().await);
        let mut stage = Self { desk, lake, tables: Vec::new(), requests: Vec::new() };
        succeeded(&stage.refresh(&stage.lake, 0).await);
        let before = of_lake(&stage.lake);
        stage.desk.sim.replace(ChangeKind::Post.on(&stage.desk.sim.company(), 9));

        let calm = stage.lake_again().await;
        let report = stage.refresh(&calm, 1).await;
        succeeded(&report);
        assert_eq!(report.mode, Some(Mode::Incremental));
        (stage.tables, stage.requests) = (tables(&calm), calm.requests());
        assert!(stage.tables != data_files(&before, &whole(&before)) && stage.requests.len() > 25);
        stage
    }

    /// A bucket of its own that has this lake.
    async fn lake_again(&self) -> Scripted {
        let lake = Scripted::start().await;
        self.lake.objects().into_iter().for_each(|(name, bytes)| lake.put(&name, &bytes));
        lake.remember();
        lake
    }

    /// A refresh that begins so many minutes after the first.
    async fn refresh(&self, lake: &Scripted, minutes: i64) -> Report {
        let run = self.desk.run(Duration::from_secs(120));
        let started_at = Instant(1_795_224_600_000 + minutes * 60_000);
        let run = Run { id: format!("run-{minutes:04}"), started_at, ..run };
        let settings = self.desk.settings(&[("LAKE_URL", "s3://bucket/lake"), FEW_MONTHS]);
        run.refresh(Refresh::default(), &settings, &lake.configuration()).await
    }

    /// That the lake is as a calm refresh leaves it.
    fn assert_calm(&self, lake: &Scripted, moment: &str) {
        readers_found_all(lake, moment);
        assert!(tables(lake) == self.tables, "{moment}: other tables");
        nothing_is_left_behind(&of_lake(lake), moment);
        assert_eq!(lake.open_uploads(), 0, "{moment}");
    }
}

/// At which fault the turns begin: in another test run, a request meets another fault.
fn any_number() -> usize {
    (RandomState::new().build_hasher().finish() % 1_000) as usize
}

fn succeeded(report: &Report) {
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
}

fn tables(lake: &Scripted) -> Vec<(String, Vec<u8>)> {
    let objects = of_lake(lake);
    data_files(&objects, &whole(&objects))
}

fn readers_found_all(lake: &Scripted, moment: &str) {
    for objects in lake.moments().into_iter().chain([lake.objects()]) {
        let found = std::panic::catch_unwind(|| whole(&below_lake(objects)));
        assert!(found.is_ok(), "{moment}: a snapshot that is not complete");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_any_request_is_got_over() {
    let (stage, turn) = (&Stage::new().await, any_number());
    let moments = (0..stage.requests.len()).map(|request| (request, FAULTS[(turn + request) % FAULTS.len()]));
    let met = stream::iter(moments).map(async |(request, fault)| {
        let lake = stage.lake_again().await;
        lake.play(std::iter::repeat_n(Step::Serve, request).chain([fault]));
        let report = stage.refresh(&lake, 1).await;
        let moment = format!("{fault:?} at {}", lake.requests()[request]);
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None), "{moment}");
        stage.assert_calm(&lake, &moment);
    });
    met.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// For as long as one request is tried, or until the run has ended.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_holds_on_is_left_to_the_next_run() {
    let (stage, turn) = (&Stage::new().await, any_number());
    let moments = stage.requests.iter().enumerate().flat_map(|(request, asked)| {
        let any = FAULTS[(turn + request) / 3 % FAULTS.len()];
        let all = [(any, ONE_REQUEST), (Step::LoseAnswer, A_WRITE_AND_A_LOOK), (any, THE_RUN)];
        // What is replaced in one step has them all.
        let is_replaced = ["PUT /bucket/lake/state/cache.json", "PUT /bucket/lake/CURRENT.json"].contains(&&**asked);
        let meets = move |way: usize| is_replaced || way == (turn + request) % 3;
        all.into_iter().enumerate().filter(move |(way, _)| meets(*way)).map(move |(_, held_on)| (request, held_on))
    });
    let met = stream::iter(moments).map(async |(request, (fault, times))| {
        let lake = stage.lake_again().await;
        lake.play(std::iter::repeat_n(Step::Serve, request).chain(std::iter::repeat_n(fault, times)));
        let report = stage.refresh(&lake, 1).await;
        let moment = format!("{times} times {fault:?} from {} on", lake.requests()[request]);
        readers_found_all(&lake, &moment);
        match &report.error {
            None => assert_eq!(report.status, Status::Succeeded, "{moment}"),
            Some(error) => {
                assert_eq!(error.kind, FailureKind::LakeUnavailable, "{moment}: {error}");
                for words in ["s3:", "s3://bucket/lake", "run again"] {
                    assert!(error.message.contains(words), "{moment}: {error}");
                }
            }
        }

        lake.play_no_more();
        lake.let_the_lease_run_out();
        let next = stage.refresh(&lake, 2).await;
        assert_eq!((next.status, &next.error), (Status::Succeeded, &None), "{moment}");
        stage.assert_calm(&lake, &moment);
        report.error.is_some()
    });
    let failed = met.buffer_unordered(2 * AT_ONCE).collect::<Vec<bool>>().await;
    let of_them = failed.iter().filter(|failed| **failed).count();
    println!("{of_them} of {} failed", failed.len());
    assert!(of_them > failed.len() / 3, "{of_them} of {}", failed.len());
}
