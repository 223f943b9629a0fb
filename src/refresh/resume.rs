//! Resumes a refresh that takes several runs: where it begins, and how a run stops before the refresh has ended. All that the next run
//! resumes with is in the cache.

use super::RefreshRun;
use super::lists::Lists;
use crate::event::{Mode, Refresh};
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::refresh::cache::{Cache, Expiry, RefreshInProgress, Scope};
use crate::report::Report;
use crate::table::runs::Status;
use crate::xledger::CREDITS_RESET;

/// Runs in a row that get nothing, after which a refresh has failed. There is no other bound: an import may take a month of credits.
const MAX_IDLE_RUNS: u32 = 3;

impl RefreshRun<'_> {
    /// Resumes a refresh that has not ended, unless another mode or other months are asked for than it has; else begins one.
    pub(super) fn begin_or_resume(&self, cache: &mut Cache<'_>, report: &mut Report) {
        let Refresh { mode, from, to, .. } = self.refresh;
        let scope = Scope { mode, from, to };
        let has_scope = |refresh: &RefreshInProgress| scope == Scope::default() || scope == refresh.scope;
        let new = || RefreshInProgress { id: report.run_id.clone(), scope, ..RefreshInProgress::default() };
        let mut refresh = cache.contents.refresh.take().filter(has_scope).unwrap_or_else(new);
        // A token that was read anew begins the same run once more.
        refresh.runs += u32::from(report.invocation.is_none());
        refresh.accept_shrink |= self.refresh.accept_shrink;
        (report.refresh_id, report.invocation) = (Some(refresh.id.clone()), Some(refresh.runs));
        if refresh.runs > 1 {
            tracing::info!(refresh_id = refresh.id, invocation = refresh.runs, "goes on with a refresh");
        }
        cache.contents.refresh = Some(refresh);
    }

    /// Chooses an incremental or a full refresh, once it is known whose rows these are. Rows to be fetched again are noted in the cache as expired,
    /// which holds for all runs of the refresh.
    pub(super) fn choose_mode(&self, cache: &mut Cache<'_>, report: &mut Report) {
        let (source, unread) = (cache.contents.source.digest(), cache.unread);
        let contents = &mut cache.contents;
        // The clock of the run that noted it may have been ahead: rows of now would expire, run after run.
        for expiry in &mut contents.expired {
            expiry.asked_before_ms = expiry.asked_before_ms.min(self.started_at.0);
        }
        let Some(refresh) = &mut contents.refresh else { return };
        if refresh.mode.is_none() {
            let mut parts = contents.lines.iter().chain(&contents.payables);
            let has_rows = parts.clone().any(|part| part.provenance.as_ref().is_some_and(|from| from.source == source));
            let Scope { mode, from, to } = refresh.scope;
            // Rows fetched since an earlier full refresh began are as new as that refresh asked for: they do not expire again.
            let is_left_over = mode != Mode::Full && has_rows && contents.expired.iter().any(Expiry::is_of_all_months);
            let (every, is_of_periods) = (self.full_every, from.is_some() || to.is_some());
            let (mode, reason) = match () {
                () if parts.next().is_none() => (Mode::Full, unread.unwrap_or("nothing is cached yet").to_owned()),
                () if !has_rows => (Mode::Full, "what is cached is of another endpoint, owner or owner set".to_owned()),
                () if mode == Mode::Full => (Mode::Full, "asked for".to_owned()),
                () if is_left_over => (Mode::Full, "an earlier full refresh did not come to its end".to_owned()),
                () if contents.since_full + 1 >= every => (Mode::Full, format!("every {every} refreshes, as set")),
                () if is_of_periods => (Mode::Incremental, "periods are fetched again, as asked for".to_owned()),
                () => (Mode::Incremental, "what is cached is used again".to_owned()),
            };
            let is_whole = mode == Mode::Full && !is_left_over;
            let (from, to) = if is_whole { (None, None) } else { (from, to) };
            if is_whole || from.is_some() || to.is_some() {
                contents.expired.push(Expiry { from, to, asked_before_ms: self.started_at.0 });
            }
            (refresh.mode, refresh.mode_reason) = (Some(mode), reason);
        }
        (report.mode, report.mode_reason) = (refresh.mode, Some(refresh.mode_reason.clone()));
    }

    /// A run ends before the refresh does. What has come is in the cache; if the refresh can be gone on with, so are its lists.
    pub(super) async fn stop(
        &self,
        failure: Failure,
        lists: Option<Lists>,
        cache: &mut Cache<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        // What another run has by now is not this one's to change.
        if cache.is_dry || self.lake.still_held().is_err() {
            return Err(failure);
        }
        let rows_listed = lists.as_ref().map_or(0, Lists::rows_listed);
        let Some(mut refresh) = cache.contents.refresh.take() else { return Err(failure) };
        let got_something = cache.new_rows > 0 || rows_listed > refresh.rows_listed;
        refresh.rows_listed = refresh.rows_listed.max(rows_listed);
        let now = (self.clock)();
        let wait_ms = match failure.kind {
            FailureKind::DeadlineReached => Some(0),
            FailureKind::CreditsUsedUp => Some(CREDITS_RESET.as_millis() as i64),
            _ => None,
        };
        let again_at = wait_ms.map(|wait_ms| failure.again_at.unwrap_or(Instant(now.0 + wait_ms)));
        refresh.idle_runs = if got_something { 0 } else { refresh.idle_runs + u32::from(again_at.is_some()) };
        // The only run so far got nothing in all its time, and was not made to wait: another of this length would get nothing.
        let is_too_short = (refresh.runs, refresh.idle_runs) == (1, 1)
            && failure.kind == FailureKind::DeadlineReached
            && failure.again_at.is_none();
        let gets_no_further = refresh.idle_runs >= MAX_IDLE_RUNS;
        let goes_on = failure.is_resumable() && !is_too_short && !gets_no_further;
        cache.contents.refresh = goes_on.then(|| refresh.clone());
        if !failure.is_resumable() {
            // Somebody has to mend what was listed, or how it is judged.
            cache.contents.lists = None;
        }
        let saved = match lists.filter(|_| failure.is_resumable()) {
            Some(mut lists) => lists.save(cache).await,
            None => cache.save().await,
        };
        match saved {
            Ok(()) => {}
            Err(error) if again_at.is_some() => return Err(error),
            // Why it ended says more than why nothing could be saved.
            Err(error) => tracing::warn!(reason = error.message, "what is listed is not saved for the next run"),
        }
        let Some(again_at) = again_at.filter(|_| !is_too_short) else { return Err(failure) };
        if gets_no_further {
            let message = format!(
                "the refresh gets no further: {MAX_IDLE_RUNS} runs in a row got nothing; the last one ended so: {}. Give a run more time, or \
                 the token more credits; what was fetched is saved",
                failure.message
            );
            return Err(Failure::new(failure.kind, message));
        }
        tracing::info!(refresh_id = refresh.id, reason = failure.message, "the refresh goes on in another run");
        report.note = Some(format!("not all is done: {}. What has come is saved", failure.message));
        report.continues_at = Some(again_at);
        Ok(Status::Incomplete)
    }
}
