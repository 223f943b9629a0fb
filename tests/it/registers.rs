//! What is listed or looked up beside the lines, suppliers, accounts and periods, is whole, and what is asked now.

use xledger_sim::company::period::Period;
use xledger_sim::{Company, Options};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::table::runs::Status;

use crate::complete_or_loudly_not::instead;
use crate::lists_stay_whole::{PAGED, asked, desk, token_refused};

/// Most of the suppliers were listed without a field that the token could not read yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_given_in_the_middle_holds_for_the_whole_register() {
    let options = || Options { page_cap: 4, ..Options::fast(1_000, 9) };
    let calm = desk(options()).await;
    assert_eq!(calm.refresh(&PAGED).await.status, Status::Succeeded);
    let pages = asked(&calm, "Suppliers");
    assert!(pages > 4, "{pages}");

    let mut without = options();
    without.dialect.missing_rights.insert("Address".to_owned());
    let lacking = desk(without.clone()).await;
    assert_eq!(lacking.refresh(&PAGED).await.status, Status::Succeeded);
    // After most of the pages.
    let fault = token_refused("Suppliers", asked(&lacking, "Suppliers") - 1);
    let mut stopped = desk(Options { faults: vec![fault], ..without }).await;
    let error = stopped.refresh(&PAGED).await.error.map(|error| error.kind);
    assert_eq!(error, Some(FailureKind::TokenRefused));
    instead(&mut stopped, options()).await;
    let last = stopped.refresh(&PAGED).await;
    assert_eq!((last.status, last.invocation, last.lost), (Status::Succeeded, Some(2), Vec::new()));
    assert!(stopped.data_files() == calm.data_files());
}

/// No page comes of a register that is whole already: what it was listed with must be held against what is asked now.
#[tokio::test]
async fn a_whole_register_is_taken_up_only_if_it_is_what_is_asked_now() {
    let options = || Options::fast(1_000, 9);
    let calm = desk(options()).await;
    assert_eq!(calm.refresh(&[]).await.status, Status::Succeeded);
    let stopped = async |set: &[(&str, &str)], without: Options| {
        let mut stopped = desk(Options { faults: vec![token_refused("LedgerLines", 1)], ..without }).await;
        let error = stopped.refresh(set).await.error.map(|error| error.kind);
        assert_eq!(error, Some(FailureKind::TokenRefused));
        instead(&mut stopped, options()).await;
        stopped
    };
    // A right that is given between two runs.
    let mut without = options();
    without.dialect.missing_rights.insert("Address".to_owned());
    // A setting that drops names between two runs, and nothing at all.
    for (set, without, is_listed_again) in
        [(&[][..], without, true), (&[("SPEND_CONTACTS", "keep")], options(), true), (&[], options(), false)]
    {
        let stopped = stopped(set, without).await;
        let last = stopped.refresh(&[]).await;
        assert_eq!((last.status, last.invocation, last.lost), (Status::Succeeded, Some(2), Vec::new()));
        assert!(stopped.data_files() == calm.data_files(), "{set:?}");
        assert_eq!(asked(&stopped, "Suppliers") >= asked(&calm, "Suppliers"), is_listed_again, "{set:?}");
    }
}

/// A group of many owners has thousands of periods: what each means is read off a line.
#[tokio::test]
async fn periods_by_the_thousand_are_all_looked_up() {
    let paged = [("XLEDGER_PAGE_ROWS", "1000")];
    let calm = desk(Options::fast(5_000, 9)).await;
    let counts = calm.refresh(&paged).await.lines;
    let mut books = Company::clone(&calm.sim.company());
    let known = books.periods.clone();
    for (number, line) in books.lines.iter_mut().enumerate() {
        let Some(period) = line.period.map(|place| known[usize::from(place)]) else { continue };
        line.period = Some(u16::try_from(books.periods.len()).unwrap());
        books.periods.push(Period { id: 700_000 + i32::try_from(number).unwrap(), ..period });
    }
    let desk = desk(Options::fast(1, 1)).await;
    desk.sim.replace(books);
    let report = desk.refresh(&paged).await;
    assert_eq!((report.status, report.lines), (Status::Succeeded, counts));
    assert!(desk.data_files() == calm.data_files());
}
