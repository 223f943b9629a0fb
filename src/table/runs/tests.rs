use super::*;

fn row() -> Row<'static> {
    Row {
        run_id: "20261121T013000Z-1",
        snapshot: None,
        action: "refresh",
        mode: Some("full"),
        status: Status::DryRun,
        started_at: Time(Instant(1_795_000_000_007)),
        finished_at: Time(Instant(1_795_000_060_120)),
        lines_listed: Some(10),
        lines_kept: None,
        lines_fetched: None,
        excluded_payroll: None,
        refused: None,
        excluded_document_type: None,
        excluded_account: None,
        excluded_history: None,
        lines_without_account_number: None,
        suppliers: None,
        api_requests: 3,
        api_bytes_down: 4,
        api_waited_ms: 0,
        error_kind: None,
        error_message: Some("linje 1\nlinje 2"),
        refresh_id: None,
        checks_warned: Some(2),
        checks_failed: Some(0),
        checks: Some(CheckNames("dates,vat_rates".to_owned())),
    }
}

#[test]
fn a_run_is_one_line_with_the_columns_in_order() {
    assert_eq!(
        serde_json::to_string(&row()).unwrap(),
        concat!(
            r#"{"run_id":"20261121T013000Z-1","snapshot":null,"action":"refresh","mode":"full","status":"dry_run","#,
            r#""started_at":"2026-11-18 11:06:40.007","finished_at":"2026-11-18 11:07:40.120","#,
            r#""lines_listed":10,"lines_kept":null,"lines_fetched":null,"excluded_payroll":null,"refused":null,"#,
            r#""excluded_document_type":null,"excluded_account":null,"excluded_history":null,"#,
            r#""lines_without_account_number":null,"suppliers":null,"api_requests":3,"api_bytes_down":4,"api_waited_ms":0,"#,
            r#""error_kind":null,"error_message":"linje 1\nlinje 2","#,
            r#""refresh_id":null,"checks_warned":2,"checks_failed":0,"checks":"dates,vat_rates"}"#
        )
    );
}

/// The columns as the contract states them, written out once more by hand.
#[test]
fn the_columns_are_the_contract() {
    let expected = "run_id string, snapshot string, action string, mode string, status string, started_at timestamp, \
        finished_at timestamp, lines_listed bigint, lines_kept bigint, lines_fetched bigint, excluded_payroll bigint, \
        refused bigint, excluded_document_type bigint, excluded_account bigint, excluded_history bigint, \
        lines_without_account_number bigint, suppliers bigint, api_requests bigint, api_bytes_down bigint, \
        api_waited_ms bigint, error_kind string, error_message string, refresh_id string, \
        checks_warned bigint, checks_failed bigint, checks string";
    let columns: Vec<_> =
        table().columns.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
    assert_eq!(columns.join(", "), expected);
}

#[test]
fn the_words_of_a_status_are_one() {
    for status in [Status::Succeeded, Status::Incomplete, Status::Failed, Status::DryRun, Status::WaitingForToken] {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
}
