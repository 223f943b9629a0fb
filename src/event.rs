//! What the function is asked to do: a schedule's event, or one sent by hand.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lake::SnapshotName;
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::{Instant, Month};
use crate::model::words::words;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bring the lake up to date.
    Refresh(Refresh),
    /// Say what the token can read and how document types are treated.
    Check,
    /// Make an older snapshot current again.
    Rollback(SnapshotName),
}

words! {
    /// How much a refresh fetches.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Mode {
        /// What changed.
        #[default]
        Incremental = "incremental",
        /// Everything.
        Full = "full",
    }
}

/// The longest name of an unfinished refresh.
const REFRESH_ID_LIMIT: usize = 64;

/// How to refresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    /// How much is fetched.
    pub mode: Mode,
    /// Fetch the periods from this month on again.
    pub from: Option<Month>,
    /// Fetch the periods up to this month again.
    pub to: Option<Month>,
    /// Do everything but publish.
    pub dry_run: bool,
    /// Publish even if far fewer lines are left than before.
    pub accept_shrink: bool,
    /// Resume this refresh, if it is the unfinished one, and do nothing else.
    pub continues: Option<String>,
    /// Since when a token has been waited for: if it has come, check it before this refresh, which is the first.
    pub waiting_since: Option<Instant>,
}

/// What a refresh's event may have.
const REFRESH_KEYS: [&str; 8] =
    ["action", "mode", "from", "to", "dry_run", "accept_shrink", "continues", "waiting_since"];

impl Event {
    /// Reads an event. An EventBridge schedule's event, and an empty one, ask for a refresh.
    ///
    /// # Errors
    /// [`FailureKind::EventInvalid`], naming everything that is wrong.
    pub fn parse(event: &Value) -> Result<Self, Failure> {
        let Some(keys) = event.as_object() else {
            return Err(invalid(&["it is not a JSON object; send {} for a refresh".to_owned()]));
        };
        if is_schedule(keys) {
            return Ok(Self::Refresh(Refresh::default()));
        }
        let mut keys = Keys { keys, faults: Vec::new() };
        let action = keys.word("action", &["refresh", "check", "rollback"]).unwrap_or("refresh");
        let known: &[&str] = match action {
            "check" => &["action"],
            "rollback" => &["action", "snapshot"],
            _ => &REFRESH_KEYS,
        };
        for key in keys.keys.keys().filter(|key| !known.contains(&key.as_str())) {
            let key: String = key.chars().filter(|c| !c.is_control()).take(40).collect();
            keys.faults.push(format!("`{key}` is no key of the action {action}, which takes {}", known.join(", ")));
        }
        let event = match action {
            "check" => Some(Self::Check),
            "rollback" => keys.snapshot().map(Self::Rollback),
            _ => Some(Self::Refresh(keys.refresh())),
        };
        event.filter(|_| keys.faults.is_empty()).ok_or_else(|| invalid(&keys.faults))
    }
}

/// The keys of an event, and what was found to be wrong with them.
struct Keys<'a> {
    keys: &'a Map<String, Value>,
    faults: Vec<String>,
}

impl<'a> Keys<'a> {
    /// Reads a key, which can be missing or null. What is `wrong` with it otherwise is a fault.
    fn read<T>(&mut self, key: &str, wrong: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.keys.get(key).filter(|value| !value.is_null())?;
        let found = read(value);
        if found.is_none() {
            self.faults.push(format!("`{key}` {wrong}"));
        }
        found
    }

