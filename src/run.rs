//! Runs a command, from settings and an event to a report: refresh, check, probe, rollback. The function and the command line share it.

#[cfg(test)]
mod killed;
pub mod check;
mod duplicate_event;
pub mod probe;
pub mod rollback;
mod waiting;

use std::time::Duration;

use futures::future::LocalBoxFuture;
use secrecy::SecretString;

use crate::aws::secrets;
use crate::catalog::Catalog;
use crate::event::{Event, Refresh};
use crate::lake::{Access, Lake, LakeUrl, Publisher, SnapshotName, Store, Swept};
use crate::model::failure::{Failure, FailureKind};
use crate::model::value::Instant;
use crate::refresh::{OwnFiles, RefreshRun};
use crate::report::Report;
use crate::report::progress::Progress;
use crate::settings::{Settings, TokenSource};
use crate::table::runs::Status;
use crate::xledger::{Client, Connection, Meter};
use check::Checked;
use probe::Probed;
use rollback::RollingBack;

/// Identity, clock and deadline of a run. Only a composition root makes one, because only it may read the clock.
#[derive(Clone, Debug)]
pub struct Run {
    /// Unique, made of letters, digits and hyphens; later for a later run.
    pub id: String,
    /// When it began.
    pub started_at: Instant,
    /// No request and no wait goes beyond this.
    pub deadline: tokio::time::Instant,
    /// Tells the time.
    pub clock: fn() -> Instant,
    /// Where the run reports its progress.
    pub progress: Progress,
    /// Counts what is used of the API.
    pub meter: Meter,
}

/// What a run answers.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum RunOutput {
    /// Of a refresh, or of a rollback.
    Refreshed(Box<Report>),
    /// Of a check.
    Checked(Box<Checked>),
}

impl RunOutput {
    /// The report of a run; a check has none.
    pub fn report(&self) -> Option<&Report> {
        match self {
            RunOutput::Refreshed(report) => Some(report),
            RunOutput::Checked(_) => None,
        }
    }
}

/// A run's work. Boxed here, its code is made once, with the library, and not in every program and test that waits for it.
pub type Boxed<'a, T> = LocalBoxFuture<'a, T>;

/// How long before the deadline a run stops listening to Xledger, to have time to end: this, or a fifth of the run's time if that is less.
const TIME_TO_END: Duration = Duration::from_secs(10);

impl Run {
    /// Does what an event asks for.
    ///
    /// # Errors
    /// A check that cannot be made. A refresh or a rollback that fails answers with its report, which says why.
    pub async fn answer(
        &self,
        event: Event,
        settings: &Settings,
        aws: &aws_config::SdkConfig,
    ) -> Result<RunOutput, Failure> {
        match event {
            Event::Refresh(refresh) => Ok(RunOutput::Refreshed(Box::new(self.refresh(refresh, settings, aws).await))),
            Event::Rollback(snapshot) => {
                Ok(RunOutput::Refreshed(Box::new(self.rollback(&snapshot, settings, aws).await)))
            }
            Event::Check => Ok(RunOutput::Checked(Box::new(self.check(settings, aws).await?))),
        }
    }

