//! Plays every scenario of the simulator against the product, and prints what became of each: `cargo test --test scenarios [-- NAME…]`.
//!
//! The client of a scenario is a process of its own, made of this same program, so that its memory is its own. It runs as many times faster
//! than in life as the scenario is played.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program that is a test prints, and fails loudly"
)]

mod client;
mod judge;
mod play;
mod tables;

use futures::{StreamExt, stream};
use play::{Calm, Played};
use std::collections::BTreeMap;
use std::sync::Arc;
use xledger_sim::Scenario;

/// Scenarios that are played at once: most of them wait most of the time.
const AT_ONCE: usize = 6;

fn main() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match arguments.as_slice() {
        [word, order] if word == "client" => runtime.build().unwrap().block_on(client::run(order)),
        // Judging reads whole tables on these threads: no simulator is to wait for that.
        names => runtime.worker_threads(2 * AT_ONCE).build().unwrap().block_on(all(names)),
    }
}

async fn all(names: &[String]) {
    let chosen = |scenario: &Scenario| names.is_empty() || names.iter().any(|name| scenario.name.starts_with(name));
    let scenarios: Vec<Scenario> = Scenario::all().into_iter().filter(chosen).collect();
    let calm = Arc::new(Calm::default());
    // Each by itself, for they are judged by what takes a processor.
    let playing = stream::iter(scenarios).map(|scenario| tokio::spawn(play::play(scenario, calm.clone())));
    let played: Vec<Played> = playing.buffer_unordered(AT_ONCE).map(Result::unwrap).collect().await;
    show(played);
}

/// Prints one line for each file and what went wrong; all runs go into `target/tmp/scenarios.txt`.
fn show(mut played: Vec<Played>) {
    played.sort_by(|one, other| one.name.cmp(&other.name));
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenarios.txt");
    let all: String = played.iter().map(|played| format!("{}\n", played.row())).collect();
    std::fs::write(&file, format!("{}\n{all}", Played::HEAD)).unwrap();

    let mut files: BTreeMap<&str, Vec<&Played>> = BTreeMap::new();
    for each in &played {
        files.entry(&each.file).or_default().push(each);
    }
    println!(
        "{:<28} {:>4} {:>8} {:>7} {:>9} {:>8} {:>9}  stopped with",
        "scenario", "runs", "survived", "stopped", "requests", "of calm", "peak MiB"
    );
    for (file, played) in &files {
        let survived = played.iter().filter(|played| played.kind.is_none()).count();
        let mut kinds: Vec<&str> = played.iter().filter_map(|played| played.kind.as_deref()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let requests: u64 = played.iter().map(|played| played.requests).sum();
        let calm: u64 = played.iter().map(|played| played.calm_requests).sum();
        let peak = played.iter().map(|played| played.peak_mib).max().unwrap_or(0);
        let (runs, stopped) = (played.len(), played.len() - survived);
        let share = requests as f64 / calm.max(1) as f64;
        println!(
            "{file:<28} {runs:>4} {survived:>8} {stopped:>7} {requests:>9} {share:>8.2} {peak:>9}  {}",
            kinds.join(", ")
        );
    }
    let failed: Vec<&Played> = played.iter().filter(|played| !played.wrong.is_empty()).collect();
    for played in &failed {
        println!("\nWRONG: {}\n{}", played.name, played.wrong.join("\n"));
    }
    println!("\nevery run by itself: {}", file.display());
    println!("scenarios: {} passed, {} failed", played.len() - failed.len(), failed.len());
    if !failed.is_empty() {
        let names: Vec<&str> = failed.iter().map(|played| played.name.as_str()).collect();
        // Once more: of a long log, people are often shown the last lines alone.
        println!("failed: {}", names.join(", "));
        std::process::exit(1);
    }
}
