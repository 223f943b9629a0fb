//! A list that another run goes on with is whole, or known not to be, wherever the run before it stopped.

use crate::complete_or_loudly_not::instead;
use crate::desk::Desk;
use crate::function::apart;
use crate::runtime_api::{Function, MINUTES};
use crate::servers::scripted::Scripted;
use crate::servers::secrets::{Secret, Secrets};
use serde_json::json;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use xledger_sim::company::ledger::Line;
use xledger_sim::history::{Deletion, LineChange};
use xledger_sim::{Change, ChangeKind, Chosen, Company, Event, Fault, FaultKind, Options};
use xledger_spend::event::{Mode, Refresh};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::value::Instant;
use xledger_spend::report::Report;
use xledger_spend::run::Run;
use xledger_spend::table::runs::Status;

pub(crate) const PAGED: [(&str, &str); 1] = [("XLEDGER_PAGE_ROWS", "100")];

pub(crate) fn asked(desk: &Desk, operation: &str) -> u64 {
    let exchanges = desk.sim.journal().exchanges();
    exchanges.iter().filter(|exchange| exchange.operation.as_deref() == Some(operation)).count() as u64
}

pub(crate) async fn desk(options: Options) -> Desk {
    let mut desk = Desk::in_memory(options).await;
    desk.tempo = 60.0;
    desk
}

/// Ends a run at once.
pub(crate) fn token_refused(operation: &str, from_request: u64) -> Fault {
    let operation = Some(operation.to_owned());
    Fault { kind: FaultKind::TokenRefused, operation, from_request, requests: 1, ..Fault::default() }
}

/// Vouchers are changed while their lines are listed: these are listed once more, and the run ends just there.
#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_to_be_listed_again_are_not_lost() {
    // Some of them stand on two pages, with a change in between.
    let change = |by| Change {
        kind: ChangeKind::Event(Event::Changed { what: LineChange::Text, chosen: Chosen { count: 255, by } }),
        vouchers: 0,
        before_request: by.into(),
        operation: Some("LedgerIndex".to_owned()),
    };
    let options = |faults| Options { changes: (3..30).map(change).collect(), faults, ..Options::fast(3_000, 9) };
    let calm = desk(options(Vec::new())).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let (pages, plain) = (asked(&calm, "LedgerIndex"), desk(Options::fast(3_000, 9)).await);
    assert_eq!(plain.refresh(&PAGED).await.status, Status::Succeeded);
    let without = asked(&plain, "LedgerIndex");
    assert!(pages > without, "nothing was listed again");

    let stopped = desk(options(vec![token_refused("LedgerIndex", without + 1)])).await;
    let error = stopped.refresh(&PAGED).await.error.map(|error| error.kind);
    assert_eq!(error, Some(FailureKind::TokenRefused));
    let last = stopped.refresh(&PAGED).await;
    assert_eq!((last.status, last.invocation), (Status::Succeeded, Some(2)));
    assert!(stopped.data_files() == calm.data_files());
    // The refused question, and the look for new lines once more, which finds nothing twice.
    assert!(asked(&stopped, "LedgerIndex") <= pages + 1 + 2);
}

/// An error in the list of suppliers ends the run, but is not taken for a refusal of ranges of ids.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_register_keeps_the_ledger_that_has_come() {
    let odd = FaultKind::Error("SOMETHING.NEW".to_owned(), "Something new.".to_owned());
    let fault = Fault { kind: odd, operation: Some("Suppliers".to_owned()), ..Fault::default() };
    let options = |faults| Options { faults, delay: Duration::from_millis(100), ..Options::fast(10_000, 9) };
    let calm = desk(options(Vec::new())).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);

    let mut stopped = desk(options(vec![fault])).await;
    let error = stopped.refresh(&PAGED).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::XledgerError, "{}", error.message);
    let of_first = asked(&stopped, "LedgerIndex");
    let whole = asked(&calm, "LedgerIndex");
    assert!((3..whole - 3).contains(&of_first), "{of_first} of {whole}");
    instead(&mut stopped, options(Vec::new())).await;
    assert_eq!(stopped.refresh(&PAGED).await.status, Status::Succeeded);
    assert!(stopped.data_files() == calm.data_files());
    assert!(of_first + asked(&stopped, "LedgerIndex") <= whole + 1);
}

