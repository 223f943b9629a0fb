//! The lease of a lake in a bucket: the right to publish, for a minute and a half, which its holder renews for as long as it is at work.
//!
//! It is one object, `state/lease.json`, written by compare-and-swap alone: of any number of takers one wins, and a holder whose lease was
//! taken over learns of it at its next renewal. It stays where it is when it is given back, for a removal cannot be made conditional
//! everywhere, and could hit the lease of the next holder.
//!
//! The instants in it are by the holder's clock. If a taker's clock is ahead, the lease runs out early for it: the holder then loses it, and
//! publishes nothing. If the taker's clock is behind, the lease runs out late. Neither can harm the lake, for `CURRENT.json` itself moves by
//! compare-and-swap. The holder checks both its wall clock and its monotonic clock, so that a machine that was asleep does not go on.

use crate::lake::manifest::{self, LAKE_FORMAT_VERSION};
use crate::lake::store::{Store, Version};
use crate::lake::{Error, layout};
use crate::model::json::utc;
use crate::model::lock::lock;
use crate::model::value::Instant;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

/// A lease is a few lines.
const LIMIT_BYTES: u64 = 16 << 10;
/// How often a taker looks who has it, when it changes hands all the time.
const LOOKS: u32 = 5;
/// How long the end of a run waits until the lease is given back.
const RELEASE_WAIT: Duration = Duration::from_secs(3);

/// How long a lease holds.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTerm {
    /// From a renewal to the expiry.
    pub duration: Duration,
    /// From one renewal to the next.
    pub renewed_after: Duration,
}

impl Default for LeaseTerm {
    /// A renewal may fail three times over before the lease runs out, and who comes after a run that died waits no longer than this.
    fn default() -> Self {
        Self { duration: Duration::from_secs(90), renewed_after: Duration::from_secs(22) }
    }
}

impl LeaseTerm {
    /// How long one renewal may take, and how long after a failed one the next is tried.
    fn patience(self) -> (Duration, Duration) {
        (self.duration / 9, self.renewed_after / 4)
    }
}

/// What the object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// [`LAKE_FORMAT_VERSION`].
    pub format_version: u32,
    /// Who has it, as it named itself.
    pub holder: String,
    /// When it was taken.
    #[serde(with = "utc")]
    pub since: Instant,
    /// When it runs out, unless it is renewed before.
    #[serde(with = "utc")]
    pub expires_at: Instant,
    /// How often it was renewed: no two writes of a holder are the same.
    pub renewals: u64,
    /// Whether it was given back.
    pub released: bool,
}

impl Lease {
    /// Reads a lease found at `place`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], saying what is wrong with it and what to do.
    pub fn read(bytes: &[u8], place: &str) -> Result<Self, Error> {
        // Whoever wrote it may be at work, and nothing tells how long ago it was written: to take the lake all the same would be a guess.
        manifest::read(bytes, place).map_err(|error| match error {
            Error::Corrupt { place, what } => {
                Error::Corrupt { place, what: format!("{what}; if no run is under way, remove it and run again") }
            }
            error => error,
        })
    }

    fn is_valid_at(&self, now: Instant) -> bool {
        !self.released && now < self.expires_at
    }

    fn is_of_the_holder_of(&self, other: &Self) -> bool {
        (&self.holder, self.since, self.released) == (&other.holder, other.since, other.released)
    }
}

/// The guard of a lease: it is renewed until this is dropped.
#[derive(Debug)]
pub(super) struct LeaseGuard {
    lake: String,
    clock: fn() -> Instant,
    status: Arc<Mutex<LeaseStatus>>,
    /// Dropped, it ends the renewals, and the lease is given back.
    _at_work: oneshot::Sender<()>,
    renewing: JoinHandle<()>,
}

/// The status of a lease.
#[derive(Debug)]
struct LeaseStatus {
    expires_at: Instant,
    /// The same by the clock that only goes forward, counted from before the renewal was asked for.
    until: tokio::time::Instant,
    /// Who has it now, if it was lost.
    lost_to: Option<String>,
}

