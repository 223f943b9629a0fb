use super::others::{AWS, CONTINUATION, PROXIES};
use super::*;
use crate::model::treatment::Treatment;
use crate::refresh::rules::AccountFacts;
use std::collections::HashMap;

fn read(caller: Caller, set: &[(&str, &str)]) -> Result<Settings, Vec<&'static str>> {
    let set: HashMap<&str, &str> = set.iter().copied().collect();
    Settings::read(caller, |name| set.get(name).map(|text| (*text).to_owned()))
        .map_err(|faults| faults.0.iter().map(|f| f.setting).collect())
}

#[test]
fn defaults_are_the_contracts() {
    let settings = read(Caller::Function, &[(TOKEN_SECRET_ID, "xledger"), (LAKE, "s3://bucket/prefix/")]).unwrap();
    assert_eq!(settings.endpoint.as_str(), "https://www.xledger.net/graphql");
    assert_eq!((settings.page_rows, settings.max_in_flight, settings.owner_set), (10_000, 5, "MINE"));
    assert_eq!((settings.full_every, settings.snapshots_kept), (10, 10));
    assert_eq!((settings.max_shrink_percent, settings.max_refused_percent), (20, 5));
    let Limits { drift_percent, match_drop_percent, invoice_days } = settings.limits;
    assert_eq!((drift_percent, match_drop_percent, invoice_days), (5, 5, 60));
    assert_eq!((settings.report_suppliers, settings.files.is_none()), (SupplierLabels::Names, true));
    // What they say is tested beside them.
    assert_eq!(settings.rules, Rules::default());
}

#[test]
fn every_fault_is_named_at_once() {
    let set = [
        (ENDPOINT, "http://example.com/graphql"),
        (OWNER_SET, "YOURS"),
        (PAGE_ROWS, "20000"),
        (MAX_IN_FLIGHT, "0"),
        (LAKE, "/tmp/lake"),
        (LAKE_KMS_KEY, "alias/lake"),
        (GLUE_DATABASE, "Spend data"),
        (DOCUMENT_TYPES, ","),
        (EXCLUDED_ACCOUNTS, "3000-1900"),
        (PAYROLL_DOCUMENT_TYPES, ""),
        (PAYROLL_MATCHES, "perhaps"),
        (HISTORY_FROM, "2023-13"),
        (VAT_RATES, "3"),
        (REPORT_SUPPLIERS, "people"),
        (SNAPSHOTS_KEPT, "0"),
    ];
    let expected = vec![
        ENDPOINT,
        TOKEN_SECRET_ID,
        LAKE,
        LAKE_KMS_KEY,
        GLUE_DATABASE,
        DOCUMENT_TYPES,
        EXCLUDED_ACCOUNTS,
        PAYROLL_DOCUMENT_TYPES,
        PAYROLL_MATCHES,
        HISTORY_FROM,
        VAT_RATES,
        REPORT_SUPPLIERS,
        OWNER_SET,
        PAGE_ROWS,
        MAX_IN_FLIGHT,
        SNAPSHOTS_KEPT,
    ];
    assert_eq!(read(Caller::Function, &set).err().unwrap(), expected);
}

#[test]
fn a_catalogue_is_for_a_lake_on_s3() {
    let set = |lake| [(TOKEN, "abc"), (LAKE, lake), (GLUE_DATABASE, "spend_data")];
    let settings = read(Caller::CommandLine, &set("s3://bucket/prefix")).unwrap();
    assert_eq!(settings.glue_database.as_deref(), Some("spend_data"));
    assert_eq!(read(Caller::CommandLine, &set("lake")).err().unwrap(), [GLUE_DATABASE]);
}

