//! A new object being sent to S3: a small one in one request, a large one in parts.

use super::S3;
use super::conditional::{Attempts, Next};
use super::error::S3Error;
use crate::lake::directory::failed_before;
use crate::lake::object::Written;
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use std::fmt;
use tokio::runtime::Handle;

/// Size of a part, and the largest object that is sent in one request. S3 wants at least 5 MiB; all parts but the last are alike, which
/// some services insist on.
const PART_BYTES: usize = 8 << 20;
/// Parts that S3 takes for one object: 78 GiB.
const PARTS_LIMIT: usize = 10_000;
/// Parts that are kept until the object is there, so that they can be sent again: 32 MiB, for a function's owner pays for its memory. If the upload
/// of a larger object fails, the run ends, and the next one has the object's rows.
const KEPT_PARTS: usize = 4;

/// A new object of a lake in a bucket.
pub struct Writer {
    store: S3,
    key: Key,
    buffer: BytesMut,
    upload: Option<Upload>,
    digest: Digest,
    size_bytes: u64,
    failed: bool,
}

/// A begun upload.
#[derive(Debug)]
struct Upload {
    id: String,
    parts: Vec<CompletedPart>,
    /// What was sent; nothing once it is more than is kept.
    sent: Vec<Bytes>,
}

impl Writer {
    pub(super) fn new(store: S3, key: Key) -> Self {
        Self {
            store,
            key,
            buffer: BytesMut::new(),
            upload: None,
            digest: Digest::default(),
            size_bytes: 0,
            failed: false,
        }
    }

    pub(in crate::lake) async fn write(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        if self.failed {
            return Err(failed_before(&self.store.address(&self.key)));
        }
        self.digest.update(&bytes);
        self.size_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full buffer is sent when more comes: whether it is the whole object is known only then.
            if self.buffer.len() == PART_BYTES
                && let Err(error) = self.send_part().await
            {
                self.give_up().await;
                return Err(error);
            }
            let fitting = bytes.len().min(PART_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(&bytes.split_to(fitting));
        }
        Ok(())
    }

    pub(in crate::lake) async fn finish(mut self) -> Result<Written, Error> {
        if self.failed {
            return Err(failed_before(&self.store.address(&self.key)));
        }
        let written = Written { size_bytes: self.size_bytes, sha256: std::mem::take(&mut self.digest).finish() };
        if self.upload.is_none() {
            self.store.create(&self.key, self.buffer.split().freeze()).await?;
            return Ok(written);
        }
        let completed = self.complete(&written).await;
        match completed {
            // Nothing is left to abort.
            Ok(()) => self.upload = None,
            Err(_) => self.give_up().await,
        }
        completed.map(|()| written)
    }

    pub(in crate::lake) async fn abort(mut self) {
        self.give_up().await;
    }

    async fn give_up(&mut self) {
        self.failed = true;
        self.buffer = BytesMut::new();
        if let Some(upload) = self.upload.take() {
            self.store.abort(&self.key, &upload.id).await;
        }
    }

    /// Sends the last part and makes an object of them all; in a new upload if a conflict took the first, as S3 wants it.
    async fn complete(&mut self, ours: &Written) -> Result<(), Error> {
        self.send_part().await?;
        let mut attempts = Attempts::default();
        while let Some(upload) = &mut self.upload {
            if self.store.complete(&self.key, upload, ours, &mut attempts).await? {
                break;
            }
            let sent = std::mem::take(&mut upload.sent);
            if sent.len() < upload.parts.len() {
                return Err(Error::Unavailable {
                    operation: "s3:PutObject",
                    place: self.store.address(&self.key),
                    source: "a conflict ended its upload, which is too large to be kept and sent again; run again"
                        .into(),
                });
            }
            self.store.abort(&self.key, &upload.id).await;
            self.upload = None;
            for part in sent {
                self.send(part).await?;
            }
        }
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), Error> {
        let part = self.buffer.split().freeze();
        self.send(part).await
    }

