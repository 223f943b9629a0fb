//! Inputs to begin with: the answers of small refreshes against the simulator in several shapes of the wire, the files that these leave in
//! the lake, the sample events, and a few that are written here.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use xledger_sim::{Fault, FaultKind, Options};

use crate::event::Refresh;
use crate::model::value::Instant;
use crate::run::Run;
use crate::settings::{Caller, Settings};
use crate::xledger::inflate;

/// An input, and for what.
pub(super) struct Seed {
    pub(super) target: &'static str,
    name: String,
    pub(super) bytes: Vec<u8>,
}

/// All of them, the same each time.
pub(super) fn all() -> &'static [Seed] {
    static SEEDS: OnceLock<Vec<Seed>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut seeds = written();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let refreshes = shapes().into_iter().map(|(shape, options)| refresh(shape, options));
        seeds.extend(runtime.block_on(futures::future::join_all(refreshes)).into_iter().flatten());
        seeds
    })
}

/// A company of a few dozen lines, in pages of ten rows.
fn shapes() -> Vec<(&'static str, Options)> {
    let options = || Options { page_cap: 10, ..Options::fast(40, 3) };
    let mut poor = options();
    poor.dialect.missing_rights.insert("Address".to_owned());
    let mut rich = options();
    rich.dialect.wide_ids = true;
    rich.dialect.owner_currency = true;
    let odd = xledger_sim::Scenario::named("odd-wire").unwrap().options(1.0).dialect;
    let fault = |kind| vec![Fault { from_request: 6, requests: 1_000, kind, ..Fault::default() }];
    let error = FaultKind::Error("BAD_REQUEST.INSUFFICIENT_CREDITS".to_owned(), "No credits".to_owned());
    vec![
        ("compressed", options()),
        ("plain", Options { gzip_level: 0, ..options() }),
        ("odd-wire", Options { gzip_level: 0, dialect: odd, ..options() }),
        ("wide-ids", Options { gzip_level: 0, ..rich }),
        ("poor", Options { gzip_level: 0, ..poor }),
        ("no-credits", Options { gzip_level: 0, faults: fault(error), ..options() }),
        ("cut-short", Options { faults: fault(FaultKind::Html(404)), ..options() }),
    ]
}

/// Stands between the client and the simulator, and keeps every answer.
struct Recorder {
    http: reqwest::Client,
    endpoint: String,
    answers: Mutex<Vec<(String, bool, Bytes)>>,
}

async fn forward(State(recorder): State<Arc<Recorder>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let asked = recorder.http.post(&recorder.endpoint).body(body).header(header::ACCEPT_ENCODING, "gzip");
    let answer = asked.header(header::AUTHORIZATION, &headers[header::AUTHORIZATION]).send().await.unwrap();
    let mut response = Response::new(Body::empty());
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        if let Some(value) = answer.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let gzip = answer.headers().contains_key(header::CONTENT_ENCODING);
    let bytes = answer.bytes().await.unwrap();
    let operation = request["operationName"].as_str().unwrap().to_owned();
    recorder.answers.lock().unwrap().push((operation, gzip, bytes.clone()));
    *response.body_mut() = Body::from(bytes);
    response
}

