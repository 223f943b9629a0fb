//! What a reader asks who does not list everything: rows by new ids, by known ids, and vouchers by when they were changed.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};
use xledger_sim::history::{Chosen, Deletion, Entry, Event, LineChange, Posting};
use xledger_sim::{Company, Options, start};

/// 2026-11-21T00:00:00 in UTC, an hour later on the wall.
const AT: i64 = 1_795_219_200;
const CHOSEN: Chosen = Chosen { count: 3, by: 1 };
const HEADERS: &str = "dbId modifiedAt transactionSource { dbId }";
const INDEX: &str = "dbId ownerDbId accountDbId matchId period { year monthNumber } \
    header { dbId modifiedAt transactionSource { dbId code description } }";

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["dbId"].as_i64().or_else(|| row["dbId"].as_str()?.parse().ok()).unwrap()).collect()
}

/// The vouchers that differ, by their ids.
fn changed(before: &Company, after: &Company) -> Vec<i64> {
    let was = |id| before.vouchers.iter().find(|voucher| voucher.id == id).and_then(|voucher| voucher.modified_at);
    let changed = after.vouchers.iter().filter(|voucher| was(voucher.id) != voucher.modified_at);
    changed.map(|voucher| voucher.id.into()).collect()
}

#[tokio::test]
async fn new_rows_come_by_a_greater_id_page_by_page() {
    let server = serve(|_| {}).await;
    let before = server.company();
    let post = Event::Posted { what: Posting::Invoice, months_back: 14, chosen: CHOSEN };
    server.replace(before.after(&post, AT));
    let after = server.company();
    let (line, payable) = (before.lines.last().unwrap().id, before.ap_lines.last().unwrap().id);
    let arguments = format!("ownerSet: MINE, filter: {{dbId_gt: \"{line}\"}}");
    for rows in [2, 10_000] {
        let new = all(&server, "transactions", &arguments, INDEX, rows).await;
        assert_eq!(ids(&new), after.lines[before.lines.len()..].iter().map(|line| line.id).collect::<Vec<_>>());
        assert!(new.iter().all(|line| line["period"]["year"] == json!(2025)), "{new:?}");
        let arguments = format!("ownerSet: MINE, filter: {{dbId_gt: {payable}}}");
        let new = all(&server, "apTransactions", &arguments, "dbId", rows).await;
        assert_eq!(new.len(), after.ap_lines.len() - before.ap_lines.len());
    }
    let none = format!("ownerSet: MINE, filter: {{dbId_gt: \"{}\"}}", after.lines.last().unwrap().id);
    assert_eq!(all(&server, "transactions", &none, INDEX, 100).await, Vec::<Value>::new());
    assert_eq!(server.journal().payroll_violations(), []);
}

#[tokio::test]
async fn changed_vouchers_come_by_their_time() {
    let server = serve(|_| {}).await;
    let before = server.company();
    server.replace(before.after(&Event::Changed { what: LineChange::Amount, chosen: CHOSEN }, AT));
    let expected = changed(&before, &server.company());
    assert_eq!(expected.len(), 3);
    let since = |time: &str| format!("ownerSet: MINE, filter: {{modifiedAt_gte: \"{time}\"}}");
    for rows in [1, 100] {
        let headers = all(&server, "journalHeaders", &since("2026-11-21T01:00:00"), HEADERS, rows).await;
        assert_eq!(ids(&headers), expected);
        assert!(headers.iter().all(|header| header["modifiedAt"] == json!("2026-11-21T01:00:00")), "{headers:?}");
    }
    assert_eq!(all(&server, "journalHeaders", &since("2026-11-21T01:00:01"), HEADERS, 100).await, Vec::<Value>::new());
    // The first pass of the hour that comes twice, at its end, and the second at its beginning: 00:59:59 and 01:00:00 UTC.
    let post = Event::Posted { what: Posting::Bank, months_back: 0, chosen: Chosen { count: 1, by: 0 } };
    server.replace(before.after(&post, 1_792_889_999).after(&post, 1_792_890_000));
    let late = all(&server, "journalHeaders", &since("2026-10-25T02:30:00"), HEADERS, 100).await;
    let both = all(&server, "journalHeaders", &since("2026-10-25T02:00:00"), HEADERS, 100).await;
    let times = |headers: &[Value]| headers.iter().map(|header| header["modifiedAt"].clone()).collect::<Vec<_>>();
    assert!(
        times(&late).contains(&json!("2026-10-25T02:59:59")) && !times(&late).contains(&json!("2026-10-25T02:00:00"))
    );
    assert!(times(&both).contains(&json!("2026-10-25T02:00:00")));
}

