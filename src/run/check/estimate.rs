//! What refreshes of this ledger take, of Xledger and of AWS, by what a check has listed of it. `docs/costs.md` says how the figures were measured.

use serde::Serialize;

use crate::display::figures::{amount, count, size};
use crate::display::lines::{Align, aligned};
use crate::refresh::fetch::batch_rows;

/// Refreshes of a month, by the schedule that the template sets: every three days.
const REFRESHES: u64 = 10;
/// Bytes that a fetched row of either ledger takes on the wire, in the simulator's books. Real texts can triple them.
const ROW_BYTES: u64 = 46;
/// Lines of a thousand that change between two refreshes.
const CHANGED_PER_MILLE: u64 = 5;
/// Requests beyond those of the lists and for rows: suppliers, names, and what document types are called after the fetch.
const OTHER_REQUESTS: u64 = 4;
/// What Xledger lets through in a second: 19 requests in 5.05 s.
const REQUESTS_PER_SECOND: f64 = 19.0 / 5.05;
/// Seconds at 512 MB of the work on a listed line, and of that on a fetched row.
const LINE_SECONDS: f64 = 11e-6;
const ROW_SECONDS: f64 = 40e-6;
/// Seconds for start and S3.
const START_SECONDS: f64 = 5.0;

/// By the vendor's UK terms a month includes so many requests, and so many bytes each way.
const INCLUDED_REQUESTS: u64 = 5_000;
const INCLUDED_BYTES: u64 = 1_000_000_000;
/// Pence of a request, and of a MB, beyond.
const REQUEST_PENCE: u64 = 1;
const MB_PENCE: u64 = 10;

/// A month in cents of US dollars whatever the ledger's size: alarms, secret, metrics, 200 queries, and the dashboard, which can be left out.
const AWS_FIXED_CENTS: f64 = 484.0;
const DASHBOARD_CENTS: u64 = 300;
/// Cents of a second of 512 MB.
const SECOND_CENTS: f64 = 0.5 * 0.001_666_67;
/// Cents of a month of a kept line in S3: ten snapshots, some 60 bytes in each, at 2.3 cents a GB.
const STORED_LINE_CENTS: f64 = 2.3 * 10.0 * 60e-9;

/// What a check has listed, and what that took.
pub(super) struct Listed {
    /// Requests to Xledger.
    pub(super) requests: u64,
    /// Bytes that Xledger sent, compressed.
    pub(super) bytes_down: u64,
    /// Ledger lines.
    pub(super) lines: u64,
    /// Those that are kept.
    pub(super) kept: u64,
    /// AP lines that are kept.
    pub(super) payables_kept: u64,
}

/// What refreshes of this ledger take. Estimates: nothing was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// A full refresh.
    pub full: Cost,
    /// A refresh that finds half a percent of the lines changed.
    pub incremental: Cost,
    /// A month.
    pub month: MonthlyCost,
}

/// What one refresh takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Requests to Xledger.
    pub requests: u64,
    /// Bytes that Xledger sends, compressed.
    pub bytes_down: u64,
    /// Seconds in a function of 512 MB.
    pub seconds: u64,
}

/// What a month of refreshes takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MonthlyCost {
    /// Refreshes, one every three days.
    pub refreshes: u64,
    /// How many of them are full.
    pub full_refreshes: u64,
    /// Requests to Xledger.
    pub requests: u64,
    /// Bytes that Xledger sends, compressed.
    pub bytes_down: u64,
    /// What the vendor's UK terms ask for what is not included, in pence, if nothing else uses the API.
    pub xledger_pence: u64,
    /// What AWS asks, in cents of US dollars, by list prices without tax and free tier.
    pub aws_cents: u64,
}

impl Estimate {
    /// By what was listed, in batches of so many rows, where every so many refreshes one is full.
    pub(super) fn of(listed: &Listed, page_rows: usize, full_every: u32) -> Self {
        let rows = listed.kept + listed.payables_kept;
        let batch_rows = batch_rows(page_rows) as u64;
        let cost = |fetched: u64, batches: u64| {
            let requests = listed.requests + batches + OTHER_REQUESTS;
            let work = listed.lines as f64 * LINE_SECONDS + fetched as f64 * ROW_SECONDS;
            let seconds = (requests as f64 / REQUESTS_PER_SECOND + work + START_SECONDS).round() as u64;
            Cost { requests, bytes_down: listed.bytes_down + fetched * ROW_BYTES, seconds }
        };
        let full = cost(rows, listed.kept.div_ceil(batch_rows) + listed.payables_kept.div_ceil(batch_rows));
        let changed = |rows: u64| rows * CHANGED_PER_MILLE / 1_000;
        // At least a batch of each ledger: what is asked for says whether the token may still read it.
        let batches = |rows: u64| changed(rows).div_ceil(batch_rows).max(1);
        let incremental = cost(changed(rows), batches(listed.kept) + batches(listed.payables_kept));

        let full_refreshes = REFRESHES.div_ceil(u64::from(full_every.max(1)));
        let sum = |of: fn(&Cost) -> u64| full_refreshes * of(&full) + (REFRESHES - full_refreshes) * of(&incremental);
        let (requests, bytes_down) = (sum(|cost| cost.requests), sum(|cost| cost.bytes_down));
        let xledger_pence = requests.saturating_sub(INCLUDED_REQUESTS) * REQUEST_PENCE
            + bytes_down.saturating_sub(INCLUDED_BYTES).div_ceil(1_000_000) * MB_PENCE;
        let seconds = sum(|cost| cost.seconds) as f64;
        let aws = AWS_FIXED_CENTS + seconds * SECOND_CENTS + listed.kept as f64 * STORED_LINE_CENTS;
        let month = MonthlyCost {
            refreshes: REFRESHES,
            full_refreshes,
            requests,
            bytes_down,
            xledger_pence,
            aws_cents: aws.ceil() as u64,
        };
        Self { full, incremental, month }
    }

