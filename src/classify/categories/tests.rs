use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn categories(text: &str) -> Categories {
    Categories::read(text.as_bytes()).unwrap()
}

fn found<'a>(categories: &'a Categories, conditions: &Conditions<'_>) -> Option<&'a str> {
    categories.rule_for(conditions).map(|rule| &*rule.category_1)
}

#[test]
fn the_most_specific_rule_wins() {
    let categories = categories(
        "accounts;supplier_key;dimension_1_code;dimension_5_code;owner_id;category_1\n\
         6000-6999;;;;;wide\n6300-6399;;;;;narrow\n6340;;;;;one\n6300-6399;;;;5;narrow of owner\n;;;;5;owner\n\
         ;NO:1;;;;supplier\n6340;NO:1;;;;supplier and account\n;;p1;;;first\n;;p1;x;;both\n;;;x;;fifth\n",
    );
    let line = Conditions { account: Some(6300), ..Default::default() };
    let dimensions = |first, fifth| [first, None, None, None, fifth];
    for (line, expected) in [
        (line, Some("narrow")),
        (Conditions { account: Some(6340), ..line }, Some("one")),
        (Conditions { account: Some(6340), owner_id: Some(5), ..line }, Some("one")),
        (Conditions { account: Some(6999), ..line }, Some("wide")),
        (Conditions { account: Some(7000), ..line }, None),
        (Conditions { account: None, ..line }, None),
        (Conditions { owner_id: Some(5), ..line }, Some("narrow of owner")),
        (Conditions { account: None, owner_id: Some(5), ..line }, Some("owner")),
        (Conditions { owner_id: Some(6), ..line }, Some("narrow")),
        (Conditions { supplier_key: Some(" no:1"), ..line }, Some("supplier")),
        (Conditions { supplier_key: Some("NO:2"), ..line }, Some("narrow")),
        (Conditions { account: Some(6340), supplier_key: Some("NO:1"), ..line }, Some("supplier and account")),
        (
            Conditions { supplier_key: Some("NO:1"), dimension_codes: dimensions(Some("P1"), None), ..line },
            Some("supplier"),
        ),
        (Conditions { dimension_codes: dimensions(Some("P1"), None), ..line }, Some("first")),
        (Conditions { dimension_codes: dimensions(Some("P1"), Some("X")), ..line }, Some("both")),
        (Conditions { dimension_codes: dimensions(Some("p2"), Some("X")), ..line }, Some("fifth")),
    ] {
        assert_eq!(found(&categories, &line), expected, "{line:?}");
    }
}

#[test]
fn all_results_of_a_rule_are_given() {
    let categories =
        categories("Category_1,CATEGORY_2,addressable,category_owner,accounts\nIT,Lisenser,ja,Kari,6540\n");
    let rule = categories.rule_for(&Conditions { account: Some(6540), ..Default::default() }).unwrap();
    assert_eq!(
        (rule.category_2.as_deref(), rule.addressable, rule.category_owner.as_deref()),
        (Some("Lisenser"), Some(true), Some("Kari"))
    );
}

#[test]
fn faults_name_their_lines_and_no_cells() {
    let text = "accounts,supplier_key,owner_id,addressable,category_1\n\
                ,,,,secret\n6399-6300,,,,secret\n63x0,,,,secret\n12345,,,,secret\n,,secret,perhaps,secret\n6300,,,,\n\
                6300-6399,,,,a\n6350-6449,,,,b\n,NO:1,,,a\n,no:1,,,b\n,NO:1,7,,c\n6300-6398,,,,d\n6540,,,,a\n6541,,,,b\n6540,,,,c\n7000-7009,,,,a\n7010-7019,,,,b\n7019-7028,,,,c\n";
    let faults = Categories::read(text.as_bytes()).unwrap_err();
    let lines: Vec<u64> = faults.0.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 6, 7, 9, 11, 16, 19], "{faults}");
    let told = faults.to_string();
    for part in [
        "`6399-6300` ends",
        "`category_1` is empty",
        "line 19: it holds for lines that the rule on line 18",
        "line 16: it holds for lines that the rule on line 14",
        "line 9: it holds for lines that the rule on line 8",
        "line 11: it holds for lines that the rule on line 10",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(!told.contains("secret") && !told.contains("NO:1"), "{told}");
}

/// What a rule says in a file, in few values, so that rules meet.
#[derive(Clone, Debug)]
struct Written {
    accounts: Option<(u16, u16)>,
    codes: [Option<u8>; CODES],
    owner: Option<i64>,
}

