//! The shape `spend`: what misleads whoever adds up purchases is there, in small companies and in larger ones.

use crate::client::{all, serve};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xledger_sim::company::date::day;
use xledger_sim::company::ledger::{AP_TYPES, ApLine, Line, TAX_RULES};
use xledger_sim::company::supplier::{COUNTRIES, Subledger};
use xledger_sim::{Company, Options, Shape, start_with};

fn companies() -> [Company; 3] {
    [(2_000, 1), (2_000, 6), (30_000, 4)].map(|(lines, seed)| Company::shaped(lines, seed, Shape::Spend))
}

fn supplier<'a>(company: &'a Company, code: &str) -> (u32, &'a Subledger) {
    let mut found = company.subledgers.iter().zip(0..).filter(|(of, _)| of.code.as_deref() == Some(code));
    let (supplier, place) = found.next().unwrap();
    assert!(found.next().is_none());
    (place, supplier)
}

fn number<'a>(company: &'a Company, code: &str) -> Option<&'a str> {
    company.parties[supplier(company, code).1.party.unwrap() as usize].number.as_deref()
}

/// The payables of a supplier under a number, invoices alone, by date.
fn invoices<'a>(company: &'a Company, code: &str, number: u32) -> Vec<&'a ApLine> {
    let place = supplier(company, code).0;
    let is = |line: &&ApLine| line.subledger == place && line.invoice == number && line.is_invoice();
    let mut found: Vec<&ApLine> = company.ap_lines.iter().filter(is).collect();
    found.sort_by_key(|line| line.invoice_date);
    found
}

/// Account code, amount and the code of the tax rule of a voucher's lines, without the debt.
fn lines<'a>(company: &'a Company, of: &ApLine) -> Vec<(&'a str, i64, &'a str, Option<i64>)> {
    let lines = company.lines.iter().filter(|line| line.voucher == of.voucher);
    let told = lines.map(|line: &Line| {
        let account = &company.accounts[usize::from(line.account.unwrap())];
        let rule = line.tax_rule.map_or("", |rule| TAX_RULES[usize::from(rule)].1);
        (account.code, line.amount, rule, line.tax_amount)
    });
    let mut told: Vec<_> = told.collect();
    let debt = told.pop().unwrap();
    assert_eq!(debt.1, of.amount);
    told
}

#[test]
fn it_is_a_company_like_others() {
    for (company, asked) in companies().iter().zip([2_000, 2_000, 30_000]) {
        let reached = company.lines.iter().filter(|line| company.reaches(company.voucher(line).owner));
        assert_eq!(reached.count(), asked);
        let mut sums: BTreeMap<u32, i64> = BTreeMap::new();
        company.lines.iter().for_each(|line| *sums.entry(line.voucher).or_default() += line.amount);
        assert!(sums.values().all(|sum| *sum == 0));
        assert!(company.lines.is_sorted_by_key(|line| line.id) && company.ap_lines.is_sorted_by_key(|line| line.id));
        assert!(company.parties.is_sorted_by_key(|party| party.id));
        assert!(company.subledgers.is_sorted_by_key(|subledger| subledger.id));
        let patterned = |amount: i64| amount.abs() / 10_000 == 77_013;
        assert!(company.lines.iter().all(|line| line.is_payroll_by_nature() || !patterned(line.amount)));
        // Some voucher has a cost beside a line that is payroll.
        let paid: BTreeSet<u32> =
            company.lines.iter().filter(|line| line.is_payroll_by_nature()).map(|line| line.voucher).collect();
        assert!(company.lines.iter().any(|line| {
            let code = line.account.map_or("", |place| company.accounts[usize::from(place)].code);
            paid.contains(&line.voucher) && !line.is_payroll_by_nature() && code == "6300"
        }));
    }
}