    fn word(&mut self, key: &str, words: &[&str]) -> Option<&'a str> {
        let wrong = format!("is none of {}", words.join(", "));
        self.read(key, &wrong, |value| value.as_str().filter(|word| words.contains(word)))
    }

    fn month(&mut self, key: &str) -> Option<Month> {
        let wrong = "is not a month; write a year and a month, as in 2025-01";
        self.read(key, wrong, |value| value.as_str()?.parse().ok())
    }

    fn boolean(&mut self, key: &str) -> bool {
        self.read(key, "is neither true nor false", Value::as_bool).unwrap_or_default()
    }

    fn refresh(&mut self) -> Refresh {
        let mode = self.word("mode", Mode::WORDS);
        let mode = Mode::ALL.iter().copied().find(|known| Some(known.as_str()) == mode).unwrap_or_default();
        let (from, to) = (self.month("from"), self.month("to"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            self.faults.push("`from` is after `to`".to_owned());
        }
        let (dry_run, accept_shrink) = (self.boolean("dry_run"), self.boolean("accept_shrink"));
        let wrong = format!("is no refresh's id, which has letters, digits and hyphens, at most {REFRESH_ID_LIMIT}");
        let fits = |id: &&str| {
            (1..=REFRESH_ID_LIMIT).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let continues = self.read("continues", &wrong, |value| value.as_str().filter(fits).map(str::to_owned));
        let waiting_since = self.read("waiting_since", "is not a time; write it as in 2026-11-21T01:30:00Z", |value| {
            let at = value.as_str()?.parse::<jiff::Timestamp>().ok()?;
            Some(Instant(at.as_millisecond()))
        });
        Refresh { mode, from, to, dry_run, accept_shrink, continues, waiting_since }
    }

    fn snapshot(&mut self) -> Option<SnapshotName> {
        if self.keys.get("snapshot").is_none_or(Value::is_null) {
            let what = "`snapshot` is missing; name the one to go back to, as in 20261121T013000Z-0a1b2c3d";
            self.faults.push(what.to_owned());
        }
        let wrong = "is no snapshot's name; write it as in 20261121T013000Z-0a1b2c3d";
        self.read("snapshot", wrong, |value| SnapshotName::read(value.as_str()?))
    }
}

/// EventBridge's own envelope, from a rule or from the Scheduler.
fn is_schedule(keys: &Map<String, Value>) -> bool {
    let text = |key| keys.get(key).and_then(Value::as_str);
    // Who adds a key of ours to a schedule's event means something by it.
    !REFRESH_KEYS.iter().chain(&["snapshot"]).any(|key| keys.contains_key(*key))
        && text("detail-type") == Some("Scheduled Event")
        && matches!(text("source"), Some("aws.events" | "aws.scheduler"))
}

fn invalid(faults: &[String]) -> Failure {
    Failure::new(
        FailureKind::EventInvalid,
        format!("the event cannot be understood; nothing was done. {}", faults.join("; ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_read() {
        let schedule = json!({"version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": "{}"});
        let default = Event::Refresh(Refresh::default());
        let full = Refresh {
            mode: Mode::Full,
            from: Month::new(2025, 1),
            to: Month::new(2025, 6),
            dry_run: true,
            accept_shrink: true,
            continues: Some("20261121T013000Z-0a1b2c3d".to_owned()),
            waiting_since: Some(Instant(1_795_224_600_000)),
        };
        for (event, parsed) in [
            (schedule, default.clone()),
            (json!({}), default.clone()),
            (json!({"action": "refresh", "mode": null}), default),
            (
                json!({
                    "action": "refresh", "mode": "full", "from": "2025-01", "to": "2025-06", "dry_run": true,
                    "accept_shrink": true, "continues": "20261121T013000Z-0a1b2c3d", "waiting_since": "2026-11-21T01:30:00Z"
                }),
                Event::Refresh(full),
            ),
            (json!({"action": "check"}), Event::Check),
            (
                json!({"action": "rollback", "snapshot": "20261121T013000Z-0a1b2c3d"}),
                Event::Rollback(SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap()),
            ),
        ] {
            assert_eq!(Event::parse(&event), Ok(parsed), "{event}");
        }
    }

    #[test]
    fn every_fault_of_an_event_is_named() {
        let event = json!({
            "action": "refresh", "mode": "some", "from": "2025-13", "to": 3, "dry_run": "no", "colour": "red",
            "accept_shrink": 1, "continues": "a/b", "waiting_since": "yesterday"
        });
        let failure = Event::parse(&event).unwrap_err();
        assert_eq!(failure.kind, FailureKind::EventInvalid);
        for word in ["mode", "from", "to", "dry_run", "colour", "accept_shrink", "continues", "waiting_since"] {
            assert!(failure.message.contains(&format!("`{word}`")), "{word}: {failure}");
        }
        for event in [
            json!([]),
            json!({"action": "delete"}),
            json!({"action": "check", "mode": "full"}),
            json!({"from": "2025-02", "to": "2025-01"}),
            json!({"from": "2025-+1"}),
            json!({"detail-type": "Scheduled Event", "source": "aws.events", "dry_run": true}),
            json!({"snapshot": "20261121T013000Z-0a1b2c3d"}),
            json!({"continues": ""}),
            json!({"continues": "a".repeat(65)}),
            json!({"continues": 7}),
            json!({"waiting_since": 7}),
            json!({"detail-type": "Scheduled Event", "source": "aws.events", "continues": "a"}),
            json!({"action": "check", "accept_shrink": true}),
        ] {
            assert!(Event::parse(&event).is_err(), "{event}");
        }
    }

    #[test]
    fn a_rollback_names_its_snapshot_and_nothing_else() {
        for (event, words) in [
            (json!({"action": "rollback"}), &["`snapshot` is missing"][..]),
            (json!({"action": "rollback", "snapshot": null}), &["`snapshot` is missing"]),
            (json!({"action": "rollback", "snapshot": "yesterday"}), &["`snapshot` is no snapshot's name"]),
            (json!({"action": "rollback", "snapshot": "../20261121T013000Z-0a1b2c3d"}), &["`snapshot` is no"]),
            (json!({"action": "rollback", "snapshot": 20_261_121}), &["`snapshot` is no snapshot's name"]),
            (
                json!({"action": "rollback", "snapshots": "20261121T013000Z-0a1b2c3d", "dry_run": true}),
                &["`snapshot` is missing", "`snapshots` is no key", "`dry_run` is no key", "takes action, snapshot"],
            ),
        ] {
            let failure = Event::parse(&event).unwrap_err();
            assert_eq!(failure.kind, FailureKind::EventInvalid);
            for word in words {
                assert!(failure.message.contains(word), "{word}: {failure}");
            }
        }
    }

    /// The samples that the documentation shows.
    #[test]
    fn each_sample_is_what_its_name_says() {
        let samples = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap();
        let mut read: Vec<(String, Event)> = samples
            .map(|sample| {
                let path = sample.unwrap().path();
                let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                (path.file_stem().unwrap().to_str().unwrap().to_owned(), Event::parse(&event).unwrap())
            })
            .collect();
        read.sort_by(|a, b| a.0.cmp(&b.0));
        let refresh = Refresh::default();
        let expected = [
            ("check", Event::Check),
            ("refresh", Event::Refresh(refresh.clone())),
            ("refresh-accept-shrink", Event::Refresh(Refresh { accept_shrink: true, ..refresh.clone() })),
            ("refresh-dry-run", Event::Refresh(Refresh { dry_run: true, ..refresh.clone() })),
            ("refresh-full", Event::Refresh(Refresh { mode: Mode::Full, ..refresh.clone() })),
            (
                "refresh-period",
                Event::Refresh(Refresh { from: Month::new(2025, 1), to: Month::new(2025, 6), ..refresh.clone() }),
            ),
            ("rollback", Event::Rollback(SnapshotName::read("20261121T013000Z-0a1b2c3d").unwrap())),
            ("schedule", Event::Refresh(refresh)),
        ];
        assert_eq!(read, expected.map(|(name, event)| (name.to_owned(), event)));
    }
}
