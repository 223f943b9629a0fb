//! The simulator alone.

use clap::Parser;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use xledger_sim::{DEFAULT_TOKEN, Options, SCENARIOS, start};

/// A stand-in for the Xledger GraphQL API.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many general-ledger lines the company has.
    #[arg(long, default_value_t = 2_000)]
    lines: u64,
    /// The company's seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// default, calm, dotted, odd-wire, wide-ids, slow-300ms or small-pages.
    #[arg(long, default_value = "default")]
    scenario: String,
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

fn run(arguments: Arguments) -> Result<(), String> {
    let options = Options {
        listen: arguments.listen,
        lines: arguments.lines,
        seed: arguments.seed,
        token: arguments.token,
        ..Options::default()
    };
    let known: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let mut options = options
        .with_scenario(&arguments.scenario)
        .ok_or_else(|| format!("no scenario {:?}; there are {}", arguments.scenario, known.join(", ")))?;
    if arguments.delay_ms > 0 {
        options.delay = Duration::from_millis(arguments.delay_ms);
    }
    if arguments.no_limits {
        options.burst = None;
        options.concurrency = None;
    }
    if let Some(directory) = arguments.books {
        let company = xledger_sim::Company::generate(options.lines, options.seed);
        return xledger_sim::books::write(&company, &directory)
            .map_err(|failure| format!("cannot write {}: {failure}", directory.display()));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|failure| failure.to_string())?;
    runtime.block_on(serve(options, arguments.until_stdin_closes))
}

async fn serve(options: Options, until_stdin_closes: bool) -> Result<(), String> {
    let running = start(options).await.map_err(|failure| match std::error::Error::source(&failure) {
        Some(source) => format!("{failure}: {source}"),
        None => failure.to_string(),
    })?;
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
