//! Reads settings one by one.

use std::ffi::OsString;
use std::str::FromStr;

use super::InvalidSetting;

/// Takes settings one by one and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) lookup: &'a dyn Fn(&str) -> Option<OsString>,
    pub(super) faults: Vec<InvalidSetting>,
}

impl Reader<'_> {
    /// The text of a setting, even if it is empty. One that is not UTF-8 is a fault and not unset: it means something else than it shows.
    pub(super) fn raw(&mut self, name: &'static str) -> Option<String> {
        let text = (self.lookup)(name)?.into_string();
        Some(text.unwrap_or_else(|text| {
            self.fault(name, "is not UTF-8; write it anew, in a terminal or a file that is set to UTF-8");
            text.to_string_lossy().into_owned()
        }))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.raw(name).filter(|text| !text.trim().is_empty())
    }

    /// The first fault of a setting is the one to tell.
    pub(super) fn fault(&mut self, setting: &'static str, what: impl Into<String>) {
        if !self.faults.iter().any(|fault| fault.setting == setting) {
            self.faults.push(InvalidSetting { setting, what: what.into() });
        }
    }

    /// A setting that is set, even to nothing: an empty list of accounts is a list.
    pub(super) fn list<T: FromStr<Err = String>>(&mut self, name: &'static str, default: T) -> T {
        let Some(text) = self.raw(name) else { return default };
        if let Some(part) = text.split(',').map(str::trim).find(|part| lost_a_letter(part)) {
            self.fault(
                name,
                format!(
                    "`{part}` is not what was written: a letter was lost on the way; write it anew, in a terminal or a file that is set \
                     to UTF-8"
                ),
            );
        }
        text.parse().unwrap_or_else(|what: String| {
            self.fault(name, what);
            default
        })
    }

    pub(super) fn value<T>(&mut self, name: &'static str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(text) = self.text(name) else { return default };
        parse(text.trim()).unwrap_or_else(|what| {
            self.fault(name, what);
            default
        })
    }

    pub(super) fn number(&mut self, name: &'static str, default: usize, least: usize, most: usize) -> usize {
        self.value(name, default, |text| {
            let number = text.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
        })
    }
}

/// Whether a letter outside of ASCII was damaged on the way: it was replaced, or its UTF-8 bytes were read as letters of their own, the first of
/// which is `Ã` for `Ø`, `Å`, `Æ`, `Ö`, `Ä` and all other letters of Latin-1. A payroll code that is damaged so would match no document type, and its
/// lines would be fetched.
fn lost_a_letter(text: &str) -> bool {
    let is_torn = |rest: &str| rest.chars().next().is_some_and(|next| !next.is_ascii() && !next.is_alphabetic());
    text.contains(['?', '\u{FFFD}', '¿']) || text.split('Ã').skip(1).any(is_torn)
}
