//! A check names each missing right by its name on Xledger's token page, and shows how each document type is treated.

use crate::desk::Desk;
use xledger_sim::{MissingRight, Options};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::model::treatment::Treatment;
use xledger_spend::run::check::RightAccess;

#[tokio::test]
async fn a_good_token_is_ready() {
    let desk = Desk::new(Options::fast(4_000, 4)).await;
    let checked = desk.check(&[]).await.unwrap();
    assert!(checked.ready, "{:?}", checked.rights);
    assert!(
        checked.rights.iter().all(|right| matches!(right.access, RightAccess::Readable | RightAccess::NotUsed)),
        "{:?}",
        checked.rights
    );
    assert_eq!(checked.rights.len(), 17);
    let treated = |code: &str| {
        checked.document_types.iter().find(|kind| kind.code.as_deref() == Some(code)).map(|kind| kind.treatment)
    };
    assert_eq!(
        (treated("AP"), treated("LØ"), treated("XV"), treated("GL")),
        (Some(Treatment::Kept), Some(Treatment::Payroll), Some(Treatment::Payroll), Some(Treatment::LeftOut))
    );
    assert_eq!(desk.sim.journal().payroll_violations().len(), 0);
    assert_eq!(desk.all_files().len(), 0);
}

#[tokio::test]
async fn what_a_refresh_takes_is_estimated() {
    let desk = Desk::new(Options::fast(60_000, 4)).await;
    let estimated = desk.check(&[]).await.unwrap().estimate.unwrap().full;
    let taken = desk.refresh(&[]).await.api;
    let is_near = |one: u64, other: u64, percent| one.abs_diff(other) * 100 <= other * percent;
    assert!(is_near(estimated.requests, taken.requests, 25), "{estimated:?} {taken:?}");
    assert!(is_near(estimated.bytes_down, taken.bytes_down, 25), "{estimated:?} {taken:?}");
}

/// A question that is refused for another reason than a right would end each refresh.
#[tokio::test]
async fn a_field_that_the_schema_lacks_is_in_the_way() {
    for (field, named) in [("Transaction.amount", "amount"), ("Supplier.dbId", "dbId")] {
        let mut options = Options::fast(1_000, 4);
        options.schema.lacks = [field.to_owned()].into();
        let desk = Desk::new(options).await;
        let checked = desk.check(&[]).await.unwrap();
        assert!(!checked.ready, "{field}");
        assert!(checked.in_the_way.iter().any(|what| what.contains(named)), "{field}: {:?}", checked.in_the_way);
        assert_eq!(desk.refresh(&[]).await.error.unwrap().kind, FailureKind::SchemaMismatch, "{field}");
    }
}

#[tokio::test]
async fn each_missing_right_is_named() {
    let names = [
        "APTransaction",
        "Address",
        "Company",
        "Contact",
        "Country",
        "Currency",
        "Owner",
        "Supplier",
        "Account",
        "Transaction",
        "TransactionHeader",
    ];
    let cases =
        [MissingRight::NullField, MissingRight::NullData].into_iter().flat_map(|shape| names.map(|name| (shape, name)));
    // Side by side: each client keeps to the pace that Xledger allows.
    futures::future::join_all(cases.map(async |(shape, name)| {
        let mut options = Options::fast(1_000, 4);
        options.dialect.missing_rights = [name.to_owned()].into();
        options.dialect.missing_right_shape = shape;
        let checked = Desk::new(options).await.check(&[("SPEND_CONTACTS", "keep")]).await.unwrap();
        let missing: Vec<_> = checked
            .rights
            .iter()
            .filter(|right| right.access == RightAccess::Missing)
            .map(|right| right.name)
            .collect();
        assert_eq!(missing, [name], "{shape:?}: {:?}", checked.rights);
        let necessary = ["APTransaction", "Supplier", "Account", "Transaction", "TransactionHeader"].contains(&name);
        assert_eq!(checked.ready, !necessary, "{name} {shape:?}: {:?}", checked.in_the_way);
        assert!(
            necessary || checked.lost.iter().all(|lost| lost.right == name),
            "{name} {shape:?}: {:?}",
            checked.lost
        );
        assert!(necessary || !checked.lost.is_empty(), "{name} {shape:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_refresh_without_a_right_says_which() {
    let mut options = Options::fast(1_000, 4);
    options.dialect.missing_rights = ["Supplier".to_owned()].into();
    let error = Desk::new(options).await.refresh(&[]).await.error.unwrap();
    assert_eq!(error.kind, FailureKind::RightMissing);
    assert!(error.message.to_lowercase().contains("supplier"), "{}", error.message);
}

#[tokio::test]
async fn a_bad_token_is_refused_clearly() {
    let desk = Desk::new(Options::fast(1_000, 4)).await;
    let failure = desk.check(&[("XLEDGER_TOKEN", "not-the-one")]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TokenRefused);
    assert!(!failure.message.contains("not-the-one"));
}
