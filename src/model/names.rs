//! The texts of lines: those that many lines share, interned, and each line's own.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::listed::DocumentType;

/// A text that many lines share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Name(u32);

impl Name {
    /// Where its text stands, from 1; 0 if it has none.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The text of a line alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Text(
    /// Where it stands, from 1; 0 if the line has none.
    usize,
);

/// The texts of lines.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    /// Where a text stands, from 1: 0 is no text.
    places: FxHashMap<Arc<str>, Name>,
    /// Each line's own text, one behind the other, each with its length in front: millions of separate strings would take twice as much memory.
    own: Vec<u8>,
}

impl Names {
    /// All of them, in the order of their places.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|text| &**text).collect()
    }

    /// The text of a name, if it has one.
    pub(crate) fn text(&self, name: Name) -> Option<&str> {
        self.texts.get((name.0 as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// The names of a document type: its code and its description.
    pub(crate) fn of_type(&mut self, document_type: &DocumentType) -> (Name, Name) {
        (self.intern(document_type.code.as_deref()), self.intern(document_type.description.as_deref()))
    }

    /// The name of a text; an empty one is none.
    pub(crate) fn intern(&mut self, name: Option<&str>) -> Name {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Name::default() };
        if let Some(known) = self.places.get(name) {
            return *known;
        }
        let name: Arc<str> = name.into();
        self.texts.push(name.clone());
        let place = Name(u32::try_from(self.texts.len()).unwrap_or(0));
        self.places.insert(name, place);
        place
    }

    /// Adds a line's own text.
    pub(crate) fn add(&mut self, text: Option<&str>) -> Text {
        let Some(text) = text else { return Text::default() };
        let added = Text(self.own.len() + 1);
        self.own.extend(text.len().to_ne_bytes());
        self.own.extend(text.as_bytes());
        added
    }

    /// A line's own text, if it has one.
    pub(crate) fn own(&self, text: Text) -> Option<&str> {
        let (len, rest) = self.own.get(text.0.checked_sub(1)?..)?.split_first_chunk()?;
        rest.get(..usize::from_ne_bytes(*len)).and_then(|bytes| str::from_utf8(bytes).ok())
    }

    /// Forgets the text that was added last.
    pub(crate) fn take_back(&mut self, text: Text) {
        self.own.truncate(text.0.checked_sub(1).unwrap_or(self.own.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_own_text() {
        let mut names = Names::default();
        let [first, empty, none, last] = [Some("Ærlig talt"), Some(""), None, Some("x")].map(|text| names.add(text));
        let texts = |names: &Names| [first, empty, none, last].map(|text| names.own(text).map(str::to_owned));
        assert_eq!(texts(&names), [Some("Ærlig talt".to_owned()), Some(String::new()), None, Some("x".to_owned())]);
        names.take_back(none);
        assert_eq!(names.own(last), Some("x"));
        names.take_back(last);
        assert_eq!((names.own(last), names.own(empty)), (None, Some("")));
        assert_eq!(names.add(Some("y")), last);
    }
}
