//! The stages of a run, told to a person.

use std::sync::{Arc, Mutex, PoisonError};

use xledger_spend::progress::Progress;
use xledger_spend::xledger::Meter;

use crate::figures::{count, size, time};
use crate::lines::escaped;

/// What the log tells the screen. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Watched(Arc<Mutex<Why>>);

#[derive(Default)]
struct Why {
    check: bool,
    waits_for: String,
}

impl Watched {
    /// For a check, or for a refresh.
    pub(crate) fn new(check: bool) -> Self {
        Self(Arc::new(Mutex::new(Why { check, waits_for: String::new() })))
    }

    /// Notes what is waited for.
    pub(crate) fn waits_for(&self, reason: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waits_for = escaped(reason);
    }

    /// What a stage does, and what its rows are.
    pub(crate) fn label(&self, stage: &str) -> (&'static str, &'static str) {
        let check = self.0.lock().unwrap_or_else(PoisonError::into_inner).check;
        match stage {
            "schema" => ("Reading the schema", ""),
            "index" => ("Listing the ledger", "lines"),
            "screen" => ("Leaving out payroll and what is no spend", ""),
            "lines" => ("Fetching ledger lines", "lines"),
            "payables" => ("Fetching AP lines", "lines"),
            "refer" if check => ("Trying the token's rights", "rights"),
            "refer" => ("Listing suppliers, owners and dimensions", ""),
            "publish" => ("Writing the tables", "rows"),
            _ => ("Working", "rows"),
        }
    }
}

/// The line for a stage that has ended.
pub(crate) fn done(watched: &Watched, stage: &str, rows: u64, duration_ms: u64) -> String {
    let (label, unit) = watched.label(stage);
    let rows = if unit.is_empty() || rows == 0 { String::new() } else { format!("{} {unit}", count(rows)) };
    format!("{label:<42} {rows:>16} {:>12}", time(duration_ms))
}

/// The line for where a run stands.
pub(crate) fn now(progress: &Progress, meter: &Meter, watched: &Watched) -> String {
    let ((stage, rows, of), usage) = (progress.now(), meter.usage());
    let (label, unit) = watched.label(stage.as_str());
    let rows = match (rows, of) {
        _ if unit.is_empty() => String::new(),
        (0, 0) => String::new(),
        (rows, 0) => format!("  {} {unit}", count(rows)),
        (rows, of) => format!("  {} of {} {unit}", count(rows), count(of)),
    };
    let waiting = match meter.waiting_ms() {
        0 => String::new(),
        ms => {
            let why = &watched.0.lock().unwrap_or_else(PoisonError::into_inner).waits_for;
            format!(" · waiting {} s: {}", ms.div_ceil(1_000), if why.is_empty() { "as Xledger asks" } else { why })
        }
    };
    format!("{label}{rows} · {} requests · {} down{waiting}", count(usage.requests), size(usage.bytes_down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told() {
        let watched = Watched::new(false);
        let line = done(&watched, "index", 200_000, 5_120);
        assert_eq!(line, "Listing the ledger                            200,000 lines        5.1 s");
        assert_eq!(done(&watched, "refer", 7, 1).len(), line.len());
        assert_eq!(Watched::new(true).label("refer").1, "rights");
        let line = now(&Progress::default(), &Meter::default(), &watched);
        assert_eq!(line, "Reading the schema · 0 requests · 0 B down");
    }
}
