//! The books while someone posts in them.

use crate::company::Company;
use crate::company::change::Change;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// The books as they are now, and what is still to be posted.
#[derive(Debug)]
pub(crate) struct Posting {
    books: RwLock<Arc<Company>>,
    to_come: Mutex<Vec<ToCome>>,
}

/// A change that is still to be posted.
#[derive(Debug)]
struct ToCome {
    change: Change,
    /// Requests of its operation so far.
    counted: u64,
}

impl Posting {
    pub(crate) fn new(books: Arc<Company>, changes: &[Change]) -> Self {
        let to_come = changes.iter().map(|change| ToCome { change: change.clone(), counted: 0 }).collect();
        Self { books: RwLock::new(books), to_come: Mutex::new(to_come) }
    }

    /// The books as they are now: an answer is written from one state of them.
    pub(crate) fn books(&self) -> Arc<Company> {
        self.books.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, books: Company) {
        *self.books.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(books);
    }

    /// Posts what is due before this request is answered, and returns how many changes that were.
    pub(crate) fn keep_up(&self, number: u64, operation: Option<&str>, since: Duration) -> usize {
        let mut to_come = self.to_come.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |ToCome { change, counted }: &mut ToCome| {
            let asked = change.operation.as_deref().is_none_or(|wanted| Some(wanted) == operation);
            *counted += u64::from(asked);
            asked && change.is_due(if change.operation.is_some() { *counted } else { number }, since)
        };
        let due: Vec<ToCome> = to_come.extract_if(.., is_due).collect();
        for ToCome { change, .. } in &due {
            self.replace(change.post(&self.books()));
        }
        due.len()
    }
}
