//! The other side of the function: Lambda's runtime API on loopback, and the real program as a child that asks it for work.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// What a program finds in its environment.
pub(crate) type Environment = BTreeMap<&'static str, String>;

/// When Lambda would end an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deadline {
    /// So long after it began.
    In(Duration),
    /// This header, as a local emulator sends it.
    Header(u64),
}

/// Time enough.
pub(crate) const MINUTES: Deadline = Deadline::In(Duration::from_secs(120));

/// An error as the function reports it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// The id that X-Ray knows an invocation by.
pub(crate) const TRACE_ID: &str = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700";

struct Invocation {
    id: String,
    deadline_ms: u64,
    event: String,
}

struct Api {
    invocations: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    answers: mpsc::UnboundedSender<(String, Result<String, Fault>)>,
}

/// The function, running. It is killed when this is dropped.
pub(crate) struct Function {
    child: Child,
    invocations: mpsc::UnboundedSender<Invocation>,
    answers: mpsc::UnboundedReceiver<(String, Result<String, Fault>)>,
    output: Vec<thread::JoinHandle<String>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Function {
    /// Starts the program with nothing in its environment but this, and what Lambda itself puts there.
    pub(crate) async fn start(environment: &Environment) -> Self {
        Self::start_with(environment, &[]).await
    }

    /// As [`Function::start`], with texts that may not be UTF-8.
    pub(crate) async fn start_with(environment: &Environment, odd: &[(&str, &OsStr)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (invocations, waiting) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let api = Arc::new(Api { invocations: Mutex::new(waiting), answers: answered });
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router(api)).await;
        });
        let mut child = Command::new(env!("CARGO_BIN_EXE_lambda"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "xledger-spend")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/xledger-spend")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .envs(environment)
            .envs(odd.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = vec![listen(child.stdout.take().unwrap()), listen(child.stderr.take().unwrap())];
        Self { child, invocations, answers, output, serving }
    }

    /// Hands in an event without waiting for its answer.
    pub(crate) fn begin(&self, event: &Value, deadline: Deadline) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let id = format!("{:08x}-0000-4000-8000-000000000000", NUMBER.fetch_add(1, Ordering::Relaxed));
        let deadline_ms = match deadline {
            Deadline::In(time) => u64::try_from((now() + time).as_millis()).unwrap(),
            Deadline::Header(deadline_ms) => deadline_ms,
        };
        self.invocations.send(Invocation { id: id.clone(), deadline_ms, event: event.to_string() }).unwrap();
        id
    }

    /// Hands in an event and waits for what the function says to it.
    pub(crate) async fn invoke(&mut self, event: &Value, deadline: Deadline) -> Result<Value, Fault> {
        self.invoke_text(event, deadline).await.map(|text| serde_json::from_str(&text).unwrap())
    }

    /// As [`Function::invoke`], with the answer as it is sent.
    pub(crate) async fn invoke_text(&mut self, event: &Value, deadline: Deadline) -> Result<String, Fault> {
        let id = self.begin(event, deadline);
        self.answer(&id).await
    }

    /// Waits for what the function says to an event that it was handed.
    pub(crate) async fn answer(&mut self, id: &str) -> Result<String, Fault> {
        let answer = tokio::time::timeout(Duration::from_secs(60), self.answers.recv()).await;
        let Ok(Some((answered, outcome))) = answer else {
            panic!("the function does not answer; is it still there? {:?}", self.child.try_wait());
        };
        assert_eq!(answered, id);
        outcome
    }

    /// Ends the program as the kernel would, in the middle of whatever it does, and hands back all that it wrote.
    pub(crate) fn kill(mut self) -> String {
        self.end();
        self.output.drain(..).map(|output| output.join().unwrap()).collect()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.serving.abort();
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test run is a composition root")]
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

/// Reads to the end, so that the program never waits for a reader.
fn listen(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    })
}

fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(api)
}

async fn next(State(api): State<Arc<Api>>) -> Response<Body> {
    let invocation = api.invocations.lock().await.recv().await;
    let Some(Invocation { id, deadline_ms, event }) = invocation else {
        // No more work: Lambda would freeze the program here.
        return std::future::pending().await;
    };
    Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", id)
        .header("Lambda-Runtime-Deadline-Ms", deadline_ms)
        .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:xledger-spend")
        .header("Lambda-Runtime-Trace-Id", format!("Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=0"))
        .header("Content-Type", "application/json")
        .body(Body::from(event))
        .unwrap()
}

async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: String) -> StatusCode {
    let _ = api.answers.send((id, Ok(body)));
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: String) -> StatusCode {
    let _ = api.answers.send((id, Err(fault(&body))));
    StatusCode::ACCEPTED
}

async fn init_error(State(api): State<Arc<Api>>, body: String) -> StatusCode {
    let _ = api.answers.send(("init".to_owned(), Err(fault(&body))));
    StatusCode::ACCEPTED
}

fn fault(body: &str) -> Fault {
    let body: Value = serde_json::from_str(body).unwrap();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    Fault { kind: text("errorType"), message: text("errorMessage") }
}
