//! Whether a run did what its scenario expects, and what holds of every run.

use crate::play::Left;
use crate::tables;
use std::collections::BTreeSet;
use xledger_sim::{Outcome, PAYROLL_MARKER, Scenario};

/// No client takes more memory than this, whatever the weather: half of what the function has.
const MAX_BYTES: u64 = 256 << 20;

/// All that is not as it should be.
pub(crate) fn wrong(scenario: &Scenario, left: &Left, expected: &Left, calm_requests: u64) -> Vec<String> {
    let expect = &scenario.expect;
    let mut wrong = Vec::new();
    let mut check = |right: bool, what: String| {
        if !right {
            wrong.push(what);
        }
    };
    let (report, said) = (&left.report, format!("{} {}", left.report, left.log));
    let status = report["status"].as_str().unwrap_or_default();
    check(!said.contains(PAYROLL_MARKER), "a text of payroll was said".to_owned());
    check(!said.contains(xledger_sim::DEFAULT_TOKEN), "the token was said".to_owned());
    check(!left.log.contains(|c: char| c.is_control() && c != '\n'), "the log holds control characters".to_owned());
    check(left.peak_bytes <= MAX_BYTES, format!("{} MiB of memory", left.peak_bytes >> 20));
    let allowed = calm_requests * 5 / 4 + expect.extra_requests;
    check(
        left.requests() <= allowed,
        format!("{} requests, of {allowed} allowed ({calm_requests} calm)", left.requests()),
    );
    let current = left.lake().join("CURRENT.json").exists();
    match expect.outcome {
        Outcome::Succeeded => {
            check(status == "succeeded", format!("the run {status}"));
            if status == "succeeded" {
                let reported: BTreeSet<&str> = report["lost"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|lost| lost["columns"].as_array().into_iter().flatten())
                    .filter_map(|column| column.as_str())
                    .collect();
                let lost: BTreeSet<&str> = expect.lost.iter().map(String::as_str).collect();
                check(reported == lost, format!("reported as lost: {reported:?}"));
                let columns = |of: &'_ [String]| -> BTreeSet<String> { of.iter().cloned().collect() };
                let may = tables::May {
                    lost: columns(&expect.lost),
                    unfit: columns(&expect.unfit),
                    differ: columns(&expect.differ),
                };
                wrong.extend(tables::differences(&left.lake(), &expected.lake(), &may));
                let rows = report["tables"]["spend"]["rows"].as_u64();
                if expect.spend_rows.is_some() && rows != expect.spend_rows {
                    wrong.push(format!("{rows:?} rows of spend"));
                }
            }
        }
        Outcome::Failed => {
            check(status == "failed", format!("the run {status}"));
            let kind = report["error"]["kind"].as_str();
            check(kind == expect.kind.as_deref(), format!("kind {kind:?}, not {:?}", expect.kind));
            let message = report["error"]["message"].as_str().unwrap_or_default();
            for words in &expect.says {
                check(message.contains(words), format!("the message does not say {words:?}"));
            }
            check(!current, "a run that failed published".to_owned());
        }
        Outcome::Incomplete => {
            check(status == "incomplete", format!("the run {status}"));
            check(report["continues_at"].is_string(), "nobody knows when to go on".to_owned());
            let note = report["note"].as_str().unwrap_or_default();
            for words in &expect.says {
                check(note.contains(words), format!("the note does not say {words:?}"));
            }
            check(!current, "a run that did not end published".to_owned());
        }
    }
    wrong
}