impl LeaseGuard {
    /// Takes the lease for a holder of this name.
    ///
    /// # Errors
    /// [`Error::InUse`] if somebody else has it, [`Error::Corrupt`] if nobody can tell.
    pub(super) async fn acquire(
        store: &Store,
        by: &str,
        clock: fn() -> Instant,
        term: LeaseTerm,
    ) -> Result<Self, Error> {
        for _ in 0..LOOKS {
            let (asked, now) = (tokio::time::Instant::now(), clock());
            let (found, version) = find(store).await?.unzip();
            match &found {
                Some(found) if found.is_valid_at(now) => return Err(in_use(store, Some(found))),
                Some(found) if !found.released => {
                    tracing::warn!(
                        holder = sanitize(&found.holder),
                        "the last run did not end as it should; its lease has run out"
                    );
                }
                _ => {}
            }
            let lease = Lease {
                format_version: LAKE_FORMAT_VERSION,
                holder: by.to_owned(),
                since: now,
                expires_at: after(now, term.duration),
                renewals: 0,
                released: false,
            };
            let bytes = manifest::write(&lease, &store.address(&layout::lease()))?;
            match store.replace(&layout::lease(), bytes, version.as_ref()).await {
                Ok(version) => {
                    let status =
                        LeaseStatus { expires_at: lease.expires_at, until: asked + term.duration, lost_to: None };
                    let status = Arc::new(Mutex::new(status));
                    let (at_work, ended) = oneshot::channel();
                    let (store, shared) = (store.clone(), Arc::clone(&status));
                    let lake = store.describe();
                    let renewer = LeaseRenewer { store, lease, version, clock, term, status: shared };
                    let renewing = tokio::spawn(renewer.run(ended).in_current_span());
                    return Ok(Self { lake, clock, status, _at_work: at_work, renewing });
                }
                // Somebody else was first; who, the next look tells.
                Err(Error::Precondition { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(in_use(store, None))
    }

    /// Whether the lease is still this holder's.
    ///
    /// # Errors
    /// [`Error::TakenOver`] or [`Error::Expired`] if it is not.
    pub(super) fn still_held(&self) -> Result<(), Error> {
        let (lake, status) = (self.lake.clone(), lock(&self.status));
        if let Some(by) = &status.lost_to {
            return Err(Error::TakenOver { lake, by: by.clone() });
        }
        match (self.clock)() < status.expires_at && tokio::time::Instant::now() < status.until {
            true => Ok(()),
            false => Err(Error::Expired { lake, at: status.expires_at }),
        }
    }

    /// Gives the lease back, and waits for that a little. If it cannot be given back, it runs out.
    pub(super) async fn release(self) {
        let Self { _at_work: at_work, renewing, .. } = self;
        drop(at_work);
        // What went wrong, the renewals have said.
        let _ = timeout(RELEASE_WAIT, renewing).await;
    }
}

/// Renews the lease, for as long as its guard is there.
struct LeaseRenewer {
    store: Store,
    lease: Lease,
    version: Version,
    clock: fn() -> Instant,
    term: LeaseTerm,
    status: Arc<Mutex<LeaseStatus>>,
}

impl LeaseRenewer {
    async fn run(mut self, mut ended: oneshot::Receiver<()>) {
        let (patience, again_after) = self.term.patience();
        let mut wait = self.term.renewed_after;
        loop {
            let released = tokio::select! {
                () = sleep(wait) => false,
                _ = &mut ended => true,
            };
            let outcome = match timeout(patience, self.write(released)).await {
                Ok(outcome) => outcome.map_err(Some),
                Err(_) => Err(None),
            };
            match outcome {
                Ok(()) => wait = self.term.renewed_after,
                Err(Some(Error::TakenOver { by, .. })) => {
                    tracing::warn!(holder = by, "this run has lost its lease on the lake");
                    lock(&self.status).lost_to = Some(by);
                    return;
                }
                Err(error) => {
                    let error = error.map_or_else(|| "no answer in time".to_owned(), |error| error.to_string());
                    match released {
                        true => tracing::warn!(error, "the lease on the lake was not given back; it will run out"),
                        false => tracing::warn!(error, "the lease on the lake was not renewed; it is tried again"),
                    }
                    wait = again_after;
                }
            }
            if released {
                return;
            }
        }
    }

    /// Renews the lease, or gives it back.
    async fn write(&mut self, released: bool) -> Result<(), Error> {
        for _ in 0..LOOKS {
            let (asked, now) = (tokio::time::Instant::now(), (self.clock)());
            let renewals = self.lease.renewals + 1;
            let lease = Lease { expires_at: after(now, self.term.duration), renewals, released, ..self.lease.clone() };
            let bytes = manifest::write(&lease, &self.store.address(&layout::lease()))?;
            match self.store.replace(&layout::lease(), bytes, Some(&self.version)).await {
                Ok(version) => {
                    let mut status = lock(&self.status);
                    (status.expires_at, status.until) = (lease.expires_at, asked + self.term.duration);
                    drop(status);
                    (self.lease, self.version) = (lease, version);
                    return Ok(());
                }
                Err(Error::Precondition { .. }) => {}
                Err(error) => return Err(error),
            }
            // Another's, or this one's own: an earlier renewal that was given up may have arrived.
            match find(&self.store).await? {
                Some((found, version)) if found.is_of_the_holder_of(&self.lease) => {
                    (self.lease.renewals, self.version) = (found.renewals.max(renewals), version);
                }
                found => {
                    let by = found
                        .map_or_else(|| "somebody who removed it".to_owned(), |(found, _)| sanitize(&found.holder));
                    return Err(Error::TakenOver { lake: self.store.describe(), by });
                }
            }
        }
        Err(Error::Precondition { place: self.store.address(&layout::lease()) })
    }
}

async fn find(store: &Store) -> Result<Option<(Lease, Version)>, Error> {
    let key = layout::lease();
    match store.get(&key, LIMIT_BYTES).await? {
        Some((bytes, version)) => Ok(Some((Lease::read(&bytes, &store.address(&key))?, version))),
        None => Ok(None),
    }
}

fn in_use(store: &Store, found: Option<&Lease>) -> Error {
    Error::InUse {
        lake: store.describe(),
        by: found.map_or_else(|| "another run".to_owned(), |found| sanitize(&found.holder)),
        since: found.map(|found| found.since),
        until: found.map(|found| found.expires_at),
    }
}

/// A holder's name, fit for a message.
fn sanitize(holder: &str) -> String {
    holder.chars().take(200).collect::<String>().escape_debug().to_string()
}

fn after(instant: Instant, time: Duration) -> Instant {
    Instant(instant.0.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}
