//! A refresh that succeeds has published all that the ledger holds by the rules; what is missing, null or odd is told, or stops the run.

use std::sync::Arc;

use crate::desk::Desk;
use xledger_sim::{Credits, Exchange, Fault, FaultKind, Options, RIGHTS, Shape, Share};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::table::runs::Status;

/// Puts another server in the place of a desk's, at the same address and over the same books.
pub(crate) async fn instead(desk: &mut Desk, options: Options) {
    let address = desk.sim.endpoint().trim_start_matches("http://").trim_end_matches("/graphql").parse().unwrap();
    let books = desk.sim.company();
    let old = std::mem::replace(&mut desk.sim, xledger_sim::start(Options::fast(1, 1)).await.unwrap());
    old.stop().await;
    desk.sim = xledger_sim::start_with(Options { listen: address, ..options }, books).await.unwrap();
}

fn succeeded(report: &Report) {
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
}

fn requests(desk: &Desk, operation: &str) -> usize {
    let exchanges = desk.sim.journal().exchanges();
    exchanges.iter().filter(|exchange| exchange.operation.as_deref() == Some(operation)).count()
}

/// Names and bytes of the data files.
fn data(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let below = |name: &str| name.split_once("/snapshots/").map_or(name, |(_, below)| below).to_owned();
    desk.data_files().into_iter().map(|(name, bytes)| (below(&name), bytes)).collect()
}

#[tokio::test]
async fn lines_without_period_ids_are_listed_once() {
    let [mut with, without] = [Options::fast(2_000, 9), Options::fast(2_000, 9)];
    with.schema.lacks = ["Transaction.periodId".to_owned()].into();
    let (healthy, lacking) = (Desk::new(without).await, Desk::new(with).await);
    for desk in [&healthy, &lacking] {
        succeeded(&desk.refresh(&[("XLEDGER_PAGE_ROWS", "500")]).await);
    }
    assert_eq!(requests(&lacking, "LedgerIndex"), requests(&healthy, "LedgerIndex"));
    // What ids mean, and once more before it is published.
    assert_eq!((requests(&lacking, "LedgerReferences"), requests(&healthy, "LedgerReferences")), (0, 2));
    assert!(data(&lacking) == data(&healthy) && !data(&healthy).is_empty());
}

/// Only the lines say that they have none, so that the ledger is listed anew in the middle of a run: to its end, too.
#[tokio::test]
async fn lines_without_period_ids_that_no_schema_tells_are_listed_to_their_end() {
    let [mut with, without] = [Options::fast(2_030, 9), Options::fast(2_030, 9)];
    with.schema.lacks = ["Transaction.periodId".to_owned()].into();
    with.dialect.closed_introspection = true;
    let (healthy, lacking) = (Desk::new(without).await, Desk::new(with).await);
    // Matches of one voucher alone would have all of it listed once more.
    let settings = [("XLEDGER_PAGE_ROWS", "500"), ("SPEND_PAYROLL_MATCHES", "off")];
    for mode in [Mode::Incremental, Mode::Incremental, Mode::Full] {
        for desk in [&healthy, &lacking] {
            let refresh = Refresh { mode, ..Refresh::default() };
            succeeded(&desk.refresh_with(refresh, &settings).await);
        }
        assert!(data(&lacking) == data(&healthy) && !data(&healthy).is_empty(), "{mode:?}");
    }
}

#[tokio::test]
async fn pages_by_ids_have_no_cursors_and_others_have() {
    let mut dotted = Options::fast(2_000, 9);
    dotted.dialect.dotted_cursors = true;
    let (by_ids, by_cursors) = (Desk::new(Options::fast(2_000, 9)).await, Desk::new(dotted).await);
    let mut bytes_of_later_pages = Vec::new();
    for desk in [&by_ids, &by_cursors] {
        succeeded(&desk.refresh(&[("XLEDGER_PAGE_ROWS", "500")]).await);
        let exchanges = desk.sim.journal().exchanges();
        // Not the end of the list.
        let is_whole = |page: &&Exchange| page.rows == 500 && page.operation.as_deref() == Some("LedgerIndex");
        let pages = exchanges.iter().filter(is_whole);
        // The first page shows whether cursors are ids.
        bytes_of_later_pages.push(pages.skip(1).map(|page| (page.rows, page.bytes_plain)).collect::<Vec<_>>());
    }
    let [by_ids_pages, by_cursors_pages] = [&bytes_of_later_pages[0], &bytes_of_later_pages[1]];
    assert!(by_ids_pages.len() > 1 && by_cursors_pages.len() > 1);
    for (one, other) in by_ids_pages.iter().zip(by_cursors_pages) {
        assert_eq!(one.0, other.0);
        assert!(one.1 + 20 * one.0 < other.1, "{one:?} {other:?}");
    }
    assert!(data(&by_ids) == data(&by_cursors) && !data(&by_ids).is_empty());
}

