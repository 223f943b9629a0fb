//! What a query may say, and what is answered if it may not.

use crate::client::{all, ask, ask_with, nodes, serve};
use serde_json::{Value, json};

type Holds = fn(&Value) -> bool;

fn code(answer: &Value) -> &str {
    assert!(answer.get("data").is_none(), "{answer}");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn what_the_schema_does_not_have_is_refused() {
    let server = serve(|_| {}).await;
    let cases = [
        ("{ transactions { edges { node { supplier } } } }", "FIELDS_ON_CORRECT_TYPE"),
        ("{ transactions { edges { node { modifiedAt } } } }", "FIELDS_ON_CORRECT_TYPE"),
        ("{ transactions { totalCount } }", "FIELDS_ON_CORRECT_TYPE"),
        ("{ recentTransactions { edges { cursor } } }", "FIELDS_ON_CORRECT_TYPE"),
        ("{ entities { edges { node { currency { code } } } } }", "FIELDS_ON_CORRECT_TYPE"),
        (
            "{ transactions(filter: {modifiedAt_gte: \"2024-01-01T00:00:00\"}) { edges { cursor } } }",
            "ARGUMENTS_OF_CORRECT_TYPE",
        ),
        ("{ transactions(filter: {dbId_not: \"1\"}) { edges { cursor } } }", "ARGUMENTS_OF_CORRECT_TYPE"),
        ("{ transactions(filter: {dbId_in: [5]}) { edges { cursor } } }", "INVALID_VALUE"),
        ("{ suppliers(filter: {dbId_in: [\"5\"]}) { edges { cursor } } }", "ARGUMENTS_OF_CORRECT_TYPE"),
        ("{ transactions(ownerSet: EVERYONE) { edges { cursor } } }", "ARGUMENTS_OF_CORRECT_TYPE"),
        ("{ transactions(limit: 5) { edges { cursor } } }", "KNOWN_ARGUMENT_NAMES"),
        ("{ apTransactions(filter: {invoiceDate_gte: \"1.2.2024\"}) { edges { cursor } } }", "INVALID_VALUE"),
        ("{ transactions(after: \"x\") { edges { cursor } } }", "INVALID_VALUE"),
        ("{ transactions(", "SYNTAX_ERROR"),
    ];
    for (query, expected) in cases {
        assert_eq!(code(&ask(&server, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_variable_of_the_wrong_type_rejects_the_query() {
    let server = serve(|_| {}).await;
    let query =
        |ty: &str| format!("query($ids: {ty}) {{ transactions(filter: {{dbId_in: $ids}}) {{ edges {{ cursor }} }} }}");
    assert_eq!(code(&ask_with(&server, &query("[Int!]"), json!({ "ids": [1] })).await), "ARGUMENTS_OF_CORRECT_TYPE");
    assert_eq!(code(&ask_with(&server, &query("[Int64String!]"), json!({ "ids": [1] })).await), "INVALID_VALUE");
    let right = ask_with(&server, &query("[Int64String!]"), json!({ "ids": ["1"] })).await;
    assert_eq!(right["data"]["transactions"]["edges"], Value::Null);
    let filter = "query($filter: Supplier_Filter) { suppliers(filter: $filter) { edges { cursor } } }";
    let unknown = json!({ "filter": { "dbId_like": 5 } });
    assert_eq!(code(&ask_with(&server, filter, unknown).await), "INVALID_VALUE");
}

#[tokio::test]
async fn filters_choose_rows() {
    let server = serve(|_| {}).await;
    let rows = all(&server, "apTransactions", "ownerSet: MINE", "dbId invoiceDate amount matchId", 10_000).await;
    let expect = |holds: Holds| -> Vec<&Value> { rows.iter().filter(|row| holds(row)).collect() };
    let cases: [(&str, Holds); 4] = [
        ("{invoiceDate_gte: \"2024-01-01\", invoiceDate_lt: \"2025-01-01\"}", |row| {
            row["invoiceDate"].as_str().is_some_and(|date| date.starts_with("2024"))
        }),
        ("{invoiceDate: null}", |row| row["invoiceDate"].is_null()),
        ("{OR: [{matchId: 501}, {amount_lt: \"-10000.00\"}]}", |row| {
            row["matchId"] == json!(501) || row["amount"].as_str().unwrap().parse::<f64>().unwrap() < -10_000.0
        }),
        ("{AND: [{matchId_gt: 0}, {amount_gte: \"0\"}]}", |row| {
            row["matchId"] != json!(0) && !row["amount"].as_str().unwrap().starts_with('-')
        }),
    ];
    for (filter, holds) in cases {
        let arguments = format!("ownerSet: MINE, filter: {filter}");
        let found = all(&server, "apTransactions", &arguments, "dbId invoiceDate amount matchId", 10_000).await;
        assert!(!found.is_empty(), "{filter}");
        assert_eq!(found.iter().collect::<Vec<_>>(), expect(holds), "{filter}");
    }
}

#[tokio::test]
async fn rows_are_found_by_their_ids() {
    let server = serve(|_| {}).await;
    let rows = all(&server, "transactions", "ownerSet: MINE", "dbId amount", 10_000).await;
    let ids: Vec<_> = rows.iter().step_by(7).map(|row| row["dbId"].clone()).collect();
    let query = "query($ids: [Int64String!]) { transactions(first: 10000, ownerSet: MINE, filter: {dbId_in: $ids}) \
                 { edges { node { dbId amount } } pageInfo { hasNextPage } } }";
    let answer = ask_with(&server, query, json!({ "ids": ids })).await;
    let expected: Vec<_> = rows.iter().step_by(7).cloned().collect();
    assert_eq!(nodes(&answer, "transactions"), expected);
    assert_eq!(answer["data"]["transactions"]["pageInfo"]["hasNextPage"], json!(false));
}

#[tokio::test]
async fn the_identity_probe_and_fragments_and_aliases_answer() {
    let server = serve(|_| {}).await;
    let answer = ask(&server, "query { viewer { entity { ownerDbId company { dbId } } } }").await;
    assert_eq!(answer["data"]["viewer"]["entity"]["ownerDbId"], json!(4242));
    let query = "query Q($no: Boolean!) { a: accounts(first: 1) { __typename edges { node { ...F code @skip(if: $no) } } } \
                 b: accounts(first: 2) { edges { node { dbId } } } } fragment F on Account { id: dbId }";
    let answer = ask_with(&server, query, json!({ "no": true })).await;
    assert_eq!(
        answer["data"]["a"],
        json!({ "__typename": "AccountConnection", "edges": [{ "node": { "id": 50100 } }] })
    );
    assert_eq!(nodes(&answer, "b").len(), 2);
}

#[tokio::test]
async fn introspection_tells_the_type_of_ids() {
    let server = serve(|_| {}).await;
    let query = "{ __type(name: \"Transaction_Filter\") { inputFields { name type { ofType { ofType { name } } } } } }";
    let answer = ask(&server, query).await;
    let fields = answer["data"]["__type"]["inputFields"].as_array().unwrap();
    let ids = fields.iter().find(|field| field["name"] == "dbId_in").unwrap();
    assert_eq!(ids["type"]["ofType"]["ofType"]["name"], json!("Int64String"));
    assert!(fields.iter().all(|field| field["name"] != "dbId_not"));
}

#[tokio::test]
async fn a_filter_that_lacks_a_key_refuses_it_whether_introspection_tells_or_not() {
    for closed in [false, true] {
        let server = serve(|options| {
            options.dialect.closed_introspection = closed;
            let keys = ["Transaction_Filter.dbId_lte", "APTransaction_Filter.dbId_lte"];
            options.schema.lacks.extend(keys.map(str::to_owned));
        })
        .await;
        for (root, ty, id) in
            [("transactions", "Transaction_Filter", json!("5")), ("apTransactions", "APTransaction_Filter", json!(5))]
        {
            let query = format!("query($f: {ty}) {{ {root}(first: 1, filter: $f) {{ edges {{ cursor }} }} }}");
            let ask = async |filter: Value| ask_with(&server, &query, json!({ "f": filter })).await;
            assert_eq!(code(&ask(json!({ "dbId_gt": id, "dbId_lte": id })).await), "INVALID_VALUE");
            assert!(ask(json!({ "dbId_gt": id })).await.get("errors").is_none());
            let inline = format!("{{ {root}(filter: {{dbId_lte: {id}}}) {{ edges {{ cursor }} }} }}");
            assert_eq!(code(&ask_with(&server, &inline, json!({})).await), "ARGUMENTS_OF_CORRECT_TYPE");
            let keys = ask_with(
                &server,
                "query($name: String!) { __type(name: $name) { inputFields { name } } }",
                json!({ "name": ty }),
            )
            .await;
            if closed {
                assert_eq!(keys["errors"][0]["code"], json!("FORBIDDEN"));
            } else {
                let keys = keys["data"]["__type"]["inputFields"].as_array().unwrap();
                assert!(keys.contains(&json!({ "name": "dbId_gt" })) && !keys.contains(&json!({ "name": "dbId_lte" })));
            }
        }
    }
}

#[tokio::test]
async fn every_root_answers() {
    let server = serve(|options| {
        options.dialect.extra_rights.insert("PeriodStatusItem".to_owned());
    })
    .await;
    let roots = [
        "transactions",
        "apTransactions",
        "suppliers",
        "accounts",
        "journalHeaders",
        "companies",
        "contacts",
        "countries",
        "currencies",
        "objectValues",
        "objectKinds",
        "subledgers",
        "entities",
        "periodStatusItems",
    ];
    for root in roots {
        let rows = all(&server, root, "ownerSet: MINE", "dbId", 10_000).await;
        assert!(!rows.is_empty(), "{root}");
    }
    for root in ["transaction_deltas", "apTransaction_deltas", "supplier_deltas"] {
        let answer =
            ask(&server, &format!("{{ {root}(first: 5) {{ edges {{ node {{ dbId mutationType }} }} }} }}")).await;
        assert_eq!(answer["data"][root]["edges"], Value::Null);
    }
}
