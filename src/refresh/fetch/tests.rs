use serde_json::Map;

use super::*;
use crate::model::line::{Line, Payable};
use crate::model::listed::{DocumentType, ListedLine};
use crate::model::text_pool::PooledText;
use crate::model::value::Month;
use crate::refresh::chart::{Account, Chart};
use crate::refresh::index::{Ledger, Payables, References};
use crate::refresh::rules::Rules;
use crate::refresh::screen::screen;
use crate::xledger::Client;
use crate::xledger::node::{LedgerLineNode, PayableLineNode};

/// A screen that keeps line 1 on account 3 in voucher 7, where match 9 of owner 1 is payroll.
fn a_screen() -> (Screen, References) {
    let account = |code| Account::coded(Some(code));
    let chart: Chart = [(3, account("4300")), (4, account("5000")), (5, account("2930"))].into_iter().collect();
    let kind = |id, code: &str| DocumentType { id: Some(id), code: Some(code.into()), description: None };
    let entry = |id, account, match_id, document_type| ListedLine {
        id,
        owner: 1,
        voucher: 6 + id,
        account,
        match_id,
        modified_at: None.into(),
        period: 1,
        document_type,
    };
    let ledger = Ledger {
        entries: vec![entry(1, 3, 0, 0), entry(2, 5, 9, 1)],
        references: References::of(
            1,
            vec![kind(800, "AP"), kind(802, "LØ"), kind(803, "GL")],
            &[None, Month::new(2026, 5), Month::new(2026, 6)],
        ),
    };
    let screen = screen(Rules::default(), chart, &ledger, &Payables::default()).screen;
    (screen, ledger.references)
}

/// Whether the rules keep a line as it came.
fn judged(work: impl FnOnce(&Fetch<'_>) -> Result<bool, Failure>) -> Result<bool, FailureKind> {
    let (client, base, (screen, references)) = (Client::of_nobody(), Map::new(), a_screen());
    let context = ListContext { client: &client, base: &base, page_rows: 1 };
    let (kinds, mut pool) = (references.document_types.all(), TextPool::default());
    let types: Vec<(PooledText, PooledText)> = kinds.iter().map(|kind| pool.of_type(kind)).collect();
    let listing = Listing { began_at: Instant(0), references: &references, types: &types, screen: &screen };
    let fetch = Fetch { context, listing, expires_at: Instant(i64::MAX), takes_other_times: false };
    work(&fetch).map_err(|failure| failure.kind)
}

#[test]
fn a_ledger_line_is_judged_again_as_it_comes() {
    let kept = r#"{"dbId":"1","ownerDbId":1,"accountDbId":3,"matchId":0,"period":{"year":2026,"monthNumber":5},
        "header":{"dbId":7,"transactionSource":{"dbId":800,"code":"AP"}},"text":"Kari","amount":"7.00"}"#;
    let by_nesting = r#""period":{"year":2026,"monthNumber":5},
        "header":{"dbId":7,"transactionSource":{"dbId":800,"code":"AP"}}"#;
    let by_ids = r#""periodId":1,"header":{"dbId":7,"transactionSource":{"dbId":800}}"#;
    for (change, to, kind) in [
        ("", "", Ok(true)),
        (r#""code":"AP""#, r#""code":"LØ""#, Err(FailureKind::PayrollReceived)),
        (r#""code":"AP""#, r#""code":"AP","description":"Variabel lønn""#, Err(FailureKind::PayrollReceived)),
        (r#""accountDbId":3"#, r#""accountDbId":4"#, Err(FailureKind::PayrollReceived)),
        (r#""matchId":0"#, r#""matchId":9"#, Err(FailureKind::PayrollReceived)),
        (r#""accountDbId":3"#, r#""accountDbId":99"#, Ok(false)),
        (r#""code":"AP""#, r#""code":"GL""#, Ok(false)),
        (r#""monthNumber":5"#, r#""monthNumber":null"#, Ok(false)),
        // By ids alone.
        (by_nesting, by_ids, Ok(true)),
        (by_nesting, &by_ids.replace("800", "802"), Err(FailureKind::PayrollReceived)),
        (by_nesting, &by_ids.replace("800", "803"), Ok(false)),
        // Nobody knows what it is.
        (by_nesting, &by_ids.replace("800", "804"), Ok(false)),
        (by_nesting, &by_ids.replace(r#""periodId":1"#, r#""periodId":9"#), Ok(false)),
        (by_nesting, &by_ids.replace(r#""periodId":1"#, r#""periodId":null"#), Ok(false)),
    ] {
        let node: LedgerLineNode = serde_json::from_str(&kept.replace(change, to)).unwrap();
        assert_eq!(
            judged(|fetch| Line::receive(fetch, node, &mut TextPool::default()).map(|(_, is_kept)| is_kept)),
            kind,
            "{to}"
        );
    }
}

#[test]
fn an_ap_line_is_judged_again_as_it_comes() {
    let kept =
        r#"{"dbId":1,"ownerDbId":1,"matchId":0,"headerTransactionSourceDbId":800,"transactionHeader":{"dbId":7}}"#;
    for (change, to, kind) in [
        ("", "", Ok(true)),
        (r#"Id":800"#, r#"Id":802"#, Err(FailureKind::PayrollReceived)),
        (r#""matchId":0"#, r#""matchId":9"#, Err(FailureKind::PayrollReceived)),
        (r#"{"dbId":7}"#, r#"{"dbId":8}"#, Err(FailureKind::PayrollReceived)),
        (r#"{"dbId":7}"#, "null", Ok(false)),
    ] {
        let node: PayableLineNode = serde_json::from_str(&kept.replacen(change, to, 1)).unwrap();
        assert_eq!(
            judged(|fetch| Payable::receive(fetch, node, &mut TextPool::default()).map(|(_, is_kept)| is_kept)),
            kind,
            "{to}"
        );
    }
}
