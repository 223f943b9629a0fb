//! The simulator alone.

use clap::Parser;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use xledger_sim::{Company, DEFAULT_TOKEN, Options, Scenario, start_with};

/// A stand-in for the Xledger GraphQL API.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many general-ledger lines the company has [default: the scenario's, mostly 2000].
    #[arg(long)]
    lines: Option<u64>,
    /// The company's seed [default: the scenario's, mostly 1].
    #[arg(long)]
    seed: Option<u64>,
    /// The name of a built-in scenario, or the path of a .toml file.
    #[arg(long, default_value = "default")]
    scenario: String,
    /// Which variant of the file to play.
    #[arg(long)]
    variant: Option<String>,
    /// How many times faster than written to play it.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// List the built-in scenarios, and stop.
    #[arg(long)]
    scenarios: bool,
    /// The token that is accepted.
    #[arg(long, default_value = DEFAULT_TOKEN)]
    token: String,
    /// Added to every request.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// No burst limit and no concurrency limit.
    #[arg(long)]
    no_limits: bool,
    /// Stop when standard input ends.
    #[arg(long)]
    until_stdin_closes: bool,
    /// Write the books as CSV files into this directory, and stop.
    #[arg(long, value_name = "DIR")]
    books: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "xledger-sim: {message}");
            ExitCode::FAILURE
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| *speed > 0.0 && f64::is_finite(*speed));
    speed.ok_or_else(|| "not a number above 0".to_owned())
}

fn run(arguments: Arguments) -> Result<(), String> {
    if arguments.scenarios {
        return list(&mut std::io::stdout().lock()).map_err(|failure| failure.to_string());
    }
    let scenario = scenario(&arguments.scenario, arguments.variant.as_deref())?;
    let mut options = scenario.options(arguments.speed);
    options.listen = arguments.listen;
    options.token = arguments.token;
    options.lines = arguments.lines.unwrap_or(options.lines);
    options.seed = arguments.seed.unwrap_or(options.seed);
    if arguments.delay_ms > 0 {
        options.delay = Duration::from_millis(arguments.delay_ms);
    }
    if arguments.no_limits {
        options.burst = None;
        options.concurrency = None;
    }
    let mut company = Company::shaped(options.lines, options.seed, scenario.shape);
    options.dialect.write_into(&mut company);
    if let Some(directory) = arguments.books {
        return xledger_sim::books::write(&company, &directory)
            .map_err(|failure| format!("cannot write {}: {failure}", directory.display()));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|failure| failure.to_string())?;
    runtime.block_on(serve(options, company, arguments.until_stdin_closes))
}

fn list(out: &mut impl Write) -> std::io::Result<()> {
    let scenarios = Scenario::all();
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    for scenario in &scenarios {
        writeln!(out, "{:width$}  {}", scenario.name, scenario.headline())?;
    }
    Ok(())
}

/// The scenario of this name or in this file.
fn scenario(given: &str, variant: Option<&str>) -> Result<Scenario, String> {
    let found = if given.ends_with(".toml") {
        Scenario::read(Path::new(given)).map_err(|failure| with_source(&failure))?
    } else {
        let belongs = |name: &str| name == given || name.strip_prefix(given).is_some_and(|rest| rest.starts_with('-'));
        let all = Scenario::all();
        match all.iter().find(|scenario| scenario.name == given) {
            Some(exact) => vec![exact.clone()],
            None => all.into_iter().filter(|scenario| belongs(&scenario.name)).collect(),
        }
    };
    let ends_so = |scenario: &&Scenario| variant.is_none_or(|variant| scenario.name.ends_with(&format!("-{variant}")));
    let left: Vec<_> = found.iter().filter(ends_so).collect();
    match left.as_slice() {
        [one] => Ok((*one).clone()),
        [] if found.is_empty() => Err(format!("no scenario {given:?}; `xledger-sim --scenarios` lists them")),
        _ => {
            let names: Vec<_> = found.iter().map(|scenario| scenario.name.as_str()).collect();
            let (names, no) = (names.join(", "), variant.map(|variant| format!("no variant {variant:?}; ")));
            let what = format!("{}{given}", no.unwrap_or_default());
            // A file's variants are found in it alone.
            let how =
                if given.ends_with(".toml") { "give --variant the end of one of" } else { "write one of them instead" };
            Err(format!("{what} stands for several; {how}: {names}"))
        }
    }
}

fn with_source(failure: &dyn std::error::Error) -> String {
    match failure.source() {
        Some(source) => format!("{failure}: {source}"),
        None => failure.to_string(),
    }
}

async fn serve(options: Options, company: Company, until_stdin_closes: bool) -> Result<(), String> {
    let running = start_with(options, Arc::new(company)).await.map_err(|failure| with_source(&failure))?;
    let mut out = std::io::stdout();
    let announced = writeln!(out, "listening on {} token={}", running.endpoint(), running.token());
    announced.and_then(|()| out.flush()).map_err(|failure| failure.to_string())?;
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|failure| failure.to_string())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
        () = stdin_closed(), if until_stdin_closes => {}
    }
    running.stop().await;
    Ok(())
}

async fn stdin_closed() {
    let (closed, wait) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = wait.await;
}
