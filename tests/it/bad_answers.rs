//! Xledger answers with something else than it should: a clear error of its own kind, no row's value in it, and the lake as it was.

use crate::desk::Desk;
use crate::log;
use xledger_sim::{Damage, DamageKind, Fault, FaultKind, Options};
use xledger_spend::event::Mode;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::counts::Counts;
use xledger_spend::table::runs::Status;

/// The first line that the default rules keep.
fn kept_line(desk: &Desk) -> i64 {
    let books = desk.sim.company();
    let line = books.lines.iter().find(|line| {
        let voucher = books.voucher(line);
        let account = line.account.map(|account| books.accounts[usize::from(account)].code).unwrap_or_default();
        books.reaches(voucher.owner)
            && books.document_type(voucher) == Some("AP")
            && ("4000".."5000").contains(&account)
            && line.match_id == 0
            && line.period.is_some()
            && !line.headless
    });
    line.unwrap().id
}

#[tokio::test]
async fn a_value_that_breaks_the_schema_is_named_by_its_place() {
    let healthy = Desk::new(Options::fast(2_000, 9)).await;
    let row = kept_line(&healthy);
    for (kind, field) in [
        (DamageKind::TextForNumber, "accountDbId"),
        (DamageKind::LongAmount, "mount"),
        (DamageKind::HugeAmount, "mount"),
        (DamageKind::WordForAmount, "mount"),
    ] {
        let mut options = Options::fast(2_000, 9);
        options.dialect.damage = Some(Damage { row, kind });
        let desk = Desk::new(options).await;
        let log = log::capture();
        let report = desk.refresh(&[]).await;
        let error = report.error.clone().unwrap();
        assert_eq!((report.status, error.kind), (Status::Failed, FailureKind::AnswerMalformed), "{kind:?}");
        assert!(error.message.contains(field), "{kind:?}: {}", error.message);
        let said = format!("{} {}", serde_json::to_string(&report).unwrap(), log.text());
        let is_value = |word: &str| ["abc", "3456789", "123456789012345678901234567890", "twelve"].contains(&word);
        assert!(!said.split(|c: char| !c.is_alphanumeric()).any(is_value), "{said}");
        assert_eq!(desk.data_files().len(), 0);
    }
}

/// The header of one row is never resolved, however few rows are asked for: the line cannot be judged, and all others are there.
#[tokio::test]
async fn a_row_that_cannot_be_resolved_costs_itself_alone() {
    let healthy = Desk::new(Options::fast(2_000, 9)).await;
    let whole = healthy.refresh(&[]).await;
    let (refused, whole) = (whole.lines.unwrap().refused, whole.tables.unwrap().spend.rows);
    let mut options = Options::fast(2_000, 9);
    options.dialect.damage = Some(Damage { row: kept_line(&healthy), kind: DamageKind::Unresolved });
    let mut desk = Desk::new(options).await;
    desk.tempo = 100.0;
    for mode in [Mode::Full, Mode::Incremental] {
        let report = desk.refresh(&[]).await;
        assert_eq!((report.status, &report.error, report.mode), (Status::Succeeded, &None, Some(mode)));
        assert_eq!((report.lines.unwrap().refused, report.tables.unwrap().spend.rows), (refused + 1, whole - 1));
        assert_eq!(report.api.null_rows, 0);
        assert!(report.lost.is_empty(), "{:?}", report.lost);
    }
}

#[tokio::test]
async fn a_value_that_nothing_depends_on_costs_its_column_alone() {
    let healthy = Desk::new(Options::fast(2_000, 9)).await;
    let row = kept_line(&healthy);
    for (kind, column) in [(DamageKind::ImpossibleDate, "spend.posted_date"), (DamageKind::NumberForText, "spend.text")]
    {
        let mut options = Options::fast(2_000, 9);
        options.dialect.damage = Some(Damage { row, kind });
        let desk = Desk::new(options).await;
        let log = log::capture();
        let report = desk.refresh(&[]).await;
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None), "{kind:?}");
        assert_eq!(report.unfit.get(column), Some(&1), "{kind:?}: {:?}", report.unfit);
        let said = format!("{} {}", serde_json::to_string(&report).unwrap(), log.text());
        assert!(!said.contains("-02-30"), "{said}");
    }
}

