//! The command line of `xledger-spend`: the same runs as the function's, at a desk, against Xledger or the built-in simulator of it.
//!
//! ```text
//! args ─> sources (a flag, else the environment) ─> commands/* ─> outcome ─> standard output, exit status
//!                                                      │
//!                                  stages, terminal, log: what one sees meanwhile, on standard error
//! ```
//!
//! A composition root: nothing else in here reads the environment or the clock, or makes an id.

mod args;
mod sources;
mod context;
mod commands;
mod companies;
mod outcome;

// What a person reads afterwards ...
mod snapshot;
mod summary;

// ... and meanwhile.
mod terminal;
mod stages;
mod log;
mod output_file;

use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use xledger_spend::display::{figures, lines, quoted};
use xledger_spend::model::value;
use xledger_spend::run::Run;

use crate::args::{Args, Command};
use crate::context::Context;
use crate::log::Requests;
use crate::outcome::Exit;
use crate::sources::SettingSources;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let (args, flags) = args::read();
    let terminal = Terminal::on_standard_error();
    let requests = match args.request_log.as_deref().map(Requests::open).transpose() {
        Ok(requests) => requests,
        Err(what) => {
            terminal.failed(&what);
            return Exit::Failed.code();
        }
    };
    let is_check = matches!(args.command, Command::Check);
    let watched = log::start(&terminal, args.verbose, is_check, requests.clone(), clock);
    let sources = SettingSources::new(flags, environment);
    let run = Run {
        id: run_id(),
        started_at: clock(),
        deadline: tokio::time::Instant::now() + args.deadline_minutes,
        clock,
        progress: Default::default(),
        meter: Default::default(),
    };
    let context = Context { sources, run, terminal, watched, requests, json: args.json, program: program() };
    work(&context, args).code()
}

/// Does what was asked, unless it is stopped.
fn work(context: &Context, args: Args) -> Exit {
    let (publishes, work) = match commands::begin(context, args.command) {
        Ok(begun) => begun,
        Err(failure) => return outcome::show(context, Err(failure)),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            context.terminal.failed(&format!("this program cannot start: {error}"));
            return Exit::Failed;
        }
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = work => Some(outcome),
            () = stopped() => None,
        }
    });
    if outcome.is_none() {
        runtime.block_on(release_of_the_lake());
    }
    // Waits for what is being written at this moment, so that it is known what was done.
    drop(runtime);
    match outcome {
        Some(outcome) => outcome::show(context, outcome),
        None => commands::stopped(context, publishes),
    }
}

/// Waits briefly for the background tasks of a stopped run: they release its lease on a bucket, which would otherwise keep others out for
/// a minute or more.
async fn release_of_the_lake() {
    let at_work = || tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0;
    let all_ended = async {
        while at_work() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _ = tokio::time::timeout(SHUTDOWN_TIME, all_ended).await;
}

/// How long a stopped run may take to give back the lake.
const SHUTDOWN_TIME: Duration = Duration::from_secs(3);

/// Waits until somebody wants the program to end.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => (),
        () = terminated => (),
    }
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(clippy::disallowed_methods, reason = "a composition root")]
fn clock() -> value::Instant {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    value::Instant(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

/// `20261121T013000Z-0a1b2c3d`: the second, and a random part.
fn run_id() -> String {
    let second = jiff::Timestamp::from_millisecond(clock().0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    format!("{second}-{:08x}", RandomState::new().build_hasher().finish() as u32)
}

/// How this program was called, for commands to paste.
fn program() -> String {
    let called = std::env::args_os().next().and_then(|called| called.into_string().ok());
    let called = called.unwrap_or_else(|| "xledger-spend".to_owned());
    let here = std::env::current_dir().ok().and_then(|here| here.to_str().map(|here| format!("{here}/")));
    let called = match here.and_then(|here| called.strip_prefix(&here)) {
        // By its name alone a shell would look for it elsewhere.
        Some(name) if !name.contains('/') => format!("./{name}"),
        Some(below) => below.to_owned(),
        None => called,
    };
    quoted::for_shell(&called)
}
