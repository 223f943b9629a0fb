//! The books while someone posts in them.

use crate::company::Company;
use crate::company::change::Change;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The books as they are now, and what is still to be posted.
#[derive(Debug)]
pub(crate) struct LiveBooks {
    books: RwLock<Arc<Company>>,
    pending: Mutex<Vec<PendingChange>>,
}

/// A change that is still to be posted.
#[derive(Debug)]
struct PendingChange {
    change: Change,
    /// Requests of its operation so far.
    counted: u64,
}

impl LiveBooks {
    pub(crate) fn new(books: Arc<Company>, changes: &[Change]) -> Self {
        let pending = changes.iter().map(|change| PendingChange { change: change.clone(), counted: 0 }).collect();
        Self { books: RwLock::new(books), pending: Mutex::new(pending) }
    }

    /// The books as they are now: an answer is written from one state of them.
    pub(crate) fn current(&self) -> Arc<Company> {
        self.books.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, books: Company) {
        *self.books.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(books);
    }

    /// Makes the changes that are due before this request is answered, and returns how many they were.
    pub(crate) fn apply_due_changes(&self, number: u64, operation: Option<&str>) -> usize {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |PendingChange { change, counted }: &mut PendingChange| {
            let asked = change.operation.as_deref().is_none_or(|wanted| Some(wanted) == operation);
            *counted += u64::from(asked);
            asked && change.before_request <= if change.operation.is_some() { *counted } else { number }
        };
        let due: Vec<PendingChange> = pending.extract_if(.., is_due).collect();
        for PendingChange { change, .. } in &due {
            self.replace(change.kind.on(&self.current(), change.vouchers));
        }
        due.len()
    }
}
