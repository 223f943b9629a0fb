//! What a probe found, as lines for a person. Safe to show on a terminal.

use super::{Basis, Finding, Probed};
use crate::display::figures::{count, time};
use crate::display::lines::{Align, aligned, sanitize};

/// The facts, the timings, and the verdict.
pub(super) fn table(probed: &Probed) -> Vec<String> {
    let mut text = format!("Xledger at {}, beside what is known of it\n\n", sanitize(&probed.endpoint));
    let head = ["fact", "it was", "found", ""].map(str::to_owned);
    let rows = probed.facts.iter().map(|fact| {
        let basis = match fact.basis {
            Basis::Verified => "verified",
            Basis::Follows => "inferred",
            Basis::Guessed => "guessed",
        };
        let found = match fact.found {
            Finding::Confirmed => "verified",
            Finding::GuessConfirmed => "as guessed",
            Finding::Different => "DIFFERENT",
            Finding::Missing => "MISSING",
            Finding::NotTried => "not tried",
        };
        [fact.fact.clone(), basis.to_owned(), found.to_owned(), fact.detail.clone().unwrap_or_default()]
    });
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    text.push_str(&aligned(&[Align::Left; 4], &rows));
    text.push_str("\nTimes\n");
    let timings = probed
        .timings
        .iter()
        .map(|timing| [timing.question.to_owned(), format!("{} rows", count(timing.rows)), time(timing.duration_ms)]);
    text.push_str(&aligned(&[Align::Left, Align::Right, Align::Right], &timings.collect::<Vec<_>>()));
    let of = |found: Finding| probed.facts.iter().filter(|fact| fact.found == found).count();
    let (verified, guessed) = (of(Finding::Confirmed), of(Finding::GuessConfirmed));
    let (different, missing, open) = (of(Finding::Different), of(Finding::Missing), of(Finding::NotTried));
    text.push_str(&format!(
        "\n{verified} verified, {guessed} as guessed, {different} different, {missing} missing, {open} not tried.\n"
    ));
    match probed.in_the_way.as_slice() {
        [] => text.push_str(
            "The schema has the roots, filters and owner set of a refresh; whether a refresh works, `check` tells.\n",
        ),
        all => all.iter().for_each(|what| text.push_str(&format!("In the way of a refresh: {}\n", sanitize(what)))),
    }
    text.lines().map(str::to_owned).collect()
}
