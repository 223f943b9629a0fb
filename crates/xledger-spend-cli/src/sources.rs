//! Where settings come from: flags, else environment variables.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use xledger_spend::lake::LakeUrl;
use xledger_spend::lake::url::at_home;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::settings::{Caller, InvalidSetting, InvalidSettings, NAMES, Settings, TokenSource};

/// The setting that says where the tables are.
pub(crate) const LAKE: &str = "LAKE_URL";

/// The sources of settings.
pub(crate) struct SettingSources {
    flags: BTreeMap<String, OsString>,
    environment: fn(&str) -> Option<OsString>,
}

/// Whether a command can do without a lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedsLake {
    Yes,
    No,
}

impl SettingSources {
    pub(crate) fn new(flags: BTreeMap<String, OsString>, environment: fn(&str) -> Option<OsString>) -> Self {
        Self { flags, environment }
    }

    fn get(&self, name: &str) -> Option<OsString> {
        self.flags.get(name).cloned().or_else(|| (self.environment)(name))
    }

    /// As [`SettingSources::get`] for a demonstration: settings come from flags alone, so that what is set for the real Xledger and the real lake is
    /// not touched.
    fn get_for_demonstration(&self, name: &str) -> Option<OsString> {
        match self.flags.get(name) {
            Some(flag) => Some(flag.clone()),
            None if name == LAKE => Some("./lake".into()),
            None if NAMES.iter().any(|(setting, _)| *setting == name) => None,
            None => (self.environment)(name),
        }
    }

    /// All settings.
    pub(crate) fn settings(&self, needs_lake: NeedsLake) -> Result<Settings, Failure> {
        self.complete(Settings::read(Caller::CommandLine, |name| self.get(name)), needs_lake)
    }

    /// The settings of a command that works in the lake alone, and asks Xledger nothing.
    pub(crate) fn settings_of_the_lake(&self) -> Result<Settings, Failure> {
        self.complete(Settings::read_without_token(Caller::CommandLine, |name| self.get(name)), NeedsLake::Yes)
    }

    fn complete(
        &self,
        settings: Result<Settings, InvalidSettings>,
        needs_lake: NeedsLake,
    ) -> Result<Settings, Failure> {
        let is_given = |text: OsString| !text.to_string_lossy().trim().is_empty();
        if needs_lake == NeedsLake::No || self.get(LAKE).is_some_and(is_given) {
            return Ok(settings?);
        }
        // One more fault among those that are named at once.
        let InvalidSettings(mut faults) = settings.err().unwrap_or_else(|| InvalidSettings(Vec::new()));
        faults.push(no_lake());
        Err(InvalidSettings(faults).into())
    }

    /// The settings of a demonstration.
    pub(crate) fn demonstration(&self, endpoint: &str, token: &str) -> Result<Settings, Failure> {
        let settings = Settings::read(Caller::CommandLine, |name| match name {
            "XLEDGER_ENDPOINT" => Some(endpoint.into()),
            "XLEDGER_TOKEN" => Some(token.into()),
            name => self.get_for_demonstration(name),
        });
        Ok(settings?)
    }

    /// Where a demonstration's tables are.
    pub(crate) fn demonstrations_lake(&self) -> Result<LakeUrl, Failure> {
        needed(Settings::read_lake(Caller::CommandLine, |name| self.get_for_demonstration(name)))
    }

    /// Where the tables are, for commands that need nothing else.
    pub(crate) fn lake(&self) -> Result<LakeUrl, Failure> {
        needed(self.read_lake())
    }

    /// As [`SettingSources::lake`], for a command that can do without.
    pub(crate) fn lake_if_given(&self) -> Result<Option<LakeUrl>, Failure> {
        Ok(self.read_lake()?)
    }

    fn read_lake(&self) -> Result<Option<LakeUrl>, InvalidSettings> {
        Settings::read_lake(Caller::CommandLine, |name| self.get(name))
    }

    /// The path of a file that a flag names, with `~` expanded: after an equals sign no shell does so.
    pub(crate) fn place(&self, flag: &str, file: &Path) -> Result<PathBuf, Failure> {
        let home = (self.environment)("HOME").and_then(|home| home.into_string().ok());
        let shown = file.display();
        match file.to_str().map_or(Ok(None), |file| at_home(file, home.as_deref())) {
            Ok(place) => Ok(place.map_or_else(|| file.to_owned(), PathBuf::from)),
            Err(what) => Err(Failure::new(FailureKind::SettingsInvalid, format!("{flag}: the file {shown} {what}"))),
        }
    }
}