#[test]
fn numbers_of_companies_do_not_always_say_who_they_are() {
    for company in &companies() {
        assert_eq!(number(company, "29001"), Some("NO 914 286 018 MVA"));
        assert_eq!(number(company, "29002"), Some("914286018"));
        assert_ne!(supplier(company, "29001").1.owner, supplier(company, "29002").1.owner);
        assert_eq!((number(company, "29003"), number(company, "29004")), (Some("999999999"), Some("999999999")));
        assert_eq!(number(company, "29005"), Some("914286019"));
        assert_eq!(number(company, "29008"), None);
        let swedish = number(company, "29012").unwrap();
        assert_eq!(number(company, "29011"), Some(format!("SE{swedish}01").as_str()));
        for (code, country, digits) in
            [("29012", "SE", 10), ("29013", "DK", 8), ("29014", "FI", 8), ("29015", "NO", 9), ("29010", "GB", 7)]
        {
            let address = supplier(company, code).1.address.as_ref().unwrap();
            assert_eq!(COUNTRIES[usize::from(address.country.unwrap())].1, country);
            assert_eq!(number(company, code).unwrap().bytes().filter(u8::is_ascii_digit).count(), digits, "{code}");
        }
        for (code, owner) in [("29016", 1_usize), ("29017", 4), ("29018", 0)] {
            assert_eq!(supplier(company, code).1.party, Some(company.owners[owner].party));
        }
        // Each of them has sent something.
        for code in 29_001..=29_020 {
            let place = supplier(company, &code.to_string()).0;
            assert!(company.ap_lines.iter().any(|line| line.subledger == place), "{code}");
        }
    }
}

/// The sum of the products of the digits with these weights.
fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum()
}

