use super::*;

/// The vectors, which tests in other languages read, too: number, country code, status and key, a line starting with `#` is a heading.
const VECTORS: &str = include_str!("../company_numbers.tsv");

#[test]
fn every_vector_is_judged_as_it_says() {
    let some = |text: &'static str| (!text.is_empty()).then_some(text);
    let mut vectors = 0;
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [number, country, status, key] = cells[..] else { panic!("{line:?} has four cells") };
        let judged = judge(some(number), some(country));
        assert_eq!((judged.status.as_str(), judged.key.as_deref()), (status, some(key)), "{number} in {country}");
        vectors += 1;
    }
    assert!(vectors > 100, "{vectors}");
}

#[test]
fn a_number_that_is_none_is_missing() {
    for number in [None, Some(""), Some("  "), Some(" - "), Some("./")] {
        assert_eq!(judge(number, Some("NO")), Judged::without_key(CompanyNumberStatus::Missing));
    }
}

#[test]
fn no_text_is_too_odd() {
    for number in [
        "½",
        "ß1",
        "９１４２８６０１８",
        "æøå",
        "🦀123456789",
        "NO\u{301}914286018",
        "ÅÅÅÅÅÅÅÅÅ",
        "1\u{0}2",
        "19é08233234",
    ] {
        for country in
            [None, Some("NO"), Some("SE"), Some("DK"), Some("FI"), Some("GB"), Some("DE"), Some("Å"), Some("")]
        {
            let judged = judge(Some(number), country);
            let can_have_a_key = matches!(judged.status, CompanyNumberStatus::Valid | CompanyNumberStatus::Unchecked);
            assert!(can_have_a_key || judged.key.is_none(), "{number} in {country:?}");
        }
    }
}

/// A key tells one number of one system, so that two numbers never have one key.
#[test]
fn a_key_holds_the_number_that_it_was_made_of() {
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let [number, _, status, key] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        let Some((_, identifies)) = key.split_once(':') else { continue };
        assert!(matches!(status, "valid" | "unchecked"), "{line}");
        assert!(
            cleaned(number).contains(identifies.trim_start_matches('0'))
                || identifies.starts_with(|c: char| c.is_alphabetic()),
            "{line}"
        );
    }
}
