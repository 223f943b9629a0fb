//! Catches what the product logs in a test.

use std::sync::{Arc, LazyLock, Mutex};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::layer::SubscriberExt;
use xledger_spend::model::value::Instant;
use xledger_spend::report::log::JsonLines;

pub(crate) struct Log {
    text: Arc<Mutex<String>>,
    _guard: DefaultGuard,
}

/// A second subscriber: while a process has only one, a callsite that another thread reaches first is cached as one that nobody listens to.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Catches every line of this thread, down to the finest, as the function writes it, until it is dropped.
pub(crate) fn capture() -> Log {
    LazyLock::force(&ANOTHER);
    let text = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&text);
    let lines = JsonLines::new(|| Instant(0), move |line| to.lock().unwrap().push_str(line));
    let subscriber = tracing_subscriber::registry().with(lines);
    Log { text, _guard: tracing::subscriber::set_default(subscriber) }
}

impl Log {
    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}
