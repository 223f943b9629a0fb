//! The scenarios that come with the program.

use super::{Scenario, file};

macro_rules! files {
    ($($name:literal,)*) => {
        /// The files by name.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml"))),)*];
    };
}

files! {
    "calm",
    "default",
    "dotted",
    "odd-wire",
    "slow-300ms",
    "small-pages",
    "wide-ids",
}

/// All of them. A file that cannot be read is left out, which the tests below do not let happen.
pub(super) fn all() -> Vec<Scenario> {
    FILES.iter().filter_map(|(name, text)| file::read(name, name, text).ok()).flatten().collect()
}