#[tokio::test]
async fn a_chart_that_nobody_shows_publishes_nothing() {
    let mut options = Options::fast(2_000, 9);
    options.dialect.chart_above = Share::All;
    let desk = Desk::new(options.clone()).await;
    succeeded(&desk.refresh(&[]).await);
    assert!(desk.check(&[]).await.unwrap().ready);
    let plain = Desk::new(Options::fast(2_000, 9)).await;
    succeeded(&plain.refresh(&[]).await);
    assert!(plain.data_files() == desk.data_files());

    options.dialect.refused_owner_sets = ["ALL", "UPPER"].map(str::to_owned).into();
    for above in [Share::All, Share::Some] {
        options.dialect.chart_above = above;
        let desk = Desk::new(options.clone()).await;
        let error = desk.refresh(&[]).await.error.unwrap();
        assert_eq!(error.kind, FailureKind::TooLittleKept, "{}", error.message);
        assert!(error.message.contains("accountDbId") && error.message.contains("accept_shrink"), "{}", error.message);
        assert!(desk.data_files().is_empty() && !desk.lake().join("CURRENT.json").exists());
        assert_eq!(requests(&desk, "LedgerLines"), 0);
        let checked = desk.check(&[]).await.unwrap();
        assert!(!checked.ready && !checked.unknown_accounts.is_empty(), "{:?}", checked.in_the_way);
        assert!(checked.table.join("\n").contains("accountDbId"), "{:?}", checked.table);
        let counts = checked.lines.unwrap();
        assert!(counts.refused_because.unknown_account > 0 && counts.refused > counts.listed / 20);
        // Whoever means it lets it through.
        let report = desk.refresh_with(Refresh { accept_shrink: true, ..Refresh::default() }, &[]).await;
        succeeded(&report);
        assert_eq!(report.lines.unwrap().kept, report.tables.unwrap().spend.rows);
    }
}

/// No client that is known asks for accounts by the owner set of lines.
#[tokio::test]
async fn accounts_that_refuse_the_owner_set_of_lines_are_looked_up() {
    let mut options = Options::fast(2_000, 9);
    // One account is of an owner above, so that fewer sets show less.
    for more in [&[][..], &["ALL"], &["ALL", "UPPER"]] {
        options.dialect.refused_account_sets = more.iter().map(|set| (*set).to_owned()).collect();
        let listed = Desk::new(options.clone()).await;
        succeeded(&listed.refresh(&[]).await);
        options.dialect.refused_account_sets.insert("MINE".to_owned());
        let desk = Desk::new(options.clone()).await;
        assert!(desk.check(&[]).await.unwrap().ready, "{more:?}");
        succeeded(&desk.refresh(&[]).await);
        assert!(listed.data_files() == desk.data_files(), "{more:?}");
        assert!(desk.sim.journal().payroll_violations().is_empty());
    }
}

#[tokio::test]
async fn settings_that_keep_nothing_publish_nothing() {
    let desk = Desk::new(Options::fast(1_000, 9)).await;
    let set = [("SPEND_HISTORY_FROM", "2099-12")];
    let error = desk.refresh(&set).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::TooLittleKept, "{}", error.message);
    assert!(error.message.contains("SPEND_HISTORY_FROM"), "{}", error.message);
    let checked = desk.check(&set).await.unwrap();
    assert!(!checked.ready);
    assert!(checked.to_know.iter().any(|note| note.contains("AP, BA, ER")), "{:?}", checked.to_know);
}

