//! The files of the cache: written once, checked when they are read, and removed when nothing names them.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{CACHE_FORMAT_VERSION, CacheFile, CachedRow, Contents, Provenance, RowSource, encoding};
use crate::lake::{Current, Error, Key, Lake, Publisher, Version, layout};
use crate::model::digest::Digest;
use crate::model::failure::{Failure, FailureKind};
use crate::model::text_pool::TextPool;

/// The file that names all others.
const FILE: &str = "cache.json";
/// What an earlier version had in its place.
const OLD_FILE: &str = "refresh.json";
/// More than `cache.json` takes: it names files, and holds the bounds of ranges.
const FILE_LIMIT_BYTES: u64 = 16 << 20;
/// A file has [`PART_ROWS`] rows at most.
const PART_LIMIT_BYTES: u64 = 1 << 30;
/// Rows of one file, at most: it is made in memory.
pub(crate) const PART_ROWS: usize = 250_000;

/// The cache, as one run reads and writes it. The run holds the lake: nobody else writes.
pub(crate) struct Cache<'a> {
    /// What `cache.json` is to say.
    pub(crate) contents: Contents,
    lake: &'a Lake,
    /// Part of the path of every file that is written.
    run_id: &'a str,
    /// A dry run changes nothing.
    pub(crate) is_dry: bool,
    /// Why nothing is cached, where something was found that cannot be read.
    pub(crate) unread: Option<&'static str>,
    /// Rows that this run has put into it and that it did not have in some way already.
    pub(crate) new_rows: u64,
    version: Option<Version>,
    /// What it says, as far as is known.
    stored: Option<Contents>,
    /// What was to be written last, where nobody knows whether it was.
    in_doubt: Option<Bytes>,
}

impl RowSource {
    /// Where the rows that a lake has cached come from, if it has any that a version of this program can tell of.
    ///
    /// # Errors
    /// What storage can meet.
    pub async fn of_cache(lake: &Lake) -> Result<Option<Self>, Error> {
        #[derive(Deserialize)]
        struct Cached {
            source: RowSource,
        }
        let found = lake.store().get(&layout::state(FILE)?, FILE_LIMIT_BYTES).await?;
        let cached = found.and_then(|(bytes, _)| serde_json::from_slice::<Cached>(&bytes).ok());
        Ok(cached.map(|cached| cached.source).filter(|source| !source.endpoint.is_empty()))
    }
}

impl<'a> Cache<'a> {
    /// Opens it. What cannot be understood counts as nothing: everything is fetched then.
    ///
    /// # Errors
    /// What storage can meet.
    pub(crate) async fn open(
        lake: &'a Lake,
        run_id: &'a str,
        current: Option<&Current>,
        is_dry: bool,
    ) -> Result<Self, Error> {
        let (store, key) = (lake.store(), layout::state(FILE)?);
        let found = store.get(&key, FILE_LIMIT_BYTES).await?;
        let read = found.as_ref().and_then(|(bytes, _)| Contents::read(bytes));
        let unread = match (&found, &read) {
            (Some(_), None) => Some("what earlier refreshes cached cannot be read by this version"),
            (None, _) if store.get(&layout::state(OLD_FILE)?, FILE_LIMIT_BYTES).await?.is_some() => {
                Some("an earlier version kept its rows in another way")
            }
            _ => None,
        };
        if let Some(reason) = unread {
            tracing::warn!(place = store.address(&key), reason, "the cache is not read; everything is fetched");
        }
        let mut contents = Contents { format_version: CACHE_FORMAT_VERSION, ..read.unwrap_or_default() };
        let (version, stored) = (found.map(|(_, version)| version), Some(contents.clone()));
        if let Some(current) = current
            && contents.publishing.contains(&current.snapshot)
        {
            // It became current, though the run could not say so any more.
            contents.publishing.retain(|name| *name != current.snapshot);
            contents.published();
        }
        if is_dry {
            // It changes nothing, so that it neither goes on with a refresh nor ends one.
            (contents.refresh, contents.lists) = (None, None);
        }
        Ok(Self { contents, lake, run_id, is_dry, unread, new_rows: 0, version, stored, in_doubt: None })
    }

    /// Replaces `cache.json`, unless it says the same already.
    ///
    /// # Errors
    /// [`Error::Precondition`] if another run has replaced it; else what storage can meet.
    pub(crate) async fn save(&mut self) -> Result<(), Failure> {
        if self.is_dry || self.stored.as_ref() == Some(&self.contents) {
            return Ok(());
        }
        let (store, key) = (self.lake.store(), layout::state(FILE)?);
        let mut bytes = serde_json::to_vec(&self.contents).map_err(unfit)?;
        bytes.push(b'\n');
        let bytes = Bytes::from(bytes);
        // A write without an answer may have happened: then the file found is this run's own, not another's.
        if let Some(doubted) = &self.in_doubt
            && let Some((found, version)) = store.get(&key, FILE_LIMIT_BYTES).await?
            && found == *doubted
        {
            self.version = Some(version);
        }
        (self.stored, self.in_doubt) = (None, Some(bytes.clone()));
        self.version = Some(store.replace(&key, bytes, self.version.as_ref()).await?);
        (self.stored, self.in_doubt) = (Some(self.contents.clone()), None);
        Ok(())
    }

