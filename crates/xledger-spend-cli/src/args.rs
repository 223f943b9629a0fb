//! The command line's arguments. Each setting of [`settings::NAMES`] is a flag of the same name for the commands that heed it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use xledger_spend::event::{Event, Mode, Refresh};
use xledger_spend::lake::SnapshotName;
use xledger_spend::model::value::Month;
use xledger_spend::settings::NAMES;

use crate::sources::LAKE;

/// Keeps a company's purchasing data from the Xledger ERP ready for analysis, as Parquet tables in a directory or on S3.
#[derive(Debug, Parser)]
#[command(name = "xledger-spend", version, max_term_width = 110, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Where the tables are: a directory, or s3://bucket/prefix [environment: LAKE_URL]
    #[arg(long, visible_alias = "lake-url", global = true, value_name = "DIR|s3://…")]
    lake: Option<OsString>,
    /// Print the report as JSON, alone on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show the log
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Save every question that is sent to Xledger in this file, as lines of JSON without ids, token or answers
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) request_log: Option<PathBuf>,
    /// Stop after N minutes, as in 15 or 0.5; a refresh keeps what it has by then, and the next one resumes it
    #[arg(long, global = true, value_name = "N", default_value = "720", value_parser = minutes)]
    pub(crate) deadline_minutes: Duration,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 incomplete: run again to resume.\n\
    Begin with `demo`: it needs no account and no token.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Refresh a lake from an invented company, served by the built-in simulator of Xledger
    ///
    /// Reads no settings from the environment and writes to ./lake unless --lake says otherwise.
    Demo {
        /// Ledger lines of the invented company
        #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
        lines: u64,
        /// The seed: another one makes another company
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
    /// Bring the tables up to date with Xledger
    Refresh(RefreshArgs),
    /// Show what the token can read, what the schema offers, and how each document type is treated
    Check,
    /// Compare what is known of Xledger with what this one says and does, in a minute
    ///
    /// Asks for names and types and one page of the ledger by index fields, and for no other row. Its output holds no row and no token, so
    /// that you can hand it on.
    Probe {
        /// Save the findings in this file, as JSON
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Show what is in the tables now
    Show,
    /// Fetch the report page of the current snapshot: one file for a browser
    ///
    /// Of a lake in a directory it is opened where it lies; of a lake on S3 it is saved as spend-report.html, or as --output says.
    Report {
        /// Open it in the browser
        #[arg(long)]
        open: bool,
        /// Save it in this file; - is standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List the snapshots that the lake keeps, newest first
    Snapshots,
    /// Make an older snapshot current again
    ///
    /// Asks Xledger nothing. The next refresh makes a new snapshot current; to stay on the old one, stop the schedule.
    Rollback {
        /// The snapshot, as `snapshots` lists it
        #[arg(value_parser = snapshot)]
        snapshot: SnapshotName,
    },
    /// Explain the columns of the tables
    Schema {
        /// Print the tables as Athena DDL; with an s3:// lake, for its current snapshot
        #[arg(long, conflicts_with = "json")]
        ddl: bool,
    },
    /// Answer an event as the function does, and print its answer
    Invoke {
        /// A file that holds the event, or - for standard input
        file: PathBuf,
    },
    /// Deploy, check or list many companies, each a stack of its own, as a file names them; needs the AWS CLI
    Companies {
        /// What to do with each of them
        #[arg(value_enum)]
        action: CompaniesAction,
        /// The file that names them
        #[arg(default_value = "companies.toml")]
        file: PathBuf,
        /// The template: a release's, or .aws-sam/build/template.yaml after `sam build`
        #[arg(long, value_name = "FILE", default_value = "template.yaml")]
        template: PathBuf,
    },
}

/// What to do with many companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompaniesAction {
    /// Make their stacks, or bring them up to date with file and template; then the views over all
    Deploy,
    /// Ask each function what its token can read
    Check,
    /// Say how each stack stands, its last run and its rows
    List,
}

/// How to refresh.
#[derive(Debug, clap::Args)]
pub(crate) struct RefreshArgs {
    /// How much to fetch
    #[arg(long, default_value = Mode::Incremental.as_str(), value_parser = modes())]
    pub(crate) mode: Mode,
    /// Fetch the periods from this month on again, as in 2025-01
    #[arg(long, value_name = "MONTH")]
    pub(crate) from: Option<Month>,
    /// Fetch the periods up to this month again
    #[arg(long, value_name = "MONTH")]
    pub(crate) to: Option<Month>,
    /// Do everything but publish
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Publish a table even if it lost many of its rows
    #[arg(long)]
    pub(crate) accept_shrink: bool,
}

/// The modes with their help.
fn modes() -> impl TypedValueParser<Value = Mode> {
    let help = Mode::ALL.iter().map(|mode| match mode {
        Mode::Incremental => PossibleValue::new(mode.as_str()).help("What changed"),
        Mode::Full => PossibleValue::new(mode.as_str()).help("Everything"),
    });
    PossibleValuesParser::new(help).map(|word| if word == Mode::Full.as_str() { Mode::Full } else { Mode::Incremental })
}

/// Into which lake a command may publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Publishes {
    Nowhere,
    IntoTheLake,
    /// A snapshot that is there already.
    Again(SnapshotName),
    IntoTheDemonstrations,
    /// No snapshot, but stacks of AWS.
    Stacks,
}

