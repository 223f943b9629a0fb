//! Takes the valid rows out of the cache, and rids it of what is none any more.

use std::hash::{BuildHasher, Hash};

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::files::PART_ROWS;
use super::{Asked, Cache, CacheFile, ListedReferences, Stored, Unread, Validity};
use crate::model::failure::Failure;
use crate::model::names::{Names, Text};
use crate::model::value::{Instant, Month};

/// Files of one sort of rows, at most, beside those that are full: beyond, they are written anew as few.
const MAX_FILES: usize = 16;

/// A row that is fetched, and cached.
pub(crate) trait CachedRow: Stored + Clone + Hash + 'static {
    /// A line that was listed and may be asked for.
    type Admitted: Copy + 'static;
    /// The name of its files.
    const FILE: &'static str;
    /// A line's id.
    fn id_of(admitted: &Self::Admitted) -> i64;
    /// The row's id.
    fn id(&self) -> i64;
    /// Its month; `None` if it is of none.
    fn month(&self) -> Option<Month>;
    /// When its voucher was modified.
    fn modified_at(&self) -> Option<Instant>;
    /// What is not as it is listed.
    fn change(&self, admitted: &Self::Admitted, listed: ListedReferences<'_>) -> Option<Change>;
    /// Its files.
    fn parts<'a>(cache: &'a mut Cache<'_>) -> &'a mut Vec<CacheFile>;
}

/// What of a line is not as it is listed. The order is that of what it takes to bring the lists up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// When its voucher was modified, and nothing else.
    Time,
    /// Its voucher, its account or its document type.
    Line,
    /// Its owner, its match or its period: other lines may be judged in another way for it.
    Match,
}

/// The rows of admitted lines that the cache has.
pub(crate) struct Cached<T> {
    /// Valid rows, each line once, in no order.
    pub(crate) rows: Vec<T>,
    /// The admitted ids, ascending, and for each the number of the file that has its row, or [`NOWHERE`].
    ids: Vec<i64>,
    file_of: Vec<u32>,
    files: Vec<FileUse>,
    /// Ids of rows that are valid but for having expired, with a hash of each: what comes in their place shows whether they were out of date.
    expired: Vec<(i64, u64)>,
    /// Lines that are asked for once more though the cache has their rows, as they are listed: the last one, if nothing else is missing, and those that
    /// were too young when they were asked for. They come in any run, and are no progress.
    pub(crate) asked_again: FxHashSet<i64>,
}

/// No file has the row.
const NOWHERE: u32 = u32::MAX;

/// What a file is good for.
#[derive(Clone, Copy, Default)]
struct FileUse {
    used: u64,
    /// Whether it has rows that must not stay: of lines that are not admitted, or that have expired.
    must_go: bool,
}

/// Finds items by their ids in a list that is sorted by them: at once the one behind the last that was found.
struct Lookup<'a, T> {
    items: &'a [T],
    id: fn(&T) -> i64,
    next: usize,
}

impl<T> Lookup<'_, T> {
    fn find(&mut self, id: i64) -> Option<usize> {
        let is_next = self.items.get(self.next).is_some_and(|item| (self.id)(item) == id);
        let at = if is_next { self.next } else { self.items.binary_search_by_key(&id, self.id).ok()? };
        self.next = at + 1;
        Some(at)
    }
}

/// A hash of all that a row says.
fn hash<T: CachedRow>(row: &T, names: &Names) -> u64 {
    FxBuildHasher.hash_one((row.clone().with_text(Text::default()), names.own(row.text())))
}

impl<T: CachedRow> Cached<T> {
    /// Takes the valid rows of admitted lines, whose ids ascend, that were asked for with a document. Rows of `payroll` lines leave the cache at
    /// once.
    ///
    /// # Errors
    /// What storage can meet. A damaged file is told, and its rows count as not cached.
    pub(crate) async fn load(
        cache: &mut Cache<'_>,
        document: &str,
        admitted: &[T::Admitted],
        payroll: &[i64],
        validity: &Validity<'_>,
        names: &mut Names,
    ) -> Result<Self, Failure> {
        let parts = T::parts(cache).clone();
        let mut cached = Self {
            // Room that is not used takes no memory; to make more room would take twice as much.
            rows: Vec::with_capacity(admitted.len()),
            ids: admitted.iter().map(T::id_of).collect(),
            file_of: vec![NOWHERE; admitted.len()],
            files: vec![FileUse::default(); parts.len()],
            expired: Vec::new(),
            asked_again: FxHashSet::default(),
        };
        // Of several rows of a line the newest counts.
        for (number, part) in parts.iter().enumerate().rev() {
            let is_of_use = |asked: &&Asked| asked.source == validity.source && !validity.is_of_the_future(asked);
            let Some(asked) = part.asked.as_ref().filter(is_of_use) else { continue };
            let mut admitted = Lookup { items: admitted, id: T::id_of, next: 0 };
            let (mut file, mut has_payroll, before) = (FileUse::default(), false, cached.rows.len());
            let take = |row: T, names: &Names| {
                let Some(at) = admitted.find(row.id()) else {
                    file.must_go = true;
                    has_payroll |= payroll.binary_search(&row.id()).is_ok();
                    return false;
                };
                let is_as_listed = row.change(&admitted.items[at], validity.listed).is_none();
                let is_settled = validity.is_settled(asked, row.modified_at());
                let is_expired = validity.is_expired(asked, row.month());
                file.must_go |= is_expired;
                if asked.document != document || !is_as_listed || !is_settled {
                    // What is asked for in its place is newer.
                    let is_the_same = asked.document == document && is_as_listed && !is_expired;
                    cached.asked_again.extend(is_the_same.then(|| row.id()));
                } else if is_expired {
                    cached.expired.push((row.id(), hash(&row, names)));
                } else if cached.file_of[at] == NOWHERE {
                    cached.file_of[at] = number as u32;
                    file.used += 1;
                    cached.rows.push(row);
                    return true;
                }
                false
            };
            match cache.read(part, names, take).await {
                Ok(()) => cached.files[number] = file,
                Err(Unread::Lake(error)) => return Err(error.into()),
                Err(Unread::Damaged(what)) => {
                    tracing::warn!(what, "a file of the cache cannot be read; what it held is fetched again");
                    cached.rows.truncate(before);
                    cached.file_of.iter_mut().filter(|file| **file == number as u32).for_each(|file| *file = NOWHERE);
                }
            }
            if has_payroll && !cache.is_dry() {
                let mut rows: Vec<T> = Vec::new();
                let keep = |row: T, _: &Names| {
                    let stays = payroll.binary_search(&row.id()).is_err();
                    rows.extend(stays.then_some(row));
                    stays
                };
                cache.read(part, names, keep).await.map_err(Unread::failure)?;
                let anew = cache.write_one(T::FILE, &rows, names, Some(asked)).await?;
                T::parts(cache)[number] = anew;
            }
        }
        // Of several, the newest, which was read first.
        cached.expired.sort_by_key(|(id, _)| *id);
        cached.expired.dedup_by_key(|(id, _)| *id);
        cache.save().await?;
        Ok(cached)
    }

