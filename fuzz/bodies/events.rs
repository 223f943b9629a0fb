//! The function's event: what was asked for is what is done, and nothing is left out.

use serde_json::{Map, Value, json};

use crate::event::{Event, Refresh};

/// Reads an event.
pub fn events(data: &[u8]) {
    let Ok(sent) = serde_json::from_slice::<Value>(data) else { return };
    let event = match Event::parse(&sent) {
        Ok(event) => event,
        Err(failure) => {
            let most = 100 * data.len() + 1_000;
            assert!(failure.message.len() <= most, "{} bytes said of {}", failure.message.len(), data.len());
            return assert!(!failure.message.contains(char::is_control), "{:?}", failure.message);
        }
    };
    let meant = written(&event);
    assert_eq!(Event::parse(&Value::Object(meant.clone())).as_ref(), Ok(&event), "written as {meant:?}");
    for (key, meant) in meant {
        // A schedule's envelope says more, under keys of its own; null says nothing.
        if let Some(sent) = sent.get(&key).filter(|sent| !sent.is_null()) {
            assert_eq!(*sent, meant, "{key}");
        }
    }
}

/// The event that asks for this, with every key that says something.
fn written(event: &Event) -> Map<String, Value> {
    let event = match event {
        Event::Check => json!({"action": "check"}),
        Event::Rollback(snapshot) => json!({"action": "rollback", "snapshot": snapshot}),
        // The time since when a token is waited for can be written in many ways.
        Event::Refresh(Refresh { mode, from, to, dry_run, accept_shrink, continues, waiting_since: _ }) => json!({
            "action": "refresh", "mode": mode, "from": from, "to": to, "dry_run": dry_run, "accept_shrink": accept_shrink,
            "continues": continues
        }),
    };
    event.as_object().unwrap().clone()
}
