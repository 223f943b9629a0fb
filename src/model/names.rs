//! Texts that many lines share, each kept once.

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

/// The texts that many lines share, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    /// Where a text stands, from 1: 0 is no text.
    places: FxHashMap<Arc<str>, Name>,
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
        (self.named(document_type.code.as_deref()), self.named(document_type.description.as_deref()))
    }

    pub(crate) fn name(&mut self, name: Option<Box<str>>) -> Name {
        self.named(name.as_deref())
    }

    /// The name of a text; an empty one is none.
    pub(crate) fn named(&mut self, name: Option<&str>) -> Name {
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
}