/// A server that has listed ranges of ids refuses for another reason: what has come is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_pages_of_ranges_keeps_them() {
    let options = |faults| Options { faults, ..Options::fast(10_000, 9) };
    let calm = desk(options(Vec::new())).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let whole = asked(&calm, "LedgerIndex");
    let odd = FaultKind::Error("SOMETHING.NEW".to_owned(), "Something new.".to_owned());
    let operation = Some("LedgerIndex".to_owned());
    let fault = Fault { kind: odd, operation, from_request: whole / 2, ..Fault::default() };
    let mut stopped = desk(options(vec![fault])).await;
    let error = stopped.refresh(&PAGED).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::XledgerError, "{}", error.message);
    instead(&mut stopped, options(Vec::new())).await;
    let last = stopped.refresh(&PAGED).await;
    assert_eq!((last.status, last.invocation), (Status::Succeeded, Some(2)));
    assert!(stopped.data_files() == calm.data_files());
    let left = asked(&stopped, "LedgerIndex");
    assert!(left <= whole / 2 + 6, "{left} of {whole}");
}

/// A stored token that is refused in the middle is read once more, and the run goes on with what it has.
#[tokio::test]
async fn a_token_that_is_replaced_in_the_middle() {
    let options = Options { faults: vec![token_refused("LedgerIndex", 5)], ..Options::fast(2_000, 9) };
    let sim = xledger_sim::start(options).await.unwrap();
    let secrets = Secrets::start([Secret::text(sim.token()), Secret::text(sim.token())]).await;
    let lake = Scripted::start().await;
    let mut environment = apart(&sim.endpoint(), &lake, &secrets);
    environment.insert("XLEDGER_PAGE_ROWS", "100".to_owned());
    let report = Function::start(&environment).await.invoke(&json!({}), MINUTES).await.unwrap();
    assert_eq!((&report["status"], secrets.reads()), (&json!("succeeded"), 2), "{report}");
}

/// Refreshes at one of three times, by a clock that tells it, and no later one.
async fn refresh_at(desk: &Desk, time: usize, mode: Mode) -> Report {
    const BEGIN: i64 = 1_795_224_600_000;
    let clock = [|| Instant(BEGIN), || Instant(BEGIN + 60_000), || Instant(BEGIN + 120_000)][time];
    let run = Run { started_at: clock(), clock, ..desk.run(Duration::from_secs(120)) };
    let aws = aws_config::SdkConfig::builder().build();
    run.refresh(Refresh { mode, ..Refresh::default() }, &desk.settings(&PAGED), &aws).await
}