impl Publishes {
    /// Whether what an event asks for may make a snapshot current.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::Refresh(Refresh { dry_run: false, .. }) => Self::IntoTheLake,
            Event::Rollback(snapshot) => Self::Again(snapshot.clone()),
            Event::Refresh(_) | Event::Check => Self::Nowhere,
        }
    }
}

impl Command {
    /// Whether it may make a new snapshot current, and where.
    pub(crate) fn publishes(&self) -> Publishes {
        match self {
            Self::Demo { .. } => Publishes::IntoTheDemonstrations,
            Self::Refresh(RefreshArgs { dry_run: false, .. }) => Publishes::IntoTheLake,
            Self::Rollback { snapshot } => Publishes::Again(snapshot.clone()),
            Self::Companies { action: CompaniesAction::Deploy, .. } => Publishes::Stacks,
            Self::Companies { .. }
            | Self::Refresh(_)
            // Its event says it.
            | Self::Invoke { .. }
            | Self::Check
            | Self::Probe { .. }
            | Self::Show
            | Self::Report { .. }
            | Self::Snapshots
            | Self::Schema { .. } => Publishes::Nowhere,
        }
    }
}

/// Reads a time of at most a week.
fn minutes(text: &str) -> Result<Duration, &'static str> {
    let number = text.parse().ok().filter(|minutes: &f64| (0.01..=10_080.0).contains(minutes));
    let time = number.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
    time.ok_or("no number of minutes from 0.01 to 10080")
}

fn snapshot(text: &str) -> Result<SnapshotName, &'static str> {
    SnapshotName::read(text).ok_or("no snapshot's name; write it as in 20261121T013000Z-0a1b2c3d")
}

/// The arguments, and the settings given as flags. Ends the program if they are wrong, or ask for help.
pub(crate) fn read() -> (Args, BTreeMap<String, OsString>) {
    if let Some(flag) = given_twice(std::env::args_os()) {
        let said = format!("the argument '{flag}' cannot be used multiple times");
        command().error(ErrorKind::ArgumentConflict, said).exit();
    }
    let matches = command().get_matches();
    let flags = flags(&matches);
    (Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()), flags)
}

/// The flag of all commands that is given twice. Before and after the command clap takes both, and keeps the last without a word.
fn given_twice(args: impl Iterator<Item = OsString>) -> Option<&'static str> {
    let args: Vec<OsString> = args.collect();
    let is = |arg: &OsString, flag: &str| {
        let rest = arg.to_str().and_then(|arg| arg.strip_prefix(flag));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let flags = [&["--lake", "--lake-url"][..], &["--request-log"], &["--deadline-minutes"]];
    let twice = |flags: &&&[&str]| args.iter().filter(|arg| flags.iter().any(|flag| is(arg, flag))).count() > 1;
    flags.iter().find(twice).and_then(|flags| flags.first().copied())
}

