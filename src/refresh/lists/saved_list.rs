//! A list of lines, as far as it stands in files of the cache, and how it grows and is brought up to date.

use rustc_hash::FxHashSet;

use crate::lake;
use crate::model::failure::Failure;
use crate::refresh::cache::{Cache, PART_ROWS, SavedList};
use crate::refresh::fetch::{by_id, ensure_gone};
use crate::refresh::index::{List, ListContext, Listed};
use crate::xledger::Error;
use crate::xledger::node::Identified;

impl SavedList {
    /// How many lines stand in files: the first of the list.
    pub(super) fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows as usize).sum()
    }

    /// Reads the lines that stand in files.
    pub(super) async fn load<E: Listed>(&self, list: &mut List<E>, cache: &Cache<'_>) -> Result<(), lake::Error> {
        list.entries = Vec::new();
        for part in &self.parts {
            list.entries.extend(cache.read_value::<Vec<E>>(part).await?);
        }
        Ok(())
    }

    /// Writes into files the lines that stand in none yet.
    pub(super) async fn save<E: Listed>(&mut self, list: &List<E>, cache: &Cache<'_>) -> Result<(), Failure> {
        let new = list.entries.get(self.rows()..).unwrap_or_default();
        for lines in new.chunks(PART_ROWS) {
            self.parts.extend(cache.write_value(E::QUERY.name, lines.len(), lines).await?);
        }
        Ok(())
    }

    pub(super) async fn list<E: Listed>(
        &mut self,
        list: &mut List<E>,
        context: ListContext<'_>,
        known: Option<&[i64]>,
        is_enough: &impl Fn() -> bool,
        rows: &impl Fn(usize),
    ) -> Result<(), Error> {
        let was_by_cursor = self.ranges.by_cursor;
        let listed = self.ranges.list(list, context, known, is_enough, rows).await;
        if self.ranges.by_cursor != was_by_cursor {
            // It was begun anew.
            self.parts.clear();
        }
        listed
    }

    pub(super) async fn relist<E: Listed>(
        &mut self,
        list: &mut List<E>,
        context: ListContext<'_>,
        ids: &FxHashSet<i64>,
    ) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        let client = context.client;
        let mut listed: Vec<E::Node> = Vec::with_capacity(ids.len());
        let mut left: Vec<i64> = ids.iter().copied().collect();
        left.sort_unstable();
        for _ in 0..2 {
            listed.extend(by_id::<E::Node>(context, E::query(client), &left, None).await?);
            let came: FxHashSet<i64> = listed.iter().filter_map(Identified::id).collect();
            left.retain(|id| !came.contains(id));
        }
        ensure_gone(context, E::IDS, &left).await?;
        // Only now that all have come: another run would take a list that lacks some for whole. The files are out of date, so they are forgotten.
        list.entries.retain(|entry| !ids.contains(&entry.ids().id));
        list.extend(listed, client);
        self.parts.clear();
        Ok(())
    }
}
