//! The rows of admitted lines: from the cache, and the others from Xledger, which go into the cache as they come.

use serde_json::{Map, Value};

use super::Refreshing;
use super::lists::Lists;
use crate::event::Mode;
use crate::model::digest::Digest;
use crate::model::failure::{Failure, FailureKind};
use crate::refresh::cache::{Asked, Cache, Cached, Row, Validity};
use crate::refresh::checks;
use crate::refresh::fetch::{Fetch, Fetched, Line, Name, Names, Payable, SetAside};
use crate::refresh::screen::{Screen, Screened};
use crate::report::Report;
use crate::report::progress::Stage;

/// Lines that are fetched before they are saved.
const SAVED_LINES: usize = 100_000;
/// How often the lists are brought up to date in one run.
const MOST_RENEWALS: u32 = 2;

/// All that a refresh publishes.
pub(super) struct Rows {
    pub(super) lines: Cached<Line>,
    pub(super) payables: Cached<Payable>,
    pub(super) names: Names,
    pub(super) screen: Screen,
}

/// What became of it.
pub(super) enum Outcome {
    /// All rows are there.
    Complete(Box<Rows>),
    /// Some lines are not as they were listed.
    SetAside(SetAside),
    /// Another document is asked with than rows were taken for: a right was given, or taken away. What is cached is to be looked through again.
    OtherDocument,
}

/// What is fetched of one sort of rows.
#[derive(Default)]
struct Count {
    fetched: u64,
    gone: u64,
}

