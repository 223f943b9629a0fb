//! The settings: read once, checked together, every fault named. Their names stand here; elsewhere only messages name them.

mod addresses;
mod others;
mod reader;
mod rules;

use std::ffi::OsString;
use std::fmt;

use secrecy::SecretString;

use crate::lake::LakeUrl;
use crate::model::failure::{Failure, FailureKind};
use crate::page::SupplierLabels;
use crate::refresh::Limits;
use crate::refresh::rules::Rules;
use reader::Reader;

macro_rules! names {
    ($($constant:ident = $name:literal: $help:literal;)*) => {
        $(const $constant: &str = $name;)*
        /// Every setting: the environment variable's name, and what it is for. On the command line the flag of the same name.
        pub const NAMES: &[(&str, &str)] = &[$(($name, $help)),*];
    };
}

names! {
    ENDPOINT = "XLEDGER_ENDPOINT": "Send queries to this GraphQL endpoint [default: https://www.xledger.net/graphql]";
    TOKEN = "XLEDGER_TOKEN": "The API token, on the command line only; prefer the environment variable to the flag";
    TOKEN_SECRET_ID = "XLEDGER_TOKEN_SECRET_ID": "Read the API token from this Secrets Manager secret";
    OWNER_SET = "XLEDGER_OWNER_SET": "Send this owner set with every query: CURRENT, UPPER, LOWER, MINE or ALL [default: MINE]";
    PAGE_ROWS = "XLEDGER_PAGE_ROWS": "List this many rows per page, 100 to 10000, and fetch half as many lines per batch [default: 10000]";
    MAX_IN_FLIGHT = "XLEDGER_MAX_IN_FLIGHT": "Send at most this many requests at once, 1 to 20 [default: 5]";
    LAKE = "LAKE_URL": "Write the tables here: s3://bucket/prefix, or a directory";
    LAKE_KMS_KEY = "LAKE_KMS_KEY_ARN": "Name this KMS key (an ARN) in each write to S3; without one the bucket's own setting applies";
    GLUE_DATABASE = "GLUE_DATABASE": "Point the tables of this Glue database to each new snapshot, for Athena [default: none]";
    DOCUMENT_TYPES = "SPEND_DOCUMENT_TYPES": "Keep only lines of these document types [default: AP,BA,ER]";
    EXCLUDED_ACCOUNTS = "SPEND_EXCLUDED_ACCOUNTS": "Leave out lines on these accounts [default: 1900-3000]";
    PAYROLL_DOCUMENT_TYPES = "SPEND_PAYROLL_DOCUMENT_TYPES": "Treat lines of these document types as payroll [default: PR,PY,SA,SAL,LO,LON,LØ]";
    EXTRA_PAYROLL_DOCUMENT_TYPES = "SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES": "Treat lines of these document types as payroll, too [default: none]";
    PAYROLL_WORDS = "SPEND_PAYROLL_WORDS": "Treat document types with a word that begins like one of these as payroll, too, as in bonus,honorar [default: none]";
    PAYROLL_ACCOUNTS = "SPEND_PAYROLL_ACCOUNTS": "Treat lines on these accounts as payroll, whatever their chart [default: by the chart of each account]";
    PAYROLL_MATCHES = "SPEND_PAYROLL_MATCHES": "Treat lines that are matched with a payroll line as payroll: on or off [default: on]";
    HISTORY_FROM = "SPEND_HISTORY_FROM": "Leave out periods before this month, as in 2023-01 [default: none]";
    VAT_RATES = "SPEND_VAT_RATES": "Add the VAT percentages of further tax rule codes, as in 3=15,33=11.11, or from a day on, as in 13@2020-04-01=6";
    FILES = "SPEND_FILES_URL": "Read categories.csv and suppliers.csv from here: s3://bucket/prefix, or a directory [default: the lake]";
    LANGUAGE = "SPEND_LANGUAGE": "Name the categories that accounts give, and write the report page, in this language: en or no [default: en]";
    TEXT = "SPEND_TEXT": "Ask for the texts of ledger lines: keep or drop [default: keep]";
    EXPENSE_TEXT = "SPEND_EXPENSE_TEXT": "Ask for the texts of expense reports (document type ER): keep or drop [default: drop]";
    CONTACTS = "SPEND_CONTACTS": "Ask for the contacts of suppliers: keep or drop [default: drop]";
    PERSONAL_NUMBERS = "SPEND_PERSONAL_NUMBERS": "Publish organisation numbers that are the number of a person: keep or drop [default: drop]";
    REPORT_SUPPLIERS = "REPORT_SUPPLIERS": "Call suppliers by their names or their codes on the report page: names or codes [default: names]";
    FULL_EVERY = "SPEND_FULL_EVERY": "Run a full refresh every N refreshes, 1 to 1000 [default: 10]";
    MAX_SHRINK = "SPEND_MAX_SHRINK_PERCENT": "Publish nothing if a table would lose more than this percentage of its rows, 0 to 100 [default: 20]";
    MAX_REFUSED = "SPEND_MAX_REFUSED_PERCENT": "Publish nothing if more than this percentage of the lines beside payroll cannot be judged, 0 to 100 [default: 5]";
    WARN_DRIFT = "SPEND_WARN_DRIFT_PERCENT": "Warn if closed months move by more than this percentage, 0 to 100 [default: 5]";
    WARN_MATCH_DROP = "SPEND_WARN_MATCH_DROP_PERCENT": "Warn if the lines with a supplier, an invoice number or a category are fewer by more than this percentage of all, 0 to 100 [default: 5]";
    WARN_INVOICE_DAYS = "SPEND_WARN_INVOICE_DAYS": "Warn of invoices that are dated more than this many days ahead, 0 to 3650 [default: 60]";
    SNAPSHOTS_KEPT = "SPEND_SNAPSHOTS_KEPT": "Keep this many of the newest snapshots, 1 to 1000, and all of the last day [default: 10]";
}

