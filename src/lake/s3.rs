//! The store in a bucket of S3, or of a service that speaks like it.
//!
//! What makes it atomic is S3's own: a `PutObject` or `CompleteMultipartUpload` happens whole or not at all, `If-None-Match: *` lets one
//! of many creators win, and `If-Match` one of many that replace. `conditional.rs` adds what a lost answer needs.

mod client;
mod conditional;
mod error;
mod object;
mod upload;

use crate::aws::BoxError;
use crate::lake::object::{Access, Entry, Version};
use crate::lake::{Error, Key};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{CommonPrefix, Object, ServerSideEncryption};
use bytes::Bytes;
use conditional::Condition;
use error::{NOT_IMPLEMENTED, S3Error};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::fmt;

pub(crate) use upload::Writer;

/// Pages of a listing, 1,000 objects each: far above any lake, so that a server that never ends a listing is noticed.
const PAGES_LIMIT: usize = 10_000;
/// How often the trial is created: all succeed only if the service ignores the condition, or if as many others remove the trial in between.
const TRIALS: u32 = 10;
/// Deletions under way at once.
const DELETIONS_AT_ONCE: usize = 8;

/// A lake in a bucket.
#[derive(Clone)]
pub struct S3 {
    client: Client,
    /// The same without retries, for `conditional.rs`, which must know what each attempt met.
    once: Client,
    bucket: String,
    prefix: Option<Key>,
    /// The ARN of the KMS key that each write names.
    kms_key: Option<String>,
}

impl S3 {
    /// The lake in this bucket, below this prefix. Touches no network.
    ///
    /// # Errors
    /// [`Error::NoRegion`] if the configuration names no region.
    pub fn new(aws: &SdkConfig, bucket: &str, prefix: Option<Key>) -> Result<Self, Error> {
        let store = |client, once| Self { client, once, bucket: bucket.to_owned(), prefix, kms_key: None };
        let (client, once) = client::pair(aws);
        let store = store(client, once);
        match aws.region() {
            Some(_) => Ok(store),
            None => Err(Error::NoRegion { place: store.describe() }),
        }
    }

    pub(super) fn with_kms_key(self, arn: Option<String>) -> Self {
        Self { kms_key: arn, ..self }
    }

