//! A fault of the program itself: it is logged by its place, and ends what was being done as any failure does. What a panic says is told
//! to nobody, for it can hold a value of a row.

use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures::FutureExt;

use crate::model::failure::{Failure, FailureKind};

/// Logs a panic as one line. For [`std::panic::set_hook`], in the place of the one that prints what the panic says.
pub fn log(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(error_kind = FailureKind::Panic.as_str(), place, "the program met a fault of its own");
}

/// Does some work, and makes a failure of a panic in it.
///
/// # Errors
/// What the work itself meets, or [`FailureKind::Panic`].
pub async fn caught<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // Nothing of what the work held is used after it.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        let message = "the program met a fault of its own; the log names its place. Please report it";
        Err(Failure::new(FailureKind::Panic, message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_failure_without_its_words() {
        let failure = caught(async { if true { panic!("salary 4711") } else { Ok(()) } }).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Panic);
        assert!(!failure.message.contains("4711"), "{failure}");
        let other = Failure::new(FailureKind::LakeInUse, "in use");
        assert_eq!(caught(async { Err::<(), _>(other.clone()) }).await, Err(other));
        assert_eq!(caught(async { Ok(1) }).await, Ok(1));
    }
}
