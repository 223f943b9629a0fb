//! The scenarios that come with the program.

use super::{Scenario, file};
use std::sync::LazyLock;

macro_rules! files {
    ($($name:literal,)*) => {
        /// The files by name.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml"))),)*];
    };
}

files! {
    "access-denied",
    "all-limits",
    "burst-limit",
    "burst-limit-shared",
    "calm",
    "changed-since-listed",
    "chart-above",
    "codes-elsewhere",
    "concurrency-limit",
    "connection-refused",
    "connection-reset",
    "credits-back-in-a-minute",
    "credits-back-in-an-hour",
    "credits-gone",
    "damaged-answers",
    "default",
    "dotted",
    "duplicated-rows",
    "endless-answers",
    "errors-beside-data",
    "extra-argument",
    "filter-key-lacks",
    "full-pages",
    "gateway-timeouts",
    "gzip-bomb",
    "huge-voucher",
    "id-ranges",
    "introspection-closed",
    "json-types",
    "large-bodies",
    "live-posting",
    "long-id-lists",
    "long-texts",
    "lying-connection",
    "maintenance",
    "missing-right",
    "missing-rows",
    "new-document-type",
    "new-owner-set",
    "no-spend",
    "nordic-payroll",
    "null-cursors",
    "null-rows",
    "nulls",
    "odd-texts",
    "odd-values",
    "odd-wire",
    "one-line",
    "other-charts",
    "other-owner",
    "owner-set-refused",
    "query-timeouts-always",
    "query-timeouts-at-random",
    "repeated-cursors",
    "schema-lacks-necessary",
    "schema-lacks-optional",
    "schema-renamed",
    "server-errors",
    "slow-300ms",
    "slow-answers",
    "small-pages",
    "spend",
    "suggested-fields",
    "suppliers-above",
    "token",
    "too-many-requests",
    "unknown-codes",
    "unresolved",
    "wide-ids",
}

/// All of them, read once. A file that cannot be read would be left out, which the tests below do not let happen.
pub(super) static ALL: LazyLock<Vec<Scenario>> =
    LazyLock::new(|| FILES.iter().filter_map(|(name, text)| file::read(name, name, text).ok()).flatten().collect());

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_files_are_those_of_the_directory() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        let there: BTreeSet<String> = entries.map(|name| name.into_string().unwrap()).collect();
        let built_in: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.toml")).collect();
        assert_eq!(built_in, there);
    }

    #[test]
    fn every_file_can_be_read_and_no_name_is_there_twice() {
        let read = FILES
            .iter()
            .flat_map(|(name, text)| file::read(name, name, text).unwrap_or_else(|wrong| panic!("{wrong}")));
        let names: Vec<String> = read.map(|scenario| scenario.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(ALL.len(), names.len());
        ALL.iter().for_each(|scenario| file::check_schema(&scenario.name, scenario).unwrap());
    }
}
