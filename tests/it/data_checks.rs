//! What misleads whoever adds up purchases is told before it is published, and told anew when it changes.

use std::sync::Arc;

use xledger_sim::company::date::day;
use xledger_sim::{Company, Options, Shape};
use xledger_spend::model::failure::FailureKind;
use xledger_spend::report::Report;
use xledger_spend::report::checks::{CheckStatus, DataCheck};

use crate::desk::Desk;

async fn desk() -> (Desk, Arc<Company>) {
    let mut desk = Desk::new(Options::fast(100, 1)).await;
    let books = Arc::new(Company::shaped(2_000, 1, Shape::Spend));
    desk.sim = xledger_sim::start_with(Options::fast(2_000, 1), books.clone()).await.unwrap();
    (desk, books)
}

fn check<'a>(report: &'a Report, name: &str) -> &'a DataCheck {
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name}: {:#?}", report.checks))
}

#[tokio::test]
async fn pitfalls_of_the_books_are_found() {
    let (desk, books) = desk().await;
    let report = desk.refresh(&[]).await;
    assert_eq!(report.error, None);
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "integrity",
            "supplier_invoices_without_kept_line",
            "coverage",
            "wage_accounts_outside",
            "closed_months_moved",
            "match_rates",
            "vat_rates",
            "exchange_rates",
            "dominant_suppliers",
            "dates",
            "supplier_numbers",
            "offsetting_pairs"
        ]
    );
    assert_eq!(check(&report, "integrity").status, CheckStatus::Ok);

    // Invoice 4753 stands on 2960, debt and VAT alone; another one has a line that cannot be judged beside its debt.
    let owner = books.owners[0].id;
    let lost = check(&report, "supplier_invoices_without_kept_line");
    assert_eq!(lost.status, CheckStatus::Warn);
    assert!(
        lost.detail
            .contains(&format!("owner {owner} in 2024: 2, by accounts 29 (1), 1 with lines that cannot be judged")),
        "{}",
        lost.detail
    );
    // The tax rule of imports bears 25 %, and the one of sales that has the same code 15 %.
    let vat = check(&report, "vat_rates");
    assert!(vat.detail.contains(&format!("owner {owner}, code 21: 0 of ")), "{}", vat.detail);
    assert!(vat.detail.contains(" have 15 %, 3 have 25 %"), "{}", vat.detail);
    // The basis and contra of reverse charges are VAT bookkeeping, and no pairs.
    assert_eq!(check(&report, "offsetting_pairs").detail, "");
    assert_eq!(check(&report, "closed_months_moved").figure, "nothing to compare with");

    // What a person or a supplier is called stands nowhere.
    let told = serde_json::to_string(&report.checks).unwrap();
    for supplier in &books.subledgers {
        assert!(supplier.name.as_deref().is_none_or(|name| !told.contains(name)), "{:?}", supplier.name);
    }
    assert!(!told.contains("914286018") && !told.contains("4753"), "{told}");
}

#[tokio::test]
async fn a_month_that_was_closed_long_ago_and_moves_is_told() {
    let (desk, books) = desk().await;
    let first = desk.refresh(&[]).await;
    assert!(!first.measured.is_empty());
    let again = desk.refresh(&[]).await;
    assert_eq!(again.measured, first.measured);
    assert_eq!(check(&again, "closed_months_moved").status, CheckStatus::Ok);
    assert_eq!(check(&again, "match_rates"), check(&first, "match_rates"));
    assert!(check(&again, "closed_months_moved").figure.starts_with("0 lines in 0 of "));

    // Somebody changes the voucher of an old invoice: only its time of modification moves.
    let mut changed = (*books).clone();
    let voucher = changed.vouchers.iter().position(|voucher| voucher.posted == Some(day(2023, 2, 8))).unwrap();
    let last = changed.vouchers.iter().filter_map(|voucher| voucher.modified_at).max();
    changed.vouchers[voucher].modified_at = last;
    desk.sim.replace(changed);
    let moved = desk.refresh(&[]).await;
    let check = check(&moved, "closed_months_moved");
    assert!(check.figure.contains(" lines in 1 of "), "{check:?}");

    // Other rules: nothing is compared.
    let other = desk.refresh(&[("SPEND_DOCUMENT_TYPES", "AP,BA"), ("SPEND_MAX_SHRINK_PERCENT", "100")]).await;
    let check = self::check(&other, "closed_months_moved");
    assert_eq!((check.status, check.figure.as_str()), (CheckStatus::Ok, "nothing to compare with"));
}

#[tokio::test]
async fn lines_that_find_no_supplier_any_more_are_told() {
    let (desk, books) = desk().await;
    desk.refresh(&[]).await;
    let mut without = (*books).clone();
    // No AP line names its subledger any more.
    without.ap_lines.iter_mut().for_each(|line| line.subledger = u32::MAX);
    desk.sim.replace(without);
    let full = xledger_spend::event::Refresh { mode: xledger_spend::event::Mode::Full, ..Default::default() };
    let report = desk.refresh_with(full, &[]).await;
    assert_eq!(report.error.as_ref().map(|error| error.kind), None::<FailureKind>);
    let check = check(&report, "match_rates");
    assert!(check.status == CheckStatus::Warn && check.detail.contains("a supplier: "), "{check:?}");
    let row = report.row();
    assert!(row.checks.unwrap().as_str().contains("match_rates") && row.checks_failed == Some(0));
    let calm = desk.refresh_with(Default::default(), &[("SPEND_WARN_MATCH_DROP_PERCENT", "100")]).await;
    assert_eq!(self::check(&calm, "match_rates").status, CheckStatus::Ok);
}