/// What people are told to tick is enough, to the last column.
#[tokio::test]
async fn the_documented_token_lacks_nothing() {
    let page = include_str!("../../docs/setup.md");
    let (_, table) = page.split_once("| area | read access |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let documented: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    assert!(documented.contains(&"SystemValue") && documented.iter().all(|right| RIGHTS.contains(right)));
    let mut options = Options::fast(2_000, 9);
    options.dialect.missing_rights =
        RIGHTS.iter().filter(|right| !documented.contains(right)).map(|r| (*r).to_owned()).collect();
    let desk = Desk::new(options).await;
    let report = desk.refresh(&[]).await;
    succeeded(&report);
    assert!(report.lost.is_empty(), "{:?}", report.lost);
    let checked = desk.check(&[]).await.unwrap();
    assert!(checked.ready && checked.lost.is_empty());
}

#[tokio::test]
async fn a_missing_right_is_remembered_and_noticed_once_it_is_given() {
    let mut options = Options::fast(2_000, 9);
    options.dialect.missing_rights = ["Contact".to_owned()].into();
    let mut desk = Desk::new(options.clone()).await;
    let lost = |report: &Report| report.lost.iter().flat_map(|lost| lost.columns.clone()).collect::<Vec<_>>();
    let set = [("SPEND_CONTACTS", "keep")];
    let report = desk.refresh(&set).await;
    assert_eq!(lost(&report), ["supplier.contact_name"]);
    let searched = requests(&desk, "Suppliers");
    desk.sim.journal().clear();
    let report = desk.refresh(&set).await;
    assert_eq!(lost(&report), ["supplier.contact_name"]);
    // The field once more, the list without it, and those that the list does not show.
    assert!(requests(&desk, "Suppliers") == 3 && searched > 4, "{} after {searched}", requests(&desk, "Suppliers"));

    instead(&mut desk, Options::fast(2_000, 9)).await;
    let report = desk.refresh(&set).await;
    succeeded(&report);
    assert_eq!(lost(&report), [""; 0]);
    let plain = Desk::new(Options::fast(2_000, 9)).await;
    succeeded(&plain.refresh(&set).await);
    assert!(plain.data_files() == desk.data_files());
}

#[tokio::test]
async fn the_last_known_owner_holds_where_xledger_does_not_say() {
    let mut desk = Desk::new(Options::fast(1_000, 9)).await;
    desk.tempo = 100.0;
    succeeded(&desk.refresh(&[]).await);
    let odd = FaultKind::Error("SOMETHING.NEW".to_owned(), "Something new.".to_owned());
    let fault = Fault { kind: odd, operation: Some("Viewer".to_owned()), ..Fault::default() };
    instead(&mut desk, Options { faults: vec![fault], ..Options::fast(1_000, 9) }).await;
    for _ in 0..2 {
        let report = desk.refresh(&[]).await;
        succeeded(&report);
        assert_eq!(report.mode, Some(Mode::Incremental));
        assert!(report.lines_fetched < Some(100), "{:?}", report.lines_fetched);
    }
    // Another owner's token is still noticed.
    let mut books = xledger_sim::Company::generate(1_000, 9);
    books.owners[0].id += 1;
    desk.sim = xledger_sim::start_with(Options::fast(1_000, 9), Arc::new(books)).await.unwrap();
    assert_eq!(desk.refresh(&[]).await.error.unwrap().kind, FailureKind::OwnerChanged);
}

#[tokio::test]
async fn maintenance_at_the_beginning_of_a_run_that_goes_on_loses_nothing() {
    let paged = [("XLEDGER_PAGE_ROWS", "200")];
    let credits = Some(Credits { requests: 12, ..Credits::default() });
    let mut desk = Desk::new(Options { credits, ..Options::fast(3_000, 9) }).await;
    desk.tempo = 100.0;
    assert_eq!(desk.refresh(&paged).await.status, Status::Incomplete);
    let page = Fault { kind: FaultKind::Html(200), requests: 2, ..Fault::default() };
    instead(&mut desk, Options { faults: vec![page], ..Options::fast(3_000, 9) }).await;
    let report = desk.refresh(&paged).await;
    succeeded(&report);
    assert_eq!(report.invocation, Some(2));
    let whole = Desk::new(Options::fast(3_000, 9)).await;
    succeeded(&whole.refresh(&paged).await);
    let (left, all) = (desk.sim.journal().totals().requests, whole.sim.journal().totals().requests);
    assert!(left + 8 <= all, "{left} of {all}");
    assert!(whole.data_files() == desk.data_files());
}

#[tokio::test]
async fn an_error_that_nobody_knows_keeps_what_has_come() {
    let paged = [("XLEDGER_PAGE_ROWS", "200")];
    let odd = FaultKind::Error("SOMETHING.NEW".to_owned(), "Something new.".to_owned());
    let fault = Fault { kind: odd, operation: Some("LedgerLines".to_owned()), from_request: 2, ..Fault::default() };
    let mut desk = Desk::new(Options { faults: vec![fault], ..Options::fast(3_000, 9) }).await;
    desk.tempo = 100.0;
    let error = desk.refresh(&paged).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::XledgerError, "{}", error.message);
    instead(&mut desk, Options::fast(3_000, 9)).await;
    succeeded(&desk.refresh(&paged).await);
    assert_eq!(requests(&desk, "LedgerIndex"), 0);
}

#[tokio::test]
async fn a_damaged_manifest_is_told() {
    let desk = Desk::new(Options::fast(1_000, 9)).await;
    succeeded(&desk.refresh(&[]).await);
    let manifest = desk.lake().join("current").join("_manifest.json");
    std::fs::write(manifest, "{").unwrap();
    let report = desk.refresh(&[]).await;
    succeeded(&report);
    assert!(report.note.unwrap().contains("manifest"));
}

