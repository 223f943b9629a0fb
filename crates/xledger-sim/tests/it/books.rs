//! The company, looked at directly.

use std::collections::{BTreeMap, BTreeSet};
use xledger_sim::company::ledger::{Line, TAX_RULES, USUAL_RULES};
use xledger_sim::{Company, PAYROLL_MARKER};

fn in_reach(company: &Company) -> Vec<&Line> {
    company.lines.iter().filter(|line| company.reaches(company.voucher(line).owner)).collect()
}

#[test]
fn there_are_exactly_as_many_lines_as_asked_for() {
    for lines in [1, 2, 3, 100, 101, 999, 20_000] {
        assert_eq!(in_reach(&Company::generate(lines, 7)).len() as u64, lines);
    }
}

#[test]
fn the_same_seed_makes_the_same_company() {
    let debug = |seed| format!("{:?}", Company::generate(3_000, seed));
    assert!(debug(5) == debug(5));
    assert!(debug(5) != debug(6));
}

#[test]
fn every_voucher_balances() {
    for seed in 0..5 {
        let company = Company::generate(20_000, seed);
        let mut sums: BTreeMap<u32, i64> = BTreeMap::new();
        for line in &company.lines {
            *sums.entry(line.voucher).or_default() += line.amount;
        }
        assert_eq!(sums.values().find(|sum| **sum != 0), None);
    }
}

#[test]
fn lists_are_sorted_by_id() {
    let company = Company::generate(20_000, 3);
    assert!(company.lines.is_sorted_by_key(|line| line.id));
    assert!(company.ap_lines.is_sorted_by_key(|line| line.id));
    assert!(company.vouchers.is_sorted_by_key(|voucher| voucher.id));
    assert!(company.subledgers.is_sorted_by_key(|subledger| subledger.id));
    assert!(company.periods.is_sorted_by_key(|period| period.id));
}

/// The product's rules with their defaults, written down once more.
fn number(code: &str) -> Option<u32> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').chars().take(4).collect::<String>().parse().ok()
}

fn is_payroll_by_rule(company: &Company, line: &Line) -> bool {
    let by_type = !line.headless && matches!(company.document_type(company.voucher(line)), Some("LØ" | "PR" | "XV"));
    let code = line.account.map(|place| company.accounts[usize::from(place)].code);
    by_type || code.and_then(number).is_some_and(|number| (5000..=5499).contains(&number))
}

#[test]
fn payroll_by_nature_is_what_the_usual_rules_find() {
    for (lines, seed) in [(100, 1), (2_000, 1), (50_000, 9)] {
        let company = Company::generate(lines, seed);
        let mut matches = BTreeSet::new();
        for line in company.lines.iter().filter(|line| is_payroll_by_rule(&company, line) && line.match_id != 0) {
            matches.insert((company.voucher(line).owner, line.match_id));
        }
        for line in company.ap_lines.iter().filter(|line| line.match_id != 0) {
            let voucher = &company.vouchers[line.voucher as usize];
            if matches!(company.document_type(voucher), Some("LØ" | "PR" | "XV")) {
                matches.insert((voucher.owner, line.match_id));
            }
        }
        for line in &company.lines {
            let matched = matches.contains(&(company.voucher(line).owner, line.match_id));
            assert_eq!(line.is_payroll_by_nature(), is_payroll_by_rule(&company, line) || matched, "{line:?}");
        }
        for line in &company.ap_lines {
            let voucher = &company.vouchers[line.voucher as usize];
            let by_type = matches!(company.document_type(voucher), Some("LØ" | "PR" | "XV"));
            let matched = matches.contains(&(voucher.owner, line.match_id));
            assert_eq!(line.is_payroll_by_nature(), by_type || matched, "{line:?}");
        }
    }
}

#[test]
fn payroll_texts_carry_the_marker_and_amounts_the_pattern() {
    let patterned = |amount: i64| amount.abs() / 10_000 == 77_013;
    let mut found = 0;
    for seed in 0..6 {
        let company = Company::generate(30_000, seed);
        for line in &company.lines {
            let text = line.text.render(line.id, &company.own_texts).unwrap_or_default();
            assert_eq!(text.starts_with(PAYROLL_MARKER), line.is_payroll_by_nature());
            assert!(line.is_payroll_by_nature() || !patterned(line.amount));
            found += u32::from(line.is_payroll_by_nature() && patterned(line.amount));
        }
        for line in &company.ap_lines {
            let text = line.text.render(line.id.into(), &company.own_texts).unwrap_or_default();
            assert_eq!(text.starts_with(PAYROLL_MARKER), line.is_payroll_by_nature());
            assert!(line.is_payroll_by_nature() || !patterned(line.amount));
        }
    }
    assert!(found > 1_000);
}

#[test]
fn the_proportions_are_those_of_a_purchasing_company() {
    let company = Company::generate(200_000, 1);
    let lines = in_reach(&company);
    let kept = lines.iter().filter(|line| {
        let Some(account) = line.account.map(|place| &company.accounts[usize::from(place)]) else { return false };
        let bought = matches!(company.document_type(company.voucher(line)), Some("AP" | "BA" | "ER"));
        let excluded = number(account.code).is_some_and(|number| (1900..=3000).contains(&number));
        bought && !excluded && !line.is_payroll_by_nature() && !line.headless && line.period.is_some()
    });
    let kept = kept.count() as f64 / lines.len() as f64;
    let payables = company.ap_lines.len() as f64 / company.lines.len() as f64;
    assert!((0.27..0.33).contains(&kept), "{kept}");
    assert!((0.12..0.18).contains(&payables), "{payables}");
}

#[test]
fn even_a_small_company_has_the_rare_cases() {
    let company = Company::generate(2_000, 1);
    let lines = in_reach(&company);
    for (place, rule) in TAX_RULES[..USUAL_RULES].iter().enumerate() {
        assert!(lines.iter().any(|line| line.tax_rule == Some(place as u8)), "{}", rule.1);
    }
    for kind in ["AP", "BA", "ER", "AR", "SO", "GL", "OS", "OCR", "LØ", "PR", "XV"] {
        assert!(lines.iter().any(|line| company.document_type(company.voucher(line)) == Some(kind)), "{kind}");
    }
    assert!(lines.iter().any(|line| line.account.is_none()));
    assert!(lines.iter().any(|line| line.period.is_none()));
    assert!(lines.iter().any(|line| line.headless));
    assert!(lines.iter().any(|line| company.voucher(line).document_type.is_none()));
    assert!(
        lines.iter().any(|line| line.period.is_some_and(|at| company.periods[usize::from(at)].fiscal_period == 13))
    );
    assert!(
        lines.iter().any(|line| line.currency != company.owners[usize::from(company.voucher(line).owner)].currency)
    );
    assert!(company.subledgers.iter().any(|subledger| subledger.to.is_some()));
    let mut codes = BTreeSet::new();
    assert!(company.subledgers.iter().any(|subledger| !codes.insert((subledger.owner, subledger.code.clone()))));
}

#[test]
fn the_books_can_be_written_as_csv() {
    let directory = std::env::temp_dir().join(format!("xledger-sim-books-{}", std::process::id()));
    let company = Company::generate(500, 1);
    xledger_sim::books::write(&company, &directory).unwrap();
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let lines = read("gl_lines.csv");
    let vouchers = read("vouchers.csv");
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(lines.starts_with("line_id,voucher_id,"));
    assert!(lines.matches("\r\n").count() > company.lines.len());
    assert_eq!(lines.lines().next().unwrap().split(',').count(), 23);
    assert!(vouchers.contains(",LØ,"));
}
