use super::*;
use crate::classify::spend_class::{SpendFacts, spend_class};

fn of(chart: i64, number: u16, language: Language) -> (Option<&'static str>, Option<&'static str>) {
    let (chart, number) = (Some(chart), Some(number));
    let class = spend_class(&SpendFacts { chart, number, ..Default::default() });
    let category = default_category(chart, number, class, language);
    (category.category_1, category.category_2)
}

#[test]
fn a_language_is_read_and_written() {
    for (text, language) in [("en", Language::English), ("no", Language::Norwegian)] {
        assert_eq!(text.parse(), Ok(language));
        assert_eq!(language.to_string(), text);
    }
    assert_eq!(" NO ".parse(), Ok(Language::Norwegian));
    assert!("nb".parse::<Language>().is_err() && "".parse::<Language>().is_err());
}

#[test]
fn categories_follow_from_the_account() {
    for (chart, number, expected) in [
        (NS_4102, 4300, (Some("Varer og underleverandører"), Some("Handelsvarer"))),
        (NS_4102, 4390, (Some("Ikke innkjøp"), Some("Beholdningsendring"))),
        (NS_4102, 4385, (Some("Ikke innkjøp"), None)),
        (NS_4102, 4400, (None, None)),
        (NS_4102, 4790, (None, None)),
        (NS_4102, 4900, (Some("Ikke innkjøp"), Some("Beholdningsendring"))),
        (NS_4102, 5000, (Some("Ikke innkjøp"), Some("Lønn"))),
        (NS_4102, 5100, (None, None)),
        (NS_4102, 5990, (Some("Personal"), Some("Velferd og personalforsikring"))),
        (NS_4102, 6015, (Some("Ikke innkjøp"), Some("Avskrivninger"))),
        (NS_4102, 6540, (Some("Utstyr, IT og vedlikehold"), Some("Utstyr, IT og programvare"))),
        (NS_4102, 7785, (Some("Ikke innkjøp"), None)),
        (NS_4102, 7790, (Some("Forsikring, lisenser og gebyrer"), Some("Gebyrer og annet"))),
        (NS_4102, 8160, (Some("Ikke innkjøp"), Some("Finans"))),
        (NS_4102, 8200, (None, None)),
        (NS_4102, 8300, (Some("Ikke innkjøp"), Some("Skatt og disponering"))),
        (NS_4102, 1250, (Some("Investeringer"), None)),
        (NS_4102, 1350, (Some("Ikke innkjøp"), None)),
        (NS_4102, 1460, (Some("Lager"), None)),
        (NS_4102, 1740, (Some("Forskuddsbetalt"), None)),
        (NS_4102, 2960, (None, None)),
        (BAS, 5010, (Some("Lokaler og energi"), Some("Lokaler"))),
        (BAS, 4598, (Some("Varer og underleverandører"), Some("Varer og materialer"))),
        (BAS, 6700, (None, None)),
        (BAS, 7010, (Some("Ikke innkjøp"), Some("Lønn"))),
        (BAS, 7631, (Some("Personal"), Some("Kurs, helse og velferd"))),
        (BAS, 8310, (Some("Ikke innkjøp"), Some("Finans"))),
        (BAS, 8700, (None, None)),
    ] {
        assert_eq!(of(chart, number, Language::Norwegian), expected, "{number} in chart {chart}");
    }
    assert_eq!(of(BAS, 6540, Language::English), (Some("Services"), Some("Advisers, IT, services")));
    assert_eq!(of(NS_4102, 1100, Language::English), (Some("Investments"), None));
}

#[test]
fn a_number_says_nothing_without_its_chart() {
    for (chart, number) in [(None, Some(5010)), (Some(12), Some(5010)), (Some(BAS), None)] {
        let category = default_category(chart, number, SpendClass::Operating, Language::English);
        assert_eq!(category, DefaultCategory::default());
    }
}

/// A line can be VAT bookkeeping on an account that is not.
#[test]
fn a_line_of_vat_bookkeeping_is_no_purchase() {
    let category = default_category(Some(BAS), Some(4535), SpendClass::VatBookkeeping, Language::English);
    assert_eq!(category, DefaultCategory { category_1: Some("Not a purchase"), category_2: None });
}

/// What was bought, and only that, has a category other than `Not a purchase`, and each wider category has but one writing in each language.
#[test]
fn groups_agree_with_what_accounts_hold() {
    for (chart, groups) in [(NS_4102, &NS_4102_GROUPS[..]), (BAS, &BAS_GROUPS[..])] {
        for pair in groups.windows(2) {
            assert!(pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0, "{pair:?}");
        }
        for number in 4000..9000 {
            let class = spend_class(&SpendFacts { chart: Some(chart), number: Some(number), ..Default::default() });
            let (category_1, category_2) = of(chart, number, Language::English);
            let is_bought = category_1.is_some_and(|category| category != "Not a purchase");
            assert!(class == SpendClass::Operating || !is_bought, "{number} in chart {chart}");
            assert!(class != SpendClass::Operating || is_bought || category_1.is_none(), "{number} in chart {chart}");
            assert!(category_1.is_some() || category_2.is_none());
        }
    }
}