    /// Of each admitted line, whether the cache does not have its row.
    pub(crate) fn is_missing(&self) -> impl Iterator<Item = bool> {
        self.file_of.iter().map(|file| *file == NOWHERE)
    }

    /// Gives up the row of the last line, if it has one.
    pub(crate) fn give_up_last(&mut self) {
        if let (Some(id), Some(file)) = (self.ids.last(), self.file_of.last_mut()) {
            self.rows.retain(|row| row.id() != *id);
            *file = NOWHERE;
            self.asked_again.insert(*id);
        }
    }

    /// Puts the rows from this place on into the cache: they have just come.
    ///
    /// # Errors
    /// What storage can meet.
    pub(crate) async fn store(
        &mut self,
        cache: &mut Cache<'_>,
        from: usize,
        names: &Names,
        asked: &Asked,
    ) -> Result<(), Failure> {
        let new = self.rows.get_mut(from..).unwrap_or_default();
        cache.stored += new.iter().filter(|row| !self.asked_again.contains(&row.id())).count() as u64;
        if new.is_empty() || cache.is_dry() {
            return Ok(());
        }
        new.sort_by_cached_key(T::id);
        let part = cache.write_one(T::FILE, new, names, Some(asked)).await?;
        T::parts(cache).push(part);
        for at in new.iter().filter_map(|row| self.ids.binary_search(&row.id()).ok()) {
            self.file_of[at] = self.files.len() as u32;
        }
        self.files.push(FileUse { used: new.len() as u64, must_go: false });
        Ok(())
    }

    /// Whether rows were valid but for having expired.
    pub(crate) fn has_expired(&self) -> bool {
        !self.expired.is_empty()
    }

    /// How many of the rows that had expired were out of date, though nothing listed had shown it. All rows must be there, by id.
    pub(crate) fn healed(&self, names: &Names) -> u64 {
        let is_other = |(id, hash): &&(i64, u64)| {
            self.rows.binary_search_by_key(id, T::id).is_ok_and(|at| self::hash(&self.rows[at], names) != *hash)
        };
        self.expired.iter().filter(is_other).count() as u64
    }

    /// Writes files anew that hold what must not stay, or little that is used, or that are too many. To be called once all that was missing
    /// has come, and is of use.
    ///
    /// # Errors
    /// What storage can meet; the cache then is as it was.
    pub(crate) async fn tidy(self, cache: &mut Cache<'_>, names: &Names) -> Result<(), Failure> {
        let Self { mut rows, ids, file_of, files, .. } = self;
        let parts = T::parts(cache).clone();
        let is_small = |part: &CacheFile| (part.rows as usize) < PART_ROWS / 2;
        let too_many = parts.iter().filter(|part| is_small(part)).count() > MAX_FILES;
        let moves = |part: &CacheFile, file: &FileUse| {
            file.must_go || file.used * 2 < part.rows || (too_many && is_small(part))
        };
        let moves: Vec<bool> = parts.iter().zip(&files).map(|(part, file)| moves(part, file)).collect();
        let moved = parts.iter().zip(&files).zip(&moves).filter(|((_, file), moves)| **moves && file.used > 0);
        // The oldest time of all: a row must not look more settled than it is.
        let asked = moved.filter_map(|((part, _), _)| part.asked.clone()).min_by_key(|asked| asked.at_ms);
        rows.retain(|row| ids.binary_search(&row.id()).is_ok_and(|at| moves.get(file_of[at] as usize) == Some(&true)));
        let anew = cache.write(T::FILE, &rows, names, asked.as_ref()).await?;
        let stay = parts.into_iter().zip(moves).filter_map(|(part, moves)| (!moves).then_some(part));
        *T::parts(cache) = stay.chain(anew).collect();
        Ok(())
    }
}