impl Refreshing<'_> {
    /// All rows of admitted lines. `renewals` says how often the lists were brought up to date already.
    pub(super) async fn rows(
        &self,
        base: &Map<String, Value>,
        screened: Screened,
        lists: &mut Lists,
        cache: &mut Cache<'_>,
        renewals: u32,
        report: &mut Report,
    ) -> Result<Outcome, Failure> {
        let Screened { lines: admitted, payables: admitted_payables, payroll_lines, payroll_payables, screen, .. } =
            screened;
        let mut names = Names::default();
        let types: Vec<(Name, Name)> = lists.ledger.document_types.iter().map(|kind| names.of_type(kind)).collect();
        let source = self.source(cache).digest();
        let expired = cache.index.expired.clone();
        let validity = Validity { source: &source, listed_at: lists.began_at(), expired: &expired, types: &types };
        let document = self.document::<Line>();
        let mut lines =
            Cached::<Line>::load(cache, &document, &admitted, &payroll_lines, &validity, &mut names).await?;
        let document_of_payables = self.document::<Payable>();
        let load =
            Cached::load(cache, &document_of_payables, &admitted_payables, &payroll_payables, &validity, &mut names);
        let mut payables: Cached<Payable> = load.await?;

        let takes_other_times = renewals >= MOST_RENEWALS;
        let batch_rows = self.page_rows.div_ceil(2);
        let fetch = Fetch { client: self.xledger, base, batch_rows, screen: &screen, types: &types, takes_other_times };
        let (expected, expected_payables) = (admitted.len(), admitted_payables.len());
        let (mut set_aside, mut work) =
            (SetAside::default(), Work { fetch, cache, names: &mut names, source: &source });
        let (missing, missing_payables) = (
            Missing::find(&mut lines, admitted, batch_rows),
            Missing::find(&mut payables, admitted_payables, batch_rows),
        );

        self.progress.begin(Stage::Lines, missing.lines.len() as u64);
        let mut count = Count::default();
        let same = self.fetch(&mut work, missing, &document, &mut lines, &mut set_aside, &mut count).await;
        *report.lines_fetched.get_or_insert(0) += count.fetched;
        report.lines_gone = Some(count.gone);
        if !same? {
            return Ok(Outcome::OtherDocument);
        }
        self.progress.begin(Stage::Payables, missing_payables.lines.len() as u64);
        let mut count_of_payables = Count::default();
        let (missing, document) = (missing_payables, &document_of_payables);
        let same =
            self.fetch(&mut work, missing, document, &mut payables, &mut set_aside, &mut count_of_payables).await;
        *report.payables_fetched.get_or_insert(0) += count_of_payables.fetched;
        report.payables_gone = Some(count_of_payables.gone);
        if !same? {
            return Ok(Outcome::OtherDocument);
        }
        if !set_aside.is_empty() {
            if renewals < MOST_RENEWALS {
                return Ok(Outcome::SetAside(set_aside));
            }
            return Err(line_changed(&set_aside));
        }
        checks::complete("ledger", expected, lines.rows.len(), count.gone)?;
        checks::complete("AP", expected_payables, payables.rows.len(), count_of_payables.gone)?;
        lines.rows.sort_by_key(Row::id);
        payables.rows.sort_by_key(Row::id);
        if report.mode == Some(Mode::Full) && lines.has_expired() {
            report.lines_healed = Some(lines.healed());
        }
        Ok(Outcome::Complete(Box::new(Rows { lines, payables, names, screen })))
    }

    /// The checksum of the document that rows are asked with, as far as is known by now.
    fn document<T: Fetched>(&self) -> String {
        Digest::of(self.xledger.plan().document(T::QUERY, None).as_bytes())
    }

    /// Fetches what is missing, and puts it into the cache as it comes. Returns whether all was asked for with this document.
    async fn fetch<T: Fetched>(
        &self,
        work: &mut Work<'_, '_>,
        missing: Missing<T>,
        document: &str,
        cached: &mut Cached<T>,
        set_aside: &mut SetAside,
        count: &mut Count,
    ) -> Result<bool, Failure> {
        let Work { fetch, cache, names, source } = work;
        let asked = Asked { source: source.to_string(), document: document.to_owned(), at_ms: self.started_at.0 };
        for chunk in missing {
            let before = cached.rows.len();
            let came = |rows| self.progress.rows(rows);
            let ended = fetch.rows(&chunk, names, &mut cached.rows, set_aside, came).await;
            count.fetched += (cached.rows.len() - before) as u64;
            let is_same = self.document::<T>() == document;
            // What was asked with two documents is not told apart: it is asked for again.
            if is_same {
                cached.store(cache, before, names, &asked).await?;
                cache.save().await?;
            }
            count.gone += ended?;
            if !is_same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a fetch works with.
struct Work<'a, 'c> {
    fetch: Fetch<'a>,
    cache: &'a mut Cache<'c>,
    names: &'a mut Names,
    source: &'a str,
}

/// The admitted lines that the cache does not have, a chunk at a time. The first is a single batch: what it teaches of this server, the others
/// need not learn each for itself, and what it teaches of the token's rights decides what of the cache is of use.
struct Missing<T: Row> {
    lines: Vec<T::Admitted>,
    chunk_rows: usize,
}

impl<T: Row> Missing<T> {
    /// If nothing is missing, the last line is asked for all the same: what may not be read any more shows in its answer.
    fn find(cached: &mut Cached<T>, mut lines: Vec<T::Admitted>, first_rows: usize) -> Self {
        if cached.is_missing().all(|is_missing| !is_missing) {
            cached.give_up_last();
        }
        let mut is_missing = cached.is_missing();
        lines.retain(|_| is_missing.next() == Some(true));
        Self { lines, chunk_rows: first_rows }
    }
}

impl<T: Row> Iterator for Missing<T> {
    type Item = Vec<T::Admitted>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.lines.len().saturating_sub(self.chunk_rows);
        let chunk = self.lines.split_off(rest);
        // There may be millions, and their rows take room, too.
        self.lines.shrink_to_fit();
        self.chunk_rows = SAVED_LINES;
        Some(chunk).filter(|chunk| !chunk.is_empty())
    }
}

fn line_changed(set_aside: &SetAside) -> Failure {
    let lines = set_aside.lines.len() + set_aside.payables.len();
    let message = format!(
        "{lines} lines are not as they are listed, though the lists were brought up to date {MOST_RENEWALS} times; nothing is published. \
         Somebody changes them just now: run again"
    );
    Failure::new(FailureKind::LineChanged, message)
}
