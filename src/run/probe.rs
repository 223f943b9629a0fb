//! Turns the first minute with a real token into facts: what is known, followed or guessed of Xledger, beside what this Xledger says and does.
//!
//! Asks names and types, one page of the ledger by index fields, and a handful of questions that ask for no row. What it tells holds no row,
//! no name of a company, no amount and no token, so that it can be handed on.

mod questions;
mod schema;
mod table;

use std::time::Duration;

use serde::Serialize;

use crate::model::failure::Failure;
use crate::model::value::Instant;
use crate::refresh::token_owner;
use crate::report::progress::{Progress, Stage};
use crate::settings::Settings;
use crate::xledger::{Client, Dialect, Usage};

/// What a probe found.
#[derive(Clone, Debug, Serialize)]
pub struct Probed {
    /// `probe`.
    pub action: &'static str,
    /// The address that answered.
    pub endpoint: String,
    /// When, in milliseconds since 1970.
    pub probed_at_ms: i64,
    /// Each fact, and what was found of it.
    pub facts: Vec<Fact>,
    /// What a refresh would lack, in words; it works if there is nothing.
    pub in_the_way: Vec<String>,
    /// How long the questions took.
    pub timings: Vec<Timing>,
    /// What the probe used of the API.
    pub api: Usage,
    /// All of it once more, as lines for a person.
    pub table: Vec<String>,
}

/// Something that is believed of Xledger, and what this one says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What is believed.
    pub fact: String,
    /// What that rests on.
    #[serde(rename = "standing")]
    pub basis: Basis,
    /// What was found.
    pub found: Finding,
    /// How it is instead, or why it was not tried.
    pub detail: Option<String>,
}

/// What a belief rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Seen in working clients, or in a text of the vendor's.
    Verified,
    /// Follows from several such facts.
    Follows,
    /// A guess.
    Guessed,
}

/// What was found of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is so, as others have seen it.
    #[serde(rename = "verified")]
    Confirmed,
    /// It is so, as was guessed.
    #[serde(rename = "as_guessed")]
    GuessConfirmed,
    /// It is otherwise.
    Different,
    /// It is not there.
    Missing,
    /// There was no way to tell.
    NotTried,
}

/// How long a question took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// What was asked.
    pub question: &'static str,
    /// Rows that came.
    pub rows: u64,
    /// Milliseconds from the request to the last byte, waits included.
    pub duration_ms: u64,
}

impl Fact {
    /// One that holds.
    fn holds(basis: Basis, fact: impl Into<String>) -> Self {
        let found = if basis == Basis::Verified { Finding::Confirmed } else { Finding::GuessConfirmed };
        Self { fact: fact.into(), basis, found, detail: None }
    }

    /// One that is otherwise, and how.
    fn different(basis: Basis, fact: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { fact: fact.into(), basis, found: Finding::Different, detail: Some(detail.into()) }
    }

    /// One of something that is not there.
    fn missing(basis: Basis, fact: impl Into<String>) -> Self {
        Self { fact: fact.into(), basis, found: Finding::Missing, detail: None }
    }

    /// One that could not be tried, and why.
    fn not_tried(basis: Basis, fact: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { fact: fact.into(), basis, found: Finding::NotTried, detail: Some(detail.into()) }
    }
}

/// Probes Xledger.
///
/// # Errors
/// No Xledger, or a refused token. What is otherwise than believed is no error but part of the answer.
pub async fn probe(client: &Client, settings: &Settings, now: Instant, progress: &Progress) -> Result<Probed, Failure> {
    let owner_set = settings.owner_set;
    progress.begin(Stage::Schema, 0);
    let begun = tokio::time::Instant::now();
    let owner = token_owner::owner_id(client).await?;
    let mut timings = vec![timing("whose token it is", 1, begun.elapsed())];
    let fact = "viewer.entity.ownerDbId says whose token it is";
    let mut facts = vec![match owner {
        Some(_) => Fact::holds(Basis::Verified, fact),
        None => Fact::missing(Basis::Verified, fact),
    }];
    facts.extend(schema::facts(client, &mut timings).await?);
    let dialect = Dialect::read(client).await?;
    let in_the_way = dialect.check_fit(owner_set).err().map(|error| error.to_string());
    client.plan().adopt(dialect);
    progress.begin(Stage::Index, 0);
    facts.extend(questions::facts(client, settings, &mut timings).await?);
    progress.end();
    let mut probed = Probed {
        action: "probe",
        endpoint: settings.endpoint.to_string(),
        probed_at_ms: now.0,
        facts,
        in_the_way: in_the_way.into_iter().collect(),
        timings,
        api: client.meter().usage(),
        table: Vec::new(),
    };
    probed.table = table::table(&probed);
    Ok(probed)
}

fn timing(question: &'static str, rows: usize, took: Duration) -> Timing {
    Timing { question, rows: rows as u64, duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX) }
}
