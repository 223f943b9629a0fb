use super::*;

#[test]
fn rows_are_asked_for_by_a_list_or_by_alternatives() {
    let Dialect { filters, .. } = Dialect::default();
    let (mut ledger, payables) = (filters["transactions"].clone(), &filters["apTransactions"]);
    let ids = Select::Ids(&[1, 2]);
    assert_eq!(ledger.to_json(ids), Some(json!({"dbId_in": ["1", "2"]})));
    assert_eq!(payables.to_json(Select::Ids(&[1])), Some(json!({"dbId_in": [1]})));
    ledger.list = false;
    assert_eq!(ledger.to_json(ids), Some(json!({"OR": [{"dbId": "1"}, {"dbId": "2"}]})));
    for (above, up_to, filter) in [
        (None, None, None),
        (Some(1), None, Some(json!({"dbId_gt": "1"}))),
        (None, Some(2), Some(json!({"dbId_lte": "2"}))),
        (Some(1), Some(2), Some(json!({"dbId_gt": "1", "dbId_lte": "2"}))),
    ] {
        assert_eq!(ledger.to_json(Select::Range(IdRange { above, up_to })), filter);
    }
    assert_eq!(ledger.to_json(Select::All), None);
}

#[test]
fn what_a_schema_lacks_is_found() {
    let arguments = |names: &[(&str, &str, Value)]| -> Vec<Value> {
        let argument = |(name, leaf, kind): &(&str, &str, Value)| json!({"name": name, "type": {"kind": kind, "name": null, "ofType": {"name": leaf}}, "defaultValue": null});
        names.iter().map(argument).collect()
    };
    let root = |name: &str, args: Vec<Value>| json!({"name": name, "args": args});
    let schema: Schema = serde_json::from_value(json!({
        "roots": {"queryType": {"fields": [
            root("transactions", arguments(&[("filter", "LineFilter", json!("LIST"))])),
            root("apTransactions", arguments(&[("company", "Int", json!("NON_NULL"))])),
            root("accounts", vec![]),
        ]}},
        "ownerSets": {"enumValues": [{"name": "CURRENT"}, {"name": "ALL"}]},
        "transactions": null,
        "apTransactions": null,
        "line": {"fields": [{"name": "owner", "type": {"fields": [{"name": "dbId"}, {"name": "currency"}]}}]},
    }))
    .unwrap();
    let dialect = schema.dialect();
    assert_eq!(dialect.filters["transactions"].type_name, "LineFilter");
    assert_eq!(dialect.roots, ["accounts", "apTransactions", "transactions"]);
    assert_eq!(
        dialect.unfit,
        ["`apTransactions` demands an argument `company` that is not known", "there is no root `suppliers`"]
    );
    assert!(dialect.owner_currency);
    let Err(Error::Unfit { what }) = dialect.check_fit("MINE") else { panic!() };
    assert!(what.contains("company") && what.contains("XLEDGER_OWNER_SET"), "{what}");
}
