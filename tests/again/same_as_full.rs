//! What an incremental refresh costs, and that its tables are those of a full one.

use crate::desk::Desk;
use xledger_sim::{Change, ChangeKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::report::Report;
use xledger_spend::state::Depth;
use xledger_spend::table::runs::Status;

fn full() -> Refresh {
    Refresh { mode: Mode::Full, accept_shrink: true, ..Refresh::default() }
}

fn incremental() -> Refresh {
    Refresh { accept_shrink: true, ..Refresh::default() }
}

fn changed(desk: &Desk, kind: ChangeKind, vouchers: u32) {
    let change = Change { kind, vouchers, before_request: 1, operation: None, after: None };
    desk.sim.replace(change.post(&desk.sim.company()));
}

fn succeeded(report: &Report) {
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
}

/// The tables of a full refresh of the same books into a lake of its own.
async fn tables_of_full(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let directory = tempfile::TempDir::new().unwrap();
    let lake = directory.path().join("lake");
    succeeded(&desk.refresh_with(full(), &[("LAKE_URL", lake.to_str().unwrap())]).await);
    Desk::tables(&lake)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changed() {
    let desk = Desk::new(Options::fast(4_000, 5)).await;
    let deep = [("SPEND_DEEP_EVERY", "1")];
    let first = desk.refresh_with(incremental(), &deep).await;
    succeeded(&first);
    assert_eq!((first.mode, first.listing), (Some(Mode::Full), Some(Depth::Deep)));
    for kind in [ChangeKind::Post, ChangeKind::Amend, ChangeKind::Rebook, ChangeKind::Remove] {
        changed(&desk, kind, 7);
        let report = desk.refresh_with(incremental(), &deep).await;
        succeeded(&report);
        assert_eq!((report.mode, report.listing), (Some(Mode::Incremental), Some(Depth::Deep)));
        assert!(report.lines_fetched.unwrap() < 100, "{kind:?} {:?}", report.lines_fetched);
        assert!(desk.data_files() == tables_of_full(&desk).await, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changed_and_next_to_nothing_is_asked() {
    let desk = Desk::new(Options::fast(4_000, 5)).await;
    let first = desk.refresh(&[]).await;
    let tables = desk.data_files();
    for depth in [Depth::Light, Depth::Light, Depth::Deep, Depth::Light] {
        let again = desk.refresh(&[]).await;
        succeeded(&again);
        assert_eq!(again.listing, Some(depth), "{:?}", again.listing_reason);
        assert!(desk.data_files() == tables);
        let changed: u64 = again.periods.iter().map(|period| period.added + period.changed + period.removed).sum();
        assert_eq!(changed, 0);
        println!(
            "{depth:?}: {} requests, {} bytes of {}, {}",
            again.api.requests, again.api.bytes_down, first.api.requests, first.api.bytes_down
        );
    }
}