#[tokio::test]
async fn what_is_gone_does_not_come_by_its_id_and_no_header_names_it() {
    let server = serve(|_| {}).await;
    let before = server.company();
    server.replace(before.after(&Event::Deleted { what: Deletion::Voucher, moves: false, chosen: CHOSEN }, AT));
    let after = server.company();
    let gone: Vec<_> = before.lines.iter().filter(|line| after.line(line.id).is_none()).collect();
    assert!(gone.len() >= 6);
    let asked: Vec<String> =
        gone.iter().map(|line| line.id.to_string()).chain([after.lines[0].id.to_string()]).collect();
    let query = format!(
        "query($filter: Transaction_Filter) {{ transactions(first: 100, ownerSet: MINE, filter: $filter) {{ edges {{ node {{ {INDEX} }} }} }} }}"
    );
    let answer = ask_with(&server, &query, json!({ "filter": { "dbId_in": asked } })).await;
    assert_eq!(ids(&nodes(&answer, "transactions")), [after.lines[0].id]);
    let headers = ids(&all(&server, "journalHeaders", "ownerSet: MINE", "dbId", 10_000).await);
    assert!(gone.iter().all(|line| !headers.contains(&before.voucher(line).id.into())));
}

#[tokio::test]
async fn vouchers_by_id_type_and_time_are_no_violation_and_their_texts_are() {
    let server = serve(|_| {}).await;
    let all_of = |fields| all(&server, "journalHeaders", "ownerSet: MINE", fields, 10_000);
    all_of("dbId modifiedAt transactionSource { dbId code description }").await;
    assert_eq!(server.journal().payroll_violations(), []);
    all_of("dbId text").await;
    let payroll =
        server.company().vouchers.iter().filter(|of| of.payroll && server.company().reaches(of.owner)).count();
    assert_eq!(server.journal().payroll_violations().len(), payroll);
    assert_eq!(server.journal().payroll_violations()[0].fields, ["text"]);
}

#[tokio::test]
async fn a_document_type_is_called_what_it_is_called_now() {
    let server = serve(|_| {}).await;
    let all_types = Chosen { count: 3, by: 0 };
    let before = server.company();
    server.replace(before.after(&Event::Registered { what: Entry::TypeToPayroll, chosen: all_types }, AT));
    let rows = all(&server, "journalHeaders", "ownerSet: MINE", "transactionSource { code description }", 10_000).await;
    let of = |code: &str| rows.iter().find(|row| row["transactionSource"]["code"] == json!(code)).unwrap();
    for code in ["AP", "BA", "ER"] {
        assert!(of(code)["transactionSource"]["description"].as_str().unwrap().contains("lønn"), "{code}");
    }
    assert_eq!(of("AR")["transactionSource"]["description"], json!("Kundefaktura"));
}

#[tokio::test]
async fn each_of_these_can_be_taken_from_the_schema() {
    let cases = [
        ("Query.journalHeaders", "{ journalHeaders { edges { node { dbId } } } }"),
        (
            "TransactionHeader_Filter.modifiedAt_gte",
            "{ journalHeaders(filter: {modifiedAt_gte: \"2026-01-01T00:00:00\"}) { edges { node { dbId } } } }",
        ),
        ("Transaction_Filter.dbId_gt", "{ transactions(filter: {dbId_gt: \"1\"}) { edges { node { dbId } } } }"),
        ("APTransaction_Filter.dbId_gt", "{ apTransactions(filter: {dbId_gt: 1}) { edges { node { dbId } } } }"),
        ("TransactionHeader.modifiedAt", "{ transactions { edges { node { header { modifiedAt } } } } }"),
    ];
    for (lacks, query) in cases {
        let mut options = Options::fast(300, 1);
        assert!(ask(&start(options.clone()).await.unwrap(), query).await.get("errors").is_none(), "{lacks}");
        options.schema.lacks = [lacks.to_owned()].into();
        let answer = ask(&start(options).await.unwrap(), query).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert!(
            ["FIELDS_ON_CORRECT_TYPE", "ARGUMENTS_OF_CORRECT_TYPE"].iter().any(|of| code == of),
            "{lacks}: {answer}"
        );
    }
}

#[tokio::test]
async fn the_journal_adds_up_each_operation() {
    let server = serve(|_| {}).await;
    for first in [10, 20] {
        ask(&server, &format!("query Lines {{ transactions(first: {first}) {{ edges {{ node {{ dbId }} }} }} }}"))
            .await;
    }
    ask(&server, "{ accounts(first: 3) { edges { node { dbId } } } }").await;
    let sums = server.journal().by_operation();
    assert_eq!(sums.keys().map(String::as_str).collect::<Vec<_>>(), ["", "Lines"]);
    assert_eq!((sums["Lines"].requests, sums["Lines"].rows, sums[""].rows), (2, 30, 3));
    let (lines, nameless, all) = (&sums["Lines"], &sums[""], server.journal().totals());
    assert_eq!(lines.bytes_down + nameless.bytes_down, all.bytes_down);
    assert!(lines.bytes_down > nameless.bytes_down);
}