    /// Sends the next part, beginning the upload with the first.
    async fn send(&mut self, bytes: Bytes) -> Result<(), Error> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload { id: self.store.begin(&self.key).await?, parts: Vec::new(), sent: Vec::new() }),
        };
        if upload.parts.len() == PARTS_LIMIT {
            let what = format!("it would be larger than {PARTS_LIMIT} parts of {PART_BYTES} bytes");
            return Err(Error::Corrupt { place: self.store.address(&self.key), what });
        }
        let number = i32::try_from(upload.parts.len() + 1).unwrap_or(i32::MAX);
        upload.parts.push(self.store.send_part(&self.key, &upload.id, number, bytes.clone()).await?);
        if upload.parts.len() <= KEPT_PARTS {
            upload.sent.push(bytes);
        } else {
            upload.sent = Vec::new();
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            let (store, key) = (self.store.clone(), self.key.clone());
            runtime.spawn(async move { store.abort(&key, &upload.id).await });
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.store.address(&self.key);
        out.debug_struct("Writer").field("place", &place).field("size_bytes", &self.size_bytes).finish_non_exhaustive()
    }
}

impl S3 {
    async fn begin(&self, key: &Key) -> Result<String, Error> {
        let (encryption, kms_key) = self.encryption();
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(self.name(key));
        let request = request.set_server_side_encryption(encryption).set_ssekms_key_id(kms_key);
        // S3 compares each part, and the list of parts, with checksums that are worked out here.
        let answer = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
        let answer = answer.map_err(|e| self.error("s3:PutObject", key, S3Error::from_sdk(e)))?;
        let missing =
            || Error::Corrupt { place: self.address(key), what: "the service gave its upload no id".to_owned() };
        answer.upload_id.ok_or_else(missing)
    }

    async fn send_part(&self, key: &Key, upload: &str, number: i32, bytes: Bytes) -> Result<CompletedPart, Error> {
        let request = self.client.upload_part().bucket(&self.bucket).key(self.name(key)).upload_id(upload);
        let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let answer = request.body(ByteStream::from(bytes)).send().await;
        let answer = answer.map_err(|e| self.error("s3:PutObject", key, S3Error::from_sdk(e)))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag);
        Ok(part.set_checksum_crc32(answer.checksum_crc32).build())
    }

    /// Makes one object of the parts, unless there is one under this key already. Returns whether the object is there: if it is not, the upload is no
    /// more, or must not be completed again, and a new one may succeed.
    async fn complete(
        &self,
        key: &Key,
        upload: &Upload,
        ours: &Written,
        attempts: &mut Attempts,
    ) -> Result<bool, Error> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(upload.parts.clone())).build();
        let version = loop {
            let request = self.once.complete_multipart_upload().bucket(&self.bucket).key(self.name(key));
            let request = request.upload_id(&upload.id).if_none_match("*").multipart_upload(parts.clone());
            let Err(error) = request.send().await else { return Ok(true) };
            let fault = S3Error::from_sdk(error);
            let is_void = matches!(fault, S3Error::Conflict { .. } | S3Error::NoSuchUpload { .. });
            match attempts.after(fault) {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::Beaten => break None,
                Next::Failed(fault) => return Err(self.error("s3:PutObject", key, fault)),
                Next::Look(fault) => break self.look(key, ours, "s3:PutObject", fault).await?,
            }
            if is_void {
                // What the conflict was with may be an earlier attempt of this write, whose answer was lost.
                return Ok(self.look(key, ours, "s3:PutObject", None).await?.is_some());
            }
        };
        version.map(|_| true).ok_or_else(|| Error::AlreadyExists { place: self.address(key) })
    }

    /// Removes a begun upload. What stays because this fails too is removed by the bucket's lifecycle rule for unfinished uploads.
    async fn abort(&self, key: &Key, upload: &str) {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(self.name(key)).upload_id(upload);
        match request.send().await.map_err(S3Error::from_sdk) {
            Ok(_) | Err(S3Error::NoSuchUpload { .. } | S3Error::NotFound) => {}
            Err(fault) => {
                let error = self.error("s3:AbortMultipartUpload", key, fault);
                tracing::warn!(place = self.address(key), %error, "an unfinished upload is left behind");
            }
        }
    }
}
