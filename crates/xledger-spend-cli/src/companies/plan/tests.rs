use super::*;

const TEMPLATE: &str = include_str!("../../../../../template.yaml");
const HEAD: &str = "account = \"123456789012\"\nregion = \"eu-north-1\"\n";

fn parse(companies: &str) -> Result<Plan, Vec<String>> {
    Plan::parse(&format!("{HEAD}{companies}"), &serde_saphyr::from_str(TEMPLATE).unwrap())
}

#[test]
fn the_example_is_right_and_what_a_company_says_goes_before_what_holds_for_all() {
    let example = include_str!("../../../../../infra/companies.toml");
    let plan = Plan::parse(example, &serde_saphyr::from_str(TEMPLATE).unwrap()).unwrap();
    let [first, .., last] = &plan.companies[..] else { panic!("{plan:?}") };
    assert_eq!((first.source.as_str(), first.database().as_str()), ("Fjordfisk AS", "spend_fjordfisk"));
    assert_eq!((&*first.parameters["HistoryFrom"], &*last.parameters["HistoryFrom"]), ("2023-01", "2025-01"));
    assert_eq!(last.parameters["CreateDashboard"], "no");
    assert_eq!(plan.views.unwrap().database(), "spend_all");
}

#[test]
fn thirty_companies_are_read_in_their_order() {
    let company = |number| format!("[[company]]\nprefix = \"spend-{number}\"\nMemorySize = {}\n", 512 + number);
    let plan = parse(&(0..30).map(company).collect::<String>()).unwrap();
    assert_eq!(plan.companies.len(), 30);
    assert!((0..30).all(|number| plan.companies[number].prefix == format!("spend-{number}")));
    assert_eq!(plan.companies[29].parameters["MemorySize"], "541");
    assert_eq!((plan.companies[7].source.as_str(), plan.views), ("spend-7", None));
}

/// The template's patterns take these. A function would end each run as `settings_invalid`.
#[test]
fn what_the_function_refuses_is_no_parameter() {
    let faults = parse(
        r#"
        [all]
        ExcludedAccounts = "3000-1900"
        VatRates = "3=15,3=25"
        [[company]]
        prefix = "spend-a"
        PayrollAccounts = "5499-5000"
        PayrollWords = "a/b"
        ExtraPayrollDocumentTypes = "LÃ˜"
        PayrollDocumentTypes = "LÃ˜"
        HistoryFrom = ""
        "#,
    );
    let faults = faults.unwrap_err();
    let places = [
        "[all]: ExcludedAccounts: ",
        "[all]: VatRates: ",
        "company 1 (spend-a): PayrollWords: ",
        "company 1 (spend-a): PayrollAccounts: ",
        "company 1 (spend-a): ExtraPayrollDocumentTypes: ",
        "company 1 (spend-a): PayrollDocumentTypes: ",
    ];
    assert_eq!(faults.len(), 6, "{faults:?}");
    for place in places {
        assert!(faults.iter().any(|fault| fault.starts_with(place)), "{place} {faults:?}");
    }
}

/// The settings stand in the template under these names.
#[test]
fn each_of_these_parameters_is_the_setting_in_the_template() {
    for (parameter, setting) in SETTINGS {
        let line = TEMPLATE.lines().find(|line| line.trim_start().starts_with(&format!("{setting}: ")));
        assert!(line.is_some_and(|line| line.contains(&format!("!Ref {parameter}"))), "{parameter} {line:?}");
    }
}

#[test]
fn prefixes_and_sources_are_each_there_once() {
    let company = |prefix: &str, source: &str| format!("[[company]]\nprefix = \"{prefix}\"\nsource = \"{source}\"\n");
    let two = |one: String, other: String| parse(&[one, other].concat()).map(|plan| plan.companies.len());
    assert_eq!(two(company("spend-a", "A"), company("spend-b", "B")), Ok(2));
    assert_eq!(
        two(company("spend-a", "A"), company("spend-a", "A")),
        Err(vec!["two have the prefix `spend-a`".into()])
    );
    let faults = parse(
        &[company("spend-a", "A"), company("spend-a", "B"), company("spend-b", "B"), company("spend-c", "spend-d ")]
            .concat(),
    );
    let expected = [
        "company 4 (spend-c): source cannot be `spend-d `",
        "two have the prefix `spend-a`",
        "two have the source `B`",
    ];
    assert_eq!(faults.unwrap_err(), expected);
}

#[test]
fn all_faults_are_named_at_once_with_their_place() {
    let faults = Plan::parse(
        r#"
        account = 123456789012
        regoin = "eu-north-1"
        [all]
        MemorySize = 1
        NamePrefix = "x"
        [[company]]
        prefix = "spend-a"
        HistoryFrom = "2023-13"
        Colour = "blue"
        [[company]]
        prefix = "spend-a"
        source = ""
        ReserveConcurrency = true
        [[company]]
        prefix = "Spend_B"
        DocumentTypes = "AP,L?"
        [[company]]
        HistoryFrom = "2023-01"
        [views]
        prefix = "spend-a"
        MemorySize = 512
        "#,
        &serde_saphyr::from_str(TEMPLATE).unwrap(),
    );
    let expected = [
        "the file: account is of the type integer: put it in quotes",
        "the file has no region",
        "[all]: MemorySize: `1` must be a whole number from 256 to 10240",
        "[all]: NamePrefix: is the prefix",
        "company 1 (spend-a): Colour: is no parameter of the template",
        "company 1 (spend-a): HistoryFrom: `2023-13` must be empty, or a year and a month such as 2023-01",
        "company 2 (spend-a): source cannot be ``",
        "company 2 (spend-a): ReserveConcurrency: a value of the type boolean must be a text in quotes or a whole number",
        "company 3: prefix: `Spend_B` must be lower-case letters, digits and single hyphens",
        "company 3 (Spend_B): DocumentTypes: `AP,L?` must be one or more codes",
        "company 4: prefix is missing",
        "[views] (spend-a): MemorySize: is no parameter of the template",
        "`regoin` is nothing that the file can say",
        "two have the prefix `spend-a`",
    ];
    let faults = faults.unwrap_err();
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault} is not {expected}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
}

#[test]
fn a_file_that_is_no_toml_names_the_line() {
    let faults = parse("[[company]]\nprefix = spend-a\n").unwrap_err();
    assert!(faults.len() == 1 && faults[0].starts_with("line 4: "), "{faults:?}");
    assert_eq!(parse("").unwrap_err(), ["the file names no company: begin each with [[company]]"]);
}

#[test]
fn no_lake_lies_in_anothers() {
    let of = |one: &str, other: &str| {
        let company = |prefix: &str, lake: &str| {
            format!("[[company]]\nprefix = \"{prefix}\"\nExistingBucketName = \"ours\"\nLakePrefix = \"{lake}\"\n")
        };
        parse(&(company("a", one) + &company("b", other))).map(drop)
    };
    assert!(of("a/lake", "b/lake").is_ok() && of("lake", "lake-b").is_ok());
    for (one, other) in [("lake", "lake"), ("lake", "lake/b"), ("a/b/c", "a/b")] {
        assert!(of(one, other).unwrap_err()[0].starts_with("a and b share the bucket ours"), "{one} {other}");
    }
    let by_default = "[all]\nExistingBucketName = \"ours\"\n[[company]]\nprefix = \"a\"\n[[company]]\nprefix = \"b\"\n";
    assert_eq!(parse(by_default).unwrap_err().len(), 1);
}
