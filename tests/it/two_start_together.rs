//! Two refreshes of one lake start together, a hundred times over: one does the work, the other ends at once and names it, and the tables are
//! those of a refresh that was alone.

use std::time::Duration;

use crate::account::data_files;
use crate::desk::Desk;
use crate::die_at_any_write::nothing_is_left_behind;
use crate::die_before_commit::{of_lake, whole};
use crate::servers::scripted::Scripted;
use xledger_sim::Options;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

/// Lakes, each empty at first.
const LAKES: u64 = 10;
/// How often two start in each.
const TIMES: usize = 10;
/// Few months, so that a refresh writes few files.
const FEW_MONTHS: [(&str, &str); 1] = [("SPEND_HISTORY_FROM", "2025-07")];

/// A desk, and the tables of a refresh that is alone.
async fn stage(number: u64) -> (Desk, Vec<(String, Vec<u8>)>) {
    let options = || Options { delay: Duration::from_millis(2), ..Options::fast(400, 810 + number) };
    let alone = Desk::in_memory(options()).await;
    assert_eq!(alone.refresh(&FEW_MONTHS).await.status, Status::Succeeded);
    (Desk::in_memory(options()).await, alone.data_files())
}

/// The one that did the work.
fn one_of((one, other): (Report, Report), if_dead: &str) -> Report {
    let (done, refused) = if one.status == Status::Succeeded { (one, other) } else { (other, one) };
    assert_eq!((done.status, &done.error), (Status::Succeeded, &None));
    let failure = refused.error.unwrap();
    assert_eq!((failure.kind, refused.api.requests), (FailureKind::LakeInUse, 0), "{failure}");
    let holder = format!("in use by run {} since 2026-11-21T02:30:00Z; wait until it has ended{if_dead}", done.run_id);
    assert!(failure.message.ends_with(&holder), "{holder}: {failure}");
    done
}

#[tokio::test]
async fn in_a_bucket() {
    for number in 0..LAKES {
        let ((desk, tables), lake) = (stage(number).await, Scripted::start().await);
        for _ in 0..TIMES {
            let both = async {
                tokio::join!(desk.refresh_bucket(&lake, &FEW_MONTHS), desk.refresh_bucket(&lake, &FEW_MONTHS))
            };
            let done = one_of(both.await, "; if it has died, the lake is free at 2026-11-21T02:31:30Z");
            let objects = of_lake(&lake);
            assert_eq!(Some(whole(&objects)), done.snapshot);
            assert!(data_files(&objects, &whole(&objects)) == tables, "other tables");
            nothing_is_left_behind(&objects, &done.run_id);
            assert_eq!(lake.lease()["released"], true);
        }
        assert_eq!(lake.objects().keys().filter(|name| name.starts_with("lake/runs/")).count(), 2 * TIMES);
    }
}

#[tokio::test]
async fn in_a_directory() {
    for number in 0..LAKES {
        let (desk, tables) = stage(number).await;
        for _ in 0..TIMES {
            let both = async { tokio::join!(desk.refresh(&FEW_MONTHS), desk.refresh(&FEW_MONTHS)) };
            let done = one_of(both.await, "");
            let current = std::fs::read_link(desk.lake().join("current")).unwrap();
            assert_eq!(current.file_name().unwrap().to_str(), done.snapshot.as_deref());
            assert!(desk.data_files() == tables, "other tables");
        }
        assert_eq!(std::fs::read_dir(desk.lake().join("runs")).unwrap().count(), 2 * TIMES);
    }
}
