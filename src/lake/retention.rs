//! Which snapshots a lake shows, which of them may go, and how they go.

use crate::lake::Error;
use crate::lake::layout::{self, SnapshotName};
use crate::lake::manifest::Current;
use crate::lake::publish::{Lake, Publisher};
use crate::model::value::Instant;
use tokio::time::timeout_at;

/// How long a reader may go on reading what another snapshot has replaced.
const READERS_MS: i64 = 24 * 3_600_000;

/// A snapshot as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSnapshot {
    /// Its name.
    pub name: SnapshotName,
    /// Whether it has its manifest, which comes last. One without is being made, or was left behind by a run that died.
    pub finished: bool,
}

/// What a sweep came to.
#[derive(Debug, Default)]
pub struct Swept {
    /// Snapshots removed, leftovers among them.
    pub removed: u64,
    /// Snapshots that should be gone and are not; the next sweep tries again.
    pub not_removed: u64,
    /// The first fault that was met.
    pub error: Option<Error>,
}

/// The snapshots that may go, oldest first; `found` has all, oldest first.
///
/// A finished snapshot may go once `retained` finished ones are newer and the next of those is older than a day: so its readers have had a day since
/// it was replaced, not since it was made. One without a manifest may go at once: the holder of the lake knows that its run is dead. The current
/// snapshot stays, whatever its age, and so do those that it replaced within a day (`replaced`) and all newer ones.
pub(crate) fn to_remove<'a>(
    found: &'a [ListedSnapshot],
    current: &SnapshotName,
    replaced: &[SnapshotName],
    now: Instant,
    retained: usize,
) -> Vec<&'a SnapshotName> {
    let (mut newer, mut replaced_at, mut removed) = (0, None, Vec::new());
    for ListedSnapshot { name, finished } in found.iter().rev() {
        let may_go = !finished || (newer >= retained && is_a_day_ago(replaced_at, now));
        if may_go && name < current && !replaced.contains(name) {
            removed.push(name);
        }
        if *finished {
            (newer, replaced_at) = (newer + 1, name.started_at());
        }
    }
    removed.reverse();
    removed
}

fn is_a_day_ago(then: Option<Instant>, now: Instant) -> bool {
    then.is_some_and(|then| now.0 - then.0 > READERS_MS)
}

impl Lake {
    /// The snapshot that was current before this one, and those before that, as far as they were replaced within a day. After going back, names do
    /// not say so: an old snapshot is replaced by the next refresh, not by the one that was made after it.
    async fn replaced_within_a_day(&self, current: &Current, now: Instant) -> Vec<SnapshotName> {
        let (mut replaced, mut before) = (Vec::new(), current.previous.clone());
        while let Some(name) = before.filter(|name| !replaced.contains(name)) {
            before = match is_a_day_ago(name.started_at(), now) {
                true => None,
                // A damaged one cannot say what it replaced.
                false => self.manifest_of(&name).await.ok().and_then(|(manifest, _)| manifest.replaced()),
            };
            replaced.push(name);
        }
        replaced
    }

    /// All snapshots, oldest first, each with whether it is finished.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn list_snapshots(&self) -> Result<Vec<ListedSnapshot>, Error> {
        // Two listings, and no look at each manifest: if one is missing, S3 may deny access to a role that may list only a prefix. The first listing
        // finds what the second does not: in a directory, a snapshot that holds only the temporary files of a killed writer.
        let root = layout::snapshots();
        let (names, objects) = futures::try_join!(self.snapshot_names(), self.store().list(&root))?;
        let finished = |name: &SnapshotName| objects.binary_search_by(|entry| entry.key.cmp(&name.manifest())).is_ok();
        Ok(names.into_iter().map(|name| ListedSnapshot { finished: finished(&name), name }).collect())
    }
}

impl Publisher {
    /// Removes the snapshots that may go, as [`to_remove`] says, until the deadline. Whatever ends it, the lake is sound, and what is left
    /// is found by the next sweep.
    pub async fn sweep(&self, retained: usize, now: Instant, deadline: tokio::time::Instant) -> Swept {
        let mut swept = Swept::default();
        let Ok(outcome) = timeout_at(deadline, self.decide(retained, now)).await else { return swept };
        let names = outcome.unwrap_or_else(|error| {
            swept.error = Some(error);
            Vec::new()
        });
        for name in names {
            match timeout_at(deadline, self.remove(&name)).await {
                Ok(Ok(removed)) => swept.removed += u64::from(removed),
                Ok(Err(error)) => {
                    swept.not_removed += 1;
                    swept.error.get_or_insert(error);
                }
                Err(_) => swept.not_removed += 1,
            }
        }
        swept
    }

