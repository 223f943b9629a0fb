//! Takes the valid rows out of the cache, and rids it of what is none any more.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::files::PART_ROWS;
use super::{Cache, CacheFile, CachedRow, Provenance, RowState, Validity};
use crate::lake::Error;
use crate::model::failure::Failure;
use crate::model::text_pool::{OwnText, TextPool};
use crate::refresh::screen::Admitted;

/// Files of one sort of rows, at most, beside those that are full: beyond, they are written anew as few.
const MAX_FILES: usize = 16;

/// The rows of admitted lines: the valid ones of the cache, and then those that are fetched.
pub(crate) struct CachedRows<T> {
    /// Each line once, in no order until all are there.
    pub(crate) rows: Vec<T>,
    /// The admitted ids, ascending, and for each the number of the file that has its row, or [`NOWHERE`].
    ids: Vec<i64>,
    file_of: Vec<u32>,
    /// Of each file, whether it has rows that must not stay: of lines that are not admitted, or that have expired.
    must_go: Vec<bool>,
    /// Ids and hashes of rows that would be valid had they not expired. If the row that comes instead has another hash, they were out of date.
    expired: Vec<(i64, u64)>,
    /// Lines that are fetched again although the cache has their rows as listed: those that were too young when they were asked for, and one that shows
    /// whether a right was given. They come in every run, so they are no progress.
    pub(crate) refetched: FxHashSet<i64>,
}

/// No file has the row.
const NOWHERE: u32 = u32::MAX;

/// A hash of all that a row says.
fn hash<T: CachedRow>(row: &T, pool: &TextPool) -> u64 {
    FxBuildHasher.hash_one((row.clone().with_text(OwnText::default()), pool.own(row.text())))
}

impl<T: CachedRow> CachedRows<T> {
    /// Takes the valid rows of admitted lines, whose ids ascend. Rows of `payroll` lines leave the cache at once.
    ///
    /// # Errors
    /// What storage can meet. A damaged file is told, and all of its rows are fetched.
    pub(crate) async fn load(
        cache: &mut Cache<'_>,
        admitted: &[Admitted<T::Listed>],
        payroll: &[i64],
        validity: &Validity<'_>,
        pool: &mut TextPool,
    ) -> Result<Self, Failure> {
        let parts = T::parts(&mut cache.contents).clone();
        let mut cached = Self {
            // Room that is not used takes no memory; to make more room would take twice as much.
            rows: Vec::with_capacity(admitted.len()),
            ids: admitted.iter().map(Admitted::id).collect(),
            file_of: vec![NOWHERE; admitted.len()],
            must_go: vec![false; parts.len()],
            expired: Vec::new(),
            refetched: FxHashSet::default(),
        };
        // Of several valid rows of a line the newest counts.
        for (number, part) in parts.iter().enumerate().rev() {
            let is_of_source = |from: &&Provenance| from.source == validity.now.source;
            let Some(from) = part.provenance.as_ref().filter(is_of_source) else { continue };
            let (mut must_go, mut has_payroll, before) = (false, false, cached.rows.len());
            let take = |row: T, pool: &TextPool| {
                let Ok(at) = admitted.binary_search_by_key(&row.id(), Admitted::id) else {
                    must_go = true;
                    has_payroll |= payroll.binary_search(&row.id()).is_ok();
                    return false;
                };
                must_go |= validity.is_expired(from, row.month());
                match validity.judge(&row, from, admitted[at].entry()) {
                    RowState::Valid if cached.file_of[at] == NOWHERE => {
                        cached.file_of[at] = number as u32;
                        cached.rows.push(row);
                        return true;
                    }
                    RowState::Valid | RowState::Outdated => {}
                    RowState::Expired => cached.expired.push((row.id(), hash(&row, pool))),
                    RowState::TooYoung => cached.refetched.extend([row.id()]),
                }
                false
            };
            match cache.read(part, pool, take).await {
                Ok(()) if has_payroll && !cache.is_dry => {
                    let mut rows: Vec<T> = Vec::new();
                    let keep = |row: T, _: &TextPool| {
                        let stays = payroll.binary_search(&row.id()).is_err();
                        rows.extend(stays.then_some(row));
                        stays
                    };
                    cache.read(part, pool, keep).await?;
                    let anew = cache.write(&rows, pool, Some(from)).await?;
                    T::parts(&mut cache.contents)[number] = anew;
                }
                Ok(()) => {}
                Err(error @ Error::Corrupt { .. }) => {
                    tracing::warn!(%error, "a file of the cache cannot be read; what it held is fetched again");
                    cached.rows.truncate(before);
                    cached.file_of.iter_mut().filter(|file| **file == number as u32).for_each(|file| *file = NOWHERE);
                }
                Err(error) => return Err(error.into()),
            }
            cached.must_go[number] = must_go;
        }
        // Of several, the newest, which was read first.
        cached.expired.sort_by_key(|(id, _)| *id);
        cached.expired.dedup_by_key(|(id, _)| *id);
        cache.save().await?;
        Ok(cached)
    }