    /// Refreshes the lake. What ends the run is in the report.
    pub fn refresh<'a>(
        &'a self,
        refresh: Refresh,
        settings: &'a Settings,
        aws: &'a aws_config::SdkConfig,
    ) -> Boxed<'a, Report> {
        Box::pin(async move {
            let report = Report::begin(&self.id, "refresh", Some(refresh.mode), self.started_at);
            tracing::info!(run_id = self.id, endpoint = %settings.endpoint, dry_run = refresh.dry_run, "refresh begins");
            let begun = tokio::time::Instant::now();
            let catalog = catalog(settings, aws).filter(|_| !refresh.dry_run);
            let waiting_since = refresh.waiting_since;
            self.in_lake(report, Some(&refresh), settings, aws, async |lake, report| {
                if let Some(since) = waiting_since
                    && waiting::is_over(since, lake, report).await?
                {
                    return Ok(Status::Succeeded);
                }
                // Before Xledger is asked anything: what keeps the catalogue from being moved is known before a request is spent.
                if let Some(catalog) = &catalog {
                    catalog.repair(lake.lake()).await?;
                }
                let own_files = own_files(settings, aws).await?;
                let status = self.with_token(settings, aws, async |client| {
                    if waiting_since.is_some() {
                        waiting::has_every_right(&check::check(&client, settings, &self.progress).await?)?;
                    }
                    let refreshing = RefreshRun {
                        xledger: &client,
                        lake,
                        refresh: refresh.clone(),
                        rules: &settings.rules,
                        own_files: &own_files,
                        report_suppliers: settings.report_suppliers,
                        owner_set: settings.owner_set,
                        page_rows: settings.page_rows,
                        full_every: settings.full_every,
                        max_shrink_percent: settings.max_shrink_percent,
                        max_refused_percent: settings.max_refused_percent,
                        limits: settings.limits,
                        started_at: self.started_at,
                        time: (begun, self.deadline),
                        clock: self.clock,
                        progress: &self.progress,
                    };
                    refreshing.run(report).await
                });
                let status = match status.await {
                    Err(failure) => waiting::unless_waiting(failure, &refresh, settings, (self.clock)(), report)?,
                    Ok(status) => status,
                };
                if status == Status::Succeeded {
                    // Before the sweep: nothing is swept that the catalogue's tables may still name.
                    if let Some(catalog) = &catalog {
                        catalog.follow(lake.lake()).await?;
                    }
                    report.snapshots_removed = Some(self.sweep(lake, settings.snapshots_kept).await);
                }
                Ok(status)
            })
            .await
        })
    }

    /// Makes an older snapshot current again. What ends the run is in the report.
    pub fn rollback<'a>(
        &'a self,
        snapshot: &'a SnapshotName,
        settings: &'a Settings,
        aws: &'a aws_config::SdkConfig,
    ) -> Boxed<'a, Report> {
        Box::pin(async move {
            let report = Report::begin(&self.id, "rollback", None, self.started_at);
            tracing::info!(run_id = self.id, %snapshot, "rollback begins");
            let catalog = catalog(settings, aws);
            self.in_lake(report, None, settings, aws, async |lake, report| {
                if let Some(catalog) = &catalog {
                    catalog.repair(lake.lake()).await?;
                }
                let status = RollingBack { lake, snapshot, clock: self.clock }.run(report).await?;
                if let Some(catalog) = &catalog {
                    catalog.follow(lake.lake()).await?;
                }
                // Nothing is swept: who goes back may yet look for another snapshot.
                Ok(status)
            })
            .await
        })
    }

    /// Opens and claims the lake, does a run's work in it, and gives the run its row. A run that came by itself leaves the lake to one that is at
    /// work, has no row, and comes again.
    async fn in_lake(
        &self,
        mut report: Report,
        refresh: Option<&Refresh>,
        settings: &Settings,
        aws: &aws_config::SdkConfig,
        work: impl AsyncFnOnce(&Publisher, &mut Report) -> Result<Status, Failure>,
    ) -> Report {
        let lake = match open(settings, aws, Access::Write).await {
            Ok(lake) => lake,
            Err(failure) => {
                self.end(&mut report, Err(failure));
                return report;
            }
        };
        let claimed = duplicate_event::claim(self, &lake).await;
        if let (Err(failure), Some(refresh)) = (&claimed, refresh)
            && failure.kind == FailureKind::LakeInUse
            && let Some(status) = waiting::come_again(failure, refresh, (self.clock)(), &mut report)
        {
            self.end(&mut report, Ok(status));
            return report;
        }
        let outcome = async {
            let publisher = claimed?;
            let outcome = work(&publisher, &mut report).await;
            publisher.release().await;
            outcome
        };
        let outcome = outcome.await;
        self.end(&mut report, outcome);
        let is_duplicate = report.error.as_ref().is_some_and(|failure| failure.kind == FailureKind::DuplicateEvent);
        if is_duplicate || report.status == Status::WaitingForToken {
            // The row is that of the run that does the work; one that waits does none.
            return report;
        }
        if let Err(error) = lake.record_run(&self.id, &report.row()).await {
            tracing::warn!(%error, "the run has no row in the table runs");
        }
        report
    }

    /// Removes old snapshots, and says how many. The run has done its work by now, so a fault is a warning.
    async fn sweep(&self, lake: &Publisher, retained: usize) -> u64 {
        let Swept { removed, not_removed, error } = lake.sweep(retained, (self.clock)(), self.last_answer()).await;
        if not_removed > 0 || error.is_some() {
            let error = error.map(Failure::from).map(|failure| failure.message);
            tracing::warn!(
                run_id = self.id,
                removed,
                left = not_removed,
                error,
                "not all old snapshots were removed; the next refresh tries again"
            );
        } else if removed > 0 {
            tracing::info!(run_id = self.id, removed, "old snapshots were removed");
        }
        removed
    }

    /// When Xledger is not listened to any more, if the run's work begins now.
    fn last_answer(&self) -> tokio::time::Instant {
        let left = self.deadline.saturating_duration_since(tokio::time::Instant::now());
        self.deadline.checked_sub(TIME_TO_END.min(left / 5)).unwrap_or(self.deadline)
    }

    fn end(&self, report: &mut Report, outcome: Result<Status, Failure>) {
        match &outcome {
            Err(failure) if failure.kind == FailureKind::DuplicateEvent => {
                tracing::info!(run_id = self.id, reason = failure.message, "nothing done");
            }
            Err(failure) => tracing::error!(
                run_id = self.id,
                error_kind = failure.kind.as_str(),
                error_message = failure.message,
                "run failed"
            ),
            Ok(_) => {}
        }
        report.unfit = self.meter.unfit();
        report.end((self.clock)(), self.meter.usage(), outcome);
        let seconds = report.duration_ms / 1_000;
        tracing::info!(
            run_id = self.id,
            status = report.status.as_str(),
            duration_s = seconds,
            api_requests = report.api.requests,
            "{} ended",
            report.action
        );
    }

    /// Says what the token can read.
    ///
    /// # Errors
    /// No token, a refused one, or no Xledger. A missing right is no error but part of the answer.
    pub fn check<'a>(
        &'a self,
        settings: &'a Settings,
        aws: &'a aws_config::SdkConfig,
    ) -> Boxed<'a, Result<Checked, Failure>> {
        Box::pin(async move {
            own_files(settings, aws).await?;
            self.with_token(settings, aws, async |client| check::check(&client, settings, &self.progress).await).await
        })
    }

    /// Holds what is known of Xledger against what it says and does.
    ///
    /// # Errors
    /// No token, a refused one, or no Xledger.
    pub fn probe<'a>(
        &'a self,
        settings: &'a Settings,
        aws: &'a aws_config::SdkConfig,
    ) -> Boxed<'a, Result<Probed, Failure>> {
        let (now, progress) = (self.started_at, &self.progress);
        Box::pin(
            self.with_token(settings, aws, async move |client| probe::probe(&client, settings, now, progress).await),
        )
    }

    /// Works with the token. Retries once with the token read anew if Xledger refuses a stored one, which may just have been replaced.
    async fn with_token<T>(
        &self,
        settings: &Settings,
        aws: &aws_config::SdkConfig,
        mut work: impl AsyncFnMut(Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut may_retry = matches!(settings.token, TokenSource::Secret(_));
        loop {
            let token = token(&settings.token, aws).await?;
            let connection = Connection {
                endpoint: settings.endpoint.clone(),
                token,
                max_in_flight: settings.max_in_flight,
                deadline: self.last_answer(),
                clock: self.clock,
                tempo: settings.tempo,
            };
            let outcome = work(Client::new(connection, self.meter.clone())?).await;
            match outcome {
                Err(failure)
                    if may_retry && matches!(failure.kind, FailureKind::TokenRefused | FailureKind::TokenMalformed) =>
                {
                    tracing::warn!(
                        error_kind = failure.kind.as_str(),
                        "Xledger refuses the token; it is read once more"
                    );
                    may_retry = false;
                }
                outcome => return outcome,
            }
        }
    }
}

