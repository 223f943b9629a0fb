//! A probe holds what is known of Xledger against what it says and does, and tells no row, no name and no token.

use crate::desk::Desk;
use std::time::Duration;
use xledger_sim::{DEFAULT_TOKEN, Options, PAYROLL_MARKER, Scenario};
use xledger_spend::run::probe::{Finding, Probed};

async fn probe(desk: &Desk) -> Probed {
    let aws = aws_config::SdkConfig::builder().build();
    desk.run(Duration::from_secs(120)).probe(&desk.settings(&[]), &aws).await.unwrap()
}

fn found(probed: &Probed, fact: &str) -> (Finding, Option<String>) {
    let fact = probed.facts.iter().find(|known| known.fact.contains(fact)).unwrap_or_else(|| panic!("{fact}"));
    (fact.found, fact.detail.clone())
}

#[tokio::test]
async fn what_is_known_is_verified() {
    let desk = Desk::new(Options::fast(12_000, 3)).await;
    let probed = probe(&desk).await;
    assert_eq!(found(&probed, "10,000 ledger lines"), (Finding::Confirmed, None));
    assert_eq!(found(&probed, "of more than 10,000 rows"), (Finding::GuessConfirmed, None));
    assert_eq!(found(&probed, "Owner has currency").0, Finding::Missing);
    assert_eq!(found(&probed, "Query has recentTransactions").0, Finding::Missing);
    assert_eq!(found(&probed, "SPEND_DOCUMENT_TYPES keeps").0, Finding::GuessConfirmed);
    let different: Vec<_> = probed.facts.iter().filter(|fact| fact.found == Finding::Different).collect();
    assert!(different.is_empty(), "{different:?}");
    assert!(probed.in_the_way.is_empty() && probed.timings.len() >= 4, "{probed:?}");

    let told = serde_json::to_string(&probed).unwrap();
    assert!(!told.contains(DEFAULT_TOKEN) && !told.contains(PAYROLL_MARKER));
    let books = desk.sim.company();
    let suppliers = books.subledgers.iter().filter_map(|supplier| supplier.name.as_deref());
    assert!(suppliers.filter(|name| name.len() > 4).all(|name| !told.contains(name)));
    assert_eq!(desk.sim.journal().payroll_violations(), []);
    assert!(probed.api.requests < 12, "{}", probed.api.requests);
    assert_eq!(desk.all_files().len(), 0);
}

#[tokio::test]
async fn what_is_otherwise_is_told() {
    let scenario = |name: &str| Scenario::named(name).unwrap().options(1.0);
    let mut odd = Options::fast(3_000, 3);
    odd.dialect = scenario("odd-wire").dialect;
    odd.dialect.wide_ids = true;
    odd.dialect.owner_currency = true;
    odd.gzip_level = 0;
    let probed = probe(&Desk::new(odd).await).await;
    let differs = |detail: &str| (Finding::Different, Some(detail.to_owned()));
    assert_eq!(found(&probed, "Supplier has dbId"), differs("of type Int64String"));
    assert_eq!(found(&probed, "a cursor is"), differs("composite, with a dot"));
    assert_eq!(found(&probed, "rows come by dbId"), differs("in no order of ids"));
    assert_eq!(found(&probed, "an empty connection"), differs("the edges are []"));
    assert_eq!(found(&probed, "answers come compressed"), differs("they come plain"));
    assert_eq!(found(&probed, "Owner has currency").0, Finding::GuessConfirmed);
    assert_eq!(found(&probed, "10,000 ledger lines").0, Finding::NotTried);

    let mut closed = Options::fast(3_000, 3);
    closed.dialect.closed_introspection = true;
    closed.timeout_rows = Some(1_000);
    let probed = probe(&Desk::new(closed).await).await;
    assert_eq!(found(&probed, "introspection answers").0, Finding::Different);
    assert_eq!(found(&probed, "10,000 ledger lines"), differs("625 at most"));

    let mut full = Options::fast(12_000, 3);
    full.dialect.no_next_at_cap = true;
    let probed = probe(&Desk::new(full).await).await;
    for fact in ["10,000 ledger lines", "of more than 10,000 rows"] {
        let (finding, detail) = found(&probed, fact);
        assert!(
            finding == Finding::Different && detail.clone().unwrap().contains("hasNextPage is wrong"),
            "{detail:?}"
        );
    }

    let demanding = Scenario::named("extra-argument").unwrap().options(1.0);
    let probed = probe(&Desk::new(demanding).await).await;
    assert_eq!(found(&probed, "no root demands an argument").0, Finding::Different);
    assert_eq!(probed.in_the_way.len(), 1, "{:?}", probed.in_the_way);
    assert!(probed.table.iter().any(|line| line.contains("In the way of a refresh")), "{:?}", probed.table);
}
