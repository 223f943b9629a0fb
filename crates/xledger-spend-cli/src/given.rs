//! What was given: a setting as a flag, else as an environment variable.

use std::collections::BTreeMap;

use xledger_spend::failure::Failure;
use xledger_spend::lake::LakeUrl;
use xledger_spend::settings::{Caller, Fault, Faults, Settings, TokenSource};

/// The setting that says where the tables are.
pub(crate) const LAKE: &str = "LAKE_URL";

/// What was given.
pub(crate) struct Given {
    flags: BTreeMap<String, String>,
    environment: fn(&str) -> Option<String>,
}

/// Whether a command can do without a lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedsLake {
    Yes,
    No,
}

impl Given {
    pub(crate) fn new(flags: BTreeMap<String, String>, environment: fn(&str) -> Option<String>) -> Self {
        Self { flags, environment }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.flags.get(name).cloned().or_else(|| (self.environment)(name))
    }

    /// All settings.
    pub(crate) fn settings(&self, needs_lake: NeedsLake) -> Result<Settings, Failure> {
        self.complete(Settings::read(Caller::CommandLine, |name| self.get(name)), needs_lake)
    }

    /// The settings of a command that works in the lake alone, and asks Xledger nothing.
    pub(crate) fn settings_of_the_lake(&self) -> Result<Settings, Failure> {
        self.complete(Settings::read_without_token(Caller::CommandLine, |name| self.get(name)), NeedsLake::Yes)
    }

    fn complete(&self, settings: Result<Settings, Faults>, needs_lake: NeedsLake) -> Result<Settings, Failure> {
        if needs_lake == NeedsLake::No || self.get(LAKE).is_some_and(|text| !text.trim().is_empty()) {
            return Ok(settings?);
        }
        // One more fault among those that are named at once.
        let Faults(mut faults) = settings.err().unwrap_or_else(|| Faults(Vec::new()));
        faults.push(no_lake());
        Err(Faults(faults).into())
    }

    /// The settings of a demonstration: from flags alone, so that what is set for the real Xledger and the real lake is not touched.
    pub(crate) fn demonstration(&self, endpoint: &str, token: &str) -> Result<Settings, Failure> {
        let settings = Settings::read(Caller::CommandLine, |name| match name {
            "XLEDGER_ENDPOINT" => Some(endpoint.to_owned()),
            "XLEDGER_TOKEN" => Some(token.to_owned()),
            LAKE => Some(self.flags.get(LAKE).map_or("./lake", String::as_str).to_owned()),
            name => self.flags.get(name).cloned(),
        });
        Ok(settings?)
    }

    /// Where a demonstration's tables are.
    pub(crate) fn demonstrations_lake(&self) -> Result<LakeUrl, Failure> {
        parse(self.flags.get(LAKE).map_or("./lake", String::as_str))
    }

    /// Where the tables are, for commands that need nothing else.
    pub(crate) fn lake(&self) -> Result<LakeUrl, Failure> {
        let text = self.get(LAKE).filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| Failure::from(Faults(vec![no_lake()])))?;
        parse(&text)
    }

    /// As [`Given::lake`], for a command that can do without.
    pub(crate) fn lake_if_given(&self) -> Result<Option<LakeUrl>, Failure> {
        if self.get(LAKE).is_none_or(|text| text.trim().is_empty()) { Ok(None) } else { self.lake().map(Some) }
    }
}

fn parse(lake: &str) -> Result<LakeUrl, Failure> {
    LakeUrl::parse(lake).map_err(|error| Faults(vec![Fault { setting: LAKE, what: error.to_string() }]).into())
}

fn no_lake() -> Fault {
    Fault { setting: LAKE, what: "is missing; give --lake with a directory or s3://bucket/prefix".to_owned() }
}

/// The AWS configuration, where something needs one: looking for credentials takes seconds on a desk that has none.
pub(crate) async fn aws(lake: Option<&LakeUrl>, token: Option<&TokenSource>) -> aws_config::SdkConfig {
    if matches!(lake, Some(LakeUrl::S3 { .. })) || matches!(token, Some(TokenSource::Secret(_))) {
        aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await
    } else {
        aws_config::SdkConfig::builder().build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(flags: &[(&str, &str)], environment: fn(&str) -> Option<String>) -> Given {
        Given::new(flags.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(), environment)
    }

    fn all_set(name: &str) -> Option<String> {
        Some(match name {
            "XLEDGER_ENDPOINT" => "https://example.com/graphql".to_owned(),
            LAKE => "s3://production".to_owned(),
            "XLEDGER_TOKEN" => "real".to_owned(),
            "SPEND_HISTORY_FROM" => "2020-01".to_owned(),
            _ => return None,
        })
    }

    #[test]
    fn a_flag_comes_before_the_environment() {
        let settings = given(&[(LAKE, "here"), ("SPEND_HISTORY_FROM", "")], all_set).settings(NeedsLake::Yes).unwrap();
        assert_eq!(settings.lake.unwrap().to_string(), "here");
        assert_eq!(settings.rules.history_from, None);
        assert_eq!(settings.endpoint.as_str(), "https://example.com/graphql");
    }

    #[test]
    fn a_demonstration_reads_no_environment() {
        let given = given(&[], all_set);
        let settings = given.demonstration("http://127.0.0.1:1/graphql", "t").unwrap();
        assert_eq!(given.demonstrations_lake().unwrap().to_string(), "./lake");
        assert_eq!(settings.rules.history_from, None);
        assert_eq!(settings.endpoint.as_str(), "http://127.0.0.1:1/graphql");
    }

    #[test]
    fn a_missing_lake_is_named_with_the_other_faults() {
        let given = given(&[("XLEDGER_PAGE_ROWS", "1")], |_| None);
        let message = given.settings(NeedsLake::Yes).unwrap_err().message;
        for name in ["3 settings", "XLEDGER_PAGE_ROWS", "XLEDGER_TOKEN", LAKE] {
            assert!(message.contains(name), "{name}: {message}");
        }
        assert!(!given.settings(NeedsLake::No).unwrap_err().message.contains(LAKE));
        assert!(given.lake().unwrap_err().message.contains("--lake"));
    }
}
