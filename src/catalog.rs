//! The catalogue: the tables of a Glue database, by which Athena finds the snapshot that `CURRENT.json` names.
//!
//! `CURRENT.json` is the truth, and the tables follow it: [`Catalog::follow`] makes each table what it should be, at the start of a run, so
//! that what an earlier run left undone is mended, and after each commit. A table moves in one `UpdateTable`: its columns, its
//! location and its partitions at once, so that a query sees one snapshot or another, and never a mix.

mod definition;
mod error;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_glue::Client;
use aws_sdk_glue::config::Builder;
use aws_sdk_glue::types::{Table as GlueTable, TableInput};

use crate::lake::{Lake, LakeUrl, Manifest};
use crate::model::failure::{Failure, FailureKind};
use crate::table::{Table, runs, spend, supplier};

pub use definition::partitions;
pub use error::Error;

/// A call takes a fraction of a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 5;
/// How often a table is looked at anew when somebody else changed it in the meantime.
const LOOKS: u32 = 6;
/// The wait before the second look; it doubles from look to look.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The tables of a lake in a Glue database.
#[derive(Clone, Debug)]
pub struct Catalog {
    glue: Client,
    database: String,
    /// The lake's address, without a slash at its end.
    root: String,
}

impl Catalog {
    /// The tables of this lake in this database. Touches no network.
    pub fn new(aws: &SdkConfig, database: &str, lake: &LakeUrl) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let config = Builder::from(aws)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_classifier(error::NotReady)
            .timeout_config(timeouts)
            .build();
        Self { glue: Client::from_conf(config), database: database.to_owned(), root: lake.to_string() }
    }

    /// Makes the tables what they should be, and returns the names of those that were not. `spend` and `supplier` are made with the
    /// first snapshot, `runs` at once.
    ///
    /// # Errors
    /// [`FailureKind::CatalogMissing`] without the database, [`FailureKind::CatalogDenied`] without the right,
    /// [`FailureKind::CatalogForeign`] if a table of this name is not this lake's, [`FailureKind::CatalogUnavailable`] if Glue gives no
    /// answer; else what reading the lake can meet.
    pub async fn follow(&self, lake: &Lake) -> Result<Vec<&'static str>, Failure> {
        let mut moved = Vec::new();
        let mut manifest = None;
        // Suppliers first: a query between the two steps that joins both then finds the supplier of each new line.
        for table in [supplier::table(), spend::table(), runs::table()] {
            if self.settle(table, lake, &mut manifest).await? {
                moved.push(table.name);
            }
        }
        if !moved.is_empty() {
            tracing::info!(database = self.database, tables = moved.join(","), "catalogue moved");
        }
        Ok(moved)
    }

    /// As [`Self::follow`], at the start of a run, which a damaged snapshot must not stop: the run makes a sound one.
    ///
    /// # Errors
    /// As [`Self::follow`].
    pub async fn repair(&self, lake: &Lake) -> Result<(), Failure> {
        match self.follow(lake).await {
            Err(failure) if failure.kind == FailureKind::LakeCorrupt => {
                tracing::warn!(
                    error_kind = failure.kind.as_str(),
                    error_message = failure.message,
                    "catalogue not mended"
                );
                Ok(())
            }
            outcome => outcome.map(drop),
        }
    }

    /// Makes one table what it should be; `false` if it was.
    async fn settle(
        &self,
        table: &'static Table,
        lake: &Lake,
        manifest: &mut Option<Manifest>,
    ) -> Result<bool, Failure> {
        let mut wait = FIRST_WAIT;
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            // Read the table before `CURRENT.json`. In the other order, a run that was overtaken between the two could move the table back to its own
            // snapshot; in this order its update fails, because the table has another version by now.
            let found = self.find(table).await?;
            if let Some((current, _)) = lake.current().await?
                && manifest.as_ref().is_none_or(|manifest| manifest.snapshot != current.snapshot)
            {
                *manifest = Some(lake.manifest(&current).await?);
            }
            let Some(wanted) = definition::table_input(table, &self.root, manifest.as_ref())? else { return Ok(false) };
            let settled = match found {
                None => self.create(table, wanted).await?,
                Some(found) if definition::is_as_wanted(&wanted, &found) => return Ok(false),
                Some(found) => self.update(table, wanted, &found).await?,
            };
            if settled {
                return Ok(true);
            }
        }
        Err(Error::Contended { place: self.place(table) }.into())
    }

    fn place(&self, table: &Table) -> String {
        format!("the table {} of the Glue database {}", table.name, self.database)
    }

    async fn find(&self, table: &Table) -> Result<Option<GlueTable>, Error> {
        let found = self.glue.get_table().database_name(&self.database).name(table.name).send().await;
        match found {
            Ok(found) => Ok(found.table),
            Err(error) => match Error::from_sdk("glue:GetTable", self.place(table), error) {
                Error::NotFound { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Makes a table; `false` if somebody else just did, or is about to.
    async fn create(&self, table: &Table, wanted: TableInput) -> Result<bool, Error> {
        let created = self.glue.create_table().database_name(&self.database).table_input(wanted).send().await;
        match created.map_err(|error| Error::from_sdk("glue:CreateTable", self.place(table), error)) {
            Ok(_) => Ok(true),
            Err(Error::Changed) => Ok(false),
            Err(Error::NotFound { .. }) => Err(Error::NoDatabase { database: self.database.clone() }),
            Err(error) => Err(error),
        }
    }

    /// Moves a table, if it still is the one that was found; `false` if it is not.
    async fn update(&self, table: &Table, wanted: TableInput, found: &GlueTable) -> Result<bool, Error> {
        if let Some(lake) = definition::other_lake(found, &self.root) {
            return Err(Error::Foreign { place: self.place(table), lake, root: self.root.clone() });
        }
        let updated = self
            .glue
            .update_table()
            .database_name(&self.database)
            .table_input(definition::with_what_others_set(wanted, found))
            .set_version_id(found.version_id.clone())
            // Glue would keep each version for ever. The lake has its own.
            .skip_archive(true)
            .send()
            .await;
        match updated.map_err(|error| Error::from_sdk("glue:UpdateTable", self.place(table), error)) {
            Ok(_) => Ok(true),
            Err(Error::Changed | Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
