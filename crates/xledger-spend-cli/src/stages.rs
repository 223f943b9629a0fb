//! The stages of a run, told to a person.

use std::time::Duration;

use xledger_spend::model::value::Instant;
use xledger_spend::report::progress::Progress;
use xledger_spend::xledger::Meter;

use crate::figures::{count, size, time};
use crate::lines::sanitize;

/// What is being watched.
#[derive(Clone, Copy, Default)]
pub(crate) struct Watched {
    check: bool,
}

impl Watched {
    /// For a check, or for a refresh.
    pub(crate) fn new(check: bool) -> Self {
        Self { check }
    }

    /// What a stage does, and what its rows are.
    pub(crate) fn label(self, stage: &str) -> (&'static str, &'static str) {
        match stage {
            "schema" => ("Reading the schema", ""),
            "index" => ("Listing the ledger", "lines"),
            "screen" => ("Leaving out payroll and what is no spend", ""),
            "fetch" => ("Fetching ledger and AP lines", "lines"),
            "refer" if self.check => ("Trying the token's rights", "rights"),
            "refer" => ("Listing suppliers, owners and dimensions", ""),
            "publish" => ("Writing the tables", "rows"),
            _ => ("Working", "rows"),
        }
    }
}

/// The line for a stage that has ended.
pub(crate) fn done(watched: Watched, stage: &str, rows: u64, duration_ms: u64) -> String {
    let (label, unit) = watched.label(stage);
    let rows = if unit.is_empty() || rows == 0 { String::new() } else { format!("{} {unit}", count(rows)) };
    format!("{label:<42} {rows:>16} {:>12}", time(duration_ms))
}

/// What a run waits for, and until when by the clock.
pub(crate) fn waits(left: Duration, reason: &str, now: Instant) -> String {
    let until = now.0.saturating_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX));
    let until = jiff::Timestamp::from_millisecond(until).map(|at| at.strftime("%H:%M:%S").to_string());
    let until = until.unwrap_or_else(|_| "a far day".to_owned());
    let left = time(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
    format!("waiting {left}, until {until} UTC: {}", sanitize(reason))
}

/// The line for where a run stands.
pub(crate) fn now(progress: &Progress, meter: &Meter, watched: Watched, clock: fn() -> Instant) -> String {
    let ((stage, rows, of), usage) = (progress.now(), meter.usage());
    let (label, unit) = watched.label(stage.as_str());
    let rows = match (rows, of) {
        _ if unit.is_empty() => String::new(),
        (0, 0) => String::new(),
        (rows, 0) => format!("  {} {unit}", count(rows)),
        (rows, of) => format!("  {} of {} {unit}", count(rows), count(of)),
    };
    let waiting = meter.waiting().map(|(left, reason)| format!(" · {}", waits(left, &reason, clock())));
    let waiting = waiting.unwrap_or_default();
    format!("{label}{rows} · {} requests · {} down{waiting}", count(usage.requests), size(usage.bytes_down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told() {
        let watched = Watched::new(false);
        let line = done(watched, "index", 200_000, 5_120);
        assert_eq!(line, "Listing the ledger                            200,000 lines        5.1 s");
        assert_eq!(done(watched, "refer", 7, 1).len(), line.len());
        assert_eq!(Watched::new(true).label("refer").1, "rights");
        let clock = || Instant(1_795_224_600_123);
        let line = now(&Progress::default(), &Meter::default(), watched, clock);
        assert_eq!(line, "Reading the schema · 0 requests · 0 B down");
        let line = waits(Duration::from_millis(5_000), "Xledger's burst limit\u{1b}[2J", clock());
        assert_eq!(line, "waiting 5.0 s, until 01:30:05 UTC: Xledger's burst limit\\u{1b}[2J");
    }
}