#[test]
fn numbers_of_persons_are_those_of_persons_whom_there_are_not() {
    let company = Company::shaped(2_000, 1, Shape::Spend);
    let norwegian = number(&company, "29006").unwrap();
    assert_eq!(weighted(norwegian, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11, 0);
    assert_eq!(weighted(norwegian, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11, 0);
    assert!((81..=92).contains(&norwegian[2..4].parse().unwrap()) && norwegian.len() == 11);
    let swedish = number(&company, "29007").unwrap();
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let digits = swedish.chars().map(|digit| digit.to_digit(10).unwrap()).enumerate();
    let sum: u32 = digits.map(|(place, digit)| if place % 2 == 0 { doubled(digit) } else { digit }).sum();
    assert!(sum.is_multiple_of(10) && swedish.len() == 10 && swedish.as_bytes()[2] < b'2');
    let british = number(&company, "29009").unwrap().trim_start_matches("GB");
    assert_eq!(weighted(british, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97, 0);
}

#[test]
fn invoices_are_taken_back_credited_and_come_again() {
    for company in &companies() {
        let kinds = |of: &[&ApLine]| of.iter().map(|line| AP_TYPES[usize::from(line.kind)].1).collect::<Vec<_>>();
        let taken_back = invoices(company, "29020", 4711);
        assert_eq!(kinds(&taken_back), ["Invoice"; 3]);
        assert_eq!(taken_back.iter().map(|line| line.amount).collect::<Vec<_>>(), [-1_500_000, 1_500_000, -1_500_000]);
        assert!(taken_back[0].match_id != 0 && taken_back[0].match_id == taken_back[1].match_id);
        assert!(taken_back[0].paid.is_none() && taken_back[2].paid.is_some());
        let credited = invoices(company, "29020", 4712);
        assert_eq!((kinds(&credited), credited[0].amount), (vec!["Invoice", "Credit note"], -credited[1].amount));
        // An invoice, its credit note and its payment share a match, in both ledgers.
        let (invoice, credit) = (invoices(company, "29020", 4720)[0], invoices(company, "29020", 4721)[0]);
        let owner = company.vouchers[invoice.voucher as usize].owner;
        let matched =
            |voucher: u32, id: i32| id == invoice.match_id && company.vouchers[voucher as usize].owner == owner;
        let rows: Vec<_> = company.ap_lines.iter().filter(|line| matched(line.voucher, line.match_id)).collect();
        assert_eq!((rows.len(), rows.iter().map(|line| line.amount).sum::<i64>()), (3, 0));
        assert_eq!(company.lines.iter().filter(|line| matched(line.voucher, line.match_id)).count(), 3);
        assert!(credit.kind == 1 && credit.paid == invoice.paid && invoice.remaining == 0);
        let again = invoices(company, "29020", 1001);
        let years: Vec<_> = again.iter().map(|line| line.invoice_date).collect();
        assert_eq!(years, [day(2023, 6, 12), day(2024, 6, 10), day(2025, 6, 9)].map(Some));
        assert!(again[0].amount != again[1].amount && again[1].amount == again[2].amount);
        let partly = invoices(company, "29020", 4730)[0];
        assert_eq!((partly.amount, partly.remaining, partly.match_id), (-3_750_000, -2_250_000, 0));
        let late = |number| invoices(company, "29020", number)[0];
        let days = |line: &ApLine| line.paid.unwrap() - line.due_date.unwrap();
        assert_eq!((days(late(4740)), days(late(4741))), (47, -27));
    }
}

#[test]
fn invoices_are_not_always_costs_and_vat_has_its_own_lines() {
    for company in &companies() {
        let booked = |code: &str, number: u32| lines(company, invoices(company, code, number)[0]);
        for (number, account) in [(4750, "1460"), (4751, "1740"), (4752, "1250"), (4753, "2960")] {
            let lines = booked("29020", number);
            assert_eq!((lines.len(), lines[0].0, lines[1].0), (2, account, "2711"));
        }
        let import = booked("29013", 4764);
        let (basis, contra) = (import[1], import[2]);
        assert_eq!(import[0], ("4300", 8_000_000, "21", Some(2_000_000)));
        assert_eq!(basis, ("4380", 8_000_000, "81", Some(2_000_000)));
        assert_eq!(contra, ("4381", -8_000_000, "", None));
        assert_eq!(import[3..].iter().map(|line| line.1).sum::<i64>(), 0);
        let swedish = booked("29019", 4770);
        assert_eq!(swedish[1..].iter().map(|line| line.0).collect::<Vec<_>>(), ["4535", "4598", "2641", "2611"]);
        assert_eq!(swedish[1..].iter().map(|line| line.1).sum::<i64>(), 0);
        // Each tax rule of purchases, with an amount that fits.
        let mut seen = BTreeSet::new();
        for line in company.lines.iter().filter(|line| company.voucher(line).document_type == Some(0)) {
            let (Some(rule), Some(tax)) = (line.tax_rule, line.tax_amount) else { continue };
            if let (8.., true) = (rule, company.voucher(line).owner != 3) {
                seen.insert(TAX_RULES[usize::from(rule)].1);
                assert!(tax == 0 || tax == line.amount * TAX_RULES[usize::from(rule)].3 / 100);
            }
        }
        assert_eq!(seen, BTreeSet::from(["0", "1", "11", "13", "21", "81", "86"]));
    }
}

#[test]
fn rent_is_the_same_every_month() {
    for company in &companies() {
        let place = supplier(company, "29015").0;
        let is = |line: &&ApLine| line.subledger == place && (7_001..7_025).contains(&line.invoice) && line.kind == 0;
        let rent: Vec<&ApLine> = company.ap_lines.iter().filter(is).collect();
        assert_eq!(
            (rent.len(), rent[0].invoice_date, rent[23].invoice_date),
            (24, Some(day(2024, 11, 1)), Some(day(2026, 10, 1)))
        );
        assert!(rent.iter().all(|line| line.amount == -5_625_000));
    }
}

#[tokio::test]
async fn it_is_served_like_any_other() {
    let company = Arc::new(Company::shaped(2_000, 1, Shape::Spend));
    let server = start_with(Options::fast(1, 1), company).await.unwrap();
    let fields = "code contract payTerms { name } company { companyNumber } address { country { code } }";
    let rows = all(&server, "suppliers", "ownerSet: MINE, objectStatus: ALL", fields, 500).await;
    let finnish = rows.iter().find(|row| row["code"] == json!("29014")).unwrap();
    assert_eq!(finnish["address"]["country"]["code"], json!("FI"));
    assert_eq!(finnish["payTerms"]["name"], json!("Netto 30 dager"));
    let rows = all(&server, "transactions", "ownerSet: MINE", "taxRule { code description }", 10_000).await;
    let rule = json!({ "code": "21", "description": "Kjøp av varer fra utlandet 25 %" });
    assert!(rows.iter().any(|row| row["taxRule"] == rule));
    // No other company has these suppliers.
    let ordinary = serve(|_| {}).await;
    let rows = all(&ordinary, "suppliers", "ownerSet: ALL, objectStatus: ALL", "code", 500).await;
    assert!(rows.iter().all(|row| row["code"].as_str().is_none_or(|code| !code.starts_with("290"))));
}