/// The token of a run, read from where the settings say.
async fn token(source: &TokenSource, aws: &aws_config::SdkConfig) -> Result<SecretString, Failure> {
    match source {
        TokenSource::Given(token) => Ok(token.clone()),
        TokenSource::Secret(id) => secrets::read_token(id, aws).await,
        TokenSource::NotNeeded => {
            Err(Failure::new(FailureKind::TokenMissing, "no token was read, for none was to be needed"))
        }
    }
}

/// The catalog that the settings name, if they name one.
fn catalog(settings: &Settings, aws: &aws_config::SdkConfig) -> Option<Catalog> {
    Some(Catalog::new(aws, settings.glue_database.as_deref()?, settings.lake.as_ref()?))
}

/// What the company says itself.
///
/// # Errors
/// As [`OwnFiles::read`].
async fn own_files(settings: &Settings, aws: &aws_config::SdkConfig) -> Result<OwnFiles, Failure> {
    match settings.files.as_ref().or(settings.lake.as_ref()) {
        Some(url) => OwnFiles::read(&Store::open(url, aws)?, settings.files.is_some()).await,
        None => Ok(OwnFiles::default()),
    }
}

/// Opens the lake of the settings.
///
/// # Errors
/// [`FailureKind::SettingsInvalid`] if the settings name none; else what storage can meet.
pub async fn open(settings: &Settings, aws: &aws_config::SdkConfig, access: Access) -> Result<Lake, Failure> {
    let missing = || {
        Failure::new(
            FailureKind::SettingsInvalid,
            "LAKE_URL: is missing; set it to s3://bucket/prefix or to a directory",
        )
    };
    let store = Store::open(settings.lake.as_ref().ok_or_else(missing)?, aws)?;
    Ok(Lake::open(store.with_kms_key(settings.lake_kms_key_arn.clone()), access).await?)
}

/// Opens a lake, of which no setting but its address is known: to read it.
///
/// # Errors
/// What storage can meet.
pub async fn open_at(url: &LakeUrl, aws: &aws_config::SdkConfig) -> Result<Lake, Failure> {
    Ok(Lake::open(Store::open(url, aws)?, Access::Read).await?)
}