    /// Leaves those of the admitted lines whose rows the cache does not have. If it has all and `asks_for_one`, the last is asked for all the same.
    pub(crate) fn leave_missing(&mut self, admitted: &mut Vec<Admitted<T::Listed>>, asks_for_one: bool) {
        if asks_for_one
            && !self.file_of.contains(&NOWHERE)
            && let (Some(id), Some(file)) = (self.ids.last(), self.file_of.last_mut())
        {
            self.rows.retain(|row| row.id() != *id);
            *file = NOWHERE;
            self.refetched.insert(*id);
        }
        let mut files = self.file_of.iter();
        admitted.retain(|_| files.next() == Some(&NOWHERE));
    }

    /// Puts the rows from this place on into the cache: they have just come.
    ///
    /// # Errors
    /// What storage can meet.
    pub(crate) async fn store(
        &mut self,
        cache: &mut Cache<'_>,
        from: usize,
        pool: &TextPool,
        provenance: &Provenance,
    ) -> Result<(), Failure> {
        let new = self.rows.get_mut(from..).unwrap_or_default();
        cache.new_rows += new.iter().filter(|row| !self.refetched.contains(&row.id())).count() as u64;
        if new.is_empty() || cache.is_dry {
            return Ok(());
        }
        new.sort_by_cached_key(T::id);
        let part = cache.write(new, pool, Some(provenance)).await?;
        for at in new.iter().filter_map(|row| self.ids.binary_search(&row.id()).ok()) {
            self.file_of[at] = T::parts(&mut cache.contents).len() as u32;
        }
        T::parts(&mut cache.contents).push(part);
        self.must_go.push(false);
        Ok(())
    }

    /// How many expired rows were out of date although the lists had shown no change; `None` if none had expired. All rows must be there, sorted
    /// by id.
    pub(crate) fn healed(&self, pool: &TextPool) -> Option<u64> {
        let is_other = |(id, hash): &&(i64, u64)| {
            self.rows.binary_search_by_key(id, T::id).is_ok_and(|at| self::hash(&self.rows[at], pool) != *hash)
        };
        (!self.expired.is_empty()).then(|| self.expired.iter().filter(is_other).count() as u64)
    }

    /// Rewrites files with rows that must not stay, files of which less than half is used, and small files if there are too many. Call it once
    /// all missing rows have come and are published.
    ///
    /// # Errors
    /// What storage can meet; the cache then is as it was.
    pub(crate) async fn tidy(self, cache: &mut Cache<'_>, pool: &TextPool) -> Result<(), Failure> {
        let Self { mut rows, ids, file_of, must_go, .. } = self;
        let parts = T::parts(&mut cache.contents).clone();
        let mut used = vec![0; parts.len()];
        file_of.iter().filter(|file| **file != NOWHERE).for_each(|file| used[*file as usize] += 1);
        let is_small = |part: &CacheFile| (part.rows as usize) < PART_ROWS / 2;
        let too_many = parts.iter().filter(|part| is_small(part)).count() > MAX_FILES;
        let moves = |at: usize| must_go[at] || used[at] * 2 < parts[at].rows || (too_many && is_small(&parts[at]));
        let moves: Vec<bool> = (0..parts.len()).map(moves).collect();
        let moved = (0..parts.len()).filter(|at| moves[*at] && used[*at] > 0);
        // Settled rows may take the newest time of the moved files. Rows that are not settled would look settled with it, so they are left out: the
        // next refresh would fetch them again in any case.
        let newest = moved.filter_map(|at| parts[at].provenance.clone()).max_by_key(|provenance| provenance.at_ms);
        rows.retain(|row| {
            let Ok(at) = ids.binary_search(&row.id()) else { return false };
            let file = file_of[at] as usize;
            let provenance = parts.get(file).filter(|_| moves[file]).and_then(|part| part.provenance.as_ref());
            provenance.is_some_and(|provenance| provenance.settles(row.modified_at()))
        });
        let stay = parts.into_iter().zip(moves).filter_map(|(part, moves)| (!moves).then_some(part));
        let mut parts: Vec<CacheFile> = stay.collect();
        for rows in rows.chunks(PART_ROWS) {
            parts.push(cache.write(rows, pool, newest.as_ref()).await?);
        }
        *T::parts(&mut cache.contents) = parts;
        Ok(())
    }
}