/// What such a line is matched with may be payroll that was listed before it was matched: before the line is asked for, all is listed once more.
#[tokio::test]
async fn lines_with_a_match_that_no_other_has_are_listed_once_more() {
    // The last page is neither full nor of a round number of rows: what may lie behind such a page is asked for, too.
    let mut company = Company::generate(1_030, 9);
    let invoices: Vec<bool> = company.vouchers.iter().map(|voucher| voucher.invoice_file().is_some()).collect();
    let unmatched = company.lines.iter_mut().filter(|line| line.match_id == 0 && invoices[line.voucher as usize]);
    (1_000_000..).zip(unmatched).for_each(|(match_id, line)| line.match_id = match_id);
    let mut desk = desk(Options::fast(1_030, 9)).await;
    assert_eq!(refresh_at(&desk, 0, Mode::Incremental).await.status, Status::Succeeded);
    // The end of the first list is a question of its own.
    let pages = asked(&desk, "LedgerIndex") - 1;
    desk.sim = xledger_sim::start_with(Options::fast(1_030, 9), company.into()).await.unwrap();
    assert_eq!(refresh_at(&desk, 1, Mode::Full).await.status, Status::Succeeded);
    let order: Vec<String> =
        desk.sim.journal().exchanges().into_iter().filter_map(|exchange| exchange.operation).collect();
    let lists = order.iter().filter(|operation| *operation == "LedgerIndex").count() as u64;
    assert_eq!(lists, 2 * pages);
    let last_list = order.iter().rposition(|operation| operation == "LedgerIndex");
    assert!(last_list < order.iter().position(|operation| operation == "LedgerLines"), "{order:?}");
    // They are in the cache now, as they are listed.
    assert_eq!(refresh_at(&desk, 2, Mode::Incremental).await.status, Status::Succeeded);
    assert_eq!(asked(&desk, "LedgerIndex"), 3 * pages);
}

/// The second list, for such lines, is made only once, however many runs it takes.
#[tokio::test]
async fn lists_that_were_made_anew_for_matches_are_not_once_more_in_the_next_run() {
    let mut company = Company::generate(3_000, 9);
    let unmatched = company.lines.iter_mut().filter(|line| line.match_id == 0);
    (1_000_000..).zip(unmatched).for_each(|(match_id, line)| line.match_id = match_id);
    let company = std::sync::Arc::new(company);
    let at_books = async |options| {
        let mut desk = desk(Options::fast(1, 1)).await;
        desk.sim = xledger_sim::start_with(options, company.clone()).await.unwrap();
        desk
    };
    let calm = at_books(Options::fast(3_000, 9)).await;
    assert_eq!(refresh_at(&calm, 0, Mode::Incremental).await.status, Status::Succeeded);
    let pages = asked(&calm, "LedgerIndex");
    // In the middle of the second list.
    let faults = vec![token_refused("LedgerIndex", pages * 3 / 4)];
    let stopped = at_books(Options { faults, ..Options::fast(3_000, 9) }).await;
    let error = refresh_at(&stopped, 0, Mode::Incremental).await.error.map(|error| error.kind);
    assert_eq!(error, Some(FailureKind::TokenRefused));
    assert_eq!(asked(&stopped, "LedgerLines"), 0);
    assert_eq!(refresh_at(&stopped, 1, Mode::Incremental).await.status, Status::Succeeded);
    assert!(asked(&stopped, "LedgerIndex") <= pages + 2, "{} of {pages}", asked(&stopped, "LedgerIndex"));
    assert!(stopped.data_files() == calm.data_files());
}

/// While all is listed, a voucher gets a line behind a range that has ended, before any of its lines is listed: the new line is looked for
/// once more.
#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_behind_a_range_that_has_ended_are_listed() {
    let plain = desk(Options::fast(5_300, 9)).await;
    assert_eq!(plain.refresh(&PAGED).await.status, Status::Succeeded);
    let first = asked(&plain, "LedgerIndex");
    assert_eq!(plain.refresh(&PAGED).await.status, Status::Succeeded);
    let second = asked(&plain, "LedgerIndex") - first;
    let event = event_on_the_last_pages(&plain.sim.company());
    for of_second in second - 8..second - 4 {
        let change = Change {
            kind: ChangeKind::Event(event),
            vouchers: 0,
            before_request: first + of_second,
            operation: Some("LedgerIndex".to_owned()),
        };
        let changed = desk(Options { changes: vec![change], ..Options::fast(5_300, 9) }).await;
        assert_eq!(changed.refresh(&PAGED).await.status, Status::Succeeded);
        assert_eq!(changed.refresh(&PAGED).await.status, Status::Succeeded);
        let (tables, mut fresh) = (changed.data_files(), desk(Options::fast(1, 1)).await);
        fresh.sim = changed.sim;
        assert_eq!(fresh.refresh(&PAGED).await.status, Status::Succeeded);
        assert!(tables == fresh.data_files(), "before request {of_second} of {second}");
    }
}

