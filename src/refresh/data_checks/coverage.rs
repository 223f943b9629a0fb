//! What part of the ledger is kept, and the invoices of which nothing is.

use crate::model::value::Month;
use crate::refresh::data_checks::months::{of_both, sum};
use crate::refresh::screen::Coverage;
use crate::report::checks::{DataCheck, Measured, count, share};

/// Whether as much of closed months is kept as before. `before` is `None` where nothing is compared.
pub(super) fn coverage(
    all: &Coverage,
    now: &[Measured],
    before: Option<&[Measured]>,
    max_drift: u32,
    left_out: &str,
) -> DataCheck {
    let (lines, kept) = all.months.values().fold((0, 0), |total, of| (total.0 + of.0, total.1 + of.1));
    let mut places = Vec::new();
    if let Some(before) = before {
        // A month of which no line is kept any more has none in the table.
        let is_in_table = |month: &Month| now.iter().any(|of| of.month == *month);
        let gone = all.months.iter().filter(|(month, _)| !is_in_table(month));
        let gone = gone.map(|(month, (lines, _))| Measured { lines: *lines, ..Measured::empty(*month) });
        let now: Vec<Measured> = now.iter().cloned().chain(gone).collect();
        let [now, before] = of_both(&now, before);
        let [(kept, lines), (kept_before, lines_before)] =
            [now, before].map(|months| (sum(&months, |of| of.kept), sum(&months, |of| of.lines)));
        let [share_now, share_before] =
            [(kept, lines_before), (kept_before, lines)].map(|(a, b)| u128::from(a) * u128::from(b));
        if share_now.abs_diff(share_before) * 100 > share_before * u128::from(max_drift) {
            places.push(format!("{} before, {} now", share(kept_before, lines_before), share(kept, lines)));
        }
    }
    let figure = format!(
        "{} of lines, {} of vouchers; {left_out} of what is compared",
        share(kept, lines),
        share(all.kept_vouchers, all.vouchers)
    );
    DataCheck::judged("coverage", figure, "of the lines of the same closed months another part is kept", &places)
}

/// Account groups that are named.
const MAX_GROUPS: usize = 3;

/// Invoices that left the cost accounts.
pub(super) fn invoices(all: &Coverage) -> DataCheck {
    let places: Vec<String> = all
        .lost
        .iter()
        .map(|((owner, year), lost)| {
            let mut groups: Vec<(u64, u16)> = lost.groups.iter().map(|(group, vouchers)| (*vouchers, *group)).collect();
            groups.sort_by_key(|(vouchers, group)| (std::cmp::Reverse(*vouchers), *group));
            let named =
                groups.iter().take(MAX_GROUPS).map(|(vouchers, group)| format!("{group:02} ({})", count(*vouchers)));
            let by = if groups.is_empty() { "" } else { ", by accounts " };
            let named = named.collect::<Vec<_>>().join(", ");
            let unjudged = match lost.unjudged {
                0 => String::new(),
                vouchers => format!(", {} with lines that cannot be judged", count(vouchers)),
            };
            format!("owner {owner} in {year}: {}{by}{named}{unjudged}", count(lost.vouchers))
        })
        .collect();
    let lost: u64 = all.lost.values().map(|lost| lost.vouchers).sum();
    let figure = format!("{} of {} invoices", count(lost), count(all.invoices));
    let meaning = "invoices of suppliers of which no line is kept";
    DataCheck::judged("supplier_invoices_without_kept_line", figure, meaning, &places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refresh::screen::LostInvoices;

    const MAY: Month = Month { year: 2026, month: 5 };

    fn measured(kept: u64) -> [Measured; 1] {
        [Measured { lines: 1_000, kept, ..Measured::empty(MAY) }]
    }

    #[test]
    fn the_kept_part_stays_about_the_same() {
        let all =
            Coverage { months: [(MAY, (1_000, 400))].into(), vouchers: 300, kept_vouchers: 100, ..Coverage::default() };
        let check =
            |now, before| coverage(&all, &measured(now), Some(&measured(before)), 5, "2026-06 and later left out");
        for now in [380, 400, 420] {
            let check = check(now, 400);
            assert_eq!(
                check.figure,
                "40.0 % of lines, 33.3 % of vouchers; 2026-06 and later left out of what is compared"
            );
            assert_eq!(check.detail, "", "{now}");
        }
        assert!(check(379, 400).detail.ends_with(": 40.0 % before, 37.9 % now"));
        assert!(check(421, 400).detail.ends_with(": 40.0 % before, 42.1 % now"));
        assert_eq!(check(0, 0).detail, "");
        assert_eq!(coverage(&all, &measured(0), None, 5, "").detail, "");
        let nothing_kept = coverage(&all, &[], Some(&measured(400)), 5, "");
        assert!(nothing_kept.detail.ends_with(": 40.0 % before, 0.0 % now"), "{}", nothing_kept.detail);
    }

    #[test]
    fn lost_invoices_are_told_by_owner_and_year() {
        let lost = |groups: &[(u16, u64)], vouchers, unjudged| LostInvoices {
            vouchers,
            groups: groups.iter().copied().collect(),
            unjudged,
        };
        let all = Coverage {
            invoices: 2_000,
            lost: [((7, 2025), lost(&[(29, 3), (20, 2), (23, 3), (19, 1)], 9, 0)), ((7, 2026), lost(&[], 2, 1))].into(),
            ..Coverage::default()
        };
        let check = invoices(&all);
        assert_eq!(check.figure, "11 of 2,000 invoices");
        assert!(
            check.detail.ends_with(": owner 7 in 2025: 9, by accounts 23 (3), 29 (3), 20 (2); owner 7 in 2026: 2, 1 with lines that cannot be judged"),
            "{}",
            check.detail
        );
        assert_eq!(invoices(&Coverage { lost: Default::default(), ..all }).detail, "");
    }
}
