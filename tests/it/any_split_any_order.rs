//! However the rows are split into pages and batches, in whatever order rows and answers come, and whatever comes twice or as null: the
//! same tables, byte for byte.

use std::time::Duration;

use crate::desk::Desk;
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use xledger_sim::{Options, RowOrder};
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

/// Lines of the company, and its seed.
const LINES: u64 = 1_000;
const SEED: u64 = 9;
/// Each has up to four wires, at once: what takes time is the client's own pace.
const CASES: u32 = 10;
const WIRES: usize = 4;

/// A way for the same books to come over the wire.
#[derive(Clone, Debug)]
struct Wire {
    page_rows: usize,
    max_in_flight: usize,
    page_cap: u32,
    row_order: RowOrder,
    jitter_ms: u64,
    duplicate_rows: Option<u32>,
    null_nodes: Option<u32>,
    dotted_cursors: bool,
    empty_edges_as_array: bool,
    money_as_numbers: bool,
    gzip_level: u32,
}

fn wires() -> impl Strategy<Value = Wire> {
    // The simplest is the plainest: a failure shrinks to what it takes, and no further switch.
    let size = (
        prop_oneof![Just(10_000_usize), 100..=10_000_usize],
        1..=10_usize,
        prop_oneof![Just(10_000_u32), 150..=2_000_u32],
        0..=6_u32,
    );
    let order = (
        prop_oneof![Just(RowOrder::Ascending), Just(RowOrder::Descending), Just(RowOrder::Mixed)],
        0..=12_u64,
        proptest::option::of(2..=40_u32),
        proptest::option::of(1..=40_u32),
    );
    (size, order, any::<[bool; 3]>()).prop_map(
        |(size, order, [dotted_cursors, empty_edges_as_array, money_as_numbers])| {
            let (page_rows, max_in_flight, page_cap, gzip_level) = size;
            let (row_order, jitter_ms, duplicate_rows, null_nodes) = order;
            Wire {
                page_rows,
                max_in_flight,
                page_cap,
                row_order,
                jitter_ms,
                duplicate_rows,
                null_nodes,
                dotted_cursors,
                empty_edges_as_array,
                money_as_numbers,
                gzip_level,
            }
        },
    )
}

impl Wire {
    fn options(&self) -> Options {
        let mut options = Options {
            jitter: Duration::from_millis(self.jitter_ms),
            page_cap: self.page_cap,
            gzip_level: self.gzip_level,
            ..Options::fast(LINES, SEED)
        };
        options.dialect.row_order = self.row_order;
        options.dialect.duplicate_rows = self.duplicate_rows;
        options.dialect.null_nodes = self.null_nodes;
        options.dialect.dotted_cursors = self.dotted_cursors;
        options.dialect.empty_edges_as_array = self.empty_edges_as_array;
        options.dialect.money_as_numbers = self.money_as_numbers;
        options
    }
}

/// Refreshes over a wire.
async fn refresh(options: Options, set: &[(&str, &str)]) -> (Report, Vec<(String, Vec<u8>)>) {
    let desk = Desk::new(options).await;
    let report = desk.refresh(set).await;
    let files = desk.data_files();
    (report, files)
}

#[test]
fn any_split_in_any_order_gives_the_same_tables() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (plain, tables) = runtime.block_on(refresh(Options::fast(LINES, SEED), &[]));
    assert_eq!((plain.status, &plain.error), (Status::Succeeded, &None));
    assert!(tables.len() > 20, "{}", tables.len());

    let config = Config { cases: CASES, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&proptest::collection::vec(wires(), 1..=WIRES), |wires| {
        let refreshes = wires.iter().map(async |wire| {
            let (rows, at_once) = (wire.page_rows.to_string(), wire.max_in_flight.to_string());
            refresh(wire.options(), &[("XLEDGER_PAGE_ROWS", &rows), ("XLEDGER_MAX_IN_FLIGHT", &at_once)]).await
        });
        for (wire, (report, files)) in wires.iter().zip(runtime.block_on(join_all(refreshes))) {
            prop_assert_eq!((report.status, &report.error), (Status::Succeeded, &None), "{:?}", wire);
            prop_assert_eq!(report.lines, plain.lines, "{:?}", wire);
            prop_assert!(files == tables, "other tables with {wire:?}");
        }
        Ok(())
    });
    if let Err(failure) = checked {
        panic!("{failure}");
    }
}