/// What is asked for by id: once more where it is null, and counted where it stays so.
#[tokio::test]
async fn names_and_suppliers_that_are_null_are_asked_for_once_more() {
    let calm = Desk::new(Options::fast(2_000, 9)).await;
    succeeded(&calm.refresh(&[]).await);
    for (operation, root, from_request) in [("Names", "transactions", 1), ("Suppliers", "suppliers", 2)] {
        let body =
            format!(r#"{{"data":{{"{root}":{{"edges":[{{"node":null}}],"pageInfo":{{"hasNextPage":false}}}}}}}}"#);
        for requests in [1, 2] {
            let kind = FaultKind::Raw(200, "application/json".to_owned(), body.clone());
            let fault =
                Fault { kind, operation: Some(operation.to_owned()), from_request, requests, ..Fault::default() };
            let desk = Desk::new(Options { faults: vec![fault], ..Options::fast(2_000, 9) }).await;
            let report = desk.refresh(&[]).await;
            succeeded(&report);
            assert_eq!(report.api.null_rows, requests - 1, "{operation}");
            assert!(requests > 1 || data(&desk) == data(&calm), "{operation}");
        }
    }
}

#[tokio::test]
async fn null_rows_and_odd_values_are_counted() {
    let mut options = Options::fast(2_000, 9);
    options.dialect.null_rows_for_ever = Some(100);
    let report = Desk::new(options).await.refresh(&[]).await;
    succeeded(&report);
    assert!((20..80).contains(&report.api.null_rows), "{}", report.api.null_rows);

    let mut options = Options::fast(2_000, 9);
    options.dialect.null_rows_once = Some(100);
    let report = Desk::new(options).await.refresh(&[]).await;
    succeeded(&report);
    assert_eq!(report.api.null_rows, 0);

    let mut options = Options::fast(2_000, 9);
    options.dialect.odd_values = Some(10);
    let report = Desk::new(options).await.refresh(&[]).await;
    succeeded(&report);
    for column in ["spend.vat_amount", "spend.invoice_amount", "spend.fiscal_year"] {
        assert!(report.unfit.get(column).is_some_and(|count| *count > 0), "{column}: {:?}", report.unfit);
    }
}

#[tokio::test]
async fn payroll_accounts_that_nobody_can_know_ask_for_the_setting() {
    let mut options = Options::fast(1_000, 9);
    options.schema.lacks = ["Account.chartOfAccount", "Account.costWagesSalaries"].map(str::to_owned).into();
    let desk = Desk::new(options).await;
    let error = desk.refresh(&[]).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::SettingsInvalid, "{}", error.message);
    assert!(error.message.contains("SPEND_PAYROLL_ACCOUNTS"), "{}", error.message);
    assert_eq!(requests(&desk, "LedgerLines"), 0);
    assert!(!desk.check(&[]).await.unwrap().ready);
    succeeded(&desk.refresh(&[("SPEND_PAYROLL_ACCOUNTS", "5000-5499,5600-5899")]).await);

    let mut options = Options::fast(1_000, 9);
    options.schema.lacks.insert("Account.chartOfAccount".to_owned());
    let desk = Desk::new(options).await;
    let report = desk.refresh(&[]).await;
    succeeded(&report);
    assert!(report.lost.iter().any(|lost| lost.field == "accounts.chartOfAccount"), "{:?}", report.lost);
    let checked = desk.check(&[]).await.unwrap();
    assert!(checked.ready && checked.to_know.iter().any(|note| note.contains("charts of accounts")));
}

/// Rent and software of a Swedish company are spend, its wages are not, and neither is a refund of sick pay in Norway.
#[tokio::test]
async fn each_chart_has_its_own_payroll() {
    let books = xledger_sim::Company::shaped(6_000, 9, Shape::Swedish);
    let mut desk = Desk::new(Options::fast(1, 1)).await;
    desk.sim = xledger_sim::start_with(Options::fast(6_000, 9), Arc::new(books)).await.unwrap();
    succeeded(&desk.refresh(&[]).await);
    assert!(desk.sim.journal().payroll_violations().is_empty());
    assert!(!desk.all_files().iter().any(|(_, bytes)| {
        bytes.windows(xledger_sim::PAYROLL_MARKER.len()).any(|window| window == xledger_sim::PAYROLL_MARKER.as_bytes())
    }));
    // Today's ranges of Norway would ask for Swedish wages: the simulator notices.
    succeeded(&desk.refresh(&[("SPEND_PAYROLL_ACCOUNTS", "5000-5499")]).await);
    assert!(!desk.sim.journal().payroll_violations().is_empty());
}
