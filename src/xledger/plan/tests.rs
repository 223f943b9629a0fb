use super::*;
use crate::xledger::optional::is_within;

fn at(query: Query, field: &str) -> usize {
    OPTIONAL.iter().position(|optional| optional.query == query && optional.fields.contains(&field)).unwrap()
}

fn lost(plan: &QueryPlan) -> Vec<[String; 2]> {
    plan.lost_fields().into_iter().map(|lost| [lost.field, lost.right]).collect()
}

/// Loses every part of a query within one of these paths.
fn lose(plan: &QueryPlan, query: Query, within: &[&str]) {
    let places: Vec<usize> = parts(query).iter().filter_map(|part| part.optional).collect();
    for place in places {
        if OPTIONAL[place].fields.iter().any(|field| within.iter().any(|outer| is_within(field, outer))) {
            plan.stop_asking(place, LossReason::NotAllowed);
        }
    }
}

#[test]
fn what_is_lost_is_not_asked_for() {
    let plan = QueryPlan::default();
    plan.stop_asking(at(query::SUPPLIERS, "address.country.code"), LossReason::NotAllowed);
    plan.stop_asking(at(query::SUPPLIERS, "contact"), LossReason::NotAllowed);
    let document = plan.document(query::SUPPLIERS, None).text();
    assert!(document.contains("address { streetAddress zipCode place country { description } }"), "{document}");
    assert!(!document.contains("contact"), "{document}");
    assert!(!plan.asks(query::SUPPLIERS, "address.country.code") && plan.asks(query::SUPPLIERS, "address.place"));
}

#[test]
fn the_right_that_is_missing_is_named() {
    let plan = QueryPlan::default();
    lose(&plan, query::SUPPLIERS, &["address"]);
    assert_eq!(lost(&plan), [["suppliers.address", "Address"]]);

    let plan = QueryPlan::default();
    lose(&plan, query::SUPPLIERS, &["address.country"]);
    assert_eq!(lost(&plan), [["suppliers.address.country", "Country"]]);

    // All that lies within it is refused, and nothing else.
    let plan = QueryPlan::default();
    lose(&plan, query::NAMES, &["glDimension"]);
    assert_eq!(lost(&plan), [["transactions.glDimension", "GLDimension"]]);

    // The same right is missed elsewhere.
    let plan = QueryPlan::default();
    lose(&plan, query::LEDGER_LINES, &["taxRule"]);
    lose(&plan, query::NAMES, &["glDimension"]);
    assert!(lost(&plan).iter().all(|[_, right]| right == "ObjectValue"), "{:?}", lost(&plan));
}

#[test]
fn what_accounts_lack_is_told_though_no_column_shows_it() {
    let plan = QueryPlan::default();
    plan.stop_asking(at(query::ACCOUNTS, "chartOfAccount"), LossReason::NotAllowed);
    plan.stop_asking(at(query::LEDGER_INDEX, "header.modifiedAt"), LossReason::NotInSchema);
    assert_eq!(lost(&plan), [["accounts.chartOfAccount", "Account"]]);
}

#[test]
fn what_an_earlier_run_was_refused_is_tried_once_more() {
    let plan = QueryPlan::default();
    plan.stop_asking(at(query::SUPPLIERS, "contact"), LossReason::NotAllowed);
    plan.stop_asking(at(query::SUPPLIERS, "phone"), LossReason::NotInSchema);
    let later = QueryPlan::default();
    later.restore_losses(&plan.losses());
    assert!(later.take_untried(query::ACCOUNTS).is_empty());
    assert_eq!(later.take_untried(query::SUPPLIERS), [at(query::SUPPLIERS, "contact")]);
    assert!(later.take_untried(query::SUPPLIERS).is_empty());
    assert_eq!(lost(&later), lost(&plan));
    later.ask_again(query::SUPPLIERS, &[Part { fields: vec!["contact.name".to_owned()], optional: None }]);
    assert_eq!(lost(&later), [["suppliers.phone", "Supplier"]]);
}

#[test]
fn ids_of_the_wrong_type_are_turned() {
    let plan = QueryPlan::default();
    let before = plan.filter(query::LEDGER_LINES).unwrap().ids;
    plan.toggle_id_type(query::LEDGER_LINES);
    assert_eq!(plan.filter(query::LEDGER_LINES).unwrap().ids, before.other());
}

#[test]
fn a_filter_of_another_name_is_called_by_it() {
    let plan = QueryPlan::default();
    let mut dialect = Dialect::default();
    dialect.filters.get_mut("transactions").unwrap().type_name = "LineFilter".to_owned();
    plan.adopt(dialect);
    assert!(plan.document(query::LEDGER_LINES, None).text().contains("$filter: LineFilter,"));
    assert!(plan.document(query::PAYABLE_LINES, None).text().contains("$filter: APTransaction_Filter,"));
}