/// Replaces a line whose voucher stands on the last page of a range. Every range has fourteen pages but the last, which has eleven.
fn event_on_the_last_pages(company: &Company) -> Event {
    let ids = |company: &Company, of: Option<u32>| {
        let is = |line: &&Line| {
            of.is_none_or(|voucher| line.voucher == voucher) && company.reaches(company.voucher(line).owner)
        };
        let mut ids: Vec<i64> = company.lines.iter().filter(is).map(|line| line.id).collect();
        ids.sort_unstable();
        ids
    };
    let listed = ids(company, None);
    assert_eq!(listed.len().div_ceil(100), 53);
    let events =
        (0..).map(|by| Event::Deleted { what: Deletion::LineReplaced, moves: true, chosen: Chosen { count: 1, by } });
    let is_there = |event: &Event| {
        let after = company.after(event, 0);
        let new = after.lines.iter().max_by_key(|line| line.id).expect("a line");
        let places =
            ids(company, Some(new.voucher)).into_iter().map(|id| listed.partition_point(|listed| *listed < id));
        places.into_iter().all(|place| place < 4_200 && place % 1_400 >= 1_300)
    };
    events.take(1_000).find(is_there).expect("a voucher that stands there")
}

/// Xledger answers an empty connection with null. It is asked once more: what should be there is not gone.
#[tokio::test]
async fn a_page_that_is_empty_is_asked_for_once_more() {
    // The last page is neither full nor of a round number of rows: what may lie behind such a page is asked for, too.
    let calm = desk(Options::fast(3_030, 9)).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let first = asked(&calm, "LedgerIndex");
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let both = asked(&calm, "LedgerIndex");
    let company = calm.sim.company();
    let lines = company.lines.iter().filter(|line| company.reaches(company.voucher(line).owner)).count();
    // Of the second list no question finds nothing.
    assert_eq!(both - first, lines.div_ceil(100) as u64);
    let body = r#"{"data":{"transactions":{"edges":null,"pageInfo":{"hasNextPage":false}}}}"#;
    let kind = FaultKind::Raw(200, "application/json".to_owned(), body.to_owned());
    let operation = Some("LedgerIndex".to_owned());
    for from_request in [1, 5, first, first + 1, both] {
        let (kind, operation) = (kind.clone(), operation.clone());
        let faults = vec![Fault { kind, operation, from_request, requests: 1, ..Fault::default() }];
        let odd = desk(Options { faults, ..Options::fast(3_030, 9) }).await;
        for _ in 0..2 {
            let report = odd.refresh_with(Refresh { accept_shrink: true, ..Refresh::default() }, &PAGED).await;
            assert_eq!(report.status, Status::Succeeded);
            assert!(odd.data_files() == calm.data_files(), "request {from_request}");
        }
    }
}

/// The time of a run in which minutes pass with each answer, in milliseconds of UTC.
static SLOW_NOW: AtomicI64 = AtomicI64::new(1_795_224_600_000);

