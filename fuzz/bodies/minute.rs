//! A minute of fuzzing without a fuzzer: seeds, changed by chance, for ten seconds a target.

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::mutation::{Dice, mutated};
use super::seeds;

const TIME: Duration = Duration::from_secs(10);
/// No input takes longer, on a slow machine and unoptimised.
const LONGEST: Duration = Duration::from_secs(10);

macro_rules! targets {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            run(stringify!($target), super::$target);
        }
    )*};
}
targets! { decoder scalars events settings state manifest }

fn run(target: &str, read: fn(&[u8])) {
    let seeds: Vec<&[u8]> =
        seeds::all().iter().filter(|seed| seed.target == target).map(|seed| &seed.bytes[..]).collect();
    let words = words();
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let number = number();
    let (begun, mut dice) = (Instant::now(), Dice::new(number));
    let mut inputs = seeds.iter().map(|seed| seed.to_vec());
    while begun.elapsed() < TIME {
        let input = inputs.next().unwrap_or_else(|| mutated(&mut dice, &seeds, &words));
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&input)));
        if outcome.is_err() || started.elapsed() > LONGEST {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
            let file = directory.join(format!("{target}-{number}"));
            std::fs::create_dir_all(directory).unwrap();
            std::fs::write(&file, &input).unwrap();
            panic!(
                "the input in {} brings out a fault, said above, or takes {:?}; once more: FUZZ_SEED={number} cargo test --workspace --lib fuzz::minute::{target}",
                file.display(),
                started.elapsed()
            );
        }
    }
}

/// What chance begins with: another number each time, or the one that a failure named.
#[expect(clippy::disallowed_methods, reason = "a test run is a composition root")]
fn number() -> u64 {
    match std::env::var("FUZZ_SEED") {
        Ok(number) => number.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(()) >> 16,
    }
}

/// The words of the fuzzers' dictionary.
fn words() -> Vec<Vec<u8>> {
    let lines =
        include_str!("../../fuzz/dictionary.txt").lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    lines.map(word).collect()
}

/// A word without its quotes: `\\`, `\"` and `\xHH` stand for one byte.
fn word(quoted: &str) -> Vec<u8> {
    let (mut word, mut rest) = (Vec::new(), quoted.bytes());
    while let Some(byte) = rest.next() {
        word.push(match byte {
            b'\\' => match rest.next().unwrap() {
                b'x' => {
                    let hexadecimal = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hexadecimal).unwrap(), 16).unwrap()
                }
                byte => byte,
            },
            byte => byte,
        });
    }
    word
}