/// Where `~` lies.
const HOME: &str = "HOME";

/// Who asks: the function and the command line differ in where the token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The Lambda function: the token is in Secrets Manager, the lake on S3.
    Function,
    /// The command line.
    CommandLine,
}

/// Where the token comes from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// Given as it is.
    Given(SecretString),
    /// A secret of Secrets Manager, by name or ARN.
    Secret(String),
    /// Nowhere: Xledger is asked nothing.
    NotNeeded,
}

/// Reads an owner set, and writes it as Xledger does.
fn owner_set(text: &str) -> Result<&'static str, String> {
    let known = ["CURRENT", "UPPER", "LOWER", "MINE", "ALL"].into_iter().find(|known| known.eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("`{text}` is none of CURRENT, UPPER, LOWER, MINE, ALL"))
}

/// All settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The GraphQL address.
    pub endpoint: reqwest::Url,
    /// Where the token comes from.
    pub token: TokenSource,
    /// Whether a refresh waits for a token that is not there yet: only the function does, for it can be invoked again.
    pub waits_for_token: bool,
    /// Whose rows are listed, as seen from the token's owner. Sent with every query.
    pub owner_set: &'static str,
    /// Rows of a listing's page.
    pub page_rows: usize,
    /// Requests at once.
    pub max_in_flight: usize,
    /// Where the tables go; `None` only on a command line that needs no lake.
    pub lake: Option<LakeUrl>,
    /// The KMS key that each write to the lake names, which is then on S3.
    pub lake_kms_key_arn: Option<String>,
    /// The Glue database whose tables follow the lake, which is then on S3.
    pub glue_database: Option<String>,
    /// What is spend.
    pub rules: Rules,
    /// How suppliers are called on the page for people.
    pub report_suppliers: SupplierLabels,
    /// Where the company's own files are, if not beside the tables.
    pub files: Option<LakeUrl>,
    /// Run a full refresh every so many refreshes.
    pub full_every: u32,
    /// How much of its rows a table may lose, in percent.
    pub max_shrink_percent: u32,
    /// How many of the lines that are not payroll may be refused, in percent.
    pub max_refused_percent: u32,
    /// The limits beyond which the data checks warn.
    pub limits: Limits,
    /// How many of the newest snapshots stay when a new one is published.
    pub snapshots_kept: usize,
    /// How many times faster than in life the client waits: 1, and no setting. Tests play bad weather in short time.
    pub tempo: f64,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong and what to write instead. Never the token.
    pub what: String,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.what)
    }
}

/// All that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings(pub Vec<InvalidSetting>);

impl From<InvalidSettings> for Failure {
    fn from(InvalidSettings(faults): InvalidSettings) -> Self {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let things =
            if faults.len() == 1 { "a setting is".to_owned() } else { format!("{} settings are", faults.len()) };
        Failure::new(
            FailureKind::SettingsInvalid,
            format!("{things} missing or wrong; nothing was done. {}", lines.join("; ")),
        )
    }
}

fn needs_aws(token: Option<&TokenSource>, lake: Option<&LakeUrl>, files: Option<&LakeUrl>) -> bool {
    let is_on_s3 = |store: Option<&LakeUrl>| matches!(store, Some(LakeUrl::S3 { .. }));
    // What asks Xledger nothing reads the lake alone.
    let reads_files = !matches!(token, Some(TokenSource::NotNeeded));
    matches!(token, Some(TokenSource::Secret(_))) || is_on_s3(lake) || reads_files && is_on_s3(files)
}

