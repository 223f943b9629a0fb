//! What an earlier run learned of Xledger's schema and of the token's rights, saved under `state/`: a schema is read once a month, not once a run.
//! What it no longer takes shows by a refusal; that it offers more is noticed by the next full refresh, or after a month.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::lake::{Lake, layout};
use crate::model::digest::Digest;
use crate::model::value::Instant;
use crate::xledger::{Client, Dialect, Error, LossReason, query};

/// What the schema offers changes seldom. That it no longer offers something is noticed at once.
const MAX_AGE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// A dialect is a few kilobytes.
const LIMIT_BYTES: u64 = 4 << 20;

/// As it is saved. What does not read as this is read anew from Xledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedSchema {
    /// When it was read, in milliseconds since 1970.
    pub read_at_ms: i64,
    /// The address that it was read from.
    pub endpoint: String,
    /// The checksum of the documents that it was compared with.
    pub documents: String,
    /// What was learned.
    pub dialect: Dialect,
    /// Fields that were refused.
    pub refused: Vec<SavedLoss>,
}

/// An operation, the first of some of its fields, and why they are not asked for.
type SavedLoss = (String, String, LossReason);

impl SavedSchema {
    /// Reads it; `None` if it is something else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What the schema offers, and what an earlier run saved of it.
type Learned = (Dialect, Option<SavedSchema>);

/// Reads what the schema offers: as an earlier run saved it, if that is not long ago and it is not to be read anew.
///
/// # Errors
/// What [`Dialect::read`] meets. What the lake meets is no error here, for nothing depends on what it stores.
pub(crate) async fn learn(client: &Client, lake: &Lake, now: Instant, is_anew: bool) -> Result<Learned, Error> {
    let known = if is_anew { None } else { load(client, lake, now).await };
    let Some(known) = known else { return Ok((Dialect::read(client).await?, None)) };
    client.plan().restore_losses(&known.refused);
    Ok((known.dialect.clone(), Some(known)))
}

/// Saves what was learned, once a refresh has succeeded with it, or has stopped and can be resumed.
pub(crate) async fn save(client: &Client, lake: &Lake, now: Instant, (dialect, saved): Learned) {
    let refused = client.plan().losses();
    if !dialect.introspection || saved.as_ref().is_some_and(|saved| saved.refused == refused) {
        return;
    }
    let endpoint = client.endpoint().to_owned();
    let read_at_ms = saved.map_or(now.0, |saved| saved.read_at_ms);
    let known = SavedSchema { read_at_ms, endpoint, documents: documents(), dialect, refused };
    if let Err(error) = store(lake, &known).await {
        tracing::warn!(%error, "what was learned of the schema is not saved; the next run reads it again");
    }
}

/// The checksum of all documents: what was learned of a schema for these may not do for others.
fn documents() -> String {
    let all: String = query::ALL.iter().map(|query| query.document).collect();
    Digest::of(all.as_bytes())
}

async fn load(client: &Client, lake: &Lake, now: Instant) -> Option<SavedSchema> {
    let key = layout::state("schema.json").ok()?;
    let (bytes, _) = lake.store().get(&key, LIMIT_BYTES).await.ok()??;
    let known = SavedSchema::read(&bytes)?;
    let age_ms = now.0.checked_sub(known.read_at_ms)?;
    let is_fresh = (0..MAX_AGE_MS).contains(&age_ms);
    (is_fresh && known.endpoint == client.endpoint() && known.documents == documents()).then_some(known)
}

async fn store(lake: &Lake, known: &SavedSchema) -> Result<(), crate::lake::Error> {
    let key = layout::state("schema.json")?;
    let store = lake.store();
    let version = store.get(&key, LIMIT_BYTES).await?.map(|(_, version)| version);
    // Two runs that learn the same at once do no harm to each other.
    store.replace(&key, Bytes::from(serde_json::to_vec(known).unwrap_or_default()), version.as_ref()).await.map(drop)
}