fn needed(lake: Result<Option<LakeUrl>, InvalidSettings>) -> Result<LakeUrl, Failure> {
    lake?.ok_or_else(|| InvalidSettings(vec![no_lake()]).into())
}

fn no_lake() -> InvalidSetting {
    InvalidSetting { setting: LAKE, what: "is missing; give --lake with a directory or s3://bucket/prefix".to_owned() }
}

/// The AWS configuration of a run by these settings.
pub(crate) async fn aws(settings: &Settings) -> aws_config::SdkConfig {
    aws_if(settings.needs_aws()).await
}

/// The AWS configuration of a command that asks Xledger, and touches no lake.
pub(crate) async fn aws_of_token(settings: &Settings) -> aws_config::SdkConfig {
    aws_if(matches!(settings.token, TokenSource::Secret(_))).await
}

/// The AWS configuration of a command that reads a lake alone.
pub(crate) async fn aws_of_lake(lake: &LakeUrl) -> aws_config::SdkConfig {
    aws_if(matches!(lake, LakeUrl::S3 { .. })).await
}

/// Nothing is loaded where no setting names anything in AWS: looking for credentials takes seconds on a desk that has none.
async fn aws_if(needed: bool) -> aws_config::SdkConfig {
    if needed { xledger_spend::aws::load().await } else { aws_config::SdkConfig::builder().build() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(flags: &[(&str, &str)], environment: fn(&str) -> Option<OsString>) -> SettingSources {
        SettingSources::new(flags.iter().map(|(name, text)| ((*name).to_owned(), text.into())).collect(), environment)
    }

    fn all_set(name: &str) -> Option<OsString> {
        let text = match name {
            "XLEDGER_ENDPOINT" => "https://example.com/graphql",
            LAKE => "s3://production",
            "XLEDGER_TOKEN" => "real",
            "SPEND_HISTORY_FROM" => "2020-01",
            "HOME" => "/home/ola",
            _ => return None,
        };
        Some(text.into())
    }

    #[test]
    fn a_flag_comes_before_the_environment() {
        let settings =
            sources(&[(LAKE, "here"), ("SPEND_HISTORY_FROM", "")], all_set).settings(NeedsLake::Yes).unwrap();
        assert_eq!(settings.lake.unwrap().to_string(), "here");
        assert_eq!(settings.rules.history_from, None);
        assert_eq!(settings.endpoint.as_str(), "https://example.com/graphql");
    }

    #[test]
    fn a_demonstration_reads_no_environment() {
        let sources = sources(&[], all_set);
        let settings = sources.demonstration("http://127.0.0.1:1/graphql", "t").unwrap();
        assert_eq!(sources.demonstrations_lake().unwrap().to_string(), "./lake");
        assert_eq!(settings.rules.history_from, None);
        assert_eq!(settings.endpoint.as_str(), "http://127.0.0.1:1/graphql");
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let at_home = sources(&[(LAKE, "~/lake")], all_set);
        let settings = at_home.settings(NeedsLake::Yes).unwrap();
        let lakes = [settings.lake.unwrap(), at_home.lake().unwrap(), at_home.demonstrations_lake().unwrap()];
        assert_eq!(lakes.map(|lake| lake.to_string()), ["/home/ola/lake"; 3]);
        assert_eq!(at_home.place("--save", Path::new("~/x.json")).unwrap(), Path::new("/home/ola/x.json"));
        assert_eq!(at_home.place("--save", Path::new("a/~")).unwrap(), Path::new("a/~"));

        let homeless = sources(&[(LAKE, "~/lake")], |_| None);
        let failures = [homeless.lake().unwrap_err(), homeless.place("--save", Path::new("~")).unwrap_err()];
        for failure in failures {
            assert!(failure.message.contains("HOME") && failure.kind == FailureKind::SettingsInvalid, "{failure}");
        }
        let of_somebody = sources(&[(LAKE, "~kari/lake")], all_set).demonstrations_lake().unwrap_err();
        assert!(of_somebody.message.contains("./~"), "{of_somebody}");
    }

    #[test]
    fn a_missing_lake_is_named_with_the_other_faults() {
        let sources = sources(&[("XLEDGER_PAGE_ROWS", "1")], |_| None);
        let message = sources.settings(NeedsLake::Yes).unwrap_err().message;
        for name in ["3 settings", "XLEDGER_PAGE_ROWS", "XLEDGER_TOKEN", LAKE] {
            assert!(message.contains(name), "{name}: {message}");
        }
        assert!(!sources.settings(NeedsLake::No).unwrap_err().message.contains(LAKE));
        assert!(sources.lake().unwrap_err().message.contains("--lake"));
    }
}
