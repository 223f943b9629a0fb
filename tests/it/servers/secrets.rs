//! A small Secrets Manager with one secret, whose answers follow a script.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// How the secret is answered.
#[derive(Clone, Debug)]
pub(crate) enum Secret {
    /// With this text.
    Text(String),
    /// As one that was made without a value.
    NoValue,
    /// With this error code.
    Refuse(&'static str),
}

impl Secret {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[derive(Debug)]
struct Script {
    answers: VecDeque<Secret>,
    reads: usize,
}

/// The server; it ends with the runtime of its test.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) endpoint: String,
    script: Arc<Mutex<Script>>,
}

impl Secrets {
    /// Starts one that gives these answers one after the other, and the last one for ever.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Secret>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script { answers: answers.into_iter().collect(), reads: 0 }));
        let router = Router::new().route("/", post(answer)).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, script }
    }

    /// How often the secret was asked for.
    pub(crate) fn reads(&self) -> usize {
        self.script.lock().unwrap().reads
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(header::HeaderName, &'static str); 1], String) {
    let json_1_1 = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    let id = serde_json::from_str::<Value>(&body).unwrap()["SecretId"].clone();
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue", "nothing else is ever asked");
    let mut script = script.lock().unwrap();
    script.reads += 1;
    let secret = if script.answers.len() > 1 { script.answers.pop_front() } else { script.answers.front().cloned() };
    let (code, message) = match secret.unwrap() {
        Secret::Text(text) => {
            return (StatusCode::OK, json_1_1, json!({"Name": id, "SecretString": text}).to_string());
        }
        // In AWS's words.
        Secret::NoValue => (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        ),
        Secret::Refuse(code) => (code, "as the script says"),
    };
    (StatusCode::BAD_REQUEST, json_1_1, json!({"__type": code, "Message": message}).to_string())
}