    /// As lines for a person.
    pub(super) fn table(&self) -> String {
        let Self { full, incremental, month } = self;
        let row = |what: &str, requests, bytes, seconds: Option<u64>| {
            let seconds = seconds.map_or(String::new(), |seconds| format!("{} s", count(seconds)));
            [what.to_owned(), count(requests), size(bytes), seconds]
        };
        let rows = [
            ["".to_owned(), "requests".to_owned(), "down".to_owned(), "in the function".to_owned()],
            row("a full refresh", full.requests, full.bytes_down, Some(full.seconds)),
            row(
                "one with half a percent changed",
                incremental.requests,
                incremental.bytes_down,
                Some(incremental.seconds),
            ),
            row(
                &format!("a month of {} refreshes, {} full", month.refreshes, month.full_refreshes),
                month.requests,
                month.bytes_down,
                None,
            ),
        ];
        let table = aligned(&[Align::Left, Align::Right, Align::Right, Align::Right], &rows);
        let money = |hundredths: u64| amount(i128::from(hundredths) * 100);
        let xledger = match month.xledger_pence {
            0 => "within what Xledger's UK terms include, if nothing else uses the API".to_owned(),
            pence => format!("GBP {} beyond what Xledger's UK terms include", money(pence)),
        };
        format!(
            "\nCosts (estimated; long texts can triple what comes down)\n{table}  A month: {xledger}; AWS USD {}, of which the dashboard {}\n",
            money(month.aws_cents),
            money(DASHBOARD_CENTS),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bench's million lines show to a check.
    const MILLION: Listed =
        Listed { requests: 126, bytes_down: 12_470_000, lines: 1_000_000, kept: 307_443, payables_kept: 115_000 };

    /// Within so many percent.
    fn is_near(estimated: u64, measured: u64, percent: u64) -> bool {
        estimated.abs_diff(measured) * 100 <= measured * percent
    }

    #[test]
    fn it_is_near_what_was_measured() {
        let Estimate { full, incremental, month } = Estimate::of(&MILLION, 10_000, 10);
        // docs/costs.md.
        assert!(is_near(full.requests, 217, 5) && is_near(full.bytes_down, 32_300_000, 5), "{full:?}");
        assert!(
            is_near(incremental.requests, 131, 5) && is_near(incremental.bytes_down, 13_000_000, 5),
            "{incremental:?}"
        );
        assert!(is_near(full.seconds, 90, 10) && is_near(incremental.seconds, 52, 10), "{full:?} {incremental:?}");
        assert_eq!((month.refreshes, month.full_refreshes, month.xledger_pence), (10, 1, 0));
        assert!(is_near(month.aws_cents, 486, 1), "{month:?}");
    }

    #[test]
    fn what_is_beyond_the_included_is_paid() {
        let MonthlyCost { full_refreshes, requests, bytes_down, xledger_pence, .. } =
            Estimate::of(&Listed { requests: 600, bytes_down: 130_000_000, ..MILLION }, 10_000, 1).month;
        assert_eq!(full_refreshes, 10);
        assert!(requests > 5_000 && bytes_down > 1_000_000_000);
        assert_eq!(xledger_pence, (requests - 5_000) + bytes_down.div_ceil(1_000_000).saturating_sub(1_000) * 10);
    }

    #[test]
    fn an_empty_ledger_costs_its_fixed_part() {
        let empty = Listed { requests: 5, bytes_down: 900, lines: 0, kept: 0, payables_kept: 0 };
        let Estimate { full, month, .. } = Estimate::of(&empty, 10_000, 10);
        assert_eq!((full.requests, full.bytes_down), (5 + OTHER_REQUESTS, 900));
        assert_eq!(month.aws_cents, 485);
    }
}
