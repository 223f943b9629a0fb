//! A new object being sent to S3: a small one in one request, a large one in parts.

use super::S3;
use super::conditional::{Attempts, Next};
use super::fault::Fault;
use crate::lake::digest::Digest;
use crate::lake::directory::failed_before;
use crate::lake::store::Written;
use crate::lake::{Error, Key};
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
#[derive(Clone, Debug)]
struct Upload {
    id: String,
    parts: Vec<CompletedPart>,
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
            return Err(failed_before(&self.store.place(&self.key)));
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
            return Err(failed_before(&self.store.place(&self.key)));
        }
        let written = Written { size_bytes: self.size_bytes, sha256: std::mem::take(&mut self.digest).finish() };
        if self.upload.is_none() {
            self.store.create(&self.key, self.buffer.split().freeze()).await?;
            return Ok(written);
        }
        let sent = self.send_part().await;
        let completed = match (sent, &self.upload) {
            (Ok(()), Some(upload)) => self.store.complete(&self.key, upload, &written).await,
            (sent, _) => sent,
        };
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

    /// Sends the buffer as the next part, beginning the upload with the first.
    async fn send_part(&mut self) -> Result<(), Error> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload { id: self.store.begin(&self.key).await?, parts: Vec::new() }),
        };
        if upload.parts.len() == PARTS_LIMIT {
            let what = format!("it would be larger than {PARTS_LIMIT} parts of {PART_BYTES} bytes");
            return Err(Error::Corrupt { place: self.store.place(&self.key), what });
        }
        let number = i32::try_from(upload.parts.len() + 1).unwrap_or(i32::MAX);
        upload.parts.push(self.store.send_part(&self.key, &upload.id, number, self.buffer.split().freeze()).await?);
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
        let place = self.store.place(&self.key);
        out.debug_struct("Writer").field("place", &place).field("size_bytes", &self.size_bytes).finish_non_exhaustive()
    }
}

impl S3 {
    async fn begin(&self, key: &Key) -> Result<String, Error> {
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(self.name(key));
        // S3 compares each part, and the list of parts, with checksums that are worked out here.
        let answer = request.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
        let answer = answer.map_err(|e| self.error("s3:PutObject", key, Fault::of(e)))?;
        let missing =
            || Error::Corrupt { place: self.place(key), what: "the service gave its upload no id".to_owned() };
        answer.upload_id.ok_or_else(missing)
    }

    async fn send_part(&self, key: &Key, upload: &str, number: i32, bytes: Bytes) -> Result<CompletedPart, Error> {
        let request = self.client.upload_part().bucket(&self.bucket).key(self.name(key)).upload_id(upload);
        let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let answer = request.body(ByteStream::from(bytes)).send().await;
        let answer = answer.map_err(|e| self.error("s3:PutObject", key, Fault::of(e)))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag);
        Ok(part.set_checksum_crc32(answer.checksum_crc32).build())
    }

    /// Makes one object of the parts, unless there is one under this key already.
    async fn complete(&self, key: &Key, upload: &Upload, ours: &Written) -> Result<(), Error> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(upload.parts.clone())).build();
        let mut attempts = Attempts::default();
        let version = loop {
            let request = self.once.complete_multipart_upload().bucket(&self.bucket).key(self.name(key));
            let request = request.upload_id(&upload.id).if_none_match("*").multipart_upload(parts.clone());
            let Err(error) = request.send().await else { return Ok(()) };
            match attempts.after(Fault::of(error)) {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::Beaten => break None,
                Next::Failed(fault) => return Err(self.error("s3:PutObject", key, fault)),
                Next::Look(fault) => break self.look(key, ours, "s3:PutObject", fault).await?,
            }
        };
        version.map(drop).ok_or_else(|| Error::AlreadyExists { place: self.place(key) })
    }

    /// Removes a begun upload. What stays because this fails too is removed by the bucket's lifecycle rule for unfinished uploads.
    async fn abort(&self, key: &Key, upload: &str) {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(self.name(key)).upload_id(upload);
        match request.send().await.map_err(Fault::of) {
            Ok(_) | Err(Fault::NoSuchUpload { .. } | Fault::NotFound) => {}
            Err(fault) => {
                let error = self.error("s3:AbortMultipartUpload", key, fault);
                tracing::warn!(place = self.place(key), %error, "an unfinished upload is left behind");
            }
        }
    }
}
