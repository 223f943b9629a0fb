//! The file that lists the companies. All of its faults are reported at once, and any of them ends the command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::Table;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::settings::{Caller, InvalidSettings, Settings};

use super::template::{Template, text};

/// What the file says.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The number of the AWS account that all stacks are in.
    pub(crate) account: String,
    /// Their region.
    pub(crate) region: String,
    /// In the file's order.
    pub(crate) companies: Vec<Company>,
    /// The stack of the views over all, if there are to be any.
    pub(crate) views: Option<Company>,
}

/// A company, which is a stack.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Company {
    /// What all of its names begin with; the stack's name, too.
    pub(crate) prefix: String,
    /// What the column `source` of the views over all calls it.
    pub(crate) source: String,
    /// The template's parameters that the file gives a value, beside `NamePrefix`.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Company {
    /// Its Glue database.
    pub(crate) fn database(&self) -> String {
        self.prefix.replace('-', "_")
    }
}

impl Plan {
    /// Reads the file, and checks it by the template that is to be deployed.
    ///
    /// # Errors
    /// Every fault at once.
    pub(crate) fn read(file: &Path, template: &Path) -> Result<Self, Failure> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| wrong(format!("{} cannot be read: {error}", path.display())))
        };
        let (text, template_text) = (read(file)?, read(template)?);
        let shown = template.display();
        let known: Template = serde_saphyr::from_str(&template_text)
            .map_err(|_| wrong(format!("{shown} is no template with parameters")))?;
        if template_text.contains("CodeUri: .\n") {
            let built = "run `sam build` and give --template .aws-sam/build/template.yaml";
            return Err(wrong(format!("{shown} has no function yet: {built}, or take the template of a release")));
        }
        Self::parse(&text, &known).map_err(|faults| {
            let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
            wrong(format!("{count} in {}, so nothing was done: {}", file.display(), faults.join("; ")))
        })
    }

    fn parse(text: &str, template: &Template) -> Result<Self, Vec<String>> {
        let mut file: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            vec![format!("line {}: {}", line.unwrap_or(1), error.message().replace('\n', " "))]
        })?;
        let mut reading = Reading { faults: Vec::new() };
        let account = reading.word(&mut file, "the file", "account", |text| {
            text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
        });
        let region = reading.word(&mut file, "the file", "region", |text| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        });
        let all = reading.table(&mut file, "all");
        let common = reading.parameters(all.unwrap_or_default(), "[all]", template);
        let companies = match file.remove("company") {
            Some(toml::Value::Array(companies)) => companies,
            _ => Vec::new(),
        };
        if companies.is_empty() {
            reading.faults.push("the file names no company: begin each with [[company]]".to_owned());
        }
        let mut read = Vec::new();
        for (number, company) in (1..).zip(companies) {
            let toml::Value::Table(company) = company else {
                reading.faults.push(format!("company {number} is no table: begin it with [[company]]"));
                continue;
            };
            let mut company = reading.company(company, &format!("company {number}"), template);
            let own = std::mem::replace(&mut company.parameters, common.clone());
            company.parameters.extend(own);
            read.push(company);
        }
        let views =
            reading.table(&mut file, "views").map(|views| reading.company(views, "[views]", &Template::of_views()));
        reading.faults.extend(file.keys().map(|key| format!("`{key}` is nothing that the file can say")));
        reading.faults.extend(twice("prefix", read.iter().chain(&views).map(|company| company.prefix.as_str())));
        // A company that is there twice has its source twice, too.
        let names: BTreeSet<_> = read.iter().map(|company| (&*company.prefix, &*company.source)).collect();
        reading.faults.extend(twice("source", names.into_iter().map(|(_, source)| source)));
        reading.faults.extend(shared_lakes(&read, template));
        if !reading.faults.is_empty() {
            return Err(reading.faults);
        }
        Ok(Self { account, region, companies: read, views })
    }
}

/// Collects faults on the way.
struct Reading {
    faults: Vec<String>,
}

impl Reading {
    fn word(&mut self, table: &mut Table, place: &str, key: &str, is_right: impl Fn(&str) -> bool) -> String {
        match table.remove(key) {
            Some(toml::Value::String(text)) if is_right(&text) => return text,
            Some(toml::Value::String(text)) => self.faults.push(format!("{place}: {key} cannot be `{text}`")),
            Some(other) => {
                self.faults.push(format!("{place}: {key} is of the type {}: put it in quotes", other.type_str()))
            }
            None => self.faults.push(format!("{place} has no {key}")),
        }
        String::new()
    }

    fn table(&mut self, file: &mut Table, key: &str) -> Option<Table> {
        match file.remove(key)? {
            toml::Value::Table(table) => return Some(table),
            _ => self.faults.push(format!("{key} is no table: write [{key}]")),
        }
        None
    }

