//! The settings: each that is accepted is the one in effect, and nothing shows the token.

use std::collections::HashMap;

use secrecy::ExposeSecret as _;

use crate::lake::LakeUrl;
use crate::lake::url::at_home;
use crate::model::value::{Day, Month};
use crate::settings::{Caller, Settings, TokenSource};

/// What a token is recognised by.
const HUSH: &str = "hush";

/// Reads settings. The input is one byte for who asks, then texts of the form `NAME=value`, each ended by a zero byte.
pub fn settings(data: &[u8]) {
    let Some((caller, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let set: HashMap<&str, &str> = text.split('\0').filter_map(|part| part.split_once('=')).collect();
    let lookup = |name: &str| set.get(name).map(|value| (*value).to_owned());
    let read = match caller % 3 {
        0 => Settings::read(Caller::CommandLine, lookup),
        1 => Settings::read(Caller::Function, lookup),
        _ => Settings::read_without_token(Caller::CommandLine, lookup),
    };
    let said = format!("{read:?}");
    if !set.iter().any(|(name, value)| *name != "XLEDGER_TOKEN" && value.contains(HUSH)) {
        assert!(!said.contains(HUSH), "the token is shown");
    }
    match read {
        Ok(settings) => in_effect(&settings, |name| set.get(name).copied()),
        Err(faults) => {
            let long: usize = faults.0.iter().map(|fault| fault.what.len()).sum();
            assert!(long <= 2 * data.len() + 4_000, "{long} bytes said of {}", data.len());
        }
    }
}

/// Holds what was read against what was set.
fn in_effect<'a>(settings: &Settings, set: impl Fn(&str) -> Option<&'a str>) {
    let given = |name| set(name).map(str::trim).filter(|text| !text.is_empty());
    for (name, value, least, most) in [
        ("XLEDGER_PAGE_ROWS", settings.page_rows, 100, 10_000),
        ("XLEDGER_MAX_IN_FLIGHT", settings.max_in_flight, 1, 20),
        ("SPEND_SNAPSHOTS_KEPT", settings.snapshots_kept, 1, 1_000),
    ] {
        assert!((least..=most).contains(&value), "{name}");
        assert!(given(name).is_none_or(|text| same_number(text, value)), "{name}");
    }
    assert!(given("XLEDGER_OWNER_SET").is_none_or(|text| text.eq_ignore_ascii_case(settings.owner_set)));
    assert_eq!(given("SPEND_HISTORY_FROM"), settings.rules.history_from.as_ref().map(Month::to_string).as_deref());
    let matches = given("SPEND_PAYROLL_MATCHES").map(str::to_ascii_lowercase);
    assert_eq!(settings.rules.payroll_matches, !matches!(matches.as_deref(), Some("off" | "false")));

    let endpoint = &settings.endpoint;
    assert_eq!(reqwest::Url::parse(endpoint.as_str()).as_ref(), Ok(endpoint));
    assert!(endpoint.scheme() == "https" || crate::xledger::is_this_machine(endpoint), "{endpoint}");
    assert!(endpoint.username().is_empty() && endpoint.password().is_none(), "{endpoint}");
    if let TokenSource::Given(token) = &settings.token {
        assert_eq!(Some(token.expose_secret()), given("XLEDGER_TOKEN"));
    }
    if let Some(lake) = &settings.lake {
        assert_eq!(LakeUrl::parse(&lake.to_string()).as_ref().ok(), Some(lake));
        let given = given("LAKE_URL").unwrap();
        let given = at_home(given, set("HOME")).unwrap().unwrap_or_else(|| given.to_owned());
        assert_eq!(lake.to_string(), if lake.directory().is_some() { &given } else { given.trim_end_matches('/') });
    }
    assert_eq!(given("LAKE_KMS_KEY_ARN"), settings.lake_kms_key_arn.as_deref());
    assert_eq!(given("GLUE_DATABASE"), settings.glue_database.as_deref());
    rules(settings, set);
}

/// The rules that are lists.
fn rules<'a>(settings: &Settings, set: impl Fn(&str) -> Option<&'a str>) {
    let rules = &settings.rules;
    let parts = |name| {
        let text = set(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty())
    };
    for (name, codes) in [
        ("SPEND_DOCUMENT_TYPES", &rules.document_types),
        ("SPEND_PAYROLL_DOCUMENT_TYPES", &rules.payroll_document_types),
    ] {
        assert!(!codes.is_empty() && parts(name).all(|code| codes.contains(code)), "{name}");
    }
    let payroll = &rules.payroll_accounts.ranges;
    for (name, ranges) in [("SPEND_EXCLUDED_ACCOUNTS", &rules.excluded_accounts), ("SPEND_PAYROLL_ACCOUNTS", payroll)] {
        assert_eq!(ranges.to_string().parse().as_ref(), Ok(ranges), "{name}");
        let numbers = parts(name).filter(|part| !matches!(*part, "none" | "chart"));
        let ends = numbers.flat_map(|part| part.split('-')).map(|end| end.trim().parse().unwrap());
        assert!(ends.into_iter().all(|end| ranges.contains(end)), "{name}");
    }
    let rates: HashMap<String, &str> = parts("SPEND_VAT_RATES")
        .filter_map(|part| part.split_once('='))
        .filter(|(code, _)| !code.contains('@'))
        .map(|(code, rate)| (code.trim().to_uppercase(), rate))
        .collect();
    for (code, rate) in rates {
        let (whole, fraction) = rate.trim().split_once('.').unwrap_or((rate.trim(), ""));
        let hundredths = format!("{whole}{fraction:0<2}").parse().ok();
        assert_eq!(rules.vat_rates.rate(&code, Day(i32::MIN)), hundredths, "SPEND_VAT_RATES");
    }
}

fn same_number(text: &str, value: usize) -> bool {
    text.trim_start_matches('+').trim_start_matches('0') == value.to_string()
}
