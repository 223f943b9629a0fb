//! A small EventBridge Scheduler with one group, that notes what it is asked and meets requests as its script says.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

#[derive(Debug, Default)]
struct Group {
    schedules: BTreeMap<String, Value>,
    /// Status, error code and message of the next answers.
    refusals: VecDeque<(u16, &'static str, &'static str)>,
    asked: usize,
}

/// The server; it ends with the runtime of its test.
#[derive(Clone, Debug)]
pub(crate) struct Scheduler {
    pub(crate) endpoint: String,
    group: Arc<Mutex<Group>>,
}

impl Scheduler {
    /// Starts one that has the group `xledger-spend`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let group = Arc::<Mutex<Group>>::default();
        let router = Router::new().route("/schedules/{name}", post(create)).with_state(group.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, group }
    }

    /// The configuration of a client of this server.
    pub(crate) fn configuration(&self) -> aws_config::SdkConfig {
        super::configuration(&self.endpoint)
    }

    /// Refuses the next requests so: status, error code, message.
    pub(crate) fn refuse(&self, refusals: impl IntoIterator<Item = (u16, &'static str, &'static str)>) {
        self.group.lock().unwrap().refusals.extend(refusals);
    }

    /// The schedules by their names, as they were asked for.
    pub(crate) fn schedules(&self) -> BTreeMap<String, Value> {
        self.group.lock().unwrap().schedules.clone()
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.group.lock().unwrap().asked
    }
}

type Answer = (StatusCode, HeaderMap, String);

fn refused(status: u16, code: &'static str, message: &str) -> Answer {
    let header = (HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(code));
    (StatusCode::from_u16(status).unwrap(), HeaderMap::from_iter([header]), json!({ "Message": message }).to_string())
}

async fn create(State(group): State<Arc<Mutex<Group>>>, Path(name): Path<String>, body: String) -> Answer {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let mut group = group.lock().unwrap();
    group.asked += 1;
    if let Some((status, code, message)) = group.refusals.pop_front() {
        return refused(status, code, message);
    }
    if asked["GroupName"] != "xledger-spend" {
        return refused(404, "ResourceNotFoundException", "Schedule group does not exist.");
    }
    match group.schedules.get(&name) {
        // The same request, as its token tells, is answered as it was before.
        Some(there) if there == &asked => {}
        Some(_) => return refused(409, "ConflictException", "Schedule already exists."),
        None => drop(group.schedules.insert(name, asked)),
    }
    (
        StatusCode::OK,
        HeaderMap::new(),
        json!({"ScheduleArn": "arn:aws:scheduler:us-east-1:123456789012:schedule/x/y"}).to_string(),
    )
}