/// Refreshes a lake, and takes everything that was answered and written. One request at a time, so that it comes in one order.
async fn refresh(shape: &str, options: Options) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let sim = xledger_sim::start(options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let recorder = Arc::new(Recorder { http, endpoint: sim.endpoint(), answers: Mutex::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/graphql", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/graphql", axum::routing::post(forward)).with_state(recorder.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let lake = tempfile::TempDir::new().unwrap();
    let settings = Settings::read(Caller::CommandLine, |name| match name {
        "XLEDGER_ENDPOINT" => Some(endpoint.clone()),
        "XLEDGER_TOKEN" => Some(sim.token().to_owned()),
        "XLEDGER_MAX_IN_FLIGHT" => Some("1".to_owned()),
        "LAKE_URL" => Some(lake.path().display().to_string()),
        _ => None,
    });
    let run = Run {
        id: "run-0001".to_owned(),
        started_at: Instant(1_795_224_600_000),
        deadline: tokio::time::Instant::now() + Duration::from_secs(60),
        clock: || Instant(1_795_224_660_000),
        progress: Default::default(),
        meter: Default::default(),
    };
    let aws = aws_config::SdkConfig::builder().build();
    let report = run.refresh(Refresh::default(), &settings.unwrap(), &aws).await;
    serving.abort();

    for (number, (operation, gzip, bytes)) in recorder.answers.lock().unwrap().drain(..).enumerate() {
        let kind = [
            "LedgerIndex",
            "LedgerLines",
            "PayableIndex",
            "PayableLines",
            "Suppliers",
            "Accounts",
            "OwnerCurrencies",
            "Names",
        ];
        let kind = kind.iter().position(|kind| operation.starts_with(kind)).unwrap_or_default();
        let mut input = vec![u8::try_from(kind).unwrap()];
        input.extend(if gzip { inflate(&bytes).unwrap() } else { bytes.to_vec() });
        seeds.push(Seed { target: "decoder", name: format!("{shape}-{number:03}-{operation}"), bytes: input });
    }
    let Some(snapshot) = report.snapshot else { return seeds };
    let files = [("state", "CURRENT.json".to_owned()), ("manifest", format!("snapshots/{snapshot}/_manifest.json"))];
    for (target, file) in files {
        // The port is another each time.
        let bytes =
            std::fs::read_to_string(lake.path().join(file)).unwrap().replace(&endpoint, "http://127.0.0.1:1/graphql");
        seeds.push(Seed { target, name: shape.to_owned(), bytes: bytes.into_bytes() });
    }
    seeds
}

/// Those that need no simulator.
fn written() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut seed = |target, bytes: &[u8]| {
        let name = format!("written-{:02}", seeds.len());
        seeds.push(Seed { target, name, bytes: bytes.to_vec() });
    };
    for answer in [
        r#"{"errors":[{"message":"No access for hush-0123456789","path":["root","edges",3,"node","text","hush-0123456789"]}],"data":null}"#,
        r#"{"errors":[{"message":"x","extensions":{"code":"BAD_REQUEST.INSUFFICIENT_CREDITS","resetAt":"2026-12-01T00:00:00Z"}}]}"#,
        r#"{"data":{"root":{"edges":[{"cursor":"1","node":{"dbId":1}},null,{"node":null}],"pageInfo":{"hasNextPage":true}}},"errors":[]}"#,
        r#"{"data":{"root":{"pageInfo":{"hasNextPage":false},"edges":null}}}"#,
    ] {
        seed("decoder", format!("\0{answer}").as_bytes());
    }
    for scalar in [
        "0",
        "-7",
        "109349000000467",
        "101.00",
        "-0.0001",
        "1.5E-2",
        "99999999999999.9999",
        "2026-02-28",
        "2026-02-28T00:00:00",
        "2026-01-15T12:00:00",
        "2026-07-15T12:00:00.250",
        "2026-10-25T02:30:00",
        "2026-03-29T02:30:00",
        "2026-07-15T12:00:00Z",
        "2026-07-15 12:00:00.1234567+02:00",
    ] {
        seed("scalars", scalar.as_bytes());
    }
    for event in [
        include_str!("../../events/check.json"),
        include_str!("../../events/refresh-full.json"),
        include_str!("../../events/refresh-period.json"),
        include_str!("../../events/rollback.json"),
        include_str!("../../events/schedule.json"),
        include_str!("../../events/refresh-dry-run.json"),
    ] {
        seed("events", event.as_bytes());
    }
    let rules = "SPEND_DOCUMENT_TYPES=ap, BA,lø\0SPEND_EXCLUDED_ACCOUNTS=1900-3000,7770\0SPEND_PAYROLL_ACCOUNTS=chart,5510\0SPEND_VAT_RATES=3=15,33=11.11\0SPEND_PAYROLL_MATCHES=off\0SPEND_HISTORY_FROM=2023-01";
    let reach = "XLEDGER_PAGE_ROWS=500\0XLEDGER_MAX_IN_FLIGHT=3\0XLEDGER_OWNER_SET=upper\0SPEND_SNAPSHOTS_KEPT=30";
    for settings in [
        format!("\0XLEDGER_TOKEN=hush-0123456789\0LAKE_URL=./lake\0{rules}"),
        format!(
            "\u{1}XLEDGER_TOKEN_SECRET_ID=xledger/token\0LAKE_URL=s3://bucket/prefix/\0GLUE_DATABASE=finance\0{reach}"
        ),
        format!(
            "\u{2}XLEDGER_ENDPOINT=http://localhost:80/graphql\0XLEDGER_TOKEN=Bearer hush-0123456789\0{rules}\0{reach}"
        ),
    ] {
        seed("settings", settings.as_bytes());
    }
    seeds
}

/// Writes them where the fuzzers begin.
#[test]
#[ignore = "writes fuzz/corpus, for make fuzz"]
fn write_corpus() {
    for Seed { target, name, bytes } in all() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(name), bytes).unwrap();
    }
}
