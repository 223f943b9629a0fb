//! Conditional writes: who wins, what a lost answer was, and when to retry.
//!
//! A conditional write that is repeated after its answer got lost can be refused because of itself. So each attempt is made alone, by the
//! client without retries; once an attempt is in doubt, a refusal is no answer any more, and the object itself is looked at: if it has
//! the bytes of this write, this write happened.

use super::S3;
use super::error::S3Error;
use crate::lake::object::{Version, Written};
use crate::lake::{Error, Key};
use crate::model::digest::Digest;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use std::time::Duration;

/// Attempts of one conditional write.
const ATTEMPTS: u32 = 6;
/// The first wait; each further one is twice as long: 6.2 s in all.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition<'a> {
    /// There is no such object.
    Absent,
    /// The object has this version.
    Is(&'a Version),
}

/// One conditional write in its attempts.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    made: u32,
    in_doubt: bool,
}

/// What to do after an attempt that did not succeed.
#[derive(Debug)]
pub(super) enum Next {
    /// Wait and try again.
    Again(Duration),
    /// Somebody else was first.
    Beaten,
    /// Look at the object: it tells whether this write happened. If it did not, `None` says that somebody else was first.
    Look(Option<S3Error>),
    /// It failed.
    Failed(S3Error),
}

impl Attempts {
    /// Decides after an attempt met this fault. Waits for a conflict, a busy service, a lost answer and an upload that somebody ended, which
    /// another one replaces; takes everything else as said.
    pub(super) fn after(&mut self, fault: S3Error) -> Next {
        self.made += 1;
        self.in_doubt |= matches!(fault, S3Error::NoAnswer { .. });
        match fault {
            S3Error::PreconditionFailed | S3Error::NotFound if !self.in_doubt => Next::Beaten,
            S3Error::PreconditionFailed | S3Error::NotFound => Next::Look(None),
            S3Error::Conflict { .. }
            | S3Error::NoSuchUpload { .. }
            | S3Error::Busy { .. }
            | S3Error::NoAnswer { .. }
                if self.made < ATTEMPTS =>
            {
                Next::Again(FIRST_WAIT * 2_u32.pow(self.made - 1))
            }
            fault if self.in_doubt => Next::Look(Some(fault)),
            fault => Next::Failed(fault),
        }
    }
}

impl S3 {
    /// Writes an object if the condition holds; `None` if it does not.
    pub(super) async fn put(
        &self,
        key: &Key,
        bytes: Bytes,
        condition: Condition<'_>,
    ) -> Result<Option<Version>, Error> {
        let mut attempts = Attempts::default();
        let (encryption, kms_key) = self.encryption();
        loop {
            let request = self.once.put_object().bucket(&self.bucket).key(self.name(key));
            let request = request.set_server_side_encryption(encryption.clone()).set_ssekms_key_id(kms_key.clone());
            let request = match condition {
                Condition::Absent => request.if_none_match("*"),
                Condition::Is(version) => request.if_match(&version.0),
            };
            let fault = match request.body(ByteStream::from(bytes.clone())).send().await {
                Ok(answer) => return self.version(key, answer.e_tag).map(Some),
                Err(error) => S3Error::from_sdk(error),
            };
            match attempts.after(fault) {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::Beaten => return Ok(None),
                Next::Failed(fault) => return Err(self.error("s3:PutObject", key, fault)),
                Next::Look(fault) => {
                    let ours = Written { size_bytes: bytes.len() as u64, sha256: Digest::of(&bytes) };
                    return self.look(key, &ours, "s3:PutObject", fault).await;
                }
            }
        }
    }

    /// The version of an object if it holds just what was written; else the fault, or `None` if there is no fault.
    pub(super) async fn look(
        &self,
        key: &Key,
        ours: &Written,
        operation: &'static str,
        fault: Option<S3Error>,
    ) -> Result<Option<Version>, Error> {
        let in_doubt = |error| match error {
            Error::Unavailable { .. } => error,
            // Whatever the last attempt met: an earlier one may have happened, or may yet.
            _ => Error::Unavailable { operation, place: self.address(key), source: Box::new(error) },
        };
        match (self.has_bytes(key, ours).await, fault) {
            (Ok(Some(version)), _) => Ok(Some(version)),
            (_, Some(fault)) => Err(in_doubt(self.error(operation, key, fault))),
            (Ok(None), None) => Ok(None),
            (Err(error), None) => Err(in_doubt(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> S3Error {
        S3Error::lost("reset")
    }

    #[test]
    fn a_refusal_counts_until_an_answer_is_lost() {
        assert!(matches!(Attempts::default().after(S3Error::PreconditionFailed), Next::Beaten));
        let mut attempts = Attempts::default();
        assert!(matches!(attempts.after(lost()), Next::Again(wait) if wait == FIRST_WAIT));
        assert!(matches!(attempts.after(S3Error::PreconditionFailed), Next::Look(None)));
    }

    #[test]
    fn waits_grow_and_end() {
        let mut attempts = Attempts::default();
        let mut waited = Duration::ZERO;
        let conflict = || S3Error::Conflict { source: "409".into() };
        while let Next::Again(wait) = attempts.after(conflict()) {
            waited += wait;
        }
        assert_eq!((attempts.made, waited), (ATTEMPTS, Duration::from_millis(6_200)));
        assert!(matches!(attempts.after(conflict()), Next::Failed(S3Error::Conflict { .. })));
        assert!(matches!(attempts.after(lost()), Next::Look(Some(S3Error::NoAnswer { .. }))));
    }

    #[test]
    fn what_cannot_get_better_is_not_repeated() {
        for fault in [
            S3Error::NoSuchBucket,
            S3Error::Denied { source: "403".into() },
            S3Error::Credentials { source: "none".into() },
        ] {
            assert!(matches!(Attempts::default().after(fault), Next::Failed(_)));
        }
    }
}