impl Written {
    fn holds_for(&self, line: &Written) -> bool {
        let account = line.accounts.map(|(account, _)| account);
        self.accounts.is_none_or(|(first, last)| account.is_some_and(|account| (first..=last).contains(&account)))
            && self.codes.iter().zip(line.codes).all(|(code, of_line)| code.is_none() || *code == of_line)
            && (self.owner.is_none() || self.owner == line.owner)
    }

    /// Of two rules that hold, the one with more of this wins.
    fn specificity(&self) -> ([bool; CODES], Option<std::cmp::Reverse<u16>>, bool) {
        let width = self.accounts.map(|(first, last)| std::cmp::Reverse(last - first));
        (self.codes.map(|code| code.is_some()), width, self.owner.is_some())
    }

    /// Whether some line could have both, and neither would win.
    fn clashes_with(&self, other: &Written) -> bool {
        let overlap = match (self.accounts, other.accounts) {
            (Some((first, last)), Some((other_first, other_last))) => first <= other_last && other_first <= last,
            (None, None) => true,
            _ => false,
        };
        self.specificity() == other.specificity() && self.codes == other.codes && self.owner == other.owner && overlap
    }

    fn row(&self, at: usize) -> String {
        let accounts = match self.accounts {
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first}-{last}"),
            None => String::new(),
        };
        let codes = self.codes.map(|code| code.map_or_else(String::new, |code| format!(" k:{code}")));
        let owner = self.owner.map_or_else(String::new, |owner| owner.to_string());
        format!("{accounts},{},{owner},{at}\n", codes.join(","))
    }
}

fn written() -> impl Strategy<Value = Written> {
    let range = (6300_u16..6330, prop_oneof![Just(0_u16), Just(9), 0_u16..30])
        .prop_map(|(first, width)| (first, first + width));
    let code = || option::weighted(0.3, 0_u8..2);
    let codes = [code(), code(), code(), code(), code(), code()];
    (option::weighted(0.7, range), codes, option::weighted(0.3, 0_i64..2))
        .prop_map(|(accounts, codes, owner)| Written { accounts, codes, owner })
        .prop_filter("a rule has a condition", |rule| {
            rule.accounts.is_some() || rule.owner.is_some() || rule.codes.iter().any(Option::is_some)
        })
}

proptest! {
    /// The index finds what a look at every rule finds.
    #[test]
    fn a_line_gets_the_rule_that_a_plain_scan_finds(candidates in vec(written(), 0..60), lines in vec(written(), 40)) {
        let mut rules: Vec<Written> = Vec::new();
        for rule in candidates {
            if !rules.iter().any(|other| rule.clashes_with(other)) {
                rules.push(rule);
            }
        }
        let header = "accounts,supplier_key,dimension_1_code,dimension_2_code,dimension_3_code,dimension_4_code,dimension_5_code,owner_id,category_1\n";
        let text: String = rules.iter().enumerate().map(|(at, rule)| rule.row(at)).collect();
        let categories = categories(&format!("{header}{text}"));
        for line in &lines {
            let scanned = rules.iter().enumerate().filter(|(_, rule)| rule.holds_for(line));
            let expected = scanned.max_by_key(|(_, rule)| rule.specificity()).map(|(at, _)| at.to_string());
            let codes = line.codes.map(|code| code.map(|code| format!("K:{code} ")));
            let [supplier_key, d1, d2, d3, d4, d5] = codes.each_ref().map(Option::as_deref);
            let conditions = Conditions {
                account: line.accounts.map(|(account, _)| account),
                supplier_key,
                dimension_codes: [d1, d2, d3, d4, d5],
                owner_id: line.owner,
            };
            prop_assert_eq!(found(&categories, &conditions), expected.as_deref(), "{:?}", line);
        }
    }

    /// Two rules are refused if, and only if, a line could have both.
    #[test]
    fn rules_that_could_both_win_are_refused(rules in vec(written(), 2..8)) {
        let header = "accounts,supplier_key,dimension_1_code,dimension_2_code,dimension_3_code,dimension_4_code,dimension_5_code,owner_id,category_1\n";
        let text: String = rules.iter().enumerate().map(|(at, rule)| rule.row(at)).collect();
        let clash = rules.iter().enumerate().any(|(at, rule)| rules[..at].iter().any(|other| rule.clashes_with(other)));
        prop_assert_eq!(Categories::read(format!("{header}{text}").as_bytes()).is_err(), clash);
    }
}
