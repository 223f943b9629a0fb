//! Named settings of limits and switches.

use crate::dialect::{Dialect, RowOrder};
use crate::options::Options;
use std::time::Duration;

/// A named setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
}

/// The scenarios that there are.
pub const SCENARIOS: [Scenario; 7] = [
    Scenario { name: "default", about: "verified behaviour, verified limits" },
    Scenario { name: "calm", about: "verified behaviour, no limits" },
    Scenario { name: "dotted", about: "composite cursors" },
    Scenario { name: "odd-wire", about: "null nodes, repeated rows, mixed order, composite cursors, other JSON types" },
    Scenario { name: "wide-ids", about: "Int64String ids where Int was" },
    Scenario { name: "slow-300ms", about: "every request takes 300 ms longer" },
    Scenario { name: "small-pages", about: "answers with more than 2,000 rows time out" },
];

impl Options {
    /// The same options with a scenario put on top; nothing if there is none of this name.
    #[must_use]
    pub fn with_scenario(mut self, name: &str) -> Option<Self> {
        match name {
            "default" => {}
            "calm" => {
                self.burst = None;
                self.concurrency = None;
            }
            "dotted" => self.dialect.dotted_cursors = true,
            "odd-wire" => {
                self.dialect = Dialect {
                    dotted_cursors: true,
                    ids_as_numbers: true,
                    ids_as_strings: true,
                    money_as_numbers: true,
                    null_nodes: Some(7),
                    duplicate_rows: Some(5),
                    row_order: RowOrder::Mixed,
                    empty_edges_as_array: true,
                    ..self.dialect
                };
            }
            "wide-ids" => self.dialect.wide_ids = true,
            "slow-300ms" => self.delay = Duration::from_millis(300),
            "small-pages" => self.timeout_rows = Some(2_000),
            _ => return None,
        }
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_can_be_put_on() {
        for scenario in SCENARIOS {
            assert!(Options::default().with_scenario(scenario.name).is_some(), "{}", scenario.name);
        }
        assert!(Options::default().with_scenario("stormy").is_none());
    }
}
