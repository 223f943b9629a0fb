//! Organisation numbers with right check digits, all invented.

use crate::company::Company;
use crate::company::supplier::COUNTRIES;

/// Gives companies the numbers of the countries in which their first suppliers are. Every owner's has one.
pub(crate) fn number_companies(company: &mut Company) {
    let mut countries = vec![COUNTRIES[0].1; company.parties.len()];
    for supplier in company.subledgers.iter().rev() {
        let country = supplier.address.as_ref().and_then(|address| address.country);
        if let (Some(party), Some(country)) = (supplier.party, country) {
            countries[party as usize] = COUNTRIES[usize::from(country)].1;
        }
    }
    let owners = company.owners.len();
    for (place, party) in company.parties.iter_mut().enumerate().filter(|(_, party)| !party.payroll) {
        if place < owners || party.number.is_some() {
            party.number = organisation_number(countries[place], place).or_else(|| party.number.take());
        }
    }
}

/// The organisation number of the company at a place of the register, as registers of its country write it: no two places share one.
/// None for a country whose numbers are not known here.
pub(crate) fn organisation_number(country: &str, place: usize) -> Option<String> {
    let own = 100_000 + place as u64 * 104_729 % 900_000;
    Some(match country {
        "NO" => modulus_11(&format!("9{own}"), &[3, 2, 7, 6, 5, 4, 3, 2]),
        "DK" => modulus_11(&own.to_string(), &[2, 7, 6, 5, 4, 3, 2]),
        "FI" => {
            let number = modulus_11(&own.to_string(), &[7, 9, 10, 5, 8, 4, 2]);
            format!("{}-{}", &number[..7], &number[7..])
        }
        "SE" => luhn(&format!("556{own}")),
        // The register of companies, which has no check digit.
        "GB" => format!("09{own}"),
        _ => return None,
    })
}

/// The digits, one more digit, and a check digit that makes the weighted sum a multiple of 11. Not every number has a check digit, so the
/// digit before it is the first that allows one.
fn modulus_11(digits: &str, weights: &[u32]) -> String {
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let last = weights[digits.len()];
    let check = |free: u32| (11 - (sum + free * last) % 11) % 11;
    let free = (0..10).find(|&free| check(free) < 10).unwrap_or_default();
    format!("{digits}{free}{}", check(free))
}

/// The digits with Luhn's check digit behind them.
fn luhn(digits: &str) -> String {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let from_behind = digits.bytes().rev().map(|digit| u32::from(digit - b'0')).enumerate();
    let sum: u32 = from_behind.map(|(place, digit)| if place % 2 == 0 { doubled(digit) } else { digit }).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::supplier::Role;
    use std::collections::BTreeSet;

    /// Whether a number passes its country's check, written down once more.
    fn is_right(country: &str, number: &str) -> bool {
        let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
        let weighted = |weights: &[u32]| {
            let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
            digits.len() == weights.len() && sum.is_multiple_of(11)
        };
        match country {
            "NO" => weighted(&[3, 2, 7, 6, 5, 4, 3, 2, 1]) && matches!(digits[0], 8 | 9),
            "DK" => weighted(&[2, 7, 6, 5, 4, 3, 2, 1]) && digits[0] != 0,
            "FI" => weighted(&[7, 9, 10, 5, 8, 4, 2, 1]) && &number[7..8] == "-",
            "SE" => {
                let sum: u32 =
                    digits.iter().enumerate().map(|(at, d)| (d << (1 - at % 2)) / 10 + (d << (1 - at % 2)) % 10).sum();
                digits.len() == 10 && digits[2] >= 2 && sum.is_multiple_of(10)
            }
            _ => digits.len() == 8,
        }
    }

    #[test]
    fn numbers_pass_the_checks_of_their_countries() {
        for (country, valid, invalid) in [
            ("NO", "914286018", "100000008"),
            ("SE", "5560360793", "5560360794"),
            ("DK", "13585628", "13585629"),
            ("FI", "2077474-0", "2077474-1"),
        ] {
            assert!(is_right(country, valid) && !is_right(country, invalid), "{country}");
        }
        for country in ["NO", "SE", "DK", "FI", "GB"] {
            let numbers: BTreeSet<String> =
                (0..30_000).filter_map(|place| organisation_number(country, place)).collect();
            assert_eq!(numbers.len(), 30_000);
            assert_eq!(numbers.iter().find(|number| !is_right(country, number)), None);
        }
        assert_eq!(organisation_number("US", 1), None);
    }

    #[test]
    fn companies_have_the_numbers_of_their_first_suppliers_countries() {
        let company = Company::generate(20_000, 1);
        let is_known = |country: &str| ["NO", "SE", "DK", "GB"].contains(&country);
        let mut seen = BTreeSet::new();
        for supplier in company.subledgers.iter().filter(|of| of.role == Role::Supplier) {
            let country = supplier.address.as_ref().and_then(|address| address.country);
            let (Some(party), Some(country)) = (supplier.party, country) else { continue };
            let country = COUNTRIES[usize::from(country)].1;
            let is_first = seen.insert(party);
            if let Some(number) = company.parties[party as usize].number.as_ref().filter(|_| is_first) {
                assert!(!is_known(country) || is_right(country, number), "{country} {number}");
            }
        }
        for owner in &company.owners {
            let number = company.parties[owner.party as usize].number.as_deref();
            assert!(number.is_some_and(|number| is_right("NO", number)));
        }
    }
}
