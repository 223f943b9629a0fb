//! A small Glue with one database, that notes what it is asked and meets requests as its script says.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// How a request is met.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// As Glue would.
    Serve,
    /// With this status and error code; nothing happens.
    Refuse(u16, &'static str),
    /// As the last, in these words.
    Say(u16, &'static str, &'static str),
    /// As Glue would, after another program has changed the table.
    Overtake(fn(&mut Value)),
}

#[derive(Debug, Default)]
struct Database {
    tables: BTreeMap<String, Value>,
    script: VecDeque<Step>,
    asked: Vec<(String, Value)>,
}

/// The server; it ends with the runtime of its test.
#[derive(Clone, Debug)]
pub(crate) struct Glue {
    endpoint: String,
    database: Arc<Mutex<Database>>,
}

impl Glue {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = Arc::<Mutex<Database>>::default();
        let router = Router::new().route("/", post(answer)).with_state(database.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, database }
    }

    /// The configuration of a client of this server.
    pub(crate) fn configuration(&self) -> aws_config::SdkConfig {
        super::configuration(&self.endpoint)
    }

    pub(crate) fn play(&self, steps: impl IntoIterator<Item = Step>) {
        self.database.lock().unwrap().script.extend(steps);
    }

    /// What was asked since this was called last: the action and its input.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.database.lock().unwrap().asked)
    }

    pub(crate) fn table(&self, name: &str) -> Value {
        self.database.lock().unwrap().tables[name].clone()
    }

    /// Changes a table, as another program would.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Value)) {
        change(self.database.lock().unwrap().tables.get_mut(name).unwrap());
    }
}

type Answer = (StatusCode, [(header::HeaderName, &'static str); 1], String);

fn said(status: u16, body: &Value) -> Answer {
    let json_1_1 = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (StatusCode::from_u16(status).unwrap(), json_1_1, body.to_string())
}

fn refused(status: u16, code: &str) -> Answer {
    refused_in_words(status, code, "as the script says")
}

fn refused_in_words(status: u16, code: &str, words: &str) -> Answer {
    said(status, &json!({"__type": code, "Message": words}))
}

async fn answer(State(database): State<Arc<Mutex<Database>>>, headers: HeaderMap, body: String) -> Answer {
    let action = headers["x-amz-target"].to_str().unwrap().strip_prefix("AWSGlue.").unwrap().to_owned();
    let input: Value = serde_json::from_str(&body).unwrap();
    let mut database = database.lock().unwrap();
    database.asked.push((action.clone(), input.clone()));
    let name = input["Name"].as_str().or(input["TableInput"]["Name"].as_str()).unwrap().to_owned();
    match database.script.pop_front().unwrap_or(Step::Serve) {
        Step::Serve => (),
        Step::Refuse(status, code) => return refused(status, code),
        Step::Say(status, code, words) => return refused_in_words(status, code, words),
        Step::Overtake(change) => change(database.tables.get_mut(&name).unwrap()),
    }
    let found = database.tables.get(&name).cloned();
    match (action.as_str(), found) {
        ("GetTable", Some(table)) => said(200, &json!({ "Table": table })),
        ("GetTable" | "UpdateTable", None) => refused(400, "EntityNotFoundException"),
        ("CreateTable", Some(_)) => refused(400, "AlreadyExistsException"),
        ("CreateTable", None) => {
            let mut table = input["TableInput"].clone();
            table["VersionId"] = json!("0");
            database.tables.insert(name, table);
            said(200, &json!({}))
        }
        ("UpdateTable", Some(table)) if input["VersionId"] == table["VersionId"] => {
            let version: u64 = table["VersionId"].as_str().unwrap().parse().unwrap();
            let mut table = input["TableInput"].clone();
            table["VersionId"] = json!((version + 1).to_string());
            database.tables.insert(name, table);
            said(200, &json!({}))
        }
        ("UpdateTable", Some(_)) => refused(400, "ConcurrentModificationException"),
        _ => panic!("nothing else is ever asked: {action}"),
    }
}