    /// How a write says that the object is to be encrypted, and with which key. A bucket encrypts by itself, but a policy that demands this
    /// looks at the request alone; without a key nothing is said, and the bucket's own setting holds.
    fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        (self.kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms), self.kms_key.clone())
    }

    pub(super) fn describe(&self) -> String {
        match &self.prefix {
            None => format!("s3://{}", self.bucket),
            Some(prefix) => format!("s3://{}/{prefix}", self.bucket),
        }
    }

    pub(super) fn address(&self, key: &Key) -> String {
        format!("s3://{}/{}", self.bucket, self.name(key))
    }

    /// The object's name in the bucket.
    fn name(&self, key: &Key) -> String {
        match &self.prefix {
            None => key.to_string(),
            Some(prefix) => format!("{prefix}/{key}"),
        }
    }

    /// The key of an object of the bucket; `None` for one that this program cannot have made.
    fn key(&self, name: &str) -> Option<Key> {
        let below = match &self.prefix {
            None => name,
            Some(prefix) => name.strip_prefix(prefix.as_str())?.strip_prefix('/')?,
        };
        Key::parse(below).ok()
    }

    /// The error of an operation on a key.
    fn error(&self, operation: &'static str, key: &Key, fault: S3Error) -> Error {
        fault.error(operation, self.address(key), &self.bucket)
    }

    pub(super) async fn check_usable(&self, access: Access) -> Result<(), Error> {
        // Who only reads may list no more than snapshots and runs (`infra/reader-policy.json`).
        let below = if access == Access::Read { "snapshots/" } else { "" };
        let prefix = self.prefix.as_ref().map_or_else(|| below.to_owned(), |prefix| format!("{prefix}/{below}"));
        // A listing and not `HeadBucket`, whose answers have no body to tell the faults apart by.
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(1).send().await;
        listed.map_err(|e| S3Error::from_sdk(e).error("s3:ListBucket", self.describe(), &self.bucket))?;
        if access == Access::Write {
            let trial = Key::known("state/trial".to_owned());
            let tried = self.try_conditions(&trial).await;
            if matches!(tried, Ok(()) | Err(Error::Unconditional { .. })) {
                self.delete(&trial).await?;
            }
            return tried;
        }
        Ok(())
    }

    /// Finds out whether the service keeps to the conditions of a write. Some answer that they have none; some say nothing and write all the
    /// same, so that two runs would both hold the lease, and both publish.
    async fn try_conditions(&self, trial: &Key) -> Result<(), Error> {
        let unconditional = |source: BoxError| Error::Unconditional { place: self.address(trial), source };
        let put = async |number: u32, condition: Condition<'_>| {
            // No two are alike, so that a write whose answer was lost is not found in another one.
            let bytes = Bytes::from(format!("{{\"trial\":{number}}}\n"));
            self.put(trial, bytes, condition).await.map_err(|error| match error {
                Error::Refused { code, source, .. } if code == NOT_IMPLEMENTED => unconditional(source),
                error => error,
            })
        };
        // The first is refused if a stopped program left its trial. Each program that tries right now may remove the trial once in between.
        let mut number = 0;
        while put(number, Condition::Absent).await?.is_some() {
            number += 1;
            if number == TRIALS {
                return Err(unconditional("If-None-Match was ignored: what was there was written over".into()));
            }
        }
        let no_such = Version("\"00000000000000000000000000000000\"".to_owned());
        match put(TRIALS, Condition::Is(&no_such)).await? {
            Some(_) => Err(unconditional("If-Match was ignored: another version than this was written over".into())),
            None => Ok(()),
        }
    }

    pub(super) async fn create(&self, key: &Key, bytes: Bytes) -> Result<Version, Error> {
        self.put(key, bytes, Condition::Absent).await?.ok_or_else(|| Error::AlreadyExists { place: self.address(key) })
    }

    pub(super) async fn replace(&self, key: &Key, bytes: Bytes, expected: Option<&Version>) -> Result<Version, Error> {
        let condition = expected.map_or(Condition::Absent, Condition::Is);
        self.put(key, bytes, condition).await?.ok_or_else(|| Error::Precondition { place: self.address(key) })
    }

    pub(super) fn writer(&self, key: &Key) -> Writer {
        Writer::new(self.clone(), key.clone())
    }

    pub(super) async fn list(&self, directory: &Key) -> Result<Vec<Entry>, Error> {
        let (objects, _) = self.list_pages(directory, None).await?;
        let entry = |object: Object| {
            let size_bytes = u64::try_from(object.size()?).ok()?;
            Some(Entry { key: self.key(object.key()?)?, size_bytes })
        };
        let mut entries: Vec<Entry> = objects.into_iter().filter_map(entry).collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    pub(super) async fn list_directories(&self, directory: &Key) -> Result<Vec<Key>, Error> {
        let (_, prefixes) = self.list_pages(directory, Some("/")).await?;
        let key = |prefix: CommonPrefix| self.key(prefix.prefix()?.strip_suffix('/')?);
        let mut keys: Vec<Key> = prefixes.into_iter().filter_map(key).collect();
        keys.sort();
        Ok(keys)
    }

    /// All pages of a listing.
    async fn list_pages(
        &self,
        directory: &Key,
        delimiter: Option<&str>,
    ) -> Result<(Vec<Object>, Vec<CommonPrefix>), Error> {
        let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
        let mut next: Option<String> = None;
        for _ in 0..PAGES_LIMIT {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(format!("{}/", self.name(directory)))
                .set_delimiter(delimiter.map(str::to_owned))
                .set_continuation_token(next.clone())
                .send()
                .await
                .map_err(|e| self.error("s3:ListBucket", directory, S3Error::from_sdk(e)))?;
            objects.extend(page.contents.unwrap_or_default());
            prefixes.extend(page.common_prefixes.unwrap_or_default());
            match page.next_continuation_token {
                Some(token) if page.is_truncated == Some(true) && next.as_ref() != Some(&token) => next = Some(token),
                Some(_) if page.is_truncated == Some(true) => break,
                _ => return Ok((objects, prefixes)),
            }
        }
        Err(Error::Corrupt { place: self.address(directory), what: "its listing does not end".to_owned() })
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(self.name(key)).send().await;
        match deleted.map_err(S3Error::from_sdk) {
            Ok(_) | Err(S3Error::NotFound) => Ok(()),
            Err(fault) => Err(self.error("s3:DeleteObject", key, fault)),
        }
    }

    pub(super) async fn delete_below(&self, directory: &Key) -> Result<(), Error> {
        let entries = self.list(directory).await?;
        let deletions: Vec<_> = entries.iter().map(|entry| self.delete(&entry.key)).collect();
        stream::iter(deletions).buffer_unordered(DELETIONS_AT_ONCE).try_collect().await
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("S3").field(&self.describe()).finish()
    }
}
