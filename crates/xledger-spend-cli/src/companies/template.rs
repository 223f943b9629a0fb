//! The parameters of a CloudFormation template, and what they take.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

/// What is read of a template.
#[derive(Debug, Deserialize)]
pub(super) struct Template {
    /// By their names.
    #[serde(rename = "Parameters")]
    pub(super) parameters: BTreeMap<String, Parameter>,
}

/// The views' stack without the views: database, workgroup and the place for results.
pub(super) const VIEWS: &str = include_str!("../../../../infra/views.json");

impl Template {
    /// What the file may say of the views' stack.
    pub(super) fn of_views() -> Self {
        serde_json::from_str(VIEWS).unwrap_or_else(|_| Self { parameters: BTreeMap::new() })
    }
}

/// A parameter.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    #[serde(rename = "Type")]
    kind: String,
    /// What it is if nothing is given.
    #[serde(default)]
    pub(super) default: Value,
    #[serde(default)]
    allowed_values: Vec<Value>,
    allowed_pattern: Option<String>,
    max_length: Option<usize>,
    min_value: Option<i64>,
    max_value: Option<i64>,
    #[serde(default)]
    constraint_description: String,
}

impl Parameter {
    /// What is wrong with a value, as CloudFormation would find.
    pub(super) fn fault(&self, value: &str) -> Option<String> {
        let number = || value.parse::<i64>().ok();
        let is_in_bounds = |number: i64| {
            self.min_value.is_none_or(|least| number >= least) && self.max_value.is_none_or(|most| number <= most)
        };
        let is_pattern = |pattern: &String| {
            // A pattern that cannot be read here is left to CloudFormation's own check.
            Regex::new(&format!("^(?:{pattern})$")).map_or(true, |pattern| pattern.is_match(value))
        };
        let fits = (self.kind != "Number" || number().is_some_and(is_in_bounds))
            && (self.allowed_values.is_empty() || self.allowed_values.iter().any(|allowed| text(allowed) == value))
            && self.max_length.is_none_or(|most| value.chars().count() <= most)
            && self.allowed_pattern.as_ref().is_none_or(is_pattern);
        (!fits).then(|| format!("`{value}` must be {}", self.constraint_description))
    }
}

/// A plain value as CloudFormation takes it.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