impl Settings {
    /// Reads the settings by their names, from texts or from what the operating system holds.
    ///
    /// # Errors
    /// [`InvalidSettings`]: everything that is missing or wrong.
    pub fn read<T: Into<OsString>>(
        caller: Caller,
        lookup: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, InvalidSettings> {
        Self::read_with(caller, addresses::token, &|name| lookup(name).map(Into::into))
    }

    /// As [`Settings::read`], for what works in the lake alone: no token is looked for, and none is missed.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read_without_token<T: Into<OsString>>(
        caller: Caller,
        lookup: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, InvalidSettings> {
        Self::read_with(caller, |_, _| Some(TokenSource::NotNeeded), &|name| lookup(name).map(Into::into))
    }

    /// Whether anything is in AWS that these settings name.
    pub fn needs_aws(&self) -> bool {
        needs_aws(Some(&self.token), self.lake.as_ref(), self.files.as_ref())
    }

    /// The lake alone, for what needs no other setting; `None` if it is not set.
    ///
    /// # Errors
    /// [`InvalidSettings`], in the lake's address and in what leads to it.
    pub fn read_lake<T: Into<OsString>>(
        caller: Caller,
        lookup: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<LakeUrl>, InvalidSettings> {
        let lookup = |name: &str| lookup(name).map(Into::into);
        let mut reader = Reader { lookup: &lookup, faults: Vec::new() };
        let lake = addresses::lake(&mut reader, caller);
        if matches!(lake, Some(LakeUrl::S3 { .. })) {
            reader.check_aws();
            reader.check_utf_8(others::PROXIES);
        }
        if reader.faults.is_empty() { Ok(lake) } else { Err(InvalidSettings(reader.faults)) }
    }

    fn read_with(
        caller: Caller,
        token: fn(&mut Reader<'_>, Caller) -> Option<TokenSource>,
        lookup: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, InvalidSettings> {
        let mut reader = Reader { lookup, faults: Vec::new() };
        let endpoint = addresses::endpoint(&mut reader);
        let token = token(&mut reader, caller);
        let lake = addresses::lake(&mut reader, caller);
        let lake_kms_key_arn = addresses::lake_kms_key(&mut reader, lake.as_ref());
        let glue_database = addresses::glue_database(&mut reader, lake.as_ref());
        let rules = rules::read(&mut reader);
        let report_suppliers = reader.value(REPORT_SUPPLIERS, SupplierLabels::default(), str::parse);
        let files = addresses::storage(&mut reader, FILES, caller);
        let owner_set = reader.value(OWNER_SET, "MINE", owner_set);
        let page_rows = reader.number(PAGE_ROWS, 10_000, 100, 10_000);
        let max_in_flight = reader.number(MAX_IN_FLIGHT, 5, 1, 20);
        let mut small = |name, default, least, most| reader.number(name, default, least, most) as u32;
        let full_every = small(FULL_EVERY, 10, 1, 1_000);
        let max_shrink_percent = small(MAX_SHRINK, 20, 0, 100);
        let max_refused_percent = small(MAX_REFUSED, 5, 0, 100);
        let limits = Limits {
            drift_percent: small(WARN_DRIFT, 5, 0, 100),
            match_drop_percent: small(WARN_MATCH_DROP, 5, 0, 100),
            invoice_days: small(WARN_INVOICE_DAYS, 60, 0, 3_650),
        };
        let snapshots_kept = reader.number(SNAPSHOTS_KEPT, 10, 1, 1_000);
        let needs_aws = token.is_none() || needs_aws(token.as_ref(), lake.as_ref(), files.as_ref());
        if needs_aws {
            reader.check_aws();
        }
        let stays_here = !needs_aws && endpoint.as_ref().is_some_and(crate::xledger::is_this_machine);
        if !stays_here {
            reader.check_utf_8(others::PROXIES);
        }
        if caller == Caller::Function {
            reader.check_utf_8(others::CONTINUATION);
        }
        match (endpoint, token) {
            (Some(endpoint), Some(token)) if reader.faults.is_empty() => Ok(Self {
                endpoint,
                token,
                waits_for_token: caller == Caller::Function,
                owner_set,
                page_rows,
                max_in_flight,
                lake,
                lake_kms_key_arn,
                glue_database,
                rules,
                report_suppliers,
                files,
                full_every,
                max_shrink_percent,
                max_refused_percent,
                limits,
                snapshots_kept,
                tempo: 1.0,
            }),
            _ => Err(InvalidSettings(reader.faults)),
        }
    }
}

#[cfg(test)]
mod tests;
