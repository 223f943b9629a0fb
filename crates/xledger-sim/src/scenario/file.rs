//! The format of a scenario's file. Durations are in seconds, as they would be at Xledger.

use super::{Expect, Scenario, ScenarioError};
use crate::company::change::Change;
use crate::company::shape::Shape;
use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::options::Options;
use crate::schema::Served;
use crate::seconds::seconds;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::{Table, Value};

/// The keys of a file's variants: each `each` is combined with each `times`.
const VARIANTS: [&str; 2] = ["each", "times"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default = "usual_speed")]
    speed: f64,
    #[serde(default = "usual_deadline", rename = "deadline_seconds", deserialize_with = "seconds")]
    deadline: Duration,
    #[serde(default)]
    company: Shaped,
    #[serde(default)]
    dialect: Dialect,
    #[serde(default)]
    schema: Served,
    #[serde(default)]
    limits: Options,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    changes: Vec<Change>,
    #[serde(default)]
    expect: Expect,
}

fn usual_speed() -> f64 {
    20.0
}

fn usual_deadline() -> Duration {
    Duration::from_secs(900)
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shaped {
    lines: u64,
    seed: u64,
    shape: Shape,
}

impl Default for Shaped {
    fn default() -> Self {
        Self { lines: 2_000, seed: 1, shape: Shape::Ordinary }
    }
}

/// Reads a file's text.
pub(super) fn read(file: &str, name: &str, text: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let table: Table = text
        .parse()
        .map_err(|wrong: toml::de::Error| ScenarioError::NotToml { file: file.to_owned(), what: wrong.to_string() })?;
    let mut read = vec![Variant { name: name.to_owned(), place: String::new(), table }];
    for key in VARIANTS {
        let spread: Result<Vec<_>, _> = read.into_iter().map(|variant| variant.spread(key)).collect();
        read = spread.map_err(|(key, what)| ScenarioError::Wrong { file: file.to_owned(), key, what })?.concat();
    }
    let of_file = name.to_owned();
    let scenario = |Variant { name, place, table }| {
        let scenario = scenario(name, table).map(|scenario| Scenario { file: of_file.clone(), ..scenario });
        scenario.map_err(|(key, what)| {
            let key = format!("{place}{key}");
            ScenarioError::Wrong { file: file.to_owned(), key, what }
        })
    };
    read.into_iter().map(scenario).collect()
}

/// A file, or what becomes of it with one of its variants.
#[derive(Clone)]
struct Variant {
    name: String,
    /// Where in the file its keys stand.
    place: String,
    table: Table,
}

impl Variant {
    /// One variant for each table of a list; the table holds its name and what differs from the rest of the file.
    fn spread(mut self, key: &str) -> Result<Vec<Self>, (String, String)> {
        let variants = match self.table.remove(key) {
            None => return Ok(vec![self]),
            Some(Value::Array(variants)) => variants,
            Some(_) => return Err((key.to_owned(), format!("expected tables, written [[{key}]]"))),
        };
        let variants = variants.into_iter().enumerate().map(|(number, other)| {
            let place = format!("{}{key}[{number}].", self.place);
            let Value::Table(mut other) = other else { return Err((place, "expected a table".to_owned())) };
            let Some(Value::String(name)) = other.remove("name") else {
                return Err((place + "name", "missing field `name`".to_owned()));
            };
            let mut table = self.table.clone();
            overlay(&mut table, other);
            Ok(Self { name: format!("{}-{name}", self.name), place, table })
        });
        variants.collect()
    }
}

/// What is taken and would do nothing: weather that does not come proves nothing.
fn without_effect(options: &Options) -> Option<(String, String)> {
    let Dialect { missing_rights, refused_owner_sets, refused_account_sets, .. } = &options.dialect;
    if let Some(right) = missing_rights.iter().find(|right| !options.dialect.is_right(right)) {
        return Some(("dialect.missing_rights".to_owned(), format!("`{right}` is no right")));
    }
    let mut sets = refused_owner_sets.iter().chain(refused_account_sets);
    if let Some(set) = sets.find(|set| !["CURRENT", "LOWER", "MINE", "UPPER", "ALL"].contains(&set.as_str())) {
        return Some(("dialect.refused_owner_sets".to_owned(), format!("`{set}` is no owner set")));
    }
    let never = |fault: &Fault| fault.from_request == 0 || fault.percent.is_some_and(|percent| percent > 100);
    let place = options.faults.iter().position(never)?;
    Some((format!("faults[{place}]"), "requests count from 1, and percent goes up to 100".to_owned()))
}

/// Checks that the schema can be served, which takes longer than all the rest.
pub(super) fn check_schema(file: &str, scenario: &Scenario) -> Result<(), ScenarioError> {
    let Options { dialect, schema, .. } = &scenario.options;
    if *schema == Served::default() {
        return Ok(());
    }
    let wrong = |what: String| ScenarioError::Wrong { file: file.to_owned(), key: "schema".to_owned(), what };
    crate::schema::serve(dialect, schema).map_or_else(|what| Err(wrong(what)), |_| Ok(()))
}

/// Puts one table over another, key by key; lists are replaced as a whole.
fn overlay(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// A scenario from its table; on failure the key and what is wrong there.
fn scenario(name: String, table: Table) -> Result<Scenario, (String, String)> {
    let file: File = serde_path_to_error::deserialize(table).map_err(|wrong| {
        let key = wrong.path().to_string();
        (key, wrong.into_inner().to_string().trim_end().to_owned())
    })?;
    if !(file.speed > 0.0 && file.speed.is_finite()) {
        return Err(("speed".to_owned(), "must be more than 0".to_owned()));
    }
    let options = Options {
        lines: file.company.lines,
        seed: file.company.seed,
        dialect: file.dialect,
        schema: file.schema,
        faults: file.faults,
        changes: file.changes,
        ..file.limits
    };
    if let Some(wrong) = without_effect(&options) {
        return Err(wrong);
    }
    Ok(Scenario {
        name,
        file: String::new(),
        about: file.about,
        covers: file.covers,
        settings: file.settings,
        speed: file.speed,
        deadline: file.deadline,
        expect: file.expect,
        shape: file.company.shape,
        options,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        read("bad.toml", "bad", text).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_file_is_told_where_and_what_is_allowed() {
        let cases = [
            (
                "about = 'x'\n[dialect]\ndoted_cursors = true",
                "bad.toml: at `dialect.doted_cursors`",
                "`dotted_cursors`",
            ),
            (
                "about = 'x'\n[dialect]\nmissing_rights = ['Suplier']",
                "bad.toml: at `dialect.missing_rights`",
                "`Suplier`",
            ),
            ("about = 'x'\n[dialect]\nrefused_account_sets = ['MYNE']", "bad.toml: at `dialect.refused_", "`MYNE`"),
            ("about = 'x'\nfaults = [{ kind = 'timeout', from_request = 0 }]", "bad.toml: at `faults[0]`", "from 1"),
            ("about = 'x'\n[[faults]]\nkind = 'flood'", "at `faults[0].kind", "`reset`"),
            (
                "about = 'x'\n[[changes]]\nkind.event.matched = {what = 'lines', moves = true, chosen.count = 1}",
                "at `changes[0].kind",
                "`line-anew`",
            ),
            (
                "about = 'x'\n[[changes]]\nkind.event.retyped = {chosen.count = 1}",
                "at `changes[0].kind",
                "`to_payroll`",
            ),
            ("about = 'x'\n[expect]\noutcome = 'maybe'", "at `expect.outcome`", "`succeeded`"),
            ("about = 'x'\n[[each]]\nname = 'a'\nlimits = {burst = 3}", "at `each[0].limits.burst`", "integer"),
            ("about = 'x'\n[[each]]\nspeed = 3", "at `each[0].name`", "missing field"),
            ("about = 'x'\nspeed = 0", "at `speed`", "more than 0"),
            ("about = ", "bad.toml: ", "line 1"),
            ("covers = []", "bad.toml", "missing field `about`"),
        ];
        for (text, place, allowed) in cases {
            let wrong = wrong(text);
            assert!(wrong.contains(place) && wrong.contains(allowed), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_schema_that_cannot_be_is_told() {
        let scenarios = read("bad.toml", "bad", "about = 'x'\n[schema]\nlacks = ['Query.nothing']").unwrap();
        let wrong = check_schema("bad.toml", &scenarios[0]).unwrap_err().to_string();
        assert!(wrong.contains("bad.toml: at `schema`") && wrong.contains("there is no Query.nothing"), "{wrong}");
    }

    #[test]
    fn a_variant_is_the_file_with_something_put_over_it() {
        let text = "about = 'x'\n[dialect]\nwide_ids = true\n[limits]\ndelay_seconds = 10\n[[each]]\nname = 'a'\n\
                    dialect = {leak = true}\n[[each]]\nname = 'b'\nlimits = {concurrency = 2}";
        let scenarios = read("f.toml", "f", text).unwrap();
        let names = |of: &[Scenario]| of.iter().map(|scenario| scenario.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&scenarios), ["f-a", "f-b"]);
        let twice = format!("{text}\n[[times]]\nname = 'x'\nspeed = 2\n[[times]]\nname = 'y'");
        let twice = read("f.toml", "f", &twice).unwrap();
        assert_eq!(names(&twice), ["f-a-x", "f-a-y", "f-b-x", "f-b-y"]);
        assert_eq!(twice.iter().map(|scenario| scenario.speed).collect::<Vec<_>>(), [2.0, 20.0, 2.0, 20.0]);
        let (a, b) = (scenarios[0].options(20.0), scenarios[1].options(1.0));
        assert!(a.dialect.wide_ids && a.dialect.leak && !b.dialect.leak);
        assert_eq!((a.delay, b.delay), (Duration::from_millis(500), Duration::from_secs(10)));
        assert!(a.burst.is_some_and(|burst| burst.window == Duration::from_millis(250)));
        assert_eq!((a.concurrency, b.concurrency), (Some(5), Some(2)));
    }
}