#[test]
fn a_key_is_named_by_its_arn_for_a_lake_on_s3() {
    let read = |lake: &str, arn: &str| read(Caller::CommandLine, &[(TOKEN, "abc"), (LAKE, lake), (LAKE_KMS_KEY, arn)]);
    let arn = |partition, key: &str| format!("arn:{partition}:kms:eu-north-1:111122223333:{key}");
    for right in [arn("aws", "key/1234abcd-12ab"), arn("aws-us-gov", "key/mrk-1234abcd"), arn("aws-cn", "key/1")] {
        assert_eq!(read("s3://bucket", &right).unwrap().lake_kms_key_arn.as_ref(), Some(&right));
        assert_eq!(read("lake", &right).err().unwrap(), [LAKE_KMS_KEY]);
    }
    assert_eq!(read("s3://bucket", " ").unwrap().lake_kms_key_arn, None, "as a template sets it that has no key");
    for wrong in ["1234abcd-12ab", "alias/lake", "arn:aws:s3:::bucket", "arn:aws:kms:eu-north-1::key/1", "*"] {
        assert_eq!(read("s3://bucket", wrong).err().unwrap(), [LAKE_KMS_KEY], "{wrong}");
    }
    for key in ["alias/lake", "key/", "key/a b", "key/1\nx: y", "key/*"] {
        assert_eq!(read("s3://bucket", &arn("aws", key)).err().unwrap(), [LAKE_KMS_KEY], "{key}");
    }
}

#[test]
fn snapshots_kept_have_limits() {
    let kept = |text| read(Caller::CommandLine, &[(TOKEN, "abc"), (SNAPSHOTS_KEPT, text)]);
    for (text, number) in [("1", 1), (" 30 ", 30), ("1000", 1_000), ("", 10)] {
        assert_eq!(kept(text).unwrap().snapshots_kept, number);
    }
    for text in ["0", "1001", "-1", "all"] {
        assert_eq!(kept(text).err().unwrap(), [SNAPSHOTS_KEPT], "{text}");
    }
}

#[test]
fn what_asks_xledger_nothing_needs_no_token() {
    let read = |caller, set: &[(&str, &str)]| {
        let set: HashMap<&str, &str> = set.iter().copied().collect();
        Settings::read_without_token(caller, |name| set.get(name).map(|text| (*text).to_owned()))
    };
    for set in [&[(LAKE, "s3://bucket")][..], &[(LAKE, "s3://bucket"), (TOKEN_SECRET_ID, "xledger")]] {
        for caller in [Caller::Function, Caller::CommandLine] {
            assert!(matches!(read(caller, set).unwrap().token, TokenSource::NotNeeded));
        }
    }
    let InvalidSettings(faults) = read(Caller::Function, &[(PAGE_ROWS, "7")]).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.setting).collect::<Vec<_>>(), [LAKE, PAGE_ROWS]);
}

/// Read as one code, such a list would let payroll in.
#[test]
fn codes_that_are_no_list_are_refused() {
    for text in ["ER;BA", "\"ER,BA\"", "'ER'", "ER|BA", "ER BA", "“ER,BA”"] {
        for name in [EXTRA_PAYROLL_DOCUMENT_TYPES, PAYROLL_DOCUMENT_TYPES, DOCUMENT_TYPES] {
            assert_eq!(read(Caller::CommandLine, &[(TOKEN, "abc"), (name, text)]).err().unwrap(), [name], "{text}");
        }
    }
}

#[test]
fn payroll_accounts_may_be_empty() {
    let settings = read(Caller::CommandLine, &[(TOKEN, "abc"), (PAYROLL_ACCOUNTS, "")]).unwrap();
    let wages = AccountFacts { number: Some(5_000), standard: Some(2), is_wages: Some(true) };
    assert!(!settings.rules.payroll_accounts.contains(&wages));
    assert!(read(Caller::CommandLine, &[(TOKEN, "abc")]).unwrap().rules.payroll_accounts.contains(&wages));
}

#[test]
fn payroll_types_and_words_are_added() {
    let set = [(TOKEN, "abc"), (EXTRA_PAYROLL_DOCUMENT_TYPES, "HO"), (PAYROLL_WORDS, "honorar")];
    let rules = read(Caller::CommandLine, &set).unwrap().rules;
    for (code, description) in [("HO", None), ("LØ", None), ("AP", Some("Honorarer"))] {
        assert_eq!(rules.treatment(Some(code), description), Treatment::Payroll, "{code}");
    }
    assert_eq!(read(Caller::CommandLine, &[(TOKEN, "abc"), (PAYROLL_WORDS, "x y")]).err().unwrap(), [PAYROLL_WORDS]);
}