    fn company(&mut self, mut table: Table, place: &str, template: &Template) -> Company {
        let of_prefix = template.parameters.get("NamePrefix");
        let prefix = match table.remove("prefix") {
            Some(toml::Value::String(prefix)) => {
                let fault = of_prefix.and_then(|parameter| parameter.fault(&prefix));
                self.faults.extend(fault.map(|fault| format!("{place}: prefix: {fault}")));
                prefix
            }
            found => {
                let is = if found.is_some() { "is no text in quotes" } else { "is missing" };
                self.faults.push(format!("{place}: prefix {is}"));
                String::new()
            }
        };
        let place = if prefix.is_empty() { place.to_owned() } else { format!("{place} ({prefix})") };
        let source = match table.contains_key("source") {
            true => self.word(&mut table, &place, "source", |text| {
                let is_trimmed = !text.is_empty() && text.trim() == text;
                is_trimmed && text.chars().count() <= 100 && !text.chars().any(char::is_control)
            }),
            false => prefix.clone(),
        };
        let parameters = self.parameters(table, &place, template);
        Company { prefix, source, parameters }
    }

    fn parameters(&mut self, table: Table, place: &str, template: &Template) -> BTreeMap<String, String> {
        let mut read = BTreeMap::new();
        for (name, value) in table {
            let value = match value {
                toml::Value::String(text) => Ok(text),
                toml::Value::Integer(number) => Ok(number.to_string()),
                other => {
                    Err(format!("a value of the type {} must be a text in quotes or a whole number", other.type_str()))
                }
            };
            let fault = match (template.parameters.get(&name), &value) {
                (None, _) => Some("is no parameter of the template".to_owned()),
                (Some(_), _) if name == "NamePrefix" => {
                    Some("is the prefix: give each company its `prefix`".to_owned())
                }
                (Some(_), Err(fault)) => Some(fault.clone()),
                (Some(parameter), Ok(value)) => parameter.fault(value),
            };
            match (fault, value) {
                (None, Ok(value)) => drop(read.insert(name, value)),
                (fault, _) => self.faults.push(format!("{place}: {name}: {}", fault.unwrap_or_default())),
            }
        }
        self.faults.extend(setting_faults(&read).into_iter().map(|fault| format!("{place}: {fault}")));
        read
    }
}

/// The settings that the template makes of parameters whose patterns take more than the function does.
const SETTINGS: &[(&str, &str)] = &[
    ("XledgerEndpoint", "XLEDGER_ENDPOINT"),
    ("HistoryFrom", "SPEND_HISTORY_FROM"),
    ("DocumentTypes", "SPEND_DOCUMENT_TYPES"),
    ("ExcludedAccounts", "SPEND_EXCLUDED_ACCOUNTS"),
    ("ExtraPayrollDocumentTypes", "SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES"),
    ("PayrollDocumentTypes", "SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES"),
    ("PayrollWords", "SPEND_PAYROLL_WORDS"),
    ("PayrollAccounts", "SPEND_PAYROLL_ACCOUNTS"),
    ("VatRates", "SPEND_VAT_RATES"),
];

/// What the function would find wrong at each run.
fn setting_faults(parameters: &BTreeMap<String, String>) -> Vec<String> {
    let fault = |(parameter, setting): &(&str, &str)| {
        let value = parameters.get(*parameter).filter(|value| !value.is_empty())?;
        let lookup = |name: &str| match name {
            // What the template gives each function.
            "XLEDGER_TOKEN_SECRET_ID" => Some("token"),
            "LAKE_URL" => Some("s3://bucket/lake"),
            _ => (name == *setting).then_some(value.as_str()),
        };
        let InvalidSettings(faults) = Settings::read(Caller::Function, lookup).err()?;
        let what = faults.into_iter().find(|fault| fault.setting == *setting)?.what;
        Some(format!("{parameter}: {what}"))
    };
    SETTINGS.iter().filter_map(fault).collect()
}

/// What is there twice and must not be.
fn twice<'a>(what: &str, values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut seen, mut again) = (BTreeSet::new(), BTreeSet::new());
    again.extend(values.filter(|value| !value.is_empty() && !seen.insert(*value)));
    again.into_iter().map(|value| format!("two have the {what} `{value}`")).collect()
}

/// Faults for companies whose lakes lie in one another: each would read and sweep the other's files.
fn shared_lakes(companies: &[Company], template: &Template) -> Vec<String> {
    let value = |company: &Company, name: &str| {
        let default = || template.parameters.get(name).map_or_else(String::new, |parameter| text(&parameter.default));
        company.parameters.get(name).cloned().unwrap_or_else(default)
    };
    let lakes: Vec<_> = companies
        .iter()
        .map(|company| (company, value(company, "ExistingBucketName"), value(company, "LakePrefix") + "/"))
        .filter(|(_, bucket, _)| !bucket.is_empty())
        .collect();
    let mut faults = Vec::new();
    for (at, (company, bucket, lake)) in lakes.iter().enumerate() {
        for (other, other_bucket, other_lake) in &lakes[..at] {
            if bucket == other_bucket && (lake.starts_with(other_lake) || other_lake.starts_with(lake)) {
                let (one, two) = (&other.prefix, &company.prefix);
                faults.push(format!(
                    "{one} and {two} share the bucket {bucket}: give each a LakePrefix outside the other's"
                ));
            }
        }
    }
    faults
}

fn wrong(what: String) -> Failure {
    Failure::new(FailureKind::SettingsInvalid, what)
}

#[cfg(test)]
mod tests;