    /// Writes rows into one file.
    pub(super) async fn write<T: CachedRow>(
        &self,
        rows: &[T],
        pool: &TextPool,
        provenance: Option<&Provenance>,
    ) -> Result<CacheFile, Failure> {
        let bytes = encoding::encode_rows(rows, pool).map_err(unfit)?;
        self.put(&format!("{}.rows", T::FILE), rows.len(), bytes, provenance).await
    }

    /// Writes one thing, of so many rows; not in a dry run.
    pub(crate) async fn write_value<T: Serialize + ?Sized>(
        &self,
        name: &str,
        rows: usize,
        value: &T,
    ) -> Result<Option<CacheFile>, Failure> {
        if self.is_dry {
            return Ok(None);
        }
        let bytes = encoding::encode(value).map_err(unfit)?;
        self.put(&format!("{name}.value"), rows, bytes, None).await.map(Some)
    }

    async fn put(
        &self,
        name: &str,
        rows: usize,
        bytes: Bytes,
        provenance: Option<&Provenance>,
    ) -> Result<CacheFile, Failure> {
        let sha256 = Digest::of(&bytes);
        let path = format!("rows/{}/{}-{name}", self.run_id, &sha256[..16]);
        match self.lake.store().create(&layout::state(&path)?, bytes).await {
            // A file of that name has these bytes, for it is there whole or not at all: this run has written the same before.
            Ok(_) | Err(Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(CacheFile { path, rows: rows as u64, sha256, provenance: provenance.cloned() })
    }

    /// Hands every row of a file to `take`, which says whether it is of use; they refer to `pool`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is damaged or gone, so that what it held must be asked for again; else what storage can meet.
    pub(crate) async fn read<T: CachedRow>(
        &self,
        part: &CacheFile,
        pool: &mut TextPool,
        take: impl FnMut(T, &TextPool) -> bool,
    ) -> Result<(), Error> {
        encoding::decode_rows(&self.get(part).await?, pool, take).map_err(|what| self.damaged(part, &what))
    }

    /// Reads one thing.
    pub(crate) async fn read_value<T: DeserializeOwned>(&self, part: &CacheFile) -> Result<T, Error> {
        encoding::decode(&self.get(part).await?).map_err(|what| self.damaged(part, &what))
    }

    async fn get(&self, part: &CacheFile) -> Result<Bytes, Error> {
        match self.lake.store().get(&layout::state(&part.path)?, PART_LIMIT_BYTES).await? {
            None => Err(self.damaged(part, "it is not there")),
            Some((bytes, _)) if Digest::of(&bytes) != part.sha256 => Err(self.damaged(part, "it was changed")),
            Some((bytes, _)) => Ok(bytes),
        }
    }

    fn damaged(&self, part: &CacheFile, what: &str) -> Error {
        let key = layout::state(&part.path);
        let place = key.map_or_else(|_| part.path.clone(), |key| self.lake.store().address(&key));
        Error::Corrupt { place, what: what.to_owned() }
    }

    /// Removes every file of rows that `cache.json` does not name: of runs that died, and what nothing needs any more. Where it is not known what
    /// it says by now, nothing is removed.
    ///
    /// # Errors
    /// What storage can meet; that the lake is another run's by now, whose files these may be.
    pub(crate) async fn sweep(&self, publisher: &Publisher) -> Result<(), Error> {
        let Some(stored) = self.stored.as_ref().filter(|_| !self.is_dry) else { return Ok(()) };
        let named: rustc_hash::FxHashSet<Key> =
            stored.parts().filter_map(|part| layout::state(&part.path).ok()).collect();
        let (store, rows) = (self.lake.store(), layout::state("rows")?);
        // By directory first: what a killed writer left there has no key.
        for directory in store.list_directories(&rows).await? {
            if !named.iter().any(|key| key.below(&directory).is_some()) {
                publisher.still_held()?;
                store.delete_below(&directory).await?;
            }
        }
        let old = layout::state(OLD_FILE)?;
        for entry in store.list(&layout::directory_of_state()).await? {
            let is_row = entry.key.below(&rows).is_some();
            if entry.key == old || (is_row && !named.contains(&entry.key)) {
                publisher.still_held()?;
                store.delete(&entry.key).await?;
            }
        }
        Ok(())
    }
}

fn unfit(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::ValueUnfit, format!("what is cached for the next run cannot be written: {error}"))
}
