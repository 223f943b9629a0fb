//! The same input gives the same bytes, whatever the order in which answers arrive.

use crate::desk::Desk;
use xledger_sim::Options;
use xledger_spend::table::runs::Status;

#[tokio::test(flavor = "multi_thread")]
async fn two_refreshes_give_the_same_bytes() {
    let desk = Desk::new(Options::fast(6_000, 3)).await;
    let first = desk.refresh(&[]).await;
    assert_eq!((first.status, &first.error), (Status::Succeeded, &None));
    let files = desk.data_files();
    assert!(files.len() > 20, "{}", files.len());

    for set in [("XLEDGER_MAX_IN_FLIGHT", "1"), ("XLEDGER_PAGE_ROWS", "700"), ("XLEDGER_PAGE_ROWS", "100")] {
        let again = desk.refresh(&[set]).await;
        assert_eq!(again.status, Status::Succeeded);
        assert_ne!(again.snapshot, first.snapshot);
        assert!(desk.data_files() == files, "with {set:?}");
    }
}