#[tokio::test]
async fn each_kind_of_answer_has_its_own_error() {
    let fault = |from_request, kind| Fault { from_request, requests: 1_000, kind, ..Fault::default() };
    let error = |code: &str, message: &str| FaultKind::Error(code.to_owned(), message.to_owned());
    for (from, kind, expected) in [
        // As the first answer of all, another thing than GraphQL is a wrong address; where there were answers before, maintenance.
        (1, FaultKind::Html(404), FailureKind::EndpointNotGraphql),
        (1, FaultKind::Html(200), FailureKind::EndpointNotGraphql),
        (4, FaultKind::Html(404), FailureKind::XledgerUnavailable),
        (4, FaultKind::Html(200), FailureKind::XledgerUnavailable),
        (4, FaultKind::TokenRefused, FailureKind::TokenRefused),
        (4, error("BAD_REQUEST.INSUFFICIENT_CREDITS", "No credits"), FailureKind::CreditsUsedUp),
        (4, error("SOMETHING.NEW", "A new error"), FailureKind::XledgerError),
        (4, FaultKind::Timeout, FailureKind::LimitReached),
    ] {
        let mut desk = Desk::new(Options { faults: vec![fault(from, kind.clone())], ..Options::fast(2_000, 9) }).await;
        desk.tempo = 200.0;
        let report = desk.refresh(&[]).await;
        assert_eq!(desk.data_files().len(), 0);
        if expected == FailureKind::CreditsUsedUp {
            assert_eq!((report.status, report.error), (Status::Incomplete, None));
            assert!(report.continues_at.is_some() && report.note.unwrap().contains("credits"));
            continue;
        }
        let error = report.error.unwrap();
        assert_eq!(error.kind, expected, "{kind:?}: {}", error.message);
    }
}

#[tokio::test]
async fn a_run_that_fails_leaves_the_last_snapshot_as_it_was() {
    let calm = Desk::new(Options::fast(2_000, 9)).await;
    let from_request = calm.refresh(&[]).await.api.requests + 1;
    let desk = Desk::new(Options {
        faults: vec![Fault { from_request, requests: 1_000, kind: FaultKind::TokenRefused, ..Fault::default() }],
        ..Options::fast(2_000, 9)
    })
    .await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let published = || -> Vec<_> {
        let is_read = |name: &str| !name.starts_with("runs/") && !name.starts_with("state/");
        desk.all_files().into_iter().filter(|(name, _)| is_read(name)).collect()
    };
    let before = published();
    assert_eq!(desk.refresh(&[]).await.status, Status::Failed);
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&published()));
    assert!(before == published());
    assert_eq!(desk.all_files().iter().filter(|(name, _)| name.starts_with("runs/")).count(), 2);
}

#[tokio::test]
async fn a_circle_of_pages_is_noticed() {
    let mut options = Options::fast(2_000, 9);
    options.dialect.endless_cursor = true;
    let report = Desk::new(options).await.refresh(&[]).await;
    let error = report.error.unwrap();
    assert_eq!(error.kind, FailureKind::AnswerMalformed);
    assert!(error.message.contains("circle"), "{}", error.message);
}

/// Every fault that the wire is known to have, at once: the tables are those of a clean wire.
#[tokio::test]
async fn an_odd_wire_gives_the_same_tables() {
    let plain = Desk::new(Options::fast(3_000, 9)).await;
    let report = plain.refresh(&[]).await;
    assert_eq!(report.status, Status::Succeeded);
    let tables = plain.data_files();
    let counts: Counts = report.lines.unwrap();

    let odd = |change: fn(&mut xledger_sim::Dialect)| {
        let mut options = Options::fast(3_000, 9);
        change(&mut options.dialect);
        options
    };
    for options in [
        odd(|d| {
            d.dotted_cursors = true;
            d.null_nodes = Some(7);
            d.duplicate_rows = Some(11);
            d.empty_edges_as_array = true;
            d.row_order = xledger_sim::RowOrder::Mixed;
            d.money_as_numbers = true;
        }),
        odd(|d| {
            d.ids_as_numbers = true;
            d.row_order = xledger_sim::RowOrder::Descending;
        }),
        odd(|d| {
            d.ids_as_strings = true;
            d.closed_introspection = true;
        }),
        odd(|d| d.wide_ids = true),
        Options { timeout_rows: Some(900), ..Options::fast(3_000, 9) },
        Options { gzip_level: 0, ..Options::fast(3_000, 9) },
    ] {
        let shown = format!("{:?}", options.dialect);
        let desk = Desk::new(options).await;
        let report = desk.refresh(&[]).await;
        assert_eq!((report.status, &report.error), (Status::Succeeded, &None), "{shown}");
        assert_eq!(report.lines, Some(counts), "{shown}");
        assert!(desk.data_files() == tables, "{shown}");
    }
}
