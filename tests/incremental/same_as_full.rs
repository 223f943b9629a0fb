//! What an incremental refresh costs, and that its tables are those of a full one.

use crate::desk::Desk;
use xledger_sim::{ChangeKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

fn full() -> Refresh {
    Refresh { mode: Mode::Full, accept_shrink: true, ..Refresh::default() }
}

fn incremental() -> Refresh {
    Refresh { accept_shrink: true, ..Refresh::default() }
}

fn changed(desk: &Desk, kind: ChangeKind, vouchers: u32) {
    desk.sim.replace(kind.on(&desk.sim.company(), vouchers));
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
    let first = desk.refresh_with(incremental(), &[]).await;
    succeeded(&first);
    assert_eq!(first.mode, Some(Mode::Full));
    for kind in [ChangeKind::Post, ChangeKind::Amend, ChangeKind::Rebook, ChangeKind::Remove] {
        changed(&desk, kind, 7);
        let report = desk.refresh_with(incremental(), &[]).await;
        succeeded(&report);
        assert_eq!(report.mode, Some(Mode::Incremental));
        assert!(report.lines_fetched.unwrap() < 100, "{kind:?} {:?}", report.lines_fetched);
        assert!(desk.data_files() == tables_of_full(&desk).await, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changed_and_next_to_nothing_is_asked() {
    let desk = Desk::new(Options::fast(4_000, 5)).await;
    let first = desk.refresh(&[]).await;
    let tables = desk.data_files();
    for _ in 0..3 {
        let again = desk.refresh(&[]).await;
        succeeded(&again);
        assert_eq!(again.mode, Some(Mode::Incremental), "{:?}", again.mode_reason);
        assert!(desk.data_files() == tables);
        let changed: u64 = again.periods.iter().map(|period| period.added + period.changed + period.removed).sum();
        assert_eq!(changed, 0);
        let (bytes, all) = (again.api.bytes_down, first.api.bytes_down);
        assert!(again.lines_fetched < Some(100) && bytes * 5 < all * 4, "{:?} {bytes} of {all}", again.lines_fetched);
    }
}
