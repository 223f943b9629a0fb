//! The name of an object, relative to the lake's root.

use crate::lake::Error;
use std::fmt;

/// A relative key such as `snapshots/20261121T013000Z-0a1b2c3d/spend/year=2026/month=05/part-00000.parquet`.
///
/// Its segments are made of `[A-Za-z0-9_=.-]` and do not begin with a dot, so a key never climbs out of the lake, needs no escaping in
/// a path, an URL or a Hive partition, and never meets the names of temporary files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Longest key in bytes. S3 allows 1,024 with the lake's prefix.
    pub const LIMIT_BYTES: usize = 512;

    /// A key from its text.
    ///
    /// # Errors
    /// [`Error::Key`] if the text is empty, too long, or has a segment that a key may not have.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits = text.len() <= Self::LIMIT_BYTES && text.split('/').all(is_segment);
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::Key { key: text.chars().take(100).collect() }) }
    }

    /// The key `self/rest`.
    ///
    /// # Errors
    /// As [`Key::parse`].
    pub fn join(&self, rest: &str) -> Result<Self, Error> {
        Self::parse(&format!("{self}/{rest}"))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part of the key below `directory`, if it lies there.
    pub fn below(&self, directory: &Key) -> Option<&str> {
        self.0.strip_prefix(&directory.0)?.strip_prefix('/')
    }

    /// A key whose form the caller answers for: the constants and formats of `layout`.
    pub(super) fn known(text: String) -> Self {
        debug_assert!(Self::parse(&text).is_ok(), "{text}");
        Self(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a text can stand between two slashes of a key.
pub(super) fn is_segment(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'=' | b'.' | b'-');
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_the_lake() {
        for good in
            ["CURRENT.json", "a/b", "spend/year=2026/month=05/part-00000.parquet", "a..b", "_manifest.json", "-"]
        {
            assert_eq!(Key::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", ".hidden", "a b", "a\\b", "ø", "a\0", "a%2e", "a*",
            "a:b", "~",
        ] {
            assert!(matches!(Key::parse(bad), Err(Error::Key { .. })), "{bad:?}");
        }
        assert!(Key::parse(&"a".repeat(513)).is_err());
    }

    #[test]
    fn below_counts_whole_segments() {
        let directory = Key::parse("runs/a").unwrap();
        assert_eq!(Key::parse("runs/a/b/c").unwrap().below(&directory), Some("b/c"));
        assert_eq!(Key::parse("runs/ab/c").unwrap().below(&directory), None);
        assert_eq!(directory.below(&directory), None);
    }
}
