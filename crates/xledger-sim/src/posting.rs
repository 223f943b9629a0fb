//! The books while someone posts in them.

use crate::company::Company;
use crate::company::change::Change;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// The books as they are now, and what is still to be posted.
#[derive(Debug)]
pub(crate) struct Posting {
    books: RwLock<Arc<Company>>,
    to_come: Mutex<Vec<Change>>,
}

impl Posting {
    pub(crate) fn new(books: Arc<Company>, changes: &[Change]) -> Self {
        Self { books: RwLock::new(books), to_come: Mutex::new(changes.to_vec()) }
    }

    /// The books as they are now: an answer is written from one state of them.
    pub(crate) fn books(&self) -> Arc<Company> {
        self.books.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, books: Company) {
        *self.books.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(books);
    }

    /// Posts what is due before this request is answered, and returns how many changes that were.
    pub(crate) fn keep_up(&self, number: u64, since: Duration) -> usize {
        let mut to_come = self.to_come.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<Change> = to_come.extract_if(.., |change| change.is_due(number, since)).collect();
        for change in &due {
            self.replace(change.post(&self.books()));
        }
        due.len()
    }
}
