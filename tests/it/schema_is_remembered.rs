//! The schema is read once a month, not once a run; and a token of another owner is noticed.

use crate::desk::Desk;
use std::sync::Arc;
use xledger_sim::Options;
use xledger_spend::model::failure::FailureKind;
use xledger_spend::table::runs::Status;

/// How often the schema was asked for.
fn schema_questions(sim: &xledger_sim::Running) -> usize {
    let exchanges = sim.journal().exchanges();
    exchanges.iter().filter(|exchange| exchange.operation.as_deref() == Some("Dialect")).count()
}

#[tokio::test]
async fn it_is_asked_for_once_and_again_when_it_has_changed() {
    let mut desk = Desk::new(Options::fast(800, 4)).await;
    for _ in 0..2 {
        assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    }
    assert_eq!(schema_questions(&desk.sim), 1);
    let tables = desk.data_files();

    // The same company behind the same address, and ids of another type.
    let address = desk.sim.endpoint().trim_start_matches("http://").trim_end_matches("/graphql").parse().unwrap();
    let books: Arc<xledger_sim::Company> = desk.sim.company();
    let mut options = Options { listen: address, ..Options::fast(800, 4) };
    options.dialect.wide_ids = true;
    options.schema.lacks.insert("Transaction.taxRule".to_owned());
    let old = std::mem::replace(&mut desk.sim, xledger_sim::start(Options::fast(1, 1)).await.unwrap());
    old.stop().await;
    desk.sim = xledger_sim::start_with(options, books).await.unwrap();
    let report = desk.refresh(&[]).await;
    assert_eq!((report.status, &report.error), (Status::Succeeded, &None));
    let lost: Vec<&str> = report.lost.iter().map(|lost| lost.field.as_str()).collect();
    assert_eq!(lost, ["transactions.taxRule"]);
    assert_eq!(desk.data_files().len(), tables.len());
}

#[tokio::test]
async fn a_token_of_another_owner_changes_nothing() {
    let mut desk = Desk::new(Options::fast(800, 4)).await;
    assert_eq!(desk.refresh(&[]).await.status, Status::Succeeded);
    let tables = desk.data_files();
    let mut books = xledger_sim::Company::generate(800, 4);
    books.owners[0].id += 1;
    desk.sim = xledger_sim::start_with(Options::fast(800, 4), Arc::new(books)).await.unwrap();
    let error = desk.refresh(&[]).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::OwnerChanged, "{}", error.message);
    assert!(error.message.contains("LAKE_URL"), "{}", error.message);
    assert!(desk.data_files() == tables);
}
