//! What the function is asked to do: a schedule's event, or one sent by hand.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lake::SnapshotName;
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::{Instant, Month};

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

/// How much a refresh fetches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What changed.
    #[default]
    Incremental,
    /// Everything.
    Full,
}

impl Mode {
    /// The word in an event and in the table `runs`.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Incremental => "incremental",
            Mode::Full => "full",
        }
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
        let mut faults = Vec::new();
        let action = word(keys, "action", &["refresh", "check", "rollback"], &mut faults).unwrap_or("refresh");
        let known: &[&str] = match action {
            "check" => &["action"],
            "rollback" => &["action", "snapshot"],
            _ => &REFRESH_KEYS,
        };
        for key in keys.keys().filter(|key| !known.contains(&key.as_str())) {
            let key: String = key.chars().filter(|c| !c.is_control()).take(40).collect();
            faults.push(format!("`{key}` is no key of the action {action}, which takes {}", known.join(", ")));
        }
        let event = match action {
            "check" => Some(Self::Check),
            "rollback" => snapshot(keys, &mut faults).map(Self::Rollback),
            _ => Some(Self::Refresh(refresh(keys, &mut faults))),
        };
        event.filter(|_| faults.is_empty()).ok_or_else(|| invalid(&faults))
    }
}

fn refresh(keys: &Map<String, Value>, faults: &mut Vec<String>) -> Refresh {
    let mode = match word(keys, "mode", &["incremental", "full"], faults) {
        Some("full") => Mode::Full,
        _ => Mode::Incremental,
    };
    let (from, to) = (month(keys, "from", faults), month(keys, "to", faults));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        faults.push("`from` is after `to`".to_owned());
    }
    let (dry_run, accept_shrink) = (boolean(keys, "dry_run", faults), boolean(keys, "accept_shrink", faults));
    let (continues, waiting_since) = (refresh_id(keys, faults), instant(keys, "waiting_since", faults));
    Refresh { mode, from, to, dry_run, accept_shrink, continues, waiting_since }
}

fn boolean(keys: &Map<String, Value>, key: &str, faults: &mut Vec<String>) -> bool {
    match keys.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(yes)) => *yes,
        Some(_) => {
            faults.push(format!("`{key}` is neither true nor false"));
            false
        }
    }
}

fn refresh_id(keys: &Map<String, Value>, faults: &mut Vec<String>) -> Option<String> {
    let value = keys.get("continues").filter(|value| !value.is_null())?;
    let fits = |id: &&str| {
        (1..=REFRESH_ID_LIMIT).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let id = value.as_str().filter(fits).map(str::to_owned);
    if id.is_none() {
        faults.push(format!(
            "`continues` is no refresh's id, which has letters, digits and hyphens, at most {REFRESH_ID_LIMIT}"
        ));
    }
    id
}

fn snapshot(keys: &Map<String, Value>, faults: &mut Vec<String>) -> Option<SnapshotName> {
    let Some(value) = keys.get("snapshot").filter(|value| !value.is_null()) else {
        faults.push("`snapshot` is missing; name the one to go back to, as in 20261121T013000Z-0a1b2c3d".to_owned());
        return None;
    };
    let name = value.as_str().and_then(SnapshotName::read);
    if name.is_none() {
        faults.push("`snapshot` is no snapshot's name; write it as in 20261121T013000Z-0a1b2c3d".to_owned());
    }
    name
}

/// EventBridge's own envelope, from a rule or from the Scheduler.
fn is_schedule(keys: &Map<String, Value>) -> bool {
    let text = |key| keys.get(key).and_then(Value::as_str);
    // Who adds a key of ours to a schedule's event means something by it.
    !REFRESH_KEYS.iter().chain(&["snapshot"]).any(|key| keys.contains_key(*key))
        && text("detail-type") == Some("Scheduled Event")
        && matches!(text("source"), Some("aws.events" | "aws.scheduler"))
}

fn word<'a>(keys: &'a Map<String, Value>, key: &str, words: &[&str], faults: &mut Vec<String>) -> Option<&'a str> {
    let value = keys.get(key).filter(|value| !value.is_null())?;
    let word = value.as_str().filter(|word| words.contains(word));
    if word.is_none() {
        faults.push(format!("`{key}` is none of {}", words.join(", ")));
    }
    word
}

fn month(keys: &Map<String, Value>, key: &str, faults: &mut Vec<String>) -> Option<Month> {
    let value = keys.get(key).filter(|value| !value.is_null())?;
    let month = value.as_str().and_then(|text| text.parse().ok());
    if month.is_none() {
        faults.push(format!("`{key}` is not a month; write a year and a month, as in 2025-01"));
    }
    month
}

fn instant(keys: &Map<String, Value>, key: &str, faults: &mut Vec<String>) -> Option<Instant> {
    let value = keys.get(key).filter(|value| !value.is_null())?;
    let at = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    if at.is_none() {
        faults.push(format!("`{key}` is not a time; write it as in 2026-11-21T01:30:00Z"));
    }
    at.map(|at| Instant(at.as_millisecond()))
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
