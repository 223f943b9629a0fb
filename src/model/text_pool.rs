//! An interner: the texts of lines, those that many lines share once each, and each line's own.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::listed::DocumentType;

/// A text that many lines share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct PooledText(u32);

impl PooledText {
    /// Where it stands in the pool, from 1; 0 if the line has none.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The text of a line alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct OwnText(
    /// Where it stands, from 1; 0 if the line has none.
    usize,
);

/// The texts of lines.
#[derive(Debug, Default)]
pub(crate) struct TextPool {
    texts: Vec<Arc<str>>,
    /// Where a text stands, from 1: 0 is no text.
    places: FxHashMap<Arc<str>, PooledText>,
    /// Each line's own text, one behind the other, each with its length in front: millions of separate strings would take twice as much memory.
    own: Vec<u8>,
}

impl TextPool {
    /// All that lines share, in the order of their places.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|text| &**text).collect()
    }

    /// A text that lines share, if there is one.
    pub(crate) fn text(&self, pooled: PooledText) -> Option<&str> {
        self.texts.get((pooled.0 as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// The code and the description of a document type.
    pub(crate) fn of_type(&mut self, document_type: &DocumentType) -> (PooledText, PooledText) {
        (self.intern(document_type.code.as_deref()), self.intern(document_type.description.as_deref()))
    }

    /// Interns a text that lines share; an empty one is none.
    pub(crate) fn intern(&mut self, text: Option<&str>) -> PooledText {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return PooledText::default() };
        if let Some(known) = self.places.get(text) {
            return *known;
        }
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        let place = PooledText(u32::try_from(self.texts.len()).unwrap_or(0));
        self.places.insert(text, place);
        place
    }

    /// Adds a line's own text.
    pub(crate) fn add(&mut self, text: Option<&str>) -> OwnText {
        let Some(text) = text else { return OwnText::default() };
        let added = OwnText(self.own.len() + 1);
        self.own.extend(text.len().to_ne_bytes());
        self.own.extend(text.as_bytes());
        added
    }

    /// A line's own text, if it has one.
    pub(crate) fn own(&self, text: OwnText) -> Option<&str> {
        let (len, rest) = self.own.get(text.0.checked_sub(1)?..)?.split_first_chunk()?;
        rest.get(..usize::from_ne_bytes(*len)).and_then(|bytes| str::from_utf8(bytes).ok())
    }

    /// Forgets the text that was added last.
    pub(crate) fn take_back(&mut self, text: OwnText) {
        self.own.truncate(text.0.checked_sub(1).unwrap_or(self.own.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_own_text() {
        let mut pool = TextPool::default();
        let [first, empty, none, last] = [Some("Ærlig talt"), Some(""), None, Some("x")].map(|text| pool.add(text));
        let texts = |pool: &TextPool| [first, empty, none, last].map(|text| pool.own(text).map(str::to_owned));
        assert_eq!(texts(&pool), [Some("Ærlig talt".to_owned()), Some(String::new()), None, Some("x".to_owned())]);
        pool.take_back(none);
        assert_eq!(pool.own(last), Some("x"));
        pool.take_back(last);
        assert_eq!((pool.own(last), pool.own(empty)), (None, Some("")));
        assert_eq!(pool.add(Some("y")), last);
    }
}
