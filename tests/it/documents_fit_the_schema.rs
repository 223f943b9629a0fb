//! Every document that is sent is valid by the schema file that is shared with the simulator, and none asks for payroll roots.

use apollo_compiler::{ExecutableDocument, Schema};
use xledger_spend::xledger::query::ALL;

const SCHEMA: &str = include_str!("../../crates/xledger-sim/schema.graphql");

#[test]
fn every_document_is_valid() {
    let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
    assert!(ALL.len() > 12);
    for query in ALL {
        let document = ExecutableDocument::parse_and_validate(&schema, query.document, query.name)
            .unwrap_or_else(|faults| panic!("{}: {}", query.name, faults.errors));
        let names: Vec<_> = document.operations.named.keys().map(ToString::to_string).collect();
        assert_eq!(
            (names.as_slice(), document.operations.anonymous.is_none()),
            ([query.name.to_owned()].as_slice(), true)
        );
    }
}

#[test]
fn a_wrong_field_would_be_noticed() {
    let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
    let wrong = "query Q { transactions(first: 1) { edges { node { supplier } } } }";
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "wrong").is_err());
}

#[test]
fn the_lists_ask_for_index_fields_alone() {
    let allowed = [
        "dbId",
        "ownerDbId",
        "accountDbId",
        "matchId",
        "periodId",
        "year",
        "monthNumber",
        "fiscalYear",
        "fiscalPeriod",
        "modifiedAt",
        "code",
        "description",
        "headerTransactionSourceDbId", // fields
        "edges",
        "cursor",
        "node",
        "pageInfo",
        "hasNextPage",
        "period",
        "header",
        "transactionSource",
        "transactionHeader",
        "transactions",
        "apTransactions",
    ];
    // And what is asked of example lines, which may be payroll.
    for name in ["LedgerIndex", "PayableIndex", "LedgerReferences"] {
        let query = ALL.iter().find(|query| query.name == name).unwrap();
        let body: String =
            query.document.lines().skip_while(|line| !line.starts_with("query")).skip(1).collect::<Vec<_>>().join("\n");
        let body = body.replacen(&body[body.find('(').unwrap()..=body.find(')').unwrap()], "", 1);
        for word in body.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            assert!(allowed.contains(&word), "{name} asks for {word}");
        }
    }
}
