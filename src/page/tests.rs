//! The figures against sums worked out by hand, and the page against what it must say and must not.

use super::data::{Entry, Ranking, SectionData, Series};
use super::*;
use crate::classify::company_number::CompanyNumberStatus;
use crate::classify::spend_class::SpendClass;
use crate::model::value::{Day, Instant, Money, Month};
use crate::report::PeriodChanges;
use crate::report::checks::{CheckStatus, DataCheck};
use crate::report::counts::Counts;
use crate::table::spend::tests::bare;
use crate::table::spend::{Dimension, InvoiceKind, Row as Spend};
use crate::xledger::LostField;

/// 21 November 2026: the months are November 2025 to October 2026.
const AT: Instant = Instant(1_795_224_600_120);
const UNIT: i128 = 10_000;

/// A purchase of these whole units by owner 1 in a voucher.
fn bought(voucher: i64, amount: &str) -> Spend<'static> {
    Spend {
        owner_id: Some(1),
        owner_name: Some("Fjord AS"),
        amount_currency_code: Some("NOK"),
        voucher_id: Some(voucher),
        amount: Money::parse(amount),
        spend_class: SpendClass::Operating,
        category_1: Some("Services"),
        category_2: Some("Advisers"),
        ..bare(voucher)
    }
}

/// The same from a supplier.
fn from(row: Spend<'static>, id: i64, key: &'static str, name: &'static str, code: &'static str) -> Spend<'static> {
    Spend {
        supplier_id: Some(id),
        supplier_key: Some(key),
        supplier_name: Some(name),
        supplier_code: Some(code),
        invoice_number: Some("4711"),
        ..row
    }
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn data(rows: &[(&str, Spend<'static>)]) -> PageData {
    data_by(rows, SupplierLabels::Names)
}

fn data_by(rows: &[(&str, Spend<'static>)], suppliers: SupplierLabels) -> PageData {
    let months = rows.iter().map(|(at, _)| month(at)).chain([month("2024-01")]);
    let mut figures = Figures::new(AT, months);
    rows.iter().for_each(|(at, row)| figures.add(month(at), row));
    figures.finish(suppliers)
}

fn only(data: &PageData) -> &SectionData {
    assert_eq!(data.sections.len(), 1, "{data:#?}");
    &data.sections[0]
}

/// Labels and whole units of what is named, then of the others.
fn ranked(ranking: &Ranking) -> Vec<(Option<&str>, i128)> {
    let entry = |entry: &Entry| entry.sum.now / UNIT;
    let top = ranking.top.iter().map(|top| (top.label.as_deref(), entry(top)));
    top.chain(ranking.others.iter().map(|(_, others)| (Some("others"), entry(others)))).collect()
}

fn text(data: &PageData, report: &Report) -> String {
    render(data, report, Language::English, SupplierLabels::Names).unwrap()
}

fn report() -> Report {
    Report {
        snapshot: Some("20261121T013000Z-0a1b2c3d".to_owned()),
        snapshot_before: Some("20261120T013000Z-0a1b2c3d".to_owned()),
        lines: Some(Counts {
            listed: 1_000,
            excluded_payroll: 300,
            excluded_document_type: 200,
            excluded_on_kept_accounts: 115,
            excluded_account: 215,
            kept: 285,
            ..Counts::default()
        }),
        duration_ms: 12_345,
        ..Report::begin("run-1", "refresh", None, AT)
    }
}

#[test]
fn spend_is_what_was_bought_from_others() {
    let rows = [
        ("2026-10", bought(1, "100.50")),
        ("2026-10", Spend { spend_class: SpendClass::Capital, ..bought(2, "200") }),
        ("2026-09", Spend { spend_class: SpendClass::Stock, ..bought(3, "300") }),
        ("2025-11", Spend { spend_class: SpendClass::Prepaid, ..bought(4, "-50.25") }),
        ("2026-10", Spend { spend_class: SpendClass::Finance, ..bought(5, "1e6") }),
        ("2026-10", Spend { spend_class: SpendClass::VatBookkeeping, ..bought(6, "1e6") }),
        ("2026-10", Spend { spend_class: SpendClass::NotAPurchase, ..bought(7, "1e6") }),
        ("2026-10", Spend { spend_class: SpendClass::Other, ..bought(8, "1e6") }),
        ("2026-10", Spend { is_intercompany: Some(true), ..bought(9, "4000") }),
        ("2026-10", Spend { is_intercompany: Some(false), ..bought(10, "1000") }),
        ("2026-10", Spend { amount: None, ..bought(11, "0") }),
        // The month that goes on, the year before, and further back.
        ("2026-11", bought(12, "7")),
        ("2025-10", bought(13, "500")),
        ("2024-10", bought(14, "9000")),
    ];
    let data = data(&rows);
    let section = only(&data);
    assert_eq!((section.total.now, section.total.before), (15_502_500, 500 * UNIT));
    assert_eq!((section.total.lines, section.total.lines_before, section.ever), (5, 1, (8, 15_502_500 + 9_507 * UNIT)));
    assert_eq!((section.intercompany.now, section.intercompany.lines), (4_000 * UNIT, 1));
    assert_eq!((section.suppliers, section.total.invoices, section.without_supplier.now), ((0, 0), 0, 15_502_500));
    let months = &section.months;
    let shown: Vec<i128> = [24, 23, 22, 12, 11, 0].map(|column| months.total(column) * 100 / UNIT).into();
    assert_eq!((shown, months.columns), (vec![700, 130_050, 30_000, -5_025, 50_000, 0], 25));
}

#[test]
fn currencies_are_never_added() {
    let other = |owner, currency| Spend {
        owner_id: Some(owner),
        owner_name: Some("Svea AB"),
        amount_currency_code: currency,
        ..bought(20 + owner, "1000")
    };
    let rows = [
        ("2026-10", bought(1, "1")),
        ("2026-10", bought(2, "1")),
        ("2026-10", bought(3, "1")),
        ("2026-10", other(2, Some("SEK"))),
        ("2026-10", other(3, Some("SEK"))),
        ("2026-10", other(4, None)),
        ("2026-10", other(5, None)),
        ("2026-10", other(6, None)),
        ("2026-10", Spend { owner_name: Some("Dansk A/S"), ..other(7, Some("DKK")) }),
        ("2026-10", Spend { owner_name: Some("Jysk A/S"), ..other(8, Some("DKK")) }),
        ("2026-10", Spend { owner_name: Some("Suomi Oy"), ..other(9, Some("EUR")) }),
    ];
    let data = data(&rows);
    let sections: Vec<_> =
        data.sections.iter().map(|section| (section.currency.as_deref(), section.total.now / UNIT)).collect();
    assert_eq!(sections, [(Some("NOK"), 3), (Some("DKK"), 2_000), (Some("SEK"), 2_000), (None, 1_000)]);
    let others: Vec<_> = data.others.iter().map(|other| (other.currency.as_deref(), other.ever)).collect();
    assert_eq!(others, [(None, (1, 1_000 * UNIT)), (None, (1, 1_000 * UNIT)), (Some("EUR"), (1, 1_000 * UNIT))]);
    let page = text(&data, &report());
    assert!(page.contains("NOK, DKK, SEK, not known and EUR; each by itself"), "{page}");
    assert!(page.contains("Currencies that are not shown here"));
    assert!(page.contains("Suomi Oy</th><td class=\"t\">EUR</td>"), "{page}");
    assert!(!page.contains("2,003") && !page.contains("8,003"));
}

#[test]
fn a_supplier_is_one_company_and_a_person_goes_by_a_code() {
    let person = Some(CompanyNumberStatus::Personal);
    let rows = [
        ("2026-10", from(bought(1, "600"), 12, "NO:1", "Newer name", "N12")),
        ("2026-09", from(bought(2, "200"), 11, "NO:1", "Name", "N11")),
        // A second line of an invoice, a credit note, and a payment, which is no invoice.
        ("2026-09", from(bought(2, "50"), 11, "NO:1", "Name", "N11")),
        (
            "2026-09",
            Spend { invoice_kind: Some(InvoiceKind::CreditNote), ..from(bought(3, "-100"), 11, "NO:1", "Name", "N11") },
        ),
        (
            "2026-09",
            Spend { invoice_kind: Some(InvoiceKind::Payment), ..from(bought(4, "10"), 11, "NO:1", "Name", "N11") },
        ),
        // Of a bank voucher, what is not said to be an invoice; a fee, of which nothing is known.
        ("2026-09", Spend { document_type: "BA", ..from(bought(14, "0"), 11, "NO:1", "Name", "N11") }),
        ("2026-09", Spend { invoice_number: None, ..from(bought(15, "0"), 11, "NO:1", "Name", "N11") }),
        (
            "2026-08",
            Spend { company_number_status: person, ..from(bought(5, "150"), 13, "supplier:13", "Ola Nordmann", "N13") },
        ),
        ("2026-08", from(bought(6, "90"), 14, "supplier:14", "Small", "N14")),
        ("2025-09", from(bought(7, "90"), 14, "supplier:14", "Small", "N14")),
        ("2025-09", from(bought(8, "90"), 15, "supplier:15", "Gone", "N15")),
        ("2026-08", bought(9, "1000")),
    ];
    let data = data(&rows);
    let section = only(&data);
    let expected = [(Some("Name"), 760), (Some("N13"), 150), (Some("Small"), 90)];
    assert_eq!(ranked(&section.top_suppliers), expected);
    assert_eq!((section.suppliers, section.total.invoices, section.total.invoices_before), ((3, 2), 5, 2));
    assert_eq!((section.ten, section.without_supplier.now), ((1_000 * UNIT, 180 * UNIT), 1_000 * UNIT));
    // 760 are not yet 800 of 1,000; with 150 they are.
    assert_eq!(
        (section.tail.head, section.tail.tail, section.tail.once),
        (Some(2), (1, 1, 90 * UNIT), (2, 240 * UNIT))
    );
    let page = text(&data, &report());
    assert!(page.contains("Supplier N13") && !page.contains("Nordmann"));
    let odd = text(&self::data(&[("2026-10", from(bought(1, "1"), 1, "supplier:1", "#1 Kurs AS", "N1"))]), &report());
    assert!(odd.contains("#1 Kurs AS") && !odd.contains("person's number"), "a name, and no code");
    assert!(page.contains("2 of 3 suppliers make 80% of what has a supplier."));
    let by_code = data_by(&rows, SupplierLabels::Codes);
    assert_eq!(ranked(&only(&by_code).top_suppliers)[0], (Some("N11"), 760));
}

#[test]
fn the_rest_is_one_line() {
    let rows: Vec<(&str, Spend<'static>)> = (0..30)
        .map(|n| {
            let key: &'static str = Box::leak(format!("supplier:{n}").into_boxed_str());
            ("2026-10", from(bought(n, &(100 - n).to_string()), n + 1, key, key, "c"))
        })
        .collect();
    let data = data(&rows);
    let ranking = &only(&data).top_suppliers;
    assert_eq!((ranking.top.len(), ranking.top[19].label.as_deref()), (20, Some("supplier:19")));
    // 80 + 79 + … + 71.
    let (count, others) = ranking.others.as_ref().unwrap();
    assert_eq!((*count, others.sum.now, others.sum.invoices), (10, 755 * UNIT, 10));
    assert!(text(&data, &report()).contains("Others (10)"));
}

#[test]
fn categories_have_two_levels_and_seven_colours() {
    let category =
        |voucher, amount, wider, narrower| Spend { category_1: wider, category_2: narrower, ..bought(voucher, amount) };
    let mut rows = vec![
        ("2026-10", category(1, "100", Some("Travel"), Some("Hotel"))),
        ("2026-10", category(2, "-130", Some("Travel"), Some("Flight"))),
        ("2026-10", category(3, "60", None, None)),
    ];
    for (n, name) in ["A", "B", "C", "D", "E", "F", "G"].into_iter().enumerate() {
        rows.push(("2026-10", category(10 + n as i64, ["9", "8", "7", "6", "5", "4", "3"][n], Some(name), None)));
    }
    let data = data(&rows);
    let section = only(&data);
    let wider: Vec<_> =
        section.categories.iter().map(|(entry, _)| (entry.label.as_deref(), entry.sum.now / UNIT)).collect();
    assert_eq!(wider[..2], [(None, 60), (Some("A"), 9)]);
    let (last, parts) = section.categories.last().unwrap();
    assert_eq!((last.label.as_deref(), last.sum.now / UNIT), (Some("Travel"), -30));
    assert_eq!(ranked(parts), [(Some("Hotel"), 100), (Some("Flight"), -130)]);
    let series: Vec<_> =
        section.months.series.iter().map(|(series, months)| (series.clone(), months[23] / UNIT)).collect();
    assert_eq!((&series[0], &series[1]), (&(Series::None, 60), &(Series::Category("Travel".to_owned()), -30)));
    assert_eq!((series.len(), &series[7]), (8, &(Series::Others, 4 + 3)));
}

#[test]
fn dimensions_are_told_by_kind_and_people_are_not() {
    let dimension = |kind, code, name| Dimension { kind: Some(kind), code: Some(code), name: Some(name) };
    let mut row = bought(1, "100");
    row.dimension[0] = dimension("Cost centre", "10", "Sales");
    row.dimension[1] = dimension("Ansatt", "7", "Kari Nordmann");
    // A second one of a kind counts no second time.
    row.dimension[2] = dimension("Cost centre", "20", "Stock");
    let mut second = bought(2, "50");
    second.dimension[3] = dimension("Cost centre", "10", "Sales");
    let data = data(&[("2026-10", row), ("2026-10", second), ("2026-10", bought(3, "25"))]);
    let section = only(&data);
    let (kind, values) = &section.dimensions[0];
    assert_eq!((kind.as_str(), ranked(values)), ("Cost centre", vec![(Some("10 Sales"), 150)]));
    assert_eq!((section.dimensions.len(), section.kinds_of_people.as_slice()), (1, &["Ansatt".to_owned()][..]));
    let page = text(&data, &report());
    assert!(!page.contains("Kari") && page.contains("because its values are people: Ansatt"));
    assert!(page.contains("Without cost centre</th><td class=\"n\">25</td>"), "{page}");
}

#[test]
fn terms_are_of_invoices_that_have_both_dates() {
    let dated = |voucher, days| Spend {
        invoice_date: Some(Day(20_000)),
        due_date: Some(Day(20_000 + days)),
        ..from(bought(voucher, "100"), 1, "supplier:1", "A", "a")
    };
    let note = Spend { invoice_kind: Some(InvoiceKind::CreditNote), ..dated(3, 90) };
    let rows = [("2026-10", dated(1, 14)), ("2026-10", dated(2, 45)), ("2026-10", note), ("2025-10", dated(4, 90))];
    let data = data(&rows);
    assert_eq!(only(&data).terms.average_tenths(), Some(295));
    assert!(text(&data, &report()).contains("due 29.5 days after its date"));
}

#[test]
fn what_others_wrote_is_no_markup() {
    let evil = "<script>alert(1)</script>\"' onload=x & \u{202e}";
    let row = Spend {
        owner_name: Some(evil),
        amount_currency_code: Some("<b>"),
        category_1: Some(evil),
        category_2: Some(evil),
        dimension: [Dimension { kind: Some(evil), code: Some(evil), name: Some(evil) }; 5],
        ..from(bought(1, "1"), 1, evil, evil, evil)
    };
    let mut report = report();
    report.checks =
        vec![DataCheck { name: evil.into(), figure: evil.into(), detail: evil.into(), ..DataCheck::default() }];
    report.lost =
        vec![LostField { field: evil.into(), columns: vec![evil.into()], right: evil.into(), ..LostField::default() }];
    report.accounts_to_confirm = vec![evil.to_owned()];
    report.unfit.insert(evil.to_owned(), 1);
    let data = data(&[("2026-10", row)]);
    for suppliers in [SupplierLabels::Names, SupplierLabels::Codes] {
        let page = render(&data, &report, Language::Norwegian, suppliers).unwrap();
        assert!(!page.contains("<script") && !page.contains("<b>&") && !page.contains('\u{202e}'));
        assert!(page.matches("&#60;script").count() > 8 || page.matches("&lt;script").count() > 8, "{page}");
        // No attribute was left.
        assert!(!page.contains("\" onload") && !page.contains("' onload=x &amp;\""));
    }
}

#[test]
fn the_run_says_what_it_left_out_and_what_moved() {
    let mut report = report();
    let period = |at, added, changed, removed| PeriodChanges {
        added,
        changed,
        removed,
        lines: 9,
        ..PeriodChanges::empty(month(at))
    };
    report.periods = vec![period("2026-05", 0, 2, 1), period("2026-09", 0, 0, 0), period("2026-10", 5, 0, 0)];
    report.lost = vec![LostField {
        field: "suppliers.company".into(),
        columns: vec!["spend.supplier_key".into()],
        ..LostField::default()
    }];
    let check =
        |name: &str, status| DataCheck { name: name.into(), status, figure: "3".into(), detail: "Look.".into() };
    report.checks = vec![check("integrity", CheckStatus::Ok), check("dates", CheckStatus::Warn)];
    let page = text(&data(&[("2026-10", bought(1, "1"))]), &report);
    for said in [
        "The tables hold 71.3% of the ledger lines on accounts that are not excluded (285 of 400, without payroll); the others",
        "<p class=\"trust look\">",
        "100.0% of spend has no supplier.",
        "Checks that need a look (1 of 2): dates.",
        "Invoices are dated before they are due and posted, and near their period.",
        "Fields that could not be read: 1.",
        "Months that ended more than two months ago and moved: May 2026.",
        "12.3 seconds to make. Snapshot 20261121T013000Z-0a1b2c3d.",
        "Payroll: never asked for",
        "spend.supplier_key",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.find("dates</th>").unwrap() < page.find("tables add up</th>").unwrap());
    report.checks.pop();
    report.snapshot_before = None;
    let page = text(&data(&[]), &report);
    assert!(page.contains("All checks are ok (1).") && page.contains("This is the first snapshot."), "{page}");
    assert!(page.contains("There is no spend in the tables yet."));
}

#[test]
fn a_norwegian_reads_norwegian() {
    let data = data(&[("2026-10", bought(1, "1234567.5")), ("2025-10", bought(2, "1000000"))]);
    let check = |name: &str| DataCheck { name: name.into(), figure: "3 lines".into(), ..DataCheck::default() };
    let report = Report { checks: vec![check("integrity"), check("of_tomorrow")], ..report() };
    let page = render(&data, &report, Language::Norwegian, SupplierLabels::Names).unwrap();
    for said in [
        "<html lang=\"nb\">",
        "Fjord AS",
        "Uten fradragsberettiget mva.",
        "november 2025 – oktober 2026, sammenlignet med november 2024 – oktober 2025",
        "21. november 2026 kl. 02.30",
        "1\u{a0}234\u{a0}568",
        "+23,5\u{a0}% fra 1\u{a0}000\u{a0}000",
        "tabellene går opp</th>",
        "of tomorrow</th>",
        "lang=\"en\">3 lines</td>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn the_same_input_gives_the_same_page_and_a_short_ledger_is_not_compared() {
    let rows: Vec<_> = (0..200)
        .map(|n| {
            let key: &'static str = Box::leak(format!("k{}", n % 50).into_boxed_str());
            ("2026-10", Spend { category_1: Some(key), ..from(bought(n, "5"), n, key, key, key) })
        })
        .collect();
    let first = text(&data(&rows), &report());
    let reversed: Vec<_> = rows.iter().rev().copied().collect();
    assert_eq!(first, text(&data(&reversed), &report()));
    assert!(first.contains("compared with November 2024"));

    let mut figures = Figures::new(AT, [month("2026-01"), month("2026-10")].into_iter());
    figures.add(month("2026-10"), &bought(1, "5"));
    let page = text(&figures.finish(SupplierLabels::Names), &report());
    assert!(page.contains("No comparison with the year before: the tables begin in January 2026"));
    assert!(!page.contains(">Change<"));
}

/// An invoice with lines in several categories is one of each.
#[test]
fn an_invoice_counts_once_in_each_of_its_categories() {
    let of = |voucher, category, narrower| Spend {
        category_1: Some(category),
        category_2: Some(narrower),
        ..from(bought(voucher, "10"), 11, "NO:1", "Name", "N11")
    };
    let data = data(&[
        ("2026-10", of(1, "A", "a")),
        ("2026-10", of(1, "B", "a")),
        ("2026-09", of(1, "B", "b")),
        ("2026-10", of(2, "B", "a")),
    ]);
    let section = only(&data);
    let count = |entry: &Entry| (entry.label.clone().unwrap_or_default(), entry.sum.invoices);
    let counts: Vec<_> = section.categories.iter().map(|(entry, _)| count(entry)).collect();
    assert_eq!((counts, section.total.invoices), (vec![("B".to_owned(), 2), ("A".to_owned(), 1)], 2));
    let narrower: Vec<_> = section.categories[0].1.top.iter().map(count).collect();
    assert_eq!(narrower, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
}

#[test]
fn a_voucher_is_an_invoice_of_each_of_its_suppliers() {
    let rows = [
        ("2026-10", from(bought(1, "10"), 11, "NO:1", "One", "N11")),
        ("2026-10", from(bought(1, "5"), 12, "NO:2", "Two", "N12")),
        ("2026-10", from(bought(1, "1"), 12, "NO:2", "Two", "N12")),
    ];
    let data = data(&rows);
    let section = only(&data);
    let invoices: Vec<u64> = section.top_suppliers.top.iter().map(|supplier| supplier.sum.invoices).collect();
    assert_eq!((invoices, section.total.invoices), (vec![1, 1], 2));
}