/// What is lost on the way through a service or a shell: a payroll code that is none any more must not pass for one.
#[test]
fn a_list_that_lost_a_letter_is_refused() {
    let lists = [
        (DOCUMENT_TYPES, "AP,{}"),
        (EXCLUDED_ACCOUNTS, "1900{}3000"),
        (PAYROLL_DOCUMENT_TYPES, "PR, L{} "),
        (EXTRA_PAYROLL_DOCUMENT_TYPES, "L{}"),
        (PAYROLL_WORDS, "h{}nnorar"),
        (PAYROLL_ACCOUNTS, "{}"),
        (VAT_RATES, "3=15,{}=25"),
    ];
    for caller in [Caller::Function, Caller::CommandLine] {
        for lost in ["?", "??", "\u{FFFD}", "¿", "Ã˜", "Ã\u{98}", "Ã¸"] {
            let lists = lists.map(|(name, text)| (name, text.replace("{}", lost)));
            let set = |name: &str| match name {
                TOKEN_SECRET_ID => Some("xledger".to_owned()),
                LAKE => Some("s3://bucket".to_owned()),
                name => lists.iter().find(|(list, _)| *list == name).map(|(_, text)| text.clone()),
            };
            let InvalidSettings(faults) = Settings::read(caller, set).unwrap_err();
            assert_eq!(faults.iter().map(|fault| fault.setting).collect::<Vec<_>>(), lists.map(|(name, _)| name));
            for fault in faults {
                assert!(fault.what.contains("a letter was lost on the way") && fault.what.contains(lost), "{fault}");
            }
        }
    }
    for whole in ["LØ,LÅ,LÖ,LÄ,HÆ,hønn,LÃO,SÃ", "L-1,L/2,L.3,L*", "ЗП,工资"] {
        assert!(read(Caller::CommandLine, &[(TOKEN, "abc"), (EXTRA_PAYROLL_DOCUMENT_TYPES, whole)]).is_ok(), "{whole}");
    }
}

#[test]
fn a_token_is_for_the_command_line_and_never_shown() {
    assert_eq!(read(Caller::Function, &[(TOKEN, "t"), (LAKE, "s3://bucket")]).err().unwrap(), [TOKEN]);
    assert_eq!(read(Caller::CommandLine, &[(TOKEN, "token secret")]).err().unwrap(), [TOKEN]);
    let faults = Settings::read(Caller::CommandLine, |name| (name == TOKEN).then(|| "a secret\n".to_owned()));
    assert!(faults.is_err_and(|faults| !format!("{faults:?}").contains("a secret")));
    let shown = format!("{:?}", read(Caller::CommandLine, &[(TOKEN, "canary")]).unwrap());
    assert!(!shown.contains("canary"));
}