    async fn decide(&self, retained: usize, now: Instant) -> Result<Vec<SnapshotName>, Error> {
        self.still_held()?;
        let found = self.lake().list_snapshots().await?;
        let Some((current, _)) = self.lake().current().await? else { return Ok(Vec::new()) };
        let replaced = self.lake().replaced_within_a_day(&current, now).await;
        Ok(to_remove(&found, &current.snapshot, &replaced, now, retained).into_iter().cloned().collect())
    }

    /// Withdraws a snapshot that was finished and never became current: it is a leftover from then on, which the next sweep finds.
    ///
    /// # Errors
    /// What storage can meet; that the lake is another run's by now.
    pub async fn withdraw(&self, name: &SnapshotName) -> Result<(), Error> {
        self.still_held()?;
        match self.lake().current().await? {
            Some((current, _)) if current.snapshot != *name && current.previous.as_ref() != Some(name) => {
                self.lake().store().delete(&name.manifest()).await
            }
            _ => Ok(()),
        }
    }

    /// Removes a snapshot, unless somebody has just gone back to it.
    async fn remove(&self, name: &SnapshotName) -> Result<bool, Error> {
        let store = self.lake().store();
        self.still_held()?;
        if self.lake().current().await?.is_none_or(|(current, _)| current.snapshot == *name) {
            return Ok(false);
        }
        // The manifest goes first: from then on the rest is a leftover, which nobody can go back to and which the next sweep finds.
        store.delete(&name.manifest()).await?;
        store.delete_below(&name.directory()).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_795_224_600_000);

    /// The name of a snapshot whose run began so many hours ago.
    fn name(hours_ago: i64) -> SnapshotName {
        SnapshotName::new(Instant(NOW.0 - hours_ago * 3_600_000), "run")
    }

    /// Hours ago of those that go, of finished ones and unfinished ones.
    fn removed(finished: &[i64], unfinished: &[i64], current: i64, previous: Option<i64>, retained: usize) -> Vec<i64> {
        let all = [(finished, true), (unfinished, false)];
        let mut found: Vec<ListedSnapshot> = all
            .iter()
            .flat_map(|(ages, finished)| {
                ages.iter().map(|age| ListedSnapshot { name: name(*age), finished: *finished })
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let replaced: Vec<SnapshotName> = previous.map(name).into_iter().collect();
        let age = |removed: &SnapshotName| (NOW.0 - removed.started_at().unwrap().0) / 3_600_000;
        to_remove(&found, &name(current), &replaced, NOW, retained).into_iter().map(age).collect()
    }

    #[test]
    fn what_may_go() {
        let each_three_days: Vec<i64> = (0..13).map(|n| n * 72).collect();
        for (what, found, current, previous, retained, gone) in [
            ("an empty lake", (&[][..], &[][..]), 0, None, 1, &[][..]),
            ("the first", (&[0], &[]), 0, None, 1, &[]),
            ("ten are retained", (&each_three_days, &[]), 0, Some(72), 10, &[864, 792, 720]),
            ("as many as there are", (&each_three_days, &[]), 0, Some(72), 13, &[]),
            ("one is retained, and the one before it", (&[0, 72, 144, 216], &[]), 0, Some(72), 1, &[216, 144]),
            ("all of today", (&[0, 1, 2, 3, 23], &[]), 0, Some(1), 1, &[]),
            ("a day since it was replaced, not since it was made", (&[0, 1, 72, 144], &[]), 0, Some(1), 1, &[144]),
            ("a day to the hour", (&[0, 1, 24, 48], &[]), 0, Some(1), 1, &[]),
            ("and an hour", (&[0, 1, 25, 48], &[]), 0, Some(1), 1, &[48]),
            // Right after a run that followed a rollback: what it replaced is previous, and the only one of the old to stay.
            ("what was gone back to", (&each_three_days, &[]), 0, Some(864), 10, &[792, 720]),
            ("while going back stands", (&each_three_days, &[]), 864, Some(0), 1, &[]),
            ("the older than what was gone back to", (&each_three_days, &[]), 720, Some(0), 1, &[864, 792]),
            ("leftovers", (&[0, 72], &[1, 23, 25, 100]), 0, Some(72), 10, &[100, 25, 23, 1]),
            ("leftovers do not count", (&[0, 72, 144], &[30, 40, 50, 60]), 0, Some(72), 3, &[60, 50, 40, 30]),
            ("a run that has not ended", (&[50, 72, 144], &[48, 30]), 50, Some(72), 10, &[]),
            ("finished by a run that has not ended", (&[0, 30, 60, 72, 144], &[]), 60, Some(72), 1, &[144]),
            ("the current one without its manifest", (&[72, 144], &[48]), 48, Some(72), 2, &[]),
            ("the one before without its manifest", (&[0], &[72, 144]), 0, Some(72), 1, &[144]),
        ] {
            assert_eq!(removed(found.0, found.1, current, previous, retained), gone, "{what}");
        }
    }
}
