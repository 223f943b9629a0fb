use super::*;
use crate::xledger::query;

fn denied(query: Query, fields: &[&str], message: &str) -> Error {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    Error::RightMissing { query, fields, message: message.to_owned() }
}

fn invalid(message: &str) -> Error {
    Error::SchemaMismatch { query: "Q", code: String::new(), message: message.to_owned() }
}

fn lost(plan: &Plan) -> Vec<String> {
    plan.lost().into_iter().map(|lost| lost.field).collect()
}

#[test]
fn what_is_denied_is_left_out() {
    let plan = Plan::default();
    assert!(plan.learn(query::SUPPLIERS, &denied(query::SUPPLIERS, &["address.country", "contact"], "No")));
    assert!(!plan.learn(query::SUPPLIERS, &denied(query::SUPPLIERS, &["contact"], "No")));
    assert_eq!(lost(&plan), ["suppliers.address.country", "suppliers.contact"]);
    let document = plan.document(query::SUPPLIERS);
    assert!(document.contains("address{streetAddress zipCode place}") && !document.contains("contact"), "{document}");
    assert!(!plan.asks(query::SUPPLIERS, "address.country.code") && plan.asks(query::SUPPLIERS, "address.place"));
    // The root, and what is necessary.
    assert!(!plan.learn(query::SUPPLIERS, &denied(query::SUPPLIERS, &[""], "No")));
    assert!(!plan.learn(query::LEDGER_LINES, &denied(query::LEDGER_LINES, &["currency", "header"], "No")));
    assert_eq!(lost(&plan).len(), 2);
}

#[test]
fn what_needs_the_same_right_is_left_out_with_it() {
    let plan = Plan::default();
    let kind = "glDimension.glObject1.objectKind";
    assert!(plan.learn(query::NAMES, &denied(query::NAMES, &[kind], "No")));
    assert_eq!(lost(&plan).len(), 5);
    assert!(plan.learn(query::NAMES, &denied(query::NAMES, &[], "You may not read GLDimension.")));
    assert_eq!(lost(&plan), ["transactions.glDimension"]);
    assert!(plan.learn(query::LEDGER_LINES, &denied(query::LEDGER_LINES, &["text"], "No")));
    assert!(plan.document(query::LEDGER_LINES).contains("invoiceAmount"));
}

#[test]
fn a_denial_that_does_not_say_of_what_is_found_by_trying() {
    let plan = Plan::default();
    let denied = denied(query::SUPPLIERS, &[], "Access denied");
    let mut tries = 0;
    while plan.document(query::SUPPLIERS).contains("contact") {
        assert!(plan.learn(query::SUPPLIERS, &denied));
        tries += 1;
    }
    plan.answered(query::SUPPLIERS);
    assert_eq!((lost(&plan), tries), (vec!["suppliers.contact".to_owned()], 4));
    let plan = Plan::default();
    let tries = (0..).take_while(|_| plan.learn(query::SUPPLIERS, &denied)).count();
    assert_eq!(tries, 5);
    assert!(!plan.learn(query::PAYABLE_INDEX, &denied));
}

#[test]
fn what_the_schema_lacks_is_left_out() {
    let plan = Plan::default();
    assert!(plan.learn(query::LEDGER_LINES, &invalid("Cannot query field 'taxAmount' on type 'Transaction'.")));
    assert_eq!(lost(&plan), ["transactions.taxAmount"]);
    assert!(!plan.learn(query::LEDGER_LINES, &invalid("Cannot query field 'amount' on type 'Transaction'.")));
    plan.adopt(Dialect { missing: vec![("Suppliers".to_owned(), "address.country".to_owned())], ..Dialect::default() });
    assert_eq!(lost(&plan), ["transactions.taxAmount", "suppliers.address.country"]);
}

#[test]
fn ids_of_the_wrong_type_are_turned_once() {
    let plan = Plan::default();
    let before = plan.filter(query::LEDGER_LINES).ids;
    let wrong = invalid("Argument 'dbId_in' has an invalid value: expected type 'Int'.");
    assert!(plan.learn(query::LEDGER_LINES, &wrong));
    assert_eq!(plan.filter(query::LEDGER_LINES).ids, before.other());
    assert!(!plan.learn(query::LEDGER_LINES, &wrong));
}

#[test]
fn a_filter_of_another_name_is_called_by_it() {
    let plan = Plan::default();
    let mut dialect = Dialect::default();
    dialect.ledger.type_name = "LineFilter".to_owned();
    plan.adopt(dialect);
    assert!(plan.document(query::LEDGER_LINES).contains("$filter: LineFilter,"));
    assert!(plan.document(query::PAYABLE_LINES).contains("$filter: APTransaction_Filter,"));
}