#[test]
fn what_is_not_utf_8_is_not_taken_for_unset() {
    use std::os::unix::ffi::OsStringExt;

    let odd = || OsString::from_vec(b"PR,XX,L\xd8".to_vec());
    let named = |read: Result<Settings, InvalidSettings>| -> Vec<&str> {
        let InvalidSettings(faults) = read.unwrap_err();
        assert!(faults.iter().all(|fault| fault.what.starts_with("is not UTF-8")), "{faults:?}");
        faults.iter().map(|fault| fault.setting).collect()
    };
    let calm = |name: &str| match name {
        TOKEN_SECRET_ID => Some("xledger".into()),
        LAKE => Some("s3://bucket".into()),
        _ => None,
    };
    for (caller, more) in [(Caller::Function, CONTINUATION), (Caller::CommandLine, &[])] {
        // Each by itself, the token and the lake among them.
        let names = NAMES.iter().map(|(name, _)| name).chain(AWS).chain(PROXIES).chain(more).copied();
        for name in names.clone() {
            let set = |asked: &str| if asked == name { Some(odd()) } else { calm(asked) };
            assert_eq!(named(Settings::read(caller, set)), [name], "{caller:?}");
        }
        // All at once.
        let mut all = named(Settings::read(caller, |_| Some(odd())));
        let mut known: Vec<&str> = names.collect();
        all.sort_unstable();
        known.sort_unstable();
        assert_eq!(all, known);
    }
    // What is not needed is not looked at.
    let local = |name: &str| match name {
        TOKEN => Some("abc".into()),
        ENDPOINT => Some("http://127.0.0.1/graphql".into()),
        name if NAMES.iter().any(|(setting, _)| *setting == name) => None,
        _ => Some(odd()),
    };
    assert!(Settings::read(Caller::CommandLine, local).is_ok());
    let set = |name: &str| if name == TOKEN { Some(odd()) } else { calm(name) };
    assert!(Settings::read_without_token(Caller::CommandLine, set).is_ok());
    // What the lake alone needs.
    let set = |name: &str| matches!(name, "AWS_PROFILE" | PAGE_ROWS).then(odd).or_else(|| calm(name));
    let InvalidSettings(faults) = Settings::read_lake(Caller::CommandLine, set).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.setting).collect::<Vec<_>>(), ["AWS_PROFILE"]);
    let set = |name: &str| if name == HOME { Some(odd()) } else { Some("~/lake".into()) };
    let InvalidSettings(faults) = Settings::read_lake(Caller::CommandLine, set).unwrap_err();
    assert_eq!(faults[0].setting, HOME);
}

/// AWS's library would panic over each of these.
#[test]
fn what_aws_cannot_take_is_named_at_once() {
    for lake_alone in [false, true] {
        let faults = |set: &[(&str, &'static str)]| {
            let set = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
                found.or((name == LAKE).then_some("s3://bucket"))
            };
            let read = match lake_alone {
                true => Settings::read_lake(Caller::CommandLine, set).err(),
                false => Settings::read_without_token(Caller::CommandLine, set).err(),
            };
            read.map_or_else(Vec::new, |InvalidSettings(faults)| faults)
        };
        for (name, wrong) in [
            ("AWS_ACCESS_KEY_ID", ["AKIA\n", "AKIA X", "\u{7f}", "ø"]),
            ("AWS_SECRET_ACCESS_KEY", ["canary\n", "canary\r", "canary\0", "canary ø"]),
            ("AWS_SESSION_TOKEN", ["canary\n", "canary\t", "canary\u{1b}", "canary ø"]),
            ("AWS_REGION", ["eu-north-1\n", "eu north", "\u{1}", "ø"]),
        ] {
            for wrong in wrong {
                let found = faults(&[(name, wrong)]);
                assert!(found.len() == 1 && found[0].setting == name, "{name}={wrong:?}: {found:?}");
                assert!(!found[0].what.contains("canary"), "{found:?}");
            }
        }
        let right = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "a+b/c="), ("AWS_REGION", "eu-north-1")];
        assert_eq!(faults(&right), []);
        let all = faults(&[("AWS_REGION", "\n"), ("AWS_ACCESS_KEY_ID", "\n")]);
        assert_eq!(all.len(), 2, "{all:?}");
    }
    // Nobody needs them for a directory.
    assert!(read(Caller::CommandLine, &[(TOKEN, "abc"), ("AWS_REGION", "\n")]).is_ok());
}

#[test]
fn a_tilde_in_the_lakes_address_is_the_home_directory() {
    let set = |lake| [(TOKEN, "abc"), (LAKE, lake), (HOME, "/home/ola")];
    for (lake, shown) in [("~", "/home/ola"), ("~/lake", "/home/ola/lake"), ("./~", "./~")] {
        assert_eq!(read(Caller::CommandLine, &set(lake)).unwrap().lake.unwrap().to_string(), shown);
    }
    assert_eq!(read(Caller::CommandLine, &set("~kari/lake")).err().unwrap(), [LAKE]);
    assert_eq!(read(Caller::CommandLine, &[(TOKEN, "abc"), (LAKE, "~/lake")]).err().unwrap(), [LAKE]);
    assert_eq!(read(Caller::Function, &[(TOKEN_SECRET_ID, "x"), (LAKE, "~/lake")]).err().unwrap(), [LAKE]);
}
