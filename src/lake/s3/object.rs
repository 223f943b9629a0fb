//! Reading objects.

use super::S3;
use super::error::S3Error;
use crate::lake::directory::too_large;
use crate::lake::object::{Version, Written};
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use std::time::Duration;

/// Attempts at an answer whose body breaks off, which the SDK does not repeat by itself.
const BODY_ATTEMPTS: u32 = 3;
const BODY_WAIT: Duration = Duration::from_millis(200);

impl S3 {
    pub(in crate::lake) async fn get(&self, key: &Key, limit_bytes: u64) -> Result<Option<(Bytes, Version)>, Error> {
        let mut attempt = 1;
        loop {
            let Some(answer) = self.object(key).await? else { return Ok(None) };
            if content_length(&answer) > limit_bytes {
                return Err(too_large(self.address(key), limit_bytes));
            }
            let version = self.version(key, answer.e_tag)?;
            match collect(answer.body, limit_bytes).await {
                Ok(Some(bytes)) => return Ok(Some((bytes, version))),
                Ok(None) => return Err(too_large(self.address(key), limit_bytes)),
                Err(fault) if attempt == BODY_ATTEMPTS => return Err(self.error("s3:GetObject", key, fault)),
                Err(_) => tokio::time::sleep(BODY_WAIT * attempt).await,
            }
            attempt += 1;
        }
    }

    /// Whether a listing, too, says that there is no such object. S3 tells that an object is missing only to those who may list the
    /// whole bucket; whoever may list below a prefix alone is denied what is not there.
    async fn is_absent(&self, key: &Key) -> bool {
        let name = self.name(key);
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&name).max_keys(1).send().await;
        // An object stands before all others whose names begin with its own.
        listed.is_ok_and(|listed| listed.contents().first().and_then(|object| object.key()) != Some(name.as_str()))
    }

    /// The version of an object if it holds just these bytes, which are read again for that.
    pub(super) async fn has_bytes(&self, key: &Key, expected: &Written) -> Result<Option<Version>, Error> {
        let Some(mut answer) = self.object(key).await? else { return Ok(None) };
        if content_length(&answer) != expected.size_bytes {
            return Ok(None);
        }
        let mut digest = Digest::default();
        while let Some(chunk) = answer.body.next().await {
            digest.update(&chunk.map_err(|e| self.error("s3:GetObject", key, S3Error::lost(e)))?);
        }
        if digest.finish() == expected.sha256 { self.version(key, answer.e_tag).map(Some) } else { Ok(None) }
    }

    /// Begins to read an object; `None` if there is none.
    async fn object(&self, key: &Key) -> Result<Option<GetObjectOutput>, Error> {
        let request = self.client.get_object().bucket(&self.bucket).key(self.name(key));
        match request.send().await.map_err(S3Error::from_sdk) {
            Ok(answer) => Ok(Some(answer)),
            Err(S3Error::NotFound) => Ok(None),
            Err(S3Error::Denied { .. }) if self.is_absent(key).await => Ok(None),
            Err(fault) => Err(self.error("s3:GetObject", key, fault)),
        }
    }

    pub(super) fn version(&self, key: &Key, tag: Option<String>) -> Result<Version, Error> {
        let missing = || Error::Corrupt { place: self.address(key), what: "the service gave it no ETag".to_owned() };
        tag.map(Version).ok_or_else(missing)
    }
}

fn content_length(answer: &GetObjectOutput) -> u64 {
    answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

/// A body whole; `None` if it is longer than the limit.
async fn collect(mut body: ByteStream, limit_bytes: u64) -> Result<Option<Bytes>, S3Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(S3Error::lost)?);
        if bytes.len() as u64 > limit_bytes {
            return Ok(None);
        }
    }
    Ok(Some(bytes.freeze()))
}