/// After an hour a fetch begins no question by what was listed before: lines may have become payroll.
#[tokio::test(flavor = "multi_thread")]
async fn lists_older_than_an_hour_are_made_anew_in_the_middle_of_a_fetch() {
    let calm = desk(Options::fast(6_000, 9)).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let (pages, fetched) = (asked(&calm, "LedgerIndex"), asked(&calm, "LedgerLines"));
    let becomes_payroll = Change {
        kind: ChangeKind::Event(Event::Retyped { to_payroll: true, chosen: Chosen { count: 40, by: 3 } }),
        vouchers: 0,
        // Once all was listed, and some of it fetched.
        before_request: pages + 1,
        operation: Some("LedgerIndex".to_owned()),
    };
    let slow = desk(Options { changes: vec![becomes_payroll], ..Options::fast(6_000, 9) }).await;
    let run =
        Run { clock: || Instant(SLOW_NOW.fetch_add(120_000, Ordering::Relaxed)), ..slow.run(Duration::from_secs(120)) };
    let aws = aws_config::SdkConfig::builder().build();
    let report = run.refresh(Refresh::default(), &slow.settings(&PAGED), &aws).await;
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(slow.sim.journal().payroll_violations().is_empty());
    let (lists, questions) = (asked(&slow, "LedgerIndex") / pages, asked(&slow, "LedgerLines"));
    assert!((2..8).contains(&lists), "{lists}");
    // Nothing is asked for twice.
    assert!(questions <= fetched + lists, "{questions}, {fetched}");
    let (tables, mut fresh) = (slow.data_files(), desk(Options::fast(1, 1)).await);
    fresh.sim = slow.sim;
    assert_eq!(fresh.refresh(&PAGED).await.status, Status::Succeeded);
    assert!(tables == fresh.data_files());
}

/// The time of a run that waits for hours, in milliseconds of UTC.
static WAITING_NOW: AtomicI64 = AtomicI64::new(1_795_224_600_000);

/// A question that has waited for its turn until its lists are too old is not sent: lines that it asks for may be payroll by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_until_its_lists_are_too_old_is_not_sent() {
    const PAGES: [(&str, &str); 2] = [("XLEDGER_PAGE_ROWS", "500"), ("XLEDGER_MAX_IN_FLIGHT", "1")];
    // In the middle of the fetch, and of the names that are read off lines after it.
    for (operation, from_request) in [("LedgerLines", 3), ("Names", 1)] {
        waits_for_hours(&PAGES, operation, from_request).await;
    }
}

async fn waits_for_hours(pages: &[(&str, &str)], operation: &str, from_request: u64) {
    WAITING_NOW.store(1_795_224_600_000, Ordering::Relaxed);
    let limit = FaultKind::Error("BAD_REQUEST.BURST_RATE_LIMIT_REACHED".to_owned(), "Too many requests.".to_owned());
    let operation = Some(operation.to_owned());
    let fault = Fault { kind: limit, operation, from_request, requests: 1, ..Fault::default() };
    let mut slow = desk(Options { faults: vec![fault], ..Options::fast(3_000, 9) }).await;
    // The wait of five seconds is one of two, in which hours pass.
    slow.tempo = 2.5;
    let run = Run { clock: || Instant(WAITING_NOW.load(Ordering::Relaxed)), ..slow.run(Duration::from_secs(120)) };
    let aws = aws_config::SdkConfig::builder().build();
    let settings = slow.settings(pages);
    let hours_pass = async {
        while !slow.sim.journal().exchanges().iter().any(|exchange| exchange.error.is_some()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let becomes_payroll = Event::Retyped { to_payroll: true, chosen: Chosen { count: 255, by: 3 } };
        let at = WAITING_NOW.fetch_add(2 * 3_600_000, Ordering::Relaxed) / 1_000;
        slow.sim.replace(slow.sim.company().after(&becomes_payroll, at + 60));
    };
    let hours_pass = tokio::time::timeout(Duration::from_secs(60), hours_pass);
    let (report, passed) = tokio::join!(run.refresh(Refresh::default(), &settings, &aws), hours_pass);
    assert!(passed.is_ok());
    assert_eq!(report.status, Status::Succeeded, "{:?}", report.error);
    assert!(slow.sim.journal().payroll_violations().is_empty());
    let (tables, mut fresh) = (slow.data_files(), desk(Options::fast(1, 1)).await);
    fresh.sim = slow.sim;
    assert_eq!(fresh.refresh(pages).await.status, Status::Succeeded);
    assert!(tables == fresh.data_files());
}
