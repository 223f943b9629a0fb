//! A refresh that takes several runs: taking up what an earlier one left, and leaving what a next one can go on with.

use super::{Before, Refreshing};
use crate::failure::{Failure, FailureKind};
use crate::gathered::Gathered;
use crate::report::Report;
use crate::state::{Asked, Basis, Unfinished, Unread};
use crate::table::runs::Status;
use crate::value::Instant;
use crate::way;

/// Runs of one refresh, at most.
const MOST_INVOCATIONS: u32 = 100;
/// How long a refresh may take in all, in milliseconds: what was listed at its beginning is that old at its end.
const LONGEST_MS: i64 = 24 * 3_600_000;
/// How long credits take to come back where Xledger does not say so.
const CREDITS_RESET_MS: i64 = 20 * 60_000;

impl Refreshing<'_> {
    /// Goes on with a refresh that has not ended, if it is the one that is asked for and not too old; else begins one.
    pub(super) async fn take_up(&self, before: &mut Before<'_>, report: &mut Report) -> Result<Gathered, Failure> {
        let (asked, basis, now) = (Asked::from(&self.refresh), self.basis(before.owner), report.started_at);
        let is_same = |unfinished: &Unfinished| {
            (asked == Asked::default() || asked == unfinished.asked)
                && (unfinished.basis == basis || unfinished.is_new())
                && (0..LONGEST_MS).contains(&(now.0 - unfinished.started_at_ms))
        };
        // A dry run changes nothing, so that it neither goes on with a refresh nor ends one.
        let unfinished = if self.refresh.dry_run { None } else { before.state.unfinished.take() };
        if let Some(mut unfinished) = unfinished.filter(is_same) {
            unfinished.invocations += 1;
            unfinished.basis = basis.clone();
            (report.refresh_id, report.invocation) = (Some(unfinished.id.clone()), Some(unfinished.invocations));
            tracing::info!(refresh_id = unfinished.id, invocation = unfinished.invocations, "goes on with a refresh");
            match Gathered::resume(unfinished, &before.store).await {
                Ok(gathered) => {
                    self.xledger.plan().miss(&gathered.said.lost);
                    return Ok(gathered);
                }
                Err(Unread::Lake(error)) => return Err(error.into()),
                Err(Unread::Damaged(what)) => tracing::warn!(what, "what an earlier run had gathered cannot be read"),
            }
        }
        (report.refresh_id, report.invocation) = (Some(report.run_id.clone()), Some(1));
        Ok(Gathered::begin(self.begin(basis, report)))
    }

    /// A refresh of which nothing is done yet.
    pub(super) fn begin(&self, basis: Basis, report: &Report) -> Unfinished {
        let asked = Asked::from(&self.refresh);
        // The way is chosen once it is known what the schema offers.
        let way = way::choose(&asked, None, &basis, self.full_every);
        Unfinished {
            id: report.run_id.clone(),
            started_at_ms: report.started_at.0,
            invocations: 1,
            asked,
            basis,
            way,
            lost: Vec::new(),
            listed: Default::default(),
            lines: Vec::new(),
            payables: Vec::new(),
            registers: None,
        }
    }

    /// A run ends before the refresh does. What was gathered is saved, if a next run can go on with it.
    pub(super) async fn stop(
        &self,
        failure: Failure,
        gathered: Option<Gathered>,
        before: &mut Before<'_>,
        report: &mut Report,
    ) -> Result<Status, Failure> {
        // What another run has by now is not this one's to change.
        if self.refresh.dry_run || self.lake.still_held().is_err() {
            return Err(failure);
        }
        if !failure.is_resumable() {
            before.state.unfinished = None;
            if let Err(error) = before.store.save(&before.state).await {
                tracing::warn!(reason = error.message, "the next run is not told that this refresh is over");
            }
            return Err(failure);
        }
        let came_further = gathered.as_ref().is_some_and(|gathered| gathered.extent() != before.extent);
        // A refresh that got nothing in all its time is not one to be gone on with.
        let has_begun = match &gathered {
            Some(gathered) => !gathered.said.is_new(),
            None => before.state.unfinished.is_some(),
        };
        let goes_on = match failure.kind {
            FailureKind::CreditsUsedUp => true,
            FailureKind::DeadlineReached => came_further || has_begun,
            _ => came_further,
        };
        if !goes_on {
            return Err(failure);
        }
        let goes_on_later = matches!(failure.kind, FailureKind::CreditsUsedUp | FailureKind::DeadlineReached);
        let said = match self.save_unfinished(gathered, before, report).await {
            Ok(said) => said,
            Err(error) if goes_on_later => return Err(error),
            // Why it ended says more than why nothing could be kept.
            Err(error) => {
                tracing::warn!(reason = error.message, "what was gathered is not kept for the next run");
                return Err(failure);
            }
        };
        (report.refresh_id, report.invocation) = (Some(said.id.clone()), Some(said.invocations));
        let now = (self.clock)();
        let again_at = match failure.kind {
            FailureKind::DeadlineReached => failure.again_at.unwrap_or(now),
            FailureKind::CreditsUsedUp => failure.again_at.unwrap_or(Instant(now.0 + CREDITS_RESET_MS)),
            _ => return Err(failure),
        };
        if said.invocations >= MOST_INVOCATIONS || again_at.0 - said.started_at_ms >= LONGEST_MS {
            let hours = LONGEST_MS / 3_600_000;
            let message = format!(
                "the refresh has not ended after {} runs, and may take {MOST_INVOCATIONS} within {hours} hours; the last one ended so: {}",
                said.invocations, failure.message
            );
            before.state.unfinished = None;
            before.store.save(&before.state).await?;
            return Err(Failure::new(failure.kind, message));
        }
        tracing::info!(refresh_id = said.id, reason = failure.message, "the refresh goes on in another run");
        report.note = Some(format!("not all is done: {}. What was gathered is kept", failure.message));
        report.continues_at = Some(again_at);
        Ok(Status::Incomplete)
    }

    /// Saves what was gathered, and that there is a refresh that has not ended.
    async fn save_unfinished(
        &self,
        gathered: Option<Gathered>,
        before: &mut Before<'_>,
        report: &Report,
    ) -> Result<Unfinished, Failure> {
        match gathered {
            Some(mut gathered) => {
                gathered.said.lost = self.xledger.plan().missed();
                gathered.save(&mut before.store, &mut before.state, &self.documents()).await?;
                Ok(gathered.said)
            }
            // It ended before it was known whose token it is.
            None => {
                let goes_on = before
                    .state
                    .unfinished
                    .take()
                    .map(|unfinished| Unfinished { invocations: unfinished.invocations + 1, ..unfinished });
                let said = goes_on.unwrap_or_else(|| self.begin(self.basis(None), report));
                before.state.unfinished = Some(said.clone());
                before.store.save(&before.state).await?;
                Ok(said)
            }
        }
    }
}
