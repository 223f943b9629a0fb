//! How rows are kept once they are published: in the files that have them already, as long as these are few and hold what counts.

use super::{MOST_PARTS, rows_of};
use crate::diff::Row;
use crate::failure::Failure;
use crate::fetch::Names;
use crate::state::{KeptRows, Live, PART_ROWS, Part, Store};
use crate::value::Instant;

/// How rows are kept once they are published.
#[derive(Clone, Copy)]
pub(crate) struct Keeping<'a> {
    pub(crate) store: &'a Store<'a>,
    pub(crate) names: &'a Names,
    pub(crate) asked_at: Instant,
}

/// The files of one sort of rows.
pub(crate) struct Files<'a> {
    pub(crate) sort: &'a str,
    /// The checksum of what rows are asked with.
    pub(crate) document: &'a str,
    /// Those that earlier refreshes left.
    pub(crate) old: &'a [Part],
    /// Those that this refresh wrote.
    pub(crate) new: &'a [Part],
}

impl Keeping<'_> {
    /// Names the files that have rows which count. Few files stay as they are; many, or such that hold little that counts, or something that must
    /// not be kept (`purge`), are written anew. `live` says in which file each row stands: old ones are numbered first, new ones after them. Both
    /// are in the order of ids.
    pub(crate) async fn keep<T: Row>(
        &self,
        rows: &[T],
        mut live: Vec<Live>,
        purge: bool,
        files: Files<'_>,
    ) -> Result<KeptRows, Failure> {
        let (Self { store, names, asked_at }, Files { sort, document, old, new }) = (*self, files);
        let mut used: Vec<Option<u32>> = vec![None; old.len() + new.len()];
        let mut parts: Vec<Part> = Vec::new();
        let written: Vec<&Part> = old.iter().chain(new).collect();
        for row in &mut live {
            let Some(place) = used.get_mut(row.part as usize) else { continue };
            row.part = *place.get_or_insert_with(|| {
                parts.push(written[row.part as usize].clone());
                (parts.len() - 1) as u32
            });
        }
        let most = MOST_PARTS + rows.len() / PART_ROWS;
        if purge || parts.len() > most || rows_of(&parts) > 2 * live.len() + PART_ROWS {
            parts = store.write(sort, rows, names, document, asked_at).await?;
            let ends = parts.iter().scan(0, |end, part| {
                *end += part.rows as usize;
                Some(*end)
            });
            let ends: Vec<usize> = ends.collect();
            live.iter_mut().enumerate().for_each(|(at, row)| row.part = ends.partition_point(|end| *end <= at) as u32);
        }
        let live = store.write(&format!("{sort}-live"), &live, names, "", asked_at).await?;
        Ok(KeptRows { parts, live })
    }
}