fn command() -> clap::Command {
    let mut command = Args::command();
    for name in ["refresh", "check", "invoke"] {
        command = command.mut_subcommand(name, |command| command.args(settings(|_| true)));
    }
    // It asks Xledger nothing, and makes no tables: it points to those that are there.
    let heeded = |name: &str| matches!(name, "LAKE_KMS_KEY_ARN" | "GLUE_DATABASE");
    let command = command.mut_subcommand("rollback", |command| command.args(settings(heeded)));
    // The simulator takes the place of an address and a token.
    let simulated = |name: &str| matches!(name, "XLEDGER_ENDPOINT" | "XLEDGER_TOKEN" | "XLEDGER_TOKEN_SECRET_ID");
    command.mut_subcommand("demo", |command| command.args(settings(|name| !simulated(name))))
}

fn settings(heeded: impl Fn(&str) -> bool) -> Vec<Arg> {
    let heeded = NAMES.iter().filter(|(name, _)| *name != LAKE && heeded(name));
    let flag = |(name, help): &(&'static str, &'static str)| {
        Arg::new(*name)
            .long(name.to_lowercase().replace('_', "-"))
            .help(format!("{help} [environment: {name}]"))
            .help_heading("Settings")
            .value_name("VALUE")
            // That it is UTF-8 is looked at with all the rest that may be wrong.
            .value_parser(clap::value_parser!(OsString))
            .hide_short_help(false)
    };
    heeded.map(flag).collect()
}

fn flags(matches: &ArgMatches) -> BTreeMap<String, OsString> {
    let mut flags: BTreeMap<String, OsString> = BTreeMap::new();
    flags.extend(matches.get_one::<OsString>("lake").map(|lake| (LAKE.to_owned(), lake.clone())));
    if let Some((_, matches)) = matches.subcommand() {
        let given = NAMES.iter().filter_map(|(name, _)| {
            let value = matches.try_get_one::<OsString>(name).ok().flatten()?;
            Some(((*name).to_owned(), value.clone()))
        });
        flags.extend(given);
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn each_setting_is_a_flag() {
        for (name, _) in NAMES.iter().filter(|(name, _)| *name != LAKE) {
            let flag = format!("--{}", name.to_lowercase().replace('_', "-"));
            let matches = command().try_get_matches_from(["xledger-spend", "refresh", &flag, "x"]).unwrap();
            assert_eq!(flags(&matches), BTreeMap::from([((*name).to_owned(), "x".into())]), "{name}");
        }
        for (flag, name) in [("--glue-database", "GLUE_DATABASE"), ("--lake-kms-key-arn", "LAKE_KMS_KEY_ARN")] {
            let typed = ["xledger-spend", "rollback", flag, "x", "20261121T013000Z-0a1b2c3d"];
            let matches = command().try_get_matches_from(typed).unwrap();
            assert_eq!(flags(&matches).get(name), Some(&"x".into()));
        }
        for typed in [["--lake", "x", "show"], ["show", "--lake", "x"], ["show", "--lake-url", "x"]] {
            let matches = command().try_get_matches_from([&["xledger-spend"], &typed[..]].concat()).unwrap();
            assert_eq!(flags(&matches).get(LAKE), Some(&"x".into()), "{typed:?}");
        }
    }

    #[test]
    fn a_flag_of_all_commands_is_given_once() {
        for (typed, twice) in [
            ("--lake a show --lake b", Some("--lake")),
            ("--lake=a show --lake-url b", Some("--lake")),
            ("--deadline-minutes 1 refresh --deadline-minutes=2", Some("--deadline-minutes")),
            ("--lake a refresh --lake-kms-key-arn b --json", None),
            ("show --lake=--lake", None),
        ] {
            assert_eq!(given_twice(typed.split(' ').map(OsString::from)), twice, "{typed}");
        }
    }
}
